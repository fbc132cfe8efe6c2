"""Talks in Indico: the lectures and meetings of a category, or the contributions of one event.

(Indico 3.2: modules/events/api.py, CategoryEventFetcher; web/http_api/hooks/base.py)
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from announcer.errors import SourceUnreadable
from announcer.source.interface import (
    Asking,
    Table,
    doubts,
    instant,
    line,
    passage,
    people,
    prose,
    tables,
)
from announcer.source.said import Facts

MOST: Final = 500  # Indico gives no more events at once with what is in them
_PAGE: Final = re.compile(r"(.*?)/(?:export/)?(event|category|categ)/(\w+)(?:[/.].*)?")
_OLD_PAGE: Final = re.compile(r"(.*?)/(conference|category)Display\.py")


class Indico:
    """Asks Indico."""

    site = "Indico"

    async def read(self, ask: Asking, now: datetime, /) -> tuple[list[Facts], list[str]]:
        """Give the facts of the talks, in order of time."""
        base, kind, number = _address(ask)
        wanted = "detail=contributions&tz=UTC"
        if kind == "event":
            url = f"{base}/export/event/{number}.json?{wanted}"
        else:
            # The end of a page that is too long is then the past, and Indico is asked in the same
            # words all the year round.
            wanted += f"&order=start&descending=yes&limit={MOST}&from={now.year - 1}-01-01"
            url = f"{base}/export/categ/{number}.json?{wanted}"
        answer = await ask.json(url)
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(tables(results)) != len(results):
            raise ask.unknown(url, "the answer has no list of results")
        if kind == "event" and not results:
            raise SourceUnreadable(
                f"{ask.location}: Indico shows no such event to who is not logged in; check "
                "source.location, or make the event public"
            )
        if len(results) >= MOST:
            raise SourceUnreadable(
                f"{ask.location} has {MOST} events or more; name the category of the seminar itself"
            )
        events = _Events(base, alone=kind == "event")
        facts = [told for event in reversed(results) for told in events.facts(event)]
        return facts, events.warnings


def _address(ask: Asking) -> tuple[str, str, str]:
    """Give the address of the site, and of what kind and number the thing is."""
    parts = urlsplit(ask.location)
    site = f"{parts.scheme}://{parts.netloc}"
    old = _OLD_PAGE.fullmatch(parts.path)
    if old:
        asked = parse_qs(parts.query)
        number, *_ = asked.get("confId") or asked.get("categId") or [""]
        if re.fullmatch(r"\w+", number):
            return f"{site}{old[1]}", "event" if old[2] == "conference" else "categ", number
    found = _PAGE.fullmatch(parts.path)
    # Events have numbers; a short name is known to Indico's pages alone.
    if not found or (found[2] == "event" and not found[3].isdigit()):
        raise ask.misnamed(f"{site}/category/123/ (or {site}/event/123/")
    return f"{site}{found[1]}", "event" if found[2] == "event" else "categ", found[3]


class _Events:
    """The events of an answer on their way to facts."""

    def __init__(self, base: str, *, alone: bool) -> None:
        self.base = base
        self.alone = alone
        self.warnings: list[str] = []

    def facts(self, event: Table) -> Iterator[Facts]:
        """Give the talks of an event: its contributions, or itself."""
        number = line(event, "id") or ""
        parts = tables(event.get("contributions"))
        kind = line(event, "type")
        if kind == "simple_event" or not parts or (kind == "conference" and not self.alone):
            yield self._own(event, number, lecture=kind == "simple_event")
            return
        parts.sort(key=lambda part: (_moment(part, "startDate") or "9", line(part, "db_id") or ""))
        spoken = [part for part in parts if tables(part.get("speakers"))]
        for part in spoken or parts:
            yield self._part(event, number, part, only=len(parts) == 1)
        silent = [f'"{line(p, "title")}"' for p in parts if spoken and p not in spoken]
        if silent:
            self.warnings.append(
                f"{self.base}/event/{number}/: {', '.join(silent)} has no speaker, so it is not read "
                "as a talk"
            )

    def _own(self, event: Table, number: str, *, lecture: bool) -> Facts:
        """Give the event itself; who chairs a meeting does not speak at it."""
        chairs = tables(event.get("chairs")) if lecture else []
        return self._told(event, event, number, f"{self.base}/event/{number}/", chairs, event)

    def _part(self, event: Table, number: str, part: Table, *, only: bool) -> Facts:
        """Give a contribution; the only one of an event is at the event's time unless it says more."""
        own = line(part, "db_id", "id") or ""
        timed = event if only and not part.get("startDate") else part
        url = line(part, "url") or f"{self.base}/event/{number}/contributions/{own}/"
        return self._told(event, part, f"{number}/{own}", url, tables(part.get("speakers")), timed)

    def _told(
        self, event: Table, talk: Table, name: str, url: str, speakers: list[Table], timed: Table
    ) -> Facts:
        start, end = _moment(timed, "startDate"), _moment(timed, "endDate")
        label = event.get("label")
        off = isinstance(label, dict) and label.get("is_event_not_happening") is True
        return Facts(
            place=url,
            id=name,
            titles=tuple(filter(None, [line(talk, "title")])),
            speakers=people([_name(person) for person in speakers]),
            affiliations=tuple(_affiliations(speakers)),
            when=(start,) if start else (),
            until=(end,) if end else (),
            location=_place(talk) or _place(event),
            url=url,
            abstract=prose(passage(talk, "description")),
            states=("cancelled",) if off else (),
            exact=True,
            doubts=doubts(start, _said(timed.get("startDate"))),
        )


def _moment(table: Table, name: str) -> str | None:
    at = table.get(name)
    return instant(_said(at), line(at, "tz")) if isinstance(at, dict) else None


def _said(at: Any) -> str | None:
    if not isinstance(at, dict):
        return None
    return f"{line(at, 'date')} {line(at, 'time')}"


def _name(person: Table) -> str | None:
    given, family = line(person, "first_name"), line(person, "last_name", "familyName")
    return f"{given or ''} {family}".strip() if family else line(person, "fullName")


def _affiliations(persons: list[Table]) -> Iterator[tuple[str, str]]:
    for person in persons:
        for name, place in zip(
            people([_name(person)]), [line(person, "affiliation")], strict=False
        ):
            if place:
                yield name, place


def _place(table: Table) -> str | None:
    """Give the room and the building; the address where neither is said."""
    room, building = line(table, "roomFullname", "room"), line(table, "location")
    said = dict.fromkeys(filter(None, [room, building]))
    return ", ".join(said) or line(table, "address")
