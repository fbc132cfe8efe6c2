"""Every reader is linear in its input: a text twice as long takes about twice the CPU, however hostile.

Seconds would say more of the machine than of the reader, so two sizes are compared with each other.
What looks slower is measured again at larger sizes: a ratio counts only where two of them agree.
"""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hostile_shapes import PIECES, READERS, filled
from terms import NOW, series

from announcer.identity import matched
from announcer.source.several import Several, marked
from announcer.talks import Reading, Talk

TORTURE = bool(os.environ.get("TORTURE"))
MOST_RATIO = 2.6
FIRST, LARGEST = 4_000, 256_000
ENOUGH = 0.01  # seconds of CPU at which a ratio can be told
TRIES = 3

# What was slow, and one or two of its kind for each reader; TORTURE=1 tries all of them.
CASES = {
    "page": (
        "tags that do not end", "players that do not end", "players without a closing tag",
        "comments that do not end", "script tags", "scripts that do not close", "tables that begin lines",
        "empty headings", "dated headings", "dated headings of two levels", "underlined headings",
        "blank lines", "lines of a blank", "rows of bars", "tables", "dates in lines", "dated items",
        "items that ask for a date", "items with odd dates", "labelled lines", "labels of lists", "fences",
        "video addresses", "one endless word", "sentences",
    ),
    "heading": (
        "stars", "stars before words", "underscores", "backticks", "round brackets", "square brackets",
        "opening quotes", "quotes", "links that do not end", "question marks", "times", "dates",
        "struck tags that do not close",
    ),
    "item": (
        "pairs of stars", "words of cancellation", "dashes with blanks", "spans", "names with affiliations",
        "days of a list", "hash signs", "dates in words", "by",
    ),
    "cell": ("round brackets", "line breaks", "details", "angle quotes", "names joined", "numbers"),
    "HTML": (
        "marks that nest", "lists that nest", "tables that nest", "cells that span", "tags that do not end",
        "entities", "comments that do not end",
    ),
    "JSON-LD": ("scripts that do not close", "comments, closed"),
    "reST": ("blank lines", "underlines", "backticks", "bars"),
    "CSV": ("round brackets", "opening brackets", "dates", "addresses"),
    "rows of CSV": ("dated items", "quotes"),
    "JSON": ("sentences", "stars before words", "dates"),
    "raw JSON": ("quotes", "backslashes", "commas"),
    "YAML": ("items", "labelled lines", "opening brackets"),
    "TOML": ("blank lines", "opening brackets"),
    "post": ("comments that do not end", "labelled lines", "blank lines", "sentences"),
    "title of a post": ("dashes with blanks", "dates", "empty headings"),
    "calendar": ("stars before words", "tags that do not end", "words of cancellation"),
    "interface": ("tags that do not end", "links", "lists that nest"),
    "mail": ("players that do not end", "formulas that do not end", "stars before words", "tables"),
}  # fmt: skip
CHOSEN = [
    (reader, piece)
    for reader in READERS
    for piece in (PIECES if TORTURE else CASES.get(reader, ()))
]


def cpu(work: Callable[[int], object], size: int, tries: int = 1) -> float:
    """Return the least CPU time of some tries: what else the machine does only adds to it."""
    taken = []
    for _ in range(tries):
        began = time.process_time()
        work(size)
        taken.append(time.process_time() - began)
    return min(taken)


def grows(work: Callable[[int], object], first: int = FIRST, largest: int = LARGEST) -> str:
    """Return how the time grows where it is more than linear; nothing where it is not."""
    size, before = first, cpu(work, first)
    ratios: list[str] = []
    while size < largest:
        after = cpu(work, 2 * size)
        if before >= ENOUGH:
            if after > MOST_RATIO * before:  # it may have been the machine
                before, after = (cpu(work, s, TRIES) for s in (size, 2 * size))
            if after <= MOST_RATIO * before:
                return ""
            ratios.append(f"{size} to {2 * size}: {before:.3f} s to {after:.3f} s")
            if len(ratios) > 1:
                return ", ".join(ratios)
        size, before = 2 * size, after
    return ""


@pytest.mark.parametrize(("reader", "piece"), CHOSEN, ids=[f"{r}-{p}" for r, p in CHOSEN])
def test_a_text_of_twice_the_size_takes_about_twice_the_time(reader: str, piece: str) -> None:
    texts: dict[int, str] = {}

    def work(size: int) -> None:
        READERS[reader](texts.setdefault(size, filled(PIECES[piece], size)))

    work(100)  # what is imported or compiled at first sight is no work on the text
    assert not grows(work)


def _talk(number: int, **more: object) -> Talk:
    day = date(2026, 4, 7) + timedelta(days=number % 300)
    talk = Talk(id=f"t{number}", title=f"Nets {number}", day=day, given_id=True)
    return replace(talk, **more)  # type: ignore[arg-type] # each is a field of a talk


KINDS: dict[str, Callable[[int], list[Talk]]] = {
    "as they were": lambda count: [_talk(n) for n in range(count)],
    "all new": lambda count: [_talk(n + count, title=f"Knots {n + count}") for n in range(count)],
    "with other titles": lambda count: [_talk(n, title=f"Knots {n}") for n in range(count)],
    "without numbers": lambda count: [_talk(n, given_id=False) for n in range(count)],
    "of one title": lambda count: [_talk(n, title="Seminar") for n in range(count)],
    "of one day": lambda count: [_talk(n, day=date(2026, 4, 7)) for n in range(count)],
    "of one speaker": lambda count: [_talk(n, speakers=("Ada",)) for n in range(count)],
    "without a title": lambda count: [_talk(n, title=None, tba=True) for n in range(count)],
}


@pytest.mark.parametrize("kind", KINDS)
def test_many_talks_are_recognised_in_linear_time(kind: str) -> None:
    def work(count: int) -> None:
        matched(
            [_talk(n) for n in range(count)],
            KINDS[kind](count),
            NOW.date(),
            accepted=[f"t{n}" for n in range(count)],
        )

    work(10)
    assert not grows(work, 250, 16_000)


class _Listed:
    """A source that gives the talks it was made with."""

    def __init__(self, talks: list[Talk]) -> None:
        self._talks = tuple(talks)

    async def load(self, _: object) -> Reading:
        return Reading(talks=self._talks)


@pytest.mark.parametrize("kind", KINDS)
def test_many_talks_of_two_sources_are_joined_in_linear_time(kind: str) -> None:
    def work(count: int) -> None:
        sources = [
            ("one", _Listed(KINDS["as they were"](count))),
            ("two", _Listed(KINDS[kind](count))),
        ]
        asyncio.run(Several(sources, marked(series())).load(NOW))

    work(10)
    assert not grows(work, 250, 16_000)
