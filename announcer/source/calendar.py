"""Talks in a calendar (.ics): each entry is one, and each occurrence of an entry that repeats.

A whole day is listed and names no start. A time without a zone is on the clock of the series.
What is marked as private is not read.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from announcer.errors import SourceUnreadable
from announcer.source import remarks
from announcer.source.facts import understood
from announcer.source.fetch import Fetcher
from announcer.source.fields import facts_of, labelled, named
from announcer.source.files import files
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.recurrence import Allowance, TooMuchWork
from announcer.source.repeating import Window, bounded
from announcer.source.said import Facts
from announcer.source.spoken import with_speakers
from announcer.source.texts import Texts
from announcer.talks import Reading, Series

if TYPE_CHECKING:
    from icalendar import Calendar, Component

SUFFIXES: Final = frozenset({".ics", ".ical", ".ifb"})
# So that a weekly entry that is added gives fewer new talks than a reading may have to be believed.
_AHEAD: Final = timedelta(days=300)
_BACK: Final = timedelta(days=400)
_MOST_REPEATING: Final = 500
_MOST_REPETITIONS: Final = 5000  # of all entries together
_MOST_DAYS: Final = 400_000  # that all its rules may look at: 500 weekly ones need 360,000
_STREAM_NAMES: Final = re.compile(r"CONFERENCE|X-[A-Z-]*(?:CONFERENCE|MEETING|ZOOM|TEAMS)[A-Z-]*")


class CalendarSource:
    """The talks of a calendar, a file or a web address."""

    def __init__(
        self,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
        texts: Texts | None = None,
    ) -> None:
        self._location = location
        self._series = series
        self._hints = hints
        self._texts = texts or Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Read the calendar as it stands; a bad file of several concerns that file."""
        found = files(self._location, SUFFIXES)
        facts: list[Facts] = []
        warnings: list[str] = []
        errors: list[SourceUnreadable] = []
        for file in found:
            try:
                told, strange = self.read(await self._texts.text(file.place), file.below, now)
            except SourceUnreadable as error:
                errors.append(error)
                continue
            facts += told
            warnings += strange
        if errors and len(errors) == len(found):
            raise errors[0]
        unread = tuple(map(str, errors))
        reading = understood(
            with_speakers(facts), self._series, self._hints, now, [*unread, *warnings]
        )
        return replace(reading, unread=unread, copies=self._texts.taken_copies())

    def read(self, text: str, name: str, now: datetime) -> tuple[list[Facts], list[str]]:
        """Find the facts in a calendar's text, and what could not be understood."""
        entries = _Entries(text, name, self._series, now)
        facts = list(entries.facts())
        return facts, entries.warnings


def _calendars(text: str, name: str) -> "Sequence[Calendar]":
    """Read a text as calendars.

    Raises:
        SourceUnreadable: it is none, or broken.
    """
    from icalendar import Calendar  # noqa: PLC0415 - only who keeps a calendar pays

    lines = text.strip().splitlines()
    if not lines or lines[0].strip().upper() != "BEGIN:VCALENDAR":
        raise SourceUnreadable(
            f"{name}, line 1, column 1: this is no calendar; name the address of its .ics file"
        )
    opened: list[str] = []
    for number, line in enumerate(lines, 1):
        mark, _, part = line.strip().upper().partition(":")
        if mark == "BEGIN":
            opened.append(part)
        elif mark == "END" and (not opened or opened.pop() != part):
            raise SourceUnreadable(
                f"{name}, line {number}, column 1: nothing that is open ends here"
            )
    if opened:
        raise SourceUnreadable(
            f"{name}, line {len(lines)}, column 1: the calendar ends before END:{opened[-1]}"
        )
    try:
        return list(Calendar.from_ical(text, multiple=True))
    except (ValueError, KeyError, IndexError) as error:
        quoted = re.search(r"'([^']{3,40})", str(error))
        at = text.find(quoted[1]) if quoted else -1
        where = text.count("\n", 0, at) + 1 if at >= 0 else 1
        raise SourceUnreadable(
            f"{name}, line {where}, column 1: this calendar cannot be read: {error}"
        ) from error


class _Entries:
    """The entries of a calendar on their way to facts."""

    def __init__(self, text: str, name: str, series: Series, now: datetime) -> None:
        self.name = name
        self.series = series
        self.now = now
        self.calendars = _calendars(text, name)
        self.lines = _lines(text)
        self.warnings: list[str] = []
        self._window = Window(first=now - _BACK, now=now, last=now + _AHEAD)
        self._allowance = Allowance(_MOST_DAYS)
        self._repetitions = 0

    def facts(self) -> Iterator[Facts]:
        """Give the facts of each entry in the order of the calendar, its occurrences in that of time."""
        for calendar in self.calendars:
            off = str(calendar.get("METHOD", "")).upper() == "CANCEL"
            for event, occurrence in self._all(calendar):
                facts = self._facts(event, occurrence=occurrence)
                yield replace(facts, states=("cancelled",)) if off else facts

    def _all(self, calendar: "Calendar") -> "Iterator[tuple[Component, str | None]]":
        groups: dict[str, list[Component]] = {}
        for event in calendar.walk("VEVENT"):
            groups.setdefault(str(event.get("UID") or id(event)), []).append(event)
        private = sum(_private(event) for group in groups.values() for event in group)
        if private:
            self.warnings.append(f"{self.name}: {private} private entries are not read")
        if sum(_repeats(group) for group in groups.values()) > _MOST_REPEATING:
            raise SourceUnreadable(f"{self.name} has more than {_MOST_REPEATING} repeating entries")
        for revisions in groups.values():
            group = _latest(revisions)
            # Its occurrences are told apart by it: one that is private takes the place of one that is not.
            shown = group if _repeats(group) else [e for e in group if not _private(e)]
            broken = next((e for e in shown if _start(e) is None or _errors(e)), None)
            if all(map(_private, group)):
                continue
            if broken is not None:
                self._strange(broken, _errors(broken) or "it has no start")
            elif _repeats(group):
                found = self._occurrences(calendar, group)
                yield from ((event, name) for event, name in found if not _private(event))
            else:
                yield from ((event, self._original(event)) for event in shown)

    def _strange(self, event: "Component", words: str, what: str = "was not understood") -> None:
        summary = str(event.get("SUMMARY", ""))[:60]
        self.warnings.append(f'{self._place(event)}: "{summary}" {what}: {words}')

    def _occurrences(
        self, calendar: "Calendar", group: "list[Component]"
    ) -> "Iterator[tuple[Component, str | None]]":
        """Give the occurrences of one entry that repeats, within the window."""
        import recurring_ical_events  # noqa: PLC0415 - only who keeps a calendar pays
        from icalendar import Calendar  # noqa: PLC0415 - as above

        own = Calendar({k: v for k, v in calendar.items() if k == "X-WR-TIMEZONE"})
        try:
            own.subcomponents, cut = bounded(
                group, calendar.get("X-WR-TIMEZONE"), self._window, self._allowance
            )
            first, last = self._window.first, self._window.last
            found = recurring_ical_events.of(own).between(first, last)
        except TooMuchWork as error:
            raise SourceUnreadable(
                f"{self._place(group[0])}: the rules of the entries that repeat need too much work; give "
                "those with COUNT a later start, or name a calendar of talks in source.location"
            ) from error
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            self._strange(group[0], str(error))
            return
        if cut:
            self._strange(group[0], cut, "is not read as a whole")
        self._repetitions += len(found)
        if self._repetitions > _MOST_REPETITIONS:
            raise SourceUnreadable(
                f"{self.name}: its entries repeat more than {_MOST_REPETITIONS} times within two years; "
                "name a calendar of talks in source.location"
            )
        for event in sorted(found, key=lambda event: _iso(_start(event))):
            yield event, self._original(event) or self._moment_id(_start(event))

    def _original(self, event: "Component") -> str | None:
        """Name an entry by the occurrence that it takes the place of, if it does."""
        at = _when(event, "RECURRENCE-ID")
        return self._moment_id(at) if at is not None else None

    def _moment_id(self, at: date | datetime | None) -> str:
        """Name an occurrence by when it was to be, the same before and after it is moved."""
        if isinstance(at, datetime):
            return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if at.tzinfo else f"{at:%Y%m%dT%H%M%S}"
        return f"{at:%Y%m%d}"

    def _place(self, event: "Component") -> str:
        line = self.lines.get(str(event.get("UID", "")))
        return f"{self.name}, line {line}" if line else self.name

    def _facts(self, event: "Component", *, occurrence: str | None) -> Facts:
        start, end = _start(event), _end(event)
        description = _words(event, "DESCRIPTION") or ""
        shown = _without_tags(description)
        place = _words(event, "LOCATION") or ""
        lines = facts_of(named(labelled(shown), NO_HINTS), place="", language="en")
        summary = _words(event, "SUMMARY") or ""
        uid = _words(event, "UID")
        status = str(event.get("STATUS", "")).upper()
        comment = _words(event, "COMMENT") or ""
        off = status == "CANCELLED" or remarks.said_off(shown)
        off = off or any(map(remarks.off, (comment, place, *_categories(event))))
        return Facts(
            place=self._place(event),
            id=f"{uid}/{occurrence}" if uid and occurrence else uid,
            titles=(*lines.titles, summary),
            speakers=lines.speakers,
            when=(_iso(start),),
            until=(_iso(end),) if end is not None else (),
            location=None if remarks.statement(place) else place or None,
            stream=_stream(event) or lines.stream,
            url=_words(event, "URL"),
            abstract=description or None,
            states=("cancelled",) if off else (),
            remarks=(comment,) if comment else (),
            tentative=status == "TENTATIVE",
            exact=True,
            whole_day=not isinstance(start, datetime),
            doubts=(*_doubts(event), *(() if off else remarks.text_doubts(shown))),
        )


def _lines(text: str) -> dict[str, int]:
    """Give the line of each entry's UID."""
    unfolded = re.finditer(r"(?mi)^UID(?:;[^:\n]*)?:(.*(?:\r?\n[ \t].*)*)", text)
    found: dict[str, int] = {}
    line, last = 1, 0
    for match in unfolded:
        line += text.count("\n", last, match.start())
        last = match.start()
        found.setdefault(re.sub(r"\r?\n[ \t]", "", match[1]).strip(), line)
    return found


def _start(event: "Component") -> date | datetime | None:
    return _when(event, "DTSTART")


def _end(event: "Component") -> date | datetime | None:
    """Give the end of an entry that has a time of day."""
    start, end, length = _start(event), _when(event, "DTEND"), event.get("DURATION")
    if not isinstance(start, datetime):
        return None
    if end is None and length is not None and isinstance(length.dt, timedelta):
        return start + length.dt
    return end if isinstance(end, datetime) and end != start else None


def _when(event: "Component", name: str) -> date | datetime | None:
    try:
        at = getattr(event.get(name), "dt", None)
    except ValueError:  # a broken value is kept as such, and what it says is told with its errors
        return None
    return at if isinstance(at, date) and 1970 <= at.year <= 2200 else None


def _errors(event: "Component") -> str:
    told = {"DTSTART", "DTEND", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DURATION"}
    return "; ".join(f"{name}: {words}" for name, words in event.errors if name in told)


def _doubts(event: "Component") -> Iterator[str]:
    """Doubt a time whose zone is named and not known."""
    value: Any = event.get("DTSTART")
    at = value.dt
    zone = value.params.get("TZID")
    if zone and isinstance(at, datetime) and at.tzinfo is None:
        yield f'its time zone "{zone}" is not known'


def _private(event: "Component") -> bool:
    return str(event.get("CLASS", "PUBLIC")).upper() in {"PRIVATE", "CONFIDENTIAL"}


def _latest(events: "Sequence[Component]") -> "list[Component]":
    """Leave out what a later revision of the same entry replaces (RFC 5545, 3.8.7.4)."""
    highest: dict[str, int] = {}
    for event in events:
        name = _iso(_when(event, "RECURRENCE-ID"))
        highest[name] = max(highest.get(name, 0), _sequence(event))
    return [e for e in events if _sequence(e) == highest[_iso(_when(e, "RECURRENCE-ID"))]]


def _sequence(event: "Component") -> int:
    number = str(event.get("SEQUENCE", 0))
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def _repeats(group: "Sequence[Component]") -> bool:
    return any(name in event for event in group for name in ("RRULE", "RDATE"))


def _iso(at: date | datetime | None) -> str:
    if isinstance(at, datetime) and at.tzinfo is not None:
        return at.astimezone(UTC).isoformat()
    return at.isoformat() if at is not None else ""


def _words(event: "Component", name: str) -> str | None:
    value = event.get(name)
    first = value[0] if isinstance(value, list) and value else value
    return str(first) if first else None


def _without_tags(text: str) -> str:
    """Give the lines of a description that a program wrote as HTML."""
    if not re.search(r"<(?:p|br|b|div|ul|span)\b", text):
        return text
    lines = re.sub(r"<br\s*/?>|</(?:p|div|li|ul)>", "\n", text)
    return html.unescape(re.sub(r"<[^<>]*>", "", lines))


def _categories(event: "Component") -> list[str]:
    value = event.get("CATEGORIES", [])
    several = value if isinstance(value, list) else [value]
    return [str(name) for one in several for name in getattr(one, "cats", [])]


def _stream(event: "Component") -> str | None:
    for name in event:
        if _STREAM_NAMES.fullmatch(name.upper()):
            words = _words(event, name)
            if words and words.startswith(("http://", "https://")):
                return words
    return None
