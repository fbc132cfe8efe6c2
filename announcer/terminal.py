r"""The lines that a person or another program reads, made safe in one place.

Pages, servers, file names and settings may hold control characters: a terminal obeys them, and a
line break in them forges a line of the log. They are shown escaped, as ``\x1b``.
"""

import json
import re
from typing import Final

from announcer.redaction import known_blotted, redacted

# C0 but the tab, DEL, C1, line and paragraph separators, what reorders a line (UAX 9), and halves
# of surrogate pairs, which no terminal can be sent.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def escaped(line: str) -> str:
    """Return a line with what a terminal would obey shown as an escape."""
    return _UNSAFE.sub(lambda found: _escape(found[0]), line)


def message(line: str) -> str:
    """Return a line for a message, a log or a health address: nothing secret, no controls."""
    return escaped(redacted(line))


def fact(line: str) -> str:
    """Return a line of facts, like a talk or an email as it goes: only our own secrets are hidden."""
    return escaped(known_blotted(line))


def json_text(document: object, *, indent: int | None = None) -> str:
    """Return a document as JSON that a terminal can be shown; the values stay what they are."""
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    # Line breaks between values are its own: within them json.dumps has escaped all below a blank.
    return _UNSAFE.sub(
        lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text
    )


def _escape(character: str) -> str:
    names = {"\n": "\\n", "\r": "\\r"}
    number = ord(character)
    return names.get(character) or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")
