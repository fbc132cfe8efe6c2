"""The revisions of a talk's calendar entry: its UID, SEQUENCE and DTSTAMP (RFC 5545, RFC 5546)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from icalendar import Calendar
from terms import series

from announcer.invite import Revision, invite, revision, uid
from announcer.message import Said
from announcer.talks import Mailbox, Status, Talk

WHOSE = replace(series(start=time(15)), website="https://seminar.example")
AT = datetime(2026, 4, 3, 8, tzinfo=UTC)
START = datetime(2026, 4, 7, 13, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TALK = Talk(
    id="3",
    title="Rings",
    speakers=("Emmy Noether",),
    day=date(2026, 4, 7),
    starts_at=START,
    ends_at=START + HOUR,
    location="Room 2",
    stream="https://live.example/3",
    url="https://seminar.example/3",
)


def said(talk: Talk, entry: Revision) -> Said:
    """Return what a mail with this revision of an entry said."""
    assert talk.day is not None
    assert talk.starts_at is not None
    assert talk.ends_at is not None
    return Said(
        talk=talk.id,
        day=talk.day,
        moment_day=AT.date(),
        title=talk.title,
        speakers=talk.speakers,
        starts_at=talk.starts_at,
        ends_at=talk.ends_at,
        location=talk.location,
        stream=talk.stream,
        status=talk.status.value,
        uid=entry.uid,
        sequence=entry.sequence,
        stamp=entry.stamp,
        digest=entry.digest,
    )


FIRST = revision(TALK, WHOSE, None, at=AT)


def test_an_entry_that_says_the_same_is_the_same_revision_whenever_it_is_sent() -> None:
    assert (FIRST.sequence, FIRST.stamp) == (0, AT)
    for later in (AT - HOUR, AT, AT + 100 * HOUR):
        assert revision(TALK, WHOSE, said(TALK, FIRST), at=later) == FIRST
    unseen = replace(TALK, abstract="About ideals.", given_id=True)
    assert revision(unseen, WHOSE, said(TALK, FIRST), at=AT + HOUR) == FIRST


CHANGES = {
    "title": replace(TALK, title="Fields"),
    "speakers": replace(TALK, speakers=("Emil Artin",)),
    "start": replace(TALK, starts_at=START - HOUR),
    "end": replace(TALK, ends_at=START + 2 * HOUR),
    "place": replace(TALK, location="Room 5"),
    "stream": replace(TALK, stream="https://live.example/5"),
    "page": replace(TALK, url="https://seminar.example/5"),
    "status": replace(TALK, status=Status.CANCELLED),
}


@pytest.mark.parametrize("fact", CHANGES)
@pytest.mark.parametrize("later", [-100 * HOUR, -MINUTE, 0 * HOUR, MINUTE])
def test_each_change_raises_the_sequence_by_one_and_no_stamp_goes_back_even_if_the_clock_does(
    fact: str, later: timedelta
) -> None:
    changed = CHANGES[fact]
    second = revision(changed, WHOSE, said(TALK, FIRST), at=AT + later)
    assert (second.uid, second.sequence) == (FIRST.uid, 1)
    assert second.stamp == max(AT + later, AT + timedelta(seconds=1))
    third = revision(TALK, WHOSE, said(changed, second), at=AT + 2 * HOUR)
    assert (third.uid, third.sequence, third.stamp) == (FIRST.uid, 2, AT + 2 * HOUR)


def test_what_a_series_is_called_and_who_answers_stand_in_the_entry_too() -> None:
    for changed in (
        replace(WHOSE, name="Seminar"),
        replace(WHOSE, reply_to=Mailbox(address="else@example.org")),
    ):
        assert revision(TALK, changed, said(TALK, FIRST), at=AT).sequence == 1


def test_a_uid_hangs_on_what_a_talk_was_first_known_as_and_on_its_series() -> None:
    assert uid(WHOSE, replace(TALK, id="14", first_id="3", title="Fields")) == uid(WHOSE, TALK)
    others = [replace(TALK, id="4"), replace(TALK, first_id="4")]
    assert len({uid(WHOSE, TALK), *(uid(WHOSE, other) for other in others)}) == 2
    assert uid(replace(WHOSE, id="other"), TALK) != uid(WHOSE, TALK)
    kept = replace(said(TALK, FIRST), uid="from-an-older-version@example.org")
    assert revision(TALK, WHOSE, kept, at=AT).uid == kept.uid


def test_an_entry_is_written_with_its_revision_and_where_the_talk_is() -> None:
    for talk, place in (
        (TALK, "Room 2"),
        (replace(TALK, location=None), "https://live.example/3"),
        (replace(TALK, location=None, stream=None), None),
    ):
        raw = invite(talk, WHOSE, uid="u", sequence=7, stamp=AT, method="CANCEL")
        calendar = Calendar.from_ical(raw)
        [event] = calendar.walk("VEVENT")
        assert str(calendar["METHOD"]) == "CANCEL"
        assert event.get("LOCATION") == place
        assert (str(event["UID"]), int(str(event["SEQUENCE"]))) == ("u", 7)
        assert event.decoded("dtstamp") == AT
        assert event.decoded("dtend") - event.decoded("dtstart") == HOUR
