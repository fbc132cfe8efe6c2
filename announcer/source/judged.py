"""A source whose talks are read closely and went through the gate, whatever kind of source it is."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from announcer.errors import SourceError
from announcer.quantities import Span
from announcer.source import Source
from announcer.source.absolute import with_absolute_links
from announcer.source.affiliations import with_affiliations
from announcer.source.called_off import refined
from announcer.source.gate import judge
from announcer.talks import Reading, Series


class JudgedSource:
    """Reads another source, and judges what it gave before anybody else sees it.

    Args:
        source: where the talks are listed.
        series: whose talks they are.
        breaks: gives the days without a seminar, in which no talk is announced unasked.
        recurring: whether the source is a calendar, whose recurring entries are what they say.
        base: the address that its relative links are completed by.
    """

    def __init__(
        self,
        source: Source,
        series: Series,
        breaks: Callable[[datetime], Awaitable[tuple[Span, ...]]],
        *,
        recurring: bool,
        base: str | None = None,
    ) -> None:
        self._source = source
        self._series = series
        self._breaks = breaks
        self._recurring = recurring
        self._base = base

    async def load(self, now: datetime) -> Reading:
        """Read the talks; see the port for what can go wrong."""
        found = with_affiliations(with_absolute_links(await self._source.load(now), self._base))
        reading = refined(found, self._series, now)
        breaks: tuple[Span, ...] = ()
        try:
            breaks = await self._breaks(now)
        except SourceError as error:
            warning = f"{error}; so it is not known which talks lie in a break"
            reading = replace(reading, warnings=(*reading.warnings, warning))
        return judge(reading, self._series, breaks=breaks, recurring=self._recurring)
