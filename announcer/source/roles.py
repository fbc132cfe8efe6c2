"""Who speaks and about what, where a line names both and labels neither."""

import re
from collections.abc import Iterable
from typing import Final

from announcer.source.markdown import LINK, plain
from announcer.source.people import EDGES, PLACE_WORD, nameish, split, without_affiliation

_DASH: Final = re.compile(r"\s+[-–—|]+\s+|\s*(?<!\bhttps)(?<!\bhttp):\s+|\s+:\s*|\s*—\s*")
_BY: Final = re.compile(r"\s*,?\s+(?:by|von|par|presented by)\s+", re.IGNORECASE)
_INTRODUCED: Final = re.compile(
    r"^(?:(?:guest |invited )?(?:talk|lecture|presentation) by|(?:gast)?vortrag von|exposé (?:de|par))\s+(?=\S)",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"«([^»\n]{1,1000}+)»|“([^”\"\n]{1,1000}+)[”\"]|„([^“”\"\n]{1,1000}+)[“”\"]|"
    r"(?<!\w)\"((?:[^\"\n]{1,300}+|\"(?=\w)){1,30}+)\"(?!\w)|‘((?:[^’\n]{1,300}+|’(?=\w)){1,30}+)’(?!\w)"
)
_MARKED: Final = re.compile(r"(?<![\w*_])(\*\*|__|\*|_)(?=\S)(.{1,300}?)(?<=\S)\1(?![\w*_])")
# "Nets and knots (Ada Kovács) [paper]"
_BEHIND: Final = re.compile(
    r"\((?-i:mit |with |by |von |avec |par )?([^()]{5,60})\)\s*(?:[\[(]+[\w ]{2,20}[\])]+\s*){0,3}$",
    re.IGNORECASE,
)

Parted = tuple[str | None, str | None]  # title, speakers


def parted(text: str, *, speaker_first: bool | None = None) -> Parted:
    """Tell the title from the speakers; what cannot be told is all title."""
    text = _INTRODUCED.sub("", text.strip(EDGES))
    told = _by_marks(text)
    return told if told is not None else _separated(text, speaker_first=speaker_first)


def marked(text: str) -> Parted | None:
    """Tell them apart only where quotes, emphasis, a link or "by" do; None where nothing does."""
    text = text.strip(EDGES)
    return _by_marks(text) or _by_word(plain(text))


def _by_marks(text: str) -> Parted | None:
    for pattern in (_QUOTED, _MARKED, LINK):
        match = pattern.search(text)
        if match is None:
            continue
        inner = next((g for g in match.groups()[(pattern is _MARKED) :] if g), "")
        inner = match[1] if pattern is LINK else inner
        rest = (text[: match.start()] + " " + text[match.end() :]).strip(EDGES + ".")
        told = _told(inner, rest, text[match.end() :], quoted=pattern is _QUOTED)
        if told is not None:
            return told
    return None


def _by_word(bare: str) -> Parted | None:
    by = split(bare, _BY)
    return (by[0].strip(EDGES), by[1]) if len(by) == 2 and nameish(by[1], whole=True) else None


def _told(inner: str, rest: str, after: str, *, quoted: bool) -> Parted | None:
    rest = re.sub(r"^(?:by|von|par|with|presented by)\s+", "", plain(rest), flags=re.IGNORECASE)
    if quoted:
        rest = rest if nameish(rest) else without_affiliation(re.sub(r"\([^()]*\)", " ", rest))
        return (inner, rest) if nameish(rest) else None
    if not rest:
        return None
    colon = bool(re.match(r"\s*(?:\([^)]*\)\s*)?[:–—-]", after))
    if (nameish(rest, whole=True) or _first_is_name(rest)) and not nameish(inner, whole=True):
        return inner, rest
    if nameish(inner) and (not nameish(rest) or colon):
        return re.sub(r"^\s*\([^()]*\)\s*[:–—-]?\s*", "", rest), inner  # where they come from
    if nameish(rest) or _first_is_name(rest):
        return inner, rest
    return None


def _first_is_name(rest: str) -> bool:
    head, comma, _ = rest.partition(",")
    return bool(comma) and nameish(head, whole=True)


def _separated(text: str, *, speaker_first: bool | None) -> Parted:
    bare = plain(text)
    pieces = split(bare, _DASH)
    if len(pieces) > 1:
        first, last = pieces[0], pieces[-1]
        is_first, is_last = nameish(first), nameish(last)
        whole = nameish(first, whole=True), nameish(last, whole=True)
        if whole[0] != whole[1]:  # "Engines - Ada Lovelace": one word may be a title
            is_first, is_last = whole
        if is_first and (not is_last or speaker_first is not False):
            return bare[len(first) :].strip(EDGES), first
        if is_last and nameish(last, whole=True):
            return bare[: len(bare) - len(last)].strip(EDGES), last
    by_word = _by_word(bare)
    if by_word is not None:
        return by_word
    head, comma, tail = bare.partition(",")
    if comma and nameish(head, whole=True) and not nameish(tail) and not PLACE_WORD.search(tail):
        return tail.strip(EDGES), head
    behind = _BEHIND.search(bare)
    if behind and nameish(behind[1], whole=True) and not PLACE_WORD.search(behind[1]):
        title = bare[: behind.start()].strip(EDGES)
        if len(title.split()) > 1 and not nameish(title, whole=True):
            return title, behind[1]
    return text, None


def leaning(texts: Iterable[str]) -> bool | None:
    """Tell from all entries of a page whether the speaker stands first, where one cannot."""
    votes = 0
    for text in texts:
        pieces = split(plain(text), _DASH)
        if len(pieces) > 1:
            votes += nameish(pieces[0], whole=True) - nameish(pieces[-1], whole=True)
    return None if votes == 0 else votes > 0
