"""What the tests of data files share: the talks of a text."""

from datetime import time
from pathlib import Path

from terms import NOW, series

from announcer.source.data import DataSource
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS, Hints
from announcer.talks import Reading, Talk


def reading(
    text: str, name: str = "talks.yml", *, start: time | None = time(15), hints: Hints = NO_HINTS
) -> Reading:
    whose = series(start=start, location="Room 1")
    facts = DataSource(Path(name), whose, hints).read(text, name)
    return understood(facts, whose, hints, NOW)


def read(
    text: str, name: str = "talks.yml", *, start: time | None = time(15), hints: Hints = NO_HINTS
) -> tuple[Talk, ...]:
    return reading(text, name, start=start, hints=hints).talks
