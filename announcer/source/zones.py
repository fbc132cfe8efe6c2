"""The time zones that stand beside a time of day, and the instant that is meant.

A zone is never ignored: what another clock shows is converted to that of the series. What can mean
two instants, as an offset that the series' own clocks have at another time of the year, is doubtful.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from announcer.cadence import instant

# Names of zones whose offset hangs on the day.
_WIDE: Final = {
    "ET": "America/New_York", "Eastern": "America/New_York", "New York": "America/New_York",
    "Boston": "America/New_York", "CT": "America/Chicago", "Central": "America/Chicago", "PT": "America/Los_Angeles",
    "Pacific": "America/Los_Angeles", "MT": "America/Denver", "Mountain": "America/Denver", "UK": "Europe/London",
}  # fmt: skip
_HOURS: Final = {
    "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "BST": 1, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8,
    "JST": 9, "KST": 9, "SGT": 8, "HKT": 8, "AEST": 10, "AEDT": 11, "AWST": 8, "NZST": 12, "NZDT": 13, "MSK": 3,
    "BRT": -3, "IST": 5.5, "SAST": 2, "CAT": 2, "WIB": 7,
}  # fmt: skip
_AMBIGUOUS: Final = frozenset(
    {"IST", "CST", "BST"}
)  # India, Israel, Ireland; Chicago, China; London, Dhaka
_OTHER_NAMES: Final = {"MEZ": "CET", "MESZ": "CEST", "UTC": "GMT"}
_NAME: Final = "|".join(sorted(_HOURS, key=len, reverse=True))
_WIDE_NAME: Final = "|".join(sorted(_WIDE, key=len, reverse=True))
_TIME: Final = r"(?:\s+(?:(?:local|standard|daylight|summer)\s+)?time)"
# Not with a blank before the minus: "15:00 -17:00" is a span.
_ZONE: Final = re.compile(
    r"\s{0,9}[(\[]?\s{0,9}(?:\b(?:(?P<gmt>GMT|UTC)\s{0,9}(?:(?P<sign>[+\-−])\s{0,9}(?P<h>\d{1,2})(?::?(?P<m>[0-5]\d))?)?"
    rf"|(?P<name>{_NAME})"
    r"|(?P<key>(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific|US)/[A-Z][\w/+-]*)"
    # A place stands behind a time for its clock only where nothing goes on: "16:00 London, Room 2".
    rf"|(?P<wide>ET|PT|MT|CT|(?:{_WIDE_NAME}|London|Paris|Berlin|Tokyo|Sydney|Los Angeles)(?={_TIME}\b|\s{{0,9}}(?:[)/|]|$)))"
    rf"{_TIME}?)(?![\w/])"
    r"|(?P<plus>\+)(?P<ph>[01]\d):?(?P<pm>[0-5]\d)(?!\d)|(?P<zulu>(?<=\d)Z)(?!\w))"
)
# "(Zurich)", "Zurich time", "Berliner Zeit", "heure de Paris".
_CITY_NAME: Final = r"[A-ZÀ-ÖØ-Þ][^\W\d_]{2,20}(?:[ -][A-ZÀ-ÖØ-Þ][^\W\d_]{2,20}){0,2}"
_CITY: Final = re.compile(
    rf"\s{{0,9}}[(\[]?\s{{0,9}}(?:(?P<timed>{_CITY_NAME})\s{{1,3}}(?:(?:local|standard|summer)\s{{1,3}})?(?:[Tt]ime|Zeit)\b"
    rf"|(?:heure (?:de |d['’])|hora de )(?P<heure>{_CITY_NAME})|(?<=[(\[])(?P<alone>{_CITY_NAME})(?=\s{{0,3}}[)\]]))"
)
_BEFORE: Final = re.compile(rf"\b(?P<word>GMT|UTC|{_NAME})\s{{0,3}}:?\s{{0,3}}$")
_BEFORE_LETTERS: Final = 12
_AREAS: Final = (
    "Europe", "America", "Asia", "Africa", "Australia", "Pacific", "Atlantic", "Indian", "America/Argentina",
)  # fmt: skip
_CITIES: Final = {
    "zürich": "Europe/Zurich", "zürcher": "Europe/Zurich", "geneva": "Europe/Zurich", "genève": "Europe/Zurich", "genf": "Europe/Zurich",
    "lausanne": "Europe/Zurich", "basel": "Europe/Zurich", "bern": "Europe/Zurich", "wien": "Europe/Vienna", "rom": "Europe/Rome", "roma": "Europe/Rome", "milan": "Europe/Rome",
    "munich": "Europe/Berlin", "münchen": "Europe/Berlin", "hamburg": "Europe/Berlin", "cologne": "Europe/Berlin", "köln": "Europe/Berlin",
    "lyon": "Europe/Paris", "marseille": "Europe/Paris", "bruxelles": "Europe/Brussels", "kopenhagen": "Europe/Copenhagen",
    "lisboa": "Europe/Lisbon", "lissabon": "Europe/Lisbon", "barcelona": "Europe/Madrid", "edinburgh": "Europe/London", "oxford": "Europe/London",
    "cambridge": "Europe/London", "kyiv": "Europe/Kiev", "washington": "America/New_York", "boston": "America/New_York", "new york": "America/New_York",
    "montreal": "America/Toronto", "montréal": "America/Toronto", "san francisco": "America/Los_Angeles", "seattle": "America/Los_Angeles", "peking": "Asia/Shanghai",
    "beijing": "Asia/Shanghai", "tokio": "Asia/Tokyo", "kyoto": "Asia/Tokyo", "mumbai": "Asia/Kolkata", "delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata",
}  # fmt: skip
_NO_CITY_WORDS: Final = """
    local lunch coffee tea start starting new usual same our seminar regular time next first day any all some this real
"""
_NO_CITY: Final = frozenset(_NO_CITY_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone as it is written: its words, where they stand, and its offset where that is fixed."""

    words: str
    start: int
    end: int
    offset: timedelta | None


def behind(text: str, at: int) -> Zone | None:
    """Find the zone that stands right behind a time, which ends at a place of a text."""
    found = _ZONE.match(text, at)
    if found:
        return Zone(words=found[0].strip(" (["), start=at, end=found.end(), offset=_offset(found))
    city = _CITY.match(text, at)
    name = (city["timed"] or city["heure"] or city["alone"]) if city else ""
    if city is None or name.casefold() in _NO_CITY or (city["alone"] and _city(name) is None):
        return None
    return Zone(words=city[0].strip(" (["), start=at, end=city.end(), offset=None)


def before(text: str, at: int) -> Zone | None:
    """Find the zone that stands right before a time: "CET 16:00"."""
    start = max(0, at - _BEFORE_LETTERS)
    found = _BEFORE.search(text[start:at])
    zone = _ZONE.match(found["word"]) if found else None
    if found is None or zone is None:
        return None
    return Zone(words=found["word"], start=start + found.start(), end=at, offset=_offset(zone))


def offset(said: str) -> timedelta | None:
    """Give the offset that the words of a zone fix, east of UTC; None where it hangs on the day."""
    found = _ZONE.fullmatch(said)
    return _offset(found) if found else None


def words(text: str) -> str:
    """Give the zone that a text names, as "UTC+2"; nothing where it names none."""
    found = _ZONE.search(text)
    return found[0].strip(" ([") if found else ""


def _offset(zone: re.Match[str]) -> timedelta | None:
    if zone["key"] or zone["wide"]:
        return None
    if zone["name"]:
        return timedelta(hours=_HOURS[zone["name"]])
    if zone["plus"]:
        return timedelta(hours=int(zone["ph"]), minutes=int(zone["pm"]))
    span = timedelta(hours=int(zone["h"] or 0), minutes=int(zone["m"] or 0))
    return span if zone["sign"] in (None, "+") else -span


def _by_words(said: str) -> ZoneInfo | None:
    """Give the zone that words name and whose offset hangs on the day."""
    found = _ZONE.match(said)
    if found and found["wide"]:
        return _known(_WIDE.get(found["wide"], "")) or _city(found["wide"])
    if found and found["key"]:
        return _known(found["key"])
    city = _CITY.match(f"({said})") or _CITY.match(said)
    name = (city["timed"] or city["heure"] or city["alone"]) if city else None
    return _city(name) if name else _known(said)


@lru_cache(maxsize=256)
def _city(name: str) -> ZoneInfo | None:
    """Give the zone of a city, as the tz database or an adjective names it ("Berliner")."""
    low = name.casefold()
    for word in (low, low.removesuffix("er")):
        plain = "".join(
            c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)
        )
        if word in _CITIES:
            return _known(_CITIES[word])
        key = plain.title().replace(" ", "_")
        if key.replace("_", "").isascii() and key.replace("_", "").isalpha():
            found = next((z for area in _AREAS if (z := _known(f"{area}/{key}"))), None)
            if found:
                return found
    return None


@lru_cache(maxsize=256)
def _known(key: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(key) if key else None
    except (KeyError, ValueError, OSError):
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The instant that a time with a zone means, and what makes it doubtful."""

    at: datetime
    doubt: str = ""
    warning: str = ""


def meant(day: date, start: time, said: str, offset: timedelta | None, own: ZoneInfo) -> Meant:
    """Give the instant of a time of day that names a zone.

    Args:
        day: the day as it is written, so that of the zone.
        start: what the clocks of the zone show.
        said: the words of the zone.
        offset: what they mean, east of UTC; None where it hangs on the day.
        own: the zone of the series.
    """
    here = instant(day, start, own)
    zone = _by_words(said) if offset is None else None
    if offset is None and zone is None:
        return Meant(at=here, doubt=f'"{said}" is no time zone that is known')
    there = (
        instant(day, start, zone)
        if zone
        else (datetime.combine(day, start) - (offset or timedelta())).replace(tzinfo=UTC)
    )
    if there == here:
        return Meant(at=here)
    gap = abs(there - here)
    told = f'"{said}", but the clocks of {own.key} differ from it by {gap}'
    name = _OTHER_NAMES.get(said, said)
    if (
        offset is not None
        and there in _of_other_seasons(day, start, own)
        and said not in {"GMT", "UTC"}
    ):
        return Meant(
            at=here, doubt=f"{told} on {day}: it may mean {own.key} all the same; name no zone"
        )
    if said in _AMBIGUOUS or (zone and not _says_time(said)):
        return Meant(
            at=there,
            doubt=f"{told}: it can mean several clocks"
            if said in _AMBIGUOUS
            else f"{told}, if that is its clock",
        )
    shown = f"{there.astimezone(own):%H:%M}"
    return Meant(at=there, warning=f'{start:%H:%M} "{name}" is {shown} on the clocks of {own.key}')


def _says_time(said: str) -> bool:
    """Tell whether words name a clock, and not only a city, which may be where the talk is."""
    return bool(re.search(r"(?i)\b(?:time|zeit|heure|hora)\b|/|^(?:ET|PT|MT|CT)$", said))


def _of_other_seasons(day: date, start: time, own: ZoneInfo) -> Iterator[datetime]:
    """Give the instants that a time would mean on the clocks that a zone has at other times of the year."""
    for month in (1, 7):
        offset = datetime(day.year, month, 1, 12, tzinfo=own).utcoffset()
        if offset is not None:
            yield (datetime.combine(day, start) - offset).replace(tzinfo=UTC)
