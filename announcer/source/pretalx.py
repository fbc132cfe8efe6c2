"""Talks of an event in pretalx: the released schedule, as everyone can export it.

The export is asked for rather than the programming interface: it needs no account, its form has been
the same since 2018, and what is not released or not visible is not in it.
(pretalx 2025.2: schedule/exporters.py, FrabJsonExporter)
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from announcer.source.interface import Asking, Table, doubts, instant, line, passage, people, tables
from announcer.source.said import Facts

_PAGES: Final = re.compile(r"/(?:schedule|talk|speaker|featured|sneak|cfp|me|locale)(?:/.*)?$")
_LENGTH: Final = re.compile(r"(?:(\d+):)?(\d+):(\d\d)")


class Pretalx:
    """Asks pretalx."""

    site = "pretalx"

    async def read(self, ask: Asking, _: datetime, /) -> tuple[list[Facts], list[str]]:
        """Give the facts of the talks of the released schedule."""
        url = _address(ask)
        answer = await ask.json(url)
        schedule = answer.get("schedule") if isinstance(answer, dict) else None
        conference = schedule.get("conference") if isinstance(schedule, dict) else None
        days = conference.get("days") if isinstance(conference, dict) else None
        if not isinstance(conference, dict) or not isinstance(days, list):
            raise ask.unknown(url, "the answer has no schedule.conference.days")
        zone = line(conference, "time_zone_name")
        slots = list(_slots(days))
        often = Counter(line(slot, "code") for slot in slots)
        seen: Counter[str | None] = Counter()
        facts = []
        for slot in slots:
            code = line(slot, "code")
            seen[code] += 1
            name = f"{code}/{seen[code]}" if often[code] > 1 else code
            facts.append(_facts(slot, name if code else None, zone, url))
        return facts, []


def _address(ask: Asking) -> str:
    parts = urlsplit(ask.location)
    event = _PAGES.sub("", parts.path.rstrip("/"))
    if not re.fullmatch(r"(?:/[\w.-]+)+", event) or event.startswith(("/api/", "/orga/")):
        raise ask.misnamed("https://pretalx.example.org/my-event/")
    return f"{parts.scheme}://{parts.netloc}{event}/schedule/export/schedule.json"


def _slots(days: list[Any]) -> Iterator[Table]:
    for day in tables(days):
        rooms = day.get("rooms")
        for talks in rooms.values() if isinstance(rooms, dict) else ():
            yield from tables(talks)


def _facts(slot: Table, name: str | None, zone: str | None, url: str) -> Facts:
    said = line(slot, "date")
    start = instant(said, zone)
    length = _LENGTH.fullmatch(line(slot, "duration") or "")
    end = None
    if start and length:
        span = timedelta(days=int(length[1] or 0), hours=int(length[2]), minutes=int(length[3]))
        end = (datetime.fromisoformat(start) + span).isoformat() if span else None
    return Facts(
        place=line(slot, "url") or url,
        id=name,
        titles=tuple(filter(None, [line(slot, "title")])),
        speakers=people([line(p, "public_name", "name") for p in tables(slot.get("persons"))]),
        when=(start,) if start else (),
        until=(end,) if end else (),
        location=line(slot, "room"),
        url=line(slot, "url"),
        abstract=passage(slot, "abstract", "description"),
        exact=True,
        doubts=doubts(start, said),
    )
