"""A page of HTML as lines of Markdown, each with the line it comes from.

So that one reader of layouts is enough. Navigation, scripts, comments, what is hidden and the
foot of a page are not read.
"""

import re
from typing import TYPE_CHECKING, Final

from announcer.source.markdown import Line

if TYPE_CHECKING:
    from lxml.etree import _Element

_UNREAD: Final = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "nav",
        "footer",
        "form",
        "select",
        "button",
        "head",
        "object",
        "math",
    ]
)
_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "aside",
        "ul",
        "ol",
        "dl",
        "body",
        "table",
        "tr",
        "blockquote",
        "pre",
        "figure",
        "hr",
        "address",
        "details",
        "summary",
        "thead",
        "tbody",
        "tfoot",
        "center",
        "caption",
        "fieldset",
    ]
)
_MARKS: Final = {
    "b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "s": "~~", "del": "~~", "strike": "~~",
}  # fmt: skip
_THROUGH: Final = re.compile(r"text-decoration[\w-]*\s*:[^;]*line-through", re.IGNORECASE)
# A site's own name for where a speaker works, in an element beside the name.
_WORKPLACE: Final = re.compile(
    r"affil|institut|\buniversity\b|organi[sz]ation|\bcompany\b", re.IGNORECASE
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WIDEST: Final = 30  # columns that one cell may span
_TALLEST: Final = 200  # rows that one cell may span
_WIDEST_ROW: Final = 300  # columns of a row, with those that rows above hold
_DEEPEST: Final = 40  # lists and marks inside of one another: what is deeper counts as this deep
_MOST_UNCLOSED: Final = 20  # then it is no page that is worth looking through again and again
_FRAGMENT: Final = re.compile(r"<(table|ul|ol|dl|h[1-6])\b", re.IGNORECASE)


def is_html(text: str) -> bool:
    """Whether a page is HTML as a whole."""
    start = text.lstrip("\ufeff \t\r\n")[:400].lower()
    start = re.sub(r"\A(?:<!--.*?-->\s*)+", "", start, flags=re.DOTALL)
    return start.startswith(("<!doctype html", "<html", "<?xml", "<head", "<body"))


def lines(text: str, first: int = 1) -> list[Line]:
    """Bring HTML into lines of Markdown; ``first`` is the line on which it begins."""
    from lxml import etree  # noqa: PLC0415 - only who reads HTML pays for it

    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    for element in [e for e in root.iter() if _THROUGH.search(e.get("style") or "")]:
        _strike(element)
    writer = _Writer(first)
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if _unread(element):
                walker.skip_subtree()
            else:
                writer.begin(element)
        else:
            if not _unread(element):
                writer.end(element)
            writer.text(element.tail)
    writer.close()
    return writer.lines


def _strike(element: "_Element") -> None:
    """Strike what a style strikes, as editors on the screen write it, by an element of its own."""
    cells = [e for e in element if e.tag in {"td", "th"}] if element.tag == "tr" else [element]
    for cell in cells:
        if cell.tag in {"span", "font"}:
            cell.tag = "s"
            continue
        inner = cell.makeelement("s", {})
        inner.text, cell.text = cell.text, None
        inner.extend(list(cell))
        cell.append(inner)


def fragments(page: list[Line]) -> list[Line]:
    """Bring the tables, lists and headings that stand as HTML in Markdown into Markdown."""
    whole: list[Line] = []
    unclosed = 0
    at = 0
    while at < len(page):
        opened = _FRAGMENT.match(page[at].text.lstrip()) if "<" in page[at].text else None
        end = _closed(page, at, opened[1]) if opened and unclosed < _MOST_UNCLOSED else None
        if end is None:
            unclosed += opened is not None
            whole.append(page[at])
            at += 1
            continue
        text = "\n".join(line.text for line in page[at : end + 1])
        whole += [Line(text="", number=page[at].number), *lines(text, page[at].number)]
        whole.append(Line(text="", number=page[end].number))
        at = end + 1
    return whole


def _closed(page: list[Line], at: int, tag: str) -> int | None:
    """Give the line on which an element ends that begins on a line."""
    marks = re.compile(rf"<(/?){tag}\b", re.IGNORECASE)
    depth = 0
    for number in range(at, min(len(page), at + 200_000)):
        text = page[number].text
        if "<" not in text:
            continue
        for mark in marks.finditer(text):
            depth += -1 if mark[1] else 1
            if depth <= 0:
                return number
    return None


def _unread(element: "_Element") -> bool:
    return (
        not isinstance(element.tag, str)
        or element.tag in _UNREAD
        or "hidden" in element.attrib
        or bool(_HIDDEN.search(element.get("style") or ""))
    )


class _Table:
    """A table on its way to rows of cells."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.rows: list[tuple[int, list[str], bool]] = []  # line, cells, whether all are heads
        self.held: dict[int, tuple[int, str]] = {}  # column -> rows left, text
        self.cells: list[str] = []
        self.heads: list[bool] = []
        self.row_line = line
        self.cell: list[str] | None = None

    def add(self, text: str, across: int, down: int, *, head: bool) -> None:
        self._fill()
        for n in range(min(across, max(1, _WIDEST_ROW - len(self.cells)))):
            if down > 1 and len(self.cells) < _WIDEST_ROW:
                self.held[len(self.cells)] = (down - 1, text)
            self.cells.append(text if n == 0 else "")
        self.heads.append(head)

    def _fill(self) -> None:
        while len(self.cells) in self.held:
            column = len(self.cells)
            left, text = self.held.pop(column)
            self.cells.append(text)
            if left > 1:
                self.held[column] = (left - 1, text)

    def close_row(self) -> None:
        if not self.cells and not self.heads:
            return
        self._fill()
        self.rows.append((self.row_line, self.cells, all(self.heads)))
        self.cells, self.heads = [], []


class _Writer:
    """Writes the lines while the tree is walked; never recursive, as pages nest deeply."""

    def __init__(self, first: int) -> None:
        self.lines: list[Line] = []
        self._offset = first - 1
        self._line = first
        self._inline: list[tuple[str, str, list[str]]] = [("", "", [])]  # tag, target, text
        self._lists: list[str] = []
        self._too_deep = 0  # marks that are open and not kept
        self._prefix = ""
        self._tables: list[_Table] = []
        self._cells: list[tuple[list[Line], int]] = []

    def begin(self, element: "_Element") -> None:
        tag = str(element.tag)
        if tag in _BLOCKS or tag in {"li", "dt", "dd", "td", "th"} or _level(tag):
            self._flush()
            self._line = (element.sourceline or 1) + self._offset
        if tag == "table":
            self._tables.append(_Table(self._line))
        elif tag == "tr" and self._tables:
            self._tables[-1].close_row()
            self._tables[-1].row_line = self._line
        elif tag in {"td", "th"} and self._tables:
            self._cells.append((self.lines, len(self._lists)))
            self.lines = []
        elif tag in {"ul", "ol"}:
            self._lists.append(tag)
        elif tag == "li":
            self._prefix = "  " * min(_DEEPEST, max(0, len(self._lists) - 1)) + "- "
        elif tag == "dd":
            self._prefix = ": "
        elif level := _level(tag):
            self._prefix = "#" * level + " "
        else:
            self._begin_within_a_line(element)
        self.text(element.text)

    def _begin_within_a_line(self, element: "_Element") -> None:
        tag = str(element.tag)
        if tag == "br":
            self._inline[-1][2].append("\n")
        elif tag == "iframe":
            self._inline[-1][2].append(f'<iframe src="{_safe(element.get("src"))}"></iframe>')
        elif self._is_inline(element):
            self._begin_inline(element)
        elif _is_workplace(element):
            self._inline[-1][2].append(" (")

    def end(self, element: "_Element") -> None:
        tag = str(element.tag)
        if self._is_inline(element) and self._too_deep:
            self._too_deep -= 1
        elif self._is_inline(element):
            self._end_inline(tag)
        elif _is_workplace(element):
            self._inline[-1][2].append(") ")
        elif tag in {"td", "th"} and self._cells:
            self._end_cell(element, head=tag == "th")
        elif tag == "tr" and self._tables:
            self._tables[-1].close_row()
        elif tag == "table" and self._tables:
            self._end_table()
        elif tag in {"ul", "ol"} and self._lists:
            self._flush()
            self._lists.pop()
            self._blank()
        elif tag in _BLOCKS or tag in {"li", "dt", "dd"} or _level(tag):
            self._flush()
            if tag not in {"li", "dt"}:
                self._blank()

    def _begin_inline(self, element: "_Element") -> None:
        if len(self._inline) > _DEEPEST:
            self._too_deep += 1
            return
        tag = str(element.tag)
        target = element.get("datetime") or "" if tag == "time" else _safe(element.get("href"))
        self._inline.append((tag, target, []))

    def _is_inline(self, element: "_Element") -> bool:
        tag = str(element.tag)
        return tag in _MARKS or tag == "time" or (tag == "a" and bool(element.get("href")))

    def text(self, words: str | None) -> None:
        if words:
            self._inline[-1][2].append(re.sub(r"\s+", " ", words))

    def close(self) -> None:
        self._flush()

    def _end_inline(self, tag: str) -> None:
        if len(self._inline) < 2 or self._inline[-1][0] != tag:
            return
        _, target, pieces = self._inline.pop()
        words = "".join(pieces)
        inner = words.strip()
        if tag == "time" and target and not re.search(r"\d{4}", inner):
            words = _moment(target) or words
        elif tag != "time" and inner and "\n" not in inner:
            lead, tail = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
            marked = f"[{inner}]({target})" if tag == "a" else f"{_MARKS[tag]}{inner}{_MARKS[tag]}"
            if tag == "a" and target.startswith("#"):
                marked = inner  # leads to another part of the same page
            words = f"{lead}{marked}{tail}"
        self._inline[-1][2].append(words)

    def _flush(self) -> None:
        while len(self._inline) > 1:  # a block inside a mark: the mark ends with the words
            self._end_inline(self._inline[-1][0])
        words = "".join(self._inline[0][2])
        self._inline[0][2].clear()
        if not words.strip():
            return
        heading = self._prefix.startswith("#")
        pieces = (
            [" ".join(words.split())]
            if heading
            else [" ".join(p.split()) for p in words.split("\n")]
        )
        indent = " " * (len(self._prefix) if self._prefix.strip() == "-" else 0)
        for n, piece in enumerate(p for p in pieces if p):
            self.lines.append(
                Line(text=(self._prefix if n == 0 else indent) + piece, number=self._line)
            )
        self._prefix = indent if self._lists else ""

    def _blank(self) -> None:
        if self.lines and self.lines[-1].text:
            self.lines.append(Line(text="", number=self._line))

    def _end_cell(self, element: "_Element", *, head: bool) -> None:
        self._flush()
        inner = [line.text.strip() for line in self.lines if line.text.strip()]
        self.lines, depth = self._cells.pop()
        del self._lists[depth:]
        self._prefix = ""
        if self._tables:
            text = " <br> ".join(inner).replace("|", "\\|")
            across = min(_WIDEST, _number(element.get("colspan")))
            down = min(_TALLEST, _number(element.get("rowspan")))
            self._tables[-1].add(text, across, down, head=head)

    def _end_table(self) -> None:
        self._flush()
        table = self._tables.pop()
        table.close_row()
        rows = table.rows
        if not rows:
            return
        if all(len(cells) == 1 for _, cells, _ in rows):  # for the looks of the page alone
            for line, cells, _ in rows:
                texts = cells[0].replace("\\|", "|").split(" <br> ")
                self.lines += [Line(text=text, number=line) for text in texts]
                self._blank()
            return
        self._blank()
        for n, (line, cells, _) in enumerate(rows):
            self.lines.append(Line(text="| " + " | ".join(cells) + " |", number=line))
            if n == 0:
                self.lines.append(Line(text="|" + " --- |" * len(cells), number=line))
        self._blank()


def _is_workplace(element: "_Element") -> bool:
    """Tell whether an element holds a speaker's affiliation and no brackets around it."""
    if element.tag not in {"span", "small"} or not _WORKPLACE.search(element.get("class") or ""):
        return False
    words = (element.text or "").strip()
    before = element.getprevious()
    parent = element.getparent()
    above = "" if parent is None else parent.text
    beside = ((above if before is None else before.tail) or "").rstrip()
    apart = beside.endswith((",", "(", "[", "–", "—", "-"))
    return bool(words) and not apart and words[0] not in "([,–—"


def _moment(written: str) -> str:
    """Give a moment that is written for programs as people write it; nothing where it is none."""
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::[\d.]+)?(Z|[+-]\d\d:?\d\d)?)?", written.strip()
    )
    if found is None:
        return ""
    zone = f" UTC{found[3].replace('Z', '+00:00')}" if found[3] else ""
    return f"{found[1]} {found[2]}{zone}" if found[2] else found[1]


def _level(tag: str) -> int:
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0


def _number(words: str | None) -> int:
    return max(1, int(words)) if words and words.isdecimal() and len(words) < 5 else 1


def _safe(target: str | None) -> str:
    return re.sub(r"[\s()<>\"]", lambda m: f"%{ord(m[0]):02X}", (target or "").strip())
