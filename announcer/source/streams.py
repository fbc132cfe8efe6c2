"""Where a talk can be followed while it is on: its player, what is labelled so, a known service.

Where two links could be it, none is told: readers who wait in the wrong room come too late.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from announcer.source.known import stream_label
from announcer.source.links import PLAYER, is_stream, links, watched
from announcer.source.markdown import plain
from announcer.talks import Link

# What is embedded and shows no talk.
_NO_PLAYER: Final = re.compile(
    r"(?i)//(?:[\w-]+\.)*(?:google\.[\w.]+/(?:maps|calendar|forms)|maps\.google|calendar\.google|docs\.google|openstreetmap|bing\.com/maps|"
    r"twitter|x\.com|facebook|instagram|eventbrite|slideshare|speakerdeck|airtable)"
)
# A link that leads to what was, or to the paper.
_OF_ANOTHER: Final = re.compile(
    r"(?i)\b(?:recording|recorded|replay|previous|last (?:week|time|talk)|past|earlier|trailer|slides|paper|channel|playlist|"
    r"aufzeichnung|mitschnitt|letzte\w*|folien|kanal|enregistrement|rediffusion|précédente?|diapositives|chaîne)s?\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The address that was found, and those between which none could be chosen."""

    url: str | None = None
    several: tuple[str, ...] = ()

    @property
    def warning(self) -> str:
        """Say between which links none could be chosen; empty where one was, or there is none."""
        if not self.several:
            return ""
        shown = " and ".join(self.several[:2])
        return f'two links could be its stream, {shown}, so none is told; label one "Stream:"'


def stream(
    lines: Iterable[str],
    column: str | None,
    absolute: Callable[[str], str | None] = lambda url: url,
) -> Stream:
    """Find the stream of a talk ahead.

    Args:
        lines: what stands of the talk, in Markdown.
        column: what stands where its stream is asked for.
        absolute: completes a link; None where it leads nowhere.
    """
    text = list(lines)
    labelled = [value for line in text if (value := stream_label(line)) is not None]
    whole = "\n".join(text)
    told = [*([column] if column else []), *labelled]
    for found in (
        _players(whole, absolute),
        (link.url for value in told for link in links(value, absolute)),
        (link.url for line in text for link in links(line, absolute) if _shows_it(link, line)),
    ):
        urls = tuple(dict.fromkeys(found))
        if urls:
            return Stream(url=urls[0]) if len(urls) == 1 else Stream(several=urls)
    return Stream()


def _players(text: str, absolute: Callable[[str], str | None]) -> Iterator[str]:
    urls = [watched(url) for found in PLAYER.finditer(text) if (url := absolute(found[1]))]
    known = [url for url in urls if is_stream(url)]
    yield from known or (url for url in urls if not _NO_PLAYER.search(url))


def _shows_it(link: Link, line: str) -> bool:
    if not is_stream(link.url):
        return False
    before = (
        plain(line).partition(plain(link.text))[0][-40:] if link.text != link.url else line[:40]
    )
    return not _OF_ANOTHER.search(f"{before} {link.text}")
