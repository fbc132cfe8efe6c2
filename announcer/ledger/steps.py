"""The life of a mail in the ledger, as one pure function: ``step(row, event) -> row``.

Three commits, each durable before the next step: ``claimed`` before any SMTP, ``sending`` just
before DATA, and the outcome before QUIT. Whatever is killed, paused or overtaken between two of
them, what follows from the row alone is safe: a claim whose lease ran out was certainly not sent,
a ``sending`` whose lease ran out is in doubt.

``copies`` counts how often the content may have been handed over. A definite 4xx or 5xx takes the
copy of its attempt back; doubt does not. A mail with copies is never composed anew, and never
handed over a third time.

A claim is also where a plan is compared with what has been decided since: it names the revision
of the series that the plan was made from, and the instant at which the mail's time is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from announcer.errors import ClaimLost, MailExpired, PlanOutdated, TooLate, UsageError
from announcer.instants import elapsed, within
from announcer.ledger import (
    LEASE,
    LONGEST_WAIT,
    RESEND_AFTER,
    Claim,
    Deferred,
    GivenBack,
    InDoubt,
    Outcome,
    Refused,
    Row,
    Sent,
    State,
)
from announcer.message import Message

MOST_COPIES = 2
_LEASED = frozenset({State.CLAIMED, State.SENDING})
_RELEASABLE = frozenset({State.HELD, State.REFUSED, State.RETRY})
_ARRIVED = "settled as sent by a person"
_LEASE_RAN_OUT = "the process that was sending it ended before an answer was recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A process wants to work on the mail; ``clock`` is the clock that leases go by.

    ``copies`` is how many it knew of when it planned to: who meant to send a first copy never
    makes a second. ``planned_at`` is the revision of the series from which it planned, and
    ``revision`` the one that the series has now.
    """

    message: Message
    owner: str
    now: datetime
    clock: datetime
    planned_at: int
    revision: int
    expires_at: datetime
    lease: timedelta = LEASE
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """The holder of a claim is about to hand the content over."""

    claim: Claim
    now: datetime
    clock: datetime
    lease: timedelta = LEASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The holder of a claim knows how its attempt ended."""

    claim: Claim
    outcome: Outcome
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """Somebody looks whether a lease has run out."""

    now: datetime
    clock: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Capped:
    """The mail is due, but the list would get too many: it waits for a person."""

    message: Message
    why: str
    owner: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A person lets go what caps held, or wants what was refused to be tried again."""

    key: str
    now: datetime
    clock: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A person ends a doubt: the mail has arrived, or shall be sent once more."""

    key: str
    arrived: bool
    now: datetime
    clock: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A person decides about the mail with this key, or about others that this one is bound by.

    ``changes_content`` tells that it is about what the mail says.
    """

    key: str
    clock: datetime
    changes_content: bool = False


Event = Claimed | Sending | Ended | Expired | Capped | Released | Settled | Decided


def step(row: Row | None, event: Event) -> Row | None:
    """Give the row that follows, or None where the mail is not free for this claim.

    Raises:
        ClaimLost: the event is of a process that another has overtaken.
        PlanOutdated: a claim follows on a plan that is older than the series.
        MailExpired: the time of the mail is over.
        TooLate: a person decides about a mail that is being sent right now.
        UsageError: a person asks for what does not follow on this state.
    """
    match event:
        case Claimed():
            return _claim(row, event)
        case Expired():
            return _expire(row, event)
        case Sending():
            return _sending(row, event)
        case Capped():
            return _cap(row, event)
        case Released():
            return _release(row, event)
        case Settled():
            return _settle(row, event)
        case Decided():
            return _decide(row, event)
        case Ended(outcome=Sent() as sent):
            return _sent(row, event, sent)
        case Ended():
            if row is not None and _is_recorded(row, event):
                return row
            return _unsent(_held_by(row, event.claim, State.CLAIMED, State.SENDING), event)


def dated(row: Row, *, now: datetime, clock: datetime, lease: timedelta = LEASE) -> Row:
    """Return a row without instants that only a clock that was ahead can have written.

    An attempt that is due later than any wait lasts is due now. A lease that is longer than leases
    are begins now, since its holder may be at work; and so does a doubt, since nobody knows its age.
    """
    if row.next_attempt_at is not None and within(row.next_attempt_at, now, LONGEST_WAIT) is None:
        row = replace(row, next_attempt_at=now)
    if row.state in _LEASED and within(row.lease_until, clock, max(lease, LEASE)) is None:
        row = replace(row, lease_until=clock + lease)
    if row.state is State.IN_DOUBT and row.doubted_at and elapsed(row.doubted_at, now) is None:
        row = replace(row, doubted_at=now)
    return row


def free_at(row: Row) -> datetime | None:
    """When a mail may be claimed again by itself; None while a person or nobody decides."""
    if row.state is State.CLAIMED:
        return row.lease_until
    if row.state is State.RETRY:
        return row.next_attempt_at
    if row.state is State.IN_DOUBT and row.copies < MOST_COPIES and row.settled_at is None:
        return row.next_attempt_at or (row.doubted_at or row.claimed_at) + RESEND_AFTER
    return None


def under_way(row: Row, clock: datetime) -> bool:
    """Tell whether a process is sending a mail right now: nothing can call it back any more."""
    return row.state in (State.CLAIMED, State.SENDING) and row.lease_until > clock


def claim_of(row: Row, expires_at: datetime) -> Claim:
    """Give the right that a row just claimed stands for."""
    return Claim(
        key=row.key,
        owner=row.owner,
        fence=row.fence,
        attempt=row.attempts,
        copies=row.copies,
        expires_at=expires_at,
    )


def _claim(row: Row | None, event: Claimed) -> Row | None:
    message = event.message
    _in_time(message.key, event.expires_at, event.now)
    if event.planned_at != event.revision:
        raise PlanOutdated(
            f"{message.key}: the series {message.series} has changed since this was planned"
        )
    if row is None:
        row = _first_row(message, event.owner, event.now)
        return replace(row, state=State.CLAIMED, lease_until=event.clock + event.lease, attempts=1)
    row = dated(row, now=event.now, clock=event.clock, lease=event.lease)
    at = free_at(row)
    if at is None or at > (event.clock if row.state is State.CLAIMED else event.now):
        return None
    if row.copies != event.copies:
        return None
    if message.message_id != row.message_id or (row.copies and message.content != row.content):
        return None
    if not row.copies:
        row = _composed_anew(row, message)
    return replace(
        row,
        state=State.CLAIMED,
        owner=event.owner,
        fence=row.fence + 1,
        lease_until=event.clock + event.lease,
        attempts=row.attempts + 1,
        next_attempt_at=None,
    )


def _in_time(key: str, expires_at: datetime, now: datetime) -> None:
    if now >= expires_at:
        raise MailExpired(f"{key}: its time was over before it could be sent")


def _composed_anew(row: Row, message: Message) -> Row:
    """Let a mail of which no copy exists say what is true now; key and Message-ID stay."""
    return replace(
        row,
        due_at=message.due_at,
        sender=message.sender,
        recipient=message.recipient,
        subject=message.subject,
        content=message.content,
        said=message.said,
    )


def _first_row(message: Message, owner: str, now: datetime) -> Row:
    """Give the row of a mail that is new to the ledger, held until it is said what it is."""
    return Row(
        key=message.key,
        series=message.series,
        kind=message.kind,
        rule=message.rule,
        due_at=message.due_at,
        sender=message.sender,
        recipient=message.recipient,
        subject=message.subject,
        message_id=message.message_id,
        content=message.content,
        said=message.said,
        state=State.HELD,
        owner=owner,
        fence=1,
        lease_until=now,
        attempts=0,
        copies=0,
        claimed_at=now,
    )


def _sending(row: Row | None, event: Sending) -> Row:
    held = _held_by(row, event.claim, State.CLAIMED)
    _in_time(held.key, event.claim.expires_at, event.now)
    if held.lease_until <= event.clock:
        # The plan reads from the row alone that it was not sent, and may have given its talks
        # to another mail since.
        raise ClaimLost(f"{held.key}: the claim ran out before it could be sent")
    return replace(
        held,
        state=State.SENDING,
        copies=held.copies + 1,
        lease_until=event.clock + event.lease,
    )


def _expire(row: Row | None, event: Expired) -> Row | None:
    if row is None:
        return None
    row = dated(row, now=event.now, clock=event.clock)
    if row.state is State.SENDING and row.lease_until <= event.clock:
        return _doubted(row, _LEASE_RAN_OUT, event.now)
    return row


def _doubted(row: Row, reply: str, now: datetime) -> Row:
    """Record a doubt; what a person said before it was said of something else."""
    return replace(row, state=State.IN_DOUBT, doubted_at=now, released=False, reply=reply)


def _cap(row: Row | None, event: Capped) -> Row | None:
    """Hold a mail of which no copy exists and that nobody works on; None where it is another."""
    if row is None:
        return replace(_first_row(event.message, event.owner, event.now), reply=event.why)
    if row.state is not State.RETRY or row.copies or row.released:
        return None
    return replace(
        _composed_anew(row, event.message),
        state=State.HELD,
        next_attempt_at=None,
        reply=event.why,
    )


def _decide(row: Row | None, event: Decided) -> Row | None:
    """Leave the row as it is: what was decided binds the plan, unless it comes too late."""
    _not_under_way(row, event.clock)
    if row is not None and row.state is State.SENT and row.key == event.key:
        raise UsageError(f"{row.key} was sent already; `announcer log {row.key}` shows it")
    if row is not None and row.copies and row.key == event.key and event.changes_content:
        raise UsageError(
            f"{row.key} may have been sent already, so it can only go again as it is; "
            f"`announcer log {row.key}` shows it"
        )
    return row


def _not_under_way(row: Row | None, clock: datetime) -> None:
    if row is not None and under_way(row, clock):
        raise TooLate(
            f"{row.key} is being sent right now, so this comes too late, and nothing was recorded; "
            f"`announcer log {row.key}` shows whether the server took it: if it did not, decide again"
        )


def _release(row: Row | None, event: Released) -> Row:
    _not_under_way(row, event.clock)
    if row is None or row.copies or row.state not in _RELEASABLE:
        is_what = f"is {row.state.value.replace('_', ' ')}" if row else "is unknown to the ledger"
        raise UsageError(
            f"{event.key} {is_what}, so there is nothing to release; what caps hold, what was "
            "refused, and what waits for its next attempt can be released"
        )
    # No copy was made, so it is composed from what is true when it goes.
    return replace(
        row, state=State.RETRY, released=True, next_attempt_at=event.now, settled_at=None
    )


def _settle(row: Row | None, event: Settled) -> Row:
    # A claim on a mail in doubt leaves it in doubt, also when its process is gone.
    doubtful = row is not None and row.copies and row.state in (State.IN_DOUBT, State.CLAIMED)
    if not doubtful:
        _not_under_way(row, event.clock)
    if row is None or not doubtful:
        is_what = f"is {row.state.value}" if row else "is unknown to the ledger"
        raise UsageError(f"{event.key} {is_what}, and not in doubt; there is nothing to settle")
    if event.arrived:
        return replace(
            row,
            state=State.SENT,
            settled_at=event.now,
            next_attempt_at=None,
            reply=f"{_ARRIVED} ({row.reply})",
        )
    if row.copies >= MOST_COPIES:
        raise UsageError(
            f"{event.key} was sent {row.copies} times already, so it is never sent again; look "
            f"into the list's archive, then say `announcer settle {event.key} --as sent`"
        )
    return replace(
        row,
        state=State.IN_DOUBT,
        released=True,
        next_attempt_at=event.now,
        settled_at=None,
    )


def _held_by(row: Row | None, claim: Claim, *states: State) -> Row:
    if row is None or row.state not in states or row.fence != claim.fence:
        raise ClaimLost(f"{claim.key}: another process has taken this mail over")
    return row


def _sent(row: Row | None, event: Ended, sent: Sent) -> Row:
    """Record a 250, whoever has overtaken since: it is a fact."""
    if row is None:
        raise ClaimLost(f"{event.claim.key}: the ledger no longer knows this mail")
    if row.state is State.SENT:
        return row
    return replace(
        row,
        state=State.SENT,
        copies=max(row.copies, 1),
        settled_at=event.now,
        next_attempt_at=None,
        reply=sent.reply,
    )


def _is_recorded(row: Row, event: Ended) -> bool:
    """Tell whether a row is what this very outcome made of it, as one may be recorded twice."""
    if row.fence != event.claim.fence or row.state in (State.CLAIMED, State.SENDING):
        return False
    match event.outcome:
        case Deferred(until=until, reply=reply):
            return (row.next_attempt_at, row.reply) == (until, reply)
        case Refused(reply=reply):
            return (row.settled_at, row.reply) == (event.now, reply)
        case InDoubt(reply=reply):
            return (row.doubted_at, row.reply) == (event.now, reply)
    return False


def _unsent(row: Row, event: Ended) -> Row:
    definite = isinstance(event.outcome, Deferred | Refused)
    copies = row.copies - (definite and row.state is State.SENDING)
    doubtful = copies > 0
    match event.outcome:
        case Deferred(until=until, reply=reply):
            state = State.IN_DOUBT if doubtful else State.RETRY
            return replace(row, state=state, copies=copies, next_attempt_at=until, reply=reply)
        case Refused(reply=reply):
            # That a second copy was refused says nothing about the first.
            state = State.IN_DOUBT if doubtful else State.REFUSED
            return replace(row, state=state, copies=copies, settled_at=event.now, reply=reply)
        case InDoubt(reply=reply) if row.state is State.SENDING:
            return _doubted(row, reply, event.now)
        case GivenBack() if row.state is State.CLAIMED:
            state = State.IN_DOUBT if doubtful else State.RETRY
            attempts = row.attempts - 1
            return replace(row, state=state, attempts=attempts, next_attempt_at=event.now)
    raise ClaimLost(f"{row.key}: {event.outcome} does not follow on {row.state}")
