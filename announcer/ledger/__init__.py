"""What happened: the port of the ledger; each sibling keeps it in one kind of place.

One row for each mail, keyed by its key; beside it the adoptions (which series, which list, which
rules, and what counted as told at that time), the talks of each series as they were last
believed, until when an account is left in peace, what the organisers were told, and an
append-only list of events. Nothing in it says what shall happen: that is worked out from it
(``plan``).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, Protocol

from announcer.instants import within
from announcer.message import Message, Said
from announcer.talks import Copy, Talk

What = Literal["hold", "release", "skip", "note", "cancel", "accept"]
LEASE: Final = timedelta(minutes=10)
RESEND_AFTER: Final = timedelta(minutes=15)
LONGEST_WAIT: Final = timedelta(
    minutes=66
)  # an hour and a tenth: the longest time between attempts


class State(StrEnum):
    """Where a mail stands; ``steps`` has the transitions."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    HELD = "held"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mail as the ledger knows it. All instants are in UTC."""

    key: str
    series: str
    kind: str
    rule: str
    due_at: datetime
    sender: str
    recipient: str
    subject: str
    message_id: str
    content: bytes
    said: tuple[Said, ...]
    state: State
    owner: str  # a uuid of the process that claimed it last, never a host name
    fence: int  # rises with every claim
    lease_until: datetime
    attempts: int  # claims that reached the server, or tried to
    copies: int  # how often the content may have been handed over
    claimed_at: datetime  # the first claim
    next_attempt_at: datetime | None = None
    doubted_at: datetime | None = None
    settled_at: datetime | None = None
    reply: str | None = None
    released: bool = False  # a person has let it go: nothing but a new doubt holds it again

    def message(self) -> Message:
        """The mail as it was composed, to be sent again byte for byte."""
        return Message(
            key=self.key,
            series=self.series,
            kind=self.kind,
            rule=self.rule,
            due_at=self.due_at,
            sender=self.sender,
            recipient=self.recipient,
            message_id=self.message_id,
            subject=self.subject,
            content=self.content,
            said=self.said,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on one mail, until the lease runs out or somebody overtakes."""

    key: str
    owner: str
    fence: int
    attempt: int  # 1 for the first
    copies: int  # copies that may exist before this attempt
    expires_at: datetime  # from then on the content must not be handed over any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The server took it; a fact, also from a process that has lost its lease."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """No copy was made by this attempt; the next one comes at ``until``."""

    until: datetime
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No copy was made by this attempt, and it is not tried again by itself."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """A copy may have been made by this attempt."""

    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """The attempt ended before DATA by our own wish: as if it had never been claimed."""


Outcome = Sent | Deferred | Refused | InDoubt | GivenBack


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedAsTold:
    """A talk whose moment had passed when the ledger (or the rule) was adopted.

    ``said`` is what the list is taken to have heard of it; None where the talk had no time.
    """

    talk: str  # its identity
    rule: str
    day: date
    moment_day: date
    said: Said | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An organiser's word: on the mails of one rule about a talk, or on the talk itself.

    ``rule`` is empty where it is about the talk. The latest of a kind counts: hold, release and
    skip undo each other, as do cancel and accept. ``tell`` says that the list hears the words of a
    cancellation, too.
    """

    series: str
    rule: str
    talk: str  # its identity
    what: What
    words: str
    who: str
    at: datetime
    tell: bool = False

    def binds(self, row: Row) -> bool:
        """Tell whether this is about a mail: about its talk, and its rule or all rules."""
        return (
            row.series == self.series
            and self.rule in ("", row.rule)
            and any(said.identity == self.talk for said in row.said)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """That a series belongs to this ledger: since when, for which list, with which rules."""

    series: str
    list: str
    adopted_at: datetime
    rules: Mapping[str, datetime]  # a rule's label -> since when it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When something was first so, and until when."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The state that a reading found a talk in."""

    at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What successive readings said of a talk that returned to an earlier state, oldest first.

    ``shown`` describes the states for a person.
    """

    sightings: tuple[Sighting, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """The talks of a series as they were last believed.

    ``gone`` are those that went from the page, as they last stood there. By a talk's identity,
    ``seen`` has the instant at which it first stood there, ``since`` the one at which its facts
    were first as they are, and ``clear`` the one at which its date and time, that its title is
    known, and whether it takes place were first as they are. Of the ``unsure`` nobody can tell
    whether they are new.

    ``states`` are those that a talk was in before its present one, ``watched`` the talks that
    returned to one of these: see ``flicker``. ``copies`` says, by web address, of when the newest
    copy of the page was, and ``outdated_since`` since when only older ones are served.
    """

    series: str
    read_at: datetime  # when they last were read and believed
    talks: tuple[Talk, ...]
    seen: Mapping[str, datetime]
    gone: tuple[Talk, ...] = ()
    unsure: frozenset[str] = frozenset()
    since: Mapping[str, datetime] = field(default_factory=dict)
    clear: Mapping[str, datetime] = field(default_factory=dict)
    states: Mapping[str, Mapping[str, Period]] = field(default_factory=dict)
    watched: Mapping[str, Watch] = field(default_factory=dict)
    copies: Mapping[str, Copy] = field(default_factory=dict)
    outdated_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Until when an account is left in peace after trouble with it or its server, and why."""

    account: str
    until: datetime
    reply: str

    def lasts(self, now: datetime) -> bool:
        """Return whether it is on; none is longer than the longest wait, so one that seems so is not."""
        until = within(self.until, now, LONGEST_WAIT)
        return until is not None and until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the ledger knows of one series, for the plan to read.

    ``adoption`` is None while there is no ledger: the plan then answers as if one had been
    adopted before all talks. ``clock`` is the instant, on the clock that leases go by, at which
    this was read; None where that is the plan's own ``now``. ``revision`` rises with everything
    that changes what the plan reads, but for the attempts at the mails themselves.
    """

    series: str
    adoption: Adoption | None = None
    counted: tuple[CountedAsTold, ...] = ()
    rows: tuple[Row, ...] = ()  # in the order of their first claims
    believed: Believed | None = None
    decisions: tuple[Decision, ...] = ()  # oldest first
    clock: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the append-only list: what happened to a mail, by whom, and why."""

    at: datetime
    key: str
    who: str
    what: str
    why: str | None = None


class Ledger(Protocol):
    """Keeps what happened. Every method is durable before it returns.

    Raises, all of them: LedgerError (missing, foreign, damaged, newer, busy) with one sentence on
    what to do.
    """

    async def adoptions(self) -> Mapping[str, Adoption]:
        """All series that belong to this ledger and can be read, by id."""
        ...

    async def damage(self) -> tuple[str, ...]:
        """Return the names of the rows that do not match their checksums."""
        ...

    async def adopt(
        self,
        series: str,
        recipient: str,
        *,
        rules: Collection[str],
        counted: Iterable[CountedAsTold],
        now: datetime,
    ) -> None:
        """Take a series, a new address of its list, or rules of it into the ledger.

        What is known already stays as it is: rules keep their first instant, and what was counted
        as told is only added to.
        """
        ...

    async def history(self, series: str) -> History:
        """All that is known of one series.

        Raises:
            LedgerDamaged: a row of this series does not match its checksum, or cannot be read.
        """
        ...

    async def rows(self) -> tuple[Row, ...]:
        """All mails of all series that can be read, in the order of their first claims.

        Those that cannot are named by ``damage``, and ``history`` refuses their series.
        """
        ...

    async def entries(self, key: str) -> tuple[Entry, ...]:
        """What happened to one mail, oldest first."""
        ...

    async def decisions(self, series: str) -> tuple[Decision, ...]:
        """What organisers decided about a series, as far as it can be read, oldest first."""
        ...

    async def claim(
        self,
        message: Message,
        *,
        copies: int = 0,
        revision: int,
        expires_at: datetime,
        now: datetime,
    ) -> Claim | None:
        """Take the right to send one mail; None where another has it, or it is not to be had.

        Free are: a key that is unknown, one whose lease ran out before DATA, and one that waits
        for its next attempt and whose time has come; the row then takes the bytes of this
        message, while its Message-ID stays what it was. A mail in doubt is free once
        ``RESEND_AFTER`` has passed since the doubt, if this message has the very bytes of the row
        and one copy was made at most. None also where other ``copies`` may exist than when it was
        planned: a plan for a first copy gives no right to a second.

        ``revision`` is that of the history from which the mail was planned. Claims and decisions
        wait for each other: a decision that is recorded first always counts.

        Raises:
            PlanOutdated: the series has a newer revision.
            MailExpired: ``now`` is not before ``expires_at``.
        """
        ...

    async def sending(self, claim: Claim, *, now: datetime) -> None:
        """Record that the content is about to be handed over: from here on a copy may exist.

        Raises:
            ClaimLost: another has overtaken, or the lease ran out; nothing may be sent.
            MailExpired: the time of the mail is over; nothing may be sent.
        """
        ...

    async def record(self, claim: Claim, outcome: Outcome, *, now: datetime) -> None:
        """Record how an attempt ended.

        Raises:
            ClaimLost: another has overtaken, and nothing was recorded (never for ``Sent``).
        """
        ...

    async def cap(self, message: Message, why: str, *, now: datetime) -> bool:
        """Hold a mail for a person, as its list would get too many.

        Only one that nobody has begun, or that waits for its next attempt with no copy made;
        else nothing happens, and False says so.
        """
        ...

    async def release(
        self, key: str, *, decisions: Collection[Decision] = (), now: datetime
    ) -> Row:
        """Let go what caps held, or try at once what was refused or waits for its next attempt.

        The ``decisions`` that say so are recorded with it, or neither is.

        Raises:
            TooLate: it is being sent right now.
            UsageError: it is none of these.
        """
        ...

    async def settle(self, key: str, *, arrived: bool, now: datetime) -> Row:
        """Take a person's word on a mail in doubt: it has arrived, or shall be sent once more.

        Raises:
            TooLate: it is being sent right now.
            UsageError: it is not in doubt, or two copies of it may exist.
        """
        ...

    async def expire(self, series: str, *, now: datetime) -> tuple[Row, ...]:
        """Put mails of a series in doubt whose lease ran out while they were sent, and give these."""
        ...

    async def believe(self, believed: Believed, *, revision: int | None = None) -> None:
        """Keep the talks of a series as they are believed from now on.

        ``revision`` is that of the history with which a reading was compared; None where that
        does not matter.

        Raises:
            PlanOutdated: the series has a newer revision: another has read or decided meanwhile.
        """
        ...

    async def decide(
        self, decisions: Collection[Decision], *, key: str, now: datetime
    ) -> tuple[str, ...]:
        """Keep what an organiser decided of the mail with this key, or of talks.

        A decision about talks (its ``rule`` is empty) is recorded in any case; what is returned
        are the keys of the mails about them that are being sent right now.

        Raises:
            TooLate: a mail that the decision would be about is being sent right now.
            UsageError: the mail was sent already; or this is a note, and it may have been.
        """
        ...

    async def pauses(self) -> Mapping[str, Pause]:
        """Until when accounts are left in peace, by account."""
        ...

    async def pause(self, pause: Pause, *, now: datetime) -> None:
        """Leave an account in peace for a while."""
        ...

    async def resume(self, account: str) -> None:
        """End the pause of an account, as it works again."""
        ...

    async def tell(
        self, causes: Mapping[str, str], *, series: str, again: Collection[str], now: datetime
    ) -> frozenset[str]:
        """Take the right to tell the organisers of causes, given with the words for each.

        A cause that was told of is had again after a day, if it is among ``again``; never if it
        is not. Of several processes one gets it.
        """
        ...

    async def untold(self, causes: Mapping[str, str], *, series: str, now: datetime) -> None:
        """Take back that the organisers were told, as no mail reached them."""
        ...

    async def close(self) -> None:
        """Let go of the place."""
        ...
