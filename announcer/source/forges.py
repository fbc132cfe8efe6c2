"""The raw address of a file that GitHub, GitLab or Codeberg show on a page of their own.

Such a page holds the file's words among many others, rendered; it is what a browser shows, so it is
what people paste.
"""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_GITHUB: Final = re.compile(r"(/[^/]+/[^/]+)/blob(/.+)")
_GITLAB: Final = re.compile(r"(/[^/]+/.+?/-)/blob(/.+)")  # "/-/" is in no other path
_FORGEJO: Final = re.compile(r"(/[^/]+/[^/]+)/src(/(?:branch|tag|commit)/.+)")


def raw_address(url: str) -> str:
    """Give the address of the file itself; any other address as it is."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host == "github.com":
        found = _GITHUB.fullmatch(parts.path)
    elif host == "codeberg.org":
        found = _FORGEJO.fullmatch(parts.path)
    else:
        found = _GITLAB.fullmatch(parts.path)
    if not found:
        return url
    return urlunsplit((parts.scheme, parts.netloc, f"{found[1]}/raw{found[2]}", "", ""))
