"""Colours that can be read: the ratio of contrast of WCAG 2.1, and what is light enough in the dark."""

import re
from typing import Final

GROUND: Final = "#fbfaf7"  # of the built-in templates
DARK_GROUND: Final = "#17191c"
ACCENT: Final = "#1a4f9c"  # where a series has none of its own
DARK_ACCENT: Final = "#9cc4ff"
ENOUGH: Final = 4.5  # WCAG 2.1, 1.4.3
_EASY: Final = 7.0  # in the dark thin strokes of a colour are harder to read


def is_colour(text: str) -> bool:
    """Say whether a text is a colour as HTML writes it, like "#1a4f9c"."""
    return re.fullmatch(r"#[0-9a-fA-F]{6}", text) is not None


def contrast(one: str, other: str) -> float:
    """Give the ratio of contrast of two colours: 1 for the same, 21 for black on white."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lightened(colour: str) -> str:
    """Mix a colour with as much white as it needs to be read on the dark ground."""
    for percent in range(0, 101, 5):
        mixed = [round(part + (255 - part) * percent / 100) for part in _parts(colour)]
        shown = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(shown, DARK_GROUND) >= _EASY:
            break
    return shown


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
