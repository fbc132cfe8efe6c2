"""Takes the marks of emphasis off a text, in one pass over it.

A pattern would look for the other mark of a pair behind each mark, up to a thousand characters on.
"""

import re
from bisect import bisect_left
from typing import Final

_MARKS: Final = (
    "***",
    "**",
    "__",
    "*",
    "_",
    "`",
)  # in pairs first: the star of "C*-algebras" is its own
_LONGEST: Final = 1000
_OPENING: Final = re.compile(r"(?<![\w\\$*])[*_`]")
_CLOSING: Final = re.compile(r"(?<=[^\s\\])[*_`]")
_LINE_END: Final = re.compile(r"\n")


def without_emphasis(text: str) -> str:
    """Return a text without the marks around what is emphasised; a mark without its other half stays."""
    closing = _closing(text)
    if not any(closing.values()):
        return text
    line_ends = [end.start() for end in _LINE_END.finditer(text)]
    parts: list[str] = []
    done = 0
    for opening in _OPENING.finditer(text):
        at = opening.start()
        if at < done or (pair := _pair(text, at, closing, line_ends)) is None:
            continue
        mark, end = pair
        parts += [text[done:at], text[at + len(mark) : end]]
        done = end + len(mark)
    return "".join([*parts, text[done:]])


def _closing(text: str) -> dict[str, list[int]]:
    """Return where each mark may end an emphasis."""
    found: dict[str, list[int]] = {mark: [] for mark in _MARKS}
    for place in _CLOSING.finditer(text):
        at = place.start()
        for mark in _MARKS:
            behind = text[at + len(mark) : at + len(mark) + 1]
            if text.startswith(mark, at) and not (behind.isalnum() or behind in {"_", "$", "*"}):
                found[mark].append(at)
    return found


def _pair(
    text: str, at: int, closing: dict[str, list[int]], line_ends: list[int]
) -> tuple[str, int] | None:
    """Return the longest mark that stands at a place and is closed in its line, and where it is."""
    for mark in _MARKS:
        begin = at + len(mark)
        if not text.startswith(mark, at) or not text[begin : begin + 1].strip():
            continue
        places = closing[mark]
        number = bisect_left(places, begin + 1)
        if number < len(places) and places[number] - begin <= _LONGEST:
            end = bisect_left(line_ends, begin)
            if end == len(line_ends) or places[number] < line_ends[end]:
                return mark, places[number]
    return None
