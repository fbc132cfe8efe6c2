"""Names of machines, as a mail server is greeted with them (RFC 5321, 4.1.1.1)."""

import re
from ipaddress import ip_address
from typing import Final

_LONGEST: Final = 253
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# What a machine that was given no name is called, and what an address is looked up by.
_NOBODYS: Final = (".localdomain", ".local", ".localhost", ".arpa", ".invalid")


def is_host_name(text: str) -> bool:
    """Tell whether a text is a name that a machine can have, or an address in brackets."""
    if text.startswith("[") and text.endswith("]"):
        return _is_literal(text[1:-1])
    return len(text) <= _LONGEST and all(map(_LABEL.fullmatch, text.split(".")))


def is_full_name(text: str) -> bool:
    """Tell whether a host name is one by which others can find the machine."""
    if text.startswith("["):
        return is_host_name(text)
    last = text.rpartition(".")[2]
    local = f".{text.lower()}".endswith(_NOBODYS)
    return is_host_name(text) and "." in text and not last.isdigit() and not local


def _is_literal(inner: str) -> bool:
    tagged = inner[:5].upper() == "IPV6:"
    try:
        return ip_address(inner[5:] if tagged else inner).version == (6 if tagged else 4)
    except ValueError:
        return False
