"""How much is done at once, of all and of one host; what takes long keeps nobody else waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from weakref import WeakValueDictionary

PATIENCE: Final = 5.0  # seconds


class Slots:
    """Places for work that goes on at the same time.

    Args:
        at_once: how many there are.
        per_host: how many of them one host can have.
        patience: after how many seconds a place is given to another, though its work goes on: what
            hangs costs nothing, and must not keep others waiting. The host's place stays taken.
    """

    def __init__(
        self, at_once: int, per_host: int | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._per_host = per_host or at_once
        self._patience = patience
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, host: str) -> AsyncIterator[None]:
        """Wait for a place, and have it for a while."""
        of_host = self._hosts.get(host)
        if of_host is None:
            of_host = self._hosts[host] = asyncio.Semaphore(self._per_host)
        async with of_host:
            await self._all.acquire()
            place = _Place(self._all)
            timer = asyncio.get_running_loop().call_later(self._patience, place.give_back)
            try:
                yield
            finally:
                timer.cancel()
                place.give_back()


class _Place:
    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._taken = True

    def give_back(self) -> None:
        """Let another have it; a second time nothing happens."""
        if self._taken:
            self._taken = False
            self._places.release()
