import asyncio
import re
import time as clock
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from terms import NOW, local, series

from announcer.errors import SourceUnreadable
from announcer.source.calendar import CalendarSource
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.talks import Reading, Status, Talk


def reading(*events: str, head: str = "") -> Reading:
    inner = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//own//EN\n{head}{inner}END:VCALENDAR\n"
    whose = series(location="Room 1")
    facts, warnings = CalendarSource(Path("t.ics"), whose).read(text, "t.ics", NOW)
    return understood(facts, whose, NO_HINTS, NOW, warnings)


def read(*events: str) -> tuple[Talk, ...]:
    return reading(*events).talks


NETS = "UID:nets@x\nSUMMARY:Nets\nDTSTART:20260407T140000Z\nDTEND:20260407T153000Z\n"
WEEKLY = (
    "UID:weekly@x\nSUMMARY:Seminar\nDTSTART;TZID=Europe/Berlin:20260317T160000\n"
    "DTEND;TZID=Europe/Berlin:20260317T170000\nRRULE:FREQ=WEEKLY;COUNT=5\n"
)


def test_an_entry_is_a_talk_and_its_uid_the_id() -> None:
    [talk] = read(NETS)
    assert (talk.id, talk.given_id, talk.title) == ("nets@x", True, "Nets")
    assert (talk.day, local(talk), talk.location) == (date(2026, 4, 7), "16:00-17:30", "Room 1")


def test_occurrences_keep_the_wall_clock_over_a_change_of_clocks_and_have_ids_of_their_own() -> (
    None
):
    talks = read(WEEKLY)
    assert [local(talk) for talk in talks] == ["16:00-17:00"] * 5
    assert [talk.id for talk in talks[1:3]] == ["weekly@x/20260324T150000Z", "weekly@x/20260331T140000Z"]  # fmt: skip


def test_an_occurrence_that_is_moved_keeps_its_id_and_one_that_is_taken_out_is_gone() -> None:
    moved = (
        "UID:weekly@x\nSUMMARY:Nets\nRECURRENCE-ID;TZID=Europe/Berlin:20260407T160000\n"
        "DTSTART;TZID=Europe/Berlin:20260408T100000\nDTEND;TZID=Europe/Berlin:20260408T110000\n"
    )
    talks = read(WEEKLY + "EXDATE;TZID=Europe/Berlin:20260324T160000\n", moved)
    assert [str(talk.day) for talk in talks] == ["2026-03-17", "2026-03-31", "2026-04-08", "2026-04-14"]  # fmt: skip
    assert (talks[2].id, talks[2].title) == ("weekly@x/20260407T140000Z", "Nets")


def test_an_occurrence_that_was_made_private_is_not_told_at_its_old_time() -> None:
    private = (
        "UID:weekly@x\nSUMMARY:Ada only\nRECURRENCE-ID;TZID=Europe/Berlin:20260407T160000\n"
        "DTSTART;TZID=Europe/Berlin:20260408T160000\nCLASS:PRIVATE\n"
    )
    days = [talk.day for talk in read(WEEKLY, private)]
    assert days == [date(2026, 3, 17), date(2026, 3, 24), date(2026, 3, 31), date(2026, 4, 14)]


def test_occurrences_without_their_rule_have_ids_that_do_not_hang_on_their_order() -> None:
    one, two = (
        f"UID:w@x\nSUMMARY:Nets\nRECURRENCE-ID:2026040{n}T140000Z\nDTSTART:2026040{n}T150000Z\n"
        for n in (7, 8)
    )
    assert {t.id for t in read(one, two)} == {t.id for t in read(two, one)}
    assert [t.id for t in read(two)] == ["w@x/20260408T140000Z"]


def test_a_later_revision_replaces_the_earlier_one() -> None:
    moved = NETS.replace("20260407", "20260409") + "SEQUENCE:1\n"
    assert [talk.day for talk in read(NETS, moved)] == [date(2026, 4, 9)]


def test_a_calendar_that_cancels_its_entries_does() -> None:
    found = reading(NETS, head="METHOD:CANCEL\n")
    assert [talk.cancelled for talk in found.talks] == [True]


def test_an_entry_that_names_no_end_lasts_as_long_as_usual_and_nobody_is_bothered() -> None:
    talks = read(re.sub("DTEND.*\n", "", WEEKLY))
    assert {local(talk) for talk in talks} == {"16:00-17:00"}
    assert not any(talk.warnings for talk in talks)


def test_a_rule_without_an_end_is_read_within_a_window() -> None:
    days = [talk.day for talk in read(WEEKLY.replace(";COUNT=5", "")) if talk.day]
    assert date(2026, 12, 1) in days
    assert max(days) < date(2027, 4, 1)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("STATUS:CANCELLED", Status.CANCELLED),
        ("STATUS:TENTATIVE", Status.TENTATIVE),
        ("STATUS:CONFIRMED", Status.CONFIRMED),
    ],
)
def test_the_status_of_an_entry_is_that_of_its_talk(line: str, status: Status) -> None:
    [talk] = read(NETS + line)
    assert (talk.status, talk.title) == (status, "Nets")


def test_a_whole_day_is_listed_and_has_no_start_not_even_the_usual_one() -> None:
    [talk] = read("UID:d@x\nSUMMARY:Nets\nDTSTART;VALUE=DATE:20260407\nDTEND;VALUE=DATE:20260409\n")
    assert (talk.day, talk.starts_at) == (date(2026, 4, 7), None)
    assert "no start is known" in talk.warnings[0]


def test_a_time_without_a_zone_is_on_the_clock_of_the_series_and_midnight_is_a_time() -> None:
    floating, midnight = read(
        "UID:f@x\nSUMMARY:A\nDTSTART:20260407T160000\nDURATION:PT90M\n",
        "UID:m@x\nSUMMARY:B\nDTSTART:20260408T000000\n",
    )
    assert local(floating) == "16:00-17:30"
    assert midnight.starts_at == datetime(2026, 4, 7, 22, tzinfo=UTC)


def test_a_zone_that_is_not_known_makes_the_talk_unclear() -> None:
    [talk] = read("UID:z@x\nSUMMARY:A\nDTSTART;TZID=Room of Ada:20260407T160000\n")
    assert talk.unclear is not None
    assert "Room of Ada" in talk.unclear


@pytest.mark.parametrize(
    "line",
    [
        "LOCATION:https://zoom.us/j/1",
        "DESCRIPTION:Join us at https://zoom.us/j/1 please",
        "X-GOOGLE-CONFERENCE:https://zoom.us/j/1",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://zoom.us/j/1",
    ],
)
def test_the_stream_is_found_where_calendars_put_it(line: str) -> None:
    [talk] = read(NETS + line)
    assert talk.stream == "https://zoom.us/j/1"


def test_labelled_lines_of_the_description_say_who_speaks_and_on_what() -> None:
    [talk] = read(
        NETS + "DESCRIPTION:Speaker: Ada Kovács (Szeged)\\nTitle: Dense Nets\\nHow dense?\n"
    )
    assert (talk.title, talk.speakers) == ("Dense Nets", ("Ada Kovács",))


def test_what_is_private_is_not_read_and_its_number_is_told() -> None:
    found = reading(NETS, "UID:p@x\nSUMMARY:Dentist\nDTSTART:20260408T140000Z\nCLASS:PRIVATE\n")
    assert [talk.title for talk in found.talks] == ["Nets"]
    assert found.warnings == ("t.ics: 1 private entries are not read",)


@pytest.mark.parametrize(
    "event",
    [
        "UID:b@x\nSUMMARY:Odd\nDTSTART:2026-04-07\n",
        "UID:b@x\nSUMMARY:Odd\n",
        "UID:b@x\nSUMMARY:Odd\nDTSTART:20260407T140000Z\nRRULE:FREQ=SECONDLY\n",
    ],
)
def test_an_entry_that_is_not_understood_is_named_with_its_line(event: str) -> None:
    began = clock.perf_counter()
    found = reading(NETS, event)
    assert [talk.title for talk in found.talks] == ["Nets"]
    assert found.warnings[0].startswith('t.ics, line 11: "Odd" was not understood')
    assert clock.perf_counter() - began < 5


def test_the_origin_names_the_line_of_the_uid() -> None:
    assert reading(NETS).origin == {"nets@x": "t.ics, line 5"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>Sign in</html>", "a.ics, line 1, column 1: this is no calendar"),
        (
            "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n",
            "a.ics, line 3, column 1: the calendar ends",
        ),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "a.ics, line "),
    ],
)
def test_what_is_no_whole_calendar_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.ics").write_text(text)
    with pytest.raises(SourceUnreadable, match=words):
        asyncio.run(CalendarSource(tmp_path / "a.ics", series()).load(NOW))


@pytest.mark.parametrize(
    "line",
    [
        "DESCRIPTION:The talk is cancelled because the speaker is ill.\\nHow dense?",
        "COMMENT:Vortrag entfällt",
        "CATEGORIES:Seminar,Cancelled",
        "CATEGORIES:CANCELLED",
    ],
)
def test_an_entry_may_say_elsewhere_that_it_is_off(line: str) -> None:
    [talk] = read(NETS + line)
    assert (talk.title, talk.cancelled) == ("Nets", True)


def test_a_comment_that_moves_an_entry_makes_it_unclear() -> None:
    [talk] = read(NETS + "COMMENT:moved to May 5")
    assert "another day" in (talk.unclear or "")


def test_a_description_that_is_about_what_is_off_cancels_nothing() -> None:
    [talk] = read(
        NETS + "DESCRIPTION:How orders are cancelled\\, and flights postponed\\, in time."
    )
    assert (talk.cancelled, talk.unclear) == (False, None)


def test_the_speaker_may_stand_in_all_summaries(tmp_path: Path) -> None:
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nSUMMARY:{name} (ETH): Nets {n}\nDTSTART:2026040{n}T140000Z\nEND:VEVENT\n"
        for n, name in ((7, "Ada Kovács"), (8, "Béla Nagy"))
    )
    file = tmp_path / "t.ics"
    file.write_text(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{events}END:VCALENDAR\n")
    found = asyncio.run(CalendarSource(file, series()).load(NOW))
    assert [(t.title, t.speakers) for t in found.talks] == [
        ("Nets 7", ("Ada Kovács",)),
        ("Nets 8", ("Béla Nagy",)),
    ]


def test_a_description_in_html_is_read_in_its_lines() -> None:
    html = "DESCRIPTION:<p>Speaker: Ada Kovács</p><p>The talk is <b>cancelled</b></p>"
    [talk] = read(NETS + html)
    assert (talk.speakers, talk.cancelled) == (("Ada Kovács",), True)


def test_a_place_may_say_that_the_talk_is_off() -> None:
    [talk] = read(NETS + "LOCATION:fällt aus")
    assert (talk.cancelled, talk.location) == (True, "Room 1")
