"""A talk that a page names twice, in a list and again with its abstract, is one talk."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from announcer.source.dates import DateOrder, asked_dates, without_spans, written_dates
from announcer.source.entry import Entry, labels
from announcer.source.markdown import plain

_MOST_A_DAY: Final = 20  # more talks of one day are not compared, so that the time stays bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Where an entry is kept, with what others are compared with."""

    at: int
    entry: Entry
    year: int | None
    words: frozenset[str]


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
    return shared >= 3 and shared >= 0.6 * min(len(one.words), len(first.words))


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
