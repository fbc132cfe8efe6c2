"""How web pages are reached, by all series together: the table [fetch] of the settings."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.proxies import Proxies
from announcer.source.slots import Slots

LONGEST: Final = timedelta(seconds=30)  # for a page as a whole, as a server may drip
AT_ONCE: Final = 8
PER_HOST: Final = 2


class Time:
    """What is left of the time in which a source must be there.

    Waiting until others are through does not count.
    """

    def __init__(self, whole: timedelta) -> None:
        self._left = whole.total_seconds()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the time run.

        Raises:
            TimeoutError: it is over.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left):
                yield
        finally:
            self._left -= loop.time() - began


@dataclass(frozen=True, kw_only=True)
class Access:
    """How web pages are reached.

    Args:
        timeout: for a source as a whole, redirects included.
        user_agent: what the program calls itself.
        ca_file: certificates of authorities that are trusted beside the public ones.
        proxies: by which proxy a page is reached.
        slots: how many pages are fetched at once.
    """

    timeout: timedelta = LONGEST
    user_agent: str = "announcer"
    ca_file: Path | None = None
    proxies: Proxies = field(default_factory=Proxies)
    slots: Slots = field(default_factory=lambda: Slots(AT_ONCE, PER_HOST))

    def time(self) -> Time:
        """Give the time for one source."""
        return Time(self.timeout)

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Whom a connection trusts.

        Raises:
            SourceUnreadable: the file with certificates cannot be used.
        """
        import httpx  # noqa: PLC0415 - only who reads over the web pays for it

        trust = httpx.create_ssl_context(trust_env=False)
        if self.ca_file is not None:
            try:
                trust.load_verify_locations(cafile=self.ca_file)
            except OSError as error:  # ssl.SSLError too
                words = (
                    error.strerror
                    if error.errno and not isinstance(error, ssl.SSLError)
                    else "it holds no certificate"
                )
                raise SourceUnreadable(
                    f"[fetch] ca_file: {self.ca_file} cannot be used ({words}); name a file with "
                    "certificates in PEM, or leave it out"
                ) from error
        return trust

    def proxy(self, url: str) -> str | None:
        """Return the proxy that a page is reached by.

        Raises:
            SourceUnreadable: it is none.
        """
        try:
            return self.proxies.of(url)
        except ValueError as error:
            raise SourceUnreadable(f"{url} could not be fetched: {error}") from error
