"""Clean what a source says while it is read: mend its encoding, then clean it as values do."""

import re
from typing import Final

from announcer import cleaning

_ODD_RUN: Final = re.compile(r"[\x80-\U0010ffff]{2,}")


def text(raw: str) -> str:
    """Return a text of several lines."""
    # What is repaired may turn out to be a line separator, so that it comes first.
    return cleaning.text(repaired(raw))


def line(raw: str) -> str:
    """Return a fact of one line."""
    return cleaning.line(repaired(raw))


def name(raw: str) -> str:
    """Return an identifier."""
    return cleaning.name(repaired(raw))


def repaired(raw: str) -> str:
    """Repair UTF-8 that was read as Windows-1252 or Latin-1, as in "SÃ¸nderby".

    Only runs that decode as a whole are touched: real text hardly ever does.
    """
    return _ODD_RUN.sub(lambda run: _decoded(run[0]), raw)


def _decoded(run: str) -> str:
    try:
        octets = b"".join(_octet(character) for character in run)
        return octets.decode("utf-8")
    except ValueError:
        return run


def _octet(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
