"""Dates, weekdays and times of day as organisers write them in prose.

What is read is what stands there; nothing is guessed that could be a year, a month or an hour
off. English, German and French month names and weekdays are known.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

DateOrder = Literal["dmy", "mdy"]

_MONTHS: Final = {
    1: "january jan januar jänner janvier janv",
    2: "february feb februar février fevrier févr fevr",
    3: "march mar märz maerz mrz mars",
    4: "april apr avril avr",
    5: "may mai",
    6: "june jun juni juin",
    7: "july jul juli juillet juil",
    8: "august aug août aout",
    9: "september sep sept septembre",
    10: "october oct oktober okt octobre",
    11: "november nov novembre",
    12: "december dec dezember dez décembre decembre déc",
}
MONTHS: Final = {name: number for number, names in _MONTHS.items() for name in names.split()}
_WEEKDAYS: Final = {
    0: "monday mondays mon montag montags lundi lundis",
    1: "tuesday tuesdays tue tues dienstag dienstags mardi mardis",
    2: "wednesday wednesdays wed mittwoch mittwochs mercredi mercredis",
    3: "thursday thursdays thu thur thurs donnerstag donnerstags jeudi jeudis",
    4: "friday fridays fri freitag freitags vendredi vendredis",
    5: "saturday saturdays sat samstag samstags sonnabend samedi samedis",
    6: "sunday sundays sun sonntag sonntags dimanche dimanches",
}
WEEKDAYS: Final = {name: number for number, names in _WEEKDAYS.items() for name in names.split()}

_month = "|".join(sorted(MONTHS, key=len, reverse=True))
_weekday = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
WEEKDAY: Final = re.compile(rf"\b({_weekday})\b\.?", re.IGNORECASE)
_LEAD: Final = rf"(?:\b(?P<weekday>{_weekday})\b\.?,?\s+(?:(?:the|den|le|dem)\s+)?)?"
_ISO: Final = re.compile(
    _LEAD + r"(?<![\d./-])(?P<y>(?:19|20)\d\d)-(?P<m>\d\d?)-(?P<d>\d\d?)(?![\d-])", re.IGNORECASE
)
_DOTTED: Final = re.compile(
    _LEAD
    + r"(?<![\d./-])(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.\s?(?P<y>(?:19|20)\d\d|\d\d)(?![\d]|\.\d|:\d)",
    re.IGNORECASE,
)
_SHORT: Final = re.compile(
    rf"\b(?P<weekday>{_weekday})\b\.?,?\s+(?:(?:the|den|le|dem)\s+)?(?P<d>\d\d?)\.(?P<m>\d\d?)\.?(?![\d:]|\s*(?:uhr|am\b|pm\b))(?P<y>)",
    re.IGNORECASE,
)
_SLASHED: Final = re.compile(
    _LEAD + r"(?<![\d./-])(?P<a>\d\d?)/(?P<b>\d\d?)/(?P<y>(?:19|20)\d\d|\d\d)(?![\d/])",
    re.IGNORECASE,
)
_DAY_MONTH: Final = re.compile(
    _LEAD
    + rf"(?<![\d.])(?P<d>\d\d?)(?:st|nd|rd|th|\.|er)?(?:\s+of)?[\s-]+(?P<m>{_month})\b\.?,?(?:[\s-]+(?P<y>(?:19|20)\d\d)(?!\d))?",
    re.IGNORECASE,
)
_MONTH_DAY: Final = re.compile(
    _LEAD
    + rf"\b(?P<m>{_month})\b\.?\s+(?:the\s+)?(?P<d>\d\d?)(?:st|nd|rd|th)?(?![\d:.]|\s*(?:am|pm|uhr)\b)(?:,?\s+(?P<y>(?:19|20)\d\d)(?!\d))?",
    re.IGNORECASE,
)
_PATTERNS: Final = (_ISO, _DOTTED, _SLASHED, _DAY_MONTH, _MONTH_DAY, _SHORT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A date as it is written: its parts, its weekday where one stands before it, and where."""

    day: int
    month: int
    year: int | None
    weekday: int | None
    words: str
    span: tuple[int, int]
    ambiguous: bool = False  # a slashed date whose order nothing tells

    def on(self, year: int) -> date | None:
        """Give the date in a year; None where it does not exist."""
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


def written_dates(text: str, order: DateOrder | None = None) -> list[Written]:
    """Find the dates of a text, in its order; overlapping readings are not given twice."""
    found: list[Written] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < w.span[1] and w.span[0] < match.end() for w in found):
                continue
            if (written := _written(match, order)) is not None:
                found.append(written)
    return sorted(found, key=lambda written: written.span)


def _written(match: re.Match[str], order: DateOrder | None) -> Written | None:
    parts = match.groupdict()
    ambiguous = False
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        ambiguous = order is None and first <= 12 and second <= 12 and first != second
        swapped = order == "mdy" if first <= 12 and second <= 12 else second > 12
        day, month = (second, first) if swapped else (first, second)
    else:
        day = int(parts["d"])
        month = MONTHS[parts["m"].lower()] if not parts["m"].isdigit() else int(parts["m"])
    year = int(parts["y"]) if parts["y"] else None
    if year is not None and year < 100:
        year += 2000
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    weekday = WEEKDAYS[parts["weekday"].lower()] if parts.get("weekday") else None
    return Written(
        day=day,
        month=month,
        year=year,
        weekday=weekday,
        words=match[0].strip(),
        span=match.span(),
        ambiguous=ambiguous,
    )


def date_order(text: str) -> DateOrder | None:
    """Tell the order of slashed dates from a whole page: one number above 12 decides."""
    pairs = [(int(m["a"]), int(m["b"])) for m in _SLASHED.finditer(text)]
    day_first = any(a > 12 >= b for a, b in pairs)
    month_first = any(b > 12 >= a for a, b in pairs)
    if day_first == month_first:
        return None
    return "dmy" if day_first else "mdy"


def nearest(written: Written, today: date) -> date | None:
    """Give the date nearest to today that a date without a year can mean.

    None where it does not exist, where its weekday fits no year around, or where the year before
    or after would be nearly as near.
    """
    fits = [
        day
        for year in (today.year - 1, today.year, today.year + 1)
        if (day := written.on(year)) is not None and written.weekday in (None, day.weekday())
    ]
    if not fits:
        return None
    best = min(fits, key=lambda day: abs(day - today))
    return best if abs(best - today) <= timedelta(days=150) else None


_T: Final = (
    r"(?P<h{n}>\d\d?)(?:[:.](?P<m{n}>[0-5]\d))?\s*(?P<p{n}>a\.?m\.?\b|p\.?m\.?\b|uhr\b|h\b)?"
)
_RANGE: Final = re.compile(
    r"(?<![\d.:/-])"
    + _T.format(n=1)
    + r"\s*(?:-|–|—|to|bis|until|till|à)\s*"
    + _T.format(n=2)
    + r"(?![\d:/])(?!\.\d)",
    re.IGNORECASE,
)
_SINGLE: Final = re.compile(
    r"(?<![\d.:/-])(?:" + _T.format(n=1) + r"|(?P<noon>noon|midday))(?![\d:/])(?!\.\d)",
    re.IGNORECASE,
)
_ZONE: Final = re.compile(
    r"\s*\(?\s*(?:(?P<gmt>GMT|UTC)\s*(?:(?P<sign>[+\-−])\s*(?P<h>\d{1,2})(?::?(?P<m>[0-5]\d))?)?"
    r"|(?P<name>CEST|CET|MESZ|MEZ|BST|WEST|WET|EEST|EET|EST|EDT|CST|CDT|MST|MDT|PST|PDT|JST|IST))\b"
)
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


# "Room 4.05" and "Theorem 3.07" name no time of day.
_OTHER_NUMBER: Final = re.compile(
    r"\b(?:rooms?|raum|zimmer|hörsaal|saal|salle|building|gebäude|floor|lecture hall|theorem|lemma|"
    r"section|chapter|version|figure|equation|seminarraum|sr|hs)\b\.?\s*[a-z]{0,3}[\s-]?\d{1,3}[.:]\d{1,3}",
    re.IGNORECASE,
)


def written_times(text: str) -> list[WrittenTime]:
    """Find times of day that say so themselves: with a colon, am, pm, "Uhr" or "noon"."""
    found: list[WrittenTime] = []
    text = _OTHER_NUMBER.sub(lambda other: " " * len(other[0]), text)
    for pattern in (_RANGE, _SINGLE):
        for match in pattern.finditer(text):
            if any(match.start() < t.span[1] and t.span[0] < match.end() for t in found):
                continue
            if (written := _written_time(match, text)) is not None:
                found.append(written)
    return sorted(found, key=lambda written: written.span)


def _written_time(match: re.Match[str], text: str) -> WrittenTime | None:
    parts = match.groupdict()
    if parts.get("noon"):
        start: time | None = time(12)
        end = None
    else:
        half = parts["p1"] or parts.get("p2")
        half = half if half and half[0].lower() in "ap" else None
        marked = [_says(parts, n) for n in ("1", "2") if parts.get("h" + n)]
        if not any(marked):
            return None
        start = _time(parts["h1"], parts["m1"], parts["p1"] or half)
        end = _time(parts["h2"], parts["m2"], parts["p2"] or half) if parts.get("h2") else None
        if parts.get("h2") and start and end and end <= start and not parts["p1"] and half:
            start = _time(parts["h1"], parts["m1"], "am")  # 11-1pm begins in the morning
    if start is None:
        return None
    zone = _ZONE.match(text, match.end())
    return WrittenTime(
        start=start,
        end=end,
        zone=zone[0].strip(" (") if zone else None,
        offset=_offset(zone) if zone else None,
        span=(match.start(), zone.end() if zone else match.end()),
    )


def _says(parts: dict[str, str | None], n: str) -> bool:
    minutes, half = parts["m" + n], parts["p" + n]
    return bool(minutes or (half and half.lower() != "h"))


def _time(hours: str | None, minutes: str | None, half: str | None) -> time | None:
    hour = int(hours or 0)
    mark = (half or "").replace(".", "").lower()
    if mark in {"am", "pm"}:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if mark == "pm" else 0)
    return time(hour, int(minutes or 0)) if hour < 24 else None


def _offset(zone: re.Match[str]) -> timedelta:
    if zone["name"]:
        return timedelta(hours=_ZONES[zone["name"]])
    span = timedelta(hours=int(zone["h"] or 0), minutes=int(zone["m"] or 0))
    return span if zone["sign"] in (None, "+") else -span


def zone_gap(written: WrittenTime, starts_at: datetime, zone: ZoneInfo) -> timedelta | None:
    """Give how far the written zone is from the one of the series; None where none is written."""
    offset = starts_at.astimezone(zone).utcoffset()
    if written.offset is None or offset is None:
        return None
    return abs(written.offset - offset)
