"""From the bytes of a page to its text: the charset of the header, of the page, or what fits."""

import codecs
import re
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.quoting import quoted

_IN_THE_PAGE: Final = re.compile(
    rb"<meta[^>]{0,200}charset=[\"']?([\w-]+)|<\?xml[^>]{0,200}encoding=[\"']([\w-]+)",
    re.IGNORECASE,
)
# What servers say of every page unasked. Browsers read them all as the last (WHATWG, Encoding).
_LATIN: Final = frozenset({"ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso8859-1", "windows-1252", "cp1252"})  # fmt: skip

# Two bytes a letter, so that a zero byte is no sign of something else than text.
_WIDE: Final = frozenset({"utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be"})
# Encodings of Python's own, of host names and of source code; "undefined" is what a script writes
# that has forgotten to say.
_NO_CHARSETS: Final = frozenset(
    {"undefined", "idna", "punycode", "raw-unicode-escape", "unicode-escape"}
)


def decoded(content: bytes, charset: str | None, name: str) -> str:
    """Give the text; ``charset`` is what the header says.

    Raises:
        SourceUnreadable: it is empty, or no text.
    """
    if not content.strip():
        raise SourceUnreadable(f"{name} is empty; that is never taken for 'no talks'")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    if (charset or "").lower() in _WIDE and b"\0" in content[:4096]:
        return _without_mark(content.decode(str(charset), "replace"))
    if b"\0" in content[:4096]:
        raise SourceUnreadable(f"{name} is not text; name the page itself in source.location")
    for encoding in _likely(content, (charset or "").lower()):
        try:
            if codecs.lookup(encoding).name in _NO_CHARSETS:
                raise SourceUnreadable(
                    f"{name} is said to be in the charset {quoted(encoding)}, which no page is written "
                    'in; let the server say "charset=utf-8"'
                )
            return _without_mark(content.decode(encoding))
        except (ValueError, LookupError):  # other bytes than these, or a charset that is not known
            continue
    return content.decode("latin-1")


def _without_mark(text: str) -> str:
    """Take off the byte order mark, which is no part of the text whatever the header says."""
    return text.removeprefix("\ufeff")


def _likely(content: bytes, charset: str) -> list[str]:
    found = _IN_THE_PAGE.search(content[:2048])
    own = (found[1] or found[2]).decode().lower() if found else ""
    # Latin text is hardly ever UTF-8 by chance, so that is tried before what is said out of habit.
    first = [said for said in (charset, own) if said and said not in _LATIN]
    return [*first[:1], "utf-8-sig", *first[1:], "cp1252"]
