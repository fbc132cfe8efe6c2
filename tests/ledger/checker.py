"""Runs the exhaustive check of the ledger's steps, and tells what it found.

``world`` has the model and the search, ``wrong`` the variants that must be caught. Run it by
itself to read the shortest way to each harm::

    python tests/ledger/checker.py
"""

import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Final

from world import Careless, Found, Model, Search, Spooling
from wrong import WRONG

DECIDES: Final = "held, and over"
MODELS: Final[dict[str, Callable[[], Model]]] = {
    "resend": partial(Model, "resend", clocks_differ=True),
    "hold": partial(Model, "hold", clocks_differ=True),
    "whatever is planned": Careless,
    DECIDES: partial(Model, "resend", decides=True),
    "with a spool": Spooling,
}
# A fourth worker has shown nothing new so far.
MOST_WORKERS: Final = 4 if os.environ.get("TORTURE") else 3


def numbers_of_workers(model: str) -> range:
    """Give how many workers a model is checked with.

    Answers in a spool act like workers, and decisions make ten times as many states.
    """
    return range(1, MOST_WORKERS + (model not in {"with a spool", DECIDES}))


@cache
def checked(model: str, workers: int) -> Found:
    """Look at all worlds of one configuration."""
    return Search(MODELS[model](), workers).run()


@cache
def caught() -> tuple[Found, ...]:
    """Look for each variant's shortest way to break its promise."""
    return tuple(wrong.search() for wrong in WRONG)


def told_of_states() -> Iterator[str]:
    """Tell how many states were checked."""
    for model in MODELS:
        for workers in numbers_of_workers(model):
            found = checked(model, workers)
            verdict = "all promises hold" if not found.broken else "BROKEN: " + told(found)
            yield (
                f"{model}, {workers} worker{'s' * (workers > 1)}: {found.states:,} states "
                f"in {found.seconds:.1f} s, {verdict}"
            )


def told_of_wrong() -> Iterator[str]:
    """Tell of each variant how it was caught."""
    for wrong, found in zip(WRONG, caught(), strict=True):
        yield f"{wrong.words} [{wrong.name}]: caught after {len(found.story)} steps"
        yield told(found)


def told(found: Found) -> str:
    """Tell a way to harm, a step a line, and the promises that it breaks."""
    steps = [f"  {number:2} {words}" for number, words in enumerate(found.story, start=1)]
    return "\n".join((*steps, *(f"  => broken: {promise}" for promise in sorted(found.broken))))


if __name__ == "__main__":
    for line in (*told_of_states(), *told_of_wrong()):
        print(line)  # noqa: T201 - this is what it is run for
