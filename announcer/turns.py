"""Turns: one at a time, except while one waits for something that concerns it alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count


@dataclass(slots=True)
class Wait:
    """How long a turn was waited for."""

    lasted: timedelta = timedelta(0)


class Turns:
    """Lets tasks work one after the other; of those that are ready the one with the lowest place."""

    def __init__(self) -> None:
        self._is_taken = False  # also while it passes from one to another
        self._holder: asyncio.Task[object] | None = None
        self._place = 0  # of the holder
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    @asynccontextmanager
    async def taken(self, place: int) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        await self._take(place)
        try:
            yield
        finally:
            if self._is_mine():
                self._give_back()

    @asynccontextmanager
    async def let_others(self) -> AsyncIterator[Wait]:
        """Let others have their turn for a while, and then wait for the next one.

        Without a turn there is nothing to give back, and nothing to wait for. Gives how long the
        wait was, once it is over.
        """
        wait = Wait()
        if not self._is_mine():
            yield wait
            return
        place = self._place
        self._give_back()
        try:
            yield wait
        finally:
            began = asyncio.get_running_loop().time()
            await self._take(place)
            wait.lasted = timedelta(seconds=asyncio.get_running_loop().time() - began)

    async def _take(self, place: int) -> None:
        if self._is_taken:
            asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (place, next(self._numbers), asked))
            try:
                await asked
            except asyncio.CancelledError:
                if asked.done() and not asked.cancelled():  # it had just got the turn
                    self._give_back()
                raise
        self._is_taken = True
        self._holder = asyncio.current_task()
        self._place = place

    def _is_mine(self) -> bool:
        return self._holder is not None and self._holder is asyncio.current_task()

    def _give_back(self) -> None:
        self._holder = None
        while self._waiting:
            asked = heappop(self._waiting)[2]
            if not asked.done():
                asked.set_result(None)
                return
        self._is_taken = False
