"""The bytes of a page as text, from a file or over http(s), within limits."""

import asyncio
import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from announcer.errors import SourceUnreadable

if TYPE_CHECKING:
    import httpx

TIMEOUT: Final = timedelta(seconds=15)
LONGEST: Final = timedelta(seconds=60)  # for all of it, as a server may drip
LARGEST: Final = 5 * 1024 * 1024
LARGEST_UNPACKED: Final = 20 * 1024 * 1024
MOST_REDIRECTS: Final = 3


async def fetch(location: Path | str) -> str:
    """Give the text of a file, or of what a web address answers.

    Raises:
        SourceUnreadable: naming the location, and what to do.
    """
    if isinstance(location, Path):
        return _decoded(_file(location), None, str(location))
    return await _page(location)


def _file(path: Path) -> bytes:
    if path.is_dir():
        raise SourceUnreadable(f"{path} is a folder; name the page itself in source.location")
    try:
        if path.stat().st_size > LARGEST_UNPACKED:
            raise SourceUnreadable(f"{path} is larger than 20 MiB; that is no seminar page")
        return path.read_bytes()
    except FileNotFoundError:
        raise SourceUnreadable(f"there is no page {path}; check source.location") from None
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read: {error.strerror}") from error


async def _page(url: str) -> str:
    import httpx  # noqa: PLC0415 - only who reads over the web pays for it

    try:
        async with (
            asyncio.timeout(LONGEST.total_seconds()),
            httpx.AsyncClient(
                timeout=TIMEOUT.total_seconds(), follow_redirects=False, trust_env=False
            ) as client,
        ):
            return await _followed(client, url)
    except TimeoutError as error:
        seconds = LONGEST.total_seconds()
        raise SourceUnreadable(f"{url} was not there after {seconds:.0f} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        words = re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
        advice = "check source.location, or wait for the server"
        raise SourceUnreadable(f"{url} could not be fetched: {words}; {advice}") from error


async def _followed(client: "httpx.AsyncClient", url: str) -> str:
    current = url
    for _ in range(MOST_REDIRECTS + 1):
        async with client.stream("GET", current) as response:
            target = response.headers.get("location")
            if response.is_redirect and target:
                before, current = current, urljoin(current, target)
                await _allowed(before, current)
                continue
            if response.status_code != 200:
                raise SourceUnreadable(
                    f"{current} answered {response.status_code}, not 200; "
                    "check source.location, or wait for the server"
                )
            content = await _body(response, current)
            return _decoded(content, response.charset_encoding, current)
    raise SourceUnreadable(f"{url} redirects more than {MOST_REDIRECTS} times")


async def _body(response: "httpx.Response", url: str) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > LARGEST_UNPACKED or response.num_bytes_downloaded > LARGEST:
            raise SourceUnreadable(f"{url} is larger than 5 MiB; that is no seminar page")
    return bytes(content)


async def _allowed(before: str, after: str) -> None:
    """Refuse a redirect that leads from the open web into a private network."""
    parts = urlsplit(after)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SourceUnreadable(f"{before} redirects to {after}, which is no web page")
    if await _private(parts.hostname) and not await _private(urlsplit(before).hostname or ""):
        raise SourceUnreadable(f"{before} redirects to a private address, {after}; it is not read")


async def _private(host: str) -> bool:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return False  # the request itself will say that the name is not known
    return any(not ip_address(entry[4][0]).is_global for entry in found)


def _decoded(content: bytes, charset: str | None, name: str) -> str:
    if not content.strip():
        raise SourceUnreadable(f"{name} is empty; that is never taken for 'no talks'")
    if b"\0" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceUnreadable(f"{name} is not text; name the page itself in source.location")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    meta = re.search(rb"<meta[^>]{0,200}charset=[\"']?([\w-]+)", content[:2048], re.IGNORECASE)
    for encoding in (charset, "utf-8-sig", meta and meta[1].decode(), "cp1252"):
        try:
            if encoding:
                return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")
