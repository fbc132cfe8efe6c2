"""Every fact is cleaned once, where it comes in: what is read later is text and nothing else."""

import re
import unicodedata
from typing import Final

LONGEST_LINE: Final = 300
LONGEST_TEXT: Final = 100_000

# Controls, lone surrogates, bidi overrides and isolates, line and paragraph separators.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_ODD_RUN: Final = re.compile(r"[\x80-\U0010ffff]{2,}")


def text(raw: str) -> str:
    """Clean a text of several lines: NFC, ordinary line breaks, no controls, bounded length."""
    # What is mended may turn out to be a line separator.
    lines = re.sub("\r\n?|[\u2028\u2029\x85\x0b\x0c]", "\n", repaired(raw))
    return unicodedata.normalize("NFC", _FORBIDDEN.sub("", lines))[:LONGEST_TEXT]


def line(raw: str) -> str:
    """Clean a fact of one line: as a text, with every run of white space as one blank."""
    return " ".join(text(raw).split())[:LONGEST_LINE].rstrip()


def repaired(raw: str) -> str:
    """Mend UTF-8 that was read as Windows-1252 or Latin-1, as in "SÃ¸nderby".

    Only runs that decode as a whole are touched: real text hardly ever does.
    """
    return _ODD_RUN.sub(lambda run: _mended(run[0]), raw)


def _mended(run: str) -> str:
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
