"""The health address costs little, whoever asks and however."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from announcer.health import LONGEST, MOST_CONNECTIONS, Health
from announcer.report import Trouble

ASKS = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def listening(*trouble: str, longest: timedelta = LONGEST) -> AsyncIterator[int]:
    found = [Trouble(*one.split("|")) if "|" in one else Trouble(None, one) for one in trouble]
    health = Health(lambda: found, lambda: {"art", "ml"}, longest=longest)
    server = await health.listen("127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def connected(port: int) -> Connection:
    return await asyncio.open_connection("127.0.0.1", port)


async def answer(connection: Connection, asks: bytes = ASKS) -> bytes:
    """Ask, and give all that comes until the end; nothing where the connection is cut."""
    reader, writer = connection
    try:
        writer.write(asks)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_it_says_that_all_is_well_or_what_is_not() -> None:
    async def story() -> None:
        async with listening() as port:
            assert (await answer(await connected(port))).endswith(b"\r\n\r\nok\n")
            asked = b"GET /favicon.ico HTTP/1.1\r\n\r\n"
            assert (await answer(await connected(port), asked)).startswith(b"HTTP/1.1 404 ")
        async with listening("first", "second") as port:
            said = await answer(await connected(port))
            assert said.startswith(b"HTTP/1.1 503 ")
            assert said.endswith(b"\r\n\r\nfirst\nsecond\n")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("asks", "status", "lines"),
    [
        ("", 503, ["all of them", "art: cannot be read", "ml/reminder/2020-04-07: missed"]),
        ("?series=art", 503, ["all of them", "art: cannot be read"]),
        ("?series=ml&series=art", 503, ["all of them", "art: cannot be read", "ml/reminder/2020-04-07: missed"]),
        ("?series=mll", 404, ["there is no series mll"]),
    ],
)  # fmt: skip
def test_it_can_be_asked_about_one_series(asks: str, status: int, lines: list[str]) -> None:
    async def story() -> None:
        trouble = ("all of them", "art|cannot be read", "ml|ml/reminder/2020-04-07: missed")
        async with listening(*trouble) as port:
            request = f"GET /health{asks} HTTP/1.1\r\n\r\n".encode()
            head, _, body = (await answer(await connected(port), request)).partition(b"\r\n\r\n")
            assert int(head.split()[1]) == status
            assert body.decode().splitlines() == lines
        async with listening("art|cannot be read") as port:
            request = b"GET /health?series=ml HTTP/1.1\r\n\r\n"
            assert (await answer(await connected(port), request)).endswith(b"\r\n\r\nok\n")

    asyncio.run(story())


def test_who_comes_when_twenty_are_there_is_turned_away_at_once_and_the_twenty_are_served() -> None:
    async def story() -> None:
        async with listening() as port:
            early = [await connected(port) for _ in range(MOST_CONNECTIONS)]
            for _, writer in early:
                writer.write(ASKS[:-2])  # all but the last line
            late = [await connected(port) for _ in range(5)]
            assert [await answer(one, b"") for one in late] == [b""] * 5
            for one in early:
                assert (await answer(one, ASKS[-2:])).startswith(b"HTTP/1.1 200 ")
            assert (await answer(await connected(port))).startswith(b"HTTP/1.1 200 ")

    assert MOST_CONNECTIONS == 20
    asyncio.run(story())


def test_a_request_that_is_too_long_or_no_request_is_cut_off() -> None:
    async def story() -> None:
        async with listening() as port:
            for asks in (
                b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
                b"\xff" * 100_000,
            ):
                assert await answer(await connected(port), asks) == b""
            assert (await answer(await connected(port))).startswith(b"HTTP/1.1 200 ")

    asyncio.run(story())


def test_who_says_nothing_or_reads_nothing_loses_the_place() -> None:
    async def story() -> None:
        large = "x" * 12_000_000
        async with listening(large, longest=timedelta(seconds=0.2)) as port:
            silent = [await connected(port) for _ in range(MOST_CONNECTIONS // 2)]
            deaf = [await connected(port) for _ in range(MOST_CONNECTIONS // 2)]
            for _, writer in deaf:
                writer.write(ASKS)
            for one in silent:
                assert await answer(one, b"") == b""
            for reader, _ in deaf:
                with suppress(ConnectionError):
                    assert len(await reader.read()) < len(large)
            last = await connected(port)
            last[1].write(ASKS)
            assert (await last[0].readline()).startswith(b"HTTP/1.1 503 ")
            for _, writer in (*deaf, last):
                writer.close()

    asyncio.run(story())
