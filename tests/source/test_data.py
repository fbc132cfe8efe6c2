import asyncio
import re
import time as clock
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from data_files import read, reading
from terms import NOW, local, series

from announcer.errors import SourceUnreadable
from announcer.source.data import DataSource
from announcer.source.hints import Hints
from announcer.source.times import asked_times
from announcer.talks import Status

FORMATS = {
    "talks.yml": "- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  time: 16:00-17:30\n",
    "talks.json": '[{"title": "Nets", "speaker": "Ada Kovács", "date": "2026-04-07", "time": "16:00-17:30"}]',
    "talks.toml": '[[talks]]\ntitle = "Nets"\nspeaker = "Ada Kovács"\ndate = 2026-04-07\ntime = "16:00-17:30"\n',
    "talks.csv": "Title,Speaker,Date,Time\nNets,Ada Kovács,2026-04-07,16:00-17:30\n",
    "german.csv": "Titel;Referent*in;Datum;Uhrzeit\nNets;Ada Kovács;07.04.2026;16:00-17:30\n",
    "french.csv": "Titre,Intervenante,Date,Horaire\nNets,Ada Kovács,7 avril 2026,16h-17h30\n",
    "https://docs.example/pub?output=csv": "Title,Who,When\nNets,Ada Kovács,7 April 2026 16:00-17:30\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_the_same_talk(name: str) -> None:
    [talk] = read(FORMATS[name], name)
    assert (talk.id, talk.given_id, talk.title) == ("nets", False, "Nets")
    assert (talk.speakers, talk.day) == (("Ada Kovács",), date(2026, 4, 7))
    assert (local(talk), talk.unclear) == ("16:00-17:30", None)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Ada Kovács and Béla Nagy", ("Ada Kovács", "Béla Nagy")),
        ("Ada Kovács, University of Szeged", ("Ada Kovács",)),
        ("Ada Kovács (Szeged); Béla Nagy (ETH)", ("Ada Kovács", "Béla Nagy")),
        ("Kovács, Ada", ("Kovács, Ada",)),
        ("[Ada Kovács, Béla Nagy]", ("Ada Kovács", "Béla Nagy")),
        ("{first_name: Ada, last_name: Kovács, email: ada@private.example}", ("Ada Kovács",)),
        ("[{name: Ada Kovács, affiliation: {name: Szeged}}]", ("Ada Kovács",)),
        ("TBA", ()),
    ],
)
def test_speakers_may_be_a_line_a_list_or_a_table(value: str, names: tuple[str, ...]) -> None:
    [talk] = read(f"- title: Nets\n  date: 2026-04-07\n  speakers: {value}\n")
    assert talk.speakers == names


@pytest.mark.parametrize(
    ("when", "span"),
    [
        ("date: 2026-04-07 16:00:00", "16:00-17:00"),
        ("date: 2026-04-07T14:00:00Z", "16:00-17:00"),
        ("date: 2026-04-07T16:00+02:00", "16:00-17:00"),
        ("date: 2026-04-07T00:00:00.000Z", "15:00-16:00"),
        ("date: 'Tuesday, April 7th, 2026 @ 4PM'", "16:00-17:00"),
        ("start: 2026-04-07 16:00\n  end: 2026-04-07 17:15", "16:00-17:15"),
        ("date: 2026-04-07\n  start_time: 16:00\n  end_time: 17:15", "16:00-17:15"),
        ("date: 2026-04-07\n  time: 16 Uhr", "16:00-17:00"),
        ("date: 2026-04-07\n  time: 16-18", "16:00-18:00"),
        ("date: 2026-04-07\n  time: 16pm-17pm", "16:00-17:00"),
        ("date: 2026-04-07\n  time: 16 c.t.", "16:15-17:15"),
        ("startDate: {date: 2026-04-07, time: '16:00:00', tz: Europe/Berlin}", "16:00-17:00"),
    ],
)
def test_a_start_may_stand_in_the_date_or_beside_it(when: str, span: str) -> None:
    [talk] = read(f"- title: Nets\n  {when}\n")
    assert (local(talk), talk.unclear) == (span, None)


@pytest.mark.parametrize(
    "when",
    [
        "date: Monday 7 April 2026",
        "day: Monday\n  date: 2026-04-07",
        "date: 7-8 April 2026",
        "date: 7 April and 14 April 2026",
        "date: 05.010.2026",
        "date: 2026-02-30",
        "date: 7/4/2026",
        "date: 2026-04-07\n  date: 2026-04-14",
        "date: 2026-04-07\n  start: 2026-04-08 16:00",
        "date: 2026-04-07 16:00\n  time: 17:00",
        "date: 2026-04-07\n  time: 4:00",
        "date: 2026-04-07\n  time: 16:00 EST",
        "date: 2026-04-07\n  time: 16:00\n  timezone: Nowhere/Land",
        "date: {date: 2026-04-07, time: '16:00', tz: Nowhere/Land}",
    ],
)
def test_what_could_be_a_wrong_date_or_time_is_listed_as_unclear(when: str) -> None:
    [talk] = read(f"- title: Nets\n  {when}\n", start=None)
    assert talk.unclear is not None
    assert talk.unclear.endswith("(talks.yml, line 1)")


def test_the_order_of_slashed_dates_is_told_from_the_whole_file() -> None:
    text = "Date,Title\n4/7/2026,A\n4/28/2026,B\n"
    assert [talk.day for talk in read(text, "t.csv")] == [date(2026, 4, 7), date(2026, 4, 28)]
    hinted = read("Date,Title\n4/7/2026,A\n", "t.csv", hints=Hints(date_order="mdy"))
    assert hinted[0].day == date(2026, 4, 7)


def test_a_day_without_a_year_beside_a_whole_date_is_of_its_year() -> None:
    [talk] = read("- {title: Nets, date: 7 April, start: 2026-04-07 16:00}\n")
    assert (talk.day, talk.unclear) == (date(2026, 4, 7), None)


@pytest.mark.parametrize("day", ["7 April", "7 October"])
def test_a_day_with_neither_a_year_nor_a_weekday_can_be_a_year_off(day: str) -> None:
    [alone] = read(f"- {{title: Nets, date: {day}}}\n")
    assert "neither a year nor a weekday" in (alone.unclear or "") or alone.day is None
    [told] = read(f"- {{title: Nets, date: {day}}}\n", hints=Hints(year=2026))
    assert told.unclear is None


def test_lines_that_contradict_each_other_in_the_order_of_dates_are_named() -> None:
    text = "Date,Title\n13/05/2026,A\n05/14/2026,B\n06/07/2026,C\n"
    assert "t.csv, line 2 writes the day first, t.csv, line 3 the month" in (
        read(text, "t.csv")[2].unclear or ""
    )


@pytest.mark.parametrize("title", ["How Galileo was canceled", "Der Beweis entfällt"])
def test_a_word_of_a_quoted_title_cancels_nothing(title: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, title: '\"{title}\"'}}\n")
    assert (talk.title, talk.cancelled) == (title, False)


def test_a_title_that_is_struck_and_written_anew_is_no_cancellation() -> None:
    [talk] = read("- {date: 2026-04-07, speaker: Ada, title: '~~Nets~~ Knots'}\n")
    assert (talk.title, talk.cancelled) == ("Knots", False)


@pytest.mark.parametrize(
    "words", ["postponed from 3 May", "moved from May 3", "verschoben vom 3. Mai"]
)
def test_a_talk_that_was_moved_takes_place_on_its_new_date(words: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, title: Nets ({words})}}\n")
    assert (talk.title, talk.day, talk.cancelled) == ("Nets", date(2026, 4, 7), False)
    assert talk.unclear is None


@pytest.mark.parametrize(
    ("when", "span"),
    [
        ("2026-04-07 16:00-17:30", "16:00-17:30"),
        ("2026-04-07 09:00-10:30", "09:00-10:30"),
        ("2026-04-07 16:15 -18", "16:15-18:00"),
        ("2026-04-07T16:00-17:30", "16:00-17:30"),
        ("2026-04-07T10:00-04:00", "16:00-17:00"),
        ("2026-04-07 04:00:00-10:00", "16:00-17:00"),
    ],
)
def test_an_end_behind_a_date_of_programs_is_no_offset_from_utc(when: str, span: str) -> None:
    [talk] = read(f"- title: Nets\n  speaker: Ada Kovács\n  date: {when}\n")
    assert (talk.day, local(talk), talk.unclear) == (date(2026, 4, 7), span, None)


def test_what_may_be_an_end_or_an_offset_is_asked_about() -> None:
    [talk] = read("- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07T10:00-11:00\n")
    assert "may be its end, or an offset" in (talk.unclear or "")


@pytest.mark.parametrize(
    "when",
    [
        "16:00 UTC+1", "16:00 CET", "16:00 (Tokyo)", "16:00 (Gotham time)",
        "9:00 PT / 18:00 CEST", "9am New York / 3pm Berlin", "14:00 and 16:00", "14 Uhr oder 16 Uhr",
    ],
)  # fmt: skip
def test_a_clock_elsewhere_or_a_second_time_is_asked_about(when: str) -> None:
    [talk] = read(f"- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  time: {when}\n")
    doubt = "the clocks of Europe/Berlin|more than one time|no time zone"
    assert re.search(doubt, talk.unclear or "")


@pytest.mark.parametrize(
    "when", ["16:00 Paris time", "16:00 (Berlin)", "16:00 Europe/Rome", "16:00 London, Room 2"]
)
def test_a_place_with_the_same_clock_or_that_is_just_a_place_changes_nothing(when: str) -> None:
    [talk] = read(f"- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  time: {when}\n")
    assert (local(talk), talk.unclear) == ("16:00-17:00", None)


def test_a_start_of_last_year_beside_a_day_ahead_is_asked_about_and_not_past() -> None:
    [talk] = read(
        "- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  start: 2025-04-07 16:00\n"
    )
    assert talk.day == date(2026, 4, 7)
    assert "are different days" in (talk.unclear or "")


@pytest.mark.parametrize(
    ("when", "span"),
    [
        ("time: 21:30-00:30", "21:30-00:30"),
        ("time: 12:40-1:30", "12:40-13:30"),
        ("start: '21:00'\n  end: '0:15'", "21:00-00:15"),
        ("time: 16:00-15:00", "16:00-17:00"),
        ("start: '16:00'\n  end: '06:00'", "16:00-17:00"),
    ],
)
def test_an_end_after_midnight_is_one_and_none_is_nearly_a_day_later(when: str, span: str) -> None:
    [talk] = read(f"- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  {when}\n")
    assert local(talk) == span
    assert talk.starts_at
    assert talk.ends_at
    assert talk.ends_at - talk.starts_at < timedelta(hours=12)


def test_a_title_that_moves_its_talk_to_another_day_is_asked_about() -> None:
    row = "- title: Nets (moved to {})\n  speaker: Ada Kovács\n  date: 2026-04-07\n"
    [moved] = read(row.format("9 April"))
    assert "may say that it is on another day" in (moved.unclear or "")
    assert [talk.unclear for talk in read(row.format("7 April") + row.format("room 5"))] == [
        None
    ] * 2


def test_a_start_at_night_is_asked_about() -> None:
    [talk] = read("- {title: Nets, date: 2026-04-07, time: '23:30'}\n")
    assert "at night" in (talk.unclear or "")


def test_without_a_start_a_talk_is_listed_and_not_announced() -> None:
    [never] = read("- {title: Nets, date: 2026-04-07}\n", start=None)
    [tba] = read("- {title: Nets, date: 2026-04-07, time: TBA}\n")
    assert (never.starts_at, tba.starts_at) == (None, None)
    assert "no start is known" in never.warnings[0]


def test_a_time_to_be_announced_is_not_replaced_by_the_usual_one() -> None:
    [talk] = read("- {title: Nets, date: 2026-04-07, time: tba}\n")
    assert talk.starts_at is None


def test_what_a_talk_does_not_say_its_series_does() -> None:
    silent, says, tba = read(
        "- {title: A, date: 2026-04-07}\n"
        "- {title: B, date: 2026-04-14, room: Room 2}\n"
        "- {title: C, date: 2026-04-21, room: TBA}\n"
    )
    assert (silent.location, says.location, tba.location) == ("Room 1", "Room 2", None)


def test_an_address_for_a_place_is_the_stream() -> None:
    [talk] = read("- {title: A, date: 2026-04-07, location: 'Zoom: https://zoom.us/j/1'}\n")
    assert (talk.stream, talk.location) == ("https://zoom.us/j/1", "Zoom")


NESTED = {
    "groups": "- type: Upcoming\n  members: [{title: Nets, date: 2026-04-07}]\n",
    "a list with a name": "talks: [{title: Nets, date: 2026-04-07}]\nsponsors: [{name: X}]\n",
    "by year": "events:\n  2026: [{title: Nets, date: 7 April}]\n",
    "by term": "2025/26:\n  talks: [{title: Nets, date: 7 April}]\n",
    "by id": "talks:\n  first: {title: Nets, date: 2026-04-07}\n",
    "by day": "2026-04-07: {title: Nets}\n",
    "a visitor with talks": "- authors: [{name: Ada}]\n  talks: [{title: Nets, date: 2026-04-07}]\n",
}


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_lists_may_stand_in_tables_and_tables_in_lists(text: str) -> None:
    [talk] = read(text)
    assert (talk.title, talk.day) == ("Nets", date(2026, 4, 7))


def test_talks_of_a_term_that_spans_two_years_fall_into_the_right_one() -> None:
    talks = read("2025/26: [{title: A, date: 14 October}, {title: B, date: 7 April}]\n")
    assert [talk.day for talk in talks] == [date(2025, 10, 14), date(2026, 4, 7)]


def test_the_settings_can_name_a_field_and_then_only_that_one_is_read() -> None:
    text = "- {title: 7 April 2026, topic: Geometry, headline: Nets, date: 2026-04-07}\n"
    assert read(text)[0].title == "Geometry"
    assert read(text, hints=Hints(fields=(("title", "headline"),)))[0].title == "Nets"


def test_no_column_is_read_whose_name_is_not_a_fact_of_a_talk() -> None:
    text = (
        "Date,Title,Speaker,Speaker email,Phone,Internal notes,Dinner\n"
        "2026-04-07,Nets,Ada,ada@private.example,0123,secret,secret\n"
    )
    [talk] = read(text, "t.csv")
    assert "private" not in repr(talk)
    assert "secret" not in repr(talk)
    assert "0123" not in repr(talk)


@pytest.mark.parametrize("line", ["draft: true", "published: false", "hidden: yes", "visible: no"])
def test_a_draft_is_not_read(line: str) -> None:
    draft = f"- title: Nets\n  speaker: Ada Kovács\n  date: 2026-04-07\n  {line}\n"
    shown = "- title: Sets\n  speaker: Ada Kovács\n  date: 2026-04-14\n  draft: false\n"
    assert [talk.title for talk in read(draft + shown)] == ["Sets"]
    assert read(draft) == ()


def test_an_id_is_the_organisers_where_they_gave_one() -> None:
    first, second = read("- {id: 12, title: A, date: 2026-04-07}\n- {no: 13, date: 2026-04-14}\n")
    assert (first.id, first.given_id, second.id, second.tba) == ("12", True, "13", True)


@pytest.mark.parametrize(
    "entry",
    [
        "title: 'Cancelled: Nets'",
        "title: 'Nets (cancelled)'",
        "title: '**Talk Canceled:** ~~Nets~~'",
        "title: Nets\n  status: cancelled",
        "title: Nets\n  abgesagt: ja",
        "title: Nets\n  kind: no_meeting",
        "title: Nets - postponed to May 5",
        "title: Nets\n  note: fällt aus",
    ],
)
def test_a_cancelled_talk_keeps_its_title(entry: str) -> None:
    [talk] = read(f"- date: 2026-04-07\n  speaker: Ada\n  {entry}\n")
    assert (talk.status, talk.title) == (Status.CANCELLED, "Nets")


@pytest.mark.parametrize("words", ["No seminar", "Spring break", "Kein Treffen", "Ostermontag"])
def test_a_row_that_names_a_holiday_is_no_talk(words: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, title: {words}}}\n")
    assert talk.cancelled


@pytest.mark.parametrize(
    "title",
    ["C*-algebras", "Orders that were cancelled twice", "Why we take a break", "A_n and B_n"],
)
def test_a_title_that_looks_like_a_state_or_like_markup_is_left_alone(title: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, title: '{title}'}}\n")
    assert (talk.title, talk.cancelled) == (title, False)


def test_a_spreadsheet_may_begin_with_its_own_title() -> None:
    text = "Seminar 2026,,\n,,\nDate,Speaker,Title\n7 April,Ada,Nets\n,,\n"
    [talk] = read(text, "sheet.csv")
    assert (talk.title, talk.day) == ("Nets", date(2026, 4, 7))


def test_a_row_whose_cells_have_moved_is_unclear() -> None:
    [talk] = read("Date,Title,Room\n2026-04-07,Nets, and the Rest,R 2\n", "t.csv")
    assert talk.unclear is not None


BROKEN = {
    "a.yml": ("- title: A\n  date: [1\n- x", r"a\.yml, line 4, column 1: this is not valid YAML"),
    "b.yml": ("- title: A\n  note: \x07\n", r"b\.yml, line 2, column 1: this is not valid YAML"),
    "a.json": (
        '[{"title": "A"\n "date": 1}]',
        r"a\.json, line 2, column 2: this is not valid JSON",
    ),
    "a.toml": ('[[talks]]\ntitle = "A', r"a\.toml, line 2, column \d+: this is not valid TOML"),
    "a.csv": ('Title,Date\n"A,2026-04-07\n', r"a\.csv, line 2, column 1: this is not valid CSV"),
    "b.csv": ("<!DOCTYPE html>\n<p>Sign in", r"b\.csv, line 1, column 1: this is an HTML page"),
    "c.yml": ("- {colour: red}\n", r"c\.yml: no entry has a field that is known"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_with_its_line_and_never_no_talks(name: str) -> None:
    text, words = BROKEN[name]
    with pytest.raises(SourceUnreadable, match=words):
        read(text, name)


def test_a_comma_too_many_is_forgiven_as_site_generators_do() -> None:
    assert read('[{"title": "A, ]", "date": "2026-04-07",},]', "t.json")[0].title == "A, ]"


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("laughs.yml", LAUGHS),
        ("self.yml", "a: &a [*a]\n"),
        ("deep.yml", "[" * 5000),
        ("deep.json", "[" * 100_000),
        ("deep.toml", "a = " + "[" * 5000),
        ("large.yml", "- x\n" * 1_500_000),
        ("python.yml", "- !!python/object/apply:os.getpid []\n"),
    ],
)
def test_a_file_that_means_harm_is_refused_soon(name: str, text: str) -> None:
    began = clock.perf_counter()
    with pytest.raises(SourceUnreadable):
        read(text, name)
    assert clock.perf_counter() - began < 5


def test_a_folder_gives_the_talks_of_its_files_and_a_bad_one_concerns_itself(
    tmp_path: Path,
) -> None:
    (tmp_path / "2026-04-07-a.yml").write_text("title: A\ndate: 2026-04-07\n")
    (tmp_path / "2026-04-14-b.yml").write_text("title: B: C\ndate: 2026-04-14\n")
    (tmp_path / ".hidden.yml").write_text("title: H\ndate: 2026-04-14\n")
    found = asyncio.run(DataSource(tmp_path, series()).load(NOW))
    assert [talk.title for talk in found.talks] == ["A"]
    [warning] = found.warnings
    assert warning.startswith("2026-04-14-b.yml, line 1, column 9: this is not valid YAML")
    matching = asyncio.run(DataSource(tmp_path / "*-a.yml", series()).load(NOW))
    assert len(matching.talks) == 1
    with pytest.raises(SourceUnreadable, match="line 1, column 9"):
        asyncio.run(DataSource(tmp_path / "*-b.yml", series()).load(NOW))
    with pytest.raises(SourceUnreadable, match="no file matches"):
        asyncio.run(DataSource(tmp_path / "*.csv", series()).load(NOW))


def test_the_origin_of_a_talk_names_its_file_and_line() -> None:
    found = reading("talks:\n- title: A\n  date: 2026-04-07\n- title: B\n  date: 2026-04-14\n")
    assert found.origin == {"a": "talks.yml, line 2", "b": "talks.yml, line 4"}
    laid_out = '[\n {"title": "A", "date": "2026-04-07"},\n {"title": "B {", "date": "2026-04-14"}]'
    assert reading(laid_out, "t.json").origin == {"a": "t.json, line 2", "b": "t.json, line 3"}


@pytest.mark.parametrize("when", ["16:00{}x", "16:00{}(ET", "{}-16{}-"])
def test_endless_blanks_beside_a_time_keep_nobody_waiting(when: str) -> None:
    start = clock.monotonic()
    asked_times(when.replace("{}", " " * 10_000))
    assert clock.monotonic() - start < 2


def test_ten_thousand_rows_are_read_in_a_few_seconds() -> None:
    rows = "".join(f"Talk {n},Ada,{date(2000 + n % 20, 1 + n % 12, 1)}\n" for n in range(10_000))
    began = clock.process_time()
    assert len(read("Title,Speaker,Date\n" + rows, "t.csv")) == 10_000
    assert clock.process_time() - began < 20


def test_an_instant_is_read_as_what_it_is() -> None:
    [talk] = read("- {title: A, date: '2026-04-07T23:30:00Z'}\n")
    assert talk.starts_at == datetime(2026, 4, 7, 23, 30, tzinfo=UTC)
    assert talk.day == date(2026, 4, 8)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bemerkung", "Vortrag entfällt krankheitsbedingt"),
        ("note", "Talk cancelled, speaker is ill"),
        ("comment", "Unfortunately the talk had to be cancelled."),
        ("anmerkung", "fällt leider aus"),
        ("remarque", "Exposé annulé"),
        ("status", "was cancelled by the organisers"),
        ("eventStatus", "https://schema.org/EventCancelled"),
    ],
)
def test_a_remark_that_says_that_its_talk_is_off_cancels_it(name: str, words: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, title: Nets, {name}: '{words}'}}\n")
    assert (talk.title, talk.cancelled, talk.unclear) == ("Nets", True, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("note", "registration cancelled"),
        ("status", "will not be cancelled"),
        ("note", "slot freed by the cancelled workshop"),
        ("note", "the talk cancelled last week takes place now"),
        ("hinweis", "Weihnachtsferien ab Montag"),
        ("note", "Easter"),
        ("eventStatus", "EventScheduled"),
    ],
)
def test_a_remark_about_something_else_leaves_its_talk_as_it_is(name: str, words: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, title: Nets, {name}: '{words}'}}\n")
    assert (talk.cancelled, talk.unclear) == (False, None)


def test_a_remark_that_may_cancel_this_talk_or_another_makes_it_unclear() -> None:
    [talk] = read("- {date: 2026-04-07, title: Nets, note: The speaker cancelled}\n")
    assert '"The speaker cancelled" may say' in (talk.unclear or "")


@pytest.mark.parametrize(
    "row", ["Spring recess,,", ",,Weihnachtspause", "No seminar,,", "Bank Holiday,TBA,", ",,Easter"]
)
def test_a_holiday_where_the_speaker_or_a_remark_should_be_is_no_talk(row: str) -> None:
    [talk] = read(f"Date,Speaker,Title,Note\n2026-04-07,{row}\n", "t.csv")
    assert (talk.cancelled, talk.title, talk.speakers) == (True, None, ())


@pytest.mark.parametrize("name", ["Marie Noël", "Peter Holiday (Leeds)", "Noël Martin"])
def test_a_speaker_who_is_called_like_a_holiday_is_one(name: str) -> None:
    [talk] = read(f"Date,Speaker,Title\n2026-04-07,{name},TBA\n", "t.csv")
    assert (talk.cancelled, len(talk.speakers)) == (False, 1)


def test_the_last_talk_before_a_holiday_takes_place() -> None:
    [talk] = read("Date,Speaker,Title,Note\n2026-04-07,,,Last talk before Easter\n", "t.csv")
    assert not talk.cancelled


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ("title: Vortrag entfällt krankheitsbedingt", None),
        ("title: 'Talk cancelled, speaker is ill'", None),
        ("title: verschoben auf 12.5.", None),
        ("title: Nets (Vortrag entfällt leider)", "Nets"),
        ("title: ❌ Nets", "Nets"),
        ("title: Nets, room: cancelled", "Nets"),
        ("title: Nets, time: entfällt", "Nets"),
        ("title: Nets, presenter: Bo (cancelled)", "Nets"),
        ("title: Nets, abstract: This talk is cancelled.", "Nets"),
        ("title: Nets, cancelled_at: 2026-04-01", "Nets"),
        ("title: Nets, is_cancelled: true", "Nets"),
        ("title: Nets, status: withdrawn", "Nets"),
    ],
)
def test_any_field_that_is_read_may_say_that_the_talk_is_off(
    fields: str, title: str | None
) -> None:
    [talk] = read(f"- {{date: 2026-04-07, {fields}}}\n")
    assert (talk.cancelled, talk.title) == (True, title)
    assert talk.location in {"Room 1", None}


def test_what_cancels_a_talk_is_nobodys_name() -> None:
    [talk] = read("- {date: 2026-04-07, title: Nets, speaker: cancelled}\n")
    assert (talk.cancelled, talk.speakers) == (True, ())


@pytest.mark.parametrize(
    "fields",
    [
        "abstract: How flights are cancelled because of snow.",
        "abstract: \"The flights were\\ncancelled.\\nWe ask why.\"",
        "room: R 5 (moved from R 4)",
        "cancelled: no",
        "title: Why the talk is off-diagonal",
    ],
)  # fmt: skip
def test_a_field_that_speaks_of_something_else_cancels_nothing(fields: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada, topic: Nets, {fields}}}\n")
    assert (talk.cancelled, talk.unclear) == (False, None)


def test_what_has_the_status_of_a_draft_is_listed_and_not_announced() -> None:
    [talk] = read("- {date: 2026-04-07, title: Nets, status: draft}\n")
    assert talk.unclear is not None


@pytest.mark.parametrize("words", ["Feiertag (1. Mai)", "Reading week", "Spring break (no talk)"])
def test_a_holiday_may_have_a_remark_in_brackets(words: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: {words}}}\n")
    assert (talk.cancelled, talk.speakers) == (True, ())


@pytest.mark.parametrize(
    "fields",
    [
        "title: Nets - verlegt auf 5. Mai",
        "title: Nets (moved to May 5)",
        "title: Nets, abstract: This talk was moved to May 5.",
        "title: Nets, speakers: [Ada, Bo (cancelled)]",
        "title: Nets, speakers: 'Ada Kovács and Béla Nagy (cancelled)'",
    ],
)
def test_what_may_move_a_talk_or_take_one_of_its_speakers_away_makes_it_unclear(
    fields: str,
) -> None:
    [talk] = read(f"- {{date: 2026-04-07, {fields}}}\n")
    assert (talk.cancelled, talk.unclear is not None) == (False, True)


@pytest.mark.parametrize("title", ["Ada Kovács", "Seminar: Ada Kovács", "Talk by Ada Kovács"])
def test_a_title_that_is_the_speakers_name_is_to_be_announced(title: str) -> None:
    [talk] = read(f"- {{date: 2026-04-07, speaker: Ada Kovács, title: '{title}'}}\n")
    assert (talk.title, talk.tba) == (None, True)
