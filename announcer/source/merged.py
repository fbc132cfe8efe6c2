"""A talk that a page names twice, in a list and again with its abstract, is one talk."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Final

from announcer.source.alike import same_speakers, same_talk
from announcer.source.dates import DateOrder, asked_dates, without_spans, written_dates
from announcer.source.entry import Entry, labels
from announcer.source.markdown import plain
from announcer.source.times import written_times
from announcer.talks import Talk

_WHEN: Final = 400  # letters that may say when a talk is
_MOST_A_DAY: Final = 20  # more talks of one day are not compared, so that the time stays bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Where an entry is kept, with what others are compared with."""

    at: int
    entry: Entry
    year: int | None
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A talk with its entry, and which facts are the entry's own and not those of all talks."""

    entry: Entry
    talk: Talk
    names_start: bool
    names_place: bool
    names_stream: bool


def one_talk(told: Sequence[Told]) -> list[tuple[Told, list[Told]]]:
    """Make one talk of "Next seminar" on top of a page and the same talk in the schedule below.

    Gives each talk that is left with the entries that joined it. Where the two contradict each other
    both stay: who judges the talks asks about them.
    """
    kept: list[tuple[Told, list[Told]]] = []
    of_day: dict[date, list[int]] = {}
    for one in told:
        day = one.talk.day
        at = of_day.setdefault(day, []) if day else []
        same = next((n for n in at[:_MOST_A_DAY] if _joins(kept[n][0], one)), None)
        if same is None:
            at.append(len(kept))
            kept.append((one, []))
        else:
            first, others = kept[same]
            kept[same] = _joined(first, one), [*others, one]
    return kept


def _joins(first: Told, one: Told) -> bool:
    """Tell whether two entries in different parts of a page are one talk, and agree on it."""
    a, b = first.talk, one.talk
    if (first.entry.layout, first.entry.within) == (one.entry.layout, one.entry.within):
        return False
    if a.cancelled or b.cancelled or not (a.speakers and same_talk(a, b) and same_speakers(a, b)):
        return False
    starts = first.names_start and one.names_start and a.starts_at != b.starts_at
    places = first.names_place and one.names_place and a.location != b.location
    streams = first.names_stream and one.names_stream and a.stream != b.stream
    return not (starts or places or streams)


def _joined(first: Told, one: Told) -> Told:
    """Give the first talk with what the other says that it does not."""
    a, b = first.talk, one.talk
    start = b if one.names_start and not first.names_start else a
    longer = max((a, b), key=lambda talk: len(talk.title or ""))
    names = max((a, b), key=lambda talk: sum(map(len, talk.speakers)))
    doubts = tuple(dict.fromkeys(filter(None, (a.unclear, b.unclear))))
    twice = f'"{a.id}" stands twice on the page'
    links = {link.url: link for link in (*b.links, *a.links)}
    talk = replace(
        a,
        title=longer.title,
        tba=longer.title is None,
        speakers=names.speakers,
        starts_at=start.starts_at,
        ends_at=start.ends_at,
        location=b.location if one.names_place else a.location,
        stream=b.stream if one.names_stream else a.stream,
        links=tuple(links.values()),
        abstract=max((a.abstract, b.abstract), key=lambda text: len(text or "")),
        unclear="; ".join(doubts) or None,
        warnings=(*a.warnings, *(said for said in b.warnings if twice not in said)),
    )
    return Told(
        entry=first.entry,
        talk=talk,
        names_start=first.names_start or one.names_start,
        names_place=first.names_place or one.names_place,
        names_stream=first.names_stream or one.names_stream,
    )


def without_repeats(entries: Sequence[Entry], order: DateOrder | None) -> list[Entry]:
    """Leave out entries that say again what an earlier one says; their text joins it."""
    kept: list[Entry] = []
    of_day: dict[tuple[int, int], list[_Kept]] = {}
    for entry in entries:
        key, year = _day(entry, order)
        if key is None:
            kept.append(entry)
            continue
        one = _Kept(at=len(kept), entry=entry, year=year, words=_words(entry, order))
        day = of_day.setdefault(key, [])
        same = next((other for other in day[:_MOST_A_DAY] if _repeats(one, other)), None)
        if same is None:
            day.append(one)
            kept.append(entry)
        elif not "".join(same.entry.body).strip():
            kept[same.at] = replace(same.entry, body=entry.body)
    return kept


def _day(entry: Entry, order: DateOrder | None) -> tuple[tuple[int, int] | None, int | None]:
    words = plain(entry.date) if entry.date else entry.head
    written = asked_dates(words, order) if entry.date else written_dates(words[:400], order)
    return ((written[0].month, written[0].day), written[0].year) if written else (None, None)


def _repeats(one: _Kept, first: _Kept) -> bool:
    if one.year is not None and first.year is not None and one.year != first.year:
        return False
    if first.entry.layout == "event" and one.entry.layout != "event":
        return True  # what a page says of an event for programs is what it says of that day
    if (one.entry.layout, one.entry.within) == (first.entry.layout, first.entry.within):
        return False
    shared = len(one.words & first.words)
    if shared < 3 or shared < 0.6 * min(len(one.words), len(first.words)):
        return False
    return _starts(one.entry) <= _starts(first.entry)  # another time is not left out


def _starts(entry: Entry) -> set[time]:
    """Give the times of day that stand where an entry says when it is."""
    named = labels(entry.body)
    said = (entry.head, entry.date, entry.time, named.get("when"), named.get("time"))
    return {found.start for text in said if text for found in written_times(plain(text)[:_WHEN])}


def _words(entry: Entry, order: DateOrder | None) -> frozenset[str]:
    named = labels(entry.body)
    parts = [
        entry.title or named.get("title", ""),
        entry.speakers or named.get("speakers", ""),
        entry.head,
    ]
    if not any(plain(p) for p in parts[:2]) and len(entry.head) < 60:
        parts.append(next((t for t in entry.body if t.strip()), "")[:300])
    text = " ".join(parts)
    text = without_spans(text, written_dates(text[:600], order))
    return frozenset(re.findall(r"\w{2,}", plain(text).lower()))
