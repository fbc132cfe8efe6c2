"""A talk that is put off: one update with both dates; a talk that is off: a cancellation that says why."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.policy import SMTP

import pytest
from icalendar import Calendar
from passes import Passes, at, talk

from announcer.announcement import Plan
from announcer.cadence import Changes
from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.facts import all_facts
from announcer.message import Message
from announcer.talks import Reading, Status, Talk
from announcer.verify import verify

NOETHER = {"title": "Rings", "speakers": ("Emmy Noether",)}
RINGS = talk(1, date(2026, 4, 7), **NOETHER)
MOVED = talk(7, date(2026, 4, 23), **NOETHER)
FIELDS = talk(2, date(2026, 4, 14), title="Fields", speakers=("Évariste Galois",))
OFF = replace(RINGS, status=Status.CANCELLED)


@pytest.fixture
def told() -> Iterator[Passes]:
    """A list that has heard of the talk about rings of Tuesday, 7 April."""
    with_passes = Passes()
    with_passes.adopt(at("02 12:00"), RINGS, FIELDS)
    with_passes.send(at("03 10:00"), RINGS, FIELDS)
    assert keys(with_passes) == ["announcement/2026-04-03"]
    yield with_passes
    with_passes.close()


def keys(passes: Passes) -> list[str]:
    return [key.removeprefix("s/") for key in passes.mails]


def plan(passes: Passes, now: str, *talks: Talk) -> Plan:
    passes.source.shows = Reading(talks=talks)
    return passes.whole_plan(at(now))


def text(message: Message) -> str:
    body = message_from_bytes(message.content, policy=SMTP).get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def entry(message: Message) -> tuple[str, int, str]:
    """The UID, SEQUENCE and start of the entry that a mail carries."""
    [part] = message_from_bytes(message.content, policy=SMTP).iter_attachments()
    [event] = Calendar.from_ical(part.get_content()).walk("VEVENT")
    return str(event["UID"]), int(str(event["SEQUENCE"])), f"{event.decoded('dtstart'):%d %H:%M}"


@pytest.mark.parametrize(
    "order", ["both at once", "the new date first", "the old one is off first"]
)
def test_a_talk_that_stands_at_a_new_date_beside_its_cancelled_entry_is_one_update(
    told: Passes, order: str
) -> None:
    first = {"both at once": (OFF, MOVED), "the new date first": (RINGS, MOVED), "the old one is off first": (OFF,)}[order]  # fmt: skip
    told.send(at("03 12:00"), *first, FIELDS)
    for minute in (5, 11, 16, 30):
        told.send(at(f"03 12:{minute:02}"), OFF, MOVED, FIELDS)
    announcement, update = told.post.taken
    assert update.key == "s/update/2026-04-03"
    assert update.subject == "UPDATED: S, Thu 23 Apr: Rings"
    assert text(update).startswith(
        "Moved from Tuesday, April 7, 2026 to Thursday, April 23, 2026, 15:00"
    )
    assert "was: Tuesday, April 7, 2026, 15:00–16:00" in text(update)
    assert "now: Thursday, April 23, 2026, 15:00–16:00" in text(update)
    uid, sequence, start = entry(announcement)
    assert (sequence, start) == (0, "07 15:00")
    assert entry(update) == (uid, 1, "23 15:00")


def test_the_list_hears_of_a_move_once_and_then_of_the_talk_at_its_new_date(told: Passes) -> None:
    for now in (
        "03 12:00",
        "03 12:11",
        "07 09:00",
        "07 15:30",
        "10 10:00",
        "14 09:00",
        "17 10:00",
        "23 09:00",
    ):
        told.send(at(now), OFF, MOVED, FIELDS)
    assert keys(told) == [
        "announcement/2026-04-03", "update/2026-04-03", "announcement/2026-04-10",
        "reminder/2026-04-14", "announcement/2026-04-17", "reminder/2026-04-23",
    ]  # fmt: skip
    uids = {entry(mail)[0] for mail in told.post.taken if "Rings" in mail.subject}
    assert len(uids) == 1


def test_a_talk_that_is_called_off_at_its_new_date_is_cancelled_in_the_calendars_too(
    told: Passes,
) -> None:
    told.send(at("03 12:00"), OFF, MOVED, FIELDS)
    told.send(at("03 12:11"), OFF, MOVED, FIELDS)
    again = replace(MOVED, status=Status.CANCELLED)
    told.send(at("06 12:00"), OFF, again, FIELDS)
    told.send(at("06 12:11"), OFF, again, FIELDS)
    assert keys(told)[2:] == ["cancellation/2026-04-06"]
    uids = [entry(mail)[0] for mail in told.post.taken]
    assert len(set(uids)) == 1


def test_a_person_who_cancels_a_talk_that_has_a_new_date_has_postponed_it(told: Passes) -> None:
    told.send(at("03 12:00"), RINGS, MOVED, FIELDS)
    told.decide(at("03 12:30"), "cancel", "1")
    told.send(at("03 12:31"), RINGS, MOVED, FIELDS)
    told.send(at("03 12:41"), RINGS, MOVED, FIELDS)
    assert keys(told)[1:] == ["update/2026-04-03"]


OTHERS: dict[str, Talk] = {
    "another speaker": replace(MOVED, speakers=("Emil Artin",)),
    "no speaker": replace(MOVED, speakers=()),
    "another title": replace(MOVED, title="Braids"),
    "unclear": replace(MOVED, unclear="two dates"),
    "cancelled": replace(MOVED, status=Status.CANCELLED),
    "a year off": talk(7, date(2027, 4, 22), **NOETHER),
    "undated": replace(MOVED, day=None, starts_at=None, ends_at=None),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_what_is_not_surely_the_same_talk_leaves_the_cancellation_to_be_told(
    told: Passes, other: Talk
) -> None:
    told.send(at("03 12:00"), OFF, other, FIELDS)
    told.send(at("03 12:11"), OFF, other, FIELDS)
    assert keys(told)[1:] == ["cancellation/2026-04-03"]


def test_a_meeting_without_a_speaker_is_postponed_where_the_page_says_so(told: Passes) -> None:
    meeting = talk(5, date(2026, 4, 9), title="Reading group")
    told.send(at("03 11:00"), RINGS, FIELDS, meeting)
    told.send(at("03 11:11"), RINGS, FIELDS, meeting)
    assert keys(told)[1:] == ["announcement/2026-04-03/2"]
    next_one = talk(6, date(2026, 4, 16), title="Reading group")
    off = replace(meeting, status=Status.CANCELLED, why_cancelled="postponed")
    told.send(at("03 12:00"), RINGS, FIELDS, off, next_one)
    told.send(at("03 12:11"), RINGS, FIELDS, off, next_one)
    assert keys(told)[2:] == ["update/2026-04-03"]


def test_where_no_update_goes_the_cancellation_does(told: Passes) -> None:
    for changes in (Changes(update="off"), Changes(update_on=("place",)), Changes(update="hold")):
        told.changes = changes
        planned = plan(told, "03 12:30", OFF, MOVED, FIELDS).announcements
        kinds = {mail.kind for mail in planned} - {"announcement", "reminder"}
        assert kinds == {"cancellation"}, changes


def test_a_cancellation_waits_the_quiet_time_and_goes_at_once_near_the_talk(told: Passes) -> None:
    told.send(at("06 12:00"), OFF, FIELDS)
    told.send(at("06 12:09"), OFF, FIELDS)
    assert keys(told)[1:] == []
    told.send(at("06 12:09"), RINGS, FIELDS)  # taken back in time: nobody hears of it
    told.send(at("06 12:30"), RINGS, FIELDS)
    assert keys(told)[1:] == []
    told.send(at("07 09:00"), RINGS, FIELDS)
    told.decide(at("07 12:30"), "cancel", "1")
    told.send(at("07 12:31"), RINGS, FIELDS)
    assert keys(told)[1:] == ["reminder/2026-04-07", "cancellation/2026-04-07"]


def test_the_reason_of_the_page_stands_in_the_cancellation(told: Passes) -> None:
    off = replace(OFF, why_cancelled="illness of the speaker")
    told.send(at("03 12:00"), off, FIELDS)
    told.send(at("03 12:11"), off, FIELDS)
    assert "Why: illness of the speaker" in text(told.post.taken[-1])


@pytest.mark.parametrize("tell", [True, False])
def test_a_persons_reason_is_told_where_the_person_says_so(told: Passes, tell: bool) -> None:  # noqa: FBT001 - a case
    told.decide(at("03 12:00"), "cancel", "1", words="she is ill", tell=tell)
    told.send(at("03 12:01"), RINGS, FIELDS)
    told.send(at("03 12:11"), RINGS, FIELDS)
    assert keys(told)[1:] == ["cancellation/2026-04-03"]
    assert ("Why: she is ill" in text(told.post.taken[-1])) is tell


def test_a_mail_that_lacks_the_old_date_or_the_reason_is_held(told: Passes) -> None:
    told.send(at("03 12:00"), OFF, MOVED, FIELDS)
    [mail] = plan(told, "03 12:11", OFF, MOVED, FIELDS).due
    [facts] = all_facts(mail, at("03 12:11"), "en")
    assert facts.moved_from == "Tuesday, April 7, 2026"
    message = MailComposer().compose(mail, at("03 12:11"))
    verify(message, mail)
    without = MailComposer().compose(replace(mail, told=()), at("03 12:11"))
    with pytest.raises(VerificationFailed, match="the day from which talk 7 was moved"):
        verify(without, mail)
    off = replace(mail, kind="cancellation", talks=(replace(OFF, why_cancelled="strike"),))
    silent = replace(off, talks=(OFF,))
    verify(MailComposer().compose(off, at("03 12:11")), off)
    with pytest.raises(VerificationFailed, match="does not say the reason of talk 1, “strike”"):
        verify(MailComposer().compose(silent, at("03 12:11")), off)
