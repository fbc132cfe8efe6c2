"""Several places that tell of the same seminar, in order of precedence, read as one.

What an earlier place says of a talk counts, and a later one fills in what it does not say. Where they
contradict each other on when or where a talk is, nobody can tell who is right: the talk is unclear.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.identity import same_talks
from announcer.source import Source
from announcer.source.checks import Ids
from announcer.source.words import slug
from announcer.talks import Reading, Series, Talk

# What only a series says is marked, so that it can be told from what a place says. Places tell whole
# minutes, so that less than a second can be a mark; no writing uses what Unicode leaves to private
# use, and no place is reached under a scheme of ours.
_START: Final = timedelta(microseconds=1)
_LENGTH: Final = timedelta(milliseconds=1)
_PLACE: Final = "\ue000the usual place\ue000"
_STREAM: Final = "about:the-usual-stream"
_NO_START: Final = "no start is known, so it is not announced"


def marked(series: Series) -> Series:
    """Give the series with marks on what it says of every talk, for sources that are read as one."""
    return replace(
        series,
        start=series.start and series.start.replace(microsecond=_START.microseconds),
        duration=series.duration + _LENGTH,
        location=_PLACE,
        stream=_STREAM,
    )


class Several:
    """Sources that were made for a marked series, each with the name that warnings call it by."""

    def __init__(self, sources: Sequence[tuple[str, Source]], series: Series) -> None:
        self._sources = sources
        self._series = series

    async def load(self, now: datetime) -> Reading:
        """Read all of them; one that cannot be read leaves the whole unread.

        Else the talks of that one would seem to have vanished, and what it said of others to have
        changed. For the same reason none may be empty beside one that is not.
        """
        readings = [(name, await source.load(now)) for name, source in self._sources]
        for name, reading in readings:
            if reading.unread:
                raise SourceUnreadable(
                    f"{reading.unread[0]} (of several sources each must be readable as a whole)"
                )
            if not reading.talks and any(other.talks for _, other in readings):
                raise SourceUnreadable(
                    f"{name} lists no talk at all, and another source of {self._series.id} does; mend "
                    "it, or leave it out of the settings until it lists one"
                )
        copies = {name: copy for _, r in readings for name, copy in r.copies.items()}
        joined = self._joined(readings, self._series.local(now).date())
        return replace(joined, copies=copies)

    def _joined(self, readings: Sequence[tuple[str, Reading]], today: date) -> Reading:
        (_, first), *more = readings
        talks, origin, warnings = list(first.talks), dict(first.origin), list(first.warnings)
        grounds = dict(first.grounds)
        for name, later in more:
            joining = _Joining(talks, origin, later, self._series, today)
            talks, origin = joining.talks(), joining.origin
            for ours, theirs in joining.matched:
                grounds[ours] = (*grounds.get(ours, ()), *later.grounds.get(theirs, ()))
            warnings += later.warnings
            if joining.slots:
                warnings.append(
                    f"{name}: {joining.slots} entries ahead have no title of their own, and no earlier "
                    "source has a talk on their day, so they are not listed"
                )
        plain = tuple(_unmarked(talk, self._series) for talk in talks)
        return Reading(talks=plain, warnings=tuple(warnings), origin=origin, grounds=grounds)


class _Joining:
    """The talks so far, and those of one more source."""

    def __init__(
        self,
        talks: Sequence[Talk],
        origin: dict[str, str],
        later: Reading,
        series: Series,
        today: date,
    ) -> None:
        self.before = talks
        self.origin = dict(origin)
        self.later = later
        self.series = series
        self.today = today
        self.matched: list[tuple[str, str]] = []  # ids: of the talk, and of what gave facts of it
        self._titles = Counter(slug(other.title) for other in later.talks)
        self.slots = 0  # entries ahead that stand for no talk

    def talks(self) -> list[Talk]:
        """Give the earlier talks, completed; then those that only the later source has."""
        # Compared are the times that hold, whoever says them.
        known = {_timed(talk): talk for talk in self.before}
        found = {_timed(talk): talk for talk in self.later.talks}
        pairs = same_talks(list(known), list(found), self.today)
        partner = {known[one].id: found[other] for one, other in pairs}
        taken = {talk.id for talk in partner.values()}
        joined = [self._completed(talk, partner.get(talk.id)) for talk in self.before]
        alone = {talk.day for talk in self.before if talk.id not in partner and not talk.cancelled}
        return [*joined, *self._added([t for t in self.later.talks if t.id not in taken], alone)]

    def _added(self, talks: Iterable[Talk], alone: set[date | None]) -> Iterator[Talk]:
        ids = Ids(taken={talk.id for talk in self.before})
        for talk in talks:
            if self._is_slot(talk):
                self.slots += talk.day is None or talk.day >= self.today
                continue
            name = ids.unique(talk.id)
            self.origin[name] = self.later.origin.get(talk.id, "")
            self.matched.append((name, talk.id))
            doubt = "it may be another talk of that day, which an earlier source has; give it the same title in both"  # fmt: skip
            doubtful = talk.day in alone and talk.day is not None and talk.day >= self.today
            yield replace(
                talk, id=name, unclear=_reasons(talk.unclear, doubt if doubtful else None)
            )

    def _is_slot(self, talk: Talk) -> bool:
        """Tell an entry that stands for a meeting of the series, whatever is given there."""
        own = slug(talk.title) or talk.title
        usual = {slug(self.series.name), slug(self.series.id)}
        if talk.title is None:
            return not talk.speakers
        return own in usual or self._titles[slug(talk.title)] > 1

    def _completed(self, talk: Talk, other: Talk | None) -> Talk:
        if other is None:
            return talk
        self.matched.append((talk.id, other.id))
        where = (self.origin.get(talk.id, ""), self.later.origin.get(other.id, ""))
        self.origin[talk.id] = "; ".join(filter(None, where))
        when, time_doubt = _when(talk, other)
        place, place_doubt = _place(talk, other)
        off = "whether it takes place" if other.cancelled and not talk.cancelled else None
        days = [day for day in (talk.day, other.day) if day is not None]
        ahead = not days or max(days) >= self.today
        unclear = [talk.unclear, other.unclear if ahead else None]
        if ahead and not talk.cancelled:
            doubts = filter(None, [time_doubt, place_doubt, off])
            unclear += [self._contradiction(doubt, talk, other, where) for doubt in doubts]
        return replace(
            talk,
            day=when.day,
            starts_at=when.start,
            ends_at=when.end,
            location=place,
            stream=next(
                (s for s in (talk.stream, other.stream) if s and s != _STREAM), talk.stream
            ),
            speakers=talk.speakers or other.speakers,
            affiliations=(*talk.affiliations, *other.affiliations),
            url=talk.url or other.url,
            links=tuple(dict.fromkeys([*talk.links, *other.links])),
            abstract=talk.abstract or other.abstract,
            unclear=_reasons(*unclear),
            warnings=tuple(
                line
                for line in (*talk.warnings, *other.warnings)
                if when.start is None or not line.endswith(_NO_START)
            ),
        )

    def _contradiction(self, what: str, talk: Talk, other: Talk, where: tuple[str, str]) -> str:
        one, another = (self._said(what, told) for told in (talk, other))
        return (
            f"the sources contradict each other on {what}: {where[0] or 'one'} says {one}, and "
            f'{where[1] or "another"} ("{other.title or "to be announced"}") says {another}'
        )

    def _said(self, what: str, talk: Talk) -> str:
        if what == "its place":
            return f'"{talk.location}"'
        if what == "whether it takes place":
            return f'"{talk.status}"'
        if what == "its date" or talk.starts_at is None:
            return str(talk.day)
        return f"{self.series.local(talk.starts_at):%Y-%m-%d %H:%M}"


# When


@dataclass(frozen=True, slots=True)
class _When:
    day: date | None
    start: datetime | None
    end: datetime | None


def _own_start(talk: Talk) -> datetime | None:
    at = talk.starts_at
    return at if at is not None and at.microsecond != _START.microseconds else None


def _own_end(talk: Talk) -> datetime | None:
    at = talk.ends_at
    return at if at is not None and at.microsecond < _LENGTH.microseconds else None


def _when(talk: Talk, other: Talk) -> tuple[_When, str | None]:
    """Give when a talk is, and on what they contradict each other."""
    own = _When(talk.day, talk.starts_at, talk.ends_at)
    if talk.day is None:
        return _When(other.day, other.starts_at, other.ends_at), None
    if other.day is None:
        return own, None
    if talk.day != other.day:
        return own, "its date"
    mine, yours = _own_start(talk), _own_start(other)
    if mine and yours and mine != yours:
        return own, "its start"
    start = mine or yours or talk.starts_at
    if start is None:
        return own, None
    ends = (_own_end(talk), _own_end(other), talk.ends_at if start == talk.starts_at else other.ends_at)  # fmt: skip
    end = next((end for end in ends if end is not None and end > start), None)
    return _When(talk.day, start, end), None


# Where


def _place(talk: Talk, other: Talk) -> tuple[str | None, str | None]:
    """Give where a talk is, and whether they contradict each other on it."""
    mine, yours = (None if t.location == _PLACE else t.location for t in (talk, other))
    if mine and yours:
        return mine, None if _within(mine, yours) or _within(yours, mine) else "its place"
    return mine or yours or talk.location, None


def _within(short: str, long: str) -> bool:
    """Tell whether a place is named within a fuller name of it, as "Room 2" is in "HZG, Room 2"."""
    inner, outer = (re.findall(r"[^\s,;:()]+", text.casefold()) for text in (short, long))
    spans = range(len(outer) - len(inner) + 1)
    return any(outer[at : at + len(inner)] == inner for at in spans)


# Words


def _reasons(*reasons: str | None) -> str | None:
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None


def _timed(talk: Talk) -> Talk:
    start = talk.starts_at.replace(microsecond=0) if talk.starts_at else None
    end = talk.ends_at.replace(microsecond=0) if talk.ends_at else None
    return replace(talk, starts_at=start, ends_at=end)


def _unmarked(talk: Talk, series: Series) -> Talk:
    return replace(
        _timed(talk),
        location=series.location if talk.location == _PLACE else talk.location,
        stream=series.stream if talk.stream == _STREAM else talk.stream,
    )
