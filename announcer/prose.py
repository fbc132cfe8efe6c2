"""What a talk says of itself, in Markdown and in a line, as safe HTML and as one line of text."""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Final

from announcer import formulas
from announcer.cleaning import cut
from announcer.plain import in_line

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_PLAYER: Final = re.compile(
    r"<(iframe|video|embed|audio|source)\b[^<>]{0,1000}?\bsrc\s{0,9}=\s{0,9}[\"']?(https?://[^\"'\s<>]{1,2000}+)"
    r"[^<>]{0,1000}+>(?:(?:[^<]{1,500}+|<(?!/\1)){0,20}+</\1\s{0,9}>)?",
    re.IGNORECASE | re.DOTALL,
)
_TAGS: Final = {
    "p", "a", "em", "strong", "i", "b", "u", "s", "del", "ul", "ol", "li", "br", "code", "pre",
    "blockquote", "div", "h4", "sub", "sup", "hr", "table", "thead", "tbody", "tr", "th", "td",
    "dl", "dt", "dd",
}  # fmt: skip
# An element without attributes that have values.
_COMPARES: Final = re.compile(r"<([a-z]\w*)((?:\s+[\w.,()]+)*)\s*>", re.IGNORECASE)
_ELEMENTS: Final = _TAGS | {
    "abbr", "address", "article", "aside", "big", "button", "caption", "center", "cite", "col", "details",
    "dfn", "dir", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h5", "h6", "head",
    "header", "html", "body", "img", "input", "ins", "kbd", "label", "main", "mark", "math", "nav",
    "noscript", "option", "picture", "q", "rp", "rt", "ruby", "samp", "script", "section", "select",
    "small", "source", "span", "strike", "style", "summary", "svg", "template", "textarea", "tfoot",
    "time", "title", "tt", "var", "video", "audio", "iframe", "embed", "object", "wbr",
}  # fmt: skip
_SWITCHES: Final = frozenset(
    {"open", "controls", "reversed", "noshade", "hidden", "allowfullscreen"}
)
_LONGEST_WORD: Final = 900
_ENDLESS: Final = re.compile(rf"\S{{{_LONGEST_WORD},}}")
_LONGEST_SHOWN: Final = 60  # of an address that is shown as the words of a link
# Hebrew, Arabic and their kin, which are written from the right.
_FROM_THE_RIGHT: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_OPENED: Final = re.compile(r"<(p|li|h4|div|blockquote|dt|dd|td|th)>")
# What a mail shows as any other block, and headings, of which those of the mail must stand out.
_HEADING: Final = re.compile(r"<(/?)h[1-6]\b[^<>]*+>", re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"<(/?)(?:section|article|details|summary|figure|figcaption|center|main|aside|header|footer|address)\b[^<>]*+>",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(
    r"<img\b[^<>]{0,2000}?\balt\s{0,9}=\s{0,9}[\"']([^\"'<>]{0,2000}+)[\"'][^<>]*+>", re.IGNORECASE
)
_EMPTY_LINK: Final = re.compile(r'(<a href="([^"]*)">)\s*</a>')
# A place of a page that its reader's mail program knows nothing of.
_RELATIVE: Final = re.compile(
    r'<a(?: href="(?!https?:|mailto:)[^"]*")?>(.*?)</a>', re.IGNORECASE | re.DOTALL
)
_GLUED: Final = re.compile(r"(?<=[^\W_])(?=<a )|(?<=</a>)(?=<a )")


def one_line(text: str, most: int = 400) -> str:
    """Give one line of what a header may carry (mail.md A8.1: also against encoded words)."""
    shown = "".join(
        " " if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" else c for c in text
    )
    shown = shown.encode("utf-8", "ignore").decode()
    return cut(" ".join(shown.replace("=?", "= ?").split()), most)


def spoken(title: str) -> str:
    """Give a title, or whatever else is one line, with its formulas as letters and signs."""
    if "$" not in title and "\\" not in title:
        return title
    return in_line(formulas.shown(title))


def titled(title: str) -> str:
    """Give a title as the line that a mail says."""
    return one_line(spoken(title))


def to_html(markdown: str) -> str:
    """Give the text as HTML in which nothing can run, load or leave its place."""
    import nh3  # noqa: PLC0415 - only who composes pays for it

    rendered = _parser().render(_prepared(markdown))
    rendered = _IMAGE.sub(r"\1", rendered)
    rendered = _BLOCK.sub(r"<\1div>", _HEADING.sub(r"<\1h4>", rendered))
    clean = nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    # Organisers leave no blank between links, and link pictures that a mail does not show.
    clean = _RELATIVE.sub(r"\1", clean)
    named = _EMPTY_LINK.sub(
        lambda m: "" if clean.count(m[1]) > 1 else f"{m[1]}{_shown(m[2])}</a>", clean
    )
    shown = _GLUED.sub(" ", named).strip()
    # Each part by its own first letter, as a reader's program else takes the page's direction.
    return _OPENED.sub(r'<\1 dir="auto">', shown) if _FROM_THE_RIGHT.search(shown) else shown


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only who composes pays for it

    parser = MarkdownIt("commonmark", {"html": True, "breaks": False})
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.add_render_rule("formula", _signs)
    parser.add_render_rule("image", _picture)
    parser.add_render_rule("html_inline", _tag)
    return parser


def _formula(state: "StateInline", silent: bool) -> bool:  # noqa: FBT001 - as the parser calls it
    """Take a formula as it is, before its signs are taken for emphasis."""
    found = formulas.DOLLARS.match(state.src, state.pos) if state.src[state.pos] == "$" else None
    if found is None:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.markup = found["apart"] or found["inline"], found[0]
    state.pos = found.end()
    return True


def _signs(
    _renderer: object, tokens: Sequence["Token"], at: int, _options: object, _env: object
) -> str:
    shown = formulas.to_html(tokens[at].content)
    return shown if shown is not None else escape(tokens[at].markup)


def _tag(
    _renderer: object, tokens: Sequence["Token"], at: int, _options: object, _env: object
) -> str:
    """Keep what only looks like an element: "a<b and c>d" compares, and so does "x<y>z"."""
    tag = tokens[at].content
    name = _COMPARES.fullmatch(tag)
    if name is None or (name[1].lower() in _ELEMENTS and set(name[2].lower().split()) <= _SWITCHES):
        return tag
    return escape(tag)


def _picture(
    _renderer: object, tokens: Sequence["Token"], at: int, _options: object, _env: object
) -> str:
    return escape(tokens[at].content)


def _prepared(markdown: str) -> str:
    """Let players leave their link, and keep words short enough for any mail."""
    linked = _PLAYER.sub(lambda m: f"\n\n[{_shown(m[2])}]({m[2]})\n\n", markdown)
    return _ENDLESS.sub(lambda m: _broken_up(m[0]), formulas.marked(linked))


def _broken_up(word: str) -> str:
    if "://" in word:
        return word  # as it is an address, or holds one
    return re.sub(rf"\S{{{_LONGEST_WORD}}}", lambda m: m[0] + " ", word)


def _shown(url: str) -> str:
    """Give the words for a link that has none: its address, or where that is long its site."""
    bare = url.partition("://")[2].rstrip("/") or url
    short = bare if len(bare) <= _LONGEST_SHOWN else f"{bare.partition('/')[0]}/…"
    return short.replace("[", "").replace("]", "")
