"""An event loop that waits for no timer: where there is nothing else to do, its clock jumps."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class _Selector(selectors.DefaultSelector):
    """Waits for files, and for timers only on the clock of the loop."""

    ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(None if timeout is None else 0)
        if not found and timeout is not None:
            self.ahead += max(timeout, 0)
        return found


class Hurried(asyncio.SelectorEventLoop):
    """A loop for what waits for timers alone, and for nothing outside of this process."""

    def __init__(self) -> None:
        self._hurried = _Selector()
        super().__init__(self._hurried)

    def time(self) -> float:
        return super().time() + self._hurried.ahead


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to its end what would take its time."""
    with asyncio.Runner(loop_factory=Hurried) as runner:
        return runner.run(work)
