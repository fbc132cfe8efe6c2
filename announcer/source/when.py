"""When a talk of a page takes place: its day and its time, and what makes them doubtful."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from announcer.cadence import instant
from announcer.source import asides, remarked, words
from announcer.source.around import Around, sentences
from announcer.source.asides import Asides
from announcer.source.checks import Checks
from announcer.source.dates import (
    WEEKDAY,
    WEEKDAYS,
    DateOrder,
    Written,
    asked_dates,
    near,
    overlaps,
    without_spans,
    written_dates,
)
from announcer.source.entry import Entry
from announcer.source.markdown import EMPHASISED, plain, without_struck
from announcer.source.remarked import Remark
from announcer.source.times import WrittenTime, asked_times, written_times

_UNSURE: Final = re.compile(
    r"(?i)^[\W_]*\?|\b(?:t\.?b\.?[acd]|provisional|tentative|vorläufig|provisoire|to be confirmed)\b"
)
_STARTS: Final = re.compile(
    r"(?i)^\W*\d\d?[:.h]\d\d\b|\b(?:starts?|begins?|today|tomorrow|time|when|um|ab|beginn|wann|uhrzeit|zeit|we meet|this week|this time|exceptionally|unusual|attention|"
    r"achtung|diese woche|diesmal|ausnahmsweise|exceptionnellement|cette semaine|cette fois)\b"
)
# Where a line ends after its time, with a room at most: "…, 15:30", "(15:30, Room 7)", "at 15:30!".
_AT_END: Final = re.compile(r"\s*(?:uhr|h)?\s*(?:,[^,()]{0,40})?[)\].!*_~\s]*", re.IGNORECASE)
_CLOCK: Final = re.compile(r"[\d:.h\s–-]+")


class When:
    """The day and the time of one entry."""

    def __init__(
        self, entry: Entry, labels: dict[str, str], around: Around, checks: Checks
    ) -> None:
        self._entry = entry
        self._labels = labels
        self._around = around
        self._checks = checks
        self._order = around.order.told
        self._zone = around.series.timezone
        self.words = self._words()
        self.names_start = False  # whether the entry itself says when it starts
        self.remarks = Asides(self._told_beside(), self._parts_beside(), self._order, checks)

    def _told_beside(self) -> Iterator[Remark | None]:
        """Read the cells, brackets and lines that may name another time, room or day."""
        entry, order = self._entry, self._order
        for cell in entry.remarks:
            yield from asides.of_cell(cell, order)
        for text in (entry.title, entry.speakers, entry.head):
            yield from asides.of_brackets(text, order)
        for when in (entry.date, entry.time):
            yield from asides.only_place(asides.of_cell(when, order))
        yield from asides.only_when(asides.of_cell(entry.place, order))
        yield from asides.of_brackets(entry.place, order)
        if entry.layout != "event":
            yield from asides.of_text(entry.body, order)

    def _parts_beside(self) -> Iterator[Remark | None]:
        entry = self._entry
        yield from asides.of_parts(entry.title, self._order)
        if entry.layout in {"item", "paragraph", "definition"}:
            yield from asides.only_place(asides.of_parts(entry.head, self._order))

    def _words(self) -> str:
        """Choose the words that hold the date: the head's, the cell's, or the label's."""
        entry, order = self._entry, self._order
        if written_dates(entry.head, order):
            return entry.head
        named = (entry.date, self._labels.get("when"), self._labels.get("time"))
        asked = (said for said in named if said and asked_dates(plain(said), order))
        return next(asked, entry.head or entry.date or "")

    @property
    def _asked(self) -> bool:
        return self.words is not self._entry.head

    def day(self) -> date | None:
        """Understand the day."""
        said = plain(self.words) if self._asked else self.words
        written = (
            asked_dates(said, self._order) if self._asked else written_dates(said, self._order)
        )
        if not written:
            self._note_undated()
            return None
        first = self._main(written)
        if first.ambiguous:
            self._doubt(f'"{first.words}" can be two dates; {self._around.order.advice}')
        years = {other.year for other in written} - {None}
        if first.year is None and len(years) == 1:
            first = replace(first, year=years.pop())  # "28 April - 2 May 2026"
        told = self._around.day(first, self._entry.within)
        if told.unclear is not None:
            self._doubt(told.unclear)
        if told.day is not None:
            self._check(told.day, said, first, written)
        return told.day

    def _note_undated(self) -> None:
        """Name what stands in the column of dates and is none."""
        said = plain(self._entry.date or "")
        if self._entry.layout == "row" and said and not words.tba(said):
            self._checks.warnings.append(f'"{said[:60]}" was not understood as a date')

    def _check(self, day: date, said: str, first: Written, written: Sequence[Written]) -> None:
        cut = first.year is None and self._around.end.endswith(first.words)
        if first.short or cut:
            self._doubt(f'"{first.words}" may lack its last digit')
        if first.several and self._checks.ahead(day + timedelta(days=31)):
            self._doubt(f'"{first.words}" is one of several days')
        if (
            _UNSURE.search(plain(self.words))
            if self._asked
            else said.lstrip(" *_[(").startswith("?")
        ):
            self._doubt(f'its date, "{plain(self.words)[:60]}", is not sure')
        if re.match(r"[\s*_)\]]*\?", said[first.span[1] :]):
            self._doubt("its date has a question mark")
        if self._entry.layout == "row" and any(
            map(_has_footnote, (self._entry.date, self._entry.time))
        ):
            self._doubt("its date has a mark of a footnote, which may say otherwise")
        heading = self._entry.layout == "heading"
        others = {d for w in written if w.span != first.span and (d := near(w, day)) != day and d}
        ahead = [other for other in others if self._checks.ahead(other)]
        if ahead:
            where = "the heading" if heading and not self._asked else "its line"
            self._doubt(f"{where} names {day} and {min(ahead)}")
        weekdays = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(said)}
        if first.weekday is not None:
            weekdays.add(first.weekday)
        self._checks.weekday(weekdays, day, "the heading" if heading else "the page")

    def _main(self, written: Sequence[Written]) -> Written:
        """Choose the date of an item: the one it begins with, else the one it ends with."""
        begins = not plain(self.words[: written[0].span[0]]).strip(" ([|:-?")
        return written[0] if begins or self._entry.layout != "item" else written[-1]

    def _doubt(self, why: str) -> None:
        self._checks.unclear.append(why)

    def head_times(self) -> list[WrittenTime]:
        """Give the times of day in the head that are those of the talk."""
        head = self._entry.head
        bare = _without(head, self._order)
        times = written_times(bare)
        if self._entry.layout not in {"item", "paragraph", "definition"}:
            return times
        # A number inside a title is no time: only what stands by the date is.
        spans = [w.span for w in written_dates(head, self._order)]
        spans = spans or ([(0, 0)] if self._entry.date else [])
        beside = [t for t in times if any(_by(t.span, span, bare) for span in _near(t.span, spans))]
        if beside or not spans:
            return beside
        outside = self._outside(bare, times)
        return [t for t in outside if len(outside) == 1 and _AT_END.fullmatch(bare[t.span[1] :])]

    def _outside(self, bare: str, times: Sequence[WrittenTime]) -> list[WrittenTime]:
        """Give the times that do not stand inside a title that is marked as one."""
        forms = (EMPHASISED, words.QUOTED)
        marked = [[found.span() for found in form.finditer(bare)] for form in forms]
        starts = [(t, (t.span[0], t.span[0] + 1)) for t in times]
        return [t for t, at in starts if not any(overlaps(at, spans) for spans in marked)]

    def _check_usual(self, day: date, start: time) -> None:
        """Doubt the usual start where the talk's own line names another time of day."""
        if self._entry.layout not in {"item", "paragraph", "definition"}:
            return
        bare = _without(self._entry.head, self._order)
        others = {t.start for t in self._outside(bare, written_times(bare))} - {start}
        if others and self._checks.ahead(day):
            self._doubt(f"its line names {min(others):%H:%M}, and the usual start is {start:%H:%M}")

    def span(
        self, day: date | None, bracket: str | None
    ) -> tuple[datetime | None, datetime | None]:
        """Give start and end of a talk on its day; ``bracket`` is what stands behind the date.

        Where the time is on another clock than that of the series, the start may be on another day.
        """
        if day is None:
            return None, None
        series, usual = self._around.series, self._around.usual
        own = self._own(day, bracket) or self.remarks.only_time(day)
        self.names_start = own is not None
        if own is None and (self._to_come() or self._not_understood(day)):
            return self._unknown(day)
        if own is None and series.start is not None:
            self._check_usual(day, series.start)
            starts_at = instant(day, series.start, self._zone)
            self.remarks.check_start(starts_at, own=False)
            return starts_at, self._checks.end(day, starts_at, None)
        written = own or usual
        if written is None:
            return self._unknown(day)
        written = self._checks.clock(written, day, (series.start, usual.start if usual else None))
        day, written = self._checks.zoned(day, written, of_the_series=own is None)
        if not written.early:
            self._checks.night(day, written.start)
        starts_at = instant(day, written.start, self._zone)
        self.remarks.check_start(starts_at, own=own is not None)
        return starts_at, self._checks.end(day, starts_at, written.end)

    def _not_understood(self, day: date) -> bool:
        """Doubt a talk whose time is written and not understood: the usual one is not its own."""
        named = (self._entry.time, self._labels.get("time"))
        strange = [
            said
            for raw in named
            if raw and (said := _undated(plain(raw), self._order)) and not remarked.usual(said)
        ]
        if strange and self._checks.ahead(day):
            self._doubt(f'"{strange[0][:60]}" was not understood as a time')
        return bool(strange)

    def _unknown(self, day: date) -> tuple[None, None]:
        if self._checks.ahead(day):
            self._checks.no_start()
        return None, None

    def _to_come(self) -> bool:
        named = (self._entry.time, self._labels.get("time"))
        return any(said and plain(said) and words.tba(plain(said)) for said in named)

    def exact(self) -> tuple[date, datetime, datetime] | None:
        """Take an instant that is written for programs at its word, whatever the zone."""
        named = asked_times(self._entry.time or "")
        if self._entry.layout != "event" or not named or named[0].offset is None:
            return None
        whole = [w for w in written_dates(self._entry.date or "") if w.year is not None]
        day = whole[0].on(whole[0].year or 0) if whole else None
        if day is None:
            return None
        zone = timezone(named[0].offset)
        starts_at = datetime.combine(day, named[0].start, zone).astimezone(UTC)
        length = self._around.series.duration
        if named[0].end is not None:
            length = datetime.combine(day, named[0].end, zone) - starts_at
        return starts_at.astimezone(self._zone).date(), starts_at, starts_at + length

    def _own(self, day: date, bracket: str | None) -> WrittenTime | None:
        for said in (self._entry.time, self._labels.get("time")):
            if said and (named := asked_times(plain(_without(said, self._order)))):
                return self._one(named, day)
        for said in (self._labels.get("when"), self._entry.date):
            if said and (named := written_times(_without_asked(plain(said), self._order))):
                return self._one(named, day)
        heading = self.head_times()
        if heading:
            return self._one(heading, day)
        clock = _CLOCK.match(bracket or "")
        inside = asked_times(clock[0]) if clock else []
        if inside:
            return inside[0]
        return self._told(day) if self._entry.layout != "row" else None

    def _one(self, times: Sequence[WrittenTime], day: date) -> WrittenTime:
        """Give the time of a place that is asked for one; doubt it where there are two."""
        first, *more = times
        later = [time for time in more if time.start > first.start]
        if more and first.end is None and len(later) == len(more) == 1 and first.zone is None:
            return first
        if len({t.start for t in times if t.offset == first.offset}) > 1 and self._checks.ahead(
            day
        ):
            shown = " and ".join(sorted({f"{t.start:%H:%M}" for t in times}))
            self._doubt(f"the page names {shown} as its start")
        return first

    def _told(self, day: date) -> WrittenTime | None:
        """Find the time that the text says of this day."""
        times: list[WrittenTime] = []
        for sentence in sentences(without_struck("\n".join(self._entry.body)).strip()):
            if not any(c.isdigit() for c in sentence) and "noon" not in sentence:
                continue
            found = written_times(_without(sentence, self._order))
            weekdays = {WEEKDAYS[m[1].lower()] for m in WEEKDAY.finditer(sentence)}
            dates = written_dates(sentence, self._order)
            if not found or not (weekdays or dates or _STARTS.search(sentence)):
                continue
            if all(near(w, day) == day for w in dates):
                times += found[:1]
                self._checks.weekday(weekdays, day, "the text")
        if len({t.start for t in times}) > 1 and self._checks.ahead(day):
            shown = " and ".join(sorted({f"{t.start:%H:%M}" for t in times}))
            self._doubt(f"the text names {shown} as its start")
        return times[0] if times else None

    def other_dates(self, day: date) -> None:
        """Doubt a day ahead beside which the text names another one."""
        entry = self._entry
        named = [entry.title or "", *entry.states] if entry.layout == "row" else entry.body
        for sentence in sentences("\n".join(named)):
            for written in written_dates(sentence, self._order):
                other = near(written, day)
                if other is None or other == day or written.ambiguous:
                    continue
                said = f'the heading says {day}, the text "{written.words}"'
                if self._checks.ahead(other):
                    self._doubt(said)
                else:
                    self._checks.warnings.append(f"{said}, which has passed; the heading counts")


def _without(text: str, order: DateOrder | None) -> str:
    """Take the dates out of a text, whose numbers could be read as times."""
    blank = bytearray(len(text))
    for found in written_dates(text, order):
        start, end = found.span
        blank[start:end] = b"\1" * (end - start)
    return "".join(" " if taken else c for c, taken in zip(text, blank, strict=True))


def _without_asked(text: str, order: DateOrder | None) -> str:
    """Take out the dates of words that are asked for one: "14.10." is no time there."""
    return without_spans(text, asked_dates(text, order))


def _has_footnote(cell: str | None) -> bool:
    """Tell whether a cell ends with a mark that leads to a note below: "25 Sep*"."""
    return bool(cell and cell.count("*") == 1 and cell.rstrip().endswith("*")) or bool(
        cell and re.search(r"\w\s?[†‡¹²³]\s*$", cell)
    )


def _undated(text: str, order: DateOrder | None) -> str:
    """Give what is left of words that are asked for a time without their dates and weekdays."""
    return WEEKDAY.sub("", _without_asked(text, order)).strip(" ,;:.()|–—-")


def _near(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Return those of spans in order that can be near to one: the last before it, and the next."""
    at = bisect_left(spans, span)
    return spans[max(0, at - 2) : at + 2]


def _by(span: tuple[int, int], date_span: tuple[int, int], text: str) -> bool:
    between = (
        text[date_span[1] : span[0]] if span[0] >= date_span[1] else text[span[1] : date_span[0]]
    )
    return len(between) <= 60 and not re.search(r"[^\W\d_]{4}", re.sub(WEEKDAY, "", between))
