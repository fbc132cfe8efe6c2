"""Headings that hold a date and nothing else: below them stand one talk, or several of that day."""

import re
from collections.abc import Sequence
from typing import Final

from announcer.source.dates import DateOrder
from announcer.source.entry import Entry, only_when
from announcer.source.markdown import Line, Section
from announcer.source.times import written_times

_BULLET: Final = re.compile(r"^\s*(?:[-*+•]\s+)?[*_]{0,3}")
# One evening's programme is one meeting, and no talk of its own at each of its times.
_PROGRAMME: Final = re.compile(
    r"(?i)\b(?:doors?|welcome|arrival|pizza|drinks|coffee|break|lunch|dinner|registration|networking|closing|wrap|einlass|"
    r"begrüßung|pause|ausklang|kaffee|essen|abschluss|accueil|pot|café)\b"
)
_PART: Final = re.compile(
    r"(?i)\W*(?:abstracts?|bio\w*|about .{0,30}|recordings?|slides|links?|references|resources|location|zusammenfassung|"
    r"folien|résumé|summary|details|materials?)\W*"
)


def entries(section: Section, below: Sequence[Section], order: DateOrder | None) -> list[Entry]:
    """Give the talks of a day whose heading is only its date; none where that is no such heading."""
    if not only_when(section.heading, order):
        return []
    return _by_heading(section, below) or _by_time(section, order)


def _by_heading(section: Section, below: Sequence[Section]) -> list[Entry]:
    if section.prose.strip("-*_ \n") or not below:
        return []
    level = min(inner.level for inner in below)
    found: list[tuple[Section, list[str]]] = []
    for inner in below:
        lines = [f"{'#' * inner.level} {inner.heading}", *inner.body]
        if inner.level == level and not _PART.fullmatch(inner.heading):
            found.append((inner, lines))
        elif found:
            found[-1][1].extend(lines)
    return [
        Entry(
            layout="heading",
            line=first.line,
            within=section.above,
            head=section.heading,
            body=tuple(body),
        )
        for first, body in found
    ]


def _by_time(section: Section, order: DateOrder | None) -> list[Entry]:
    """Cut the lines of a day where one begins with a time."""
    found: list[tuple[Line, str, list[str]]] = []
    for line in section.lines:
        text = _BULLET.sub("", line.text, count=1)
        clock = written_times(text[:60])[:1]
        if clock and clock[0].span[0] == 0:
            found.append((line, f"{section.heading}, {text}", []))
        elif found:
            found[-1][2].append(line.text)
    several = len(found) > 1 and not written_times(section.heading)
    if not several or any(_PROGRAMME.search(head) for _, head, _ in found):
        return []
    return [
        Entry(layout="item", line=line.number, within=section.above, head=head, body=tuple(body))
        for line, head, body in found
    ]
