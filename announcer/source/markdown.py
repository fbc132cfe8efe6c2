"""A page as lines of Markdown that know where they stood, and cut at its headings.

Every layout is read from these lines: HTML and reStructuredText are brought into this form first.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html.entities import html5
from typing import Final

from announcer.source.emphasis import without_emphasis

_HEADING: Final = re.compile(r" {0,3}(#{1,6})\s(.*)", re.DOTALL)
_UNDERLINE: Final = re.compile(r" {0,3}(?:={3,}|-{3,})\s*")
_NO_TITLE: Final = re.compile(r"\s*(?:$|[-*+>|#<:]|\d+[.)]\s|```|~~~|    )")
_FRONT_MATTER: Final = re.compile(
    r"\A(?:(---|\+\+\+)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|\Z)|(?:---|\+\+\+)[ \t]*\n(?=[\w-]{1,40}[ \t]*[:=]).*)",
    re.DOTALL,
)
_TITLE: Final = re.compile(r"^(?:title|subtitle)\s*[:=]\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_DRAFT: Final = re.compile(
    r"^(?:draft\s*[:=]\s*[\"']?(?:true|yes)|published\s*[:=]\s*[\"']?(?:false|no))\b[\"']?\s*$",
    re.MULTILINE | re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"<!--|(\{%\s{0,9}comment\s{0,9}%\})")
_COMMENT_END: Final = re.compile(r"\{%\s{0,9}endcomment\s{0,9}%\}")

LINK: Final = re.compile(
    r"(?<!!)\[((?:!?\[[^\[\]\n]{0,300})?[^\[\]\n]{0,1000})\]\(\s{0,3}<?([^\s)>]{1,2000})>?(?:\s{1,3}\"[^\"\n]{0,300}\")?\s{0,3}\)"
)
_LOOSE_LINK: Final = re.compile(r"(?<!!)\[([^\[\]\n]{1,400})\]\([^()\n]{0,600}(?:\([^()\n]{0,200}\)[^()\n]{0,400})?\)")  # fmt: skip
_IMAGE: Final = re.compile(r"!\[[^\]\n]{0,400}+\]\([^)\n]{0,1000}+\)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>\n]{0,1000}+>|\{:[^{}\n]{0,200}+\}|\{%[^%\n]{0,200}+%\}")
_ESCAPED: Final = re.compile(r"\\([*_#`~\[\]])")
_ATTRIBUTES: Final = re.compile(r"(?<!\s)\s*+\{[:#.][^{}\n]{0,200}+\}\s*$")
_SHORTCODE: Final = re.compile(r"\{\{[<%]\s{0,9}+(/?[\w.-]{1,100}+)([^{}\n]{0,300})(?<=[%>])\}\}")
# CommonMark 0.31, 2.5; the longest name has 31 letters.
_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SIGNS: Final = frozenset("<>&*_`~|[]()#\\{}+-=!")
_IS_PLAIN: Final = re.compile(r"[^<>\[\]!{}&~*_`\\]*")
# What is struck is cut into pieces, each of which is gone over once.
_STRUCK: Final = re.compile(
    r"~~(?=\S)([^~\n]{1,400}+)~~|<(s|del|strike)>((?:[^<\n]{1,400}+|<(?!/\2>)){1,40}+)</\2>",
    re.IGNORECASE,
)
_INLINE: Final = re.compile(
    r"</?(?:b|i|em|strong|s|u|del|strike|sup|sub|span|font|small|big|mark|abbr|code)\b[^<>\n]{0,1000}+>",
    re.IGNORECASE,
)
# What stands out as a whole: a title, mostly.
EMPHASISED: Final = re.compile(
    r"(?<![\w*])\*{1,2}(?=[^\s*])[^*\n]{1,300}\*{1,2}|(?<!\w)_(?=\S)[^_\n]{1,300}_(?!\w)"
)
_MARK: Final = re.compile(
    r"\*{2,}|(?<![\w$)*\\])[*_`]+(?=[\w\"“„«])|(?<![\w$*\\])[*_`]+(?![\w$*])|(?<=[^\W_]{2})[*_`]+\s*$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of Markdown, and the line of the page that it comes from."""

    text: str
    number: int


@dataclass(slots=True, kw_only=True)
class Section:
    """A heading, its line, the headings above it, and the lines below it."""

    level: int
    heading: str
    line: int
    above: tuple[str, ...]
    lines: list[Line] = field(default_factory=list)

    @property
    def body(self) -> list[str]:
        """The text below the heading, line by line."""
        return [line.text for line in self.lines]

    @property
    def prose(self) -> str:
        """The text below the heading."""
        return "\n".join(self.body).strip()

    @property
    def within(self) -> tuple[str, ...]:
        """The headings that hold for what stands below this one."""
        return (*self.above, self.heading) if self.heading else self.above


def uncommented(text: str) -> str:
    """Take out comments, and keep the lines where they are."""
    parts: list[str] = []
    done = 0
    for opening in _COMMENT.finditer(text):
        if opening.start() < done:
            continue
        closing = _COMMENT_END.search(text, opening.end()) if opening[1] else None
        end = closing.end() if closing else text.find("-->", opening.end()) + 3
        end = len(text) if (end < 3 or opening[1]) and not closing else end
        parts += [text[done : opening.start()], "\n" * text.count("\n", opening.start(), end)]
        done = end
    return "".join([*parts, text[done:]])


def front_matter_title(text: str) -> str:
    """Give the titles that a page's front matter names; its date is that of publishing."""
    found = _FRONT_MATTER.match(text)
    return " ".join(m[1] for m in _TITLE.finditer(found[2] or "")) if found else ""


def draft(text: str) -> bool:
    """Tell whether a page's front matter says that it is not to be shown."""
    found = _FRONT_MATTER.match(text)
    return found is not None and _DRAFT.search(found[2] or "") is not None


def without_front_matter(text: str) -> str:
    """Take out the front matter, and keep the lines where they are."""
    return _FRONT_MATTER.sub(lambda m: "\n" * m[0].count("\n"), text)


def lines(text: str) -> list[Line]:
    """Number the lines of a text; what a site generator puts in for a shortcode is left out."""
    text = _REFERENCE.sub(_character, _SHORTCODE.sub(_meant, text))
    return [Line(text=line, number=number) for number, line in enumerate(text.split("\n"), 1)]


def _character(reference: re.Match[str]) -> str:
    """Give the character that a reference stands for, unless it could be a mark of Markdown or HTML.

    Such signs stay as they are until the words of a line are asked for: ``&lt;b&gt;`` is text and
    never an element. Control characters stay too, and names that HTML does not know.
    """
    named = not reference[0].startswith("&#")
    found = html5.get(reference[0][1:], "") if named else html.unescape(reference[0])
    if found.isspace():
        return " "
    return found if found.isprintable() and found not in _SIGNS and found else reference[0]


def _meant(shortcode: re.Match[str]) -> str:
    """Give the address of a video that is embedded by its id."""
    video = re.search(r"[\w-]{11}", shortcode[2]) if shortcode[1] == "youtube" else None
    return f"https://www.youtube.com/watch?v={video[0]}" if video else ""


def sections(page: Sequence[Line]) -> Iterator[Section]:
    """Cut a page at its headings; what is fenced is no heading."""
    above: list[tuple[int, str]] = []
    section = Section(level=0, heading="", line=0, above=())
    fence = ""
    for line in _with_hash_headings(page):
        mark = line.text.lstrip()[:3]
        if mark in {"```", "~~~"} and (not fence or mark == fence):
            fence = "" if fence else mark
        heading = _HEADING.fullmatch(line.text) if not fence else None
        if heading is None:
            section.lines.append(line)
            continue
        yield section
        level = len(heading[1])
        above = [h for h in above if h[0] < level]
        section = Section(
            level=level,
            heading=_ATTRIBUTES.sub("", heading[2].rstrip().rstrip("#").strip()),
            line=line.number,
            above=tuple(h[1] for h in above),
        )
        above.append((level, section.heading))
    yield section


def _with_hash_headings(page: Sequence[Line]) -> Iterator[Line]:
    """Write underlined headings like the others; a rule or a table's second line is none."""
    previous: Line | None = None
    before = ""
    for line in page:
        if previous is None:
            previous = line
            continue
        if (
            _UNDERLINE.fullmatch(line.text)
            and not _NO_TITLE.match(previous.text)
            and "|" not in previous.text
            and not before.strip()
        ):
            level = "#" if "=" in line.text else "##"
            yield Line(text=f"{level} {previous.text.strip()}", number=previous.number)
            before, previous = "", Line(text="", number=line.number)
            continue
        yield previous
        before, previous = previous.text, line
    if previous is not None:
        yield previous


def struck(text: str) -> bool:
    """Tell whether something is struck through."""
    return _STRUCK.search(text) is not None


def struck_words(text: str) -> str:
    """Give what is struck through."""
    return " ".join(m[1] or m[3] for m in _STRUCK.finditer(text))


def without_struck(text: str) -> str:
    """Take out what is struck through."""
    return _STRUCK.sub(" ", text)


def plain(text: str) -> str:
    """Give the words of a line of Markdown: no marks, links as their text, no tags."""
    return " ".join(text.split()) if _IS_PLAIN.fullmatch(text) else _plain(text)


@lru_cache(maxsize=512)  # an entry asks many times for the words of its few lines
def _plain(text: str) -> str:
    text = _LOOSE_LINK.sub(r"\1", LINK.sub(r"\1", _IMAGE.sub("", text)))
    text = html.unescape(_TAG.sub(" ", _INLINE.sub("", text))).replace("\\|", "|").replace("~~", "")
    text = without_emphasis(without_emphasis(text))
    return " ".join(_ESCAPED.sub(r"\1", _MARK.sub("", text)).split())


def paragraphs(page: Iterable[Line]) -> Iterator[list[Line]]:
    """Give the lines that stand together."""
    together: list[Line] = []
    for line in page:
        if line.text.strip():
            together.append(line)
        elif together:
            yield together
            together = []
    if together:
        yield together
