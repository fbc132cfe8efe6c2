"""Clean text: what a value may hold, whether a source, the settings or the ledger gave it.

The values of ``talks`` and ``message`` call these functions when they are made, so that no kind of
source can forget to. Each function is idempotent: clean text stays as it is.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST_LINE: Final = 300
LONGEST_SENTENCE: Final = 2_000  # of a warning, which may quote several lines
LONGEST_TEXT: Final = 100_000
LONGEST_ADDRESS: Final = 8_000  # RFC 9110, 4.1 asks for no less
_ELLIPSIS: Final = "…"
_LAST_WORD: Final = 30  # how much of a line may go so that it is cut between two words
_LONGEST_CLUSTER: Final = 20  # characters that are shown as one

# Controls, bidi marks, overrides and isolates, deprecated format characters, annotations, lone
# surrogates, non-characters. Joiners (ZWJ, ZWNJ), variation selectors and tags stay: scripts and
# emoji need them.
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ud800-\udfff"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)  # fmt: skip
_BREAK: Final = re.compile("\r\n?|[\u2028\u2029\x85\x0b\x0c]")
_WITHIN_ADDRESS: Final = re.compile(r"[\t\r\n]")
_SPACE: Final = re.compile(r"\s")
_ADDRESS: Final = re.compile(r"://|mailto:|www\.|[\w.+-]@[\w-]+\.", re.IGNORECASE)


def text(raw: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text of several lines: NFC, ordinary line breaks, nothing forbidden, bounded length."""
    return cut(_normal(raw), longest)


def line(raw: str, longest: int = LONGEST_LINE) -> str:
    """Return one line: as a text, with every run of white space as one blank."""
    return cut(_one_line(raw), longest)


def sentence(raw: str) -> str:
    """Return a sentence for people: one line that may quote several."""
    return line(raw, LONGEST_SENTENCE)


def name(raw: str) -> str:
    """Return an identifier: one line. It is cut without an ellipsis, as it is never read aloud."""
    return _one_line(raw)[:LONGEST_LINE].rstrip()


def lines(raw: Iterable[str]) -> tuple[str, ...]:
    """Return each as one line, without those of which nothing is left."""
    return tuple(kept for one in raw if (kept := line(one)))


def address(raw: str) -> str:
    """Return a web address: whole, or empty where it is longer than any that is in use.

    Unlike text it is not brought to NFC, which would make another address of it. White space is
    treated as browsers treat it (WHATWG URL, 4.4): a line break goes, a blank is encoded.
    """
    whole = _FORBIDDEN.sub("", _WITHIN_ADDRESS.sub("", raw)).strip()
    whole = _SPACE.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), whole)
    return whole if len(whole) <= LONGEST_ADDRESS else ""


def _normal(raw: str) -> str:
    if raw.isascii() and raw.isprintable():
        return raw
    return unicodedata.normalize("NFC", _FORBIDDEN.sub("", _BREAK.sub("\n", raw)))


def _one_line(raw: str) -> str:
    return " ".join(_normal(raw).split())


def cut(whole: str, longest: int) -> str:
    """Cut a text that is too long between two words, else between two characters as they are shown."""
    if len(whole) <= longest:
        return whole
    head = whole[: longest - 1]
    gap = max(head.rfind(" "), head.rfind("\n"))
    word = _SPACE.split(whole[gap + 1 : gap + 1 + LONGEST_ADDRESS], maxsplit=1)[0]
    if _ADDRESS.search(word):  # half an address leads nowhere
        head = head[: max(gap, 0)]
    elif gap >= max(len(head) - _LAST_WORD, 0):
        head = head[:gap]
    else:
        for _ in range(_LONGEST_CLUSTER):
            if not (_continues(whole[len(head)]) or head.endswith("\u200d")):
                break
            head = head[:-1]
    return head.rstrip() + _ELLIPSIS


def _continues(character: str) -> bool:
    """Tell whether a character is shown as one with that before it."""
    return unicodedata.category(character).startswith("M") or character in "\u200c\u200d"
