"""Puts the parts together; the only file that knows every class."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from announcer.announcer import Programme
from announcer.compose import MailComposer
from announcer.errors import LedgerMissing, UsageError
from announcer.ledger import Ledger
from announcer.ledger.sqlite import SqliteLedger
from announcer.quantities import Span
from announcer.settings import SeriesSettings, Settings, SourceTable
from announcer.source import Source
from announcer.source.hints import Hints
from announcer.source.holidays import holidays
from announcer.source.page import PageSource
from announcer.talks import Series
from announcer.transport import Transport

if TYPE_CHECKING:
    from announcer.ledger.postgres import PostgresLedger
    from announcer.source.interface import Interface

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def chosen(settings: Settings, only: Collection[str]) -> tuple[SeriesSettings, ...]:
    """Give the series that were asked for; all unless some are named.

    Raises:
        UsageError: one of them is not in the settings.
    """
    known = {s.series.id for s in settings.series}
    for name in only:
        if name not in known:
            raise UsageError(
                f'there is no series "{name}" in {settings.path}; it has {", ".join(sorted(known))}'
            )
    return tuple(s for s in settings.series if not only or s.series.id in only)


def source(asked: SeriesSettings) -> Source:
    """Give the place where a series keeps its talks, or its places as one."""
    if len(asked.sources) == 1:
        return _place(asked.sources[0], asked.series)
    from announcer.source.several import Several, marked  # noqa: PLC0415 - only who has several pays

    series = marked(asked.series)
    return Several(
        [(table.location, _place(table, series)) for table in asked.sources], asked.series
    )


def _place(table: SourceTable, series: Series) -> Source:
    hints = Hints(
        date_order=table.date_order,
        year=table.year,
        fields=tuple(table.fields.items()),
        sections=table.sections,
        skip_sections=table.skip_sections,
        cancel_words=table.cancel_words,
        tba_words=table.tba_words,
    )
    if table.kind == "page":
        return PageSource(table.place, series, hints)
    return _named(table, series, hints)


def _named(table: SourceTable, series: Series, hints: Hints) -> Source:
    """Give a source whose facts have names; a series that has a page loads none of it."""
    from announcer.source.calendar import CalendarSource  # noqa: PLC0415 - as the docstring says
    from announcer.source.data import DataSource  # noqa: PLC0415 - as above
    from announcer.source.posts import PostsSource  # noqa: PLC0415 - as above

    if table.kind == "posts":
        return PostsSource(table.place, series, hints)
    if table.kind == "calendar":
        return CalendarSource(table.place, series, hints)
    if table.kind == "data":
        return DataSource(table.place, series, hints)
    return _site(table, series, hints)


def _site(table: SourceTable, series: Series, hints: Hints) -> Source:
    """Give a source that is a site with a public interface."""
    from announcer.source.indico import Indico  # noqa: PLC0415 - as above
    from announcer.source.interface import InterfaceSource  # noqa: PLC0415 - as above
    from announcer.source.pretalx import Pretalx  # noqa: PLC0415 - as above
    from announcer.source.researchseminars import ResearchSeminars  # noqa: PLC0415 - as above

    sites: dict[str, type[Interface]] = {
        "researchseminars": ResearchSeminars,
        "indico": Indico,
        "pretalx": Pretalx,
    }
    return InterfaceSource(sites[table.kind](), table.place, series, hints)


async def breaks(asked: SeriesSettings, now: datetime) -> tuple[Span, ...]:
    """Give the days without seminar: those of the settings, and those of their calendar.

    Raises:
        SourceUnreadable: the calendar cannot be read.
    """
    if asked.breaks.place is None:
        return asked.breaks.dates
    return (*asked.breaks.dates, *await holidays(asked.breaks.place, now))


def programme(
    asked: SeriesSettings, *, composer: MailComposer | None = None, reads: Source | None = None
) -> Programme:
    """Give a series with all that its mails are made from."""
    return Programme(
        series=asked.series,
        cadence=asked.cadence,
        source=reads or source(asked),
        composer=composer or MailComposer(asked.templates),
        changes=asked.changes,
        breaks=(lambda now: breaks(asked, now)) if asked.breaks.say else None,
    )


def smtp(settings: Settings) -> Transport:
    """Give the way out by SMTP; the only place where the password is unwrapped."""
    from announcer.transport.smtp import Account, SmtpTransport  # noqa: PLC0415 - a rehearsal never loads it

    account = settings.smtp
    return SmtpTransport(
        Account(
            host=account.host,
            port=account.port,
            security=account.security,
            username=account.username,
            password=account.password.get_secret_value() if account.password else None,
            auth=account.auth,
            ca_file=account.ca_file,
            timeout=account.timeout,
            helo=account.helo,
        )
    )


@asynccontextmanager
async def opened_ledger(settings: Settings, *, start: bool = False) -> AsyncIterator[Ledger]:
    """Open the ledger to write to; start one where there is none, if that is wished.

    Raises:
        LedgerError: it cannot be used.
    """
    ledger = await _opened(settings, start=start)
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def copied_ledger(
    settings: Settings, *, needed: bool = False
) -> AsyncIterator[tuple[Ledger, bool]]:
    """Give a private copy of the ledger, and whether there is one.

    Without one the copy is of a ledger that was adopted before all talks.

    Raises:
        LedgerError: there is one, and it cannot be read; or there is none, and it is needed.
    """
    try:
        ledger, real = await _copied(settings), True
    except LedgerMissing:
        if needed:
            raise
        ledger, real = SqliteLedger.in_memory(), False
        for asked in settings.series:
            await ledger.adopt(
                asked.series.id,
                asked.series.list,
                rules=[rule.label for rule in asked.cadence],
                counted=(),
                now=_BEFORE_ALL,
            )
    try:
        yield ledger, real
    finally:
        await ledger.close()


async def _opened(settings: Settings, *, start: bool) -> Ledger:
    url = settings.ledger.url
    if not url.startswith("sqlite:"):
        postgres = _postgres()
        if start:
            return await postgres.create(url)
        return await postgres.open(url)
    try:
        return SqliteLedger.open(settings.ledger_path)
    except LedgerMissing:
        if not start:
            raise
        return SqliteLedger.create(settings.ledger_path)


async def _copied(settings: Settings) -> Ledger:
    if settings.ledger.url.startswith("sqlite:"):
        return SqliteLedger.read(settings.ledger_path)
    return await _postgres().read(settings.ledger.url)


def _postgres() -> "type[PostgresLedger]":
    """Load what only a ledger in PostgreSQL needs.

    Raises:
        UsageError: it is not installed.
    """
    try:
        from announcer.ledger.postgres import PostgresLedger  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise UsageError(
            f"ledger.url names PostgreSQL, which needs the extra that brings psycopg ({error}); "
            "install it with: pip install 'seminar-announcer[postgres]'"
        ) from error
    return PostgresLedger
