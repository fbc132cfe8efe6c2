"""What every command does alike: notes on stderr, the clock, and one series after another."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from announcer import app as parts
from announcer.announcement import Plan
from announcer.announcer import Announcer, Clock, Programme
from announcer.errors import AnnouncerError, UsageError
from announcer.internal import contained
from announcer.ledger import Ledger
from announcer.operator import of_problems, of_report, of_settings
from announcer.quantities import Span
from announcer.report import Report
from announcer.settings import BrokenSeries, SeriesSettings, Settings
from announcer.talks import Reading
from announcer.terminal import message
from announcer.transport.folder import FolderTransport

_A_SECOND: Final = 1.0


def note(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"announcer: {message(line)}\n")


def clock_of(now: str | None) -> Clock:
    """Read --now: a wall clock of each series in its own zone, or an instant with an offset."""
    if now is None:
        return lambda _: datetime.now(UTC)
    try:
        fixed = datetime.fromisoformat(now)
    except ValueError:
        raise UsageError(f'--now {now} is no time; write it like "2020-04-03T10:00"') from None
    if not 1970 <= fixed.year <= 9000:  # what comes before or after is reckoned from it
        raise UsageError(f"--now {now} lies too far away; name a year from 1970 to 9000")
    if fixed.tzinfo is not None:
        instant = fixed.astimezone(UTC)
        return lambda _: instant
    return lambda series: fixed.replace(tzinfo=series.timezone).astimezone(UTC)


def agreed(question: str) -> bool:
    """Ask a person at a terminal, who has to say yes; without a terminal nobody is there to ask."""
    if not sys.stdin.isatty():
        return True
    sys.stderr.write(f"{message(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


@contextmanager
def progress(words: str) -> Iterator[None]:
    """Say what is going on, once it takes longer than a second."""
    timer = asyncio.get_running_loop().call_later(_A_SECOND, note, f"{words} …")
    try:
        yield
    finally:
        timer.cancel()


async def each(
    series: tuple[SeriesSettings, ...], work: Callable[[SeriesSettings], Coroutine[Any, Any, None]]
) -> int:
    """Do something for each series; what concerns one does not stop the others."""
    status = 0
    for asked in series:
        try:
            await work(asked)
        except BaseException as error:  # noqa: BLE001 - of any type, it concerns this series alone
            problem = contained(error, asked.series.id)
            note(str(problem))
            status = max(status, problem.exit_status)
    return status


@asynccontextmanager
async def operator_hears(
    settings: Settings,
    broken: Iterable[BrokenSeries],
    now: Callable[[], datetime],
    *,
    only_here: bool,
) -> AsyncIterator[list[Report]]:
    """Let the operator hear of trouble with the machine that comes up meanwhile.

    What a pass did is put into the list that this gives. With ``only_here`` no mail leaves this
    machine.
    """
    reports: list[Report] = []
    wrong = of_settings({one.name: out_of_service(one) for one in broken})
    operator = parts.operator(settings, parts.operator_memory(settings), only_here=only_here)
    try:
        yield reports
    except AnnouncerError as error:
        if operator is not None:
            await operator.hear([*wrong, *of_problems([error])], now())
        raise
    if operator is not None:
        seen = [complaint for report in reports for complaint in of_report(report, now())]
        pause = next((report.pause for report in reports), None)
        await operator.hear([*wrong, *seen], now(), pause=pause)


def out_of_service(broken: BrokenSeries) -> str:
    """Say of a series, or of a file, that it is not served, and why."""
    return f"{broken.name}: out of service until this is fixed: {'; '.join(broken.mistakes)}"


class Readings:
    """The sources of some series, of which none waits for another."""

    def __init__(
        self, settings: Settings, chosen: tuple[SeriesSettings, ...], clock: Clock
    ) -> None:
        shared = parts.readings(settings)
        self._clock = clock
        self._sources = {asked.series.id: parts.source(asked, shared) for asked in chosen}
        self._begun = {
            asked.series.id: asyncio.create_task(
                self._sources[asked.series.id].load(clock(asked.series))
            )
            for asked in chosen
        }

    async def of(self, asked: SeriesSettings) -> Reading:
        """Give what was read for a series."""
        with progress(f"reading {', '.join(table.location for table in asked.sources)}"):
            return await self._begun[asked.series.id]

    async def breaks(self, asked: SeriesSettings, now: datetime) -> tuple[Span, ...]:
        """Give the days without seminar of a series."""
        return await self._sources[asked.series.id].breaks.load(now)

    def programme(self, asked: SeriesSettings) -> Programme:
        """Give a series with all that its mails are made from, and the talks that were read."""
        source = self._sources[asked.series.id]
        return parts.programme(asked, source, reads=_AsRead(self, asked))

    async def end(self) -> None:
        """End what nobody has waited for."""
        for task in self._begun.values():
            task.cancel()
        await asyncio.gather(*self._begun.values(), return_exceptions=True)


class _AsRead:
    """A source that is being read already."""

    def __init__(self, readings: Readings, asked: SeriesSettings) -> None:
        self._readings = readings
        self._asked = asked

    async def load(self, now: datetime) -> Reading:
        """Give what was read."""
        del now
        return await self._readings.of(self._asked)


@asynccontextmanager
async def begun(
    settings: Settings, chosen: tuple[SeriesSettings, ...], clock: Clock
) -> AsyncIterator[Readings]:
    """Begin to read the sources of all series at once; each is waited for where it is needed."""
    readings = Readings(settings, chosen, clock)
    try:
        yield readings
    finally:
        await readings.end()


async def planned(
    asked: SeriesSettings,
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    readings: Readings | None = None,
) -> tuple[Plan, AnnouncerError | None]:
    """Work out the plan of one series without sending, and what is wrong with its source.

    ``readings`` is where its source is being read already, with those of other series.

    Raises:
        SourceError: nothing is known of the talks.
        LedgerForeign: the series is not adopted.
    """
    if readings is None:
        programme = parts.programme(asked, parts.source(asked, parts.readings(settings)))
    else:
        programme = readings.programme(asked)
    announcer = Announcer(
        [programme],
        ledger=ledger,
        transport=FolderTransport(None),
        clock=clock,
        on_doubt=settings.delivery.on_doubt,
        account=settings.smtp.account,
        progress=progress,
    )
    return await announcer.plan(programme)
