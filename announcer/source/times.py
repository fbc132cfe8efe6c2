"""Times of day as organisers write them in prose, and what they mean in the zone of a series.

What is read is what stands there; nothing is guessed that could be an hour off.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from typing import Final

from announcer.source import zones
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenTime:
    """A time of day as it is written: start, end and zone where they stand there."""

    start: time
    end: time | None
    zone: str | None  # its words, see zones.py
    offset: timedelta | None  # what they mean, east of UTC, where that does not hang on the day
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
    central = _central(match)
    zone = zones.behind(text, central or match.end()) or zones.before(text, match.start())
    last = max(match.start() + len(match[0].rstrip()), zone.end if zone else 0)
    return WrittenTime(
        start=start,
        end=end,
        zone=zone.words if zone else None,
        offset=zone.offset if zone else None,
        span=(zone.start if zone and zone.start < match.start() else match.start(), last),
        early=not marked and start.hour in range(1, 7),
    )


def _central(match: re.Match[str]) -> int | None:
    """Tell where "CT" begins that names the zone: behind "pm" it is no academic quarter."""
    parts = match.groupdict()
    last = "2" if parts.get("h2") else "1"
    half = (parts.get("p" + last) or "h")[0].lower()
    return match.start("t" + last) if parts.get("t" + last) == "CT" and half in "ap" else None


def _start_and_end(parts: dict[str, str | None]) -> tuple[time | None, time | None]:
    half = parts["p1"] or parts.get("p2")
    half = half if half and half[0].lower() in "ap" else None
    start = _time(parts["h1"], parts["m1"], parts["p1"] or half)
    end = _time(parts["h2"], parts["m2"], parts["p2"] or half) if parts.get("h2") else None
    if start and end and end <= start and not parts["p1"] and half:
        start = _time(parts["h1"], parts["m1"], "am")  # 11-1pm begins in the morning
    if start and end and _at_noon(end) > start >= end and not parts["p2"]:
        end = _at_noon(end)  # 12:40-1:30, on a clock of twelve hours
    quarter = (parts["t1"] or parts.get("t2") or "")[:1].lower() == "c" and not half
    if start and quarter and not start.minute:
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
