"""What the clocks of listeners elsewhere show while a talk is on, and when that is not as usual."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from announcer.talks import Series
from announcer.words import dated, span, words

# Two zones that change their clocks on different days are out of step for at most eight weeks.
_OUT_OF_STEP: Final = 60
_HALF_A_YEAR: Final = 183


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The time of a talk in another zone, in the words of a mail."""

    city: str
    when: str
    shift: str  # how it differs from the usual one; empty where it does not


def elsewhere(
    series: Series, start: datetime, end: datetime, language: str
) -> tuple[Elsewhere, ...]:
    """Give the time of a talk in each zone that the series names."""
    return tuple(_there(zone, series, start, end, language) for zone in series.also_times)


def zone_name(local: datetime) -> str:
    """Name the zone of a wall clock, with its distance from UTC."""
    offset = local.utcoffset() or timedelta(0)
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    sign = "-" if offset < timedelta(0) else "+"
    utc = f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")
    name = local.tzname() or utc
    return f"{name}, {utc}" if not name.startswith(("+", "-", "UTC")) else utc


@lru_cache(maxsize=256)
def shift(here: ZoneInfo, there: ZoneInfo, at: datetime) -> timedelta:
    """Say how much later than usual a clock there is, seen from here, at an instant.

    Usual is what last held for more than a few weeks. It is zero on most days: the United States
    and Europe, say, are out of step for two or three weeks in March and one in autumn.
    """
    year = [
        _apart(here, there, at + timedelta(days=day)) for day in range(-_HALF_A_YEAR, _HALF_A_YEAR)
    ]
    days = Counter(year)
    usual = [apart for apart in year[: _HALF_A_YEAR + 1] if days[apart] >= _OUT_OF_STEP]
    return _apart(here, there, at) - usual[-1] if usual else timedelta(0)


def _apart(here: ZoneInfo, there: ZoneInfo, at: datetime) -> timedelta:
    offsets = (at.astimezone(zone).utcoffset() or timedelta(0) for zone in (there, here))
    return next(offsets) - next(offsets)


def _there(
    zone: ZoneInfo, series: Series, start: datetime, end: datetime, language: str
) -> Elsewhere:
    gettext = words(language).gettext
    local, until = start.astimezone(zone), end.astimezone(zone)
    another_day = local.date() != series.local(start).date()
    form = (
        gettext("%(day)s, %(start)s–%(end)s (%(zone)s)")
        if another_day
        else gettext("%(start)s–%(end)s (%(zone)s)")
    )
    city = _city(zone, language)
    clock = form % {
        "day": dated(local, "EEEE", language),
        "start": f"{local:%H:%M}",
        "end": f"{until:%H:%M}",
        "zone": zone_name(local),
    }
    return Elsewhere(
        city=city,
        when=gettext("%(city)s: %(time)s") % {"city": city, "time": clock},
        shift=_shifted(shift(series.timezone, zone, start), city, language),
    )


def _shifted(later: timedelta, city: str, language: str) -> str:
    if not later:
        return ""
    gettext = words(language).gettext
    hour = abs(later) == timedelta(hours=1)
    said = (
        gettext("%(span)s later than usual in %(city)s, because of the change of clocks")
        if later > timedelta(0)
        else gettext("%(span)s earlier than usual in %(city)s, because of the change of clocks")
    )
    return said % {
        "span": gettext("one hour") if hour else span(abs(later), language),
        "city": city,
    }


def _city(zone: ZoneInfo, language: str) -> str:
    """Name the city of a zone, or the zone itself where it is of none."""
    from babel.dates import get_timezone_location  # noqa: PLC0415 - only who composes pays

    named = get_timezone_location(zone, locale=language.replace("-", "_"), return_city=True)
    return named.rpartition("/")[2]
