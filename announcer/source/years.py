"""The year of a date that is written without one: from what stands around it, never a guess."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from announcer.source.dates import Written, nearest

_YEARS: Final = re.compile(r"(?<![\d./-])(20\d\d)(?:\s*[/–-]\s*(20\d\d|\d\d)(?![\d/-]))?(?!\d)")
_WINTER_TERM: Final = re.compile(r"(?i)\b(?:ws|wise|wintersemester|winter semester|winter term)\b")
_AUTUMN: Final = re.compile(r"(?i)\b(?:fall|autumn|herbst\w*|automne|michaelmas)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date with its year, or why it is not known for sure."""

    day: date | None
    unclear: str | None = None


def dated(written: Written, around: Sequence[str], asked: int | None, today: date) -> Dated:
    """Give the date that is meant.

    ``around`` is where a year may stand, the nearest first: headings, front matter, the name of
    the file. ``asked`` is the year of the settings.
    """
    if written.year is not None:
        return _whole(written, written.year)
    told = next((y for words in around if (y := _told(words, written.month)) is not None), None)
    if told == 0:
        guess = nearest(written, today)
        words = f'"{written.words}" has no year, and its heading does not tell which'
        return Dated(day=guess, unclear=words)
    if asked is not None and told is not None and asked != told:
        days = [day for year in (asked, told) if (day := written.on(year)) is not None]
        ahead = [day for day in days if day >= today]
        if ahead and len({*days}) > 1:
            words = f'"{written.words}" is of {told} by its heading, and of {asked} by the settings'
            return Dated(day=ahead[0], unclear=words)
    if asked is not None or told is not None:
        return _fitting(written, asked if asked is not None else told or 0, today)
    day = nearest(written, today)
    if day is None:
        return Dated(day=None, unclear=f'"{written.words}" is no date that can be told for sure')
    if written.weekday is None and day >= today:
        words = f'"{written.words}" has neither a year nor a weekday; write one, or set year'
        return Dated(day=day, unclear=words)
    return Dated(day=day)


def _fitting(written: Written, year: int, today: date) -> Dated:
    """Give the date in the year of its heading, unless its weekday is that of the next one."""
    whole, later = _whole(written, year), written.on(year + 1)
    own = written.weekday
    if None in (own, whole.day, later) or whole.day is None or later is None:
        return whole
    if whole.day.weekday() != own and later.weekday() == own and later >= today > whole.day:
        words = f'"{written.words}" is of {year} by its heading, and of {year + 1} by its weekday'
        return Dated(day=later, unclear=words)
    return whole


def _whole(written: Written, year: int) -> Dated:
    day = written.on(year)
    if day is None:
        return Dated(day=None, unclear=f'"{written.words}" is no date that can be told for sure')
    return Dated(day=day)


def _told(words: str, month: int) -> int | None:
    """Give the year that a heading tells for a month; 0 where it tells two, None without any."""
    found = [(int(m[1]), m[2]) for m in _YEARS.finditer(words)]
    if not found:
        return None
    if len({year for year, _ in found}) > 1:
        return 0
    year, second = found[0]
    if second is not None:
        last = int(second) if len(second) == 4 else 2000 + int(second)
        if last != year + 1:
            return 0
        return year if month >= 8 else last
    if _WINTER_TERM.search(words) and month <= 3:
        return year + 1
    return 0 if _AUTUMN.search(words) and month <= 2 else year
