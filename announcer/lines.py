"""A text in the lines of a plain mail: wrapped with every address whole, and cut where it is long."""

import re
import unicodedata
from itertools import pairwise
from typing import Final

_NARROWEST: Final = 24  # however deep lists and quotations are
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")  # all at which a line may be broken
_ADDRESS: Final = re.compile(r"://|mailto:|www\.", re.IGNORECASE)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])[\"'”“’»)*_]*(?=\s)")
_WORD: Final = re.compile(r"\s")
_LAST_WORD: Final = re.compile(r"\S+$")
# Han, kana, and the signs and full-width letters that go with them. Korean has blanks.
_SCRIPTS: Final = "\u2e80-\u2fdf\u3000-\u30ff\u31f0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_IDEOGRAPH: Final = re.compile(f"[{_SCRIPTS}]")
_GAP: Final = re.compile(rf"(?<=[{_SCRIPTS}])\s+|\s+(?=[{_SCRIPTS}])")
_OPENING: Final = frozenset("([{「『【〔《〈（［｛“‘")
_CLOSING: Final = frozenset(
    ")]},.;:!?、。，．・：；？！」』】〕》〉）］｝”’ー々…ゝゞっゃゅょぁぃぅぇぉッャュョァィゥェォ"
)


def hang(text: str, indent: int, width: int, *, whole: bool = False) -> str:
    """Wrap a text whose first line follows on a label of ``indent`` characters.

    An address that is longer than a line stands on one of its own; no other word may be, unless
    ``whole`` says that what cannot be found again in pieces may, too: the path of a file.
    """
    blank = " " * indent
    return "\n".join(wrapped(text, width, blank, blank, whole=whole))[indent:]


def wrapped(
    text: str, width: int, first: str = "", follow: str = "", *, whole: bool = False
) -> list[str]:
    """Wrap one paragraph by columns; a word that is longer than a line is broken, an address never.

    Chinese and Japanese, which have no blanks, are broken between characters.
    """
    room = max(width - len(follow), _NARROWEST)
    most = max(width, len(follow) + _NARROWEST)
    lines: list[str] = []
    line, empty = first, True
    for word in _BLANKS.split(text.strip()):
        parts = [word] if whole or _ADDRESS.search(word) else _parts(word, room)
        for number, part in enumerate(parts):
            blank = " " if number == 0 and not empty else ""
            if not empty and columns(line) + len(blank) + columns(part) > most:
                lines.append(line)
                line, blank = follow, ""
            line, empty = f"{line}{blank}{part}", not (part or not empty)
    return lines if empty else [*lines, line]


def columns(text: str) -> int:
    """Return how many columns a text takes up where every letter is as wide as another."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(character) for character in text)


def _columns_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def joined(text: str) -> str:
    """Return a text as it was before it was wrapped: one line, no blank beside Chinese or Japanese."""
    return _GAP.sub("", " ".join(text.split()))


def _parts(word: str, room: int) -> list[str]:
    """Return what must stay together of a word: mostly all of it."""
    if not _IDEOGRAPH.search(word):
        return pieces(word, room)
    parts = [word[0]]
    for before, character in pairwise(word):
        if _may_part(before, character):
            parts.append(character)
        else:
            parts[-1] += character
    return [piece for part in parts for piece in pieces(part, room)]


def _may_part(before: str, after: str) -> bool:
    """Return whether a line may end between two characters: at one of these scripts, not at a sign."""
    if not (_IDEOGRAPH.match(before) or _IDEOGRAPH.match(after)):
        return False
    signs = after in _CLOSING or before in _OPENING or _columns_of(after) == 0
    return not signs and not (before.isdigit() or after.isdigit())


def pieces(word: str, room: int) -> list[str]:
    """Cut what no line can hold."""
    if columns(word) <= room:
        return [word]
    found, width = [""], 0
    for character in word:
        wide = _columns_of(character)
        if width + wide > room:
            found.append("")
            width = 0
        found[-1] += character
        width += wide
    return found


def shortened(markdown: str, longest: int) -> tuple[str, bool]:
    """Cut a text that is too long after a paragraph, else a sentence, else a word; say whether."""
    if len(markdown) <= longest:
        return markdown, False
    head = markdown[:longest]
    # An end too near to the start would lose what there is room for, as with one endless word.
    for end, least, mark in ((_PARAGRAPH, 2, "\n\n…"), (_SENTENCE, 2, " …"), (_WORD, 4, " …")):
        *_, place = (0, *(found.end() for found in end.finditer(head)))
        if place > longest // least:
            return head[:place].rstrip() + mark, True
    last = _LAST_WORD.search(head)
    if last and _ADDRESS.search(last[0]):
        head = head[: last.start()].rstrip()  # half an address leads nowhere
    return head + " …", True
