"""One way to open a ledger, for every kind of place that keeps one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from announcer.ledger.postgres import PostgresLedger
from announcer.ledger.sql import SqlLedger
from announcer.ledger.sqlite import SqliteLedger


@dataclass(frozen=True)
class Place:
    """Somewhere a ledger can be kept; each opening is as of another process."""

    create: Callable[[], Awaitable[SqlLedger]]
    open: Callable[[timedelta], Awaitable[SqlLedger]]
    read: Callable[[], Awaitable[SqlLedger]]
    own_clock: bool
    url: str


def in_file(path: Path) -> Place:
    async def create() -> SqlLedger:
        return SqliteLedger.create(path)

    async def open_(lease: timedelta) -> SqlLedger:
        return SqliteLedger.open(path, lease=lease)

    async def read() -> SqlLedger:
        return SqliteLedger.read(path)

    return Place(create, open_, read, own_clock=False, url=f"sqlite:///{path}")


def on_server(url: str) -> Place:
    async def create() -> SqlLedger:
        return await PostgresLedger.create(url)

    async def open_(lease: timedelta) -> SqlLedger:
        return await PostgresLedger.open(url, lease=lease)

    async def read() -> SqlLedger:
        return await PostgresLedger.read(url)

    return Place(create, open_, read, own_clock=True, url=url)
