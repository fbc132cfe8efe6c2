"""Which change of a talk the list hears of, when, and in what words: pass by pass in one process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from passes import BERLIN, HOUR, Passes, at, talk

from announcer.cadence import ANNOUNCEMENT, Rule
from announcer.changes import stream_key
from announcer.errors import DeliveryInDoubt
from announcer.talks import Status, Talk

OLD = talk(3, date(2026, 4, 7), speakers=("Emmy Noether",), stream="https://live.example/3")
LATER = talk(4, date(2026, 4, 14))
assert OLD.starts_at is not None
assert OLD.ends_at is not None
CORRECTED = replace(OLD, title="Title 3, corrected")  # no update tells of a title alone
START, END = OLD.starts_at, OLD.ends_at


@pytest.fixture
def new_passes() -> Iterator[Passes]:
    """A series that was never adopted."""
    with closing(Passes()) as passes:
        yield passes


@pytest.fixture
def passes(new_passes: Passes) -> Passes:
    """A series whose talk of Tuesday was announced on Friday."""
    new_passes.adopt(at("01 10:00"), OLD, LATER)
    new_passes.send(at("03 10:00"), OLD, LATER)
    assert new_passes.mails == ["s/announcement/2026-04-03"]
    return new_passes


def words(passes: Passes, key: str) -> str:
    return " ".join(passes.text(key).split())


CHANGES = {
    "its end": ({"ends_at": END + HOUR}, "was: Tuesday, April 7, 2026, 15:00–16:00"),
    "its start": ({"starts_at": START - HOUR}, "14:00–16:00"),
    "its place": ({"location": "Room 5"}, "was: Room 2 now: Room 5"),
    "its stream": ({"stream": "https://live.example/5"}, "now: https://live.example/5"),
    "its speakers": ({"speakers": ("Emil Artin",)}, "was: Emmy Noether now: Emil Artin"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_one_fact_alone_is_told_once_it_has_stood_for_ten_minutes(
    passes: Passes, what: str
) -> None:
    facts, said = CHANGES[what]
    changed = replace(OLD, **facts)  # type: ignore[arg-type]  # the facts of a test
    for now in ("04 12:00", "04 12:05", "04 12:09"):
        passes.send(at(now), changed, LATER)
    assert passes.mails[1:] == []
    for now in ("04 12:10", "04 12:20", "04 13:00"):
        passes.send(at(now), changed, LATER)
    assert passes.mails[1:] == ["s/update/2026-04-04"]
    assert said in words(passes, "s/update/2026-04-04")


def test_a_cancellation_by_a_person_counts_from_that_persons_word(passes: Passes) -> None:
    passes.send(at("04 12:00"), CORRECTED, LATER)
    passes.decide(at("05 12:00"), "cancel", "3")
    passes.send(at("05 12:09"), CORRECTED, LATER)
    assert passes.mails[1:] == []
    passes.send(at("05 12:10"), CORRECTED, LATER)
    assert passes.mails[1:] == ["s/cancellation/2026-04-05"]


def test_what_a_person_calls_off_after_it_has_begun_is_neither_told_nor_missed(
    passes: Passes,
) -> None:
    passes.send(at("04 12:00"), CORRECTED, LATER)
    passes.send(at("07 09:00"), CORRECTED, LATER)
    passes.decide(at("07 15:00"), "cancel", "3")
    passes.send(at("07 15:01"), CORRECTED, LATER)
    assert [key for key in passes.mails if "cancellation" in key] == []
    assert [key for key, _, _ in passes.plan(at("07 15:02")) if "cancellation" in key] == []
    assert passes.notices == []


AFTER_ITS_MOMENT: dict[str, Talk | None] = {
    "a talk that appears": None,
    "a title": talk(5, date(2026, 4, 8), title=None, tba=True),
    "a date": replace(talk(5, date(2026, 4, 8)), day=None, starts_at=None, ends_at=None),
    "an earlier date": talk(5, date(2026, 4, 15)),
    "a talk that takes place after all": talk(5, date(2026, 4, 8), status=Status.CANCELLED),
}


@pytest.mark.parametrize("what", AFTER_ITS_MOMENT)
def test_what_comes_after_the_moment_of_its_announcement_is_told_once_it_has_stood(
    new_passes: Passes, what: str
) -> None:
    before, late = AFTER_ITS_MOMENT[what], talk(5, date(2026, 4, 8))
    passes = new_passes
    for now in ("01 10:00", "03 10:00"):
        known = [OLD, LATER, *([before] if before else [])]
        (passes.adopt if now == "01 10:00" else passes.send)(at(now), *known)
    for now in ("04 12:00", "04 12:09", "04 12:10", "04 12:20"):
        passes.send(at(now), OLD, LATER, late)
        due = ["s/announcement/2026-04-03/2"] if now >= "04 12:10" else []
        assert passes.mails[1:] == due


def test_a_talk_that_moves_past_the_moment_of_its_announcement_is_told_by_the_update_alone(
    new_passes: Passes,
) -> None:
    passes = new_passes
    week_before = Rule(kind=ANNOUNCEMENT, at=time(10), days_before=7)
    passes.cadence = (week_before,)
    friday, moved = talk(3, date(2026, 4, 10)), talk(3, date(2026, 4, 9))
    passes.adopt(at("01 10:00"), friday)
    passes.send(at("03 10:00"), friday)
    for now in ("04 12:00", "04 12:10", "04 12:20", "05 12:00"):
        passes.send(at(now), moved)
    assert passes.mails == ["s/announcement/2026-04-03", "s/update/2026-04-04"]


def test_what_a_person_takes_back_is_told_once_it_has_stood(passes: Passes) -> None:
    passes.decide(at("04 12:00"), "cancel", "3")
    passes.send(at("04 12:10"), OLD, LATER)
    passes.decide(at("05 12:00"), "accept", "3")
    for now in ("05 12:01", "05 12:09", "05 12:10", "05 12:20"):
        passes.send(at(now), OLD, LATER)
        due = ["s/update/2026-04-05"] if now >= "05 12:10" else []
        assert passes.mails[1:] == ["s/cancellation/2026-04-04", *due]


def test_a_skipped_change_is_not_the_next_one(passes: Passes) -> None:
    for day, room in ((4, "Room 5"), (5, "Room 7")):
        for minute in (0, 5, 10):
            changed = replace(OLD, location=room)
            passes.send(at(f"0{day} 12:{minute:02}"), changed, LATER)
            if (day, minute) == (4, 5):
                passes.decide(at("04 12:06"), "skip", "3", rule="update")
    assert passes.mails[1:] == ["s/update/2026-04-05"]


BETWEEN = {
    "another room": replace(OLD, location="Room 7"),
    "a cancellation": replace(OLD, location="Room 5", status=Status.CANCELLED),
}


@pytest.mark.parametrize("what", BETWEEN)
def test_an_update_in_doubt_stands_for_no_later_one_that_says_the_same(
    passes: Passes, what: str
) -> None:
    moved = replace(OLD, location="Room 5")
    passes.post.answers = [DeliveryInDoubt("no answer to the mail")] * 2
    for now in ("04 12:00", "04 12:10", "04 12:30"):
        passes.send(at(now), moved, LATER)
    assert (passes.mails[1:], passes.post.answers) == ([], [])
    for now in ("05 12:00", "05 12:10"):
        passes.send(at(now), BETWEEN[what], LATER)
    assert len(passes.mails) == 2
    for now in ("06 12:00", "06 12:10", "06 12:20", "06 12:30"):
        passes.send(at(now), moved, LATER)
    assert passes.mails[2:] == ["s/update/2026-04-06"]


def test_a_cancellation_in_doubt_stands_for_no_later_one(passes: Passes) -> None:
    off = replace(OLD, status=Status.CANCELLED)
    passes.post.answers = [DeliveryInDoubt("no answer to the mail")] * 2
    for now in ("04 12:00", "04 12:10", "04 12:30"):
        passes.send(at(now), off, LATER)
    assert (passes.mails[1:], passes.post.answers) == ([], [])
    for now in ("05 12:00", "05 12:10", "05 12:20", "05 12:30"):
        passes.send(at(now), OLD, LATER)
    assert passes.mails[1:] == ["s/update/2026-04-05"]
    for now in ("06 12:00", "06 12:10", "06 12:20"):
        passes.send(at(now), off, LATER)
    assert passes.mails[2:] == ["s/cancellation/2026-04-06"]


def test_a_mail_in_doubt_goes_no_second_time_once_the_list_has_heard_newer_things(
    new_passes: Passes,
) -> None:
    passes = new_passes
    passes.adopt(at("01 10:00"), OLD, LATER)
    passes.post.answers = [DeliveryInDoubt("no answer to the mail")]
    passes.send(at("03 10:00"), OLD, LATER)
    for minute in (14, 24):
        passes.send(at(f"03 10:{minute}"), replace(OLD, status=Status.CANCELLED), LATER)
    assert passes.mails == ["s/cancellation/2026-04-03"]
    for minute in (30, 40, 50, 55):
        passes.send(at(f"03 10:{minute}"), OLD, LATER)
    assert passes.mails[1:] == ["s/update/2026-04-03"]


SPELLINGS = [
    ("https://youtu.be/abcdefghijk", "https://www.youtube.com/watch?v=abcdefghijk&t=5"),
    ("https://www.youtube.com/live/abcdefghijk?si=x", "https://m.youtube.com/embed/abcdefghijk"),
    ("https://live.example/3/", "http://www.live.example/3"),
]
OTHERS = [
    ("https://youtu.be/abcdefghijk", "https://youtu.be/abcdefghijl"),
    ("https://live.example/3?pwd=one", "https://live.example/3?pwd=two"),
    ("https://live.example/3", "https://live.example/4"),
    ("https://live.example/3", "https://else.example/3"),
    ("https://www.youtube.com/channel/abc", "https://www.youtube.com/channel/abd"),
    ("https://live.example/3", None),
]


@pytest.mark.parametrize(("one", "other"), [*SPELLINGS, *OTHERS])
def test_another_spelling_of_a_stream_is_no_change_and_another_address_is_one(
    one: str, other: str | None
) -> None:
    assert (stream_key(one) == stream_key(other)) is ((one, other) in SPELLINGS)


AT_TWO = datetime.combine(date(2026, 4, 14), time(15), BERLIN).astimezone(UTC)
NEAR = {
    "a room, a while before the three hours": ({"location": "Room 5"}, "07 11:00", "07 11:10"),
    "a room, just before the three hours": ({"location": "Room 5"}, "07 11:55", "07 12:00"),
    "a room, within the three hours": ({"location": "Room 5"}, "07 12:30", "07 12:30"),
    "a talk that is put off by a week": (
        {"day": date(2026, 4, 14), "starts_at": AT_TWO, "ends_at": AT_TWO + HOUR},
        "07 13:00",
        "07 13:00",
    ),
}


@pytest.mark.parametrize("what", NEAR)
def test_within_three_hours_of_the_time_that_the_list_expects_a_change_is_told_at_once(
    passes: Passes, what: str
) -> None:
    facts, since, told = NEAR[what]
    passes.send(at("07 09:00"), OLD)
    changed = replace(OLD, **facts)  # type: ignore[arg-type]  # the facts of a test
    for now in (at(since) + n * timedelta(minutes=1) for n in range(12)):
        passes.send(now, changed)
        due = ["s/update/2026-04-07"] if now >= at(told) else []
        assert passes.mails[2:] == due


CALLED_OFF = {
    "its mark": {},
    "its room and its hour": {"location": "Room 5", "starts_at": START + HOUR, "ends_at": END + HOUR},
    "its date": {"day": None, "starts_at": None, "ends_at": None},
    "its speakers": {"speakers": ()},
}  # fmt: skip


@pytest.mark.parametrize("what", CALLED_OFF)
def test_a_cancellation_calls_off_what_the_list_was_told_whatever_the_page_says_now(
    passes: Passes, what: str
) -> None:
    off = replace(OLD, status=Status.CANCELLED, **CALLED_OFF[what])  # type: ignore[arg-type]  # the facts of a test
    for now in ("04 12:00", "04 12:10"):
        passes.send(at(now), off, LATER)
    assert passes.mails[1:] == ["s/cancellation/2026-04-04"]
    said = words(passes, "s/cancellation/2026-04-04")
    assert "Tuesday, April 7, 2026, 15:00–16:00" in said
    assert "Title 3" in said
    [first, second] = passes.post.taken[:1] + passes.post.taken[-1:]
    assert (second.said[0].starts_at, second.said[0].ends_at) == (START, END)
    assert (second.said[0].uid, second.said[0].sequence) == (first.said[0].uid, 1)


ODD = {
    "no date": replace(OLD, day=None, starts_at=None, ends_at=None),
    "a day that has passed": talk(3, date(2026, 3, 31)),
    "a day of the next year": talk(3, date(2027, 4, 7)),
    "a day ten months on": talk(3, date(2027, 2, 2)),
}


@pytest.mark.parametrize("what", ODD)
def test_a_date_that_looks_like_a_slip_is_asked_about_and_not_told(
    passes: Passes, what: str
) -> None:
    for now in ("04 12:00", "04 12:10", "04 12:20", "07 09:00"):
        passes.send(at(now), ODD[what], LATER)
    assert passes.mails[1:] == []
    [notice] = passes.notices[:1]
    assert "the list was told Tue 2026-04-07 15:00" in notice


@pytest.mark.parametrize("what", ["no date", "a day that has passed"])
def test_what_becomes_of_the_date_of_a_talk_that_is_over_is_no_question(
    passes: Passes, what: str
) -> None:
    passes.send(at("07 09:00"), OLD, LATER)
    for now in ("08 09:00", "08 09:10", "08 09:20"):
        passes.send(at(now), ODD[what], LATER)
    assert [key for key, _, _ in passes.plan(at("08 09:30")) if "update" in key] == []
    assert passes.notices == []


def test_what_changes_once_a_talk_has_begun_is_neither_told_nor_missed(passes: Passes) -> None:
    passes.send(at("07 09:00"), OLD, LATER)
    recording = replace(OLD, stream="https://videos.example/3")
    for now in ("07 15:00", "07 15:10", "07 17:00"):
        passes.send(at(now), recording, LATER)
    assert [key for key, _, _ in passes.plan(at("07 17:01")) if "update" in key] == []
    assert (len(passes.mails), passes.notices) == (2, [])


def test_a_reminder_has_a_subject_of_its_own_that_says_what_is_true(passes: Passes) -> None:
    passes.send(at("07 09:00"), OLD, LATER)
    announcement, reminder = passes.post.taken
    assert announcement.subject == "S, Tue 7 Apr: Title 3"
    assert reminder.subject == "Reminder: S, Tue 7 Apr, 15:00: Title 3"
    passes.send(at("10 10:00"), OLD, LATER)
    moved = talk(4, date(2026, 4, 15))
    for now in ("11 12:00", "11 12:10", "15 09:00"):
        passes.send(at(now), OLD, moved)
    assert passes.mails[2:] == [
        "s/announcement/2026-04-10", "s/update/2026-04-11", "s/reminder/2026-04-15",
    ]  # fmt: skip
    assert "15 Apr" in passes.post.taken[-1].subject
    assert "14 Apr" not in passes.post.taken[-1].subject


def test_the_plan_says_who_called_a_talk_off(passes: Passes) -> None:
    passes.decide(at("04 12:00"), "cancel", "3")
    passes.send(at("04 12:01"), OLD, LATER)
    why = {key: (standing, why) for key, standing, why in passes.plan(at("04 12:02"))}
    assert why["s/reminder/2026-04-07"] == ("skipped", "talk 3: cancelled by anna")


def test_a_talk_that_is_put_off_to_the_next_term_is_told(passes: Passes) -> None:
    for now in ("04 12:00", "04 12:10"):
        passes.send(at(now), talk(3, date(2026, 12, 1), title=OLD.title), LATER)
    assert passes.mails[1:] == ["s/update/2026-04-04"]
