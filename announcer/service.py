"""The long-running service: an alarm clock, signals, and a health address.

APScheduler rings once a minute and at the next moment; what is due is worked out afresh each
time, so a ring that comes late, twice or not at all changes nothing. A ring only asks for a pass:
the pass itself runs in the service, so that nothing that ends the alarm can end a pass.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from announcer import app as parts
from announcer.announcer import Announcer, Programme
from announcer.errors import AnnouncerError, LedgerError, SettingsError
from announcer.health import Health
from announcer.internal import contained
from announcer.ledger import Pause
from announcer.operator import Complaint, of_problems, of_report, of_settings
from announcer.report import Report, Trouble
from announcer.settings import BrokenSeries, SeriesSettings, Settings, with_last_good
from announcer.source import Source
from announcer.sources import SeriesSource
from announcer.talks import Reading

log = logging.getLogger("announcer")

TICK: Final = timedelta(minutes=1)


# Between two mails of a pass what was read may be as old as this: the first may have taken long.
READ_BETWEEN_MAILS: Final = timedelta(seconds=5)


# How long a pass waits for sources although the next one is asked for already.
PATIENCE: Final = timedelta(seconds=5)


class ReadAhead:
    """A source that is read every so often, and in the minute before a moment.

    Asked again in the same pass, it is read again unless that was just done.
    """

    def __init__(self, source: Source, every: timedelta) -> None:
        self._source = source
        self._every = every
        self._reading: Reading | None = None
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._asked = False
        self._loading: asyncio.Task[Reading] | None = None
        self.moment: datetime | None = None  # the next one that is known

    def begin_pass(self) -> None:
        """Take the next question for the first one of a pass."""
        self._asked = False

    async def load(self, now: datetime) -> Reading:
        """Give what was read last, if that is recent enough; else read."""
        close = self.moment is not None and self.moment - TICK <= now
        fresh = timedelta(seconds=90) if close else self._every
        fresh = min(fresh, READ_BETWEEN_MAILS) if self._asked else fresh
        self._asked = True
        if self._reading is None or not timedelta(0) <= now - self._read_at < fresh:
            self._reading = None
            if self._loading is None:
                self._loading = asyncio.create_task(self._load(now))
            loading = self._loading
            try:
                return await asyncio.shield(loading)
            finally:
                # A pass that does not wait for it to the end leaves it to the next one.
                if loading.done() and self._loading is loading:
                    self._loading = None
        return self._reading

    async def _load(self, now: datetime) -> Reading:
        # Shown again at the next wake-ups, it is one reading still.
        reading = replace(await self._source.load(now), read_at=now)
        self._reading, self._read_at = reading, now
        return reading

    def end(self) -> None:
        """End a reading that nobody waits for."""
        if self._loading is not None:
            self._loading.cancel()
            self._loading = None


class Changes(logging.Filter):
    """Lets a line about a mail or a series through only where it is not the one before again.

    A mail that waits for a person would else be logged at every wake-up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, str] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line says something new about its key."""
        key = getattr(record, "key", None)
        if key is None:
            return True
        words = record.getMessage()
        changed = self._last.get(key) != words
        self._last[key] = words
        return changed


def _sentence(broken: BrokenSeries, held: Collection[str]) -> str:
    """Say what becomes of what is broken; ``held`` are the series that go on as they were."""
    holds = broken.id in held if broken.id else bool(held)
    what = "the last good settings hold" if holds else "out of service"
    return f"{broken.name}: {what} until this is fixed: {'; '.join(broken.mistakes)}"


class Service:
    """Sends each mail at its moment, until told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        load: Callable[[], Settings],
        only: Sequence[str],
        clock: Callable[[], datetime],
        tick: timedelta = TICK,
        must_end: Callable[[], None] = lambda: None,
        only_here: bool = False,
    ) -> None:
        """Take what to serve, and how.

        ``clock`` is the wall clock, ``tick`` the longest silence; ``must_end`` is called once the
        service is told to stop, and sees to it that the process does end. With ``only_here`` no mail
        to the operator leaves this machine.
        """
        self._tick = tick
        self._must_end = must_end
        self._only_here = only_here
        self._memory = parts.operator_memory(settings)
        self._telling: asyncio.Task[None] | None = None
        self._settings = settings
        self._load = load
        self._only = only
        self._clock = clock
        self._latest = settings
        self._shared = parts.readings(settings)
        self._sources: dict[str, tuple[SeriesSource, ReadAhead]] = {}
        self._announcer: Announcer | None = None
        self._begun = 0.0  # when the pass began, on the clock of the loop
        self._moments: dict[str, datetime | None] = {}  # the next one of each series
        self._spool = parts.spool(settings)
        self._stopping = asyncio.Event()
        self._asked = asyncio.Event()  # for a pass
        self._trouble = [Trouble(None, "not ready: the first pass has not ended yet")]
        self._broken: dict[str, str] = {}

    async def run(self) -> int:
        """Run until SIGTERM or SIGINT; gives the exit status.

        Raises:
            LedgerError: there is none, or it cannot be used; said at once rather than at night.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        try:
            async with parts.opened_ledger(self._settings):
                pass
        except LedgerError as error:
            self._tell_operator(of_problems([error]))
            if self._telling is not None:
                await self._telling
            raise
        log.addFilter(Changes())
        host, port = self._settings.service.listen
        try:
            server = await Health(self._reasons, self._known).listen(host, port)
        except OSError as error:
            words = f"service.listen: cannot listen at {host}:{port}: {error.strerror}"
            raise SettingsError((words,)) from error
        # Misfires are not skipped but made good: the plan knows what is owed, whenever it is asked.
        alarm = AsyncIOScheduler(timezone=UTC)
        alarm.configure(job_defaults={"coalesce": True, "misfire_grace_time": None})
        every = alarm.add_job(self._ring, "interval", seconds=self._tick.total_seconds())
        alarm.start()
        watch = asyncio.create_task(self._watch(every))
        log.info("serving %s; health at http://%s:%s/health", ", ".join(self._ids()), host, port)
        try:
            while not self._stopping.is_set():
                self._asked.clear()
                await self._wake(alarm)
                await self._asked.wait()
        finally:
            watch.cancel()
            alarm.shutdown(wait=False)
            server.close()
            for _, ahead in self._sources.values():
                ahead.end()
            if self._telling is not None:
                self._telling.cancel()
        log.info("stopped")
        return 0

    async def _ring(self) -> None:
        """Ask for a pass; one that is under way is followed by another, and soon.

        It then waits no longer for what is still being read, if it has waited for some seconds.
        """
        self._asked.set()
        if self._announcer is not None:
            loop = asyncio.get_running_loop()
            loop.call_at(self._begun + PATIENCE.total_seconds(), self._announcer.wait_no_longer)

    async def _watch(self, every: Job) -> None:
        """Ring although the wall clock was set back.

        APScheduler would keep silent until that clock has caught up with the next time it had
        written down; asyncio waits by a clock that nobody sets.
        """
        while True:
            await asyncio.sleep(self._tick.total_seconds())
            now = datetime.now(UTC)
            if every.next_run_time > now + self._tick:
                every.modify(next_run_time=now)

    def _ids(self) -> list[str]:
        return [asked.series.id for asked in parts.chosen(self._settings, self._only)]

    def _stop(self) -> None:
        log.info("told to stop")
        self._must_end()
        self._stopping.set()
        self._asked.set()
        if self._announcer is not None:
            self._announcer.stop()

    def _reload(self) -> None:
        """Ask for a pass at once, as each pass reads the settings afresh."""
        log.info("told to read the settings afresh")
        self._asked.set()

    async def _wake(self, alarm: AsyncIOScheduler) -> None:
        """Do one pass; whatever fails in it is said, and the next wake-up makes good."""
        try:
            self._refresh()
            report = await self._pass(lambda part: self._set_alarm(alarm, part))
            self._trouble = report.troubles
            self._tell_operator(of_report(report, self._clock()), report.pause)
            self._set_alarm(alarm, report)
        except AnnouncerError as error:
            log.error("%s", error)
            self._trouble = [Trouble(error.series, str(error))]
            self._tell_operator(of_problems([error]))
        except BaseException as error:  # noqa: BLE001 - a wake-up that fails must not end the service
            problem = contained(error, "a pass")
            log.error("%s", problem)
            self._trouble = [Trouble(None, str(problem))]
            self._tell_operator(of_problems([problem]))

    def _tell_operator(self, seen: Iterable[Complaint], pause: Pause | None = None) -> None:
        """Let the operator hear of what is wrong, while the service goes on."""
        under_way = self._telling is not None and not self._telling.done()
        if under_way or self._stopping.is_set():
            return
        try:
            operator = parts.operator(self._settings, self._memory, only_here=self._only_here)
            complaints = [*of_settings(self._broken), *seen]
        except BaseException as error:  # noqa: BLE001 - no pass may fail because of it
            log.warning("%s", contained(error, "the mail to the operator"))
            return
        if operator is None:
            return
        self._telling = asyncio.create_task(operator.hear(complaints, self._clock(), pause=pause))

    async def _pass(self, through: Callable[[Report], None]) -> Report:
        programmes, problems = parts.programmes(
            parts.chosen(self._settings, self._only),
            self._programme,
        )
        async with parts.opened_ledger(self._settings) as ledger:
            self._announcer = Announcer(
                programmes,
                ledger=ledger,
                transport=parts.smtp(self._settings),
                clock=lambda _: self._clock(),
                on_doubt=self._settings.delivery.on_doubt,
                limits=self._settings.limits,
                account=self._settings.smtp.account,
                tells=True,
                spool=self._spool,
                through=through,
            )
            self._begun = asyncio.get_running_loop().time()
            if self._stopping.is_set():  # the ledger took its time to open
                self._announcer.stop()
            try:
                report = await self._announcer.announce_due()
            finally:
                self._announcer = None
        report.problems += problems
        return report

    def _programme(self, asked: SeriesSettings) -> Programme:
        known = self._sources.get(asked.series.id)
        if known is None:
            source = parts.source(asked, self._shared)
            known = source, ReadAhead(source, asked.every)
            self._sources[asked.series.id] = known
        source, ahead = known
        ahead.begin_pass()
        return parts.programme(asked, source, reads=ahead)

    def _set_alarm(self, alarm: AsyncIOScheduler, report: Report) -> None:
        """Ring at the next moment as well, and shortly before it to read the source."""
        now = self._clock()
        for plan in report.plans:
            for mail in plan.announcements[:1]:
                self._moments[mail.series.id] = plan.next_moment(now)
        moments = [m for m in self._moments.values() if m is not None and m > now]
        if not moments:
            return
        moment = min(moments)
        for _, ahead in self._sources.values():
            ahead.moment = moment
        early = moment - timedelta(seconds=20)
        ring = early if early > now else moment
        alarm.add_job(
            self._ring,
            "date",
            id="moment",
            replace_existing=True,
            run_date=datetime.now(UTC) + (ring - now),
        )

    def _refresh(self) -> None:
        """Read the settings afresh for each pass, and take what is right of a change.

        While the settings of a series are wrong, its last good ones hold; while those that all
        series share are wrong, all the old ones do. Either is said at every pass.
        """
        try:
            loaded = self._load()
            settings = with_last_good(loaded, self._settings)
            parts.chosen(settings, self._only)
        except BaseException as error:  # noqa: BLE001 - whatever is wrong with them, the old ones hold
            problem = contained(error, "the settings")
            self._say_broken({"settings": f"the changed settings are not taken, the old ones hold: {problem}"})  # fmt: skip
            return
        held = {a.series.id for a in settings.series} - {a.series.id for a in loaded.series}
        broken = parts.out_of_service(settings, self._only)
        self._say_broken({one.name: _sentence(one, held) for one in broken})
        if loaded == self._latest:
            return
        for table in ("ledger", "service"):
            if getattr(loaded, table) != getattr(self._latest, table):
                log.warning("a changed [%s] needs a restart", table)
        self._latest = loaded
        before = {asked.series.id: asked for asked in self._settings.series}
        fetch = self._settings.fetch
        self._settings = replace(
            settings, ledger=self._settings.ledger, service=self._settings.service
        )
        if fetch != self._settings.fetch:
            self._shared, before = parts.readings(settings), {}
        stay = {a.series.id for a in self._settings.series if before.get(a.series.id) == a}
        for name in self._sources.keys() - stay:
            self._sources.pop(name)[1].end()
        log.info("the settings were read afresh")

    def _reasons(self) -> list[Trouble]:
        """Give what is wrong, for the health address."""
        broken = {one.name: one.id for one in self._settings.broken}
        said = [Trouble(broken.get(name), words) for name, words in self._broken.items()]
        return [*said, *self._trouble]

    def _known(self) -> set[str]:
        """Give the ids of the series that the health address can be asked about."""
        broken = parts.out_of_service(self._settings, self._only)
        return {*self._ids(), *(one.id for one in broken if one.id is not None)}

    def _say_broken(self, sentences: dict[str, str]) -> None:
        """Say what is wrong with the settings, by what it concerns, and what is so no more."""
        broken = {one.name: one.id for one in self._settings.broken}
        for name, sentence in sentences.items():
            log.error("%s", sentence, extra={"key": name, "series": broken.get(name)})
        for name in self._broken.keys() - sentences.keys():
            log.info("%s: in order again", name, extra={"key": name})
        self._broken = sentences
