"""The links of a text, and which of them lead to a talk while it is on."""

import re
from collections.abc import Callable
from typing import Final

from announcer.source import clean
from announcer.source.markdown import LINK
from announcer.talks import Link

URL: Final = re.compile(r"https?://[^\s<>\"'|\\)\]}]+")
PLAYER: Final = re.compile(
    r"<(?:iframe|video|embed)\b[^<>]{0,1000}?\bsrc\s{0,9}=\s{0,9}[\"']?([^\"'\s<>]{1,2000}+)[^<>]{0,1000}+>"
    r"(?:\s{0,99}</(?:iframe|video|embed)\s{0,9}>)?",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    r"(?<![(\[<\"'=\w])https?://[^\s<>)\]\"'|\\}]+|(?<=<)https?://[^\s<>]+(?=>)"
)
_VIDEO: Final = re.compile(
    r"https?://(?:www\.|m\.)?(?:youtube(?:-nocookie)?\.com/(?:watch\?(?:\S{0,500}&)?v=|embed/|live/)|youtu\.be/)([\w-]{11})\S*"
)
_STREAM: Final = re.compile(
    r"https?://(?:(?:player\.)?vimeo\.com/(?:video/)?\d+|(?:www\.)?twitch\.tv/\w+|"
    r"(?:[\w-]{1,63}\.){0,8}zoom\.(?:us|com)/(?:[jws]|my)/|meet\.google\.com/|teams\.(?:microsoft|live)\.com/|"
    r"(?:[\w-]+\.)?webex\.com/|(?:[\w-]{1,63}\.){0,8}(?:bbb|bigbluebutton|jitsi|meet)[\w.-]{0,200}/)\S*"
)


def watched(url: str) -> str:
    """Give the address at which people watch what a page embeds."""
    return _VIDEO.sub(r"https://www.youtube.com/watch?v=\1", url)


def is_stream(url: str) -> bool:
    """Tell whether an address is one of a known service for video."""
    return bool(_VIDEO.match(url) or _STREAM.match(url))


def first_url(text: str | None) -> str | None:
    """Give the first address that a text holds."""
    found = URL.search(text or "")
    return watched(found[0].rstrip(".,;")) if found else None


def links(text: str, absolute: Callable[[str], str | None] = lambda url: url) -> tuple[Link, ...]:
    """Give the links of a Markdown text, in its order, each once; ``absolute`` completes them."""
    found = [(m.start(), m[1], m[2]) for m in LINK.finditer(text)]
    found += [(m.start(), "Video", m[1]) for m in PLAYER.finditer(text)]
    found += [(m.start(), m[0], m[0].rstrip(".,;")) for m in _BARE.finditer(text)]
    known: dict[str, Link] = {}
    for _, words, target in sorted(found):
        url = absolute(target)
        if url is not None and url.startswith(("http://", "https://")):
            url = watched(url)
            known.setdefault(url, Link(text=clean.repaired(words), url=url))
    return tuple(known.values())
