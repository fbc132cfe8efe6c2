"""Which proxy a web address is reached by: that of the settings, or that of the environment.

The environment is read as curl, git and pip read it: ``https_proxy`` and ``HTTPS_PROXY`` for https,
``http_proxy`` and ``HTTP_PROXY`` for http, ``all_proxy`` for both, and ``no_proxy`` for exceptions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

_STRANGE: Final = re.compile(r"[\s\\<>\"\x00-\x1f\x7f]")


def is_proxy(text: str) -> bool:
    """Return whether a text is the address of an HTTP proxy: a server, and nothing behind it."""
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    sound = not _STRANGE.search(text) and parts.netloc.count("@") < 2
    return parts.scheme in {"http", "https"} and named and bare and sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The proxies that are known.

    Args:
        named: the one of the settings, which holds for every address, whatever the environment says.
        environ: the variables of the environment.
    """

    named: str | None = field(default=None, repr=False)  # it may hold a password
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, url: str) -> str | None:
        """Return the proxy that a web address is reached by; None where it is reached directly.

        Raises:
            ValueError: the environment names one that is none; the message shows no password.
        """
        if self.named is not None:
            return self.named
        parts = urlsplit(url)
        name, value = self._around(parts.scheme)
        if not value or self._is_exempt(parts):
            return None
        whole = value if "://" in value else f"http://{value}"
        if not is_proxy(whole):
            raise ValueError(
                f"the environment variable {name} is not the address of an HTTP proxy; write it like "
                "http://proxy.example.org:3128, or name another in [fetch] proxy"
            )
        return whole

    def _around(self, scheme: str) -> tuple[str, str]:
        names = [f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"]
        if "REQUEST_METHOD" in self.environ:  # a CGI script, where a header sets it (CVE-2016-5385)
            names.remove(f"{scheme.upper()}_PROXY")
        # A variable that is set and empty says that there is none.
        return next(
            ((name, self.environ[name].strip()) for name in names if name in self.environ), ("", "")
        )

    def _is_exempt(self, parts: SplitResult) -> bool:
        said = self.environ.get("no_proxy", self.environ.get("NO_PROXY", ""))
        exceptions = [part.strip().lower() for part in re.split(r"[,\s]", said) if part.strip()]
        return any(_is_within(parts, exception) for exception in exceptions)


def _is_within(parts: SplitResult, exception: str) -> bool:
    """Return whether an address is excepted: its host, its domain, its network, or all."""
    host = (parts.hostname or "").rstrip(".")
    if exception in {"*", host, f"[{host}]"}:
        return True
    name, _, port = exception.rpartition(":")
    if name and port.isdigit() and not name.endswith(":"):
        usual = 443 if parts.scheme == "https" else 80
        if name.count(":") == 0 or name.startswith("["):
            return int(port) == (parts.port or usual) and _is_within(parts, name)
    try:
        return ip_address(host) in ip_network(exception, strict=False)
    except ValueError:
        domain = exception.removeprefix("*").strip(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
