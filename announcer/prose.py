"""The Markdown of a talk as safe HTML, and as plain text of short lines."""

import html
import re
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

WIDTH: Final = 72
_PLAYER: Final = re.compile(
    r"<(iframe|video|embed|audio)\b[^>]*?\bsrc\s*=\s*[\"']?(https?://[^\"'\s>]+)[^>]*>(?:.{0,500}?</\1\s*>)?",
    re.IGNORECASE | re.DOTALL,
)
_TAGS: Final = {
    "p", "a", "em", "strong", "ul", "ol", "li", "br", "code", "pre", "blockquote", "h4", "sub",
    "sup", "hr",
}  # fmt: skip
_LONGEST_WORD: Final = 900


def one_line(text: str, most: int = 400) -> str:
    """Give one line of what a header may carry (mail.md A8.1: also against encoded words)."""
    shown = "".join(
        " " if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" else c for c in text
    )
    shown = shown.encode("utf-8", "ignore").decode()
    return " ".join(shown.replace("=?", "= ?").split())[:most].rstrip()


def shortened(markdown: str, longest: int) -> tuple[str, bool]:
    """Cut a text that is too long after a paragraph, or at least after a word."""
    if len(markdown) <= longest:
        return markdown, False
    head = markdown[:longest]
    # A place too near to the start would lose what there is room for, as with one endless word.
    places = (head.rfind(end) for end in ("\n\n", " "))
    cut = next((place for place in places if place > longest // 4), longest)
    return head[:cut].rstrip() + " …", True


def to_html(markdown: str) -> str:
    """Give the text as HTML in which nothing can run, load or leave its place."""
    import nh3  # noqa: PLC0415 - only who composes pays for it

    rendered = _parser().render(_prepared(markdown))
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    ).strip()


def to_text(markdown: str) -> str:
    """Give the text in lines of at most 72 characters, with each link on a line of its own."""
    blocks: list[str] = []
    prefix = ""
    for token in _parser().parse(_prepared(markdown)):
        if token.type == "list_item_open":
            prefix = "* "
        elif token.type == "inline":
            blocks.append(_block(token, prefix))
            prefix = "  " if prefix else ""
        elif token.type.endswith("list_close"):
            prefix = ""
        elif token.type in {"fence", "code_block"}:
            blocks.append("\n".join(_wrapped(token.content, "    ")))
    return "\n\n".join(filter(None, blocks))


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only who composes pays for it

    return MarkdownIt("commonmark", {"html": True, "breaks": False})


def _prepared(markdown: str) -> str:
    """Let players leave their link, and keep words short enough for any mail."""
    linked = _PLAYER.sub(lambda m: f"\n\n[{_shown(m[2])}]({m[2]})\n\n", markdown)
    return re.sub(rf"\S{{{_LONGEST_WORD}}}", lambda m: m[0] + " ", linked)


def _shown(url: str) -> str:
    return url.partition("://")[2].rstrip("/")[:60].replace("[", "").replace("]", "")


def _block(token: "Token", prefix: str) -> str:
    words: list[str] = []
    links: list[str] = []
    for child in token.children or ():
        if child.type in {"text", "code_inline"}:
            words.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            words.append(" " if child.type == "softbreak" else "\n")
        elif child.type == "link_open":
            links.append(str(child.attrGet("href") or ""))
            if words and words[-1][-1:].isalnum():
                words.append(" ")  # organisers leave no blank before the next link
        elif child.type == "image":
            words.append(child.content)
        elif child.type == "html_inline" and child.content.lower().startswith("<br"):
            words.append("\n")
    lines = _wrapped(html.unescape("".join(words)), prefix)
    lines += [f"  {url}" for url in links if url.startswith(("http://", "https://", "mailto:"))]
    return "\n".join(lines)


def _wrapped(text: str, prefix: str) -> list[str]:
    follow = " " * len(prefix)
    lines: list[str] = []
    for paragraph in text.splitlines():
        first = prefix if not lines else follow
        lines += wrap(
            paragraph, WIDTH, initial_indent=first, subsequent_indent=follow, break_on_hyphens=False
        )
    return lines
