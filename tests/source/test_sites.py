"""Sites with a public interface, answered by a real server as their code and documentation say."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from desk import Desk
from terms import NOW, local, series
from web_server import Asked, Page, Web, web

from announcer.errors import SourceUnreadable
from announcer.source.indico import MOST, Indico
from announcer.source.interface import Interface, InterfaceSource, prose
from announcer.source.pretalx import Pretalx
from announcer.source.researchseminars import ResearchSeminars
from announcer.talks import Reading, Status, Talk

HTML = Page(body=b"<!DOCTYPE html><title>Sign in</title>", headers={"Content-Type": "text/html"})
Fields = Mapping[str, Any]


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as site:
        yield site


def reading(kind: Interface, location: str, *, room: str | None = None) -> Reading:
    return asyncio.run(InterfaceSource(kind, location, series(location=room)).load(NOW))


def refused(kind: Interface, location: str) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        reading(kind, location)
    return str(caught.value)


def as_json(value: object, status: int = 200) -> Page:
    return Page(body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"})  # fmt: skip


def said(talk: Talk) -> tuple[object, ...]:
    """What tells one talk from another."""
    return (talk.id, talk.title, talk.speakers, str(talk.day), local(talk), talk.location)


# Pretalx: /EVENT/schedule/export/schedule.json

SLOT: Fields = {
    "guid": "0c1d7b4e-0000-5000-8000-000000000001",
    "code": "NETS42",
    "id": 7,
    "logo": None,
    "date": "2026-04-07T16:00:00+02:00",
    "start": "16:00",
    "duration": "01:30",
    "room": "Hall 1",
    "slug": "conf-7-nets",
    "url": "https://pretalx.example/conf/talk/NETS42/",
    "title": "Nets",
    "subtitle": "",
    "track": None,
    "type": "Talk",
    "language": "en",
    "abstract": "Short.",
    "description": "Long.",
    "do_not_record": False,
    "persons": [
        {"code": "A", "name": "Ada Lovelace", "public_name": "Ada Lovelace", "biography": "secret", "guid": "x"},
        {"code": "B", "name": "Grace Hopper", "public_name": "Grace Hopper", "biography": None, "guid": "y"},
    ],
    "links": [],
    "attachments": [],
}  # fmt: skip


def schedule(*rooms: Mapping[str, Sequence[Fields]]) -> Page:
    days = [{"index": n, "date": "2026-04-07", "rooms": talks} for n, talks in enumerate(rooms, 1)]
    conference = {"acronym": "conf", "time_zone_name": "Europe/Berlin", "days": days, "rooms": []}
    return as_json({"schedule": {"version": "0.3", "conference": conference}})


def test_the_slots_of_a_released_schedule_are_talks(site: Web) -> None:
    other = {**SLOT, "code": "HALLS", "title": "Halls", "date": "2026-04-08T09:00:00+02:00", "duration": "00:45", "persons": []}  # fmt: skip
    site.pages["/conf/schedule/export/schedule.json"] = schedule(
        {"Hall 1": [SLOT]}, {"Hall 2": [{**other, "room": "Hall 2"}]}
    )
    nets, halls = reading(Pretalx(), f"{site.url}/conf/schedule/", room="Room 1").talks
    assert said(nets) == ("NETS42", "Nets", ("Ada Lovelace", "Grace Hopper"), "2026-04-07", "16:00-17:30", "Hall 1")  # fmt: skip
    assert said(halls) == ("HALLS", "Halls", (), "2026-04-08", "09:00-09:45", "Hall 2")
    assert (nets.url, nets.abstract) == ("https://pretalx.example/conf/talk/NETS42/", "Short.")


@pytest.mark.parametrize("page", ["", "/", "/schedule/", "/talk/NETS42/", "/schedule/export/schedule.json", "/schedule/v/0.3/"])  # fmt: skip
def test_an_event_is_named_by_any_of_its_pages(site: Web, page: str) -> None:
    site.pages["/conf/schedule/export/schedule.json"] = schedule({"Hall 1": [SLOT]})
    assert len(reading(Pretalx(), f"{site.url}/conf{page}").talks) == 1


def test_the_slots_of_one_talk_are_talks_of_their_own(site: Web) -> None:
    again = {**SLOT, "date": "2026-04-08T16:00:00+02:00"}
    site.pages["/conf/schedule/export/schedule.json"] = schedule({"Hall 1": [SLOT, again]})
    talks = reading(Pretalx(), f"{site.url}/conf/").talks
    assert [(t.id, str(t.day)) for t in talks] == [("NETS42/1", "2026-04-07"), ("NETS42/2", "2026-04-08")]  # fmt: skip


def test_a_slot_on_the_clock_of_the_event_is_told_in_the_zone_of_the_series(site: Web) -> None:
    page = schedule({"Hall 1": [{**SLOT, "date": "2026-04-07T23:30:00-04:00"}]})
    site.pages["/conf/schedule/export/schedule.json"] = page
    [talk] = reading(Pretalx(), f"{site.url}/conf/").talks
    assert (talk.day, local(talk)) == (date(2026, 4, 8), "05:30-07:00")


def test_a_schedule_that_is_not_released_is_no_empty_one(site: Web) -> None:
    assert refused(Pretalx(), f"{site.url}/conf/") == (
        f"{site.url}/conf/: pretalx answered 404 at {site.url}/conf/schedule/export/schedule.json; "
        "nothing with this name is public there; check source.location"
    )
    site.pages["/conf/schedule/export/schedule.json"] = as_json({"schedule": []})
    assert "the answer has no schedule.conference.days" in refused(Pretalx(), f"{site.url}/conf/")


@pytest.mark.parametrize("path", ["", "/", "/api/events/conf/", "/orga/event/conf/"])
def test_an_address_that_names_no_event_says_how_it_is_written(site: Web, path: str) -> None:
    assert 'like "https://pretalx.example.org/my-event/"' in refused(Pretalx(), f"{site.url}{path}")
    assert site.paths == []


# Indico: /export/categ/ID.json and /export/event/ID.json


def at(day: str, time: str) -> Fields:
    return {"date": day, "time": time, "tz": "UTC"}


def person(first: str, last: str) -> Fields:
    return {
        "_type": "ConferenceChair",
        "first_name": first,
        "last_name": last,
        "fullName": f"{last}, {first}",
        "affiliation": "CERN",
        "emailHash": "d41d8cd9",
        "email": "private@example.org",
    }


LECTURE: Fields = {
    "_type": "Conference",
    "id": "101",
    "title": "Nets",
    "description": "<p>Why nets &amp; not <b>walls</b>.</p><p>See <a href='https://x.example/p'>this</a></p>",
    "startDate": at("2026-04-07", "14:00:00"),
    "endDate": at("2026-04-07", "15:30:00"),
    "timezone": "Europe/Zurich",
    "room": "R-001",
    "roomFullname": "222/R-001",
    "location": "CERN",
    "address": "",
    "type": "simple_event",
    "url": "https://indico.example/event/101/",
    "chairs": [person("Ada", "Lovelace")],
    "creator": person("Carl", "Organiser"),
    "contributions": [],
    "label": None,
    "hasAnyProtection": False,
}  # fmt: skip
PART: Fields = {
    "_type": "Contribution",
    "id": "1",
    "db_id": 9001,
    "title": "Halls",
    "startDate": at("2026-04-14", "12:15:00"),
    "endDate": at("2026-04-14", "13:00:00"),
    "duration": 45,
    "roomFullname": "",
    "room": "",
    "location": "",
    "description": "About halls.",
    "url": "https://indico.example/event/102/contributions/9001/",
    "speakers": [person("Grace", "Hopper")],
    "primaryauthors": [person("Not", "Speaking")],
}
MEETING: Fields = {
    **LECTURE,
    "id": "102",
    "title": "Seminar of 14 April",
    "type": "meeting",
    "startDate": at("2026-04-14", "12:00:00"),
    "endDate": at("2026-04-14", "14:00:00"),
    "chairs": [person("Carl", "Chair")],
    "contributions": [PART],
}


def results(*events: Fields) -> Page:
    return as_json({"count": len(events), "ts": 1, "url": "", "results": list(events), "_type": "HTTPAPIResult"})  # fmt: skip


def test_the_lectures_of_a_category_are_talks_and_so_is_what_is_said_at_its_meetings(
    site: Web,
) -> None:
    site.pages["/export/categ/12.json"] = results(MEETING, LECTURE)
    nets, halls = reading(Indico(), f"{site.url}/category/12/", room="Room 1").talks
    assert said(nets) == ("101", "Nets", ("Ada Lovelace",), "2026-04-07", "16:00-17:30", "222/R-001, CERN")  # fmt: skip
    assert said(halls) == ("102/9001", "Halls", ("Grace Hopper",), "2026-04-14", "14:15-15:00", "222/R-001, CERN")  # fmt: skip
    assert nets.abstract == "Why nets & not walls.\n\nSee [this](https://x.example/p)"
    assert nets.url == f"{site.url}/event/101/"
    assert halls.url == "https://indico.example/event/102/contributions/9001/"
    assert "private" not in repr((nets, halls))
    [path] = site.paths
    assert path == (
        "/export/categ/12.json?detail=contributions&tz=UTC&order=start&descending=yes&limit=500"
        "&from=2025-01-01"
    )


def test_a_meeting_in_which_nothing_is_said_yet_has_no_speaker_and_no_chair_speaks(
    site: Web,
) -> None:
    site.pages["/export/categ/12.json"] = results({**MEETING, "contributions": []})
    [talk] = reading(Indico(), f"{site.url}/category/12/").talks
    assert said(talk) == ("102", "Seminar of 14 April", (), "2026-04-14", "14:00-16:00", "222/R-001, CERN")  # fmt: skip


def test_the_one_contribution_of_a_meeting_is_at_its_time_unless_it_has_its_own(site: Web) -> None:
    unplanned = {**PART, "startDate": None, "endDate": None}
    site.pages["/export/event/102.json"] = results({**MEETING, "contributions": [unplanned]})
    [talk] = reading(Indico(), f"{site.url}/event/102/").talks
    assert (talk.title, local(talk)) == ("Halls", "14:00-16:00")


def test_of_several_contributions_one_that_is_not_planned_yet_has_no_day(site: Web) -> None:
    unplanned = {**PART, "db_id": 9002, "title": "Walls", "startDate": None, "endDate": None}
    site.pages["/export/event/102.json"] = results({**MEETING, "contributions": [unplanned, PART]})
    halls, walls = reading(Indico(), f"{site.url}/event/102/").talks
    assert (halls.title, local(halls)) == ("Halls", "14:15-15:00")
    assert (walls.title, walls.day, walls.starts_at) == ("Walls", None, None)


def test_a_welcome_that_nobody_gives_is_no_talk_and_is_named(site: Web) -> None:
    welcome = {**PART, "db_id": 9000, "title": "Welcome", "speakers": []}
    site.pages["/export/event/102.json"] = results({**MEETING, "contributions": [welcome, PART]})
    found = reading(Indico(), f"{site.url}/event/102/")
    assert [talk.title for talk in found.talks] == ["Halls"]
    assert found.warnings == (
        f'{site.url}/event/102/: "Welcome" has no speaker, so it is not read as a talk',
    )


def test_a_conference_is_one_entry_of_a_category_and_many_talks_by_itself(site: Web) -> None:
    conference = {**MEETING, "type": "conference", "contributions": [PART, {**PART, "db_id": 9003}]}
    site.pages["/export/categ/12.json"] = results(conference)
    site.pages["/export/event/102.json"] = results(conference)
    assert len(reading(Indico(), f"{site.url}/category/12/").talks) == 1
    assert len(reading(Indico(), f"{site.url}/event/102/").talks) == 2


def test_a_label_that_says_so_cancels_a_lecture(site: Web) -> None:
    label = {"title": "Cancelled", "color": "red", "is_event_not_happening": True, "message": ""}
    moved = {"title": "New room", "color": "blue", "is_event_not_happening": False, "message": ""}
    site.pages["/export/categ/12.json"] = results(
        {**LECTURE, "id": "103", "label": moved}, {**LECTURE, "label": label}
    )
    talks = reading(Indico(), f"{site.url}/category/12/").talks
    assert [talk.status for talk in talks] == [Status.CANCELLED, Status.CONFIRMED]


def test_a_time_in_another_zone_is_an_instant_and_one_in_an_unknown_zone_is_unclear(
    site: Web,
) -> None:
    late = {"date": "2026-04-07", "time": "20:30:00", "tz": "America/New_York"}
    odd = {"date": "2026-04-07", "time": "20:30:00", "tz": "CERN time"}
    site.pages["/export/event/101.json"] = results({**LECTURE, "startDate": late, "endDate": None})
    [talk] = reading(Indico(), f"{site.url}/event/101/").talks
    assert (talk.day, local(talk)) == (date(2026, 4, 8), "02:30-03:30")
    site.pages["/export/event/101.json"] = results({**LECTURE, "startDate": odd})
    [talk] = reading(Indico(), f"{site.url}/event/101/").talks
    assert (talk.starts_at, talk.unclear) == (
        None,
        f'"2026-04-07 20:30:00" was not understood as a moment ({site.url}/event/101/)',
    )


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        ("/category/12", "/export/categ/12.json"),
        ("/category/12/overview?date=2026", "/export/categ/12.json"),
        ("/indico/category/12/", "/indico/export/categ/12.json"),
        ("/export/categ/12.json?detail=events", "/export/categ/12.json"),
        ("/categoryDisplay.py?categId=3l12", "/export/categ/3l12.json"),
        ("/event/101/contributions/9001/", "/export/event/101.json"),
        ("/conferenceDisplay.py?confId=101", "/export/event/101.json"),
        ("/conferenceDisplay.py?confId=101&confId=101", "/export/event/101.json"),
    ],
)
def test_indico_is_named_by_any_of_its_pages(site: Web, page: str, asked: str) -> None:
    site.pages[asked] = results(LECTURE)
    assert len(reading(Indico(), f"{site.url}{page}").talks) == 1


@pytest.mark.parametrize(
    "page", ["/", "/e/my-seminar", "/event/my-seminar/", "/categoryDisplay.py"]
)
def test_an_address_that_names_no_category_says_how_it_is_written(site: Web, page: str) -> None:
    assert f'like "{site.url}/category/123/ (or ' in refused(Indico(), f"{site.url}{page}")
    assert site.paths == []


def test_what_indico_does_not_show_to_everyone_is_said(site: Web) -> None:
    site.pages["/export/event/101.json"] = results()
    assert "shows no such event to who is not logged in" in refused(Indico(), f"{site.url}/event/101/")  # fmt: skip
    site.pages["/export/categ/12.json"] = results()
    found = reading(Indico(), f"{site.url}/category/12/")
    assert found.warnings == (
        f"{site.url}/category/12/ shows no talk to who is not logged in; that may be right, or its "
        "talks are not public",
    )
    site.pages["/export/categ/12.json"] = as_json({"message": "API key is missing"}, status=403)
    assert "it is not public, and only what anyone may read is read" in refused(Indico(), f"{site.url}/category/12/")  # fmt: skip


def test_a_category_that_is_cut_off_is_not_read(site: Web) -> None:
    site.pages["/export/categ/1.json"] = results(*[LECTURE] * MOST)
    assert "name the category of the seminar itself" in refused(Indico(), f"{site.url}/category/1/")


# researchseminars.org: /api/0/search/talks

ROW: Fields = {
    "series_id": "Nets",
    "series_ctr": 3,
    "title": "Nets",
    "speaker": "Ada Lovelace and Grace Hopper",
    "speaker_affiliation": "London",
    "speaker_email": "private@example.org",
    "abstract": "Why $n$ets.",
    "start_time": "2026-04-07T14:00:00+00:00",
    "end_time": "2026-04-07T15:30:00+00:00",
    "timezone": "America/New_York",
    "room": "",
    "online": True,
    "access_control": 0,
    "live_link": "https://zoom.example/j/1",
    "token": "private-token",
    "hidden": False,
    "deleted": False,
    "display": True,
}
TALKS = "/api/0/search/talks"


def rows(*found: Fields) -> Page:
    return as_json({"code": "success", "results": list(found)})


def test_the_talks_of_a_series_are_those_that_are_shown(site: Web) -> None:
    site.pages[TALKS] = rows(
        {**ROW, "series_ctr": 4, "title": "TBA", "start_time": "2026-04-14T14:00:00+00:00", "end_time": "2026-04-14T15:00:00+00:00", "room": "Hall 1"},
        ROW,
        {**ROW, "series_ctr": 5, "hidden": True},
        {**ROW, "series_ctr": 6, "display": False},
    )  # fmt: skip
    found = reading(ResearchSeminars(), f"{site.url}/seminar/Nets", room="Room 1")
    nets, tba = found.talks
    assert said(nets) == ("Nets/3", "Nets", ("Ada Lovelace", "Grace Hopper"), "2026-04-07", "16:00-17:30", "Room 1")  # fmt: skip
    assert said(tba)[:2] == ("Nets/4", None)
    assert (tba.location, nets.stream) == ("Hall 1", "https://zoom.example/j/1")
    assert nets.url == f"{site.url}/talk/Nets/3/"
    assert "private" not in repr(found)
    assert found.warnings == (f"{site.url}/seminar/Nets: 2 hidden talks are not read",)
    assert site.paths == [f"{TALKS}?series_id=%22Nets%22"]


@pytest.mark.parametrize("control", [1, 2, 3, 4, 5, None])
def test_a_link_that_wants_a_password_or_a_registration_is_not_published(
    site: Web, control: int | None
) -> None:
    site.pages[TALKS] = rows({**ROW, "access_control": control})
    [talk] = reading(ResearchSeminars(), f"{site.url}/seminar/Nets").talks
    assert talk.stream is None
    assert "zoom" not in repr(talk)


def test_rows_beside_a_list_of_their_names_are_read_too(site: Web) -> None:
    names = ["seminar_id", "seminar_ctr", "title", "speaker", "start_time", "end_time", "timezone"]
    row = ["Nets", 3, "Nets", "Ada Lovelace", "2026-04-07 10:00:00", "2026-04-07 11:00:00", "America/New_York"]  # fmt: skip
    site.pages[TALKS] = as_json({"code": "success", "properties": names, "talks": [row]})
    [talk] = reading(ResearchSeminars(), f"{site.url}/seminar/Nets").talks
    assert said(talk) == ("Nets/3", "Nets", ("Ada Lovelace",), "2026-04-07", "16:00-17:00", None)


def test_the_series_is_asked_for_by_its_other_name_where_the_first_is_not_known(site: Web) -> None:
    def answer(asked: Asked) -> Page:
        return rows(ROW) if "seminar_id" in asked.path else as_json({"code": "error"}, status=400)

    site.pages[TALKS] = answer
    assert len(reading(ResearchSeminars(), f"{site.url}/seminar/Nets").talks) == 1


def test_talks_of_other_series_are_never_taken_for_its_own(site: Web) -> None:
    site.pages[TALKS] = rows(ROW, {**ROW, "series_id": "Walls"})
    words = refused(ResearchSeminars(), f"{site.url}/seminar/Nets")
    assert "the answer is not about this series alone" in words
    assert 'kind = "calendar"' in words


@pytest.mark.parametrize("answer", [{"code": "success"}, {"results": [{"name": "x"}]}, 3, {"results": [[1, 2]], "properties": ["title"]}])  # fmt: skip
def test_an_answer_of_another_form_is_no_empty_series(site: Web, answer: object) -> None:
    site.pages[TALKS] = as_json(answer)
    assert "is not one that is known" in refused(ResearchSeminars(), f"{site.url}/seminar/Nets")


def test_a_code_that_is_no_word_is_an_error_with_advice(site: Web) -> None:
    site.pages[TALKS] = as_json({"code": {"a": 1}, "results": []})
    assert "check source.location" in refused(ResearchSeminars(), f"{site.url}/seminar/Nets")


def test_what_the_site_says_is_wrong_is_passed_on(site: Web) -> None:
    site.pages[TALKS] = as_json({"code": "unknown_field", "description": "no such series"})
    assert "answered: no such series" in refused(ResearchSeminars(), f"{site.url}/seminar/Nets")


def test_an_address_that_names_no_series_says_how_it_is_written(site: Web) -> None:
    words = refused(ResearchSeminars(), f"{site.url}/?topic=math")
    assert 'like "https://researchseminars.org/seminar/MySeminar"' in words


def test_a_talk_that_is_cancelled_there_is_cancelled(site: Web) -> None:
    site.pages[TALKS] = rows({**ROW, "canceled": True})
    [talk] = reading(ResearchSeminars(), f"{site.url}/seminar/Nets").talks
    assert talk.cancelled


def test_a_talk_without_a_time_is_listed_and_has_none(site: Web) -> None:
    site.pages[TALKS] = rows({**ROW, "start_time": None, "end_time": None})
    [talk] = reading(ResearchSeminars(), f"{site.url}/seminar/Nets").talks
    assert (talk.title, talk.day, talk.starts_at, talk.unclear) == ("Nets", None, None, None)


# All of them

KINDS: tuple[tuple[Interface, str], ...] = (
    (Pretalx(), "/conf/"),
    (Indico(), "/category/12/"),
    (ResearchSeminars(), "/seminar/Nets"),
)


@pytest.mark.parametrize(("kind", "path"), KINDS)
def test_a_web_page_in_place_of_an_answer_is_said_to_be_one(
    site: Web, kind: Interface, path: str
) -> None:
    for asked in ("/conf/schedule/export/schedule.json", "/export/categ/12.json", TALKS):
        site.pages[asked] = HTML
    words = refused(kind, f"{site.url}{path}")
    assert f"answered with a web page, where {kind.site} answers JSON" in words


@pytest.mark.parametrize(("kind", "path"), KINDS)
def test_an_answer_that_is_cut_off_is_an_error(site: Web, kind: Interface, path: str) -> None:
    pages = {
        "/conf/schedule/export/schedule.json": schedule({"Hall 1": [SLOT]}),
        "/export/categ/12.json": results(LECTURE),
        TALKS: rows(ROW),
    }
    for end in range(1, len(pages[TALKS].body), 40):
        site.pages |= {path: Page(body=page.body[:end]) for path, page in pages.items()}
        assert "answered with a broken text" in refused(kind, f"{site.url}{path}")


@pytest.mark.parametrize(("kind", "path"), KINDS)
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_each_refusal_says_what_to_do(site: Web, kind: Interface, path: str, status: int) -> None:
    for asked in ("/conf/schedule/export/schedule.json", "/export/categ/12.json", TALKS):
        site.pages[asked] = Page(status=status)
    advice = {401: "make it public", 403: "make it public", 404: "check source.location", 500: "wait for the server"}  # fmt: skip
    words = refused(kind, f"{site.url}{path}")
    assert f"{kind.site} answered {status}" in words
    assert words.endswith(advice[status])


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (None, None),
        ("for a < b", "for a < b"),
        ("<p>One\ntwo</p><p>Three</p>", "One two\n\nThree"),
        ("One<br>two<ul><li>a</li><li>b</li></ul>", "One\ntwo\n\n- a\n- b"),
        ("<style>p {}</style><script>x()</script>One", "One"),
        ("<a href='javascript:x()'>One</a> <a href='https://x.example'>two</a>", "One [two](https://x.example)"),
        ("<p></p>", None),
    ],
)  # fmt: skip
def test_html_is_read_as_words_paragraphs_lists_and_links(
    raw: str | None, text: str | None
) -> None:
    assert prose(raw) == text


@pytest.mark.parametrize(
    ("kind", "path"),
    [("pretalx", "/conf/"), ("indico", "/category/12/"), ("researchseminars", "/seminar/Nets")],
)
def test_each_kind_is_read_by_the_command(site: Web, desk: Desk, kind: str, path: str) -> None:
    site.pages |= {
        "/conf/schedule/export/schedule.json": schedule({"Hall 1": [SLOT]}),
        "/export/categ/12.json": results(LECTURE),
        TALKS: rows(ROW),
    }
    config = desk.folder / "config.toml"
    asked = f'kind = "{kind}"\nlocation = "{site.url}{path}"'
    config.write_text(config.read_text().replace('location = "index.md"', asked))
    [talk] = desk.json("talks", "--now", "2026-04-03T10:00")
    assert (talk["title"], talk["starts_at"]) == ("Nets", "2026-04-07T16:00:00+02:00")
