"""The clean HTML of a talk's abstract as plain text: short lines, and a line of its own for each link."""

import re
from html.parser import HTMLParser
from itertools import takewhile
from typing import Final

from announcer.lines import pieces, wrapped

WIDTH: Final = 72
_NARROWEST: Final = 24  # however deep lists and quotations are
_BLOCKS: Final = frozenset(
    {"p", "div", "h4", "ul", "ol", "li", "blockquote", "pre", "hr", "table", "tr", "dl", "dt", "dd"}
)  # fmt: skip
_SUP: Final[dict[int, int]] = str.maketrans("0123456789+-=()niT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀ")
_SUB: Final[dict[int, int]] = str.maketrans(
    "0123456789+-=()aeijkmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₘₙₒₚᵣₛₜᵤᵥₓ"
)


def to_text(html: str) -> str:
    """Give what clean HTML says in lines of at most 72 characters; only an address may be longer."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.flush()
    return "\n".join(reader.lines).replace("\u00a0", " ").strip("\n")


def in_line(html: str) -> str:
    """Give what HTML without blocks says, in one line of any length."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.spoken().replace("\u00a0", " ")


class _Reader(HTMLParser):
    """Follows the HTML, which nh3 has balanced, and gives its blocks as lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._words: list[str] = []
        self._links: list[str] = []
        # Links and scripts: how many words stood before them, and where a link leads.
        self._open: list[tuple[str, int, str]] = []
        self._indents: list[str] = []
        self._last: list[str] = []  # those of the block before
        self._lists: list[int | None] = []  # the number of the last item, where they are numbered
        self._marker: str | None = None
        self._gap = False  # whether the next block stands apart from the last
        self._pre = 0
        self._cells = 0  # of the row of a table

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or something inside of one."""
        if tag in _BLOCKS:
            self._begin(tag, dict(attrs))
        elif tag == "br":
            self._words.append("\n")
        elif tag in {"a", "sup", "sub", "s", "del"}:
            self._open.append((tag, len(self._words), dict(attrs).get("href") or ""))
        elif tag in {"td", "th"}:
            self._words += [" | "] * (self._cells > 0)
            self._cells += 1

    def handle_endtag(self, tag: str) -> None:
        """End what began."""
        if tag in _BLOCKS:
            self._end(tag)
        elif self._open and self._open[-1][0] == tag:
            _, start, url = self._open.pop()
            inner = "".join(self._words[start:])
            if tag == "a":
                self._link(inner, url)
            elif inner.strip():
                self._words[start:] = [_script(inner, tag)]

    def handle_data(self, data: str) -> None:
        """Take words as they are."""
        self._words.append(data if self._pre else re.sub(r"[ \t\r\n\f]+", " ", data))

    def spoken(self) -> str:
        """Give the words since the last block."""
        return "".join(self._words)

    def flush(self) -> None:
        """Give the words so far as a block."""
        text, self._words = self.spoken(), []
        around = [url for tag, _, url in self._open if tag == "a" and text.strip()]
        links, self._links = [*self._links, *filter(None, around)], []
        self._open = []
        if not text.strip() and not links:
            return
        follow = "".join(self._indents)
        first = follow if self._marker is None else follow[: -len(self._marker)] + self._marker
        if self._gap and self.lines:
            both = takewhile(
                lambda pair: pair[0] == pair[1], zip(self._indents, self._last, strict=False)
            )
            self.lines.append("".join(i for i, _ in both if i.startswith(">")).rstrip())
        self._marker, self._gap, self._last = None, False, list(self._indents)
        for line in text.strip("\n").split("\n") if self._pre else text.strip().split("\n"):
            kept = _kept(line, first) if self._pre else wrapped(line, WIDTH, first, follow)
            self.lines += kept
            first = follow
        self.lines += [f"{follow}  {url}" for url in links]

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.flush()
        if tag in {"ul", "ol"}:
            self._gap |= not self._lists
            start = attributes.get("start") or ""
            number = int(start) - 1 if start.isdecimal() and len(start) < 6 else 0
            self._lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._marker = self._numbered()
            self._indents.append(" " * len(self._marker))
        elif tag in {"blockquote", "dd", "pre"}:
            self._gap |= tag != "dd"
            self._indents.append("> " if tag == "blockquote" else "    ")
            self._pre += tag == "pre"
        elif tag == "hr":
            self._gap = True
            self._words.append("* * *")
            self.flush()
            self._gap = True
        elif tag == "tr":
            self._cells = 0
        elif tag != "dt":
            self._gap |= self._marker is None

    def _end(self, tag: str) -> None:
        self.flush()
        if tag in {"li", "blockquote", "dd", "pre"} and self._indents:
            self._indents.pop()
            self._marker = None
            self._pre -= tag == "pre"
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag in {"p", "div", "h4", "blockquote", "pre", "table", "dl"}:
            self._gap = True
        if tag in {"ul", "ol"} and not self._lists:
            self._gap = True

    def _numbered(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "* "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _link(self, inner: str, url: str) -> None:
        """Put the address on a line of its own, unless it is what the words say anyway."""
        bare = url.removeprefix("mailto:")
        if not inner.strip():
            self._words.append(bare)
        elif url and inner.strip() not in {url, bare} and url not in self._links:
            self._links.append(url)


def _kept(line: str, indent: str) -> list[str]:
    """Keep the blanks of code; a line that is too long goes on in the next."""
    room = max(WIDTH - len(indent), _NARROWEST)
    return [(indent + piece).rstrip() for piece in pieces(line, room)] or [""]


def _script(inner: str, tag: str) -> str:
    """Write a power or an index with the signs of Unicode, else so that it cannot be misread."""
    if tag in {"s", "del"}:
        return f"~{inner}~"
    signs = _SUP if tag == "sup" else _SUB
    if set(map(ord, inner)) <= set(signs) | {ord(" "), ord("\u00a0")}:
        return "".join(inner.split()).translate(signs)
    mark = "^" if tag == "sup" else "_"
    return f"{mark}{inner}" if len(inner) == 1 else f"{mark}({inner})"
