"""Which change of a talk the list hears of, when, and in what words: pass by pass in one process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, time

import pytest
from passes import HOUR, Passes, at, talk

from announcer.cadence import ANNOUNCEMENT, Rule
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
    passes.send(at("05 12:01"), CORRECTED, LATER)
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
