"""Columns and labels that the settings name for a fact, under the names that are known."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from announcer.source import tables
from announcer.source.known import column
from announcer.source.markdown import Line, plain

# The facts that the settings may name, each with a name for it that is known.
_NAMES: Final = {
    "title": "Title", "speaker": "Speaker", "speakers": "Speaker", "date": "Date", "start": "Time",
    "time": "Time", "end": "End", "location": "Room", "stream": "Zoom", "url": "Link",
    "abstract": "Abstract", "status": "Status", "id": "Number",
}  # fmt: skip


def renamed(page: Sequence[Line], fields: Sequence[tuple[str, str]]) -> list[Line]:
    """Give the columns and labels of the settings known names; for their facts no other is read."""
    if not fields:
        return list(page)
    asked = {_plain(name): _NAMES[fact] for fact, name in fields}
    below = [*(line.text for line in page[1:]), ""]
    return [
        Line(text=_header(line.text, asked), number=line.number)
        if "|" in line.text and "-" in under and tables.RULE.fullmatch(under)
        else Line(text=_label(line.text, asked), number=line.number)
        for line, under in zip(page, below, strict=True)
    ]


def missing(page: Sequence[Line], fields: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Give the names of the settings that no column and no label of a page has."""
    names = [name for _, name in fields]
    for name in names:
        if not any(_plain(name) in _plain(line.text) for line in page):
            yield name


def _plain(name: str) -> str:
    return plain(name).strip().lower()


def _header(text: str, asked: Mapping[str, str]) -> str:
    facts = {column(name)[1] for name in asked.values()}
    cells = tables.cells(text)
    kept = [asked.get(_plain(c)) or ("-" if column(plain(c))[1] in facts else c) for c in cells]
    return "| " + " | ".join(kept) + " |"


def _label(text: str, asked: Mapping[str, str]) -> str:
    name, colon, rest = text.partition(":")
    known = asked.get(_plain(re.sub(r"^\s*[-*+•>]\s+", "", name))) if len(name) < 100 else None
    return f"{known}: {rest.lstrip('*_ ')}" if colon and known else text
