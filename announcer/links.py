"""Addresses that put a talk into the calendars of Google and Outlook, for who has no use for a file."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from announcer.cleaning import cut
from announcer.invite import description, summary
from announcer.talks import Link, Series, Talk

# Some servers refuse an address of over 8 kB; nobody needs more of a description in it.
_LONGEST: Final = 500


def add_to_calendar(talk: Talk, series: Series) -> tuple[Link, ...]:
    """Give the links for a talk, which has a start and an end."""
    assert talk.starts_at and talk.ends_at  # noqa: S101, PT018 - whoever mails it sees to it
    title, words = summary(talk, series), _shortened(description(talk, series))
    place = talk.location or talk.stream or ""
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{_basic(talk.starts_at)}/{_basic(talk.ends_at)}",
        "details": words,
        "location": place,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": _extended(talk.starts_at),
        "enddt": _extended(talk.ends_at),
        "body": words,
        "location": place,
    }
    return (
        Link(
            text="Google Calendar", url=_url("https://calendar.google.com/calendar/render", google)
        ),
        Link(
            text="Outlook",
            url=_url("https://outlook.office.com/calendar/0/deeplink/compose", outlook),
        ),
    )


def _shortened(words: str) -> str:
    """Keep as many lines as there is room for; of an address all or nothing."""
    kept: list[str] = []
    for line in words.split("\n"):
        room = _LONGEST - sum(len(one) + 1 for one in kept)
        if "://" not in line or len(line) <= room:
            kept += [cut(line, room)] if room > 1 else []
    return "\n".join(kept)


def _basic(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _extended(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _url(page: str, values: Mapping[str, str]) -> str:
    # Outlook shows the plus sign of a form's encoding as it is; %20 is right everywhere.
    return f"{page}?{urlencode({k: v for k, v in values.items() if v}, quote_via=quote, safe='')}"
