"""A talk as a calendar entry, mailed by itself or in a calendar of many (RFC 5545, 5546)."""

import hashlib
import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress
from icalendar.prop import vRecur, vText

from announcer.message import Said
from announcer.prose import spoken
from announcer.talks import Series, Status, Talk
from announcer.words import words

_NAMESPACE: Final = UUID("5f0c7c1e-9a67-5c0e-8f0d-2c8f5f3b7a10")
_REFRESH: Final = timedelta(hours=1)
_CONTROLS: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of a talk's entry: its UID, SEQUENCE and DTSTAMP, and a name for all the rest."""

    uid: str
    sequence: int
    stamp: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version of a talk's entry with all that it says; the talk has a start and an end."""

    talk: Talk
    series: Series
    revision: Revision

    @property
    def starts_at(self) -> datetime:
        """When it starts."""
        assert self.talk.starts_at is not None  # noqa: S101 - whoever makes an entry sees to it
        return self.talk.starts_at

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        assert self.talk.ends_at is not None  # noqa: S101 - as above
        return self.talk.ends_at


class _Text(vText):
    """A text in which a backslash before an N, as in TeX, is not taken for a line break."""

    def to_ical(self) -> bytes:
        """Escape it (RFC 5545, 3.3.11)."""
        escaped = re.sub(r"([\\;,])", r"\\\1", str(self)).replace("\n", "\\n")
        return escaped.encode()


def uid(series: Series, talk: Talk) -> str:
    """Give the UID that a talk's entry starts with; the ledger keeps it from then on."""
    return str(uuid5(_NAMESPACE, f"{series.id}\n{talk.identity}"))


def invite(
    talk: Talk, series: Series, *, uid: str, sequence: int, stamp: datetime, method: str = "PUBLISH"
) -> bytes:
    """Give the entry's bytes; the talk has a start and an end.

    PUBLISH with no ATTENDEE, and an ORGANIZER that is never the list (RFC 5546, 3.2.1).
    """
    if talk.starts_at is None or talk.ends_at is None:
        raise ValueError(f"talk {talk.id} has no time to put in a calendar")
    calendar = _calendar()
    calendar.add("method", method)
    zone = timezone(series.timezone, talk.starts_at)
    if zone is not None:
        calendar.add_component(zone)
    entry = Entry(
        talk=talk if method != "CANCEL" else replace(talk, status=Status.CANCELLED),
        series=series,
        revision=Revision(uid=uid, sequence=sequence, stamp=stamp, digest=""),
    )
    calendar.add_component(_event(entry, local=zone is not None))
    return bytes(calendar.to_ical())


def feed(name: str, entries: Collection[Entry]) -> bytes:
    """Give a calendar to subscribe to; each talk has a start and an end.

    It has no METHOD: nothing is asked of whoever reads it. A zone stands in it once, as its latest
    talk needs it; talks of a time when its rules were others are written in UTC.
    """
    calendar = _calendar()
    calendar.add("name", name)  # RFC 7986, 5.1
    calendar.add("x-wr-calname", name)  # what Google, Apple and Outlook read
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    ordered = sorted(entries, key=lambda e: (e.starts_at, e.revision.uid))
    zones = [timezone(entry.series.timezone, entry.starts_at) for entry in ordered]
    rules = [_rules(zone) for zone in zones]
    latest = {e.series.timezone.key: rule for e, rule in zip(ordered, rules, strict=True)}
    local = [
        bool(rule) and rule == latest[entry.series.timezone.key]
        for entry, rule in zip(ordered, rules, strict=True)
    ]
    first: dict[str, Timezone] = {}
    for entry, zone, holds in zip(ordered, zones, local, strict=True):
        if zone is not None and holds:
            first.setdefault(entry.series.timezone.key, zone)
    for key in sorted(first):
        calendar.add_component(first[key])
    for entry, holds in zip(ordered, local, strict=True):
        calendar.add_component(_event(entry, local=holds))
    return bytes(calendar.to_ical())


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//seminar-announcer//announcer//EN")
    return calendar


def _rules(zone: Timezone | None) -> bytes:
    """Give what a zone says but for since when: two with the same rules give the same times."""
    lines = [] if zone is None else zone.to_ical().splitlines()
    return b"\n".join(line for line in lines if not line.startswith(b"DTSTART:"))


def _event(entry: Entry, *, local: bool) -> Event:
    talk, series, revision = entry.talk, entry.series, entry.revision
    event = Event()
    event.add("uid", revision.uid)
    event.add("dtstamp", revision.stamp.astimezone(UTC))
    event.add("sequence", revision.sequence)
    # A zone without yearly rules cannot be written so that every client reads it alike, nor can
    # the second pass of the hour that comes twice.
    twice = any(at.astimezone(series.timezone).fold for at in (entry.starts_at, entry.ends_at))
    zone = series.timezone if local and not twice else UTC
    event.add("dtstart", entry.starts_at.astimezone(zone))
    event.add("dtend", entry.ends_at.astimezone(zone))
    event.add("summary", _Text(summary(talk, series)))
    if place := talk.location or talk.stream:
        event.add("location", _Text(place))
    event.add("description", _Text(description(talk, series)))
    if talk.url or series.website:
        event.add("url", talk.url or series.website)
    event.add("status", talk.status.value.upper())
    organizer = vCalAddress(f"mailto:{series.reply_to.address}")
    # A parameter can have neither controls nor quotation marks (RFC 5545, 3.1).
    name = _CONTROLS.sub(" ", series.reply_to.name).replace('"', "'")
    if name:
        organizer.params["CN"] = name
    event.add("organizer", organizer)
    return event


def revision(
    talk: Talk, series: Series, before: Said | None, *, at: datetime, method: str = "PUBLISH"
) -> Revision:
    """Give the revision of a talk's entry: what was said before, while that still holds."""
    name = before.uid if before else uid(series, talk)
    content = digest(talk, series, name, method=method)
    sequence, stamp = 0, at
    if before is not None:
        sequence, stamp = before.sequence, before.stamp
        if before.digest != content:
            sequence += 1
            stamp = max(at, before.stamp + timedelta(seconds=1))
    return Revision(uid=name, sequence=sequence, stamp=stamp, digest=content)


def digest(talk: Talk, series: Series, uid: str, *, method: str = "PUBLISH") -> str:
    """Give a name for all that an entry says, but for its SEQUENCE and DTSTAMP."""
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    content = invite(talk, series, uid=uid, sequence=0, stamp=epoch, method=method)
    return hashlib.sha256(content).hexdigest()[:32]


def summary(talk: Talk, series: Series) -> str:
    """Give an entry's title."""
    title = spoken(talk.title) if talk.title else ""
    title = title or words(series.language).gettext("to be announced")
    return f"{series.name}: {title}"


def description(talk: Talk, series: Series) -> str:
    """Give what an entry says below its title: who, where, the stream, the page."""
    lines = [
        ", ".join(talk.people),
        talk.location or "",
        f"{words(series.language).gettext('Stream:')} {talk.stream}" if talk.stream else "",
        talk.url or series.website or "",
    ]
    return "\n".join(filter(None, lines))


def timezone(zone: ZoneInfo, at: datetime) -> Timezone | None:
    """Write a zone with yearly rules that hold around an instant; None where it has none.

    ``icalendar`` writes zones with RDATE only, which classic Outlook reads an hour off.
    """
    year = at.astimezone(zone).year
    changes = _changes(zone, year)
    component = Timezone()
    component.add("tzid", zone.key)
    if not changes and not _changes(zone, year + 1) and not _changes(zone, year - 1):
        offset = at.astimezone(zone).utcoffset() or timedelta(0)
        component.add_component(_onset(zone, datetime(1970, 1, 1), offset, offset, None))  # noqa: DTZ001 - onsets are local by definition
        return component
    if len(changes) != 2:
        return None
    for change in changes:
        rule = _rule(zone, change)
        if rule is None:
            return None
        # A time before the first onset is read in many ways, so that is the one of the year before.
        alike = (
            c for c in _changes(zone, year - 1) if _position(zone, c) & _position(zone, change)
        )
        first = next(alike, change)
        before = (first - timedelta(seconds=1)).astimezone(zone).utcoffset() or timedelta(0)
        after = first.astimezone(zone).utcoffset() or timedelta(0)
        onset = (first + before).replace(tzinfo=None)
        component.add_component(_onset(zone, onset, before, after, rule))
    return component


@cache
def _changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """Find the instants of a year at which the offset of a zone changes."""
    start = datetime(year, 1, 1, tzinfo=UTC)
    days = [start + timedelta(days=n) for n in range(367)]
    found = []
    for before, after in pairwise(days):
        old, new = before.astimezone(zone).utcoffset(), after.astimezone(zone).utcoffset()
        if old == new:
            continue
        low, high = before, after
        while high - low > timedelta(seconds=1):
            middle = (low + (high - low) / 2).replace(microsecond=0)
            if middle.astimezone(zone).utcoffset() == old:
                low = middle
            else:
                high = middle
        found.append(high)
    return tuple(change for change in found if change.year == year)


def _rule(zone: ZoneInfo, change: datetime) -> vRecur | None:
    """Give the yearly rule of a change, if the years around keep it too."""
    position = _position(zone, change)
    for year in (change.year - 1, change.year + 1):
        others = [c for c in _changes(zone, year) if _position(zone, c) & position]
        if not others:
            return None
        position &= {way for c in others for way in _position(zone, c)}
    # The last such weekday, where that fits, is what most zones mean.
    number, weekday, month, _ = min(position, key=lambda p: p[0])
    return vRecur(FREQ="YEARLY", BYMONTH=month, BYDAY=f"{number}{_DAYS[weekday]}")


def _position(zone: ZoneInfo, change: datetime) -> set[tuple[int, int, int, str]]:
    """Give the ways to name the local day of a change: the nth, or the last, of its weekday."""
    before = (change - timedelta(seconds=1)).astimezone(zone).utcoffset() or timedelta(0)
    onset = (change + before).replace(tzinfo=None)
    clock = onset.time().isoformat()
    ways = {((onset.day - 1) // 7 + 1, onset.weekday(), onset.month, clock)}
    if onset.day + 7 > monthrange(onset.year, onset.month)[1]:
        ways.add((-1, onset.weekday(), onset.month, clock))
    return ways


def _onset(
    zone: ZoneInfo, onset: datetime, before: timedelta, after: timedelta, rule: vRecur | None
) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if after > before else TimezoneStandard()
    part.add("dtstart", onset)
    part.add("tzoffsetfrom", before)
    part.add("tzoffsetto", after)
    if rule is not None:
        part.add("rrule", rule)
    return part
