"""Texts that made readers slow, or might: each grows with its size, and asks for one kind of work."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from terms import NOW, series

from announcer.errors import SourceUnreadable
from announcer.lines import shortened
from announcer.plain import to_text
from announcer.prose import titled, to_html
from announcer.source import clean
from announcer.source.calendar import CalendarSource
from announcer.source.data import DataSource
from announcer.source.explained import explained
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.source.interface import prose
from announcer.source.page import PageSource
from announcer.source.posts import PostsSource
from announcer.source.spoken import with_speakers
from announcer.talks import Reading

# What is repeated; {n} is a running number, so that nothing is found in a cache.
PIECES: Final[Mapping[str, str]] = {
    # tags
    "tags that do not end": "<a ",
    "players that do not end": "<iframe src=http://a ",
    "players without a closing tag": "<video src=http://a>",
    "images that do not end": '<img alt="x ',
    "comments that do not end": "<!-- ",
    "comments, closed": "<!-- x -->",
    "script tags": "<script type=application/ld+json ",
    "scripts that do not close": "<script type=application/ld+json>",
    "struck tags that do not close": "<s>x ",
    "details": "<details><summary>x",
    "line breaks": "<br>",
    "line breaks in lines": "<br>\n",
    "less-than signs": "<",
    "attributes": "{: .x",
    "shortcodes that do not end": "{{< youtube ",
    "liquid tags that do not end": "{% comment %}",
    "entities": "&amp;",
    "tags that nest": "<div>",
    "marks that nest": "<b>",
    "lists that nest": "<ul><li>",
    "tables that nest": "<table><tr><td>",
    "tables that begin lines": "<table>\n",
    "cells that span": "<td rowspan=200 colspan=30>x",
    # marks of Markdown
    "stars": "*",
    "stars before words": "*a ",
    "stars behind words": "a* ",
    "pairs of stars": "**a ",
    "underscores": "_a ",
    "tildes": "~~a ",
    "backticks": "`a ",
    "opening brackets": "[",
    "opening brackets with words": "[a ",
    "opening round brackets": "(",
    "opening round brackets with words": "(a ",
    "closing round brackets": ") ",
    "round brackets": "(a) ",
    "square brackets": "[a] ",
    "links that do not end": "[a](b ",
    "links": "[a{n}](https://a.example/{n}) ",
    "images": "![a](b ",
    "addresses": "https://a.example/{n} ",
    "one endless address": "https://a.example/",
    "video addresses": "https://youtube.com/watch?",
    "backslashes": "\\",
    "formulas that do not end": "$x ",
    "formulas in brackets that do not end": "\\(x ",
    "formulas": "$x_{n}$ ",
    # quotes
    "quotes": '"a ',
    "double quotes alone": '"',
    "opening quotes": "“a ",
    "low quotes": "„a ",
    "angle quotes": "«a ",
    "apostrophes": "'a ",
    # headings
    "empty headings": "### \n",
    "empty headings in a line": "### ",
    "headings": "### Heading {n}\n",
    "dated headings": "### {d}\n",
    "dated headings of two levels": "## {d}\n### A\n",
    "headings that ask for a date": "### TBA: {n}\n",
    "hash signs": "#",
    "hash signs with blanks": "# # ",
    "underlines": "---\n",
    "underlined headings": "Heading {n}\n---\n",
    # blanks
    "blanks": " ",
    "tabs": "\t",
    "blank lines": "\n",
    "lines of a blank": "\n \n",
    "words with many blanks": "a         ",
    "line ends of another system": "\r",
    "no-break spaces": "\u00a0",
    # cells
    "bars": "|",
    "cells": "| a ",
    "rows of bars": "|||\n",
    "rows": "| {d} | a{n} |\n",
    "rules": "|---|\n",
    "tables": "| Date | Title |\n|--|--|\n| {d} | a{n} |\n\n",
    "dashes": "-",
    "dashes with blanks": " - ",
    "dashes between words": "a – ",
    "colons": ":",
    "colons between words": "Word: ",
    "commas": "a, ",
    "semicolons": "a; ",
    "signs": "@",
    "full stops": ".",
    "sentences": "A b. ",
    "brief sentences": "The talk is. ",
    # items
    "items": "- a{n}\n",
    "items in items": "  - a{n}\n",
    "empty items": "- \n",
    "dated items": "- {d}: a{n}\n",
    "items without a year": "- 7 April: a{n}\n",
    "items that ask for a date": "- TBA: a{n}\n",
    "items with odd dates": "- 35.5.2026: a{n}\n",
    "short dates": "14.4. ",
    "labelled lines": "Date: {d}\nTitle: a{n}\n",
    "labels": "Speaker: A{n} B\n",
    "labels of lists": "**Speakers**\n- A B\n",
    "quotations": "> a\n",
    "fences": "```\n",
    "definitions": "a\n: b\n",
    # dates and times
    "dates": "{d} ",
    "dates in words": "7 April 2026, ",
    "dates in lines": "{d}\n",
    "days and months": "7.4. ",
    "slashed dates": "4/7/26 ",
    "months": "April ",
    "weekdays": "Tuesday, ",
    "days of a list": "7, 8, ",
    "times": "16:00 ",
    "times with blanks": "16:00         ",
    "spans": "16:00-",
    "hours": "4 pm ",
    "zones": "16:00 UTC+",
    "digits": "7",
    "digits with full stops": "7.",
    "digits with dashes": "7-",
    "numbers": "7 ",
    "years": "2026 ",
    # words
    "one endless word": "a",
    "words": "word ",
    "capitals": "A",
    "capitals with full stops": "A. ",
    "names": "Ada{n} Kovács, ",
    "names joined": "Ada Kovács and ",
    "names with affiliations": "Ada Kovács (Szeged) ",
    "words of cancellation": "cancelled ",
    "words of postponement": "postponed from ",
    "words for talks": "the talk is ",
    "no talks": "no talk ",
    "words of a holiday": "Spring break ",
    "reasons": "due to ",
    "German reasons": "wegen x ",
    "adverbs": "leider ",
    "attention": "Achtung, ",
    "by": "a by ",
    "to be announced": "TBA - ",
    "rooms": "Room 4, ",
    "accents": "é",
    "accents that combine": "e\u0301",
    "broken letters": "Ã¸",
    "letters beyond the first plane": "💩",
    "controls": "\x01",
    "nulls": "a\x00",
    "exclamation marks": "!",
    "question marks": "?",
    "ampersands": "& ",
    "plus signs": "+ ",
}


def filled(piece: str, size: int) -> str:
    """Repeat a piece until the text has a size."""
    if "{" not in piece or not ("{n}" in piece or "{d}" in piece):
        return piece * (size // len(piece))
    count = size // (len(piece.replace("{d}", "2026-04-07")) + 1)
    return "".join(
        piece.replace("{n}", str(n)).replace(
            "{d}", f"20{10 + n // 336 % 80}-{1 + n // 28 % 12:02}-{1 + n % 28:02}"
        )
        for n in range(count)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A kind of reader: how a hostile text is put into what it reads, and what reads that."""

    put: Callable[[str], str]
    read: Callable[[str], object]

    def __call__(self, text: str) -> object:
        try:
            return self.read(self.put(text))
        except SourceUnreadable:
            return None


def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("\r", " ")


def _explain(found: Reading) -> None:
    for talk in found.talks[:20]:
        explained(talk, found.grounds[talk.id], series())


def _page(name: str) -> Callable[[str], object]:
    return lambda text: _explain(PageSource(Path(name), series()).read(clean.repaired(text), NOW))


def _data(name: str) -> Callable[[str], object]:
    def read(text: str) -> None:
        facts = DataSource(Path(name), series()).read(text, name)
        _explain(understood(with_speakers(facts), series(), NO_HINTS, NOW))

    return read


def _posts(text: str) -> object:
    with TemporaryDirectory() as folder:
        (Path(folder) / "2026-04-07-nets.md").write_text(text, encoding="utf-8", newline="")
        return asyncio.run(PostsSource(Path(folder), series()).load(NOW))


def _calendar(text: str) -> object:
    facts, _ = CalendarSource(Path("t.ics"), series()).read(text, "t.ics", NOW)
    return understood(with_speakers(facts), series(), NO_HINTS, NOW)


def _mail(text: str) -> object:
    return to_text(to_html(shortened(clean.text(text), 12_000)[0])), titled(clean.line(text))


def _fields(text: str) -> dict[str, str]:
    return dict.fromkeys(
        ("date", "title", "speaker", "abstract", "note", "location", "url"), text
    ) | {"start": "2026-04-07"}


def _event(text: str) -> str:
    line = _one_line(text)
    folded = text.replace("\r", "").replace("\n", "\\n")
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        f"SUMMARY:{line}\r\nDTSTART:20260407T100000Z\r\nLOCATION:{line}\r\n"
        f"DESCRIPTION:{folded}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def _table(text: str) -> str:
    cell = _one_line(text)
    return f"| Date | Title | Speaker |\n|--|--|--|\n| 2026-04-07 | {cell} | {cell} |\n"


def _cells(text: str) -> str:
    cell = '"' + _one_line(text).replace('"', '""') + '"'
    return f"date,title,speaker,abstract,note\n2026-04-07,{cell},{cell},{cell},{cell}\n"


READERS: Final[Mapping[str, Reader]] = {
    "page": Reader(read=_page("a.md"), put='## Talks\n### 3. "A talk" 2026-04-07\n{}\n'.format),
    "heading": Reader(
        read=_page("a.md"), put=lambda text: f"## 2026-04-07 {_one_line(text)}\n\nx\n"
    ),
    "item": Reader(read=_page("a.md"), put=lambda text: f"- 2026-04-07: {_one_line(text)}\n"),
    "last of an item": Reader(
        read=_page("a.md"), put=lambda text: f"- {_one_line(text)} (2026-04-07)\n"
    ),
    "cell": Reader(read=_page("a.md"), put=_table),
    "front matter": Reader(
        read=_page("a.md"), put=lambda text: f"---\ntitle: {_one_line(text)}\n{text}"
    ),
    "HTML": Reader(
        read=_page("a.html"),
        put=lambda text: f"<!doctype html><html><body><h2>2026-04-07</h2>{text}</body></html>",
    ),
    "JSON-LD": Reader(
        read=_page("a.html"),
        put=lambda text: f"<!doctype html><script type=application/ld+json>{text}",
    ),
    "reST": Reader(read=_page("a.rst"), put="A talk 2026-04-07\n=================\n\n{}".format),
    "CSV": Reader(read=_data("a.csv"), put=_cells),
    "rows of CSV": Reader(read=_data("a.csv"), put="date,title\n{}".format),
    "JSON": Reader(read=_data("a.json"), put=lambda text: json.dumps([_fields(text)])),
    "raw JSON": Reader(read=_data("a.json"), put='[{{"title": "{}'.format),
    "YAML": Reader(read=_data("a.yaml"), put=str),
    "TOML": Reader(read=_data("a.toml"), put=str),
    "post": Reader(
        read=_posts, put="---\ntitle: x\ndate: 2026-04-07\nspeaker: A B\n---\n{}".format
    ),
    "title of a post": Reader(
        read=_posts,
        put=lambda text: f"---\ntitle: {json.dumps(_one_line(text))}\n---\nOn 2026-04-07, {text}",
    ),
    "calendar": Reader(read=_calendar, put=_event),
    "interface": Reader(read=prose, put=str),
    "mail": Reader(read=_mail, put=str),
}
