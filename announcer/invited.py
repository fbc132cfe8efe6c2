"""Reads the calendar entry of a mail back, as the programs of its readers will (mail.md A3)."""

from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from email.message import EmailMessage
from functools import cache
from typing import Final

from icalendar import Calendar, Event, Timezone

from announcer.invite import description, summary
from announcer.message import Said
from announcer.talks import Series, Talk

_LONGEST_LINE: Final = 75  # octets (RFC 5545, 3.1)
_OF_CALENDAR: Final = frozenset({"VERSION", "PRODID", "METHOD"})
_OF_EVENT: Final = frozenset(
    {
        "UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "SUMMARY", "LOCATION", "DESCRIPTION", "URL",
        "STATUS", "ORGANIZER",
    }
)  # fmt: skip


def broken(
    part: EmailMessage, talk: Talk, series: Series, said: Said, method: str
) -> Iterator[str]:
    """Give each rule that an invite breaks, as what comes after "the composed mail"."""
    yield from _broken_part(part, method)
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)  # noqa: S101 - only a multipart has none
    yield from _broken_lines(raw)
    try:
        calendar = Calendar.from_ical(raw)
    except ValueError as error:
        yield f"has an invite that does not parse: {error}"
        return
    yield from _broken_calendar(calendar, method)
    for event in calendar.events:
        yield from _broken_times(calendar, event, talk, series)
        yield from _broken_facts(event, talk, series, said, method)


def _broken_part(part: EmailMessage, method: str) -> Iterator[str]:
    name = part.get_filename() or ""
    params = dict(part["Content-Type"].params)
    if params != {"charset": "utf-8", "method": method, "name": name}:
        yield f"has an invite whose METHOD, charset or name is not as it must be: {params}"
    if part["Content-Transfer-Encoding"] != "base64":
        yield "has an invite that is not in base64, which alone keeps its line ends"
    if part.get_content_disposition() != "attachment":
        yield "has an invite that is no attachment"
    if not name.isascii() or not name.endswith(".ics"):
        yield f"has an invite of the name {name!r}, which is not plain ASCII with .ics at its end"


def _broken_lines(raw: bytes) -> Iterator[str]:
    lines = raw.split(b"\r\n")
    if raw.startswith(BOM_UTF8):
        yield "has an invite with a byte order mark"
    if lines[-1] or any(b"\r" in line or b"\n" in line for line in lines):
        yield "has an invite with a bare CR or LF, or without its last line break"
    if max(map(len, lines)) > _LONGEST_LINE:
        yield f"has an invite with a line of over {_LONGEST_LINE} octets"
    for line in lines:
        try:
            line.decode()
        except UnicodeDecodeError:
            yield "has an invite that is not UTF-8, or is folded inside a character"
            return


def _broken_calendar(calendar: Calendar, method: str) -> Iterator[str]:
    events = calendar.events
    if calendar.name != "VCALENDAR" or len(events) != 1:
        yield "has an invite with not one event"
    others = {str(c.name) for c in calendar.subcomponents} - {"VEVENT", "VTIMEZONE"}
    inside = {str(c.name) for event in events for c in event.subcomponents}
    if others or inside:
        yield f"has an invite with {', '.join(sorted(others | inside))}"
    errors = [error for component in calendar.walk() for error in component.errors]
    if errors:
        yield f"has an invite that does not parse: {errors}"
    if set(calendar) != _OF_CALENDAR or str(calendar["VERSION"]) != "2.0":
        yield f"has an invite with {', '.join(sorted(calendar))}, not {', '.join(sorted(_OF_CALENDAR))}"
    elif str(calendar["METHOD"]) != method:
        yield f"has an invite whose METHOD is {calendar['METHOD']}, not {method}"


def _broken_times(calendar: Calendar, event: Event, talk: Talk, series: Series) -> Iterator[str]:
    """Compare with the talk, reading each zone from the invite alone as other programs do."""
    zones = {str(zone["TZID"]): zone for zone in calendar.timezones}
    # dateutil's reading of the rules, and not that of the zone's name; it takes time, so once a zone.
    rules = cache(lambda tzid: zones[tzid].to_tz(lookup_tzid=False))
    for name, meant in (("DTSTART", talk.starts_at), ("DTEND", talk.ends_at)):
        said = getattr(event.get(name), "dt", None)
        # In UTC, as Python holds no time of an hour that clocks show twice to be equal in two zones.
        at = said.astimezone(UTC) if isinstance(said, datetime) and said.tzinfo else None
        if not isinstance(said, datetime) or at != meant:
            yield (
                f"has an invite whose {name} is {said}, but talk {talk.id} is from "
                f"{talk.starts_at} to {talk.ends_at}"
            )
            continue
        tzid = event[name].params.get("TZID")
        if tzid is None:
            continue  # it is aware all the same, so it is in UTC
        if tzid not in zones:
            yield f"has an invite whose {name} is in {tzid}, which is not described in it"
        else:
            yield from _outlook_misreads(zones[tzid])
            yield from _broken_zone(tzid, rules(tzid), said, series)
    if set(zones) - {series.timezone.key}:
        yield f"has an invite with {', '.join(sorted(zones))}, not {series.timezone.key}"


def _outlook_misreads(zone: Timezone) -> Iterator[str]:
    for part in zone.subcomponents:
        if "RDATE" in part or not {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(part):
            yield f"has an invite whose zone {zone['TZID']} Outlook would read wrongly"
            return


def _broken_zone(tzid: str, rules: tzinfo, at: datetime, series: Series) -> Iterator[str]:
    wall = at.astimezone(series.timezone).replace(tzinfo=None)
    read = wall.replace(tzinfo=rules)
    if read.utcoffset() != at.astimezone(series.timezone).utcoffset():
        yield f"has an invite whose zone {tzid} is at {read.utcoffset()} on {wall}"


def _broken_facts(
    event: Event, talk: Talk, series: Series, said: Said, method: str
) -> Iterator[str]:
    meant = {
        "UID": said.uid,
        "SEQUENCE": str(said.sequence),
        "DTSTAMP": f"{said.stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "SUMMARY": summary(talk, series),
        "LOCATION": talk.location or talk.stream or "",
        "DESCRIPTION": description(talk, series),
        "URL": talk.url or series.website or "",
        "STATUS": "CANCELLED" if method == "CANCEL" else talk.status.value.upper(),
        "ORGANIZER": f"mailto:{series.reply_to.address}",
    }
    unknown = set(event) - _OF_EVENT
    if unknown:
        yield f"has an invite with {', '.join(sorted(unknown))}, which must not be there"
    for name, value in meant.items():
        found = _written(event, name)
        if found != value:
            yield f"has an invite whose {name} is {found!r}, not {value!r}, as talk {talk.id} has it"


def _written(event: Event, name: str) -> str:
    value = event.get(name, "")
    return value.to_ical().decode() if name == "DTSTAMP" and value else str(value)
