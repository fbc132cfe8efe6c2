"""A rule gives exactly one instant for each local date, in every zone of the tz database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest

from announcer.cadence import Rule, instant
from announcer.talks import Talk

ZONES = tuple(ZoneInfo(name) for name in sorted(available_timezones()))
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
TIMES = tuple(
    time.fromisoformat(clock)
    for clock in ("00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "23:30")
)
DAY = timedelta(days=1)

# Here summer time begins at 23:00, so that the clocks go on to midnight: the first valid instant
# after 23:30 is 00:00 of the day that follows.
GAP_UP_TO_MIDNIGHT = {"America/Godthab", "America/Nuuk", "America/Scoresbysund"}
# The date line was moved across these islands, and one local day was left out.
LEFT_OUT = {
    "Pacific/Enderbury": date(1994, 12, 31),
    "Pacific/Apia": date(2011, 12, 30),
    "Pacific/Fakaofo": date(2011, 12, 30),
    "Pacific/Kiritimati": date(1994, 12, 31),
    "Pacific/Kwajalein": date(1993, 8, 21),
}


def offset(zone: ZoneInfo, at: datetime) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(zone: ZoneInfo, first: datetime = FIRST, last: datetime = LAST) -> tuple[datetime, ...]:
    """The instants at which the clocks of a zone are set, to the second.

    Steps of ten days: Ramadan, the shortest spell between two changes, lasts longer.
    """
    found = []
    for n in range((last - first) // (10 * DAY) + 1):
        low, high = first + 10 * n * DAY, first + 10 * (n + 1) * DAY
        old = offset(zone, low)
        if old == offset(zone, high):
            continue
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) // timedelta(seconds=2) * timedelta(seconds=1)
            low, high = (middle, high) if offset(zone, middle) == old else (low, middle)
        found.append(high)
    return tuple(found)


def shown(zone: ZoneInfo, wall: datetime, near: tuple[datetime, ...]) -> list[datetime]:
    """All instants at which the clocks of a zone show a wall time, from the offsets around it."""
    offsets = {offset(zone, c + side) for c in near for side in (timedelta(seconds=-1), DAY * 0)}
    offsets |= {offset(zone, wall.replace(tzinfo=UTC))}
    return sorted(at for o in offsets if offset(zone, at := wall.replace(tzinfo=UTC) - o) == o)


def expected(zone: ZoneInfo, wall: datetime, near: tuple[datetime, ...]) -> datetime:
    """The first instant that shows the wall time, or else the change that left it out."""
    if found := shown(zone, wall, near):
        return found[0]
    naive = wall.replace(tzinfo=UTC)
    [change] = [
        c for c in near if c + offset(zone, c - timedelta(seconds=1)) <= naive < c + offset(zone, c)
    ]
    return change


def days_around(zone: ZoneInfo, change: datetime) -> Iterator[date]:
    local = change.astimezone(zone).date()
    yield from (local - DAY, local, local + DAY)


Sweep = tuple[tuple[ZoneInfo, date, time, datetime], ...]


@pytest.fixture(scope="module")
def sweep() -> Sweep:
    """The instant of every wall time on every day around every change of every zone."""
    return tuple(
        (zone, day, at, instant(day, at, zone))
        for zone in ZONES
        for at in TIMES
        for day in sorted({d for c in changes(zone) for d in days_around(zone, c)})
    )


def test_the_sweep_meets_gaps_and_overlaps(sweep: Sweep) -> None:
    assert len(ZONES) > 590
    assert len({zone.key for zone, *_ in sweep}) > 200
    walls = [(zone, datetime.combine(day, at)) for zone, day, at, _ in sweep[::7]]
    known = [len(shown(zone, wall, changes(zone))) for zone, wall in walls]
    assert known.count(0) > 100
    assert known.count(2) > 100


def test_a_wall_time_is_the_first_instant_that_shows_it_or_the_end_of_the_gap(
    sweep: Sweep,
) -> None:
    for zone, day, at, found in sweep:
        wall = datetime.combine(day, at)
        assert found == expected(zone, wall, changes(zone)), (zone.key, wall)


def test_the_instant_lies_on_its_local_day_unless_the_gap_lasts_to_midnight(sweep: Sweep) -> None:
    strays = {
        (zone.key, found.astimezone(zone).date() - day, found.astimezone(zone).time())
        for zone, day, _, found in sweep
        if found.astimezone(zone).date() != day
    }
    assert strays == {(name, DAY, time(0)) for name in GAP_UP_TO_MIDNIGHT}


def test_the_next_day_is_always_later(sweep: Sweep) -> None:
    for _, series in groupby(sweep, key=lambda found: (found[0].key, found[2])):
        for (zone, day, at, found), (*_, next_day) in pairwise(series):
            assert found < next_day, (zone.key, day, at)


def test_a_weekly_rule_gives_one_moment_for_each_week_of_a_year_in_every_zone() -> None:
    rules = [
        Rule(kind="announcement", weekday=weekday, at=at)
        for weekday, at in ((5, time(23, 30)), (6, time(0)), (6, time(2, 30)), (0, time(0, 30)))
    ]
    talks = [Talk(id=str(n), title="T", day=date(2026, 1, 7) + 7 * n * DAY) for n in range(53)]
    for zone in ZONES:
        for rule in rules:
            moments = [rule.moment(talk, zone) for talk in talks]
            days = [at.astimezone(zone).date() for at in moments if at is not None]
            late = zone.key in GAP_UP_TO_MIDNIGHT and rule.at == time(23, 30)
            assert {(day - DAY * n * 7 - days[0]) for n, day in enumerate(days)} <= (
                {DAY * 0, DAY} if late else {DAY * 0}
            ), (zone.key, rule)
            assert len(days) == len(talks)


@pytest.mark.parametrize(("name", "day"), LEFT_OUT.items())
def test_a_local_day_that_never_was_has_its_instant_at_the_start_of_the_next(
    name: str, day: date
) -> None:
    zone = ZoneInfo(name)
    midnight = instant(day + DAY, time(0), zone)
    assert midnight.astimezone(zone).date() == day + DAY
    assert (midnight - timedelta(seconds=1)).astimezone(zone).date() == day - DAY
    for at in TIMES:
        assert instant(day, at, zone) == midnight
        assert instant(day - DAY, at, zone) < midnight <= instant(day + DAY, at, zone)
