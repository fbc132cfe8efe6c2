"""A value of the settings in a message: in quotes, on one line, and cut where it is long."""

from reprlib import Repr
from typing import Final

LONGEST: Final = 100
# What stands in a file may be nested or long without end.
_REPR: Final = Repr()
_REPR.maxlevel = 3
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = LONGEST


def quoted(value: object) -> str:
    """Return text in quotes, and anything else as Python writes it."""
    if isinstance(value, str):
        return f'"{shortened(value)}"'
    try:
        return _REPR.repr(value)
    except ValueError:  # Python refuses to write integers of more than 4300 digits
        return "a number with thousands of digits"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return text on one line, and cut where it is long."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in cut)
