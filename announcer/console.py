"""What every command does alike: notes on stderr, the clock, and one series after another."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from announcer import app as parts
from announcer.announcement import Plan
from announcer.announcer import Announcer, Clock
from announcer.errors import AnnouncerError, UsageError
from announcer.internal import contained
from announcer.ledger import Ledger
from announcer.settings import SeriesSettings, Settings
from announcer.source import Source
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


async def read(asked: SeriesSettings, clock: Clock) -> Reading:
    """Read the source of one series."""
    with progress(f"reading {', '.join(table.location for table in asked.sources)}"):
        return await parts.source(asked).load(clock(asked.series))


async def planned(
    asked: SeriesSettings,
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    *,
    reads: Source | None = None,
) -> tuple[Plan, AnnouncerError | None]:
    """Work out the plan of one series without sending, and what is wrong with its source.

    Raises:
        SourceError: nothing is known of the talks.
        LedgerForeign: the series is not adopted.
    """
    programme = parts.programme(asked, reads=reads)
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
