"""The remarks beside one talk, compared with the facts that were taken from it.

A remark that names a time, a room or a day is used where the talk itself names none, and makes the
talk unclear where it says something else than what was taken. It is never dropped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Final

from announcer.cadence import instant
from announcer.source import remarked, remarks, zones
from announcer.source.checks import Checks
from announcer.source.dates import DateOrder, near
from announcer.source.remarked import Remark
from announcer.source.times import WrittenTime

_MOST: Final = 12  # brief lines of a text: what comes later is about something else
_RULE: Final = re.compile(r"\s*(?:[-*_]\s*){3,}")
_ELSEWHERE: Final = re.compile(
    r"(?i)online|virtu|zoom|remote|teams|bbb|webex|hybrid|ligne|distance|visio|stream|digital|https?:"
)
_PLACE_WORDS: Final = """
    room rooms raum saal salle hall hörsaal seminarraum zimmer auditorium aula lecture seminar the in im nr no building gebäude
"""
_OF_ANY_PLACE: Final = frozenset(_PLACE_WORDS.split())


class Asides:
    """What the remarks of one talk name.

    Args:
        sure: brackets, cells and lines, which are taken at their word.
        unsure: parts of a title or a head, which can only make a talk doubtful.
        order: in which order day and month stand.
        checks: where doubts are gathered.
    """

    def __init__(
        self,
        sure: Iterable[Remark | None],
        unsure: Iterable[Remark | None],
        order: DateOrder | None,
        checks: Checks,
    ) -> None:
        self._said = sure, unsure  # read only for a talk ahead: nothing is told of another
        self._order = order
        self._checks = checks

    @cached_property
    def _sure(self) -> list[Remark]:
        return [found for found in self._said[0] if found is not None]

    @cached_property
    def _all(self) -> list[Remark]:
        return [*self._sure, *(found for found in self._said[1] if found is not None)]

    def only_time(self, day: date) -> WrittenTime | None:
        """Give the time that the remarks about a talk ahead name, where it is one."""
        if not self._checks.ahead(day):
            return None
        times = [written for found in self._sure for written in found.times]
        instants = {self._at(day, written) for written in times}
        return times[0] if len(instants) == 1 else None

    def check_start(self, starts_at: datetime, *, own: bool) -> None:
        """Doubt a start beside which a remark names another time, or that it is another one."""
        zone = self._checks.series.timezone
        day = starts_at.astimezone(zone).date()
        starts_at = starts_at.replace(microsecond=0)  # with which the usual start may be marked
        if not self._checks.ahead(day):
            return
        for found in self._all:
            if found.times and not any(
                self._is(written, day, starts_at) for written in found.times
            ):
                shown = f"{starts_at.astimezone(zone):%H:%M}"
                self._doubt(found, f"names another time than {shown}")
            elif "time" in found.changed and not own:
                self._doubt(found, "says that its time is another one")

    def _is(self, written: WrittenTime, day: date, starts_at: datetime) -> bool:
        afternoon = timedelta(hours=12) if written.early else timedelta()
        at = (
            self._at(near_day, written)
            for near_day in (day, day - timedelta(1), day + timedelta(1))
        )
        return any(
            starts_at in {one, one + afternoon} for one in (at if written.zone else islice(at, 1))
        )

    def _at(self, day: date, written: WrittenTime) -> datetime:
        zone = self._checks.series.timezone
        if written.zone is None:
            return instant(day, written.start, zone)
        return zones.meant(day, written.start, written.zone, written.offset, zone).at

    def check_day(self, day: date) -> None:
        """Doubt a day beside which a remark names another one."""
        if not self._checks.ahead(day):
            return
        for found in self._all:
            days = {near(written, day) for written in found.days if not written.ambiguous} - {None}
            if days and day not in days:
                self._doubt(found, f"names another day than {day}")
            elif found.weekdays and not days:
                self._checks.weekday(found.weekdays, day, f'"{found.text}"')

    def place(self, own: str | None, usual: str | None, day: date | None) -> str | None:
        """Give where the talk is; ``own`` is what it says of that itself, ``usual`` its series."""
        if day is None or not self._checks.ahead(day):
            return own or usual
        rooms = [room for found in self._sure for room in found.rooms]
        online = [found.online for found in self._sure if found.online]
        if own is None and len(named := {_key(place) for place in (*rooms, *online)}) == 1:
            only = (*rooms, *online)[0]
            own = usual if usual and named.pop() <= _key(usual) else only
        for found in self._all:
            self._check_place(found, own, usual)
        return own or usual

    def _check_place(self, found: Remark, own: str | None, usual: str | None) -> None:
        taken = own or usual
        if taken is None:
            return
        if found.rooms and not any(_key(room) <= _key(taken) for room in found.rooms):
            self._doubt(found, f'names another room than "{_shown(taken)}"')
        elif found.online and not _ELSEWHERE.search(taken):
            self._doubt(found, f'says that it is not in "{_shown(taken)}"')
        elif "place" in found.changed and own is None:
            self._doubt(found, "says that its place is another one")

    def _doubt(self, found: Remark, why: str) -> None:
        self._checks.unclear.append(f'"{found.text}" {why}')


def _shown(place: str) -> str:
    """Give a place for a message: the usual one may be marked by a sign that nobody writes."""
    return place.strip("\ue000")


def _key(place: str) -> frozenset[str]:
    """Give the words by which a room is known: "Room 7" is "Seminar room 7, Building B"."""
    known = (word.casefold() for word in re.findall(r"\w[\w.-]*", place))
    words = frozenset(word.strip(".-") for word in known)
    return (words - _OF_ANY_PLACE) or words


def of_text(lines: Sequence[str], order: DateOrder | None) -> Iterator[Remark | None]:
    """Read the brief lines with which a text about a talk begins; the rows of a programme are none."""
    end = next((at for at, line in enumerate(lines) if _RULE.fullmatch(line)), len(lines))
    text = "\n".join("" if "|" in line else line for line in lines[:end])
    for part in islice(remarks.parts(text), _MOST):
        yield remarked.remark(part, order)


def of_cell(text: str | None, order: DateOrder | None) -> Iterator[Remark | None]:
    """Read a cell: as a whole, and its brackets."""
    if text:
        yield remarked.remark(text, order)
        yield from of_brackets(text, order)


def of_brackets(text: str | None, order: DateOrder | None) -> Iterator[Remark | None]:
    """Read what stands in brackets."""
    for inner in remarked.brackets(text or ""):
        yield remarked.remark(inner, order)


def of_parts(text: str | None, order: DateOrder | None) -> Iterator[Remark | None]:
    """Read the parts of a line; one that says more is a title."""
    for part in remarked.parts(text or ""):
        found = remarked.remark(part, order, named=False)
        yield found if found and found.whole else None


def only_place(found: Iterable[Remark | None]) -> Iterator[Remark]:
    """Give what remarks name of the place: the time was read from the same words."""
    yield from (
        replace(one, times=(), days=(), weekdays=frozenset(), changed=one.changed - {"time"})
        for one in found
        if one is not None
    )


def only_when(found: Iterable[Remark | None]) -> Iterator[Remark]:
    """Give what remarks name of the time and the day: the place was read from the same words."""
    yield from (
        replace(one, rooms=(), online="", changed=one.changed - {"place"})
        for one in found
        if one is not None
    )
