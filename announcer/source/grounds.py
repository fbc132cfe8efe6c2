"""The lines that a talk was read from, so that a reading can be explained."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from announcer.source.entry import Entry
from announcer.source.markdown import Line
from announcer.talks import Ground

_MOST: Final = 400  # lines of one talk; more are no part of what is explained


class PageGrounds:
    """Finds the lines of an entry on its page."""

    def __init__(self, name: str, lines: Sequence[Line]) -> None:
        self._name = name
        self._lines = lines
        self._at = {line.number: at for at, line in reversed(list(enumerate(lines)))}
        self._headings: dict[str, list[Line]] = {}
        for line in lines:
            self._headings.setdefault(line.text.strip(" #"), []).append(line)

    def of(self, entry: Entry) -> tuple[Ground, ...]:
        """Give the headings above an entry, its own line, and those of its text, in this order."""
        start = self._at.get(entry.line, len(self._lines))
        own = self._lines[start : start + 1]
        found = [self._ground(line) for line in (*own, *self._body(entry, start))]
        return (*self._above(entry), *found)

    def _body(self, entry: Entry, start: int) -> list[Line]:
        wanted = [text for text in entry.body if text.strip()][:_MOST]
        found: list[Line] = []
        end = min(start + 4 * _MOST, len(self._lines)) if wanted else start
        for at in range(start, end):
            line = self._lines[at]
            if line.text == wanted[len(found)]:
                found.append(line)
                if len(found) == len(wanted):
                    break
        return [line for line in found if line.number != entry.line]

    def _above(self, entry: Entry) -> list[Ground]:
        found = []
        for heading in entry.within:
            alike = self._headings.get(heading.strip(" #"), [])
            before = bisect_left(alike, entry.line, key=lambda line: line.number)
            found += [self._ground(line, above=True) for line in alike[max(0, before - 1) : before]]
        return found

    def _ground(self, line: Line, *, above: bool = False) -> Ground:
        return Ground(where=f"{self._name}, line {line.number}", text=line.text, above=above)
