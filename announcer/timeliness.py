"""When a mail is timely: what waits for the morning, what comes next, and what was heard just now."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from announcer.announcement import Announcement
from announcer.cadence import REMINDER, UPDATE, Changes
from announcer.instants import known
from announcer.ledger import Row, State
from announcer.past import Past, Share, Standing, free, handed_over_at
from announcer.talks import Series, Talk

# A mail that goes less than so long after its moment is not late.
LATE: Final = timedelta(hours=1)
# A reminder on the heels of the announcement tells nothing new.
FRESH: Final = timedelta(hours=12)


def by_day(share: Share, changes: Changes, series: Series, now: datetime) -> Share:
    """Let what is late wait for the morning, unless it would then be too late.

    What could first go in this very night, or less than an hour ago, is not late.
    """
    night = changes.night.around(now, series.timezone) if changes.night else None
    if share.standing is not Standing.DUE or night is None:
        return share
    began, morning = night
    if share.ready_at >= began or now - share.ready_at < LATE or share.expires_at <= morning:
        return share
    when = f"{series.local(morning):%A %Y-%m-%d %H:%M}"
    why = f"it is late, and waits for the morning: it goes out on {when}"
    return replace(share, ready_at=morning, standing=Standing.UPCOMING, reason=why)


def is_next(mail: Announcement, talks: Iterable[Talk], now: datetime) -> bool:
    """Return whether no other talk comes before the last one of a mail, from when it goes on."""
    at = max(now, mail.due_at)
    own = {talk.identity for talk in mail.talks}
    first, last = mail.series.local(at).date(), mail.talks[-1]
    return not any(
        _starts(talk, at, first) and _comes_before(talk, last)
        for talk in talks
        if talk.identity not in own and not talk.cancelled
    )


def _starts(talk: Talk, at: datetime, today: date) -> bool:
    """Return whether a talk is ahead; one without a time is until its day is over."""
    if talk.starts_at is not None:
        return talk.starts_at > at
    return talk.day is not None and talk.day >= today


def _comes_before(talk: Talk, other: Talk) -> bool:
    if talk.starts_at is not None and other.starts_at is not None:
        return talk.starts_at < other.starts_at
    return talk.day is not None and other.day is not None and talk.day <= other.day


def fresh_news(
    talk: Talk,
    moment: datetime,
    past: Past,
    planned: Sequence[Announcement],
    changes: Changes,
    now: datetime,
) -> str:
    """Why a reminder would tell nothing new; empty where it would."""
    for row, _ in past.about(talk):
        at = _heard_at(row, past, now)
        if row.kind != REMINDER and at is not None and at > moment - FRESH:
            return f"talk {talk.id}: {row.key} told of it less than 12 hours before"
    for mail in planned:
        if mail.kind == REMINDER:
            continue  # as above: whoever wants two reminders gets both
        going = mail.standing in (Standing.DUE, Standing.UPCOMING) and talk in mail.talks
        goes_at = max(mail.due_at, now)
        # What has changed is told as such, and not first by a reminder that seems to tell nothing new.
        latest = max(moment, now)
        if mail.kind == UPDATE:
            latest = changes.awake(latest + changes.quiet, mail.series.timezone, mail.expires_at)
        if going and moment - FRESH < goes_at <= latest:
            return f"talk {talk.id}: {mail.key} tells of it less than 12 hours before"
    return ""


def _heard_at(row: Row, past: Past, now: datetime) -> datetime | None:
    """When the list has heard, or may have heard, of a mail; None where no copy can exist."""
    if row.state in (State.CLAIMED, State.SENDING) and not free(row, past.clock):
        return now
    if not row.copies:
        return None
    if row.copies == 1 and row.doubted_at is not None:
        # A person's word on it comes later, and makes it no newer.
        return known(row.doubted_at, now) or known(row.claimed_at, now)
    return handed_over_at(row, now)
