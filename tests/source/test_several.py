"""Several sources of one seminar: the first counts, the others complete it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from desk import Desk
from hypothesis import given
from hypothesis import strategies as st
from terms import NOW, local, series

from announcer.belief import believed
from announcer.errors import SourceUnreadable
from announcer.source import Source
from announcer.source.calendar import CalendarSource
from announcer.source.data import DataSource
from announcer.source.page import PageSource
from announcer.source.several import Several, marked
from announcer.talks import Reading, Series, Status, Talk

WHOSE = replace(series(location="Room 1"), stream="https://stream.example/usual")


class Seminar:
    """A page, and more files beside it, in a folder."""

    def __init__(self, folder: Path, whose: Series = WHOSE) -> None:
        self.folder = folder
        self.whose = whose
        self.names: list[str] = []

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        if name not in self.names:
            self.names.append(name)

    def page(self, *talks: str) -> None:
        self.write("index.md", "# Seminar\n" + "\n".join(f"### {talk}\n" for talk in talks))

    def data(self, *talks: str) -> None:
        self.write("talks.yml", "\n".join(f"- {{{talk}}}" for talk in talks))

    def rooms(self, *entries: str) -> None:
        events = "".join(f"BEGIN:VEVENT\n{entry}\nEND:VEVENT\n" for entry in entries)
        self.write("rooms.ics", f"BEGIN:VCALENDAR\nVERSION:2.0\n{events}END:VCALENDAR\n")

    def reading(self) -> Reading:
        whose = marked(self.whose)
        kinds: dict[str, Callable[[Path, Series], Source]] = {
            "index.md": PageSource,
            "talks.yml": DataSource,
            "rooms.ics": CalendarSource,
        }
        sources: list[tuple[str, Source]] = [
            (name, kinds[name](self.folder / name, whose)) for name in self.names
        ]
        return asyncio.run(Several(sources, self.whose).load(NOW))

    def talks(self) -> tuple[Talk, ...]:
        return self.reading().talks


@pytest.fixture
def seminar(tmp_path: Path) -> Seminar:
    return Seminar(tmp_path)


def entry(
    day: str, start: str, *more: str, title: str = "S", uid: str = "", end: str | None = None
) -> str:
    hours = [f"DTSTART;TZID=Europe/Berlin:{day}T{start}00"]
    hours += [f"DTEND;TZID=Europe/Berlin:{day}T{end}00"] if end else []
    return "\n".join([f"UID:{uid or day + start}", f"SUMMARY:{title}", *hours, *more])


def facts(talk: Talk) -> tuple[object, ...]:
    return (talk.id, talk.title, str(talk.day), local(talk), talk.location)


# Completing


def test_a_page_has_the_talks_and_a_calendar_the_rooms(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26', '4. "Halls" 14.04.26')
    seminar.rooms(
        entry("20260407", "1500", "LOCATION:Room 7", "URL:https://x.example/7", end="1630"),
        entry("20260414", "1500", "LOCATION:Room 8"),
    )
    nets, halls = seminar.talks()
    assert facts(nets) == ("3", "Nets", "2026-04-07", "15:00-16:30", "Room 7")
    assert facts(halls) == ("4", "Halls", "2026-04-14", "15:00-16:00", "Room 8")
    assert (nets.unclear, nets.url, nets.stream) == (None, "https://x.example/7", WHOSE.stream)
    assert "index.md, line 2" in seminar.reading().origin["3"]
    assert "rooms.ics, line 4" in seminar.reading().origin["3"]


def test_what_the_first_source_says_counts_where_nobody_contradicts_on_when_or_where(
    seminar: Seminar,
) -> None:
    seminar.data('title: Nets, speaker: Ada Lovelace, date: 2026-04-07 16:00, end: "17:30", abstract: Own.')  # fmt: skip
    seminar.rooms(
        entry("20260407", "1600", "DESCRIPTION:Speaker: A. L.\\nOther.", title="Nets", end="1700")
    )
    [talk] = seminar.talks()
    assert (talk.speakers, talk.abstract, local(talk)) == (("Ada Lovelace",), "Own.", "16:00-17:30")
    assert (talk.unclear, talk.location) == (None, "Room 1")


def test_a_start_of_the_series_gives_way_to_one_that_a_source_says(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(entry("20260407", "1730"))
    [talk] = seminar.talks()
    assert (local(talk), talk.unclear, talk.location) == ("17:30-18:30", None, "Room 1")


def test_a_start_that_only_a_later_source_has_is_known_and_no_warning_says_else(
    tmp_path: Path,
) -> None:
    seminar = Seminar(tmp_path, series(start=None))
    seminar.data("title: Nets, date: 2026-04-07", "title: Halls, date: 2026-04-14")
    seminar.rooms(entry("20260407", "1730", end="1900"))
    nets, halls = seminar.talks()
    assert (local(nets), nets.warnings, nets.location) == ("17:30-19:00", (), None)
    assert halls.starts_at is None
    [warning] = halls.warnings
    assert warning.endswith("no start is known, so it is not announced")


def test_a_day_that_only_a_later_source_has_is_taken_from_it(seminar: Seminar) -> None:
    seminar.data("title: Nets, date: TBA, location: Room 3")
    seminar.rooms(entry("20260407", "1730", title="Nets"))
    [talk] = seminar.talks()
    assert facts(talk) == ("nets", "Nets", "2026-04-07", "17:30-18:30", "Room 3")


def test_three_sources_are_read_in_the_order_in_which_they_stand(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.data("title: Nets, date: 2026-04-07, abstract: From the file.")
    seminar.rooms(entry("20260407", "1730", "LOCATION:Room 7", "DESCRIPTION:From the calendar."))
    [talk] = seminar.talks()
    assert (talk.abstract, talk.location, local(talk)) == (
        "From the file.",
        "Room 7",
        "17:30-18:30",
    )


def test_two_talks_of_a_day_are_told_apart_by_their_title_or_their_start(seminar: Seminar) -> None:
    seminar.data("title: Nets, date: 2026-04-07 14:00", "title: Halls, date: 2026-04-07 16:00")
    seminar.rooms(
        entry("20260407", "1600", "LOCATION:Room 8", title="Something"),
        entry("20260407", "1400", "LOCATION:Room 7", title="Nets"),
    )
    assert [(t.title, t.location, t.unclear) for t in seminar.talks()] == [
        ("Nets", "Room 7", None),
        ("Halls", "Room 8", None),
    ]


def test_a_title_that_is_to_be_announced_stays_so(seminar: Seminar) -> None:
    seminar.page("3. TBA 07.04.26")
    seminar.rooms(entry("20260407", "1500", "LOCATION:Room 7", title="Seminar in Room 7"))
    [talk] = seminar.talks()
    assert (talk.tba, talk.location) == (True, "Room 7")


# Contradictions


def unclear(seminar: Seminar) -> str:
    [talk] = seminar.talks()
    assert talk.unclear
    return talk.unclear


def test_a_contradiction_on_the_start_makes_the_talk_unclear_and_names_both(
    seminar: Seminar,
) -> None:
    seminar.data("title: Nets, date: 2026-04-07 16:00")
    seminar.rooms(entry("20260407", "1730", title="Seminar"))
    assert unclear(seminar) == (
        "the sources contradict each other on its start: talks.yml, line 1 says 2026-04-07 16:00, and "
        'rooms.ics, line 4 ("Seminar") says 2026-04-07 17:30'
    )


def test_a_contradiction_on_the_date_makes_the_talk_unclear(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26', '4. "Halls" 14.04.26')
    seminar.rooms(entry("20260408", "1500", title="Nets"), entry("20260414", "1500", title="Halls"))
    nets, halls = seminar.talks()
    assert (nets.day, halls.unclear) == (date(2026, 4, 7), None)
    assert nets.unclear
    assert "on its date: index.md, line 2 says 2026-04-07" in nets.unclear


def test_a_contradiction_on_the_place_makes_the_talk_unclear(seminar: Seminar) -> None:
    seminar.data("title: Nets, date: 2026-04-07, location: Room 3")
    seminar.rooms(entry("20260407", "1500", "LOCATION:Room 7"))
    words = unclear(seminar)
    assert 'talks.yml, line 1 says "Room 3", and rooms.ics, line 4 ("S") says "Room 7"' in words


def test_what_is_said_contradicts_although_the_series_says_the_same(seminar: Seminar) -> None:
    seminar.data("title: Nets, date: 2026-04-07 15:00, location: Room 1")
    seminar.rooms(entry("20260407", "1600", "LOCATION:Room 7"))
    words = unclear(seminar)
    assert "on its start" in words
    assert "on its place" in words


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Room 2", "HZG, Building 11, Room 2", True),
        ("HZG, Building 11, Room 2", "room 2", True),
        ("Room 11", "HZG, Building 11, Room 2", False),
        ("Room 2", "Room 2.14", False),
        ("Room 2", "Raum 2", False),
    ],
)
def test_a_fuller_name_of_a_place_is_no_contradiction(
    seminar: Seminar, one: str, other: str, *, same: bool
) -> None:
    seminar.data(f'title: Nets, date: 2026-04-07, location: "{one}"')
    seminar.rooms(entry("20260407", "1500", f"LOCATION:{other.replace(',', chr(92) + ',')}"))
    [talk] = seminar.talks()
    assert (talk.location, talk.unclear is None) == (one, same)


def test_an_end_that_differs_is_no_contradiction_and_the_first_counts(seminar: Seminar) -> None:
    seminar.data('title: Nets, date: 2026-04-07 15:00, end: "16:30"')
    seminar.rooms(entry("20260407", "1500", end="1600"))
    [talk] = seminar.talks()
    assert (local(talk), talk.unclear) == ("15:00-16:30", None)


def test_a_talk_that_only_a_later_source_cancels_is_unclear(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(entry("20260407", "1500", "STATUS:CANCELLED"))
    assert 'on whether it takes place: index.md, line 2 says "confirmed", and' in unclear(seminar)


def test_a_talk_that_the_first_source_cancels_is_cancelled_whatever_the_room_calendar_has(
    seminar: Seminar,
) -> None:
    seminar.data("title: Nets, date: 2026-04-07 15:00, status: cancelled")
    seminar.rooms(entry("20260407", "1730"))
    [talk] = seminar.talks()
    assert (talk.status, talk.unclear) == (Status.CANCELLED, None)


def test_a_talk_in_place_of_one_that_is_cancelled_has_the_room_of_the_day(seminar: Seminar) -> None:
    seminar.data(
        "title: Nets, date: 2026-04-07, status: cancelled", "title: Halls, date: 2026-04-07"
    )
    seminar.rooms(entry("20260407", "1730", "LOCATION:Room 7"))
    nets, halls = seminar.talks()
    assert (nets.status, nets.location) == (Status.CANCELLED, "Room 1")
    assert (halls.location, local(halls)) == ("Room 7", "17:30-18:30")


def test_a_contradiction_about_the_past_holds_nothing(seminar: Seminar) -> None:
    seminar.data("title: Nets, date: 2026-03-03 16:00")
    seminar.rooms(entry("20260303", "1730"))
    [talk] = seminar.talks()
    assert (local(talk), talk.unclear) == ("16:00-17:00", None)


def test_what_is_unclear_in_a_later_source_is_unclear(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.data("title: Nets, date: 2026-04-07, start: 16:00, time: 17:00")
    assert "it names 16:00 and 17:00 as its start" in unclear(seminar)


# What only one of them has


def test_a_talk_that_only_a_later_source_has_is_added(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.data("title: Halls, date: 2026-04-14, id: 3, location: Room 8", "title: Nets, date: 2026-04-07, id: 2")  # fmt: skip
    nets, halls = seminar.talks()
    assert facts(nets) == ("3", "Nets", "2026-04-07", "15:00-16:00", "Room 1")
    assert facts(halls) == ("3-2", "Halls", "2026-04-14", "15:00-16:00", "Room 8")
    assert halls.unclear is None


def test_a_slot_of_the_calendar_without_a_talk_is_none_and_is_counted(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    rule = "RRULE:FREQ=WEEKLY;COUNT=4"
    seminar.rooms(entry("20260331", "1500", rule, "LOCATION:Room 7", title="Our Seminar"))
    reading = seminar.reading()
    assert [facts(talk) for talk in reading.talks] == [("3", "Nets", "2026-04-07", "15:00-16:00", "Room 7")]  # fmt: skip
    assert reading.warnings == (
        "rooms.ics: 2 entries ahead have no title of their own, and no earlier source has a talk on "
        "their day, so they are not listed",
    )


@pytest.mark.parametrize("title", ["S", "TBA"])
def test_one_slot_that_is_named_after_the_series_or_not_at_all_is_no_talk(
    seminar: Seminar, title: str
) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(entry("20260407", "1500"), entry("20260414", "1500", title=title))
    assert [talk.title for talk in seminar.talks()] == ["Nets"]


def test_another_talk_of_a_day_that_may_be_the_same_is_not_announced(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(
        entry("20260407", "1300", title="Halls"), entry("20260407", "1800", title="Walls")
    )
    nets, halls, walls = seminar.talks()
    assert (nets.unclear, nets.location) == (None, "Room 1")
    for talk in (halls, walls):
        assert talk.unclear
        assert "which an earlier source has" in talk.unclear


# What cannot be read


def test_one_source_that_cannot_be_read_leaves_all_unread(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(entry("20260407", "1500"))
    (seminar.folder / "rooms.ics").unlink()
    with pytest.raises(SourceUnreadable, match=r"there is no page .*rooms\.ics"):
        seminar.reading()


def test_one_source_that_lists_nothing_beside_others_leaves_all_unread(seminar: Seminar) -> None:
    seminar.page()
    seminar.rooms(entry("20260407", "1500", title="Nets"))
    with pytest.raises(SourceUnreadable, match=r"index\.md lists no talk at all, and another"):
        seminar.reading()


def test_one_bad_file_of_a_folder_leaves_all_unread(seminar: Seminar, tmp_path: Path) -> None:
    seminar.page('3. "Nets" 07.04.26')
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "good.yml").write_text("- {title: Nets, date: 2026-04-07, room: Room 7}")
    (tmp_path / "more" / "bad.yml").write_text("- {title: ")
    whose = marked(WHOSE)
    sources: list[tuple[str, Source]] = [
        ("index.md", PageSource(tmp_path / "index.md", whose)),
        ("more", DataSource(tmp_path / "more", whose)),
    ]
    with pytest.raises(SourceUnreadable, match=r"bad\.yml.* \(of several sources each must be"):
        asyncio.run(Several(sources, WHOSE).load(NOW))


# Identity


def test_a_talk_stays_the_same_when_an_earlier_source_takes_it_up(seminar: Seminar) -> None:
    seminar.page('3. "Nets" 07.04.26')
    seminar.rooms(
        entry("20260407", "1500"), entry("20260414", "1500", title="Halls", uid="halls@x")
    )
    first = believed(None, seminar.reading(), WHOSE, NOW)
    assert [talk.identity for talk in first.talks] == ["3", "halls@x"]
    seminar.page('3. "Nets" 07.04.26', '4. "Halls" 14.04.26')
    then = believed(first, seminar.reading(), WHOSE, NOW + timedelta(hours=1))
    assert [(talk.id, talk.identity) for talk in then.talks] == [("3", "3"), ("4", "halls@x")]
    assert then.gone == ()


def test_a_talk_that_the_page_loses_is_gone_although_its_slot_stands(seminar: Seminar) -> None:
    rule = "RRULE:FREQ=WEEKLY;COUNT=4"
    seminar.page('3. "Nets" 07.04.26', '4. "Halls" 14.04.26')
    seminar.rooms(entry("20260331", "1500", rule, title="Our Seminar"))
    first = believed(None, seminar.reading(), WHOSE, NOW)
    seminar.page('3. "Nets" 07.04.26')
    then = believed(first, seminar.reading(), WHOSE, NOW + timedelta(hours=1))
    assert [talk.title for talk in then.gone] == ["Halls"]


def test_no_mark_of_what_the_series_says_is_left(tmp_path: Path) -> None:
    seminar = Seminar(tmp_path, replace(WHOSE, start=time(15, 0), location=None, stream=None))
    seminar.page('3. "Nets" 07.04.26', "4. TBA 14.04.26")
    seminar.data("title: Nets, date: 2026-04-07", "title: Walls, date: 2026-04-21")
    for talk in seminar.talks():
        assert (talk.location, talk.stream) == (None, None)
        assert talk.starts_at
        assert talk.ends_at
        assert (talk.starts_at.microsecond, talk.ends_at.microsecond) == (0, 0)
    assert seminar.talks()[0].starts_at == datetime(2026, 4, 7, 13, tzinfo=UTC)


# By the command


def several(desk: Desk, *tables: str) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    wanted = "".join(f"[[series.source]]\n{table}\n\n" for table in tables)
    config.write_text(text.replace('[series.source]\nlocation = "index.md"\n', wanted))


def test_a_contradiction_holds_the_talk_and_the_rest_goes(desk: Desk) -> None:
    several(desk, 'location = "index.md"', 'kind = "calendar"\nlocation = "rooms.ics"')
    talks = '### 3. "Nets" 07.04.20\n### 4. "Halls" 08.04.20\n'
    desk.page(talks)
    Seminar(desk.folder).rooms(
        entry("20200407", "1500", "LOCATION:Room 7", end="1630"),
        entry("20200408", "1500", "LOCATION:Room 8"),
    )
    nets, halls = desk.json("talks", "--now", "2020-04-03T10:00")
    assert (nets["location"], nets["ends_at"]) == ("Room 7", "2020-04-07T16:30:00+02:00")
    assert (halls["location"], halls["unclear"]) == ("Room 8", None)
    [mail] = desk.json("send", "--dry-run", "--now", "2020-04-03T10:00")["sent"]
    assert mail["talks"] == ["3", "4"]
    desk.page(f"{talks}Wednesday 8.4 at 5pm.\n")
    [mail] = desk.json("send", "--dry-run", "--now", "2020-04-03T10:00", status=1)["sent"]
    assert mail["talks"] == ["3"]
    done = desk.run("send", "--dry-run", "--now", "2020-04-03T10:00")
    assert "Room 7" in done.stdout
    assert "Halls" not in done.stdout
    checked = desk.run("check", "--now", "2020-04-03T10:00").stdout
    assert "talk 4 is not announced: the sources contradict each other on its start: " in checked


def test_a_source_that_is_away_is_an_error_and_nothing_is_made_of_the_other(desk: Desk) -> None:
    several(desk, 'location = "index.md"', 'kind = "calendar"\nlocation = "rooms.ics"')
    done = desk.run("talks", "--now", "2020-04-03T10:00")
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no page" in done.stderr
    assert "rooms.ics" in done.stderr
    assert desk.run("adopt", "--now", "2020-04-03T10:00").returncode == 3
    assert not (desk.folder / "announcer.db").exists()


# As mathematics


class Told:
    """A source that says what it was told."""

    def __init__(self, talks: Sequence[Talk]) -> None:
        self.talks = tuple(talks)

    async def load(self, now: datetime) -> Reading:
        """Say it."""
        return Reading(talks=self.talks)


def joined(*places: Sequence[Talk]) -> tuple[Talk, ...]:
    sources: list[tuple[str, Source]] = [(str(n), Told(talks)) for n, talks in enumerate(places)]
    return asyncio.run(Several(sources, WHOSE).load(NOW)).talks


@st.composite
def listed(draw: st.DrawFn) -> list[Talk]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        title = draw(st.sampled_from([None, "Nets", "Halls", "Walls", "Rings and fields"]))
        day = draw(st.sampled_from([None, *(date(2026, 4, n) for n in (1, 3, 7, 8))]))
        hour = draw(st.sampled_from([None, 15, 16])) if day else None
        start = datetime(day.year, day.month, day.day, hour, tzinfo=UTC) if day and hour else None
        found.append(
            Talk(
                id=f"{draw(st.sampled_from('ab'))}{number}",
                title=title,
                tba=title is None,
                speakers=draw(st.sampled_from([(), ("Ada",), ("Grace",)])),
                day=day,
                starts_at=start,
                ends_at=start + timedelta(hours=1) if start else None,
                location=draw(st.sampled_from([None, "Room 1", "Room 2"])),
                status=draw(st.sampled_from([Status.CONFIRMED, Status.CANCELLED])),
            )
        )
    return found


def who_tells_it_apart(talk: Talk) -> tuple[object, ...]:
    return (talk.title, talk.day, talk.starts_at, talk.speakers)


@given(listed())
def test_a_source_beside_itself_changes_nothing(talks: list[Talk]) -> None:
    apart = {who_tells_it_apart(talk): talk for talk in talks}
    once = list(apart.values())
    assert [talk for talk in joined(once, once) if talk.unclear] == []
    assert joined(once, once) == tuple(once)


@given(listed(), listed(), listed())
def test_no_talk_of_the_first_source_is_lost_and_each_has_an_id_of_its_own(
    first: list[Talk], second: list[Talk], third: list[Talk]
) -> None:
    found = joined(first, second, third)
    assert [talk.id for talk in found[: len(first)]] == [talk.id for talk in first]
    assert len({talk.id for talk in found}) == len(found)
    for before, after in zip(first, found, strict=False):
        assert (after.title, after.status) == (before.title, before.status)
        assert after.day == (before.day or after.day)
        assert after.starts_at == (before.starts_at or after.starts_at)
