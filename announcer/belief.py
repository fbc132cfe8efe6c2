"""Whether what a source says is believed, and what is believed then: a broken page is not news.

A reading is compared with the talks that were last believed. What looks like a page gone wrong
(nothing left, most talks ahead gone or moved at once, fifty new ones) is not believed, and then
nothing is concluded from it: the talks as they were last believed stand for a while. What is
believed keeps the identity of each talk, and since when it is as it is.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from announcer import flicker
from announcer.errors import SourceUntrusted
from announcer.flicker import Judged
from announcer.identity import Matched, matched
from announcer.instants import elapsed, known
from announcer.ledger import Believed
from announcer.same_page import is_same_page
from announcer.talks import Copy, Reading, Series, Talk

STANDS_FOR: Final = timedelta(days=3)  # how long talks stand that cannot be read afresh
TOLD_AFTER: Final = timedelta(days=1)  # after which the organisers are asked
MOST_NEW: Final = 50  # so many new talks ahead at once are a mistake
FEWEST: Final = 4  # a page with fewer talks ahead may change as a whole
_KEPT_FOR: Final = timedelta(hours=1)  # an unchanged reading is written down again after that
# Age is given in whole seconds, and the answer was some time on its way.
_AGE_TOLERANCE: Final = timedelta(seconds=5)
_FLICKERS: Final = (
    "the page says one thing of it now and another then, as an old copy in a cache does; nothing is "
    "sent until it has read the same three times in a row, or most readings of an hour agree"
)
_REMEMBERED_FOR: Final = timedelta(days=60)  # a talk that went from the page, after its day


def accepted(
    last: Believed | None,
    reading: Reading,
    series: Series,
    now: datetime,
    only: Collection[str] = (),
) -> Believed:
    """Give what is believed when a person says that the page is right as it stands.

    With ``only``, this is said of the talks with these ids; else of the whole page, and what has
    gone from it is then forgotten.
    """
    found = _recognised(last, reading, series, now, only or [t.id for t in reading.talks])
    named = [talk.identity for talk in found.talks if talk.id in only] if only else None
    why = _doubts(last, found.talks, series, now) if last and only else None
    if why:
        raise SourceUntrusted(
            f"series {series.id}: {why}, so no single talk of the page is believed; mend the page, or "
            f"say `announcer accept --series {series.id}` if all of it is right"
        )
    gone = (
        found.gone if only else tuple(t for t in found.gone if not _ahead(t, _today(series, now)))
    )
    found = replace(found, gone=gone)
    judged = _judged(last, found, reading, series, now, accepted=named)
    return _kept(last, judged, series, now, copies=_copies(None, reading, now))


def believed(last: Believed | None, reading: Reading, series: Series, now: datetime) -> Believed:
    """Give what is believed after a reading.

    Raises:
        SourceUntrusted: the reading is not believed, and why.
    """
    if last and _is_overtaken(last, reading, now):
        return last
    found = _recognised(last, reading, series, now)
    if last and _is_outdated(last, reading, now) and _differs(last, found):
        since = known(last.outdated_since, now) or now
        return replace(last, read_at=now, outdated_since=since)
    why = _doubts(last, found.talks, series, now) if last else None
    if why:
        raise SourceUntrusted(
            f"series {series.id}: {why}, so the page is not believed and nothing is concluded from "
            f"it; mend the page, or say `announcer accept --series {series.id}` if it is right"
        )
    judged = _judged(last, found, reading, series, now)
    return _kept(last, judged, series, now, copies=_copies(last, reading, now))


def worth_keeping(last: Believed | None, new: Believed) -> bool:
    """Whether a reading tells anything that the ledger does not know yet."""
    return (
        last is None
        or _news_of(last) != _news_of(new)
        or (ago := elapsed(last.read_at, new.read_at)) is None
        or ago >= _KEPT_FOR
    )


def still_stands(last: Believed, now: datetime) -> bool:
    """Return whether the talks as they were last read still count while they cannot be read."""
    ago = elapsed(last.read_at, now)
    return ago is not None and ago <= STANDS_FOR


def _news_of(believed: Believed) -> tuple[object, ...]:
    return (
        believed.talks,
        believed.gone,
        believed.unsure,
        believed.states,
        believed.watched,
        believed.outdated_since,
    )


def to_plan(believed: Believed, series: Series, now: datetime) -> tuple[Talk, ...]:
    """Give the talks that mails may be about: those of the page, and those that went from it.

    A talk that went before its day is unclear: it is not cancelled by absence, and its mails wait.
    So is one that readings do not agree on.
    """
    today = _today(series, now)
    watched = flicker.unsettled(believed)
    talks = [
        _unclear(talk, _FLICKERS) if talk.identity in watched else talk for talk in believed.talks
    ]
    gone = [
        replace(
            talk,
            unclear=f"it has gone from the page; put it back, or say `announcer cancel {talk.id}`, or "
            f"`announcer accept --series {series.id}` if it is to be forgotten",
        )
        if _ahead(talk, today)
        else talk
        for talk in believed.gone
    ]
    return (*talks, *gone)


def _unclear(talk: Talk, why: str) -> Talk:
    return replace(talk, unclear="; ".join(filter(None, (talk.unclear, why))))


def _today(series: Series, now: datetime) -> date:
    return series.local(now).date()


def _recognised(
    last: Believed | None,
    reading: Reading,
    series: Series,
    now: datetime,
    only: Iterable[str] = (),
) -> Matched:
    if last is None:
        return Matched(talks=reading.talks, gone=(), unsure=frozenset())
    certain = [talk for talk in last.talks if talk.identity not in last.unsure]
    taken = set(last.seen) - last.unsure
    return matched(
        [*certain, *last.gone], reading.talks, _today(series, now), accepted=only, taken=taken
    )


def _judged(
    last: Believed | None,
    found: Matched,
    reading: Reading,
    series: Series,
    now: datetime,
    *,
    accepted: Collection[str] | None = (),
) -> Judged:
    if last is None:
        return Judged(found=found)
    at = known(reading.read_at, now) or now
    return flicker.judge(last, found, series, now, read_at=at, accepted=accepted)


def _differs(last: Believed, found: Matched) -> bool:
    """Return whether a reading says anything else of its talks than what is believed."""
    return {t.identity: flicker.state_of(t) for t in found.talks} != {
        t.identity: flicker.state_of(t) for t in last.talks
    }


def _is_overtaken(last: Believed, reading: Reading, now: datetime) -> bool:
    """Return whether a reading is shown again that is older than what another process has read."""
    shown, kept = known(reading.read_at, now), known(last.read_at, now)
    return shown is not None and kept is not None and shown < kept


def _is_outdated(last: Believed, reading: Reading, now: datetime) -> bool:
    """Return whether a page, by its own or a cache's account, is an older copy than the last one."""
    return any(
        _is_before(copy.modified, kept.modified, now, timedelta(0))
        or _is_before(copy.made_at, kept.made_at, now, _AGE_TOLERANCE)
        for name, copy in _dated(reading, now).items()
        if (kept := last.copies.get(name)) is not None
    )


def _is_before(
    one: datetime | None, other: datetime | None, now: datetime, tolerance: timedelta
) -> bool:
    first, second = known(one, now), known(other, now)
    return first is not None and second is not None and first + tolerance < second


def _copies(last: Believed | None, reading: Reading, now: datetime) -> dict[str, Copy]:
    """Return of when the newest copies are that were read, by web address."""
    copies = _dated(reading, now)
    for name, kept in last.copies.items() if last else ():
        if name in copies:
            copies[name] = Copy(
                modified=_newer(copies[name].modified, kept.modified, now),
                made_at=_newer(copies[name].made_at, kept.made_at, now),
            )
    return copies


def _newer(one: datetime | None, other: datetime | None, now: datetime) -> datetime | None:
    return max((at for at in (known(one, now), known(other, now)) if at), default=None)


def _dated(reading: Reading, now: datetime) -> dict[str, Copy]:
    """Return the copies that a reading was made from, each with when it left its origin."""
    at = known(reading.read_at, now) or now
    return {
        name: Copy(modified=known(copy.modified, now), made_at=at - (copy.age or timedelta(0)))
        for name, copy in reading.copies.items()
    }


def _kept(
    last: Believed | None,
    judged: Judged,
    series: Series,
    now: datetime,
    *,
    copies: Mapping[str, Copy],
) -> Believed:
    found = judged.found
    seen = dict(last.seen) if last else {}
    before = {talk.identity: talk for talk in (*last.talks, *last.gone)} if last else {}
    gone_before = {talk.identity for talk in last.gone} if last else set()
    went = {talk.identity for talk in found.gone} - gone_before
    since: dict[str, datetime] = {}
    clear: dict[str, datetime] = {}
    for talk in (*found.talks, *found.gone):
        name, old = talk.identity, before.get(talk.identity)
        seen.setdefault(name, now)
        if last is None:
            continue  # who knows how long it has stood there
        for kept, earlier, facts in ((since, last.since, _facts), (clear, last.clear, _slot)):
            if old is None or name in went or facts(old) != facts(talk):
                kept[name] = judged.stood_since.get(name, now)
            elif (at := known(earlier.get(name), now)) is not None:
                kept[name] = at
    oldest = _today(series, now) - _REMEMBERED_FOR
    return Believed(
        series=series.id,
        read_at=now,
        talks=found.talks,
        seen=seen,
        gone=tuple(
            talk
            for talk in found.gone
            if (talk.day or series.local(since.get(talk.identity, now)).date()) >= oldest
        ),
        unsure=found.unsure,
        since=since,
        clear=clear,
        states=judged.states,
        watched=judged.watched,
        copies=copies,
    )


def _facts(talk: Talk) -> tuple[object, ...]:
    """What a mail would say of a talk."""
    return (
        talk.title,
        talk.speakers,
        talk.starts_at,
        talk.ends_at,
        talk.location,
        talk.stream,
        talk.url,
        talk.status,
        talk.abstract,
        talk.why_cancelled,
        talk.affiliations,
    )


def _slot(talk: Talk) -> tuple[object, ...]:
    """What decides whether and when a talk can be announced."""
    return (talk.tba, talk.day, talk.starts_at, talk.status, talk.unclear is None)


def _doubts(last: Believed, after: Collection[Talk], series: Series, now: datetime) -> str | None:
    """Return why a reading looks like a page gone wrong; None where it does not."""
    before, today = last.talks, _today(series, now)
    if before and not after:
        return f"it lists no talk at all, where it had {len(before)}"
    still_ahead = [talk for talk in before if _still_ahead(talk, today, now)]
    if still_ahead and not is_same_page(before, last.gone, after, still_ahead):
        return (
            "it looks like another page in place of this one, as none of the talks that were "
            f"known, past ones included, is on it any more, and it lists {_titles(after)} instead"
        )
    found = {talk.identity: talk for talk in after}
    ahead = [talk for talk in before if _ahead(talk, today)]
    lost = [talk for talk in ahead if _lost(talk, found.get(talk.identity))]
    if len(ahead) >= FEWEST and 2 * len(lost) > len(ahead):
        return f"of {len(ahead)} talks ahead {len(lost)} are gone, or have another date, at once"
    before_ids = {talk.identity for talk in before}
    new = [talk for talk in after if talk.identity not in before_ids and _ahead(talk, today)]
    if len(new) >= MOST_NEW:
        return f"{len(new)} new talks appeared at once"
    return None


def _titles(talks: Collection[Talk]) -> str:
    """Name a few talks, so that a person sees at once what the page shows now."""
    shown = [f'"{talk.title or "to be announced"}"' for talk in talks]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return ", ".join(shown[:3]) + more


def _still_ahead(talk: Talk, today: date, now: datetime) -> bool:
    """Return whether a talk has not begun, so that its page has no reason to let go of it."""
    return talk.starts_at > now if talk.starts_at is not None else _ahead(talk, today)


def _ahead(talk: Talk, today: date) -> bool:
    return talk.day is not None and talk.day >= today


def _lost(talk: Talk, now_there: Talk | None) -> bool:
    return now_there is None or (now_there.day != talk.day and not now_there.cancelled)
