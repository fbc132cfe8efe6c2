"""The text of a page, from a file or over http(s), within limits.

What has not changed since it was last read is not sent again (RFC 9110, 13); a redirect never leads
from the open web into a private network; nothing is read that asks for an account.
"""

import re
import ssl
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from announcer.errors import SourceUnreadable
from announcer.redaction import without_secrets
from announcer.source.access import Access, Time
from announcer.source.decode import decoded
from announcer.source.forges import raw_address
from announcer.talks import Copy

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = timedelta(seconds=15)  # for each step
LARGEST: Final = 5 * 1024 * 1024
LARGEST_UNPACKED: Final = 20 * 1024 * 1024
MOST_REDIRECTS: Final = 3
_TICK: Final = timedelta(minutes=1)  # a page that is younger may change without a newer date
_LOGIN: Final = re.compile(r"(?i)/(?:sign_?in|login|log-in|servicelogin|sso)(?:\.\w+$|/|$)")
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052

Address = IPv4Address | IPv6Address


class Answered(SourceUnreadable):
    """The server answered with a status that is no page."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def private(address: Address) -> bool:
    """Tell whether an address lies in a network that the open web has no way into."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            within = IPv4Address(address.packed[-4:])
        if within is not None:
            return private(within)
    return not address.is_global or address.is_multicast


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a web address answered: the bytes, and the charset that its header says."""

    content: bytes = field(repr=False)
    charset: str | None
    name: str  # the address at the end of all redirects, as messages show it

    def text(self) -> str:
        """Give the text.

        Raises:
            SourceUnreadable: it is empty, or no text.
        """
        return decoded(self.content, self.charset, self.name)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A page as it was last read, and the headers that ask for it only if it has changed."""

    conditions: Mapping[str, str]
    page: Fetched


class Fetcher:
    """Reads files and web pages for one source; keeps in memory what may not have changed."""

    def __init__(
        self, private: Callable[[Address], bool] = private, access: Access | None = None
    ) -> None:
        """Take what tells a private address, and how pages are reached."""
        self._private = private
        self._access = access or Access()
        self._kept: dict[str, _Kept] = {}
        self._copies: dict[str, Copy] = {}

    def taken_copies(self) -> Mapping[str, Copy]:
        """Give of when the web pages are that were read since this was last asked."""
        copies, self._copies = self._copies, {}
        return copies

    async def text(self, location: Path | str) -> str:
        """Give the text of a file, or of what a web address answers now.

        Raises:
            SourceUnreadable: naming the location, and what to do.
        """
        if isinstance(location, Path):
            return decoded(file_content(location), None, str(location))
        return (await self.page(location)).text()

    async def page(self, url: str, time: Time | None = None) -> Fetched:
        """Give what a web address answers now, within a time that may have begun before.

        Raises:
            SourceUnreadable: naming the address, and what to do.
        """
        import httpx  # noqa: PLC0415 - only who reads over the web pays for it

        try:
            return await self._followed(url, time or self._access.time())
        except TimeoutError as error:
            longest = self._access.timeout.total_seconds()
            raise SourceUnreadable(
                f"{url} was not there after {longest:g} seconds; wait for the server, or give it more "
                "time with timeout in [fetch]"
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
            words = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
            raise SourceUnreadable(
                f"{url} could not be fetched: {words}; {self._advice(url)}"
            ) from error

    def _advice(self, url: str) -> str:
        if self._access.proxy(url) is None:
            return "check source.location, or wait for the server"
        return "check source.location and the proxy that leads there, [fetch] proxy or HTTPS_PROXY"

    async def _followed(self, url: str, time: Time) -> Fetched:
        way = _Way(raw_address(url), self._private)
        for _ in range(MOST_REDIRECTS + 1):
            async with self._access.slots.one(way.host), time.running():
                page = await self._step(way, copy_name(url))
            if page is not None:
                return page
        raise SourceUnreadable(f"{url} redirects more than {MOST_REDIRECTS} times")

    async def _step(self, way: "_Way", name: str) -> Fetched | None:
        """Ask the address that the way has come to; None where it leads on."""
        known = self._kept.get(way.url)
        proxy = self._access.proxy(way.url)
        way.begin(through_proxy=proxy is not None)
        async with (
            self._client(proxy) as client,
            client.stream(
                "GET",
                way.url,
                headers=known.conditions if known else None,
                extensions={"trace": way.trace},
            ) as response,
        ):
            way.check()
            target = response.headers.get("location")
            if response.is_redirect and target:
                way.turn(target)
                return None
            if response.status_code == 304 and known:
                modified = known.conditions.get("If-Modified-Since")
                self._copies[name] = _copy(response.headers, modified)
                return known.page
            page = await self._read(response, way.url)
            self._copies[name] = _copy(response.headers)
            return page

    def _client(self, proxy: str | None) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - as above

        trust = self._access.trust
        return httpx.AsyncClient(
            timeout=min(TIMEOUT, self._access.timeout).total_seconds(),
            follow_redirects=False,
            trust_env=False,
            verify=trust,
            proxy=_proxy(proxy, trust) if proxy else None,
            headers={"User-Agent": self._access.user_agent, "Accept-Encoding": "gzip"},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def _read(self, response: "httpx.Response", url: str) -> Fetched:
        shown = without_secrets(url)
        if response.status_code != 200:
            raise _answered(response.status_code, shown)
        content = await _body(response, shown)
        page = Fetched(content=content, charset=response.charset_encoding, name=shown)
        self._kept.pop(url, None)
        conditions = _conditions(response.headers)
        if conditions:
            self._kept[url] = _Kept(conditions, page)
        while sum(len(kept.page.content) for kept in self._kept.values()) > LARGEST_UNPACKED:
            del self._kept[next(iter(self._kept))]
        return page


class _Way:
    """The way from one address to the next, and whom each connection is really to.

    A name is not looked up beforehand: it could name another address a moment later.
    """

    def __init__(self, url: str, private: Callable[[Address], bool]) -> None:
        self.url = url
        self._private = private
        self._before = ""  # what redirected here
        self._open = False  # whether an address of the open web redirected here
        self._peer: Address | None = None
        self._through_proxy = False

    @property
    def host(self) -> str:
        """The server that the next step asks, with its port."""
        return urlsplit(self.url).netloc.lower()

    def begin(self, *, through_proxy: bool) -> None:
        """Take the next step, whose connection is to the page's server or to a proxy.

        Whom a proxy connects to is not seen: it counts as the open web, and what leads from there
        to an address that is private in so many words is not followed.
        """
        self._through_proxy = through_proxy
        if through_proxy and self._open and _privately_named(self.url, self._private):
            raise self._refusal()

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Look at a connection that was just made, before anything is said on it."""
        if event != "connection.connect_tcp.complete":
            return
        stream = info["return_value"]
        self._peer = ip_address(stream.get_extra_info("server_addr")[0])
        if self._open and not self._through_proxy and self._private(self._peer):
            await stream.aclose()
            raise self._refusal()

    def _refusal(self) -> SourceUnreadable:
        return SourceUnreadable(
            f"{self._before} redirects to a private address, {without_secrets(self.url)}; it is not read"
        )

    def check(self) -> None:
        """See that the connection was looked at."""
        if self._peer is None:
            raise SourceUnreadable(
                f"{without_secrets(self.url)}: nobody knows which address it was read from"
            )

    def turn(self, target: str) -> None:
        """Go on to where a redirect leads."""
        self._before = without_secrets(self.url)
        try:
            self.url = urljoin(self.url, target)
            parts = urlsplit(self.url)
            right = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        except ValueError:
            right = False
        if not right:
            raise SourceUnreadable(
                f"{self._before} redirects to {without_secrets(target)}, which is no web page"
            )
        if _LOGIN.search(parts.path):
            raise SourceUnreadable(
                f"{self._before} asks for an account, at {without_secrets(self.url)}; only what anyone may read is "
                "read: make it public, or name its public address in source.location"
            )
        seen_open = self._peer is not None and not self._private(self._peer)
        self._open = self._open or self._through_proxy or seen_open
        self._peer = None


def _proxy(url: str, trust: ssl.SSLContext) -> "httpx.Proxy":
    import httpx  # noqa: PLC0415 - only who reads over the web pays for it

    return httpx.Proxy(url, ssl_context=trust if url.startswith("https:") else None)


def _privately_named(url: str, private: Callable[[Address], bool]) -> bool:
    """Tell whether an address names a private one without being looked up."""
    host = (urlsplit(url).hostname or "").rstrip(".").partition("%")[0]
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return private(ip_address(host))
    except ValueError:
        return False


def file_content(path: Path) -> bytes:
    """Give the bytes of a file.

    Raises:
        SourceUnreadable: naming the file, and what to do.
    """
    if path.is_dir():
        raise SourceUnreadable(f"{path} is a folder; name the page itself in source.location")
    try:
        if path.exists() and not path.is_file():
            raise SourceUnreadable(f"{path} is no file that can be read; check source.location")
        if path.stat().st_size > LARGEST_UNPACKED:
            raise SourceUnreadable(f"{path} is larger than 20 MiB; that is no seminar page")
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceUnreadable(f"there is no page {path}; check source.location") from None
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from error


def _answered(status: int, url: str) -> Answered:
    advice = "check source.location, or wait for the server"
    if status in {401, 403, 407}:
        advice = "only what anyone may read is read: make it public, or name its public address in source.location"  # fmt: skip
    elif status in {404, 410}:
        advice = "nothing is there for everyone to read; check source.location"
    elif status == 429 or status >= 500:
        advice = "wait for the server"
    return Answered(f"{url} answered {status}, not 200; {advice}", status)


async def _body(response: "httpx.Response", url: str) -> bytes:
    """Read what was sent, and unpack it; a body that ends too early is none."""
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "", "gzip", "x-gzip"}:
        raise SourceUnreadable(f'{url} is packed as "{packing}", which was not asked for')
    unpack = zlib.decompressobj(wbits=31) if "gzip" in packing else None
    content, sent = bytearray(), 0
    async for chunk in response.aiter_raw():
        sent += len(chunk)
        room = LARGEST_UNPACKED + 1 - len(content)
        content += unpack.decompress(chunk, room) if unpack else chunk
        if len(content) > LARGEST_UNPACKED or sent > LARGEST:
            raise SourceUnreadable(f"{url} is larger than 5 MiB; that is no seminar page")
    if unpack and sent and (not unpack.eof or unpack.unused_data):
        raise SourceUnreadable(f"{url} was cut off, or packed wrongly; wait for the server")
    return bytes(content)


def copy_name(url: str) -> str:
    """Name a page, for what is known of its copies, without what may be secret in its address."""
    return sha256(url.encode()).hexdigest()[:16]


def _copy(headers: "httpx.Headers", modified: str | None = None) -> Copy:
    """Give of when a copy is, as its server and the caches on its way say.

    A date that cannot be read, or an age that is no number of seconds, is not known (RFC 9111, 5.1).
    """
    age = headers.get("age", "").partition(",")[0].strip()
    seconds = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else None
    return Copy(
        modified=_instant(headers.get("last-modified") or modified),
        age=timedelta(seconds=seconds) if seconds is not None else None,
    )


def _instant(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _conditions(headers: "httpx.Headers") -> dict[str, str]:
    """Give the headers that ask for a page only if it has changed since.

    None, where it may have changed within the second that its date or tag tells (RFC 9110, 8.8.2.2).
    """
    etag, modified = headers.get("etag"), headers.get("last-modified")
    if modified:
        try:
            age = parsedate_to_datetime(headers["date"]) - parsedate_to_datetime(modified)
        except (KeyError, ValueError, TypeError):
            age = timedelta(0)
        if age < _TICK:
            return {}
    named = {"If-None-Match": etag, "If-Modified-Since": modified}
    return {name: value for name, value in named.items() if value}
