"""The talks of a series as entries of a calendar to subscribe to, as its mails have them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from announcer.invite import Entry, Revision, revision
from announcer.ledger import History
from announcer.message import Said
from announcer.past import Past
from announcer.plan import as_decided
from announcer.talks import Series, Status, Talk

# The DTSTAMP of what no ledger knows: the same each time, as nothing tells when it became so.
_UNKNOWN: Final = datetime(2000, 1, 1, tzinfo=UTC)


def entries(
    series: Series, talks: Iterable[Talk], history: History, now: datetime
) -> Iterator[Entry]:
    """Give the talks that have a time, past ones and cancelled ones too.

    An entry that a mail had stays as it was while it says the same, and has the next SEQUENCE
    where it does not; one that no mail had is as the first will have it. What is unclear stands
    as the list was told of it, or not at all.
    """
    past = Past(history, now)
    for talk in (as_decided(talk, past) for talk in talks):
        said = past.said(talk)
        if talk.unclear is None and talk.starts_at is not None:
            at = past.since(talk) or _UNKNOWN
            method = "CANCEL" if talk.cancelled else "PUBLISH"
            current = revision(talk, series, said, at=at, method=method)
            yield Entry(talk=talk, series=series, revision=current)
        elif (told := past.last_told(talk)) is not None:
            yield Entry(talk=_as_told(talk, told), series=series, revision=_revision(told))


def _revision(said: Said) -> Revision:
    return Revision(uid=said.uid, sequence=said.sequence, stamp=said.stamp, digest=said.digest)


def _as_told(talk: Talk, told: Said) -> Talk:
    return replace(
        talk,
        title=told.title,
        tba=told.title is None,
        speakers=told.speakers,
        day=told.day,
        starts_at=told.starts_at,
        ends_at=told.ends_at,
        location=told.location,
        stream=told.stream,
        status=Status(told.status),
    )
