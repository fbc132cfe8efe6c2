"""One pass, in a straight line: load, plan, compose, verify, claim, deliver, record.

It knows ports only; what they are made of is decided in ``app``. One mail that fails never stops
the next, and one series never stops the others.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from hashlib import sha256
from typing import Any, Final, Protocol

from announcer import ledger as kept
from announcer.cadence import Rule
from announcer.errors import (
    AnnouncerError,
    ClaimLost,
    CompositionError,
    DeliveryDeferred,
    DeliveryInDoubt,
    DeliveryRefused,
    LedgerError,
    LedgerForeign,
)
from announcer.ledger import Adoption, Claim, History, Ledger, State
from announcer.message import Message
from announcer.plan import (
    Announcement,
    OnDoubt,
    Plan,
    Standing,
    counted_as_told,
    plan_announcements,
)
from announcer.source import Source
from announcer.talks import Reading, Series
from announcer.transport import Transport
from announcer.verify import verify

log = logging.getLogger("announcer")

# How long a mail whose content is out may still be answered once we are told to stop.
PATIENCE: Final = timedelta(seconds=8)
_DOUBTFUL: Final = frozenset({State.IN_DOUBT, State.SENDING})
_RETRY_MINUTES: Final = (1, 2, 5, 10, 20, 40, 60)

Clock = Callable[[Series], datetime]
Progress = Callable[[str], AbstractContextManager[None]]


class Composer(Protocol):
    """Makes the mail that an announcement asks for."""

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        """Give the mail, composed from what is true now.

        Raises:
            CompositionError: it cannot be made, and why.
        """
        ...


class Limits(Protocol):
    """How many mails a list may get; above, everything is held."""

    @property
    def per_pass(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def per_day(self) -> int: ...  # noqa: D102 - as above
    @property
    def per_week(self) -> int: ...  # noqa: D102 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One series with all that its mails are made from."""

    series: Series
    cadence: tuple[Rule, ...]
    source: Source
    composer: Composer


class Fate(StrEnum):
    """What became of a due mail in one pass."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One due mail, what became of it, and the last words about it."""

    announcement: Announcement
    fate: Fate
    reply: str | None = None
    message: Message | None = None


@dataclass(slots=True, kw_only=True)
class Report:
    """What one pass did, for the exit status, the log and the person who started it."""

    deliveries: list[Delivery] = field(default_factory=list)
    problems: list[AnnouncerError] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 done, 1 something due could not be sent, 2 the ledger, 3 a source; the highest wins."""
        failed = any(d.fate is not Fate.SENT for d in self.deliveries)
        return max((int(failed), *(problem.exit_status for problem in self.problems)))


def retry_delay(attempt: int, key: str) -> timedelta:
    """How long to wait after a failed attempt (1 is the first).

    1, 2, 5, 10, 20, 40, 60, 60 … minutes, and up to a tenth more, which hangs on the key, so that
    mails that failed together do not all come back together.
    """
    minutes = _RETRY_MINUTES[min(attempt, len(_RETRY_MINUTES)) - 1]
    share = int.from_bytes(sha256(key.encode()).digest()[:4]) / 2**32
    return timedelta(minutes=minutes * (1 + share / 10))


class _Stopped(Exception):
    """Nothing was begun that would have to be ended."""


class Announcer:
    """Sends what is due.

    Args:
        programmes: the series, each with its parts.
        ledger: what happened so far.
        transport: the way out.
        clock: the instant, in UTC, that counts for a series.
        on_doubt: whether a mail in doubt is sent once more by itself.
        limits: how many mails a list may get; None for a test that goes elsewhere.
        progress: wraps what may take a while, with words for the person who waits.
    """

    def __init__(
        self,
        programmes: Sequence[Programme],
        *,
        ledger: Ledger,
        transport: Transport,
        clock: Clock,
        on_doubt: OnDoubt = "resend",
        limits: Limits | None = None,
        progress: Progress = lambda _: nullcontext(),
    ) -> None:
        self._programmes = programmes
        self._ledger = ledger
        self._transport = transport
        self._clock = clock
        self._on_doubt: OnDoubt = on_doubt
        self._limits = limits
        self._progress = progress
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End soon: nothing new is begun, and what has not reached DATA is given back."""
        self._stopping.set()

    async def announce_due(self) -> Report:
        """Send all that is due now, each mail once, and report what became of it."""
        report = Report()
        for programme in self._programmes:
            if self._stopping.is_set():
                break
            try:
                await self._announce_series(programme, report)
            except _Stopped:
                break
            except AnnouncerError as problem:
                log.error("%s: %s", programme.series.id, problem)
                report.problems.append(problem)
        await self._transport.close()
        return report

    async def plan(self, programme: Programme) -> Plan:
        """Work out what is owed to the list of one series now."""
        history, reading = await self._known(programme, record=False)
        return self._planned(programme, reading, history)

    async def _announce_series(self, programme: Programme, report: Report) -> None:
        for row in await self._ledger.expire(now=self._clock(programme.series)):
            log.error("%s: in doubt: %s", row.key, row.reply, extra={"key": row.key})
        history, reading = await self._known(programme, record=True)
        plan = self._planned(programme, reading, history)
        report.plans.append(plan)
        held = await self._beyond_limits(programme.series, plan, report)
        for announcement in plan.announcements:
            if self._stopping.is_set():
                return
            if held and announcement.standing is Standing.DUE and announcement.row is None:
                delivery: Delivery | None = _told(announcement, Fate.FAILED, held, None)
            else:
                delivery = await self._settle(programme, announcement)
            if delivery is not None:
                report.deliveries.append(delivery)

    async def _beyond_limits(self, series: Series, plan: Plan, report: Report) -> str:
        """Say which limit the due mails would break together; empty where none."""
        if self._limits is None:
            return ""
        now = self._clock(series)
        new = sum(mail.row is None for mail in plan.due)
        sent = [
            row.settled_at or row.doubted_at or row.claimed_at
            for row in await self._ledger.rows()
            if row.recipient == series.list and row.copies
        ]
        this_pass = sum(
            d.fate is not Fate.FAILED and d.announcement.series.list == series.list
            for d in report.deliveries
        )
        for name, most, before in (
            ("per_pass", self._limits.per_pass, this_pass),
            ("per_day", self._limits.per_day, sum(at > now - timedelta(days=1) for at in sent)),
            ("per_week", self._limits.per_week, sum(at > now - timedelta(days=7) for at in sent)),
        ):
            if new and new + before > most:
                return (
                    f"held: {new} mails to {series.list} are due, {before} went before, and "
                    f"limits.{name} is {most}; see `announcer plan`, and if they are right let "
                    f"them go with ANNOUNCER_LIMITS__{name.upper()}={new + before} announcer send"
                )
        return ""

    def _planned(self, programme: Programme, reading: Reading, history: History) -> Plan:
        return plan_announcements(
            programme.series,
            programme.cadence,
            reading.talks,
            history,
            self._clock(programme.series),
            on_doubt=self._on_doubt,
        )

    async def _known(self, programme: Programme, *, record: bool) -> tuple[History, Reading]:
        """Give what is known of a series: its history, and the talks that are believed.

        A rule that the ledger does not know yet is taken in first: what it would have sent by now
        counts as told.
        """
        series = programme.series
        adoption = adopted(series, (await self._ledger.adoptions()).get(series.id))
        history = await self._ledger.history(series.id)
        with self._progress(f"reading the talks of {series.id}"):
            reading = await self._unless_stopped(programme.source.load(self._clock(series)))
        new = [rule for rule in programme.cadence if rule.label not in adoption.rules]
        if not new:
            return history, reading
        counted = counted_as_told(series, new, reading.talks, self._clock(series))
        if record:
            await self._ledger.adopt(
                series.id,
                series.list,
                rules=[rule.label for rule in new],
                counted=counted,
                now=self._clock(series),
            )
        return replace(history, counted=(*history.counted, *counted)), reading

    async def _unless_stopped(self, load: Coroutine[Any, Any, Reading]) -> Reading:
        """Wait for a source, but not once we are told to stop: a page may take its time."""
        reading = asyncio.create_task(load)
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({reading, stop}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            reading.cancel()
            await asyncio.wait({reading})
        if reading.cancelled():
            raise _Stopped
        return reading.result()

    async def _settle(self, programme: Programme, announcement: Announcement) -> Delivery | None:
        """See one mail of the plan to the end of this pass; None where it is no concern of it."""
        row = announcement.row
        if announcement.standing is not Standing.DUE:
            if announcement.standing is Standing.HELD and row and row.state in _DOUBTFUL:
                return _told(announcement, Fate.IN_DOUBT, announcement.reason, row.message())
            return None
        if row is not None and row.state in (State.CLAIMED, State.SENDING):
            if row.lease_until > self._clock(programme.series):
                log.info("%s: another process is sending it", announcement.key)
                return None
        elif row is not None and (announcement.waits_until or row.due_at) > self._clock(
            programme.series
        ):
            return _told(announcement, Fate.DEFERRED, announcement.reason, row.message())
        try:
            message = self._composed(programme, announcement)
        except CompositionError as error:
            return _told(announcement, Fate.FAILED, str(error), None)
        return await self._send(programme.series, announcement, message)

    def _composed(self, programme: Programme, announcement: Announcement) -> Message:
        if announcement.row is not None and announcement.row.copies:
            return announcement.row.message()  # a copy may exist: only the same bytes may follow
        message = programme.composer.compose(announcement, self._clock(programme.series))
        verify(message, announcement)
        return message

    async def _send(
        self, series: Series, announcement: Announcement, message: Message
    ) -> Delivery | None:
        claim = await self._ledger.claim(message, now=self._clock(series))
        if claim is None:
            log.info("%s: another process has it", message.key, extra={"key": message.key})
            return None
        attempt = _Attempt(self._ledger, claim, self._stopping, lambda: self._clock(series))
        with self._progress(f"sending {message.key} to {message.recipient}"):
            outcome = await attempt.deliver(self._transport, message)
        try:
            await self._ledger.record(claim, outcome, now=self._clock(series))
        except ClaimLost as lost:
            log.warning("%s: %s", message.key, lost, extra={"key": message.key})
            return None
        except LedgerError as error:
            if not isinstance(outcome, kept.Sent):
                raise
            words = f"taken by the server ({outcome.reply}), but not recorded: {error}"
            return _told(announcement, Fate.IN_DOUBT, words, message)
        return _fate(announcement, outcome, message)


class _Phase(Enum):
    BEFORE = auto()  # nothing of the content is out
    MARKING = auto()  # the ledger is being told that it will be
    AFTER = auto()  # a copy may exist


class _Attempt:
    """One try to hand a mail over, under a claim, and ready to be stopped."""

    def __init__(
        self, ledger: Ledger, claim: Claim, stopping: asyncio.Event, clock: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._claim = claim
        self._stopping = stopping
        self._clock = clock
        self._phase = _Phase.BEFORE

    async def deliver(self, transport: Transport, message: Message) -> kept.Outcome:
        """Try, and say how it ended; raises LedgerError where the ledger failed before DATA."""
        task = asyncio.create_task(transport.deliver(message, before_data=self._before_data))
        stop = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and self._phase is not _Phase.BEFORE:
                await asyncio.wait({task}, timeout=PATIENCE.total_seconds())
        finally:
            stop.cancel()
            task.cancel()
            await asyncio.wait({task})
        return self._outcome(task)

    async def _before_data(self) -> None:
        if self._stopping.is_set():
            raise asyncio.CancelledError
        self._phase = _Phase.MARKING
        try:
            await self._ledger.sending(self._claim, now=self._clock())
        except BaseException:
            self._phase = _Phase.BEFORE
            raise
        self._phase = _Phase.AFTER

    def _outcome(self, task: asyncio.Task[str]) -> kept.Outcome:
        try:
            return kept.Sent(reply=task.result())
        except DeliveryDeferred as error:
            until = self._clock() + retry_delay(self._claim.attempt, self._claim.key)
            return kept.Deferred(until=until, reply=error.reply)
        except DeliveryRefused as error:
            return kept.Refused(reply=error.reply)
        except DeliveryInDoubt as error:
            return kept.InDoubt(reply=error.reply)
        except asyncio.CancelledError:
            if self._phase is _Phase.BEFORE:
                return kept.GivenBack()
            return kept.InDoubt(reply="stopped while the server's answer was awaited")
        except (ClaimLost, LedgerError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, what was handed over counts
            words = f"unexpected {type(error).__name__}: {error}"
            if self._phase is _Phase.BEFORE:
                until = self._clock() + retry_delay(self._claim.attempt, self._claim.key)
                return kept.Deferred(until=until, reply=words)
            return kept.InDoubt(reply=words)


def adopted(series: Series, adoption: Adoption | None) -> Adoption:
    """Give the adoption of a series.

    Raises:
        LedgerForeign: the ledger does not know it, or knows it with another list.
    """
    if adoption is None:
        raise LedgerForeign(
            f"the ledger does not know the series {series.id}; "
            f"`announcer adopt --series {series.id}` takes it in"
        )
    if adoption.list != series.list:
        raise LedgerForeign(
            f"series {series.id} now sends to {series.list}, but the ledger was adopted for "
            f"{adoption.list}; `announcer adopt --series {series.id} --list {series.list}` "
            "confirms the new address"
        )
    return adoption


_LEVELS: Final = {Fate.SENT: logging.INFO, Fate.DEFERRED: logging.WARNING}


def _told(announcement: Announcement, fate: Fate, reply: str, message: Message | None) -> Delivery:
    log.log(
        _LEVELS.get(fate, logging.ERROR),
        "%s: %s: %s",
        announcement.key,
        fate.value.replace("_", " "),
        reply,
        extra={"key": announcement.key, "outcome": fate.value},
    )
    return Delivery(announcement=announcement, fate=fate, reply=reply, message=message)


def _fate(announcement: Announcement, outcome: kept.Outcome, message: Message) -> Delivery | None:
    match outcome:
        case kept.Sent(reply=reply):
            return _told(announcement, Fate.SENT, reply, message)
        case kept.Deferred(reply=reply, until=until):
            again = f"{announcement.series.local(until):%H:%M:%S}"
            return _told(announcement, Fate.DEFERRED, f"{reply}; again at {again}", message)
        case kept.Refused(reply=reply):
            return _told(announcement, Fate.REFUSED, reply, message)
        case kept.InDoubt(reply=reply):
            return _told(announcement, Fate.IN_DOUBT, reply, message)
        case kept.GivenBack():
            log.info("%s: given back, as we were told to stop", announcement.key)
            return None
