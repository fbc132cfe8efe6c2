"""Whatever kind of source, field or ledger a text comes from, the values hold clean text."""

import asyncio
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from terms import NOW, series
from test_hostile import raw
from web_server import Page, web

from announcer import cleaning
from announcer.ledger.codec import talks_of, text_of_talks
from announcer.message import Said
from announcer.source.calendar import CalendarSource
from announcer.source.data import DataSource
from announcer.source.indico import Indico
from announcer.source.interface import Interface, InterfaceSource
from announcer.source.page import PageSource
from announcer.source.posts import PostsSource
from announcer.source.pretalx import Pretalx
from announcer.source.researchseminars import ResearchSeminars
from announcer.source.several import Several, marked
from announcer.talks import Ground, Link, Mailbox, Reading, Series, Talk

STARTS: Final = datetime(2026, 4, 7, 13, tzinfo=UTC)
SAID: Final = Said(
    talk="nets",
    day=STARTS.date(),
    moment_day=STARTS.date(),
    title=None,
    speakers=(),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=1),
    location=None,
    stream=None,
    status="confirmed",
    uid="u",
    sequence=0,
    stamp=STARTS,
    digest="d",
)
MADE: Final[Mapping[str, Callable[..., object]]] = {
    "talk": lambda **facts: Talk(id=facts.pop("id", "nets"), **({"tba": "title" not in facts} | facts)),
    "link": lambda **facts: Link(**({"text": "slides", "url": "https://a.example"} | facts)),
    "mailbox": lambda **facts: Mailbox(**({"address": "a@b.example"} | facts)),
    "series": lambda **facts: replace(series(), **facts),
    "ground": lambda **facts: Ground(**({"where": "talks.yml, line 1", "text": "x"} | facts)),
    "reading": lambda **facts: Reading(talks=(), **facts),
    "said": lambda **facts: replace(SAID, **facts),
}  # fmt: skip
# Names that the settings or the program itself make, of letters that are known.
MADE_BY_US: Final = {
    "series": {"id", "list", "organisers", "language", "other_languages", "accent"},
    "said": {"talk", "first_id", "status", "uid", "digest"},
    "ground": {"fact"},
}
TEXTS: Final = {str(kind) for kind in (str, str | None, tuple[str, ...])}
FIELDS: Final = [
    (kind, field.name, "several" if "tuple" in str(field.type) else "")
    for kind, one in {
        "talk": Talk, "link": Link, "mailbox": Mailbox, "series": Series, "ground": Ground,
        "reading": Reading, "said": Said,
    }.items()
    for field in fields(one)
    if str(field.type) in TEXTS
    and field.name not in MADE_BY_US.get(kind, set())
]  # fmt: skip
ADDRESSES: Final = {"url", "stream", "website", "list_page", "feed_url"}
OF_SEVERAL_LINES: Final = {"abstract", "text"}
DIRTY: Final = (
    "A \x1b[31m \u202e talk", "Rockets \ud83d", "\x9b31m", "x\ufdd0\uffff\U0001fffe", "a\u2028b", "\u2066x\u2069", "e\u0301",
    "tab\tand\nline", "\0", "\ufeffBOM", "\ufff9a\ufffab\ufffb",
)  # fmt: skip


def texts(value: object) -> Iterator[tuple[str, str]]:
    """Give each text that a value holds, with the name of its field."""
    if not is_dataclass(value) or isinstance(value, type):
        return
    for field in fields(value):
        held = getattr(value, field.name)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, str):
                yield field.name, str(one)
            else:
                yield from texts(one)


def assert_clean(value: object) -> None:
    for name, text in texts(value):
        found = {unicodedata.category(c) for c in text.replace("\n", "").replace("\t", "")}
        assert not found & {"Cc", "Cs", "Zl", "Zp"}, (name, ascii(text))
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text), ascii(text)
        assert not [c for c in text if ord(c) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(c) <= 0xFDEF]
        assert name in OF_SEVERAL_LINES or not re.search(r"[\n\t]", text), (name, ascii(text))
        assert name in ADDRESSES or unicodedata.is_normalized("NFC", text), (name, ascii(text))
        assert len(text) <= cleaning.LONGEST_TEXT


@pytest.mark.parametrize(("kind", "name", "several"), FIELDS, ids=str)
def test_a_value_holds_only_clean_text_whatever_it_is_made_from(
    kind: str, name: str, several: str
) -> None:
    chance = random.Random(f"{kind}.{name}")
    for dirty in (*DIRTY, *(raw(chance) for _ in range(100))):
        given = f"x{dirty}" if name in {"id", "first_id"} else dirty
        value = MADE[kind](**{name: (given, "x") if several else given})
        assert_clean(value)
        again = replace(value)  # type: ignore[type-var]  # each of them is a dataclass
        assert again == value


def test_every_text_of_a_value_is_tried() -> None:
    tried = {(kind, name) for kind, name, _ in FIELDS}
    assert {("talk", n) for n in ("id", "title", "speakers", "location", "stream", "url", "abstract")} <= tried  # fmt: skip
    assert {("talk", n) for n in ("unclear", "warnings", "first_id")} <= tried
    assert {("link", "text"), ("link", "url"), ("series", "name"), ("series", "footer")} <= tried


# Kinds of source

FACTS: Final = ("title", "speaker", "location", "url", "stream", "abstract", "id", "status")


def data(facts: Mapping[str, str], folder: Path) -> Reading:
    (folder / "talks.json").write_text(json.dumps([{"date": "2026-04-07", **facts}]))
    return asyncio.run(DataSource(folder / "talks.json", series()).load(NOW))


def table(facts: Mapping[str, str], folder: Path) -> Reading:
    cells = ('"' + _writable(text).replace('"', '""') + '"' for text in facts.values())
    content = f"date,{','.join(facts)}\n2026-04-07,{','.join(cells)}\n"
    (folder / "talks.csv").write_text(content, encoding="utf-8", newline="")
    return asyncio.run(DataSource(folder / "talks.csv", series()).load(NOW))


def posts(facts: Mapping[str, str], folder: Path) -> Reading:
    lines = (f'{name}: "{_escaped(text)}"' for name, text in facts.items() if name != "abstract")
    front = "\n".join(("---", "date: 2026-04-07", *lines, "---", ""))
    content = f"{front}\n{_writable(facts['abstract'])}\n"
    (folder / "talk.md").write_text(content, encoding="utf-8", newline="")
    return asyncio.run(PostsSource(folder / "talk.md", series()).load(NOW))


def calendar(facts: Mapping[str, str], folder: Path) -> Reading:
    names = {
        "title": "SUMMARY", "location": "LOCATION", "abstract": "DESCRIPTION", "url": "URL", "id": "UID",
        "stream": "CONFERENCE", "status": "COMMENT", "speaker": "CONTACT",
    }  # fmt: skip
    said = (f"{names[fact]}:{_one(text)}" for fact, text in facts.items())
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "DTSTAMP:20200101T000000Z", "DTSTART:20260407T130000Z", *said, "END:VEVENT", "END:VCALENDAR", ""]  # fmt: skip
    (folder / "talks.ics").write_text("\r\n".join(lines), encoding="utf-8", newline="")
    return asyncio.run(CalendarSource(folder / "talks.ics", series()).load(NOW))


def page(facts: Mapping[str, str], folder: Path) -> Reading:
    labels = (f"{name.capitalize()}: {_one(text)}" for name, text in facts.items())
    content = "\n\n".join((f'### 7 April 2026: "{_one(facts["title"])}"', *labels))
    (folder / "talks.md").write_text(content, encoding="utf-8", newline="")
    return asyncio.run(PageSource(folder / "talks.md", series()).load(NOW))


def together(facts: Mapping[str, str], folder: Path) -> Reading:
    whose = series(start=time(15), location=facts["location"])
    (folder / "talks.json").write_text(json.dumps([{"date": "2026-04-07", **facts}]))
    one = DataSource(folder / "talks.json", marked(whose))
    return asyncio.run(Several([("a", one), ("b", one)], whose).load(NOW))


def _site(kind: Interface, path: str, answers: Mapping[str, object]) -> Reading:
    with web() as site:
        for where, answer in answers.items():
            site.pages[where] = Page(body=json.dumps(answer).encode())
        return asyncio.run(InterfaceSource(kind, site.url + path, series()).load(NOW))


def pretalx(facts: Mapping[str, str], _: Path) -> Reading:
    slot = {
        "id": 7, "code": facts["id"], "date": "2026-04-07T16:00:00+02:00", "start": "16:00", "duration": "01:30",
        "room": facts["location"], "url": facts["url"], "title": facts["title"], "abstract": facts["abstract"],
        "persons": [{"public_name": facts["speaker"], "name": facts["speaker"]}], "links": [],
        "description": facts["stream"],
    }  # fmt: skip
    day = {"index": 1, "date": "2026-04-07", "rooms": {"Hall": [slot]}}
    conference = {"acronym": "c", "time_zone_name": "Europe/Berlin", "days": [day]}
    schedule = {"schedule": {"version": "1", "conference": conference}}
    return _site(Pretalx(), "/c/schedule/", {"/c/schedule/export/schedule.json": schedule})


def indico(facts: Mapping[str, str], _: Path) -> Reading:
    at = {"date": "2026-04-07", "time": "15:00:00", "tz": "Europe/Berlin"}
    event = {
        "_type": "Conference", "id": facts["id"], "title": facts["title"], "url": facts["url"], "type": "simple_event",
        "description": facts["abstract"], "location": facts["location"], "room": facts["location"], "startDate": at,
        "endDate": {**at, "time": "16:00:00"}, "timezone": "Europe/Berlin",
        "chairs": [{"_type": "ConferenceChair", "fullName": facts["speaker"]}],
    }  # fmt: skip
    answer = {"count": 1, "results": [event], "_type": "HTTPAPIResult"}
    return _site(Indico(), "/category/1/", {"/export/categ/1.json": answer})


def researchseminars(facts: Mapping[str, str], _: Path) -> Reading:
    talk = {
        "seminar_id": "s", "seminar_ctr": 1, "title": facts["title"], "speaker": facts["speaker"], "hidden": False,
        "start_time": "2026-04-07T13:00:00+00:00", "end_time": "2026-04-07T14:00:00+00:00", "timezone": "UTC",
        "room": facts["location"], "abstract": facts["abstract"], "stream_link": facts["stream"], "deleted": False,
        "comments": facts["status"], "paper_link": facts["url"], "display": True,
    }  # fmt: skip
    return _site(ResearchSeminars(), "/seminar/s", {"/api/0/search/talks": {"results": [talk]}})


def _writable(text: str) -> str:
    """Give what a file of text in UTF-8 can hold."""
    return text.encode("utf-8", "ignore").decode().replace("\0", "")


def _escaped(text: str) -> str:
    """Give a text as YAML writes it in quotes."""
    return "".join(f"\\U{ord(c):08x}" for c in _writable(text))


def _one(text: str) -> str:
    return " ".join(_writable(text).split())


KINDS: Final = {
    "data": data, "csv": table, "posts": posts, "calendar": calendar, "page": page,
    "several": together, "pretalx": pretalx, "indico": indico, "researchseminars": researchseminars,
}  # fmt: skip
PLAIN: Final = {
    "title": "Nets", "speaker": "Ada Lovelace", "location": "Room 2", "url": "https://a.example/1",
    "stream": "https://zoom.us/j/123", "abstract": "About nets.", "id": "nets-1", "status": "confirmed",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fact", FACTS)
def test_no_kind_of_source_gives_a_text_that_is_not_clean(
    kind: str, fact: str, tmp_path: Path
) -> None:
    assert KINDS[kind](PLAIN, tmp_path).talks, "the plain entry is a talk, so that the test tests"
    chance = random.Random(f"{kind}.{fact}")
    for given in (*DIRTY[:6], *(raw(chance) for _ in range(4))):
        reading = KINDS[kind]({**PLAIN, fact: f"{PLAIN[fact]} {given}"}, tmp_path)
        assert_clean(reading)
        for grounds in reading.grounds.values():
            for ground in grounds:
                assert_clean(ground)
        json.dumps([asdict(talk) for talk in reading.talks], default=str, ensure_ascii=False).encode()  # fmt: skip
        assert talks_of(text_of_talks(reading.talks)) == reading.talks


# The rules


@pytest.mark.parametrize(
    "kept",
    [
        "می\u200cخواهم", "क्\u200dष", "👨\u200d👩\u200d👧", "❤\ufe0f", "Größe", "שלום", "x\U000e0067", "สวัสดี\u200bครับ", "數學",
    ],
)  # fmt: skip
def test_what_scripts_and_emoji_need_stays(kept: str) -> None:
    assert Talk(id="1", title=kept).title == kept


@pytest.mark.parametrize(
    ("given", "cut"),
    [
        ("word " * 100, ("word " * 59).rstrip() + "…"),
        ("x" * 400, "x" * 299 + "…"),
        ("x" * 300, "x" * 300),
        ("x" * 298 + "e\u0303\u0301yz", "x" * 298 + "…"),
        ("x" * 296 + "👨\u200d👩\u200d👧" + "y", "x" * 296 + "…"),
    ],
)
def test_a_title_that_is_cut_ends_in_an_ellipsis_after_a_whole_character(
    given: str, cut: str
) -> None:
    talk = Talk(id="1", title=given, location=given, speakers=(given,))
    assert talk.title == talk.location == talk.speakers[0] == cut
    assert len(cut) <= 300


def test_an_address_is_whole_or_it_is_not_there_and_a_warning_says_so() -> None:
    whole = "https://a.example/" + "x" * 7_900
    talk = Talk(id="1", tba=True, url=whole, stream=whole, links=(Link(text="a", url=whole),))
    assert (talk.url, talk.stream, talk.links[0].url) == (whole, whole, whole)
    assert talk.warnings == ()
    long = "https://a.example/" + "x" * 8_000
    talk = Talk(id="1", tba=True, url=long, links=(Link(text="slides", url=long),))
    assert (talk.url, talk.links) == (None, ())
    assert talk.warnings == (
        "talk 1: the address of its page has more than 8000 characters, so it is left out; give a shorter one",
        'talk 1: the address of its link "slides" has more than 8000 characters, so it is left out; give a shorter one',
    )


def test_an_address_keeps_its_letters_as_they_are_written() -> None:
    decomposed = "https://a.example/Mu\u0308ller.pdf"
    assert Talk(id="1", tba=True, url=decomposed).url == decomposed
    assert Talk(id="1", tba=True, url="https://a.example/a b\n").url == "https://a.example/a%20b"


def test_a_title_of_which_nothing_is_left_is_to_be_announced() -> None:
    talk = Talk(id="1", title="\u202e\x1b", tba=False)
    assert (talk.title, talk.tba) == (None, True)


def test_a_reason_of_which_nothing_is_left_still_holds_the_talk() -> None:
    assert Talk(id="1", tba=True, unclear="\u202e").unclear == "unclear"


@pytest.mark.parametrize("kind", ["data", "posts", "calendar", "page"])
def test_long_addresses_of_a_source_are_whole(kind: str, tmp_path: Path) -> None:
    long = "https://zoom.us/j/1?" + "context=abcdef&" * 24 + "end"
    facts: dict[str, Any] = {**PLAIN, "url": long, "stream": long}
    [talk] = KINDS[kind](facts, tmp_path).talks
    assert talk.stream == long
    assert long in {talk.url, *(link.url for link in talk.links)}
