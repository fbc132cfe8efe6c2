"""Why a talk is understood as it is: for each fact the line that gives it, and how sure that is."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from announcer.source import remarks, words, zones
from announcer.source.dates import DateOrder, Written, asked_dates
from announcer.source.markdown import struck
from announcer.source.times import asked_times
from announcer.talks import Ground, Series, Talk

_LONGEST: Final = 160
_KEYS: Final = {  # what says in the settings what a talk does not
    "start": "start", "end": "duration", "location": "location", "stream": "stream", "url": "website",
}  # fmt: skip


_ALSO: Final[Mapping[str, frozenset[str]]] = {  # where else a fact is read from
    "title": frozenset(), "speaker": frozenset(), "start": frozenset({"status", "title", "speaker", "location", "abstract"}),
    "end": frozenset({"start", "status", "title", "abstract"}),
    "location": frozenset({"status", "title", "speaker", "abstract"}), "stream": frozenset({"location", "url", "abstract"}), "url": frozenset(),
    "abstract": frozenset(), "status": frozenset({"title", "speaker", "start", "abstract"}),
}  # fmt: skip


_NAMED: Final = {"end": frozenset({"start"})}  # where what is usual stands as the talk's own


class Sure(StrEnum):
    """How sure a fact is."""

    SAID = "said"  # it stands there in these words
    READ = "read"  # it was read from words that stand there
    YEAR = "year from above"  # the day stands there, and its year in a heading above it
    NEAREST = "nearest year"  # the day stands there without a year, which is the nearest that fits
    USUAL = "usual"  # nothing is said, so it is as the settings of the series say
    ELSEWHERE = "elsewhere"  # it stands elsewhere on the page: for all talks, or in the file's name
    UNKNOWN = "not known"
    UNCLEAR = "unclear"  # it holds the talk back


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One fact of a talk, and what gave it."""

    fact: str
    value: str | None
    sure: Sure
    where: str | None = None  # "index.md, line 12"
    words: str | None = None  # the line, or the words of it, as they stand there


def explained(talk: Talk, grounds: Sequence[Ground], series: Series) -> tuple[Evidence, ...]:
    """Give the evidence for each fact of a talk, in the order in which a person would ask."""
    return tuple(_Explaining(talk, grounds, series).evidence())


class _Explaining:
    """One talk, and the lines that it was read from."""

    def __init__(self, talk: Talk, grounds: Sequence[Ground], series: Series) -> None:
        self._talk = talk
        self._own = [ground for ground in grounds if not ground.above]
        self._above = [ground for ground in grounds if ground.above]
        self._series = series

    def evidence(self) -> Iterator[Evidence]:
        """Go through the facts."""
        talk, series = self._talk, self._series
        yield self._said("title", talk.title, None)
        for speaker in talk.speakers:
            yield self._said("speaker", speaker, None)
        yield self._date()
        yield from self._times()
        yield self._said("location", talk.location, series.location)
        yield self._said("stream", talk.stream, series.stream)
        if talk.url:
            yield self._said("url", talk.url, series.website)
        if talk.abstract:
            first = next(line for line in talk.abstract.split("\n") if line.strip())
            yield self._said("abstract", first, None)
        if talk.cancelled:
            yield self._state()
        if talk.unclear:
            yield Evidence(fact="unclear", value=talk.unclear, sure=Sure.UNCLEAR)

    def _said(self, fact: str, value: str | None, usual: str | None) -> Evidence:
        if value is None:
            return Evidence(fact=fact, value=None, sure=Sure.UNKNOWN)
        wanted = _letters(value)
        own = value != usual  # an abstract may name the usual stream, and need not
        ground = (
            self._find(lambda text: wanted in _letters(text), fact, own=own) if wanted else None
        )
        if ground is not None:
            return _evidence(fact, value, Sure.SAID, ground)
        if value == usual:
            return Evidence(
                fact=fact, value=value, sure=Sure.USUAL, where=f"settings: {_KEYS[fact]}"
            )
        part = _letters(value)[:12]
        ground = self._find(lambda text: part in _letters(text), fact) if part else None
        if ground is not None:
            return _evidence(fact, value, Sure.READ, ground)
        return Evidence(fact=fact, value=value, sure=Sure.ELSEWHERE)

    def _find(self, holds: Callable[[str], bool], fact: str, *, own: bool = True) -> Ground | None:
        """Find a line; where the source names facts, one of those that this fact is read from."""
        names = {fact, *(_ALSO[fact] if own else _NAMED.get(fact, ()))}
        grounds = (g for g in (*self._own, *self._above) if g.fact is None or g.fact in names)
        return next((ground for ground in grounds if holds(ground.text)), None)

    def _date(self) -> Evidence:
        day = self._talk.day
        if day is None:
            return Evidence(fact="date", value=None, sure=Sure.UNKNOWN)
        dated = [ground for ground in self._own if ground.fact in {None, "start"}]
        for ground in dated:
            at = _instant(ground.text)
            if at is not None and self._series.local(at).date() == day:
                return _evidence("date", str(day), Sure.READ, ground)
        for ground in (*dated, *self._above):
            for written in _dates(ground.text):
                if day == written.on(written.year or day.year):
                    sure, more = self._year(written, day.year)
                    words = written.words + (f" … {more.text.strip()}" if more else "")
                    where = ground.where + (f"; {more.where}" if more else "")
                    return Evidence(
                        fact="date", value=str(day), sure=sure, where=where, words=words[:_LONGEST]
                    )
        return Evidence(fact="date", value=str(day), sure=Sure.ELSEWHERE)

    def _year(self, written: Written, year: int) -> tuple[Sure, Ground | None]:
        if written.year is not None:
            return Sure.READ, None
        told = re.compile(rf"(?<!\d)(?:{year}|{year - 1}\s*[/–-]\s*(?:20)?{year % 100:02})(?!\d)")
        ground = next((g for g in reversed(self._above) if told.search(g.text)), None)
        return (Sure.YEAR, ground) if ground else (Sure.NEAREST, None)

    def _times(self) -> Iterator[Evidence]:
        talk, series = self._talk, self._series
        if talk.starts_at is None or talk.ends_at is None:
            yield Evidence(fact="start", value=None, sure=Sure.UNKNOWN)
            return
        for fact, at, usual in (
            ("start", talk.starts_at, series.local(talk.starts_at).time() == series.start),
            ("end", talk.ends_at, talk.ends_at - talk.starts_at == series.duration),
        ):
            yield self._clock(fact, at, usual=usual)

    def _clock(self, fact: str, at: datetime, *, usual: bool) -> Evidence:
        local = self._series.local(at)
        value = f"{local:%H:%M}"
        ground = self._find(
            lambda text: local.time() in _clocks(text) or at in self._instants(text),
            fact,
            own=not usual,
        )
        if ground is not None:
            return _evidence(fact, value, Sure.READ, ground)
        sure, where = (Sure.USUAL, f"settings: {_KEYS[fact]}") if usual else (Sure.ELSEWHERE, None)
        return Evidence(fact=fact, value=value, sure=sure, where=where)

    def _instants(self, text: str) -> set[datetime]:
        """Give the instants that a text names, by an offset or on another clock than the series'."""
        day = self._talk.day
        own = {at} if (at := _instant(text)) else set()
        if day is None:
            return own
        zone = self._series.timezone
        days = (day, day - timedelta(days=1), day + timedelta(days=1))
        times = [t for t in asked_times(text) if t.zone]
        return own | {
            zones.meant(d, t.start, str(t.zone), t.offset, zone).at for t in times for d in days
        }

    def _state(self) -> Evidence:
        ground = self._find(_off, "status")
        if ground is None:
            return Evidence(fact="status", value="cancelled", sure=Sure.READ)
        return _evidence("status", "cancelled", Sure.READ, ground)


def _evidence(fact: str, value: str, sure: Sure, ground: Ground) -> Evidence:
    line = " ".join(ground.text.split())[:_LONGEST]
    return Evidence(fact=fact, value=value, sure=sure, where=ground.where, words=line)


def _dates(text: str) -> Iterator[Written]:
    orders: tuple[DateOrder, ...] = ("dmy", "mdy")
    for order in orders:
        yield from asked_dates(text, order)


def _clocks(text: str) -> set[time]:
    found = asked_times(text)
    return {t.start for t in found} | {t.end for t in found if t.end}


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return at if at.tzinfo else None


def _off(text: str) -> bool:
    signs = (words.off, words.no_talk, words.holiday, remarks.off, struck)
    return any(sign(text) for sign in signs)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
