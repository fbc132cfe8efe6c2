"""A text in the lines of a plain mail: wrapped with every address whole, and cut where it is long."""

import re
from textwrap import wrap
from typing import Final

_NARROWEST: Final = 24  # however deep lists and quotations are
_BLANKS: Final = re.compile(r"[ \t\r\n\f\v]+")  # all at which a line may be broken
_ADDRESS: Final = re.compile(r"://|mailto:|www\.", re.IGNORECASE)
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])[\"'”“’»)*_]*(?=\s)")
_WORD: Final = re.compile(r"\s")


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
    """Wrap one paragraph; a word that is longer than a line is broken, an address never."""
    room = max(width - len(follow), _NARROWEST)
    words = (
        piece
        for word in _BLANKS.split(text.strip())
        for piece in ([word] if whole or _ADDRESS.search(word) else pieces(word, room))
    )
    return wrap(
        " ".join(words),
        max(width, len(follow) + _NARROWEST),
        initial_indent=first,
        subsequent_indent=follow,
        break_on_hyphens=False,
        break_long_words=False,
    )


def pieces(word: str, room: int) -> list[str]:
    """Cut what no line can hold."""
    return [word[start : start + room] for start in range(0, len(word), room)]


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
    return head + " …", True
