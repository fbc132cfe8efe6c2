"""Durations, weekdays, clock times and spans of days as people write them in settings."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from announcer.quoting import quoted

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_LONGEST: Final = timedelta(days=366)
_UNITS: Final = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
_UNITS_OF_DAYS: Final = {"d": 86400, "day": 86400, "week": 7 * 86400}
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def duration(text: object) -> timedelta:
    """Read "30 s", "90 min", "4 h" or "2 days"; longer names and plurals too.

    Raises:
        ValueError: it is none, or not more than nothing.
    """
    wanted = 'is no duration; write it like "30 s", "90 min", "4 h" or "2 days"'
    if not isinstance(text, str):
        raise ValueError(f"{quoted(text)} {wanted}")
    found = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,3})?)\s*([a-z]+)\s*", text.lower())
    if not found:
        raise ValueError(f"{quoted(text)} {wanted}")
    number, unit = found.groups()
    units = _UNITS | _UNITS_OF_DAYS
    seconds = units.get(unit) or units.get(unit.removesuffix("s"))
    if seconds is None:
        raise ValueError(f"{quoted(text)} {wanted}")
    span = timedelta(seconds=float(number) * seconds)
    if span > _LONGEST:
        raise ValueError(f"{quoted(text)} is longer than a year; write a shorter duration")
    if span <= timedelta(0):
        raise ValueError(f"{quoted(text)} is no time at all; a duration is more than nothing")
    return span


def weekday(text: object) -> int:
    """Read a weekday's English name; Monday is 0.

    Raises:
        ValueError: it is none.
    """
    name = text.strip().lower() if isinstance(text, str) else text
    if name not in WEEKDAYS:
        raise ValueError(f"{quoted(text)} is no weekday; use {', '.join(WEEKDAYS[:-1])} or sunday")
    return WEEKDAYS.index(str(name))


def clock(text: object) -> time:
    """Read a time of day like "10:00".

    Raises:
        ValueError: it is none.
    """
    if isinstance(text, time):  # TOML has times of its own
        return text
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        raise ValueError(f'{quoted(text)} is no time of day; write it like "09:30" or "15:00"')
    hour, minute, second = (int(part or 0) for part in found.groups())
    return time(hour, minute, second)


def hours(text: object) -> tuple[time, time]:
    """Read the hours of a night, like "22:00-07:00".

    Raises:
        ValueError: they are none, or last all day.
    """
    wanted = 'write the hours of a night like "22:00-07:00", or "off"'
    ends = re.split(r"\s*[-–]\s*", text.strip()) if isinstance(text, str) else []
    if len(ends) != 2:
        raise ValueError(f"{quoted(text)} is no night; {wanted}")
    try:
        start, end = map(clock, ends)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is no night, as {error}") from None
    if start == end:
        raise ValueError(f"{quoted(text)} would last all day; {wanted}")
    return start, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days without seminar, the last one included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a break from {self.first} to {self.last} ends before it begins")

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def span(text: object) -> Span:
    """Read a day like "2026-12-24", or days like "2026-12-21/2027-01-06".

    Raises:
        ValueError: it is neither, or ends before it begins.
    """
    wanted = 'write a day like "2026-12-24", or a break like "2026-12-21/2027-01-06"'
    if isinstance(text, date) and not isinstance(text, datetime):  # TOML has dates of its own
        return Span(first=text, last=text)
    if not isinstance(text, str):
        raise ValueError(f"{quoted(text)} is no date; {wanted}")
    first, _, last = text.partition("/")
    try:
        days = [date.fromisoformat(day.strip()) for day in (first, last or first)]
    except ValueError:
        raise ValueError(f"{quoted(text)} is no date; {wanted}") from None
    return Span(first=days[0], last=days[1])
