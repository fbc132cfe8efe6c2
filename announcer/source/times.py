"""Times of day as organisers write them in prose, and what they mean in the zone of a series.

What is read is what stands there; nothing is guessed that could be an hour off.
"""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from announcer.source.dates import WEEKDAY_NAMES, overlaps

# Blanks are bounded, as one that may belong to either of two would be tried in each.
_T: Final = (
    r"(?P<h{n}>\d\d?)(?:(?P<s{n}>[:.h])(?P<m{n}>[0-5]\d))?\s{{0,9}}"
    r"(?P<p{n}>a\.?m\b\.?|p\.?m\b\.?|uhr\b|h\b)?(?:\s{{0,9}}\(?(?P<t{n}>[cs]\.\s?t\b\.?|(?<=\s)[cs]t\b)\)?)?"
)
_RANGE: Final = re.compile(
    r"(?<![\d.:/+−-])"
    + _T.format(n=1)
    + r"\s{0,9}(?:-|–|—|to|bis|until|till|à)\s{0,9}"
    + _T.format(n=2)
    + r"(?![\d/]|:\d)(?!\.\d)",
    re.IGNORECASE,
)
_SINGLE: Final = re.compile(
    r"(?<![\d.:/+−-])(?:"
    + _T.format(n=1)
    + r"|(?:12\s+)?\b(?P<noon>noon|midday|midi)\b)(?![\d/]|:\d)(?!\.\d)",
    re.IGNORECASE,
)
_LIKELY: Final = re.compile(r"\d|noon|midi|midday", re.IGNORECASE)  # most texts hold none
_BARE_TIME: Final = re.compile(
    r"\W*" + _T.format(n=1) + r"(?:\s{0,9}(?:-|–|—|to|bis|à)\s{0,9}" + _T.format(n=2) + r")?\W*",
    re.IGNORECASE,
)
_INTRODUCED: Final = re.compile(
    rf"(?:\b(?:at|um|ab|à|from|von|de|{WEEKDAY_NAMES})|[@(,;–-])\s{{0,9}}(?:ca\.?\s{{0,9}})?$",
    re.IGNORECASE,
)
_NEAR: Final = 60  # letters before a time that can introduce it: a line may hold thousands
_ZONE: Final = re.compile(
    r"\s{0,9}\(?\s{0,9}\b(?:(?P<gmt>GMT|UTC)\s{0,9}(?:(?P<sign>[+\-−])\s{0,9}(?P<h>\d{1,2})(?::?(?P<m>[0-5]\d))?)?"
    r"|(?P<name>CEST|CET|MESZ|MEZ|BST|WEST|WET|EEST|EET|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|IST)"
    r"|(?P<key>(?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific|US)/[A-Z][\w/+-]*)"
    # A place stands behind a time for its clock only where nothing goes on: "16:00 London, Room 2".
    r"|(?P<wide>ET|PT|MT|(?:Eastern|Pacific|Mountain|New York|Boston|Los Angeles|London|Paris|Berlin|Tokyo|Sydney|UK)"
    r"(?=\s+(?:(?:local|standard|daylight|summer)\s+)?time\b|\s{0,9}(?:[)/|]|$)))"
    r"(?:\s+(?:(?:local|standard|daylight|summer)\s+)?time)?)(?![\w/])"
)
# Names of zones whose offset hangs on the day.
_WIDE: Final = {
    "ET": "America/New_York", "Eastern": "America/New_York", "New York": "America/New_York",
    "Boston": "America/New_York", "PT": "America/Los_Angeles",
    "Pacific": "America/Los_Angeles", "Los Angeles": "America/Los_Angeles", "MT": "America/Denver",
    "Mountain": "America/Denver", "London": "Europe/London", "UK": "Europe/London",
    "Paris": "Europe/Paris", "Berlin": "Europe/Berlin", "Tokyo": "Asia/Tokyo",
    "Sydney": "Australia/Sydney",
}  # fmt: skip
_ZONES: Final = {
    "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "BST": 1, "WET": 0, "WEST": 1, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "JST": 9, "IST": 5.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTime:
    """A time of day as it is written: start, end and zone where they stand there."""

    start: time
    end: time | None
    zone: str | None  # its words
    offset: timedelta | None  # what they mean, east of UTC
    span: tuple[int, int]
    early: bool = False  # "4:00" and no more: at night by the letter, hardly ever meant so


# "Room 4.05" and "Theorem 3.07" name no time of day.
_OTHER_NUMBER: Final = re.compile(
    r"\b(?:rooms?|raum|zimmer|hörsaal|saal|salle|building|gebäude|floor|lecture hall|theorem|lemma|"
    r"section|chapter|version|figure|equation|seminarraum|sr|hs)\b\.?\s*[a-z]{0,3}[\s-]?\d{1,3}[.:]\d{1,3}",
    re.IGNORECASE,
)


def written_times(text: str) -> list[WrittenTime]:
    """Find times of day that say so themselves: with a colon, am, pm, "Uhr", "c.t." or "noon"."""
    return list(_times(text)) if _LIKELY.search(text) else []


@lru_cache(maxsize=256)  # an entry asks many times for the times of its few lines
def _times(text: str) -> tuple[WrittenTime, ...]:
    found: list[WrittenTime] = []
    text = _OTHER_NUMBER.sub(lambda other: " " * len(other[0]), text)
    for pattern in (_RANGE, _SINGLE):
        spans = [one.span for one in found]
        fresh = [
            written
            for match in pattern.finditer(text)
            if not overlaps(match.span(), spans)
            and (written := _written_time(match, text)) is not None
        ]
        if fresh:
            found = sorted([*found, *fresh], key=lambda written: written.span)
    return tuple(found)


def asked_times(text: str) -> list[WrittenTime]:
    """Find the times where a time is asked for, as in a column of that name: also "14-16"."""
    found = written_times(text)
    bare = None if found else _BARE_TIME.fullmatch(text)
    written = _written_time(bare, text, asked=True) if bare else None
    return [written] if written else found


def _written_time(match: re.Match[str], text: str, *, asked: bool = False) -> WrittenTime | None:
    parts = match.groupdict()
    end: time | None = None
    marked = True
    if parts.get("noon"):
        start: time | None = time(12)
    else:
        if not asked and not _says_so(parts, text, match.start()):
            return None
        start, end = _start_and_end(parts)
        both = {(parts["p1"] or "h").lower(), (parts.get("p2") or "h").lower()} - {"h"}
        marked = bool(both or parts["s1"] == "h" or parts["h1"].startswith("0"))
    if start is None:
        return None
    zone = _ZONE.match(text, match.end())
    return WrittenTime(
        start=start,
        end=end,
        zone=zone[0].strip(" (") if zone else None,
        offset=_offset(zone) if zone else None,
        span=(match.start(), zone.end() if zone else match.start() + len(match[0].rstrip())),
        early=not marked and start.hour in range(1, 7),
    )


def _start_and_end(parts: dict[str, str | None]) -> tuple[time | None, time | None]:
    half = parts["p1"] or parts.get("p2")
    half = half if half and half[0].lower() in "ap" else None
    start = _time(parts["h1"], parts["m1"], parts["p1"] or half)
    end = _time(parts["h2"], parts["m2"], parts["p2"] or half) if parts.get("h2") else None
    if start and end and end <= start and not parts["p1"] and half:
        start = _time(parts["h1"], parts["m1"], "am")  # 11-1pm begins in the morning
    if start and end and _at_noon(end) > start >= end and not parts["p2"]:
        end = _at_noon(end)  # 12:40-1:30, on a clock of twelve hours
    if start and (parts["t1"] or parts.get("t2") or "")[:1].lower() == "c" and not start.minute:
        start = start.replace(minute=15)  # cum tempore: the academic quarter
    return start, end


def _at_noon(end: time) -> time:
    """Give a time of the morning as that of the afternoon."""
    return end.replace(hour=end.hour + 12) if end.hour < 12 else end


def _says_so(parts: dict[str, str | None], text: str, start: int) -> bool:
    if parts["t1"] or parts.get("t2"):
        return True
    ends = [n for n in ("1", "2") if parts.get("h" + n)]
    halves = [(parts["p" + n] or "").lower() for n in ends]
    if any(half and half != "h" for half in halves):
        return True
    marks = [parts["s" + n] for n in ends if parts["s" + n]]
    if any(mark in {":", "h"} for mark in marks) or len(marks) == 2:
        return True
    # "2.10" may be a version and "10 h" a length; what stands before says that it is a time.
    if not marks and "h" not in halves:
        return False
    near = text[max(0, start - _NEAR) : start]
    introduced = bool(_INTRODUCED.search(near)) or (bool(near) and not near.strip(" |"))
    return introduced or len(ends) == 2 or (bool(marks) and not start)


def _time(hours: str | None, minutes: str | None, half: str | None) -> time | None:
    hour = int(hours or 0)
    mark = (half or "").replace(".", "").lower()
    if mark in {"am", "pm"} and hour <= 12:
        if hour < 1:
            return None
        hour = hour % 12 + (12 if mark == "pm" else 0)
    return time(hour, int(minutes or 0)) if hour < 24 else None


def _offset(zone: re.Match[str]) -> timedelta | None:
    if zone["key"] or zone["wide"]:
        return None
    if zone["name"]:
        return timedelta(hours=_ZONES[zone["name"]])
    span = timedelta(hours=int(zone["h"] or 0), minutes=int(zone["m"] or 0))
    return span if zone["sign"] in (None, "+") else -span


def zone_words(text: str) -> str:
    """Give the zone that a text names, as "UTC+2"; nothing where it names none."""
    found = _ZONE.search(text)
    return found[0].strip(" (") if found else ""


def zone_gap(written: WrittenTime, starts_at: datetime, zone: ZoneInfo) -> timedelta | None:
    """Give how far the written zone is from the one of the series; None where none is written."""
    offset = starts_at.astimezone(zone).utcoffset()
    meant = written.offset
    if meant is None and written.zone:
        meant = starts_at.replace(tzinfo=_by_name(written.zone) or zone).utcoffset()
    if meant is None or offset is None:
        return None
    return abs(meant - offset)


def _by_name(words: str) -> ZoneInfo | None:
    found = _ZONE.match(words)
    try:
        return ZoneInfo(_WIDE[found["wide"]] if found and found["wide"] else words)
    except (KeyError, ValueError, OSError):
        return None
