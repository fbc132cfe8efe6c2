"""The occurrences of a recurrence rule (RFC 5545, 3.3.10) within a window of time.

Work is counted: a rule whose occurrences are rare, or that has none, ends at the end of the window
and not in the year 9999, and all rules of a calendar share one allowance. Times are those of the
wall clock at the place of the entry.
"""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any, Final

_DAYS: Final = {name: number for number, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}  # fmt: skip
_MOST_A_DAY: Final = 24  # a talk that begins more often is none


class TooMuchWork(Exception):
    """The rules of a calendar ask for more days to be looked at than any calendar of talks does."""


@dataclass(slots=True)
class Allowance:
    """How many days may be looked at, for all rules of a calendar together."""

    left: int

    def use(self, days: int) -> None:
        """Take some of it.

        Raises:
            TooMuchWork: nothing is left.
        """
        self.left -= days
        if self.left < 0:
            raise TooMuchWork("its rules need too much work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recurrence rule in numbers; an empty tuple is a part that the rule does not have."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | datetime | None = None
    week_start: int = 0
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    nth_weekdays: frozenset[tuple[int, int]] = frozenset()  # weekday, and which of its period
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.frequency not in _PERIODS:
            raise ValueError(
                f"FREQ={self.frequency} is not read, as it repeats within a day; "
                "write DAILY, WEEKLY, MONTHLY or YEARLY"
            )
        if self.interval < 1:
            raise ValueError(f"INTERVAL={self.interval} never ends; write a number from 1 on")
        every_day = 1
        for times in (self.hours, self.minutes, self.seconds):
            every_day *= max(1, len(times))
        if every_day > _MOST_A_DAY:
            raise ValueError(
                f"its rule repeats {every_day} times a day, more than the {_MOST_A_DAY} that are read"
            )


def parsed(parts: Mapping[str, Sequence[Any]]) -> Rule:
    """Read the parts of a rule, as icalendar gives them: each name with its values.

    Raises:
        ValueError: a part is not valid, or the rule repeats too often to be one of talks.
    """
    named = {name.upper(): [str(value) for value in values] for name, values in parts.items()}
    days = [_weekday(value) for value in named.get("BYDAY", ())]
    frequency = _first(named, "FREQ", "").upper()
    numbered = frequency in {"MONTHLY", "YEARLY"}
    until = list(parts.get("UNTIL", ()))[:1]
    total = _first(named, "COUNT", None)
    return Rule(
        frequency=frequency,
        interval=int(_first(named, "INTERVAL", "1")),
        count=None if total is None or int(total) < 0 else int(total),
        until=until[0] if until else None,
        week_start=_weekday(_first(named, "WKST", "MO"))[0],
        months=frozenset(int(value.rstrip("L")) for value in named.get("BYMONTH", ())),
        month_days=_numbers(named, "BYMONTHDAY"),
        year_days=_numbers(named, "BYYEARDAY"),
        weeks=_numbers(named, "BYWEEKNO"),
        weekdays=frozenset(day for day, nth in days if not (nth and numbered)),
        nth_weekdays=frozenset((day, nth) for day, nth in days if nth and numbered),
        hours=tuple(sorted(_numbers(named, "BYHOUR"))),
        minutes=tuple(sorted(_numbers(named, "BYMINUTE"))),
        seconds=tuple(sorted(_numbers(named, "BYSECOND"))),
        positions=tuple(_numbers(named, "BYSETPOS")),
    )


def _first(named: Mapping[str, Sequence[str]], name: str, without: Any) -> Any:
    return next(iter(named.get(name, ())), without)


def _numbers(named: Mapping[str, Sequence[str]], name: str) -> frozenset[int]:
    return frozenset(int(value) for value in named.get(name, ()))


def _weekday(value: str) -> tuple[int, int]:
    number, day = value[:-2], value[-2:].upper()
    if day not in _DAYS:
        raise ValueError(f'"{value}" is not a valid weekday of a rule')
    return _DAYS[day], int(number or 0)


def occurrences(
    rule: Rule, start: datetime, first: datetime, last: datetime, allowance: Allowance
) -> Iterator[datetime]:
    """Generate the occurrences from ``first`` to ``last``, one by one and in order of time.

    ``start`` is that of the entry; where it has a time zone, ``first`` and ``last`` have one too.

    Raises:
        TooMuchWork: the allowance is used up.
    """
    until = _until(rule, start)
    for number, at in enumerate(_all(rule, start, first, last, allowance), 1):
        over = (until is not None and at > until) or (rule.count or number) < number
        if over or at > last or rule.count == 0:
            return
        if at >= first:
            yield at


def _until(rule: Rule, start: datetime) -> datetime | None:
    """Return the end of a rule so that it can be compared with its occurrences."""
    until = rule.until
    if until is None:
        return None
    if not isinstance(until, datetime):
        until = datetime.combine(until, time())
    if start.tzinfo is None:
        return until.replace(tzinfo=None)
    return until if until.tzinfo is not None else until.replace(tzinfo=UTC)


def _all(
    rule: Rule, start: datetime, first: datetime, last: datetime, allowance: Allowance
) -> Iterator[datetime]:
    """Generate all occurrences in periods up to the end of the window."""
    days = _Days.of(rule, start.date())
    times = _times(rule, start)
    steps = _PERIODS[rule.frequency]
    # With a count, those before the window have to be counted too.
    begin = start.date() if rule.count is not None else max(start.date(), first.date() - _EARLIER)
    end = last.date() + timedelta(days=1)
    for period in steps(start.date(), begin, rule):
        if not period or period[0] > end:
            return
        allowance.use(len(period))
        chosen = [day for day in period if days.match(day)]
        found = [datetime.combine(day, at, start.tzinfo) for day in chosen for at in times]
        yield from (at for at in _placed(found, rule.positions) if at >= start)


_EARLIER: Final = timedelta(days=2)  # a local day may begin a day before the one in UTC


def _times(rule: Rule, start: datetime) -> list[time]:
    """Return the times of day; a second of 60 is one that only clocks with leap seconds have."""
    return [
        time(hour, minute, min(second, 59))
        for hour in rule.hours or (start.hour,)
        for minute in rule.minutes or (start.minute,)
        for second in rule.seconds or (start.second,)
    ]


def _placed(found: Sequence[datetime], positions: Sequence[int]) -> Sequence[datetime]:
    """Choose by BYSETPOS: the first of a period is 1, its last -1."""
    if not positions:
        return found
    places = {at - 1 if at > 0 else len(found) + at for at in positions}
    return [found[at] for at in sorted(places) if 0 <= at < len(found)]


# Periods: the days of each, from the one that holds ``begin``.


def _daily(start: date, begin: date, rule: Rule) -> Iterator[list[date]]:
    skipped = (begin - start).days // rule.interval
    for number in count(skipped):
        yield _whole([_shifted(start, number * rule.interval)])


def _weekly(start: date, begin: date, rule: Rule) -> Iterator[list[date]]:
    monday = _shifted(start, -((start.weekday() - rule.week_start) % 7))
    if monday is None:
        return
    skipped = (begin - monday).days // (7 * rule.interval)
    for number in count(skipped):
        first = 7 * rule.interval * number
        yield _whole([_shifted(monday, first + day) for day in range(7)])


def _monthly(start: date, begin: date, rule: Rule) -> Iterator[list[date]]:
    months = 12 * start.year + start.month - 1
    skipped = (12 * begin.year + begin.month - 1 - months) // rule.interval
    for number in count(skipped):
        year, month = divmod(months + number * rule.interval, 12)
        if year > date.max.year:
            return
        yield [date(year, month + 1, day + 1) for day in range(monthrange(year, month + 1)[1])]


def _yearly(start: date, begin: date, rule: Rule) -> Iterator[list[date]]:
    months = _Days.of(rule, start).months & frozenset(range(1, 13))
    skipped = (begin.year - start.year) // rule.interval
    for year in count(start.year + skipped * rule.interval, rule.interval):
        if year > date.max.year:
            return
        yield [
            date(year, month, day + 1)
            for month in sorted(months) or range(1, 13)
            for day in range(monthrange(year, month)[1])
        ]


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def _whole(days: Sequence[date | None]) -> list[date]:
    return [day for day in days if day is not None]


_PERIODS: Final[Mapping[str, Callable[[date, date, Rule], Iterator[list[date]]]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}


# Days


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    """What a rule says of its days, with what it leaves to the day on which it begins."""

    rule: Rule
    months: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[int]
    tests: tuple[Callable[[date], bool], ...] = field(default=())

    @classmethod
    def of(cls, rule: Rule, start: date) -> "_Days":
        months, month_days, weekdays = rule.months, rule.month_days, rule.weekdays
        if not (rule.weeks or rule.year_days or month_days or weekdays or rule.nth_weekdays):
            if rule.frequency == "YEARLY":
                months = months or frozenset({start.month})
            if rule.frequency in {"YEARLY", "MONTHLY"}:
                month_days = frozenset({start.day})
            if rule.frequency == "WEEKLY":
                weekdays = frozenset({start.weekday()})
        return cls(rule=rule, months=months, month_days=month_days, weekdays=weekdays)

    def match(self, day: date) -> bool:
        rule = self.rule
        return (
            (not self.months or day.month in self.months)
            and (not self.month_days or _is_month_day(day, self.month_days))
            and (not rule.year_days or _is_year_day(day, rule.year_days))
            and (not rule.weeks or _is_in_week(day, rule.weeks, rule.week_start))
            and self._is_weekday(day)
        )

    def _is_weekday(self, day: date) -> bool:
        nth = self.rule.nth_weekdays
        if not (self.weekdays or nth):
            return True
        if day.weekday() in self.weekdays:
            return True
        if not nth:
            return False
        of_year = self.rule.frequency == "YEARLY" and not self.rule.months
        at, length = (_day_of_year(day), _length_of_year(day.year)) if of_year else (day.day, monthrange(day.year, day.month)[1])  # fmt: skip
        weekday = day.weekday()
        return (weekday, (at - 1) // 7 + 1) in nth or (weekday, -((length - at) // 7 + 1)) in nth


def _is_month_day(day: date, wanted: frozenset[int]) -> bool:
    return day.day in wanted or day.day - monthrange(day.year, day.month)[1] - 1 in wanted


def _is_year_day(day: date, wanted: frozenset[int]) -> bool:
    number = _day_of_year(day)
    return number in wanted or number - _length_of_year(day.year) - 1 in wanted


def _is_in_week(day: date, wanted: frozenset[int], week_start: int) -> bool:
    """Whether a day is in one of the weeks, of which the first has at least four days of its year."""
    fourth = day + timedelta(days=3 - (day.weekday() - week_start) % 7)
    number = (_day_of_year(fourth) - 1) // 7 + 1
    last = date(fourth.year, 12, 31)
    fourth_of_last = last - timedelta(days=(last.weekday() - week_start - 3) % 7)
    weeks = (_day_of_year(fourth_of_last) - 1) // 7 + 1
    return number in wanted or number - weeks - 1 in wanted


def _day_of_year(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal() + 1


def _length_of_year(year: int) -> int:
    return _day_of_year(date(year, 12, 31))
