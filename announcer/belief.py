"""Whether what a source says is believed: a broken page is not news.

A reading is compared with the talks that were last believed. What looks like a page gone wrong
(nothing left, most talks ahead gone or moved at once, fifty new ones) is not believed, and then
nothing is concluded from it: the talks as they were last believed stand for a while.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

from announcer.errors import SourceUntrusted
from announcer.ledger import Believed
from announcer.talks import Reading, Series, Talk

STANDS_FOR: Final = timedelta(days=3)  # how long talks stand that cannot be read afresh
TOLD_AFTER: Final = timedelta(days=1)  # after which the organisers are asked
MOST_NEW: Final = 50  # so many new talks ahead at once are a mistake
FEWEST: Final = 4  # a page with fewer talks ahead may change as a whole
_KEPT_FOR: Final = timedelta(hours=1)  # an unchanged reading is written down again after that


def accepted(last: Believed | None, reading: Reading, series: Series, now: datetime) -> Believed:
    """Give what is believed if a reading is, whatever it says."""
    seen = dict(last.seen) if last else {}
    for talk in reading.talks:
        seen.setdefault(talk.id, now)
    return Believed(series=series.id, read_at=now, talks=reading.talks, seen=seen)


def believed(last: Believed | None, reading: Reading, series: Series, now: datetime) -> Believed:
    """Give what is believed after a reading.

    Raises:
        SourceUntrusted: the reading is not believed, and why.
    """
    why = _doubts(last.talks, reading.talks, series, now) if last else None
    if why:
        raise SourceUntrusted(
            f"series {series.id}: {why}, so the page is not believed and nothing is concluded from "
            f"it; mend the page, or say `announcer accept --series {series.id}` if it is right"
        )
    return accepted(last, reading, series, now)


def worth_keeping(last: Believed | None, new: Believed) -> bool:
    """Whether a reading tells anything that the ledger does not know yet."""
    return last is None or last.talks != new.talks or new.read_at - last.read_at >= _KEPT_FOR


def _doubts(
    before: Iterable[Talk], after: Iterable[Talk], series: Series, now: datetime
) -> str | None:
    before, after = tuple(before), tuple(after)
    if before and not after:
        return f"it lists no talk at all, where it had {len(before)}"
    today = series.local(now).date()
    found = {talk.id: talk for talk in after}
    ahead = [talk for talk in before if _ahead(talk, today)]
    lost = [talk for talk in ahead if _lost(talk, found.get(talk.id))]
    if len(ahead) >= FEWEST and 2 * len(lost) > len(ahead):
        return (
            f"of {len(ahead)} talks ahead {len(lost)} are gone, or have another date or number, "
            "at once"
        )
    known = {talk.id for talk in before}
    new = [talk for talk in after if talk.id not in known and _ahead(talk, today)]
    if len(new) >= MOST_NEW:
        return f"{len(new)} new talks appeared at once"
    return None


def _ahead(talk: Talk, today: date) -> bool:
    return talk.day is not None and talk.day >= today


def _lost(talk: Talk, now_there: Talk | None) -> bool:
    return now_there is None or (now_there.day != talk.day and not now_there.cancelled)
