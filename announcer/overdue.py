"""Which mails of a plan should have gone by now and did not: the one answer that all others follow.

The exit status, the lists and ``trouble`` in the JSON, the log, the health address and the notices
to organisers are read from ``Announcement.overdue`` and ``by_choice``, so that they cannot disagree.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from announcer.announcement import Announcement
from announcer.flicker import alternates, unsettled
from announcer.instants import known
from announcer.ledger import Believed, State
from announcer.past import Standing

# For so long a mail that was missed is trouble: a check that runs once a day sees it.
MISSED_COUNTS_FOR: Final = timedelta(days=1)
_AT_WORK: Final = frozenset({State.CLAIMED, State.SENDING})
_WANTS_A_PERSON: Final = frozenset({State.HELD, State.REFUSED})


def judged(
    mail: Announcement, believed: Believed | None, last_pass: datetime | None, now: datetime
) -> Announcement:
    """Give a mail of the plan with whether it is overdue.

    Args:
        mail: as it stands in the plan.
        believed: the talks as they are believed, and since when they are known.
        last_pass: when the talks were last read and believed before; None where nobody knows.
        now: an instant in UTC.
    """
    match mail.standing:
        case Standing.DUE:
            overdue = _waits(mail, now)
        case Standing.HELD:
            ready = _ready_at(mail) <= now and not _settles(mail, believed)
            overdue = ready or _is_in_the_ledger(mail)
        case Standing.MISSED:
            overdue = was_missed(mail, believed, now) and _lately(mail, last_pass, now)
        case _:
            overdue = False
    return replace(mail, overdue=overdue) if overdue else mail


def was_missed(mail: Announcement, believed: Believed | None, now: datetime) -> bool:
    """Return whether a mail that was missed could have gone in time.

    One about talks that first stood on the page when its time was over already was not missed.
    """
    seen = believed.seen if believed else {}
    # One that was first seen by a clock that was ahead may well have been there in time.
    known_in_time = any(
        _seen(seen.get(talk.identity), now) < mail.expires_at for talk in mail.talks
    )
    return mail.expires_at <= now and (known_in_time or mail.row is not None)


def _waits(mail: Announcement, now: datetime) -> bool:
    """Return whether a mail that is due has to wait, and not for a process that is sending it."""
    at_work = mail.row is not None and mail.row.state in _AT_WORK
    return mail.waits_until is not None and mail.waits_until > now and not at_work


def _is_in_the_ledger(mail: Announcement) -> bool:
    row = mail.row
    return row is not None and (row.copies > 0 or row.state in _WANTS_A_PERSON)


def _settles(mail: Announcement, believed: Believed | None) -> bool:
    """Return whether a mail only waits for its page to read the same again after a correction."""
    if believed is None:
        return False
    otherwise_clear = {talk.identity for talk in believed.talks if not talk.unclear}
    return all(
        talk.identity in otherwise_clear
        and (watch := unsettled(believed).get(talk.identity)) is not None
        and not alternates(watch)
        for talk in mail.talks
    )


def _ready_at(mail: Announcement) -> datetime:
    return max(mail.due_at, mail.waits_until or mail.due_at)


def _lately(mail: Announcement, last_pass: datetime | None, now: datetime) -> bool:
    """Return whether a mail was missed within a day, or since the last pass looked."""
    last = known(last_pass, now)
    return mail.expires_at > now - MISSED_COUNTS_FOR or (
        last is not None and mail.expires_at >= last
    )


def _seen(at: datetime | None, now: datetime) -> datetime:
    """Return when a talk first stood on the page, or may have."""
    if at is None:
        return now
    return known(at, now) or datetime.min.replace(tzinfo=UTC)
