"""A talk as a calendar entry: one VCALENDAR with one VEVENT (RFC 5545, 5546)."""

import hashlib
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress
from icalendar.prop import vRecur

from announcer.talks import Series, Talk
from announcer.words import words

_NAMESPACE: Final = UUID("5f0c7c1e-9a67-5c0e-8f0d-2c8f5f3b7a10")
_DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


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
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//seminar-announcer//announcer//EN")
    calendar.add("method", method)
    zone = timezone(series.timezone, talk.starts_at)
    if zone is not None:
        calendar.add_component(zone)
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("sequence", sequence)
    # A zone without yearly rules cannot be written so that every client reads it alike, nor can
    # the second pass of the hour that comes twice.
    twice = any(at.astimezone(series.timezone).fold for at in (talk.starts_at, talk.ends_at))
    place = series.timezone if zone is not None and not twice else UTC
    event.add("dtstart", talk.starts_at.astimezone(place))
    event.add("dtend", talk.ends_at.astimezone(place))
    title = talk.title or words(series.language).gettext("to be announced")
    event.add("summary", f"{series.name}: {title}")
    if talk.location or talk.stream:
        event.add("location", talk.location or talk.stream)
    event.add("description", _description(talk, series))
    if talk.url or series.website:
        event.add("url", talk.url or series.website)
    event.add("status", "CANCELLED" if method == "CANCEL" else talk.status.value.upper())
    organizer = vCalAddress(f"mailto:{series.reply_to.address}")
    if series.reply_to.name:
        organizer.params["CN"] = series.reply_to.name.replace('"', "'")
    event.add("organizer", organizer)
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def digest(talk: Talk, series: Series, uid: str, *, method: str = "PUBLISH") -> str:
    """Give a name for all that an entry says, but for its SEQUENCE and DTSTAMP."""
    epoch = datetime(2000, 1, 1, tzinfo=UTC)
    content = invite(talk, series, uid=uid, sequence=0, stamp=epoch, method=method)
    return hashlib.sha256(content).hexdigest()[:32]


def _description(talk: Talk, series: Series) -> str:
    lines = [
        ", ".join(talk.speakers),
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
