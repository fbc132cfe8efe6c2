"""From the facts of one talk, each in the words that stand there, to the talk.

The rules are those of every source whose facts have names: a date that cannot be told for sure, a
weekday that contradicts it, two dates or two starts ahead make the talk unclear; without a start
it is listed and not announced; what a talk does not say, its series does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from announcer.cadence import instant
from announcer.source import asides, clean, remarked, remarks, streams, words, zones
from announcer.source.asides import Asides
from announcer.source.checks import Checks, Ids
from announcer.source.dates import (
    WEEKDAY,
    WEEKDAYS,
    DateOrder,
    Order,
    Written,
    asked_dates,
    date_order,
    near,
    without_spans,
    written_dates,
)
from announcer.source.hints import Hints
from announcer.source.links import URL, first_url, links
from announcer.source.markdown import plain
from announcer.source.remarked import Remark
from announcer.source.said import Facts
from announcer.source.times import WrittenTime, asked_times, written_times
from announcer.source.years import dated
from announcer.talks import Ground, Link, Reading, Series, Status, Talk

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[T\s]+(\d\d?):(\d\d)(?::\d\d(?:[.,]\d+)?)?)?"
    r"\s*(Z|UTC|[+-]\d\d?(?::?\d\d)?)?",
    re.IGNORECASE,
)
_READ: Final = 4000  # letters of an abstract that may begin with remarks
_NUMBER: Final = re.compile(r"\W*\d\d?(?:st|nd|rd|th)?\W*")
# Between two times it tells that the second is no end: "14:00 and 16:00", "9:00 here / 15:00 there".
_OTHER: Final = re.compile(
    r"[/|&+]|\b(?:and|or|und|oder|et|ou|resp|bzw|then|dann)\b", re.IGNORECASE
)
_LEAD: Final = re.compile(
    r"^\W*(?:(?:talk|seminar|colloquium|kolloquium|vortrag|lecture|séminaire|exposé)\b\s*(?:(?:by|von|par|with|mit)\b)?[\s:–-]*)?",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(r"^(20\d\d)([01]\d)([0-3]\d)$")
# Where a date is asked for; without its last dot "16.10" can be a time.
_SHORT_DATE: Final = re.compile(
    r"\W*\d\d?(?:/\d\d?|\.\s?\d\d?\.)(?!\d|\s*(?:uhr|h)\b)", re.IGNORECASE
)
_YEAR_FIRST: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)([/._])(\d\d?)\2(\d\d?)(?!\d)")


def understood(
    entries: Sequence[Facts],
    series: Series,
    hints: Hints,
    now: datetime,
    warnings: Iterable[str] = (),
) -> Reading:
    """Make the talks of a source, in its order."""
    order = Order(told=hints.date_order)
    if order.told is None:
        order = date_order((f.place, text) for f in entries for text in (*f.when, *f.until))
    talks: list[Talk] = []
    ids = Ids()
    origin: dict[str, str] = {}
    grounds: dict[str, tuple[Ground, ...]] = {}
    for facts in entries:
        talk = _Understanding(facts, series, hints, order, now).talk(ids)
        talks.append(talk)
        origin[talk.id], grounds[talk.id] = facts.place, facts.grounds()
    return Reading(talks=tuple(talks), warnings=tuple(warnings), origin=origin, grounds=grounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """A date, a time, or both, as one text says them."""

    text: str
    day: date | None = None
    time: WrittenTime | None = None
    at: datetime | None = None  # where the text names the instant itself


class _Understanding:
    """The facts of one talk on their way to it."""

    def __init__(
        self, facts: Facts, series: Series, hints: Hints, order: Order, now: datetime
    ) -> None:
        self.facts = facts
        self.series = series
        self.hints = hints
        self.told = order
        self.order = order.told
        self.zone = series.timezone
        self.today = now.astimezone(self.zone).date()
        self.checks = Checks(
            series=series,
            today=self.today,
            unclear=list(facts.doubts),
            warnings=list(facts.notes),
        )
        self.strange = False  # whether a time is written and not understood
        self.whole = self._whole()
        self.unclear = self.checks.unclear
        self.warnings = self.checks.warnings
        self.asides = Asides(self._remarks(), self._parts(), self.order, self.checks)

    def _remarks(self) -> Iterator[Remark | None]:
        """Read the fields, brackets and lines that may name another time, room or day."""
        facts, order = self.facts, self.order
        for text in facts.remarks:
            yield from asides.of_cell(text, order)
        for words_ in (*facts.titles, *facts.beside, facts.location):
            yield from asides.of_brackets(words_, order)
        yield from asides.only_when(asides.of_cell(facts.location, order))
        lines = (facts.abstract or "")[:_READ].split("\n")
        yield from asides.of_text([plain(line) for line in lines], order)

    def _parts(self) -> Iterator[Remark | None]:
        for title in self.facts.titles[:1]:
            yield from asides.of_parts(title, self.order)

    def talk(self, ids: Ids) -> Talk:
        """Understand the facts."""
        facts = self.facts
        title, cancelled = self._title()
        moments = [self._moment(text) for text in facts.when if not words.tba(words.bare(text))]
        day = self._day(moments)
        ahead = day is not None and day >= self.today
        title = remarked.without(title, self.order) if title else None
        if day is not None and ahead:
            self.asides.check_day(day)  # also of one that is off: it may be postponed
        if day is not None and ahead and not cancelled:
            self._doubt_what_is_said(day, title)
        starts_at, ends_at = self._span(day, moments, ahead=ahead) if day else (None, None)
        if starts_at is not None and not facts.exact:
            day = self.series.local(starts_at).date()  # another, on the clock of another zone
        talk_id, given = self._id(title, day, ids)
        location, stream = self._where(day, ahead=ahead)
        status = Status.TENTATIVE if facts.tentative else Status.CONFIRMED
        return Talk(
            id=talk_id,
            given_id=given,
            title=title,
            speakers=facts.speakers,
            affiliations=facts.affiliations,
            day=day,
            starts_at=starts_at,
            ends_at=ends_at,
            location=location,
            stream=stream,
            url=first_url(facts.url),
            links=self._links(),
            abstract=clean.repaired(facts.abstract or "").strip() or None,
            status=Status.CANCELLED if cancelled else status,
            tba=title is None,
            unclear=f"{'; '.join(dict.fromkeys(self.unclear))} ({facts.place})"
            if self.unclear
            else None,
            warnings=tuple(f"talk {talk_id} ({facts.place}): {w}" for w in self.warnings),
        )

    def _doubt_what_is_said(self, day: date, title: str | None) -> None:
        """Doubt a talk ahead that may not take place, may be on another day, or is a free slot."""
        facts = self.facts
        self.unclear += remarks.doubts(facts.remarks, day, self.order)
        told = (*facts.titles, *remarks.about_the_talk(facts.abstract or ""))
        self.unclear += remarks.moved(told, day, self.order)
        if title is None and not facts.speakers:
            said = [w for raw in facts.titles if words.free_slot(w := words.bare(raw))]
            said += [w for raw in facts.beside if words.nobody_yet(w := words.bare(raw))]
            said += [w for raw in facts.remarks if words.free_slot(w := words.bare(raw))]
            for free in said[:1]:
                self.checks.free_slot(free)

    # Titles and names

    def _title(self) -> tuple[str | None, bool]:
        cancelled = any(words.off(state) for state in self.facts.states)
        known = (said for raw in self.facts.titles if (said := self._said(raw)) is not None)
        said = next(known, None)
        return (said.title, cancelled or said.cancelled) if said else (None, cancelled)

    def _said(self, raw: str) -> words.Said | None:
        """Read a title; None where the words are a date alone, or just the speaker once more."""
        rest = _without_dates(words.bare(raw), self.order)
        if not re.search(r"\w", rest) and re.search(r"\w", raw):
            return None
        if _LEAD.sub("", words.bare(raw)) in self.facts.speakers:
            return None
        names = [name for name in self.facts.speakers if len(self.facts.titles) > 1]
        if any(words.bare(raw).startswith(name) for name in names):
            return None
        if remarks.statement(words.bare(raw)):
            return words.Said(title=None, cancelled=True)
        raw, gone = remarks.bracketed(raw)
        hints = self.hints
        said = words.said(
            raw,
            alone=not self.facts.speakers,
            own=words.own_words(hints.cancel_words),
            tba_words=hints.tba_words,
        )
        return replace(said, cancelled=said.cancelled or gone)

    def _id(self, title: str | None, day: date | None, ids: Ids) -> tuple[str, bool]:
        given = clean.name(self.facts.id or "")
        wanted = given or words.slug(title) or (str(day) if day else self._line())
        unique = ids.unique(wanted)
        if unique != wanted:
            self.warnings.append(f'"{wanted}" stands twice')
        return unique, bool(given)

    def _line(self) -> str:
        number = re.search(r"\d+$", self.facts.place)
        return f"line-{number[0]}" if number else words.slug(self.facts.place) or "talk"

    # Days

    def _moment(self, text: str) -> _Moment:
        asked = text in self.facts.dates and _SHORT_DATE.match(text)
        text = _YEAR_FIRST.sub(r"\1-\3-\4", clean.line(text))
        text = _COMPACT.sub(r"\1-\2-\3", text) if text in self.facts.dates else text
        iso = _ISO.fullmatch(text)
        if iso and not self._names_an_end(iso):
            return self._iso(iso)
        dates = (asked_dates if asked else written_dates)(text, self.order)
        if self._is_half_a_date(text):
            self.unclear.append(f'"{text}" is a day without its month')
            return _Moment(text=text)
        times = written_times(_without(text, dates)) if dates else asked_times(text)
        day = self._dated(dates[0]) if dates else None
        if dates:
            self._check_day(dates, day, text)
        elif not times and (re.search(r"\d", text) or self._asks_for_a_time(text)):
            self.strange = True
            self.unclear.append(f'"{text}" was not understood as a date or a time')
        return _Moment(text=text, day=day, time=self._first(times, text))

    def _asks_for_a_time(self, text: str) -> bool:
        """Tell whether words stand where a time is asked for, and name one: "half past four"."""
        left = WEEKDAY.sub("", text).strip(" ,;:.()–—-")
        return bool(left) and text in self.facts.clocks and not remarked.usual(left)

    def _is_half_a_date(self, text: str) -> bool:
        """Tell whether it is a day without its month, where a date is asked for: never an hour."""
        return text in self.facts.dates and bool(_NUMBER.fullmatch(text))

    def _names_an_end(self, iso: re.Match[str]) -> bool:
        """Tell whether "-16:00" is when it ends: later than its start, and no offset that may be meant."""
        if not (iso[4] and iso[6] and iso[6][0] == "-") or iso[0].count(":", 0, iso.start(6)) > 1:
            return False
        end = -_offset(iso[6])
        if end <= timedelta(hours=int(iso[4]), minutes=int(iso[5])):
            return False
        if end <= timedelta(hours=12) and "T" in iso[0].upper():  # no clock is farther behind UTC
            self.unclear.append(f'"{iso[6]}" in "{iso[0]}" may be its end, or an offset from UTC')
        return True

    def _iso(self, iso: re.Match[str]) -> _Moment:
        year, month, number = int(iso[1]), int(iso[2]), int(iso[3])
        if len(iso[2]) == 2 and len(iso[3]) == 1:
            self.unclear.append(f'"{iso[0]}" may lack its last digit')
        try:
            if not 1970 <= year <= 2200:
                raise ValueError
            day = date(year, month, number)
            hour = time(int(iso[4]), int(iso[5])) if iso[4] else None
        except ValueError:
            self.unclear.append(f'"{iso[0]}" is no date that exists')
            return _Moment(text=iso[0])
        if hour is None or (hour == time(0) and not self.facts.exact):
            return _Moment(text=iso[0], day=day)  # what programs write for a day without a time
        offset = _offset(iso[6]) if iso[6] else None
        if offset is None:
            return _Moment(text=iso[0], day=day, time=_clock(hour.hour, hour.minute))
        if self.facts.wall and not offset:
            return self._on_the_wall(iso[0], day, hour)
        at = datetime.combine(day, hour, timezone(offset)).astimezone(UTC)
        local = at.astimezone(self.zone)
        gap = abs(
            offset - (instant(day, hour, self.zone).astimezone(self.zone).utcoffset() or offset)
        )
        if gap == timedelta(hours=1) and offset and not self.facts.exact:
            # "+0200" is written all the year round by those who mean the clock on their wall.
            return self._on_the_wall(iso[0], day, hour)
        clock = _clock(local.hour, local.minute)
        return _Moment(text=iso[0], day=local.date(), time=clock, at=at)

    def _on_the_wall(self, text: str, day: date, hour: time) -> _Moment:
        offset = instant(day, hour, self.zone).astimezone(self.zone).utcoffset()
        if day >= self.today and offset:
            self.warnings.append(
                f'"{text}" names an offset that the clocks of {self.zone.key} do not have then; '
                "the time is taken as theirs"
            )
        return _Moment(text=text, day=day, time=_clock(hour.hour, hour.minute))

    def _whole(self) -> date | None:
        """Find a date with its year, which tells that of the others."""
        texts = (_YEAR_FIRST.sub(r"\1-\3-\4", text) for text in self.facts.when)
        found = (
            w
            for text in texts
            for w in written_dates(re.sub(r"(?<=\d)T(?=\d)", " ", text), self.order)
        )
        return next((day for w in found if w.year and (day := w.on(w.year))), None)

    def _dated(self, written: Written) -> date | None:
        if written.ambiguous:
            self.unclear.append(f'"{written.words}" can be two dates; {self.told.advice}')
        if written.year is None and self.whole is not None:
            return near(written, self.whole)
        told = dated(written, self.facts.above, self.hints.year, self.today)
        if told.unclear:
            self.unclear.append(told.unclear)
        return told.day

    def _check_day(self, dates: list[Written], day: date | None, text: str) -> None:
        if day is None or day < self.today:
            return
        self.checks.weekday(
            {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(text)}, day, f'"{text}"'
        )
        rest = _without_times(_without(text, dates))
        rest = re.sub(r"(?i)\b(?:week|woche|kw|semaine|no\.?|nr\.?)\s*\d+", "", rest)
        if len({w.on(day.year) for w in dates}) > 1 or re.search(r"\d", rest):
            self.unclear.append(f'"{text}" says more than one day, or something else beside {day}')

    def _day(self, moments: Sequence[_Moment]) -> date | None:
        days = [m for m in moments if m.day is not None]
        if not days:
            return None
        day = days[0].day
        self._check_weekdays(day, moments)
        others = [m for m in days if m.day != day and m.day is not None and m.day >= self.today]
        if others:
            self.unclear.append(f'"{days[0].text}" and "{others[0].text}" are different days')
            if day is not None and day < self.today:
                return others[0].day  # what is past is never asked about
        return day

    def _check_weekdays(self, day: date | None, moments: Sequence[_Moment]) -> None:
        """Compare the day with weekdays that stand beside it, in a field of their own."""
        beside = " ".join(m.text for m in moments if m.day is None)
        said = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(beside)}
        if day is not None:
            self.checks.weekday(said, day, f'"{beside}"')

    # Times

    def _first(self, times: Sequence[WrittenTime], text: str) -> WrittenTime | None:
        if not times:
            return None
        if len({t.start for t in times}) > 1:
            one, *more = times
            rises = len(more) == 1 and one.end is None and more[0].start > one.start
            if rises and one.zone is None and not _OTHER.search(text):
                return replace(one, end=more[0].start)
            self.unclear.append(f'"{text}" names more than one time')
        return times[0]

    def _span(
        self, day: date, moments: Sequence[_Moment], *, ahead: bool
    ) -> tuple[datetime | None, datetime | None]:
        timed = [m for m in moments if m.time is not None]
        starts = {m.time.start for m in timed if m.time}
        if len(starts) > 1 and ahead:
            shown = " and ".join(f"{start:%H:%M}" for start in sorted(starts))
            self.unclear.append(f"it names {shown} as its start")
        written = timed[0].time if timed else None
        if written is None:
            written = None if self.facts.whole_day else self.asides.only_time(day)
        if written is None:
            to_come = any(words.tba(text) for text in self.facts.when)  # as in "time: TBA"
            to_come = to_come or self.strange
            if self.series.start is not None and not (to_come or self.facts.whole_day):
                start = instant(day, self.series.start, self.zone)
                self.asides.check_start(start, own=False)
                return start, self._end(day, start, None)
            if ahead:
                self.checks.no_start()
            return None, None
        at = timed[0].at if timed else None
        if at is None:
            if not self.facts.exact:
                written = self.checks.clock(written, day, [self.series.start])
            day, written = self.checks.zoned(day, self._with_zone(written))
            if not (self.facts.exact or written.early):
                self.checks.night(day, written.start)
        starts_at = at or instant(day, written.start, self.zone)
        self.asides.check_start(starts_at, own=True)
        return starts_at, self._end(day, starts_at, written.end)

    def _with_zone(self, written: WrittenTime) -> WrittenTime:
        """Give a time the zone that a field of its own names for it."""
        zone = (self.facts.zone or "").strip()
        if self.facts.exact or written.zone is not None or not zone or words.tba(zone):
            return written
        return replace(written, zone=zone, offset=zones.offset(zone))

    def _end(self, day: date, starts_at: datetime, end: time | None) -> datetime:
        if end is not None:
            return self.checks.end(day, starts_at, end)
        for text in self.facts.until:
            until = self._moment(text) if not words.tba(text) else None
            if until is None or until.time is None:
                continue
            if until.day is None:
                return self.checks.end(day, starts_at, until.time.start)
            at = until.at or instant(until.day, until.time.start, self.zone)
            if starts_at < at <= starts_at + timedelta(days=14):
                return at
            self.warnings.append(f'its end, "{text}", is not after its start; it is left out')
        return starts_at + self.series.duration

    # Places and links

    def _where(self, day: date | None, *, ahead: bool) -> tuple[str | None, str | None]:
        series = self.series
        said = words.bare(self.facts.location or "")
        location = None if words.tba(said) else said
        online = URL.search(self.facts.location or "")
        stream = first_url(online[0]) if online and not self.facts.stream else None
        if online:
            location = words.bare((self.facts.location or "").replace(online[0], "")).strip(
                " ,;:()-"
            )
        usual = series.stream
        if stream is None and ahead:
            found = self._stream()
            stream, usual = found.url, None if found.several else usual
        shown = stream if ahead else None
        if self.facts.location is None:
            return self.asides.place(None, series.location, day), shown or usual
        return self.asides.place(location or None, None, day), shown or usual

    def _stream(self) -> streams.Stream:
        """Find the stream in the words of a talk, or between which links none can be chosen."""
        facts = self.facts
        lines = [] if facts.stream else [*(facts.abstract or "").split("\n"), facts.url or ""]
        found = streams.stream(lines, facts.stream)
        if found.several:
            self.warnings.append(found.warning)
        return found

    def _links(self) -> tuple[Link, ...]:
        facts = self.facts
        own = (url for text in (facts.url, facts.stream) if (url := first_url(text)))
        return links("\n".join((facts.abstract or "", *own)))


def _clock(hour: int, minute: int) -> WrittenTime | None:
    if not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    return WrittenTime(start=time(hour, minute), end=None, zone=None, offset=None, span=(0, 0))


def _offset(words_: str) -> timedelta:
    if words_[0] not in "+-":
        return timedelta(0)
    digits = words_[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    span = min(timedelta(hours=hours, minutes=minutes), timedelta(hours=23))
    return span if words_[0] == "+" else -span


def _without_dates(text: str, order: DateOrder | None) -> str:
    text = _YEAR_FIRST.sub(r"\1-\3-\4", text)
    return _without(text, written_dates(text, order))


def _without(text: str, dates: Sequence[Written]) -> str:
    return without_spans(text, dates, " | ")


def _without_times(text: str) -> str:
    return without_spans(text, written_times(text))
