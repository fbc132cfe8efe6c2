"""The relative links of a page, made absolute: a mail is read elsewhere."""

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

from announcer.talks import Reading

# "](slides.pdf", href="slides.pdf", and "[1]: slides.pdf" on a line of its own.
_TARGET: Final = re.compile(
    r"(\]\(\s{0,9}<?|\bhref\s{0,9}=\s{0,9}[\"']?|^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]{0,9}<?)([^\s()\"'<>]{1,2000})",
    re.IGNORECASE | re.MULTILINE,
)
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def with_absolute_links(reading: Reading, base: str | None) -> Reading:
    """Return a reading whose abstracts lead to where the page leads; ``base`` is its address."""
    if base is None:
        return reading
    talks = tuple(
        replace(talk, abstract=absolute(talk.abstract, base)) if talk.abstract else talk
        for talk in reading.talks
    )
    return replace(reading, talks=talks)


def absolute(markdown: str, base: str) -> str:
    """Return Markdown with its relative links completed by the address of its page."""
    return _TARGET.sub(lambda found: found[1] + _joined(base, found[2]), markdown)


def _joined(base: str, target: str) -> str:
    if _SCHEME.match(target):
        return target
    try:
        return urljoin(base, target)
    except ValueError:
        return target
