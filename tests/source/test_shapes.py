"""Data files in which a talk does not stand as a table of its own with a date."""

from datetime import date

import pytest
from data_files import read, reading

from announcer.source.hints import Hints

APRIL = date(2026, 4, 7)

BY_DAY = {
    "a day that has just a note": '{"2026-04-07": {"title": "Nets"}, "2026-04-14": {"note": "No seminar: Easter"}}',
    "a day that says nothing": '{"2026-04-07": {"title": "Nets"}, "2026-04-14": {"note": "No seminar"}, "2026-04-21": null}',
    "words for a table": '{"2026-04-07": {"title": "Nets"}, "2026-04-14": "Spring break"}',
    "a list for a day": '{"2026-04-07": [{"title": "Nets"}], "2026-04-14": [{"note": "no talk"}]}',
    "something else beside": '{"2026-04-07": {"title": "Nets"}, "2026-04-14": {"note": "no talk"}, "updated": "2026-01-01"}',
    "with a weekday inside": '{"2026-04-07": {"title": "Nets", "day": "Tuesday"}, "2026-04-14": {"note": "no talk"}}',
    "days in words": '{"April 7, 2026": {"title": "Nets"}, "April 14, 2026": {"note": "no talk"}}',
}


@pytest.mark.parametrize("text", BY_DAY.values(), ids=BY_DAY)
def test_what_is_kept_by_day_keeps_its_days(text: str) -> None:
    first, second, *_ = read(text, "t.json")
    assert (first.title, first.day, first.cancelled) == ("Nets", APRIL, False)
    assert (second.title, second.day, second.cancelled) == (None, date(2026, 4, 14), True)


@pytest.mark.parametrize(
    "text",
    [
        "2026:\n  April:\n    - {day: 7, title: Nets}\n",
        "2026:\n  april: [{date: 7th, title: Nets}]\n",
        "April 2026:\n- {day: 7, title: Nets}\n",
        "2026:\n  04: [{day: 07, title: Nets}]\n",
        "2026:\n  April:\n    7: {title: Nets}\n    14: {title: Knots}\n",
        "2026: [{month: April, day: 7, title: Nets}]\n",
        "- {year: 2026, month: 4, day: 7, title: Nets}\n",
        "- term: Spring 2026\n  talks: [{date: April 7, title: Nets}]\n",
        "- title: Spring 2026\n  talks: [{date: 4/7, title: Nets}, {date: 4/14, title: X}]\n",
        "- {date: 7.4., title: Nets, semester: Sommersemester 2026}\n",
    ],
)
def test_the_parts_of_a_date_may_stand_in_groups_and_fields(text: str) -> None:
    talk = read(text)[0]
    assert (talk.title, talk.day, talk.unclear) == ("Nets", APRIL, None)


def test_a_day_without_its_month_is_no_hour_and_not_announced() -> None:
    [talk] = read("2026: [{day: 8, title: Nets}]\n")
    assert (talk.day, talk.starts_at) == (None, None)
    assert '"8" is a day without its month' in (talk.unclear or "")


def test_the_title_of_a_group_that_is_no_term_tells_no_year() -> None:
    [talk] = read("- title: The 2019 prize\n  talks: [{date: April 7, title: Nets}]\n")
    assert "neither a year" in (talk.unclear or "")


def test_a_winter_term_does_not_tell_the_year_of_its_second_half() -> None:
    [talk] = read("- term: Fall 2025\n  talks: [{date: January 12, title: Nets}]\n")
    assert talk.unclear is not None


def test_slashed_dates_without_a_year_take_it_from_the_settings() -> None:
    [talk] = read("- {date: 4/7, title: Nets}\n", hints=Hints(date_order="mdy", year=2026))
    assert (talk.day, talk.unclear) == (APRIL, None)


@pytest.mark.parametrize("day", ["4/7", "7.4."])
def test_a_short_date_without_a_year_is_not_announced(day: str) -> None:
    [talk] = read(f"- {{date: '{day}', title: Nets}}\n", hints=Hints(date_order="mdy"))
    assert talk.unclear is not None


def test_a_time_with_a_dot_is_no_date() -> None:
    [talk] = read("- {date: 2026-04-07, wann: 16.10 Uhr, title: Nets}\n")
    assert (talk.day, talk.starts_at and talk.starts_at.minute) == (APRIL, 10)


def test_a_slot_of_which_only_the_day_is_known_is_listed_in_a_wrapper_too() -> None:
    text = (
        '{"records": [{"id": "r1", "fields": {"Date": "2026-04-07", "Talk title": "Nets"}},'
        ' {"id": "r2", "fields": {"Date": "2026-04-14", "Start time": "16:00", "Venue": "R 2"}}]}'
    )
    nets, slot = read(text, "t.json")
    assert (nets.title, slot.title, slot.day) == ("Nets", None, date(2026, 4, 14))
    assert slot.location == "R 2"


TWO = "Date,Room,Speaker 1,Title 1,Speaker 2,Title 2\n2026-04-07,R 1,Ada,Nets,Bo,Knots\n2026-04-14,R 1,Cy,TBA,,\n"


def test_a_row_may_hold_two_talks() -> None:
    talks = read(TWO, "t.csv")
    told = [(t.title, t.speakers, t.location, str(t.day)) for t in talks]
    assert told == [
        ("Nets", ("Ada",), "R 1", "2026-04-07"),
        ("Knots", ("Bo",), "R 1", "2026-04-07"),
        (None, ("Cy",), "R 1", "2026-04-14"),
    ]


def test_the_first_of_two_talks_may_have_no_number_and_each_its_own_start() -> None:
    text = "ID,Date,Time,Speaker,Title,2nd Time,2nd Speaker,2nd Title\n5,2026-04-07,14:00,Ada,Nets,15:00,Bo,Knots\n"
    first, second = read(text, "t.csv")
    assert (first.title, first.id, second.title, second.speakers) == ("Nets", "5", "Knots", ("Bo",))
    assert (first.starts_at, second.starts_at and second.starts_at.hour) != (None, None)
    assert first.unclear is second.unclear is None


def test_several_speakers_of_one_title_speak_together() -> None:
    [talk] = read("Date,Title,Speaker 1,Speaker 2\n2026-04-07,Nets,Ada,Bo\n", "t.csv")
    assert (talk.title, talk.speakers) == ("Nets", ("Ada", "Bo"))


def test_a_numbered_column_that_the_settings_name_is_read_as_they_say() -> None:
    [talk] = read(TWO.rpartition("\n2026-04-14")[0], "t.csv", hints=Hints(fields=(("title", "Title 2"),)))  # fmt: skip
    assert talk.title == "Knots"


def test_every_entry_without_a_day_is_listed() -> None:
    found = reading("- {title: A, speaker: Ada}\n- {title: B, speaker: Bo}\n")
    assert [(t.title, t.day) for t in found.talks] == [("A", None), ("B", None)]


def test_the_talks_of_an_evening_are_on_its_day() -> None:
    text = (
        "- title: April meetup\n  date: 2026-04-07\n  time: '18:30'\n  place: R 2\n  talks:\n"
        "  - {title: Nets, speaker: Ada}\n  - {title: Knots, speaker: Bo}\n"
    )
    told = [(t.title, t.speakers, t.day, t.location) for t in read(text)]
    assert told == [("Nets", ("Ada",), APRIL, "R 2"), ("Knots", ("Bo",), APRIL, "R 2")]


def test_the_day_of_a_file_is_not_that_of_its_talks() -> None:
    [talk] = read("date: 2026-04-01\ntalks:\n- {title: Nets, speaker: Ada}\n")
    assert (talk.title, talk.day) == ("Nets", None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("- {title: Nets, date: '20260407', hour: 15, minute: 0}\n", "t.yml"),
        ("speakers:\n- {name: Ada, talk: Nets, date: 2026-04-07}\n", "t.yml"),
        ("- date: 2026-04-07\n  sessions: [{time: '15:00', title: Nets, speaker: Ada}]\n", "t.yml"),
        ("Date,Title\n2026-04-07,Nets\n\nDate,Title\n", "t.csv"),
        ('{"events": [{"title": "Nets", "start_date": "2026-04-07", "venue": []}]}', "t.json"),
        (
            '[{"title": "Nets", "date": "2026-04-07", "venue": {"venue": "Room 1", "zip": "1"}}]',
            "t.json",
        ),
    ],
)
def test_what_programs_write_in_their_own_way_is_read(text: str, name: str) -> None:
    [talk] = read(text, name)
    assert (talk.title, talk.day, talk.location, talk.unclear) == ("Nets", APRIL, "Room 1", None)
    assert talk.starts_at is not None
    assert talk.starts_at.hour == 13


def test_a_minute_in_a_field_of_its_own_counts() -> None:
    [talk] = read("- {title: Nets, date: 2026-04-07, hour: 16, minute: 5}\n")
    assert (talk.starts_at and talk.starts_at.minute, talk.unclear) == (5, None)


def test_the_points_of_a_programme_are_talks_where_somebody_speaks() -> None:
    text = (
        "- title: Workshop\n  date: 2026-04-07\n  program:\n  - {time: '9:00', title: Welcome}\n"
        "  - {time: '9:10', title: Nets, speaker: Ada}\n- {title: X, date: 2026-04-14}\n"
    )
    assert [(t.title, t.day) for t in read(text)] == [("Nets", APRIL), ("X", date(2026, 4, 14))]
    silent = read(text.replace(", speaker: Ada", ""))
    assert [(t.title, t.starts_at is None) for t in silent] == [("Workshop", True), ("X", False)]


def test_a_talk_without_a_day_among_others_is_listed() -> None:
    text = (
        "talks:\n- {title: A, date: 2026-04-07}\n- {title: B, speaker: Bo}\n- {title: C}\n"
        "organisers:\n- {name: Cy, title: Prof}\n"
    )
    assert [(t.title, t.day) for t in read(text)] == [("A", APRIL), ("B", None), ("C", None)]


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("talks-2026.csv", 2026),
        ("data/2026/talks.csv", 2026),
        ("seminar_2025-26.csv", 2026),
        ("https://a.example/2019/talks-2026.csv?x=2018", 2026),
        ("2026.csv", 2026),
    ],
)
def test_the_name_of_a_file_may_tell_the_year(name: str, year: int) -> None:
    [talk] = read("Date,Title\nApril 7,Nets\n", name)
    assert (talk.day, talk.unclear) == (date(year, 4, 7), None)


@pytest.mark.parametrize("name", ["talks.csv", "https://a.example/2019/talks.csv", "v20261.csv"])
def test_a_year_elsewhere_in_an_address_tells_nothing(name: str) -> None:
    [talk] = read("Date,Title\nApril 7,Nets\n", name)
    assert "neither a year" in (talk.unclear or "")
