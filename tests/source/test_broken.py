"""Files that end anywhere, or hold anything: no crash, and no talk ahead that is not there."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terms import NOW, series

from announcer.errors import SourceUnreadable
from announcer.source.calendar import CalendarSource
from announcer.source.data import DataSource
from announcer.source.facts import understood
from announcer.source.hints import NO_HINTS
from announcer.source.page import PageSource
from announcer.source.said import Facts
from announcer.talks import Talk

FILES = {
    "talks.yml": (
        "talks:\n  - title: Nets\n    speaker: {first_name: Ada, last_name: Kovács}\n"
        "    date: 2026-04-14 16:00\n  - title: 'Knots'\n    date: April 21st, 2026 at 4 PM\n"
    ),
    "talks.json": '[{"title": "Nets", "date": "2026-04-14T16:00:00"}, {"title": "Knots", "date": "21.04.2026"}]',
    "talks.toml": '[[talks]]\ntitle = "Nets"\ndate = 2026-04-14\n[[talks]]\ntitle = "Knots"\ndate = "21 April 2026"\n',
    "talks.csv": 'Title,Date,Time\n"Nets, dense",2026-04-14,16:00\nKnots,21/04/2026,4-5 pm\n',
    "talks.ics": (
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\nSUMMARY:Nets\nDTSTART:20260414T140000Z\n"
        "END:VEVENT\nBEGIN:VEVENT\nUID:2\nSUMMARY:Knots\nDTSTART:20260421T140000Z\nEND:VEVENT\n"
        "END:VCALENDAR\n"
    ),
}  # fmt: skip


def read(text: str, name: str) -> tuple[Talk, ...]:
    if name.endswith(".ics"):
        facts, _ = CalendarSource(Path(name), series()).read(text, name, NOW)
    else:
        facts = DataSource(Path(name), series()).read(text, name)
    return understood(facts, series(), NO_HINTS, NOW).talks


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_ends_anywhere_gives_no_talk_on_a_wrong_day(name: str) -> None:
    whole = FILES[name]
    right = {talk.day for talk in read(whole, name)}
    assert right == {date(2026, 4, 14), date(2026, 4, 21)}
    for end in range(len(whole)):
        try:
            talks = read(whole[:end], name)
        except SourceUnreadable:
            continue
        ahead = {t.day for t in talks if t.day and t.day >= NOW.date() and not t.unclear}
        assert ahead <= right, whole[:end]


PAGES = {
    "numbered.md": (
        "---\ntitle: Seminar\ndate: 2026-04-17\n---\n# Seminar\n\nWe meet every Tuesday at 16:00.\n\n"
        '### 2. "Knots" 21.04.26\n**Speaker:** Ada Kovács\n\nSee [it](https://youtu.be/abcdefghijk).\n\n'
        '### 1. "Nets" 14.04.26\n<!-- ### 3. "No" 28.04.26 -->\n'
    ),
    "table.md": (
        "# 2026\n\n| Date | Time | Speaker | Title |\n|--|--|--|--|\n| 2026-04-14 | 16:00 | ~~Bob~~ Ada | Nets |\n"
        "| 2026-04-21 | 4 pm | Ada \\| Bob | [Knots](https://example.org) |\n"
    ),
    "list.md": (
        "## Sommer 2026\n\n- Di, 14. April (13-16, Raum 5): Ada Kovács – « Nets »\n  more\n"
        "1. [Knots](x) (Di 21. April 16 c.t.)\n"
    ),
    "labels.md": "Speaker: Ada\nTitle: Nets\nDate: April 14, 2026\n\nSpeaker: Bob\nTitle: Knots\nDate: April 21, 2026, 4pm\n",
    "page.html": (
        "<!doctype html>\n<html><body><table><tr><th>Date<th>Title</tr><tr><td rowspan=2>14 April 2026<td><b>Nets<i>!</tr>"
        "<tr><td>Rings</table><dl><dt>21 April 2026<dd>Knots</dl></html>"
    ),
    "event.html": (
        '<html><script type="application/ld+json">[{"@type":"Event","name":"Nets","startDate":"2026-04-14T16:00"},'
        '{"@type":"Event","name":"Knots","startDate":"2026-04-21"}]</script></html>'
    ),
    "talks.rst": (
        'Talks\n=====\n\n.. csv-table::\n   :header: "Datum", "Thema"\n\n   "2026-04-14", "Nets"\n\n'
        "=============  =====\nDate           Title\n=============  =====\n21 April 2026  Knots\n=============  =====\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_ends_anywhere_gives_no_talk_on_a_wrong_day(name: str) -> None:
    source, whole = PageSource(Path(name), series()), PAGES[name]
    right = {talk.day for talk in source.read(whole, NOW).talks}
    assert right == {date(2026, 4, 14), date(2026, 4, 21)}
    for end in range(len(whole)):
        try:
            talks = source.read(whole[:end], NOW).talks
        except SourceUnreadable:
            continue
        ahead = {t.day for t in talks if t.day and t.day >= NOW.date() and not t.unclear}
        assert ahead <= right, whole[:end]


@given(
    when=st.lists(st.text(alphabet="0123456789-/.:TZ+ apmAprilMonday,", max_size=30), max_size=3),
    until=st.text(alphabet="0123456789-:TZ+ ", max_size=20),
)
def test_no_date_or_time_makes_it_fail(when: list[str], until: str) -> None:
    facts = Facts(place="here", titles=("Nets",), when=tuple(when), until=(until,))
    [talk] = understood([facts], series(), NO_HINTS, NOW).talks
    assert talk.title == "Nets"


@given(st.dates(date(2026, 4, 4), date(2027, 12, 31)))
def test_a_whole_date_is_read_as_that_day_however_it_is_written(day: date) -> None:
    ways = (
        f"{day}",
        f"{day:%d.%m.%Y}",
        f"{day:%A, %B} {day.day}, {day.year}",
        f"{day.day} {day:%b %Y}",
    )
    for text in ways:
        [talk] = understood([Facts(place="here", when=(text,))], series(), NO_HINTS, NOW).talks
        assert (talk.day, talk.unclear) == (day, None), text
