"""Dates and weekdays as organisers write them in prose.

What is read is what stands there; nothing is guessed that could be a year or a month off. English, German and French month names and weekdays are known.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, Literal, Protocol

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
# Two and three letters are a weekday only right before a date: "so" and "do" are words.
_BRIEF: Final = {
    0: "mo lun", 1: "di mar", 2: "mi mer", 3: "do jeu th", 4: "fr ven", 5: "sa sam", 6: "so dim",
}  # fmt: skip
_LEADING: Final = WEEKDAYS | {n: number for number, names in _BRIEF.items() for n in names.split()}

_month = "|".join(sorted(MONTHS, key=len, reverse=True))
WEEKDAY_NAMES: Final = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
WEEKDAY: Final = re.compile(rf"\b({WEEKDAY_NAMES})\b\.?", re.IGNORECASE)
_leading = "|".join(sorted(_LEADING, key=len, reverse=True))
_LEAD: Final = rf"(?:\b(?P<weekday>{_leading})\b\.?,?\s+(?:(?:the|den|le|dem)\s+)?)?"
_ISO: Final = re.compile(
    _LEAD + r"(?<![\d./-])(?P<y>(?:19|20)\d\d)-(?P<m>\d\d?)-(?P<d>\d\d?)(?![\d-])", re.IGNORECASE
)
_DOTTED: Final = re.compile(
    _LEAD
    + r"(?<![\d./-])(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.(?P<y>\s?(?:19|20)\d\d|\d\d)(?![\d]|\.\d|:\d|\s*(?:uhr|h\b|[cs]\.))",
    re.IGNORECASE,
)
_SHORT: Final = re.compile(
    rf"\b(?P<weekday>{WEEKDAY_NAMES})\b\.?,?\s+(?:(?:the|den|le|dem)\s+)?(?P<d>\d\d?)\.(?P<m>\d\d?)\.?(?![\d:]|\s*(?:uhr|am\b|pm\b))(?P<y>)",
    re.IGNORECASE,
)
# "Do, 15.1.": capital letters and both dots, since "so" is a word and "3.4" a number.
_BRIEF_SHORT: Final = re.compile(
    r"\b(?P<weekday>Mo|Di|Mi|Do|Fr|Sa|So)\b\.?,?\s+(?:den\s+)?(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.(?![\d:]|\s*(?:19|20)\d\d)(?P<y>)"
)
_SLASHED: Final = re.compile(
    _LEAD + r"(?<![\d./-])(?P<a>\d\d?)/(?P<b>\d\d?)/(?P<y>(?:19|20)\d\d|\d\d)(?![\d/])",
    re.IGNORECASE,
)
_DAY_MONTH: Final = re.compile(
    _LEAD
    + rf"(?<![\d.])(?P<d>\d\d?)(?:st|nd|rd|th|\.|er)?(?:\s+of)?(?:\s+|-)(?P<m>{_month})\b\.?,?(?:[\s-]+(?P<y>(?:19|20)\d\d)(?!\d))?",
    re.IGNORECASE,
)
_MONTH_DAY: Final = re.compile(
    _LEAD
    + rf"\b(?P<m>{_month})\b\.?\s+(?:the\s+)?(?P<d>\d\d?)(?:st|nd|rd|th)?(?!\d|[:.]\d|\s*(?:am|pm|uhr)\b|er\b|\s?/\s?\d|\.?\s+(?:{_month})\b)(?:,?\s+(?P<y>(?:19|20)\d\d)(?!\d))?",
    re.IGNORECASE,
)
_SLASHED_SHORT: Final = re.compile(
    rf"\b(?P<weekday>{_leading})\b\.?,?\s+(?:the\s+)?(?P<a>\d\d?)/(?P<b>\d\d?)(?![\d/])(?P<y>)",
    re.IGNORECASE,
)
_DIGIT: Final = re.compile(r"\d")
_TO_LAST_DIGIT: Final = re.compile(r".*\d", re.DOTALL)
_REACH: Final = 100  # letters before or behind a date's digits that belong to it
_MONTH_WORD: Final = re.compile(rf"(?<![^\W\d_])(?:{_month})\b", re.IGNORECASE)
_MONTH_STARTS: Final = tuple({name[:3] for name in MONTHS})


def _names_a_month(text: str) -> bool:
    small = text.lower()  # looked for one by one they are found faster than by a pattern
    return any(start in small for start in _MONTH_STARTS) and bool(_MONTH_WORD.search(text))


# With what a text must hold for the pattern to be worth trying: most texts hold no date.
_PATTERNS: Final[Sequence[tuple[tuple[re.Pattern[str], ...], Callable[[str], object]]]] = (
    ((_ISO,), re.compile(r"\d-\d").search),
    ((_DOTTED,), re.compile(r"\d\.\s?\d").search),
    ((_SLASHED,), re.compile(r"\d/\d").search),
    ((_DAY_MONTH, _MONTH_DAY), _names_a_month),
    ((_SHORT, _BRIEF_SHORT), re.compile(r"\d\.\s?\d").search),
    ((_SLASHED_SHORT,), re.compile(r"\d/\d").search),
)
# Without a year and a weekday these are numbers like others, unless a place asks for a date.
_BARE: Final = re.compile(
    r"\W*(?:(?P<a>\d\d?)/(?P<b>\d\d?)|(?P<d>\d\d?)\.\s?(?P<m>\d\d?)\.?)(?P<y>)(?![\d./])"
)
_CELL: Final = re.compile(r"(?:^|\|)[\s*_]*(?P<a>\d\d?)/(?P<b>\d\d?)[\s*_]*(?:\||$)")
_LIST_AFTER: Final = re.compile(
    r"\s*(?:,|and|und|et|&|-|–|to|bis)\s*\d\d?(?:st|nd|rd|th|\.)?(?!\d|:\d|/|h\b|\.\d|-\d|\s*(?:am|pm|uhr|a\.m|p\.m|-|–|to)\b)(?=\W|$)",
    re.IGNORECASE,
)
_LIST_BEFORE: Final = re.compile(
    r"(?<![\w.#:])\d\d?\.?[-–]$|(?:^|[^\w#.:]\s*)(?<!\w )\d\d?\.?(?:st|nd|rd|th)?\s?(?:-|–|/|,|&|and|und|et|bis|to)\s?$",
    re.IGNORECASE,
)


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
    short: bool = False  # "2026-04-1" may lack its last digit
    several: bool = False  # one of several days, as in "6-10 July" or "May 8, 15 and 22"

    def on(self, year: int) -> date | None:
        """Give the date in a year; None where it does not exist."""
        try:
            return date(self.year or year, self.month, self.day)
        except ValueError:
            return None


def written_dates(text: str, order: DateOrder | None = None) -> list[Written]:
    """Find the dates of a text, in its order; overlapping readings are not given twice."""
    return list(_dates(text, order)) if _DIGIT.search(text) else []


@lru_cache(maxsize=256)  # an entry asks many times for the dates of its few lines
def _dates(text: str, order: DateOrder | None) -> tuple[Written, ...]:
    found: list[Written] = []
    for patterns, needed in _PATTERNS:
        if not needed(text):
            continue
        spans = [one.span for one in found]
        fresh = [
            written
            for match in _apart(patterns, text)
            if not overlaps(match.span(), spans) and (written := _written(match, order)) is not None
        ]
        if fresh:
            found = sorted([*found, *fresh], key=lambda written: written.span)
    return tuple(found)


def _apart(patterns: Sequence[re.Pattern[str]], text: str) -> list[re.Match[str]]:
    """Find what patterns match; where they overlap the leftmost counts, as in "Apr 28-May 2".

    A year decides before that, as in "Talk 7 May 14, 2026".
    """
    kept: list[re.Match[str]] = []
    start, end = _around_digits(text)
    every = (match for pattern in patterns for match in pattern.finditer(text, start, end))
    for match in sorted(every, key=lambda match: match.start()):
        if not kept or match.start() >= kept[-1].end():
            kept.append(match)
        elif match["y"] and not kept[-1]["y"]:
            kept[-1] = match
    return kept


def _around_digits(text: str) -> tuple[int, int]:
    """Give the part of a text that can hold dates: none is longer without a digit."""
    first, last = _DIGIT.search(text), _TO_LAST_DIGIT.match(text)
    if first is None or last is None:
        return 0, 0
    return max(0, first.start() - _REACH), last.end() + _REACH


def asked_dates(text: str, order: DateOrder | None = None) -> list[Written]:
    """Find the dates where a date is asked for, as in a column of that name: also "19/01"."""
    found = written_dates(text, order)
    bare = None if found else _BARE.match(text)
    written = _written(bare, order) if bare else None
    return [written] if written else found


class Found(Protocol):
    """What was found in a text: a date, a time."""

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands."""
        ...


def without_spans(text: str, found: Iterable[Found], by: str = " ") -> str:
    """Put something else in the place of what was found, which stands in order and apart."""
    parts: list[str] = []
    done = 0
    for start, end in (one.span for one in found):
        parts += [text[done:start], by]
        done = end
    return "".join([*parts, text[done:]])


def overlaps(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a span meets one of those found, which stand in order and apart."""
    at = bisect_left(spans, (span[1],))
    return at > 0 and spans[at - 1][1] > span[0]


def _written(match: re.Match[str], order: DateOrder | None) -> Written | None:
    parts = match.groupdict()
    ambiguous = False
    if parts.get("a"):
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
    weekday = _LEADING[parts["weekday"].lower()] if parts.get("weekday") else None
    return Written(
        day=day,
        month=month,
        year=year,
        weekday=weekday,
        words=match[0].strip(),
        span=match.span(),
        ambiguous=ambiguous,
        short=match.re is _ISO and len(parts["m"]) == 2 and len(parts["d"]) == 1,
        several=_several(match),
    )


def _several(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 12) : match.start()]
    after = match.string[match.end() : match.end() + 24]
    month_first = match.re is _MONTH_DAY
    days_first = match.re is _DAY_MONTH or match.re is _DOTTED
    return bool(
        (month_first and not match["y"] and _LIST_AFTER.match(after))
        or (days_first and _LIST_BEFORE.search(before))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The order of a page's slashed dates, or the two lines that contradict each other."""

    told: DateOrder | None = None
    contradiction: str | None = None

    @property
    def advice(self) -> str:
        """What to do about a date whose order nothing tells."""
        if self.contradiction:
            return f"{self.contradiction}; set date_order in [series.source]"
        return "set date_order in [series.source]"


def date_order(texts: Iterable[tuple[str, str]]) -> Order:
    """Tell the order of slashed dates from all texts, each after its place: a number above 12 decides."""
    first: dict[DateOrder, str] = {}
    for place, text in texts:
        for pattern in (_SLASHED, _SLASHED_SHORT, _CELL) if "/" in text else ():
            for match in pattern.finditer(text):
                a, b = int(match["a"]), int(match["b"])
                if a > 12 >= b and a <= 31:
                    first.setdefault("dmy", place)
                elif b > 12 >= a and b <= 31:
                    first.setdefault("mdy", place)
    if len(first) == 2:
        words = f"{first['dmy']} writes the day first, {first['mdy']} the month"
        return Order(contradiction=words)
    return Order(told=next(iter(first), None))


def near(written: Written, day: date) -> date | None:
    """Read a date beside another one; without a year it is the nearest to that."""
    if written.year is not None:
        return written.on(written.year)
    years = (day.year, day.year + 1, day.year - 1)
    found = [other for year in years if (other := written.on(year)) is not None]
    return min(found, key=lambda other: abs(other - day), default=None)


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
