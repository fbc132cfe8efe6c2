"""Talks of a series on researchseminars.org, from its public interface.

Written from what is known of the interface, version 0: the site was not asked while this was written.
So an answer is read only where it is about the series that was asked for; any other is an error.
"""

import re
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from announcer.errors import SourceUnreadable
from announcer.source.interface import Asking, Table, doubts, instant, line, passage, tables
from announcer.source.people import names
from announcer.source.said import Facts

_PAGE: Final = re.compile(r"/(?:seminar|conference|talk)/([\w.-]+)(?:/.*)?")
_OPEN: Final = "0"  # access_control of a talk that anyone may join; others ask for something first
_NAMES: Final = ("series_id", "seminar_id")  # of the interface, and of the table behind it


class ResearchSeminars:
    """Asks researchseminars.org."""

    site = "researchseminars.org"

    async def read(self, ask: Asking, _: datetime, /) -> tuple[list[Facts], list[str]]:
        """Give the facts of the talks that are shown, in order of time."""
        parts = urlsplit(ask.location)
        found = _PAGE.fullmatch(parts.path)
        if not found:
            raise ask.misnamed("https://researchseminars.org/seminar/MySeminar")
        site, series = f"{parts.scheme}://{parts.netloc}", found[1]
        rows = await _asked(ask, site, series)
        shown = [row for row in rows if not _hidden(row)]
        warnings = []
        if len(shown) < len(rows):
            warnings.append(f"{ask.location}: {len(rows) - len(shown)} hidden talks are not read")
        facts = [_facts(row, f"{site}/talk/{series}", series) for row in shown]
        return sorted(facts, key=lambda told: (told.when or ("9",), told.id or "")), warnings


async def _asked(ask: Asking, site: str, series: str) -> list[Table]:
    """Give the talks of a series; asked by one name of it, and by the other if that gives none."""
    answered, error = False, None
    for name in _NAMES:
        quoted = f'"{series}"'  # each value is JSON
        url = f"{site}/api/0/search/talks?{urlencode({name: quoted})}"
        try:
            rows = _rows(ask, url, await ask.json(url))
            if any(line(row, *_NAMES) != series for row in rows):
                raise ask.unknown(url, "the answer is not about this series alone")
        except SourceUnreadable as trouble:
            error = error or trouble
            continue
        if rows:
            return rows
        answered = True
    if error is not None and not answered:
        raise error
    return []


def _rows(ask: Asking, url: str, answer: Any) -> list[Table]:
    """Give the talks of an answer: tables, or lists beside a list of their names."""
    answer = {"results": answer} if isinstance(answer, list) else answer
    if not isinstance(answer, dict):
        raise ask.unknown(url, "the answer has no list of talks")
    if "code" in answer and line(answer, "code") not in {"success", "warning"}:
        why = line(answer, "description", "code")
        raise SourceUnreadable(f"{ask.location}: {ask.site} answered: {why}; check source.location")
    found = answer.get("results", answer.get("talks"))
    names = answer.get("properties")
    if not isinstance(found, list):
        raise ask.unknown(url, "the answer has no list of talks")
    if isinstance(names, list):
        found = [
            dict(zip(map(str, names), row, strict=True))
            if isinstance(row, list) and len(row) == len(names)
            else row
            for row in found
        ]
    if not all(isinstance(row, dict) and line(row, "start_time", "title") for row in found):
        raise ask.unknown(url, "its talks have neither titles nor times")
    return tables(found)


def _hidden(row: Table) -> bool:
    return bool(row.get("hidden") or row.get("deleted") or row.get("display") is False)


def _facts(row: Table, pages: str, series: str) -> Facts:
    number = line(row, "series_ctr", "seminar_ctr")
    said, zone = line(row, "start_time"), line(row, "timezone")
    start, end = instant(said, zone), instant(line(row, "end_time"), zone)
    url = f"{pages}/{number}/" if number else pages
    off = row.get("canceled") is True or row.get("cancelled") is True
    speakers, place = names(line(row, "speaker") or ""), line(row, "speaker_affiliation")
    open_to_all = line(row, "access_control") == _OPEN
    return Facts(
        place=url,
        id=f"{series}/{number}" if number else None,
        titles=tuple(filter(None, [line(row, "title")])),
        speakers=speakers,
        affiliations=((speakers[0], place),) if place and len(speakers) == 1 else (),
        when=(start,) if start else (),
        until=(end,) if end else (),
        location=line(row, "room"),
        stream=line(row, "live_link", "stream_link") if open_to_all else None,
        url=url,
        abstract=passage(row, "abstract"),
        states=("cancelled",) if off else (),
        exact=True,
        doubts=doubts(start, said),
    )
