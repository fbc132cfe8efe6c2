"""Talks in a file of data: YAML, TOML, JSON or CSV, also a spreadsheet that is published as CSV."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.source.facts import understood
from announcer.source.fetch import Fetcher
from announcer.source.files import files
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.said import Facts
from announcer.source.spoken import with_speakers
from announcer.source.texts import Texts
from announcer.source.tree import parsed
from announcer.source.walk import entries
from announcer.talks import Reading, Series

SUFFIXES: Final = frozenset({".yaml", ".yml", ".toml", ".json", ".csv", ".tsv"})


class DataSource:
    """The talks of a data file, of all in a folder, or of a web address."""

    def __init__(
        self,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
        texts: Texts | None = None,
    ) -> None:
        self._location = location
        self._series = series
        self._hints = hints
        self._texts = texts or Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Read the files as they stand; one bad file of several concerns that file."""
        found = files(self._location, SUFFIXES)
        facts: list[Facts] = []
        errors: list[SourceUnreadable] = []
        for file in found:
            try:
                facts += self.read(await self._texts.text(file.place), file.below)
            except SourceUnreadable as error:
                errors.append(error)
        if errors and len(errors) == len(found):
            raise errors[0]
        told = tuple(map(str, errors))
        return replace(
            understood(with_speakers(facts), self._series, self._hints, now, told),
            unread=told,
            copies=self._texts.taken_copies(),
        )

    def read(self, text: str, name: str) -> list[Facts]:
        """Find the facts in a file's text."""
        return entries(parsed(text, name), name, self._hints, self._series.language)
