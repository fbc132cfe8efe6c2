"""A page whose readings go to and fro, as with a stale cache in front of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from passes import Passes, at, talk

from announcer.talks import Copy, Reading, Status, Talk

TUESDAY, NEXT = date(2026, 4, 7), date(2026, 4, 14)
MINUTES = timedelta(minutes=1)
OLD = talk(3, TUESDAY)
NEW = talk(3, TUESDAY, location="Room 5")
LATER = talk(4, NEXT)


@pytest.fixture
def passes() -> Iterator[Passes]:
    """A series whose talk of Tuesday was announced."""
    passes = Passes()
    passes.adopt(at("01 10:00"), OLD, LATER)
    passes.send(at("03 10:00"), OLD, LATER)
    assert passes.mails == ["s/announcement/2026-04-03"]
    yield passes
    passes.close()


def flickers(passes: Passes, first: datetime, pattern: str, step: int = 10) -> list[str]:
    """Let the page show N(ew) or O(ld) at each reading; return what else the list got."""
    before = len(passes.mails)
    for n, letter in enumerate(pattern):
        shown = {"N": NEW, "O": OLD, "-": None}[letter]
        talks = [LATER] if shown is None else [shown, LATER]
        passes.send(first + n * step * MINUTES, *talks)
    return passes.mails[before:]


def test_a_stale_cache_within_three_hours_of_the_talk_makes_one_update(passes: Passes) -> None:
    passes.send(at("07 09:00"), OLD, LATER)
    assert flickers(passes, at("07 12:30"), "NONONONO") == ["s/update/2026-04-07"]
    assert "Room 5" in passes.text("s/update/2026-04-07")


@pytest.mark.parametrize("pattern", ["NNOO" * 8, "NO" * 16, "NNO" * 10, "NOO" * 10, "NNNOO" * 6])
@pytest.mark.parametrize("step", [1, 7, 10, 12, 20])
def test_days_before_the_talk_no_pattern_of_two_copies_makes_a_second_update(
    passes: Passes, pattern: str, step: int
) -> None:
    assert flickers(passes, at("04 12:00"), pattern, step).count("s/update/2026-04-04") <= 1
    updates = [key for key in passes.mails if "/update/" in key]
    assert len(updates) <= 1
    assert all("Room 5" in passes.text(key) for key in updates)


def test_the_organisers_hear_once_what_alternates_and_what_to_look_at(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NNONONO")
    [notice] = passes.notices
    assert "the page of s flickers" in notice
    assert "Tue 2026-04-07 15:00, Room 5" in notice
    assert "Tue 2026-04-07 15:00, Room 2" in notice
    assert "A cache, a CDN or one of several servers may hold an old copy" in notice
    assert "`announcer accept 3`" in notice
    flickers(passes, at("05 14:00"), "NONO")
    assert len(passes.notices) == 2  # after a day, as it still does


def test_a_correction_that_is_taken_back_is_told_after_three_equal_readings(passes: Passes) -> None:
    assert flickers(passes, at("04 12:00"), "NN") == ["s/update/2026-04-04"]
    assert flickers(passes, at("04 14:00"), "OO") == []
    assert flickers(passes, at("04 14:20"), "O") == ["s/update/2026-04-04/2"]
    assert "Room 2" in passes.text("s/update/2026-04-04/2")
    assert passes.notices == []  # one correction is no flicker


def test_three_readings_within_seconds_are_one(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NN")
    for seconds in range(5):
        passes.send(at("04 14:00") + timedelta(seconds=5 * seconds), OLD, LATER)
    assert passes.believed().talks[0].location == "Room 5"


def test_two_processes_that_read_two_copies_within_seconds_settle_nothing(passes: Passes) -> None:
    flickers(passes, at("06 12:00"), "NN")
    before = list(passes.mails)
    for n in range(10):
        passes.send(at("07 08:55") + n * MINUTES, OLD, LATER)
        passes.send(at("07 08:55") + n * MINUTES + timedelta(seconds=10), NEW, LATER)
    assert passes.believed().talks[0].location == "Room 5"
    assert passes.mails == before


def test_a_reading_that_is_shown_again_counts_once(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NN")
    read_at = at("04 14:00")
    for n in range(9):
        shown = Reading(talks=(OLD, LATER), read_at=read_at)
        passes.send(read_at + n * MINUTES, shows=shown)
    assert passes.believed().talks[0].location == "Room 5"


def test_while_it_flickers_a_reminder_waits_and_says_why_and_goes_when_it_is_settled(
    passes: Passes,
) -> None:
    flickers(passes, at("06 12:00"), "NN")
    passes.send(at("07 08:50"), OLD, LATER)
    passes.send(at("07 09:00"), NEW, LATER)
    assert passes.mails[-1] == "s/update/2026-04-06"
    [(_, standing, why)] = [
        mail for mail in passes.plan(at("07 09:00")) if "reminder/2026-04-07" in mail[0]
    ]
    assert standing == "held"
    assert "one thing of it now and another then" in why
    assert flickers(passes, at("07 09:10"), "NNN") == ["s/reminder/2026-04-07"]
    assert "Room 5" in passes.text("s/reminder/2026-04-07")


def test_half_of_the_readings_of_an_hour_are_not_most_of_them(passes: Passes) -> None:
    flickers(passes, at("06 12:00"), "NN")
    assert flickers(passes, at("07 07:00"), "ON" * 15, step=7) == []
    assert flickers(passes, at("07 10:30"), "NNN") == ["s/reminder/2026-04-07"]


@pytest.mark.parametrize(("again", "gone"), [("04 23:00", []), ("05 01:00", ["3"])])
def test_a_talk_that_vanishes_for_the_second_time_half_a_day_later_is_asked_about_at_once(
    passes: Passes, again: str, gone: list[str]
) -> None:
    flickers(passes, at("04 12:00"), "-OO")
    flickers(passes, at(again), "-")
    assert [talk.id for talk in passes.believed().gone] == gone
    assert (len(passes.notices) == 2) is bool(gone)


def test_a_reminder_that_never_settles_is_missed_and_the_organisers_hear(passes: Passes) -> None:
    flickers(passes, at("06 12:00"), "NN")
    assert flickers(passes, at("07 08:50"), "ONONONON", step=40) == []
    assert any(
        "s/reminder/2026-04-07" in notice and "missed" in notice for notice in passes.notices
    )


def test_mails_about_other_talks_go_meanwhile(passes: Passes) -> None:
    flickers(passes, at("06 12:00"), "NN")
    assert flickers(passes, at("10 09:50"), "ONONON") == ["s/announcement/2026-04-10"]


def test_news_of_another_talk_is_not_starved_while_one_flickers_for_good(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NNON")
    off = replace(LATER, status=Status.CANCELLED)
    for n, shown in enumerate([OLD, NEW, OLD, NEW]):
        passes.send(at("04 13:00") + 10 * n * MINUTES, shown, off)
    assert [t.cancelled for t in passes.believed().talks if t.id == "4"] == [True]


def test_a_change_that_most_readings_of_an_hour_show_is_told(passes: Passes) -> None:
    assert flickers(passes, at("04 12:00"), "NO") == []
    assert flickers(passes, at("04 12:20"), "NNONNONN") == ["s/update/2026-04-04"]


def test_a_correction_that_most_readings_of_an_hour_show_is_told(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NN")
    assert flickers(passes, at("04 14:00"), "OONOONOONOO") == ["s/update/2026-04-04/2"]


def test_what_was_never_read_before_is_news_also_while_it_flickers(passes: Passes) -> None:
    flickers(passes, at("04 12:00"), "NNON")
    third = replace(NEW, location="Room 7")
    passes.send(at("04 12:40"), third, LATER)
    assert passes.believed().talks[0].location == "Room 7"


def test_a_talk_that_comes_back_as_it_went_is_told_of_at_once(passes: Passes) -> None:
    assert flickers(passes, at("06 12:00"), "-O") == []
    assert flickers(passes, at("07 09:00"), "O") == ["s/reminder/2026-04-07"]


def test_a_new_talk_that_an_old_copy_does_not_list_is_not_asked_about_at_once(
    passes: Passes,
) -> None:
    added = talk(5, date(2026, 4, 9))
    passes.send(at("04 12:00"), OLD, LATER, added)
    passes.send(at("04 12:10"), OLD, LATER)
    passes.send(at("04 12:20"), OLD, LATER, added)
    assert [t.id for t in passes.believed().talks] == ["3", "4", "5"]
    assert not any("gone from the page" in notice for notice in passes.notices)
    for n in range(3):
        passes.send(at("04 13:00") + n * 10 * MINUTES, OLD, LATER)
    assert [t.id for t in passes.believed().gone] == ["5"]
    assert "gone from the page" in passes.notices[-1]


def test_a_cancellation_that_an_old_copy_does_not_know_is_not_taken_back(passes: Passes) -> None:
    off = replace(OLD, status=Status.CANCELLED)
    for n, shown in enumerate([off, off, OLD, off, OLD, off, OLD]):
        passes.send(at("06 12:00") + 10 * n * MINUTES, shown, LATER)
    assert passes.mails[1:] == ["s/cancellation/2026-04-06"]
    assert passes.send(at("07 09:00"), OLD, LATER).deliveries == []


def test_the_memory_is_bounded(passes: Passes) -> None:
    for n in range(60):
        passes.send(at("04 00:00") + n * MINUTES, replace(OLD, location=f"Room {n}"), LATER)
    assert len(passes.believed().states["3"]) == 20
    for n in range(500):
        shown = replace(OLD, location=f"Room {58 + n % 2}")
        passes.send(at("04 02:00") + n * MINUTES, shown, LATER)
    assert len(passes.believed().watched["3"].sightings) < 80
    passes.send(at("09 02:00"), OLD, LATER)
    assert "3" not in passes.believed().states
    assert "3" not in passes.believed().watched


# What a server or a cache says of the age of a copy.


def copied(shown: Talk, **copy: object) -> Reading:
    return Reading(talks=(shown, LATER), copies={"page": Copy(**copy)})  # type: ignore[arg-type]  # the facts of a test


def test_an_older_last_modified_is_no_news_and_no_fault_and_is_told_after_a_day(
    passes: Passes,
) -> None:
    passes.send(at("04 12:00"), shows=copied(NEW, modified=at("04 11:55")))
    passes.send(at("04 12:10"), shows=copied(NEW, modified=at("04 11:55")))
    assert passes.mails[1:] == ["s/update/2026-04-04"]
    for n in range(9):
        old = copied(OLD, modified=at("01 08:00"))
        report = passes.send(at("04 12:20") + 10 * n * MINUTES, shows=old)
        assert report.exit_status == 0
    assert passes.believed().talks[0].location == "Room 5"
    assert (passes.mails[2:], passes.notices) == ([], [])
    passes.send(at("05 12:30"), shows=copied(OLD, modified=at("01 08:00")))
    [notice] = passes.notices
    assert "has been served since Sat 2026-04-04 12:20 as a copy that is older" in notice
    passes.send(at("05 12:40"), shows=copied(NEW, modified=at("04 11:55")))
    assert passes.believed().outdated_since is None


def test_a_larger_age_is_no_news(passes: Passes) -> None:
    passes.send(at("04 12:00"), shows=copied(NEW))
    passes.send(at("04 12:10"), shows=copied(NEW, age=timedelta(minutes=10)))
    for n in range(4):
        old = copied(OLD, age=timedelta(minutes=30 + 10 * n))
        passes.send(at("04 12:20") + 10 * n * MINUTES, shows=old)
    assert passes.believed().talks[0].location == "Room 5"
    assert passes.mails[1:] == ["s/update/2026-04-04"]


@pytest.mark.parametrize(("seconds", "place"), [(4, "Room 5"), (6, "Room 2")])
def test_an_age_in_whole_seconds_and_the_way_of_an_answer_make_no_older_copy(
    passes: Passes, seconds: int, place: str
) -> None:
    passes.send(at("04 12:00"), shows=copied(OLD))
    older = timedelta(minutes=10, seconds=seconds)
    passes.send(at("04 12:10"), shows=copied(NEW, age=older))
    assert passes.believed().talks[0].location == place


def test_a_copy_that_grows_older_and_is_then_fetched_anew_is_news(passes: Passes) -> None:
    passes.send(at("04 12:00"), shows=copied(OLD))
    for n in range(1, 6):
        passes.send(at("04 12:00") + 10 * n * MINUTES, shows=copied(OLD, age=10 * n * MINUTES))
    passes.send(at("04 13:00"), shows=copied(NEW, age=timedelta(seconds=30)))
    assert passes.believed().talks[0].location == "Room 5"


@pytest.mark.parametrize("ahead", [timedelta(days=400), timedelta(hours=2)])
def test_a_last_modified_that_lies_ahead_is_unknown(passes: Passes, ahead: timedelta) -> None:
    passes.send(at("04 12:00"), shows=copied(OLD, modified=at("04 12:00") + ahead))
    passes.send(at("04 12:10"), shows=copied(NEW, modified=at("04 12:09")))
    assert passes.believed().talks[0].location == "Room 5"
