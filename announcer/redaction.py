"""What is secret is blotted out of everything that is shown.

Errors of other programs quote what they were given: a database its address, a mail server the line
that it did not understand. All lines that are printed, logged, answered or mailed to organisers
therefore go through ``redacted``. It knows the secrets of the settings, which are remembered as
they are read, before anything can complain about them, and it recognises others by where they
stand: before the ``@`` of an address, or in a query under a name like ``token``.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

BLOT: Final = "***"

_SHORT: Final = 4  # characters; less is replaced only where it stands by itself
_DELIMITERS: Final = re.compile(r"[\s/:@?#\[\]%&=,;\\'\"]+")
# All of these take time that is linear in the text, as pages have a say in it.
_NAME_OF_SECRET: Final = re.compile(
    r"(?i)token|secret|passw|passphrase|pwd|credential|signature|api_?key|auth|jwt|session"
    r"|key$|^(?:sig|sid|pass|code|access|pw|pin|otp|ticket|hmac|private)$"
)
_QUERY: Final = re.compile(r"(?<=[?&])[^\s?#'\"<>]+")
_ADDRESS: Final = re.compile(r"[^\s'\"<>]*")
_USER: Final = re.compile(r"//[^\s/?#'\"<>]+@")
_PASSWORD: Final = re.compile(
    r"(?i)(?P<name>passw\w{0,20}\s{0,3}=\s{0,3})(?P<value>'[^']{0,200}'|[^\s'&]+)"
)
_PRIVATE_PATH: Final = re.compile(r"(?<=/private-)[0-9A-Za-z]{8,}")

_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RANDOM: Final = re.compile(r"[A-Za-z0-9]{16,}")
_MIXED: Final = re.compile(r"[A-Za-z0-9_=+-]{20,}")


class _Known:
    """The secrets of this process."""

    def __init__(self) -> None:
        self._patterns: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, secrets: Iterator[str], *, alone: bool = False) -> None:
        """Take in secrets; short ones, and those that are parts of others, only where they stand alone."""
        new = {
            rf"(?<!\w){re.escape(secret)}(?!\w)"
            if alone or len(secret) < _SHORT
            else re.escape(secret)
            for secret in secrets
            if secret.strip(" .*")
        } - self._patterns
        if new:
            self._patterns |= new
            self._pattern = re.compile("|".join(sorted(self._patterns, key=len, reverse=True)))

    def blotted(self, text: str) -> str:
        return self._pattern.sub(BLOT, text) if self._pattern else text


_KNOWN: Final = _Known()


def remember(secret: str, *, username: str = "") -> None:
    """Blot out a password from now on, in every form in which others may show it."""
    if secret:
        _KNOWN.add(_forms(secret))
        _KNOWN.add(_encoded(secret, username))


def remember_database(url: str) -> None:
    """Blot out the password of a database's address, however wrong the address is."""
    place = url.partition("://")[2] or url
    user, at, _ = place.rpartition("@")
    if at:
        password = user.partition(":")[2]
        if password:
            _KNOWN.add(_forms(password))
            _KNOWN.add(_pieces(password), alone=True)
    for found in _PASSWORD.finditer(url):
        _KNOWN.add(_forms(found["value"].strip("'")))


def remember_proxy(url: str) -> None:
    """Blot out the password of a proxy's address, also as the proxy hears it (RFC 7617)."""
    user, at, _ = (url.partition("://")[2] or url).rpartition("@")
    name, colon, password = user.partition(":")
    if not at:
        return
    if not colon:  # a token in the place of a user
        name, password = "", user
    _KNOWN.add(_forms(password))
    for raw in {f"{name}:{password}", f"{unquote(name)}:{unquote(password)}", f"{user}:"}:
        _KNOWN.add(iter([b64encode(raw.encode("utf-8", "surrogatepass")).decode().rstrip("=")]))


def remember_address(url: str) -> None:
    """Blot out what is secret in the address of a page: a user, a token, a private path."""
    if "://" not in url:
        return
    _KNOWN.add(_secrets_of_address(url))


def without_secrets(url: str) -> str:
    """Return an address that is not one of the settings, such as a redirect's, as messages show it.

    What is secret in it is not remembered, as a server can redirect to another one each time.
    """
    known = _Known()
    known.add(_secrets_of_address(url))
    return known.blotted(url)


def redacted(text: str) -> str:
    """Return a text with all that is secret in it blotted out."""
    if "//" in text:
        text = _ADDRESS.sub(lambda found: _without_user(found[0]), text)
    text = _PASSWORD.sub(rf"\g<name>{BLOT}", text)
    text = _QUERY.sub(lambda found: _without_tokens(found[0]), text)
    return _KNOWN.blotted(_PRIVATE_PATH.sub(BLOT, text))


def _without_user(address: str) -> str:
    """Return an address without the user and password in it.

    A password may hold a slash or an @ where somebody forgot to encode it; the paths of web
    addresses hold these as well, as in https://www.youtube.com/@channel.
    """
    scheme, separator, rest = address.partition("://")
    if separator and not scheme.lower().endswith(("http", "https")):
        _, at, place = rest.rpartition("@")
        return f"{scheme}://{BLOT}@{place}" if at else address
    return _USER.sub(f"//{BLOT}@", address)


def _without_tokens(query: str) -> str:
    """Return the query of an address without values whose names say that they are secret."""
    pairs = [part.partition("=") for part in query.split("&")]
    return "&".join(
        f"{name}={BLOT}" if equals and _NAME_OF_SECRET.search(name) else name + equals + value
        for name, equals, value in pairs
    )


def known_blotted(text: str) -> str:
    """Return a text with the secrets of the settings blotted out, and nothing else changed.

    For facts, such as the address of a stream with the password that its listeners need.
    """
    return _KNOWN.blotted(text)


def _forms(secret: str) -> Iterator[str]:
    """Return how a secret may be written: as it is, decoded, encoded, escaped, on one line."""
    for raw in {secret, unquote(secret), unquote_plus(secret)}:
        yield from (raw, raw.strip(), " ".join(raw.split()))
        yield from (quote(raw, safe=""), quote(raw), quote_plus(raw))
        yield from (
            repr(raw)[1:-1],
            json.dumps(raw)[1:-1],
            json.dumps(raw, ensure_ascii=False)[1:-1],
        )


def _pieces(secret: str) -> Iterator[str]:
    """Return the parts of a secret that others may show alone, as they cut it at other signs."""
    for raw in {secret, unquote(secret)}:
        yield from (piece for piece in _DELIMITERS.split(raw) if len(piece) >= _SHORT)


def _encoded(secret: str, username: str) -> Iterator[str]:
    """Return a secret as a mail server hears it, since some repeat the line in their answer."""
    for words in (secret, f"\0{username}\0{secret}", f"{username}\0{username}\0{secret}"):
        yield b64encode(words.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    bearer = f"user={username}\1auth=Bearer {secret}\1\1"
    yield b64encode(bearer.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _secrets_of_address(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        yield url
        return
    user, at, _ = parts.netloc.rpartition("@")
    if at:
        name, colon, password = user.partition(":")
        yield from _forms(password if colon else name)
    for name, value in parse_qsl(parts.query):
        if _NAME_OF_SECRET.search(name) or _looks_random(value):
            yield from _forms(value)
    for segment in (*parts.path.split("/"), parts.fragment):
        if _looks_random(segment):
            yield from _forms(segment)
            yield from _forms(segment.removeprefix("private-"))


def _looks_random(text: str) -> bool:
    """Whether a part of an address is one that nobody could guess, rather than a name."""
    text = unquote(text)
    if _UUID.search(text):
        return True
    if any(_has_both(found[0]) for found in _RANDOM.finditer(text)):
        return True
    return any(
        _has_both(found[0]) and found[0] != found[0].lower() and not re.search("[a-z]{6}", found[0])
        for found in _MIXED.finditer(text)
    )


def _has_both(text: str) -> bool:
    return bool(re.search("[0-9]", text) and re.search("[A-Za-z]", text))
