"""The logo that a mail carries: a small PNG or JPEG, read from its file."""

from pathlib import Path
from typing import Final

from announcer.quoting import shortened
from announcer.talks import WIDEST, Logo

LARGEST: Final = 100_000
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # ITU T.81, table B.1


def read_logo(path: Path) -> Logo:
    """Read a picture.

    Raises:
        ValueError: it cannot be read, or mail programs could not show it.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError(f"{shortened(str(path), 1000)} is no file; name a PNG or JPEG")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(
            f"{shortened(str(path), 1000)} cannot be read: {error.strerror}"
        ) from error
    if len(content) > LARGEST:
        raise ValueError(
            f"{shortened(str(path), 1000)} has {len(content)} bytes, which every mail would carry; make it smaller than "
            f"{LARGEST}, or give an https:// address"
        )
    wide = _width(content)
    if wide is None:
        raise ValueError(
            f"{shortened(str(path), 1000)} is no PNG or JPEG, which is what mail programs show"
        )
    subtype = "png" if content.startswith(_PNG) else "jpeg"
    return Logo(content=content, subtype=subtype, width=min(wide, WIDEST))


def _width(content: bytes) -> int | None:
    """Read the width of a PNG or a JPEG from its head; None for anything else."""
    if content.startswith(_PNG) and content[12:16] == b"IHDR":
        return int.from_bytes(content[16:20]) or None
    if not content.startswith(_JPEG):
        return None
    place = 2
    while content[place : place + 1] == b"\xff" and place + 9 <= len(content):
        if content[place + 1] in _FRAMES:
            return int.from_bytes(content[place + 7 : place + 9]) or None
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return None
