"""The places where a series keeps its talks and its breaks, made from its settings.

Pages are fetched in this process, for all series together. What they say is understood in a process
of its own, which is ended if it takes too long.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from announcer.errors import SourceError, SourceUnreadable
from announcer.proxies import Proxies
from announcer.quantities import Span
from announcer.settings import Fetch, SeriesSettings, SourceTable
from announcer.source import Source
from announcer.source.access import Access
from announcer.source.hints import Hints
from announcer.source.holidays import holidays
from announcer.source.judged import JudgedSource
from announcer.source.page import PageSource
from announcer.source.reader import Reader, Shared
from announcer.source.slots import Slots
from announcer.source.texts import Texts
from announcer.talks import Reading, Series

if TYPE_CHECKING:
    from announcer.source.interface import Interface

_SITES: Final = frozenset({"researchseminars", "indico", "pretalx"})
# What must be loaded for a kind of source, as ``parse_server.LOADED`` has it.
_CALENDARS: Final = 1
_FILES: Final = 2


def sharing(fetch: Fetch, environ: Mapping[str, str]) -> Shared:
    """Return what the readings of all series share: how pages are reached, and how many at once."""
    return Shared(
        Access(
            timeout=fetch.timeout,
            user_agent=fetch.user_agent,
            ca_file=fetch.ca_file,
            proxies=Proxies(
                named=fetch.proxy.get_secret_value() if fetch.proxy else None, environ=environ
            ),
            slots=Slots(fetch.at_once, fetch.per_host),
        )
    )


class BreaksSource:
    """The days without seminar: those of the settings, and those of their calendar.

    The calendar is read as often as the talks are.
    """

    def __init__(self, asked: SeriesSettings, shared: Shared) -> None:
        self._dates = asked.breaks.dates
        self._every = asked.every
        self._place = place = asked.breaks.place
        self._reader = Reader(
            partial(_holidays, place or ""),
            [place] if place else [],
            name=asked.series.id,
            shared=shared,
            code=_CALENDARS,
        )
        self._lock = asyncio.Lock()
        self._found: tuple[Span, ...] = ()
        self._read_at = datetime.min.replace(tzinfo=UTC)
        self._failed: tuple[datetime, str] | None = (
            None  # when it was tried last, and what was wrong
        )

    async def load(self, now: datetime) -> tuple[Span, ...]:
        """Give the days.

        Raises:
            SourceUnreadable: the calendar cannot be read.
        """
        if self._place is None:
            return self._dates
        async with self._lock:  # whoever asks meanwhile hears the same
            return (*self._dates, *await self._days(now))

    async def _days(self, now: datetime) -> tuple[Span, ...]:
        if self._failed is not None and now == self._failed[0]:
            raise SourceUnreadable(self._failed[1])
        if not timedelta(0) <= now - self._read_at < self._every:
            try:
                self._found = await self._reader.read(now)
            except SourceError as error:
                self._failed = now, str(error)
                raise
            self._read_at = now
        return self._found


async def _holidays(place: Path | str, texts: Texts, now: datetime) -> tuple[Span, ...]:
    return await holidays(place, now, texts)


class SeriesSource:
    """The place where a series keeps its talks, or its places as one, behind the gate."""

    def __init__(self, asked: SeriesSettings, shared: Shared) -> None:
        kinds = {table.kind for table in asked.sources}
        self._reader = Reader(
            partial(_talks, asked),
            [table.place for table in asked.sources if table.kind not in _SITES],
            name=asked.series.id,
            shared=shared,
            code=_CALENDARS if "calendar" in kinds else _FILES if kinds & {"data", "posts"} else 0,
        )
        self.breaks = BreaksSource(asked, shared)

    async def load(self, now: datetime) -> Reading:
        """Read the talks; see the port for what can go wrong."""
        free: tuple[Span, ...] | str
        try:
            free = await self.breaks.load(now)
        except SourceError as error:
            free = str(error)
        reading: Reading = await self._reader.read(now, free)
        return reading


async def _talks(
    asked: SeriesSettings, texts: Texts, now: datetime, free: tuple[Span, ...] | str
) -> Reading:
    """Understand the talks of a series, and judge them; ``free`` may be why its breaks are unknown."""

    async def breaks(_: datetime) -> tuple[Span, ...]:
        if isinstance(free, str):
            raise SourceUnreadable(free)
        return free

    recurring = all(table.kind == "calendar" for table in asked.sources)
    return await JudgedSource(
        _places(asked, texts), asked.series, breaks, recurring=recurring, base=_base(asked)
    ).load(now)


def _base(asked: SeriesSettings) -> str | None:
    """Return the address that relative links are completed by: of the page, else of the website."""
    places = [str(table.location) for table in asked.sources]
    web = (place for place in places if place.startswith(("http://", "https://")))
    return next(web, asked.series.website)


def _places(asked: SeriesSettings, texts: Texts) -> Source:
    """Give the place where a series keeps its talks, or its places as one."""
    if len(asked.sources) == 1:
        return _place(asked.sources[0], asked.series, texts)
    from announcer.source.several import Several, marked  # noqa: PLC0415 - only who has several pays

    series = marked(asked.series)
    return Several(
        [(table.location, _place(table, series, texts)) for table in asked.sources], asked.series
    )


def _place(table: SourceTable, series: Series, texts: Texts) -> Source:
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
        return PageSource(table.place, series, hints, texts)
    return _named(table, series, hints, texts)


def _named(table: SourceTable, series: Series, hints: Hints, texts: Texts) -> Source:
    """Give a source whose facts have names; a series that has a page loads none of it."""
    from announcer.source.calendar import CalendarSource  # noqa: PLC0415 - as the docstring says
    from announcer.source.data import DataSource  # noqa: PLC0415 - as above
    from announcer.source.posts import PostsSource  # noqa: PLC0415 - as above

    if table.kind == "posts":
        return PostsSource(table.place, series, hints, texts)
    if table.kind == "calendar":
        return CalendarSource(table.place, series, hints, texts)
    if table.kind == "data":
        return DataSource(table.place, series, hints, texts)
    return _site(table, series, hints, texts)


def _site(table: SourceTable, series: Series, hints: Hints, texts: Texts) -> Source:
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
    return InterfaceSource(sites[table.kind](), table.place, series, hints, texts)
