"""The health address: 200 where nothing is wrong, else 503 with the reasons.

What anybody can ask must cost little: few connections at a time, a short while for each, and few
bytes. Whoever comes when all places are taken is turned away at once.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from announcer.report import Trouble
from announcer.terminal import message

MOST_CONNECTIONS: Final = 20
LONGEST: Final = timedelta(seconds=5)  # for a whole connection: asking, answering and closing
_LONGEST_LINE: Final = 4_096
_LONGEST_HEAD: Final = 16_384


class Health:
    """Answers what is wrong, by HTTP.

    Args:
        trouble: gives the reasons why it is not healthy; none where it is.
        series: gives the ids of the series, each of which can be asked about by ``?series=ID``.
        longest: how long a connection may last.
    """

    def __init__(
        self,
        trouble: Callable[[], Sequence[Trouble]],
        series: Callable[[], Collection[str]],
        *,
        longest: timedelta = LONGEST,
    ) -> None:
        self._trouble = trouble
        self._series = series
        self._longest = longest.total_seconds()
        self._open = 0

    async def listen(self, host: str, port: int) -> asyncio.Server:
        """Listen at an address.

        Raises:
            OSError: it cannot be had.
        """
        return await asyncio.start_server(self._connected, host, port, limit=_LONGEST_LINE)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(self._longest):
                writer.write(self._answer(await _asked(reader)))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, ValueError):
            pass  # whoever asked has gone, takes too long, or asks for no page
        finally:
            # What is not closed by now would keep its place for as long as the other end likes.
            writer.transport.abort()
            self._open -= 1

    def _answer(self, path: str) -> bytes:
        status, body = self._said(path)
        content = "".join(f"{message(line)}\n" for line in body).encode()
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        )
        return head.encode() + content

    def _said(self, path: str) -> tuple[str, Sequence[str]]:
        """Give the status and the lines for what a request asks of all series, or of some."""
        asked = urlsplit(path)
        if asked.path not in {"/", "/health"}:
            return "404 Not Found", ["the health address is /health"]
        only = set(parse_qs(asked.query).get("series", []))
        if unknown := sorted(only - set(self._series())):
            return "404 Not Found", [f"there is no series {name}" for name in unknown]
        found = [t for t in self._trouble() if not only or t.series is None or t.series in only]
        if found:
            return "503 Service Unavailable", [trouble.line for trouble in found]
        return "200 OK", ["ok"]


async def _asked(reader: asyncio.StreamReader) -> str:
    """Read the head of a request, and give the path that it asks for.

    Raises:
        ValueError: the head is too long, or ends too early.
    """
    request = await reader.readline()
    line, size = request, len(request)
    while line.strip():
        line = await reader.readline()
        size += len(line)
        if size > _LONGEST_HEAD:
            raise ValueError("the head of the request is too long")
    words = request.decode("latin-1").split()
    return words[1] if len(words) > 1 else "/"
