"""Another page in place of the known one is not believed; a page that was edited is."""

import asyncio
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from data_files import reading as data_reading
from desk import Desk
from mailbox_server import Mailbox
from terms import series

from announcer.belief import accepted, believed
from announcer.errors import SourceError, SourceUntrusted
from announcer.source.calendar import CalendarSource
from announcer.source.hints import NO_HINTS
from announcer.source.page import PageSource
from announcer.talks import Reading, Talk

PAGE = """\
## Seminar
We meet and [stream](https://www.youtube.com/channel/abc).

## Future Topics
### 3. "Nets, and the Self-Attention Principle" 07.04.20
Room: Room 2

### 4. "Kernels and their discontents" 14.04.20
Room: Room 2

## Past Topics
### 2. "Don't Fear the Sphere" 31.03.20
"""
OTHER_PAGES = {
    "a status page with a list": "<html><body><h1>Service status</h1><ul><li>10 April 2020, 18:00: Maintenance of the web server</li></ul></body></html>",
    "a maintenance notice with a date": "<html><body><h2>Planned maintenance</h2><p>On Friday, 10 April 2020 at 18:00 the web server will be unavailable.</p></body></html>",
    "a maintenance notice for the day of a talk": "<html><body><h2>Maintenance</h2><ul><li>14.04.2020: Maintenance of the web server</li></ul></body></html>",
    "a table of outages": "<html><body><table><tr><th>Date</th><th>Event</th></tr><tr><td>2020-04-09</td><td>Server outage</td></tr></table></body></html>",
    "a news entry": '## News\n### "The server is being updated" 10.04.20\n',
    "a login form": '<html><body><h1>Log in</h1><form><input name="user"><input type="password"></form><p>New: two-factor login from 20 April 2020, 10:00</p></body></html>',
    "a parked domain": "<html><body><h1>seminar.example is for sale</h1><p>This offer ends on 30 April 2020.</p></body></html>",
    "a 404 text with status 200": "<html><body><h1>404</h1><p>Not found. Tuesday, 7 April 2020, 09:14</p></body></html>",
    "the page of another seminar": '## Programme\n### 1. "Rings and ideals" 09.04.20\nSpeaker: Emmy Noether\n### 2. "Modules" 16.04.20\nSpeaker: Emil Artin\n',
    "another seminar with the same numbers": '## Programme\n### 3. "Rings and ideals" 09.04.20\nSpeaker: Emmy Noether\n### 4. "Modules" 16.04.20\nSpeaker: Emil Artin\n',
    "another seminar on the same days": '## Programme\n### "Rings and ideals" 07.04.20\nSpeaker: Emmy Noether\n### "Modules" 14.04.20\nSpeaker: Emil Artin\n',
    "the default page of a content management system": "<html><body><h1>Hello world!</h1><article><h2>Welcome to WordPress</h2><time>2020-04-20</time><p>This is your first post.</p></article></body></html>",
    "an index of files": "<html><body><h1>Index of /seminar</h1><table><tr><th>Name</th><th>Last modified</th></tr><tr><td>index.md.bak</td><td>2020-04-10 11:02</td></tr></table></body></html>",
    "a cookie wall": "<html><body><h2>Before you continue</h2><p>We use cookies. Your choice is kept until 1 May 2020.</p><button>Accept</button></body></html>",
    "a page that says that it has moved": "<html><body><h1>We have moved</h1><p>From 15 April 2020 this page is at https://new.example/seminar</p></body></html>",
    "an error with the date of today": "<html><body><h1>Internal error</h1><p>7 April 2020 12:20: the database is away. Try again later.</p></body></html>",
    "a page in another language with events": "## Veranstaltungen\n### Tag der offenen Tür 18.04.2020\n### Sommerfest 20.06.2020\n",
}  # fmt: skip


WHOSE = series(start=time(15))
APRIL_FIRST = datetime(2020, 4, 1, 8, tzinfo=UTC)


def _read(text: str, now: datetime) -> Reading:
    """Read a page as it stands in a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.md"
        path.write_text(text, encoding="utf-8")
        return asyncio.run(PageSource(path, WHOSE).load(now))


@pytest.mark.parametrize("days", [2, 6, 9])
@pytest.mark.parametrize("other", OTHER_PAGES)
def test_another_page_in_place_of_one_with_talks_ahead_is_not_believed(
    other: str, days: int
) -> None:
    first = believed(None, _read(PAGE, APRIL_FIRST), WHOSE, APRIL_FIRST)
    assert len(first.talks) == 3
    now = APRIL_FIRST + timedelta(days=days)
    with pytest.raises(SourceError):
        believed(first, _read(OTHER_PAGES[other], now), WHOSE, now)


def test_the_list_hears_nothing_of_another_page_until_a_person_accepts_it(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-01T10:00")
    desk.page(OTHER_PAGES["a table of outages"])
    done = desk.run("send", "--now", "2020-04-07T12:30")
    assert done.returncode == 3
    assert (
        "it looks like another page in place of this one, as none of the talks that were known, "
        'past ones included, is on it any more, and it lists "Server outage" instead'
    ) in done.stderr
    assert desk.run("accept", "--now", "2020-04-07T12:31").returncode == 0
    # A talk that is new after the moment of its mail is announced once it has stood a while.
    assert desk.run("send", "--now", "2020-04-07T12:42").returncode == 0
    [(_, content)] = mailbox.received
    assert "Server outage" in message_from_bytes(content, policy=SMTP)["Subject"]


# One page with one talk, edited.

DAY = date(2026, 4, 7)
BEFORE = datetime(2026, 4, 2, 8, tzinfo=UTC)


def _talk(
    title: str | None,
    day: date = DAY,
    *,
    id: str = "nets",  # noqa: A002 - the field's name
    given: bool = False,
    by: tuple[str, ...] = (),
) -> Talk:
    start = datetime.combine(day, time(13), UTC)
    return Talk(
        id=id,
        title=title,
        tba=title is None,
        day=day,
        speakers=by,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        given_id=given,
    )


def _believes(before: Talk, after: Talk, now: datetime = BEFORE) -> bool:
    first = believed(None, Reading(talks=(before,)), WHOSE, now - timedelta(days=1))
    try:
        believed(first, Reading(talks=(after,)), WHOSE, now)
    except SourceUntrusted:
        return False
    return True


NEXT_WEEK = DAY + timedelta(days=7)
EDITED = {
    "a corrected title": (_talk("Graf networks"), _talk("Graph networks")),
    "a completed title": (_talk("Nets"), _talk("Nets and the principle of attention")),
    "a corrected speaker, and a new title": (_talk("A", by=("A. Kovács",)), _talk("Zeta functions", by=("Ada Kovács",))),
    "another date": (_talk("Nets"), _talk("Nets", NEXT_WEEK)),
    "the same speaker with another title on another day": (_talk("Nets", by=("Ada Kovács",)), _talk("Trees", NEXT_WEEK, by=("Ada Kovács",))),
    "a title for an entry without one": (_talk(None), _talk("Nets")),
    "a title that is taken back": (_talk("Nets"), _talk(None)),
    "a title for a numbered entry without one": (_talk(None, id="4", given=True), _talk("Nets", id="4", given=True)),
    "another talk under the same number on the same day": (_talk("Nets", id="4", given=True), _talk("Trees", id="4", given=True)),
    "another talk under the same UID": (_talk("Nets", id="7f3a@example.org", given=True), _talk("Trees", NEXT_WEEK, id="7f3a@example.org", given=True)),
}  # fmt: skip


@pytest.mark.parametrize("edit", EDITED)
def test_a_page_with_one_talk_may_be_edited(edit: str) -> None:
    assert _believes(*EDITED[edit])


REPLACED = {
    "another talk on another day": (_talk("Nets"), _talk("Trees", NEXT_WEEK, id="trees")),
    "another talk, and another speaker, on the same day": (_talk("Nets", by=("A B",)), _talk("Zeta", id="zeta", by=("C D",))),
    "another day under the same number": (_talk("Nets", id="4", given=True), _talk("Trees", NEXT_WEEK, id="4", given=True)),
    "an unnumbered notice on the day of a numbered entry without a title": (_talk(None, id="4", given=True), _talk("Maintenance", id="maintenance")),
}  # fmt: skip


@pytest.mark.parametrize("edit", REPLACED)
def test_what_has_nothing_in_common_with_the_talk_ahead_is_another_page(edit: str) -> None:
    assert not _believes(*REPLACED[edit])


def test_a_page_that_shows_only_the_next_talk_is_believed_once_the_last_one_has_begun() -> None:
    last, following = _talk("Nets"), _talk("Trees", NEXT_WEEK, id="trees")
    assert last.starts_at is not None
    assert not _believes(last, following, last.starts_at - timedelta(minutes=1))
    assert _believes(last, following, last.starts_at)


WITH_ARCHIVE = (
    _talk(None, id="2026-04-07"),
    _talk("Kernels", date(2026, 3, 31), id="kernels", by=("Ada Kovács",)),
    _talk("Trees", date(2026, 3, 24), id="trees", by=("Bo Chen",)),
)
NOTICE = _talk("Maintenance of the web server", id="maintenance")


@pytest.mark.parametrize(
    "after",
    [
        (NOTICE,),
        (NOTICE, _talk("Office closed", NEXT_WEEK, id="closed")),
        (_talk(None, id="2026-04-07", by=("Emmy Noether",)),),
        (_talk("Rings", id="rings", by=("Emmy Noether",)), _talk("Modules", date(2026, 3, 31), id="modules", by=("Emil Artin",))),
    ],
)  # fmt: skip
@pytest.mark.parametrize("titled", [WITH_ARCHIVE, (WITH_ARCHIVE[0], _talk("Nets", NEXT_WEEK))])
def test_a_slot_without_a_title_does_not_show_that_a_page_which_lost_all_else_is_the_same(
    titled: tuple[Talk, ...], after: tuple[Talk, ...]
) -> None:
    first = believed(None, Reading(talks=titled), WHOSE, BEFORE - timedelta(days=1))
    with pytest.raises(SourceUntrusted, match="another page"):
        believed(first, Reading(talks=after), WHOSE, BEFORE)


@pytest.mark.parametrize("hours", [1, 24])
def test_a_page_that_shows_what_comes_next_may_name_a_title_as_it_lets_go_of_the_last_talk(
    hours: int,
) -> None:
    last, tba = _talk("Nets"), _talk(None, NEXT_WEEK, id="2026-04-14")
    first = believed(None, Reading(talks=(last, tba)), WHOSE, BEFORE)
    assert last.starts_at is not None
    now = last.starts_at + timedelta(hours=hours)
    titled = Reading(talks=(_talk("Trees", NEXT_WEEK, id="trees"),))
    assert [talk.title for talk in believed(first, titled, WHOSE, now).talks] == ["Trees"]


def test_a_new_term_and_a_page_with_its_archive_are_no_fault() -> None:
    past = _talk("Nets", date(2026, 3, 31))
    assert _believes(past, _talk("Trees", NEXT_WEEK, id="trees"))
    ahead = _talk("Kernels", id="kernels")
    first = believed(None, Reading(talks=(past, ahead)), WHOSE, BEFORE - timedelta(days=1))
    new = Reading(talks=(past, _talk("Trees", NEXT_WEEK, id="trees")))
    assert [t.title for t in believed(first, new, WHOSE, BEFORE).talks] == ["Nets", "Trees"]


def test_of_another_page_no_single_talk_is_accepted() -> None:
    first = believed(None, Reading(talks=(_talk("Nets"),)), WHOSE, BEFORE - timedelta(days=1))
    other = Reading(talks=(_talk("Maintenance", NEXT_WEEK, id="maintenance"),))
    with pytest.raises(SourceUntrusted, match="no single talk of the page is believed"):
        accepted(first, other, WHOSE, BEFORE, ["maintenance"])
    assert accepted(first, other, WHOSE, BEFORE).talks == other.talks


CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:{uid}
DTSTAMP:20260401T000000Z
DTSTART:20260414T130000Z
DTEND:20260414T140000Z
SUMMARY:{summary}
END:VEVENT
END:VCALENDAR
"""


def _calendar(uid: str, summary: str) -> Reading:
    text = CALENDAR.format(uid=uid, summary=summary).replace("\n", "\r\n")
    return asyncio.run(_loaded(text))


async def _loaded(text: str) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "talks.ics"
        path.write_text(text, encoding="utf-8", newline="")
        return await CalendarSource(path, WHOSE, NO_HINTS).load(BEFORE)


def test_the_calendar_of_another_group_is_another_page_and_a_renamed_entry_is_not() -> None:
    first = believed(None, _calendar("a1b2@x", "Nets"), WHOSE, BEFORE - timedelta(days=1))
    with pytest.raises(SourceUntrusted, match='it lists "Budget round" instead'):
        believed(first, _calendar("zz99@y", "Budget round"), WHOSE, BEFORE)
    renamed = believed(first, _calendar("a1b2@x", "Trees"), WHOSE, BEFORE)
    assert [talk.title for talk in renamed.talks] == ["Trees"]


def test_an_empty_list_of_json_is_no_page_of_talks() -> None:
    first = believed(None, Reading(talks=(_talk("Nets"),)), WHOSE, BEFORE - timedelta(days=1))
    with pytest.raises(SourceError):
        believed(first, data_reading("[]", "talks.json"), WHOSE, BEFORE)
