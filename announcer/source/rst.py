"""A page of reStructuredText as lines of Markdown: its headings, tables, lists and links."""

import csv
import re
from collections.abc import Sequence
from typing import Final

from announcer.source.markdown import Line

_UNDERLINE: Final = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*")
_DIRECTIVE: Final = re.compile(r"(\s*)\.\.\s+([\w-]+)::\s*(.*)")
_COMMENT: Final = re.compile(r"\s*\.\.(?:\s+(?!\S+::)(?!_).*)?")
_TARGET: Final = re.compile(r"\s*\.\.\s+_.*:")
_FIELD: Final = re.compile(r":([\w-]+):\s*(.*)")
_FIELD_LINE: Final = re.compile(r"^(\s*):([^\W\d_][\w ]{0,30}):(?=\s)")
_LINK: Final = re.compile(r"`([^`<>\n]{1,300}?)\s*<([^`<>\s]{1,1000})>`_{1,2}")
_ROLE: Final = re.compile(r":[\w:+-]+:`([^`<>\n]{1,300})(?:\s*<[^`<>\n]{1,300}>)?`")
_SIMPLE_RULE: Final = re.compile(r"\s*=+(?:\s+=+)+\s*")
_GRID_RULE: Final = re.compile(r"\s*\+(?:[-=]+\+)+\s*")


def is_rst(text: str, name: str) -> bool:
    """Whether a page is reStructuredText: its name or a table of it says so."""
    return name.lower().endswith((".rst", ".rest")) or bool(
        re.search(r"^[ \t]*\.\. (?:csv-table|list-table|toctree)::", text[:100_000], re.MULTILINE)
    )


def lines(text: str) -> list[Line]:
    """Bring reStructuredText into lines of Markdown."""
    page = text.split("\n")
    found: list[Line] = []
    levels: list[str] = []
    at = 0
    while at < len(page):
        under = page[at + 1] if at + 1 < len(page) else ""
        mark = _UNDERLINE.fullmatch(under)
        directive = _DIRECTIVE.fullmatch(page[at])
        if directive is not None:
            end = _end(page, at, len(directive[1]))
            found += _directive(directive, page[at + 1 : end], at + 1)
            at = end
        elif _COMMENT.fullmatch(page[at]) and not _TARGET.match(page[at]):
            at = _end(page, at, len(page[at]) - len(page[at].lstrip()))
        elif (
            mark
            and page[at].strip()
            and page[at][:1] not in " \t"
            and not _UNDERLINE.fullmatch(page[at])
        ):
            levels = levels if mark[1] in levels else [*levels, mark[1]]
            level = min(6, levels.index(mark[1]) + 1)
            found.append(Line(text=f"{'#' * level} {_inline(page[at])}", number=at + 1))
            at += 2
        elif _SIMPLE_RULE.fullmatch(page[at]):
            at = _simple_table(page, at, found)
        elif _GRID_RULE.fullmatch(page[at]):
            at = _grid_table(page, at, found)
        else:
            blank = _TARGET.match(page[at]) or _UNDERLINE.fullmatch(page[at])
            found.append(Line(text="" if blank else _inline(page[at]), number=at + 1))
            at += 1
    return found


def _end(page: Sequence[str], at: int, indent: int) -> int:
    """Give the line behind what is indented below a line."""
    end = at + 1
    while end < len(page) and (
        not page[end].strip() or len(page[end]) - len(page[end].lstrip()) > indent
    ):
        end += 1
    return end


def _inline(text: str) -> str:
    text = _FIELD_LINE.sub(r"\1\2: ", text)
    return _ROLE.sub(r"\1", _LINK.sub(r"[\1](\2)", text.rstrip()))


def _directive(directive: re.Match[str], body: Sequence[str], number: int) -> list[Line]:
    if directive[2] == "csv-table":
        rows = _csv_rows(body, number)
    elif directive[2] == "list-table":
        rows = _list_rows(body, number)
    else:
        return []  # pictures, contents, what other programs draw
    return _table(rows)


def _table(rows: Sequence[tuple[int, Sequence[str]]]) -> list[Line]:
    found = [Line(text="", number=rows[0][0])] if rows else []
    for n, (number, row) in enumerate(rows):
        cells = (_inline(" ".join(cell.split())).replace("|", "\\|") for cell in row)
        found.append(Line(text="| " + " | ".join(cells) + " |", number=number))
        if n == 0:
            found.append(Line(text="|" + " --- |" * len(row), number=number))
    return [*found, Line(text="", number=rows[-1][0])] if rows else []


def _csv_rows(body: Sequence[str], number: int) -> list[tuple[int, Sequence[str]]]:
    rows: list[tuple[int, Sequence[str]]] = []
    for n, text in enumerate(body, number + 1):
        option = _FIELD.match(text.strip()) if not any(at > number for at, _ in rows) else None
        if option is not None:
            if option[1] == "header":
                rows.append((number, _csv(option[2])))
        elif text.strip():
            rows.append((n, _csv(text.strip())))
    return rows


def _csv(text: str) -> list[str]:
    try:
        return next(iter(csv.reader([text[:20_000]], skipinitialspace=True)), [])
    except csv.Error:
        return [text]


def _list_rows(body: Sequence[str], number: int) -> list[tuple[int, Sequence[str]]]:
    rows: list[tuple[int, list[str]]] = []
    for n, text in enumerate(body, number + 1):
        row = re.match(r"\s*\*\s+-\s?(.*)", text)
        cell = re.match(r"\s+-\s?(.*)", text)
        if row is not None:
            rows.append((n, [row[1]]))
        elif rows and cell is not None:
            rows[-1][1].append(cell[1])
        elif rows and text.strip():
            rows[-1][1][-1] += " " + text.strip()
    return [(at, cells) for at, cells in rows]


def _simple_table(page: Sequence[str], at: int, found: list[Line]) -> int:
    spans = [match.span() for match in re.finditer("=+", page[at])]
    starts = [start for start, _ in spans]
    rows: list[tuple[int, Sequence[str]]] = []
    end = at + 1
    while end < len(page) and page[end].strip():
        if not _SIMPLE_RULE.fullmatch(page[end]):
            ends = [*starts[1:], len(page[end])]
            rows.append((end + 1, [page[end][a:b] for a, b in zip(starts, ends, strict=True)]))
        end += 1
    found += _table(rows)
    return end


def _grid_table(page: Sequence[str], at: int, found: list[Line]) -> int:
    rows: list[tuple[int, list[str]]] = []
    fresh = True
    end = at
    while end < len(page) and page[end].lstrip()[:1] in {"+", "|"}:
        text = page[end].strip()
        if text.startswith("+"):
            fresh = True
        else:
            cells = text.strip("|").split("|")
            if fresh or len(cells) != len(rows[-1][1]):
                rows.append((end + 1, cells))
            else:
                rows[-1] = (
                    rows[-1][0],
                    [f"{a} {b}" for a, b in zip(rows[-1][1], cells, strict=True)],
                )
            fresh = False
        end += 1
    found += _table(rows)
    return max(end, at + 1)
