"""A remark that names another time, room or day than the one that was taken is used or asked about."""

from datetime import date
from pathlib import Path

import pytest
from data_files import reading
from terms import BERLIN, NOW, series

from announcer.source.page import PageSource
from announcer.source.several import marked
from announcer.talks import Talk

SERIES = series(location="Room 2")
TABLE = "|Date|Time|Speaker|Title|Place|Notes|\n|--|--|--|--|--|--|\n|7 April 2026|{time}|Ada Kovács|{title}|{place}|{notes}|\n"


def read(page: str) -> Talk:
    """Read the one talk of a page."""
    [talk] = PageSource(Path("talks.md"), SERIES).read(page, NOW).talks
    return talk


def row(*, time: str = "", title: str = "Nets", place: str = "", notes: str = "") -> Talk:
    """Read a row of a table."""
    return read(TABLE.format(time=time, title=title, place=place, notes=notes))


def clock(talk: Talk) -> str:
    """Give the start on the clocks of the series."""
    return f"{talk.starts_at.astimezone(BERLIN):%H:%M}" if talk.starts_at else ""


OTHER_TIMES = [
    "16:15 Uhr!", "Achtung: 16:15 Uhr", "moved to 4:15 pm", "Starts at 16:15 this time", "16:15 statt 14:15",
    "Exceptionnellement à 16h15", "Please note that the talk starts at 16:15", "diesmal erst um 16.15 Uhr", "unusual time: 16:15",
    "16:15 (Room 2)", "10:15 EDT",
]  # fmt: skip


@pytest.mark.parametrize("notes", OTHER_TIMES)
def test_a_remark_with_a_time_is_used_where_the_row_has_none(notes: str) -> None:
    talk = row(notes=notes)
    assert (clock(talk), talk.unclear) == ("16:15", None)


@pytest.mark.parametrize("notes", OTHER_TIMES)
def test_a_remark_with_another_time_than_the_row_has_is_asked_about(notes: str) -> None:
    assert "names another time than 14:15" in (row(time="14:15", notes=notes).unclear or "")


@pytest.mark.parametrize("notes", OTHER_TIMES)
def test_a_remark_with_the_time_of_the_row_is_no_doubt(notes: str) -> None:
    assert row(time="16:15", notes=notes).unclear is None


@pytest.mark.parametrize(
    "notes",
    [
        "one hour later than usual", "30 Minuten später", "unusual time!", "andere Uhrzeit!", "early start",
        "changement d'horaire",
    ],
)  # fmt: skip
def test_a_remark_that_says_that_the_time_is_another_one_is_asked_about(notes: str) -> None:
    assert "its time is another one" in (row(notes=notes).unclear or "")


OTHER_ROOMS = [
    "Room 7", "in Raum H 7", "Achtung, anderer Raum: Hörsaal 3", "moved to room 0.07", "Salle 12 cette fois", "Salle Pasteur",
    "We meet in Seminar Room C, Building 5", "Room 7 instead of Room 2", "in Room 12 because of the open day", "findet in A2 statt", "moved to H-21",
]  # fmt: skip


@pytest.mark.parametrize("notes", OTHER_ROOMS)
def test_a_remark_with_a_room_is_used_where_the_row_has_none(notes: str) -> None:
    talk = row(notes=notes)
    assert talk.unclear is None
    assert talk.location != "Room 2"
    assert (talk.location or "?") in notes


@pytest.mark.parametrize(
    "notes", [*OTHER_ROOMS, "online only", "nur online", "Held online", "uniquement en ligne"]
)
def test_a_remark_with_another_room_than_the_row_has_is_asked_about(notes: str) -> None:
    assert "Room 4" in (row(place="Room 4", notes=notes).unclear or "")


@pytest.mark.parametrize(
    "notes", ["online only", "nur online", "fully virtual", "entièrement en ligne"]
)
def test_a_talk_that_is_only_online_is_not_in_the_usual_room(notes: str) -> None:
    assert row(notes=notes).location == notes


@pytest.mark.parametrize(
    "notes",
    ["also on Zoom", "hybrid", "Room 2", "usual room", "in Room 2!", "in person and online"],
)
def test_a_remark_that_agrees_is_no_doubt(notes: str) -> None:
    talk = row(notes=notes)
    assert (talk.location, talk.unclear) == ("Room 2", None)


@pytest.mark.parametrize(
    "notes", ["anderer Raum!", "Note the room change", "different place", "changement de salle"]
)
def test_a_remark_that_says_that_the_room_is_another_one_is_asked_about(notes: str) -> None:
    assert "its place is another one" in (row(notes=notes).unclear or "")
    assert row(place="Room 4", notes=notes).unclear is None


NEW_DAYS = [
    "moved to 23 April", "postponed to 23 April", "verschoben auf 23.4.", "verschoben auf Donnerstag, 23. April", "reporté au 23 avril",
    "déplacé au 23 avril", "Postponed to 23 April 2026, Room 7",
]  # fmt: skip


@pytest.mark.parametrize("notes", NEW_DAYS)
def test_a_remark_that_moves_a_talk_to_another_day_is_asked_about_and_not_dropped(
    notes: str,
) -> None:
    pages = [
        TABLE.format(time="", title="Nets", place="", notes=notes),
        TABLE.format(time="", title=f"Nets ({notes})", place="", notes=""),
        f"### 7 April 2026: Nets\n**Speaker:** Ada Kovács\n\n{notes}\n",
        f"- 7 April 2026: Ada Kovács, *Nets* ({notes})\n",
    ]
    talks = [read(page) for page in pages]
    talks += reading(f"- title: Nets\n  date: 2026-04-07\n  note: '{notes}'\n").talks
    assert all(talk.unclear for talk in talks)


@pytest.mark.parametrize("notes", ["Thursday!", "am 8. April", "on Wednesday instead"])
def test_a_remark_with_another_day_is_asked_about(notes: str) -> None:
    assert row(notes=notes).unclear


@pytest.mark.parametrize(
    "page",
    [
        TABLE.format(time="", title="Nets and knots (16:15 Uhr!)", place="", notes=""),
        TABLE.format(time="", title="Nets and knots<br>16:15 Uhr!", place="", notes=""),
        "|Date|Speaker|Title| |\n|--|--|--|--|\n|7 April 2026|Ada Kovács|Nets and knots|16:15!|\n|31 March 2026|Bob Em|Knots||\n",
        "### 7 April 2026: Nets and knots\n**Speaker:** Ada Kovács\n\n16:15 Uhr!\n",
        "### 7 April 2026\n\n**Ada Kovács**\n\nNets and knots\n\nat 4:15 pm\n",
        "- 7 April 2026: Ada Kovács, *Nets and knots* (16:15 Uhr!)\n",
        "- 7 April 2026: Ada Kovács, *Nets and knots*\n  16:15 Uhr!\n",
        "- 7 April 2026: Ada Kovács, *Nets and knots*\n  ~~14:15~~ 16:15\n",
        "### 7 April 2026: Nets and knots\n**Speaker:** Ada Kovács\n\nThis joint talk will be given at 16:15.\n",
        "- 7 avril 2026 : Ada Kovács, *Nets and knots* (à 16h15)\n",
        "<html><body><ul><li>7 April 2026: <b>Ada Kovács</b>, <i>Nets and knots</i><br>16:15 Uhr!</li></ul></body></html>",
    ],
)  # fmt: skip
def test_a_remark_counts_wherever_it_stands(page: str) -> None:
    found = PageSource(Path("talks.md"), SERIES).read(page, NOW).talks
    [talk] = [talk for talk in found if talk.day == date(2026, 4, 7)]
    assert (clock(talk), talk.title, talk.unclear) == ("16:15", "Nets and knots", None)


@pytest.mark.parametrize(
    ("entry", "start", "place"),
    [
        ("note: 16:15 Uhr!", "16:15", "Room 1"),
        ("remarks: Room 7", "15:00", "Room 7"),
        ("comment: online only", "15:00", "online only"),
        ("abstract: |\n    Room 5, 16:15\n\n    We study nets.", "16:15", "Room 5"),
        ("description: Achtung, um 16:15 Uhr in Raum 7", "16:15", "Raum 7"),
        ("speaker: Ada Kovács (16:15!)", "16:15", "Room 1"),
        ("location: Room 5, 16:15", "16:15", "Room 5, 16:15"),
    ],
)
def test_a_remark_in_data_is_used(entry: str, start: str, place: str) -> None:
    text = f"- title: Nets\n  date: 2026-04-07\n  {entry}\n"
    [talk] = reading(text).talks
    assert (talk.title, clock(talk), talk.location, talk.unclear) == ("Nets", start, place, None)


@pytest.mark.parametrize(
    "entry", ["note: 16:15 Uhr!", "comment: moved to 5 pm", "abstract: 'Time: 16:15'", "info: one hour later"]
)  # fmt: skip
def test_a_remark_in_data_with_another_time_is_asked_about(entry: str) -> None:
    text = f"- title: Nets\n  date: 2026-04-07\n  time: 14:15\n  {entry}\n"
    [talk] = reading(text).talks
    assert (talk.unclear is not None) is ("later" not in entry)


@pytest.mark.parametrize(
    "text",
    [
        "Coffee at 14:30 in Room 7.",
        "Doors open at 18:30.",
        "Registration until 16:15",
        "The recording of the talk in Room 7 is online.",
        "Theorem 3.4 holds at 12:30 in every model of this kind.",
        "(4/4)",
        "Part 2 of 3",
        "Ten years later, we know more.",
        "Joint with the 2 pm seminar of the physics department",
        "until 16:15",
    ],
)
def test_what_is_about_something_else_is_no_remark(text: str) -> None:
    talk = read(f"### 7 April 2026: Nets\n**Speaker:** Ada Kovács\n\n{text}\n")
    assert (clock(talk), talk.location, talk.unclear) == ("15:00", "Room 2", None)


@pytest.mark.parametrize(
    "written",
    ["16;00", "4 o'clock", "half past four", "viertel nach vier", "quatre heures et demie", "16h0", "after lunch"],
)  # fmt: skip
def test_a_start_that_is_not_understood_is_never_the_usual_one(written: str) -> None:
    pages = [
        f"### 7 April 2026: Nets\n**Speaker:** Ada Kovács\n\n**Time:** {written}\n",
        f"### 7. April 2026: Nets\n**Speaker:** Ada Kovács\n\nUhrzeit: {written}\n",
        f"|Date|Time|Title|\n|--|--|--|\n|7 April 2026|{written}|Nets|\n",
    ]
    talks = [read(page) for page in pages]
    talks += reading(f'- title: Nets\n  date: 2026-04-07\n  time: "{written}"\n').talks
    for talk in talks:
        assert talk.starts_at is None
        assert f'"{written}" was not understood' in (talk.unclear or "")


@pytest.mark.parametrize(
    "written", ["", "usual time", "wie immer", "as usual", "à l'heure habituelle"]
)
def test_the_usual_start_holds_where_no_other_is_written(written: str) -> None:
    talk = row(time=written)
    assert (clock(talk), talk.unclear) == ("15:00", None)


@pytest.mark.parametrize(
    ("written", "start"),
    [
        ("9:00 ET", "15:00"),
        ("9am EDT", "15:00"),
        ("8am CT", "15:00"),
        ("13:00 UTC", "15:00"),
        ("13:00 GMT", "15:00"),
        ("13:00Z", "15:00"),
        ("16:00 UTC+3", "15:00"),
        ("16:00+03:00", "15:00"),
        ("2 pm (London time)", "15:00"),
        ("14 Uhr Londoner Zeit", "15:00"),
        ("14:00 heure de Londres", ""),
        ("UTC 13:00", "15:00"),
        ("15:00 (Zurich)", "15:00"),
        ("15:00 CEST", "15:00"),
        ("22:00 JST", "15:00"),
        ("15:00 Ortszeit", "15:00"),
        ("15:00 local time", "15:00"),
    ],
)
def test_a_time_on_another_clock_is_converted(written: str, start: str) -> None:
    page = row(time=written)
    [data] = reading(f'- title: Nets\n  date: 2026-04-07\n  time: "{written}"\n').talks
    for talk in (page, data):
        assert (clock(talk) if not talk.unclear else "") == start


@pytest.mark.parametrize(
    "written",
    ["15:00 CET", "15:00 UTC+1", "15:00 MEZ", "14:00 (London)", "9:00 IST", "15:00 (Gotham time)"],
)
def test_a_time_on_a_clock_that_may_be_another_is_asked_about(written: str) -> None:
    assert "page says" in (row(time=written).unclear or "")


def test_a_time_on_another_clock_may_be_on_another_day() -> None:
    [talk] = reading("- title: Nets\n  date: 2026-04-07\n  time: 9 pm PT\n").talks
    assert (talk.day, clock(talk)) == (date(2026, 4, 8), "06:00")


@pytest.mark.parametrize("notes", ["15:00 Uhr!", "Room 2"])
def test_a_remark_with_the_usual_time_or_room_is_no_doubt_where_several_sources_are_read(
    notes: str,
) -> None:
    page = TABLE.format(time="", title="Nets", place="", notes=notes)
    [talk] = PageSource(Path("talks.md"), marked(SERIES)).read(page, NOW).talks
    assert talk.unclear is None
