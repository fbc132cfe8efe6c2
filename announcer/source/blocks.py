"""Talks in blocks of labelled lines, one below the other: "Speaker: …", "Title: …", "Date: …"."""

from collections.abc import Sequence
from itertools import pairwise

from announcer.source.dates import DateOrder
from announcer.source.entry import Entry, labels
from announcer.source.headings import is_when
from announcer.source.known import Label, is_clock, label
from announcer.source.markdown import Line, Section


def entries(section: Section, order: DateOrder | None) -> list[tuple[int, Entry]]:
    """Give the blocks of a section that name a date, and a title or a speaker, each with where it begins."""
    found = [(at, _of_block(block, section, order)) for at, block in _blocks(section.lines)]
    return [(at, entry) for at, entry in found if entry is not None]


def _blocks(lines: Sequence[Line]) -> list[tuple[int, Sequence[Line]]]:
    """Cut lines where the label comes again with which the first block begins."""
    known = [(at, found) for at, line in enumerate(lines) if (found := label(line.text))]
    starts = [at for at, found in known if _kind(found) == _kind(known[0][1])]
    return [(a, lines[a:b]) for a, b in pairwise([*starts, len(lines)])]


def _kind(found: Label) -> tuple[str, bool]:
    return found.fact, found.fact == "when" and is_clock(found.name)


def _of_block(block: Sequence[Line], section: Section, order: DateOrder | None) -> Entry | None:
    body = tuple(line.text for line in block)
    named = labels(body)
    when = next(
        (w for w in (named.get("when"), named.get("time")) if w and is_when(w, order)), None
    )
    if when is None or not named.keys() & {"title", "speakers"}:
        return None
    return Entry(
        layout="paragraph", line=block[0].number, within=section.within, body=body, date=when
    )
