"""Whether two entries of one day may be one talk, written twice."""

import re
from typing import Final

from announcer.talks import Talk

_PART: Final = re.compile(r"(?i)\b(?:part|teil|partie|parte|deel|część)\b|\b[IVX]+\b|\d")
_WORD: Final = re.compile(r"\w+")


def key(text: str) -> str:
    """Give what stays the same of a title or a name however it is written."""
    return " ".join(_words(text))


def same_talk(one: Talk, other: Talk) -> bool:
    """Tell whether two entries of one day look like one talk: equal, or one goes on after the other."""
    if one.title is None or other.title is None:
        return bool({key(n) for n in one.speakers} & {key(n) for n in other.speakers})
    first, second = _words(one.title), _words(other.title)
    if parts(one.title) != parts(other.title):
        return False
    shorter, longer = sorted((first, second), key=len)
    return bool(shorter) and longer[: len(shorter)] == shorter


def same_speakers(one: Talk, other: Talk) -> bool:
    """Tell whether two entries name the same people: "A. Kovács" may be "Ada Kovács"."""
    if len(one.speakers) != len(other.speakers):
        return False
    return all(_same_name(a, b) for a, b in zip(one.speakers, other.speakers, strict=True))


def _same_name(one: str, other: str) -> bool:
    first, second = _words(one), _words(other)
    if first == second:
        return True
    if not first or not second or first[-1] != second[-1] or len(first) != len(second):
        return False
    pairs = zip(first, second, strict=True)
    return all(a == b or (min(len(a), len(b)) == 1 and a[0] == b[0]) for a, b in pairs)


def parts(title: str) -> list[str]:
    """Give what numbers the parts of a talk: "Part II", "2"."""
    return [part.lower() for part in _PART.findall(title)]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.replace("&", " and ").casefold())
