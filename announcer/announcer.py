"""One pass, in a straight line: load, plan, compose, verify, claim, deliver, record.

It knows ports only; what they are made of is decided in ``app``. One mail that fails never stops
the next, and one series never stops the others.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from announcer import belief
from announcer import ledger as kept
from announcer.announcement import Announcement, Plan
from announcer.attempt import Attempt, ended
from announcer.cadence import AS_USUAL, Changes, Rule
from announcer.concern import (
    Concern,
    of_copies,
    of_delivery,
    of_facts,
    of_gone,
    of_internal,
    of_late_answer,
    of_lost_sender,
    of_plan,
    of_source,
    of_unknown,
    soon,
    worded,
)
from announcer.errors import (
    AnnouncerError,
    ClaimLost,
    CompositionError,
    DeliveryError,
    DeliveryInDoubt,
    InternalError,
    LedgerError,
    LedgerForeign,
    MailExpired,
    NotRecorded,
    NotSent,
    PlanOutdated,
    SourceError,
    SourceUnreadable,
    UsageError,
)
from announcer.internal import contained
from announcer.ledger import Adoption, Believed, Claim, History, Ledger, Pause, State
from announcer.message import Message
from announcer.past import Standing, handed_over_at
from announcer.plan import counted_as_told, plan_announcements
from announcer.quantities import Span
from announcer.recording import Recorder, Replayed
from announcer.redaction import redacted
from announcer.report import Delivery, Fate, Report, told, unsent
from announcer.source import Source
from announcer.spool import Spool, Unrecorded
from announcer.talks import Reading, Series, Talk
from announcer.transport import Transport
from announcer.turns import Turns
from announcer.unsettled import OnDoubt
from announcer.verify import verify, verify_notice

log = logging.getLogger("announcer")

# How often a series is planned again in one pass because it changed before a mail was claimed.
MOST_REFUSED_CLAIMS: Final = 5
# How long a source may take that is asked again between two mails of a pass: what cannot be read
# by then has not been read, and the next mail does not wait for it.
READ_AGAIN_WITHIN: Final = timedelta(seconds=5)

_T = TypeVar("_T")
# How long what was read of a series holds while mails of others go out: within a minute of a moment
# the service takes it for new as well.
OUTDATED_AFTER: Final = timedelta(minutes=1)
# For so long a mail that was missed can still be sent by a person's word.
MISSED_LATELY: Final = timedelta(days=7)

Clock = Callable[[Series], datetime]
Progress = Callable[[str], AbstractContextManager[None]]


class Composer(Protocol):
    """Makes the mail that an announcement asks for."""

    @property
    def own(self) -> Collection[str]:
        """The templates that a user's folder has in place of built-in ones."""
        ...

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        """Give the mail, composed from what is true now.

        Raises:
            CompositionError: it cannot be made, and why.
        """
        ...

    def notice(
        self, series: Series, concerns: Sequence[str], recipient: str, now: datetime
    ) -> Message:
        """Give the mail that tells one organiser what they must hear.

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


Breaks = Callable[[datetime], Awaitable[tuple[Span, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One series with all that its mails are made from."""

    series: Series
    cadence: tuple[Rule, ...]
    source: Source
    composer: Composer
    changes: Changes = AS_USUAL
    breaks: Breaks | None = None  # None where nothing is said of a week without a talk


class _Stopped(Exception):
    """Nothing was begun that would have to be ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of a series at one instant, and all that its plan is made from."""

    now: datetime
    history: History
    talks: tuple[Talk, ...]
    trouble: AnnouncerError | None = None
    breaks: tuple[Span, ...] | None = (
        None  # None where nothing may be said of a week without a talk
    )
    waited: timedelta = timedelta(0)  # for other series, after the source was read
    last_pass: datetime | None = None  # when the talks were last read before this pass


@dataclass(slots=True, kw_only=True)
class _SoFar:
    """What one pass has done of a series, over all the plans that it makes of it.

    ``owed`` are the mails that were to go when it began, by their keys. What falls due while it
    is under way is left to the next one, which judges the limits anew.
    """

    owed: frozenset[str]
    handled: set[str] = field(default_factory=set)  # keys of mails that it is through with
    held: str = ""  # which limit the mails broke together, and then all of them are held
    refused_claims: int = 0
    outdated: int = 0  # how often others took so long that its source was read again

    def holds(self, mail: Announcement) -> bool:
        """Whether a mail that is due is held by the limits: no person has let it go."""
        return bool(self.held) and not (mail.row and mail.row.released)

    def is_outdated(self, waited: timedelta, longest: timedelta) -> bool:
        """Whether its source must be read again, as others had their turn for long; not for ever."""
        if waited <= longest or self.outdated >= MOST_REFUSED_CLAIMS:
            return False
        self.outdated += 1
        return True

    def count(self, refusal: AnnouncerError) -> None:
        """Count a claim that was refused.

        Raises:
            PlanOutdated: there were so many that the rest is left to the next pass.
        """
        self.refused_claims += 1
        if self.refused_claims > MOST_REFUSED_CLAIMS:
            raise PlanOutdated(
                f"{refusal}; that happened {self.refused_claims} times in this pass, so its mails "
                "wait for the next one"
            ) from refusal


_AT_WORK: Final = frozenset({State.CLAIMED, State.SENDING})


class Announcer:
    """Sends what is due.

    Args:
        programmes: the series, each with its parts.
        ledger: what happened so far.
        transport: the way out.
        clock: the instant, in UTC, that counts for a series.
        on_doubt: whether a mail in doubt is sent once more by itself.
        limits: how many mails a list may get; None for a test that goes elsewhere.
        account: what the way out is called, for pauses after trouble with it; None for none.
        tells: whether the organisers are told of what they must hear.
        spool: where outcomes are kept until the ledger has recorded them; memory unless given.
        progress: wraps what may take a while, with words for the person who waits.
        outdated_after: how long what was read of a series holds while others have their turn.
        through: is told what became of a series as soon as that is known.
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
        account: str | None = None,
        tells: bool = False,
        spool: Spool | None = None,
        progress: Progress = lambda _: nullcontext(),
        outdated_after: timedelta = OUTDATED_AFTER,
        through: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self._programmes = programmes
        self._ledger = ledger
        self._transport = transport
        self._clock = clock
        self._on_doubt: OnDoubt = on_doubt
        self._limits = limits
        self._account = account
        self._tells = tells
        self._pause: Pause | None = None
        self._unrecorded: list[AnnouncerError] = []
        self._replayed = Replayed()
        self._progress = progress
        self._outdated_after = outdated_after
        self._turns = Turns()
        self._reports: list[Report] = []  # of each series in this pass
        self._through = through
        self._stopping = asyncio.Event()
        self._awaited = asyncio.Event()  # the next pass is
        self._spool = spool or Spool()
        self._recorder = Recorder(ledger, self._spool, self._stopping)

    def stop(self) -> None:
        """End soon: nothing new is begun, and what has not reached DATA is given back."""
        self._stopping.set()

    def wait_no_longer(self) -> None:
        """Leave series whose sources are still being read to the next pass, which is asked for."""
        self._awaited.set()

    async def announce_due(self) -> Report:
        """Send all that is due now, each mail once, and report what became of it.

        What earlier passes could not record comes first: nothing is decided without it.
        """
        report = Report()
        try:
            self._replayed = await self._recorder.replay()
        except LedgerError as error:
            log.error("%s", error)
            report.problems.append(error)
            return report
        report.problems += self._replayed.problems
        self._reports = [Report() for _ in self._programmes]
        async with asyncio.TaskGroup() as group:
            for place, programme in enumerate(self._programmes):
                group.create_task(self._in_turn(place, programme))
        for own in self._reports:  # whichever source was there first
            report.problems += own.problems
            report.deliveries += own.deliveries
            report.plans += own.plans
        report.problems += self._unrecorded
        report.pause = await self._pause_after(report)
        try:
            await self._transport.close()
        except BaseException as error:  # noqa: BLE001 - what was sent was sent
            log.warning("%s", contained(error, "the connection to the mail server"))
        return report

    async def _pause_after(self, report: Report) -> Pause | None:
        """Return the pause of the account; a ledger that was away just now is not waited for again."""
        away = any(isinstance(problem, LedgerError | NotRecorded) for problem in report.problems)
        if away or self._stopping.is_set():
            return None
        with suppress(LedgerError):  # it is asked for anew in each pass
            return (await self._ledger.pauses()).get(self._account or "")
        return None

    async def announce_one(
        self, programme: Programme, key: str, agree: Callable[[Message], bool]
    ) -> Report:
        """Send one mail of the plan now, by the word of a person.

        Args:
            programme: its series.
            key: of a mail that is due, upcoming, lately missed, or counts as told at adoption.
            agree: shows the mail as it will go, and tells whether it shall.

        Raises:
            NotSent: it cannot go, or has gone, or nobody agreed.
            UsageError: there is no such mail.
        """
        report = Report()
        self._reports = [report]
        self._replayed = await self._recorder.replay()
        report.problems += self._replayed.problems
        known = await self._known_by_now(programme)
        if known.trouble is not None:
            self._take_note(programme.series, known.trouble, report)
        try:
            mail = _sendable(await self._wanted(programme, known, key), known.now)
            why = self._replayed.hindrance(key, copies=0)
            why = why or await self._beyond_limits(programme.series, [mail], known.now)
            if why:
                raise NotSent(f"{key} is not sent: {why}")
            message = self._composed(programme, mail, known.now)
            if not agree(message):
                raise NotSent(f"{key} is not sent, as nobody agreed")
            delivery = await self._send(known, mail, message)
        finally:
            await self._transport.close()
        if delivery is None:
            raise NotSent(f"{key} is not sent: another process has it")
        report.deliveries.append(delivery)
        report.problems += self._unrecorded
        return report

    async def _wanted(self, programme: Programme, known: _Known, key: str) -> Announcement:
        """Find a mail of the plan by its key, also one that counts as told since the adoption."""
        if any(row.key == key and row.state is State.SENT for row in known.history.rows):
            raise NotSent(
                f"{key} was sent already, and never goes twice; `announcer log {key}` shows it"
            )
        plan = await self._planned(programme, known)
        untold = replace(known, history=replace(known.history, counted=()))
        mails = [*plan.announcements, *(await self._planned(programme, untold)).announcements]
        pause = (await self._ledger.pauses()).get(self._account or "")
        if pause is not None and pause.lasts(known.now):
            raise NotSent(f"{key} is not sent: {pause.account} had trouble ({pause.reply})")
        for mail in mails:
            if mail.key == key:
                return mail
        names = ", ".join(mail.key for mail in plan.announcements[-12:])
        raise UsageError(f"there is no mail {key}; known are: {names or 'none'}")

    async def _in_turn(self, place: int, programme: Programme) -> None:
        """See to one series. While it waits for its source, others have their turn."""
        report = self._reports[place]
        async with self._turns.taken(place):
            if self._stopping.is_set():
                return
            concerns: list[Concern] = []
            try:
                await self._announce_series(programme, report, concerns)
            except _Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - of any type, it concerns this series alone
                problem = self._take_note(programme.series, error, report)
                if isinstance(problem, LedgerError):
                    return  # what could be told could not be remembered
                if isinstance(problem, SourceError):
                    concerns.append(of_unknown(programme.series, problem))
                if isinstance(problem, InternalError):
                    concerns.append(of_internal(programme.series, problem))
            self._through(report)
            await self._tell(programme, concerns, report)

    @staticmethod
    def _take_note(series: Series, error: BaseException, report: Report) -> AnnouncerError:
        """Write what went wrong with a series to the log and the report."""
        problem = contained(error, series.id)
        problem.series = series.id
        log.error("%s: %s", series.id, problem, extra={"key": series.id, "series": series.id})
        report.problems.append(problem)
        return problem

    async def plan(self, programme: Programme) -> tuple[Plan, AnnouncerError | None]:
        """Work out what is owed to the list of one series now, and what is wrong with its source.

        Raises:
            SourceError: nothing is known of the talks.
        """
        known = await self._known_by_now(programme, record=False)
        return await self._planned(programme, known), known.trouble

    async def _announce_series(
        self, programme: Programme, report: Report, concerns: list[Concern]
    ) -> None:
        series = programme.series
        for row in await self._ledger.expire(series.id, now=self._clock(series)):
            log.error("%s: in doubt: %s", row.key, row.reply, extra=_about(row.key, series))
            concerns.append(of_lost_sender(row))
        for entry in self._replayed.recorded:
            if entry.series == series.id:
                concerns += of_late_answer(entry)
        known = await self._known_by_now(programme)
        if known.trouble is not None:
            self._take_note(series, known.trouble, report)
            if known.history.believed is not None:
                concerns += of_source(series, known.trouble, known.history.believed, known.now)
            if isinstance(known.trouble, InternalError):
                concerns.append(of_internal(series, known.trouble))
        plan = await self._planned(programme, known)
        report.plans.append(plan)
        so_far = _SoFar(
            owed=frozenset(m.key for m in plan.announcements if _goes_now(m, known.now))
        )
        try:
            while not await self._carried_out(programme, known, plan, so_far, report, concerns):
                known = await self._known_by_now(programme, known)
                plan = await self._planned(programme, known)
                report.plans[-1] = plan
        except BaseException as error:
            words = "stopped" if isinstance(error, _Stopped) else contained(error, series.id)
            self._left(plan, so_far, known.now, f"the pass ended before it: {words}", report)
            raise
        if self._stopping.is_set():
            self._left(plan, so_far, known.now, "told to stop before it could be sent", report)
        concerns += of_plan(plan, known.history.believed, known.now)
        concerns += of_gone(series, known.history.believed, known.now, soon(plan, known.now))
        concerns += of_copies(series, known.history.believed, known.now)
        concerns += of_facts(series, plan, known.history, known.now, programme.changes.quiet)

    async def _carried_out(
        self,
        programme: Programme,
        known: _Known,
        plan: Plan,
        so_far: _SoFar,
        report: Report,
        concerns: list[Concern],
    ) -> bool:
        """See to the mails of a plan, up to the one for which the series must be planned again.

        That is each further one that goes out: to hand over the one before may have taken minutes.
        It is the first one, too, where the mails of other series came before and took that long.
        """
        mails = [
            m for m in plan.announcements if m.key in so_far.owed or not _goes_now(m, known.now)
        ]
        so_far.held = so_far.held or await self._beyond_limits(programme.series, mails, known.now)
        acted = so_far.is_outdated(known.waited, self._outdated_after)
        for announcement in mails:
            goes = _goes_now(announcement, known.now) and not so_far.holds(announcement)
            if self._stopping.is_set():
                return True
            if announcement.key in so_far.handled:
                continue
            if goes and acted:
                return False
            try:
                delivery = await self._contained(programme, known, announcement, so_far)
            except (PlanOutdated, MailExpired) as refusal:
                log.info("%s; %s is planned again", refusal, programme.series.id)
                so_far.count(refusal)
                return False
            acted = acted or goes
            if delivery is not None:
                report.deliveries.append(delivery)
                concerns += of_delivery(delivery)
        return True

    async def _handle(
        self, programme: Programme, known: _Known, mail: Announcement, so_far: _SoFar
    ) -> Delivery | None:
        """See to one mail of a plan; what then became of it is final for this pass."""
        if mail.standing is Standing.MISSED and mail.key in so_far.owed:
            words = f"its time was over before it could be sent: {mail.reason}"
            delivery: Delivery | None = told(mail, Fate.MISSED, words, None)
        elif _goes_now(mail, known.now) and so_far.holds(mail):
            delivery = await self._hold(programme, known, mail, so_far.held)
        else:
            delivery = await self._settle(programme, known, mail)
        if delivery is not None or _goes_now(mail, known.now):
            so_far.handled.add(mail.key)
        return delivery

    async def _contained(
        self, programme: Programme, known: _Known, mail: Announcement, so_far: _SoFar
    ) -> Delivery | None:
        """See to one mail of the plan; whatever fails in it, of any type, concerns this mail alone."""
        try:
            return await self._handle(programme, known, mail, so_far)
        except (LedgerError, PlanOutdated, MailExpired):
            raise  # nothing may be sent while it cannot be recorded, or the plan is old
        except BaseException as error:  # noqa: BLE001 - as the docstring says
            so_far.handled.add(mail.key)
            problem = contained(error, mail.key)
            return replace(told(mail, Fate.FAILED, str(problem), None), error=problem)

    async def _tell(
        self, programme: Programme, concerns: Sequence[Concern], report: Report
    ) -> None:
        """Tell the organisers of a series what they must hear, once a day at most for each cause."""
        series, now = programme.series, self._clock(programme.series)
        if not self._tells or not concerns or self._stopping.is_set():
            return
        words = {concern.cause: redacted(concern.words) for concern in concerns}
        again = {concern.cause for concern in concerns if not concern.once}
        try:
            pause = (await self._ledger.pauses()).get(self._account or "")
            if pause is not None and pause.lasts(now):
                return  # the log, the exit status and the health say it meanwhile
            had = await self._ledger.tell(words, series=series.id, again=again, now=now)
            if not had:
                return
            told = False
            try:
                due = [redacted(sentence) for sentence in worded(concerns, had)]
                told = await self._told_any(programme, due, now, report)
            finally:
                if not told:
                    taken_back = {cause: words[cause] for cause in had}
                    await self._ledger.untold(taken_back, series=series.id, now=now)
        except BaseException as error:  # noqa: BLE001 - a notice that fails stops no other series
            self._take_note(series, error, report)

    async def _told_any(
        self, programme: Programme, words: Sequence[str], now: datetime, report: Report
    ) -> bool:
        """Mail the organisers one by one; gives whether any of these mails may have arrived."""
        series, told = programme.series, False
        for recipient in series.organisers:
            try:
                message = programme.composer.notice(series, words, recipient, now)
                verify_notice(message, series)
                await self._hand_over(message)
            except _Stopped:
                break
            except DeliveryInDoubt:
                told = True
            except DeliveryError as error:
                log.warning(
                    "%s: an organiser could not be told: %s",
                    series.id,
                    error.reply,
                    extra=_about(series.id, series),
                )
            except BaseException as error:  # noqa: BLE001 - the next organiser is told all the same
                self._take_note(series, error, report)
            else:
                told = True
        return told

    async def _hand_over(self, message: Message) -> None:
        """Hand over a mail to an organiser; that ends as a mail to the list does when told to stop.

        Raises:
            _Stopped: before its content was sent.
            DeliveryError: it was not taken, or may have been.
        """
        is_out = asyncio.Event()

        async def begins() -> None:
            is_out.set()

        task = asyncio.create_task(self._transport.deliver(message, before_data=begins))
        await ended(task, self._stopping, is_out.is_set)
        if task.cancelled() and self._stopping.is_set():
            if is_out.is_set():
                raise DeliveryInDoubt("stopped while the server's answer was awaited")
            raise _Stopped
        task.result()

    async def _hold(
        self, programme: Programme, known: _Known, mail: Announcement, why: str
    ) -> Delivery | None:
        """Put a mail that breaks a cap into the hands of a person."""
        if mail.row is not None and mail.row.copies:
            return told(mail, Fate.IN_DOUBT, f"{mail.reason}, but {why}", mail.row.message())
        try:
            message = self._composed(programme, mail, known.now)
        except CompositionError as error:
            return told(mail, Fate.FAILED, str(error), None)
        if not await self._ledger.cap(message, why, now=self._clock(programme.series)):
            return None
        words = f"{why}; `announcer release {mail.key}` lets it go, --all lets go all of them"
        return told(mail, Fate.HELD, words, message)

    async def _beyond_limits(
        self, series: Series, mails: Sequence[Announcement], now: datetime
    ) -> str:
        """Say which limit the due mails would break together; empty where none."""
        new = sum(_counts(mail, now) for mail in mails)
        if self._limits is None or not new:
            return ""
        sent = [
            at
            for row in await self._ledger.rows()
            for _ in range(row.copies)
            if row.recipient == series.list and (at := handed_over_at(row, now)) is not None
        ]
        this_pass = sum(
            d.fate is Fate.SENT and d.announcement.series.list == series.list
            for report in self._reports
            for d in report.deliveries
        )
        for name, most, before in (
            ("per_pass", self._limits.per_pass, this_pass),
            ("per_day", self._limits.per_day, sum(at > now - timedelta(days=1) for at in sent)),
            ("per_week", self._limits.per_week, sum(at > now - timedelta(days=7) for at in sent)),
        ):
            if new + before > most:
                return (
                    f"held, as {_mails(new)} to {series.list} are due, {before} went before, and "
                    f"limits.{name} is {most}"
                )
        return ""

    async def _planned(self, programme: Programme, known: _Known) -> Plan:
        pause = (await self._ledger.pauses()).get(self._account or "")
        return plan_announcements(
            programme.series,
            programme.cadence,
            known.talks,
            known.history,
            known.now,
            on_doubt=self._on_doubt,
            pause=pause,
            changes=programme.changes,
            breaks=known.breaks,
            last_pass=known.last_pass,
        )

    async def _known_by_now(
        self, programme: Programme, before: _Known | None = None, *, record: bool = True
    ) -> _Known:
        """Give what is known now; it is read again where others changed it in the meantime.

        Raises:
            PlanOutdated: they did so over and over.
        """
        refused = 0
        while True:
            now = self._clock(programme.series)
            try:
                return await self._known(programme, now, record=record, before=before)
            except PlanOutdated as refusal:
                refused += 1
                log.info("%s; it is read again", refusal)
                if refused > MOST_REFUSED_CLAIMS:
                    raise PlanOutdated(
                        f"{refusal}; that happened {refused} times in this pass, so its mails wait "
                        "for the next one"
                    ) from refusal

    async def _known(
        self, programme: Programme, now: datetime, *, record: bool, before: _Known | None = None
    ) -> _Known:
        """Give what is known of a series: its history, and the talks that are believed.

        A rule that the ledger does not know yet is taken in first: what it would have sent by now
        counts as told. ``before`` is what the pass has planned from already, if it has.
        """
        series = programme.series
        history = await self._ledger.history(series.id)
        adoption = adopted(series, history.adoption)
        if before is None:
            known = await self._believed(programme, history, now, record=record)
        else:
            known = await self._believed_by_now(programme, history, now, before)
        known = replace(known, last_pass=_last_pass(history, before))
        new = [rule for rule in programme.cadence if rule.label not in adoption.rules]
        if not new:
            return known
        counted = counted_as_told(series, new, known.talks, now)
        if not record:
            return replace(
                known, history=replace(known.history, counted=(*history.counted, *counted))
            )
        rules = [rule.label for rule in new]
        at = self._clock(series)
        await self._ledger.adopt(series.id, series.list, rules=rules, counted=counted, now=at)
        history = await self._ledger.history(series.id)
        if history.revision != known.history.revision + 1:
            raise PlanOutdated(f"{series.id} has changed since it was read")
        return replace(known, history=replace(history, believed=known.history.believed))

    async def _believed(
        self, programme: Programme, history: History, now: datetime, *, record: bool
    ) -> _Known:
        """Read the source; where that fails or is not believed, the last believed talks stand."""
        series, last = programme.series, history.believed
        try:
            async with self._turns.let_others() as others:
                with self._progress(f"reading the talks of {series.id}"):
                    reading, breaks = await self._unless_stopped(self._read(programme, now))
            history = await self._unchanged_since(history)
            last = history.believed
            now_believed = belief.believed(last, reading, series, now)
        except (_Stopped, PlanOutdated):
            raise
        except BaseException as error:
            trouble = contained(error, series.id)
            if last is None or not belief.still_stands(last, now):
                raise
            talks = belief.to_plan(last, series, now)
            return _Known(now=now, history=history, talks=talks, trouble=trouble)
        known = await self._taken_in(now_believed, history, series, now, record=record)
        known = replace(known, waited=others.lasted)
        if isinstance(breaks, AnnouncerError):
            return replace(known, trouble=breaks)
        return replace(known, breaks=breaks)

    async def _unchanged_since(self, before: History) -> History:
        """Give the history of a series once its source was read, as others had their time.

        Raises:
            PlanOutdated: they changed it, perhaps by what they have read later than we did.
        """
        history = await self._ledger.history(before.series)
        if history.revision != before.revision:
            raise PlanOutdated(f"{before.series} has changed while it was read")
        return history

    @staticmethod
    async def _read(
        programme: Programme, now: datetime
    ) -> tuple[Reading, tuple[Span, ...] | AnnouncerError | None]:
        """Read the source, and the breaks where they matter, or give what is wrong with these."""
        reading = await programme.source.load(now)
        if programme.breaks is None:
            return reading, None
        try:
            return reading, await programme.breaks(now)
        except BaseException as error:  # noqa: BLE001 - it keeps back the mails of quiet weeks alone
            return reading, contained(error, programme.series.id)

    async def _believed_by_now(
        self, programme: Programme, history: History, now: datetime, before: _Known
    ) -> _Known:
        """Ask the source again between two mails of a pass, as far as it answers soon.

        Where it does not, the talks stand as they were believed: this pass has just read them.
        """
        series, last = programme.series, history.believed
        try:
            async with self._turns.let_others() as others:
                async with asyncio.timeout(READ_AGAIN_WITHIN.total_seconds()):
                    reading = await self._unless_stopped(programme.source.load(now))
            history = await self._unchanged_since(history)
            last = history.believed
            now_believed = belief.believed(last, reading, series, now)
        except (SourceError, TimeoutError) as error:
            why = str(error) or "no answer came in time"
            log.info("%s: not read again between two mails: %s", series.id, why)
            talks = belief.to_plan(last, series, now) if last else before.talks
            known = _Known(now=now, history=history, talks=talks)
        else:
            known = await self._taken_in(now_believed, history, series, now, record=True)
        return replace(known, trouble=before.trouble, breaks=before.breaks, waited=others.lasted)

    async def _taken_in(
        self, believed: Believed, history: History, series: Series, now: datetime, *, record: bool
    ) -> _Known:
        """Keep what is believed, and give the history with the revision that it then has."""
        if record and belief.worth_keeping(history.believed, believed):
            await self._ledger.believe(believed, revision=history.revision)
            history = await self._ledger.history(series.id)
            believed = history.believed or believed
        history = replace(history, believed=believed)
        return _Known(now=now, history=history, talks=belief.to_plan(believed, series, now))

    async def _unless_stopped(self, load: Awaitable[_T]) -> _T:
        """Wait for a source, but not once we are told to stop: a page may take its time."""
        reading = asyncio.ensure_future(load)
        ends = [asyncio.create_task(end.wait()) for end in (self._stopping, self._awaited)]
        try:
            await asyncio.wait({reading, *ends}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            reading.cancel()
            await asyncio.wait({reading})
        if reading.cancelled() and (self._stopping.is_set() or self._awaited.is_set()):
            raise _Stopped
        if reading.cancelled():
            raise SourceUnreadable("the talks were not read to the end; the next pass tries again")
        return reading.result()

    @staticmethod
    def _left(plan: Plan, so_far: _SoFar, now: datetime, why: str, report: Report) -> None:
        """Report the mails that were to go when the pass of a series ended early."""
        for mail in plan.announcements:
            if mail.key in so_far.owed and mail.key not in so_far.handled and _goes_now(mail, now):
                report.deliveries.append(told(mail, Fate.DEFERRED, why, None))

    async def _settle(
        self, programme: Programme, known: _Known, announcement: Announcement
    ) -> Delivery | None:
        """See one mail of the plan to the end of this pass; None where it is no concern of it."""
        row, now = announcement.row, known.now
        if announcement.standing is not Standing.DUE:
            return unsent(announcement)
        if row is not None and row.state in _AT_WORK and announcement.waits_until:
            log.info(
                "%s: another process is sending it",
                announcement.key,
                extra=_about(announcement.key, announcement.series),
            )
            return None
        copies = row.copies if row else 0
        if hindrance := self._replayed.hindrance(announcement.key, copies=copies):
            fate = Fate.IN_DOUBT if copies else Fate.FAILED
            return told(announcement, fate, hindrance, row.message() if row else None)
        waits_until, why = announcement.waits_until, announcement.reason
        if self._pause is not None:
            waits_until, why = self._pause.until, self._pause.reply
        if waits_until is not None and waits_until > now:
            return told(announcement, Fate.DEFERRED, why, row.message() if row else None)
        try:
            message = self._composed(programme, announcement, now)
        except CompositionError as error:
            return told(announcement, Fate.FAILED, str(error), None)
        try:
            return await self._send(known, announcement, message)
        except ClaimLost as lost:
            log.warning("%s: %s", message.key, lost, extra=_about(message.key, announcement.series))
            return None

    def _composed(self, programme: Programme, announcement: Announcement, now: datetime) -> Message:
        if announcement.row is not None and announcement.row.copies:
            return announcement.row.message()  # a copy may exist: only the same bytes may follow
        message = programme.composer.compose(announcement, now)
        verify(message, announcement, own=programme.composer.own)
        return message

    async def _send(
        self, known: _Known, announcement: Announcement, message: Message
    ) -> Delivery | None:
        series = announcement.series
        claim = await self._ledger.claim(
            message,
            copies=announcement.row.copies if announcement.row else 0,
            revision=known.history.revision,
            expires_at=announcement.sendable_until,
            now=self._clock(series),
        )
        if claim is None:
            log.info("%s: another process has it", message.key, extra=_about(message.key, series))
            return None
        attempt = Attempt(self._ledger, claim, self._stopping, lambda: self._clock(series))
        with self._progress(f"sending {message.key} to {message.recipient}"):
            outcome = await attempt.deliver(self._transport, message)
        problem: AnnouncerError | None
        problem = await self._record(claim, outcome, message, self._clock(series))
        if problem is None:
            if attempt.expired is not None:
                raise attempt.expired
            try:
                await self._pace(outcome, series, about_account=attempt.about_account)
            except LedgerError as error:
                problem = error
        if problem is not None:
            problem.series = series.id
            self._unrecorded.append(problem)
            log.error("%s", problem, extra={"key": message.key, "series": series.id})
        return _fate(announcement, outcome, message)

    async def _record(
        self, claim: Claim, outcome: kept.Outcome, message: Message, now: datetime
    ) -> NotRecorded | None:
        """Record an outcome; return what to tell where the ledger cannot do that now."""
        if isinstance(outcome, kept.GivenBack):
            await self._recorder.give_back(claim, now)
            return None
        return await self._recorder.record(
            Unrecorded(
                ledger=self._spool.ledger,
                message_id=message.message_id,
                claim=claim,
                outcome=outcome,
                at=now,
            )
        )

    async def _pace(self, outcome: kept.Outcome, series: Series, *, about_account: bool) -> None:
        """Leave an account that had trouble in peace until the written time; else end its pause."""
        if self._account is None:
            return
        if about_account and isinstance(outcome, kept.Deferred):
            self._pause = Pause(account=self._account, until=outcome.until, reply=outcome.reply)
            await self._ledger.pause(self._pause, now=self._clock(series))
        elif self._account in await self._ledger.pauses() and not isinstance(
            outcome, kept.GivenBack | kept.InDoubt
        ):
            await self._ledger.resume(self._account)


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


def _sendable(mail: Announcement, now: datetime) -> Announcement:
    """Give a mail as one that is due now, whatever its moment, until its first talk begins.

    Raises:
        NotSent: it waits for a person, was missed long ago, or its talk has begun.
    """
    starts = [talk.starts_at for talk in mail.talks if talk.starts_at is not None]
    row = mail.row
    if mail.standing in (Standing.HELD, Standing.SKIPPED):
        why = mail.reason
    elif len(starts) < len(mail.talks) or min(starts) <= now:
        why = "its talk has begun, or has no start"
    elif mail.standing is Standing.MISSED and now - mail.expires_at > MISSED_LATELY:
        why = f"it was missed more than {MISSED_LATELY.days} days ago"
    elif row is not None and (row.copies or (mail.waits_until or now) > now):
        why = f"{mail.reason}; `announcer release {mail.key}` tries again what waits"
    else:
        return replace(
            mail, standing=Standing.DUE, waits_until=None, expires_at=max(starts), first_expiry=min(starts)
        )  # fmt: skip
    raise NotSent(f"{mail.key} is not sent: {why}")


def _goes_now(mail: Announcement, now: datetime) -> bool:
    ready = mail.waits_until is None or mail.waits_until <= now
    return mail.standing is Standing.DUE and ready


def _counts(mail: Announcement, now: datetime) -> bool:
    """Whether a mail would go out in this pass, and no person has let it go."""
    return _goes_now(mail, now) and not (mail.row and mail.row.released)


def _last_pass(history: History, before: _Known | None) -> datetime | None:
    if before is not None:
        return before.last_pass
    return history.believed.read_at if history.believed else None


def _mails(number: int) -> str:
    return f"{number} mail" if number == 1 else f"{number} mails"


def _fate(announcement: Announcement, outcome: kept.Outcome, message: Message) -> Delivery | None:
    match outcome:
        case kept.Sent(reply=reply):
            return told(announcement, Fate.SENT, reply, message)
        case kept.Deferred(reply=reply, until=until):
            again = f"{announcement.series.local(until):%H:%M:%S}"
            return told(announcement, Fate.DEFERRED, f"{reply}; again at {again}", message)
        case kept.Refused(reply=reply):
            return told(announcement, Fate.REFUSED, reply, message)
        case kept.InDoubt(reply=reply):
            return told(announcement, Fate.IN_DOUBT, reply, message)
        case kept.GivenBack():
            words = "given back, as this process was told to stop"
            return told(announcement, Fate.DEFERRED, words, message)


def _about(key: str, series: Series) -> dict[str, str]:
    """Give what a line of the log is about, for whoever reads it as JSON."""
    return {"key": key, "series": series.id}
