"""Talks in lists, in definitions, and in lines that begin with a date."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from announcer.source import blocks, tables
from announcer.source.dates import DateOrder, Written, written_dates
from announcer.source.entry import (
    NOT_A_TALK,
    Entry,
    Layout,
    bare_date,
    bracketed_date,
    leading_date,
    only_when,
    trailing_date,
    unknown_date,
)
from announcer.source.known import label
from announcer.source.markdown import Line, Section, plain

_ITEM: Final = re.compile(r"(\s*)(?:[-*+•–]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?(.*)")
_SPOKEN: Final = re.compile(
    r"(?:will (?:talk|speak|give a talk|present)(?: (?:about|on))?|(?:spricht|redet) über|parlera de)\s+(.+?)(?:\.\s|\.?$)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Open:
    """An entry whose end is not reached."""

    layout: Layout
    line: int
    head: str
    date: str = ""  # where it is no date by itself
    indent: int = 0
    titled: bool = False  # what it is of stands above it
    alone: bool = False  # the date stands alone, and what it is of comes below
    body: list[str] = field(default_factory=list)


class Lists:
    """Reads what stands below one heading."""

    def __init__(self, section: Section, order: DateOrder | None) -> None:
        self.entries: list[Entry] = []
        self.warnings: list[str] = []
        self.undated: list[tuple[Line, Written]] = []  # dates that belong to no entry
        self._section = section
        self._order = order
        self._open: _Open | None = None
        self._before: list[str] = []  # the lines above one in its paragraph
        self._between: list[Line] = []  # items without a date right below one with a date
        self._indent = -1  # of the dated item above them
        # Where one line begins with "14.4.", "7.4." is a date too, and no number of a chapter.
        self._brief = any(bare_date(line.text, order) for line in section.lines)
        labelled = blocks.entries(section, order)
        self._read(section.lines[: labelled[0][0]] if labelled else section.lines)
        self.entries += [entry for _, entry in labelled]

    def _read(self, page: Sequence[Line]) -> None:
        blank = True
        for kind, lines in _blocks(page):
            if kind == "table":
                self._close()
                found, warnings = tables.entries(lines, self._section.within, self._order)
                self.entries += found
                self.warnings += warnings
                continue
            line = lines[0]
            if not line.text.strip():
                blank = True
                continue
            self._before = [] if blank else self._before
            self._line(line, after_blank=blank)
            self._before.append(line.text.strip())
            blank = False
        self._close()
        self._end_of_list()

    def _line(self, line: Line, *, after_blank: bool) -> None:
        item = _ITEM.fullmatch(line.text)
        text = item[2] if item else line.text.strip()
        indent = len(item[1].expandtabs(4)) if item else 0
        head = self._head(text, in_list=item is not None)
        bare = (
            "" if head or self._is_cells(text) else bare_date(text, self._order, brief=self._brief)
        )
        if (head is not None or bare) and not (
            label(line.text) and self._open and self._open.alone
        ):
            layout: Layout = "item" if item else "paragraph"
            begins = head if head and leading_date(text, self._order) else None
            alone = only_when(text[begins.span[0] :] if begins else text, self._order)
            alone = alone or text.strip(" *_:()[]") == bare
            above = self._above() if alone and not item else []
            self._close()
            self._end_of_list(dated_at=indent if item else -1)
            self._open = _Open(
                layout,
                line.number,
                text.replace(bare, " | ", 1) if bare else text,
                bare,
                indent,
                titled=bool(above),
                alone=alone,
                body=above,
            )
            return
        if self._belongs(line, item, indent, after_blank=after_blank):
            assert self._open is not None  # noqa: S101 - what belongs has what it belongs to
            if line.text.startswith(": "):
                self._open.layout = "definition"
                self._open.alone = True
            words = line.text[2:] if line.text.startswith(": ") else line.text.strip()
            self._open.body.append(("" if not after_blank else "\n") + words)
            return
        self._close()
        if item and indent == self._indent:
            self._between.append(line)
        elif not (item and indent > self._indent >= 0):
            self._end_of_list()
        if any(c.isdigit() for c in text):
            self._note(text, line)

    def _end_of_list(self, *, dated_at: int = -1) -> None:
        """Name the items that seem to be talks: all between dated ones, else those that tell of a date."""
        between, self._between = self._between, []
        enclosed = dated_at >= 0 and dated_at == self._indent
        for line in between:
            text = line.text.strip(" -*+•–")
            if enclosed or unknown_date(text, self._order):
                self._warn(line, text)
        self._indent = dated_at

    def _warn(self, line: Line, text: str) -> None:
        said = f'line {line.number}: "{plain(text)[:40]}" has no date that is understood'
        if said not in self.warnings[-1:]:
            self.warnings.append(said)

    def _above(self) -> list[str]:
        """Give the title and the speaker that stand above a date which ends their paragraph."""
        if self._open and not self._open.titled:
            return []
        above = list(islice((text for text in self._before if not label(text)), 4))
        if not above or len(above) > 3:
            return []
        if self._open:
            del self._open.body[len(self._open.body) - len(self._before) :]
        return above

    def _head(self, text: str, *, in_list: bool) -> Written | None:
        # Cells whose table has no second line of dashes have no names: they may be private.
        if (
            self._is_cells(text)
            or not any(c.isdigit() for c in text)
            or NOT_A_TALK.search(text[:200])
        ):
            return None
        found = leading_date(text, self._order)
        if found is None and in_list:
            found = trailing_date(text, self._order) or bracketed_date(text, self._order)
        if found is None and _SPOKEN.search(text):
            found = next(iter(written_dates(text[:300], self._order)[:1]), None)
        return found

    def _is_cells(self, text: str) -> bool:
        return text.count("|") > 1 or text.startswith("|")

    def _belongs(
        self, line: Line, item: re.Match[str] | None, indent: int, *, after_blank: bool
    ) -> bool:
        opened = self._open
        if opened is None:
            return False
        if line.text.startswith(": ") or opened.layout == "definition" or opened.alone:
            return True
        if item is not None:
            return opened.layout == "item" and indent > opened.indent
        return not after_blank or (
            opened.layout == "item" and line.text.startswith(" " * (opened.indent + 2))
        )

    def _note(self, text: str, line: Line) -> None:
        if unknown_date(text, self._order) and self._between[-1:] != [line]:
            self._warn(line, text)
        self.undated += [(line, written) for written in written_dates(text[:500], self._order)[:1]]

    def _close(self) -> None:
        opened, self._open = self._open, None
        if opened is None:
            return
        head = opened.head
        spoken = _SPOKEN.search(head)
        title = speakers = None
        if spoken and opened.layout in {"paragraph", "item"}:
            before = re.split(r"[,:]\s+", head[: spoken.start()])
            title, speakers = spoken[1], before[-1]
            head = ", ".join(before[:-1])
        self.entries.append(
            Entry(
                layout=opened.layout,
                line=opened.line,
                within=self._section.within,
                head=head,
                body=tuple("\n".join(opened.body).split("\n")) if opened.body else (),
                date=opened.date or None,
                title=title,
                speakers=speakers,
            )
        )


def _blocks(page: Sequence[Line]) -> Iterator[tuple[str, list[Line]]]:
    """Give tables as wholes and all else line by line; what is fenced is left out."""
    at = 0
    fence = ""
    while at < len(page):
        line = page[at]
        mark = line.text.lstrip()[:3]
        if mark in {"```", "~~~"} and (not fence or mark == fence):
            fence = "" if fence else mark
        elif not fence and "|" in line.text and at + 1 < len(page) and _is_rule(page[at + 1].text):
            end = at + 2
            while end < len(page) and page[end].text.strip():
                end += 1
            yield "table", list(page[at:end])
            at = end
            continue
        elif not fence:
            yield "line", [line]
        at += 1


def _is_rule(text: str) -> bool:
    return "|" in text and "-" in text and tables.RULE.fullmatch(text) is not None
