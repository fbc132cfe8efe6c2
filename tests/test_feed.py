"""A calendar to subscribe to: the entries that the mails carry, and where mails say it is."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from desk import PAGE, Desk
from icalendar import Calendar
from mailbox_server import Mailbox
from test_samples import SERIES

from announcer.compose import MailComposer
from announcer.invite import Entry, feed, revision
from announcer.links import add_to_calendar
from announcer.samples import KINDS, sample_talk, samples
from announcer.talks import Talk

FRIDAY = "2020-04-03T10:00"


def events(calendar: str) -> dict[str, str]:
    """Give the bytes of each entry, by its UID."""
    found = re.findall(r"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", calendar, re.DOTALL)
    return {re.findall(r"^UID:(.*)\r$", event, re.MULTILINE)[0]: event for event in found}


def written(desk: Desk, now: str = FRIDAY, status: int = 0) -> str:
    done = desk.run("feed", "--out", "talks.ics", "--now", now)
    assert done.returncode == status, done.stderr
    return (desk.folder / "talks.ics").read_bytes().decode()


def invites(content: bytes) -> dict[str, str]:
    parts = message_from_bytes(content, policy=SMTP).iter_attachments()
    return {uid: event for part in parts for uid, event in events(part.get_content()).items()}


def test_all_talks_stand_in_it_before_any_mail_has_gone(desk: Desk) -> None:
    calendar = written(desk)
    assert calendar == written(desk, "2020-04-05T00:00")
    parsed = Calendar.from_ical(calendar)
    assert "METHOD" not in parsed
    assert (str(parsed["NAME"]), str(parsed["X-WR-CALNAME"])) == ("ML Seminar", "ML Seminar")
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in calendar
    assert [str(event["SUMMARY"]).partition(": ")[2] for event in parsed.walk("VEVENT")] == [
        "Don't Fear the Sphere", "Nets, and the Self-Attention Principle", "to be announced",
    ]  # fmt: skip
    assert calendar.count("BEGIN:VTIMEZONE") == 1
    assert max(map(len, calendar.encode().split(b"\r\n"))) <= 75
    printed = desk.run("feed", "--now", FRIDAY)
    assert printed.stdout == calendar.replace("\r\n", "\n")


def test_its_entries_are_the_very_ones_that_the_mails_carry(desk: Desk, mailbox: Mailbox) -> None:
    before = written(desk, "2020-04-02T12:00")
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("send", "--now", FRIDAY)
    [(_, announcement)] = mailbox.received
    [(uid, event)] = invites(announcement).items()
    assert events(written(desk))[uid] == event
    assert set(events(before)) == set(events(written(desk)))

    moved = PAGE.replace("at 3pm", "at 5pm")
    desk.page(moved)
    changed = events(written(desk, "2020-04-04T10:00"))[uid]
    assert "SEQUENCE:1\r\n" in changed
    assert "DTSTART;TZID=Europe/Berlin:20200407T170000\r\n" in changed
    desk.run("send", "--now", "2020-04-04T10:00")
    desk.run("send", "--now", "2020-04-04T10:20")
    [_, (_, update)] = mailbox.received
    assert invites(update)[uid] == events(written(desk, "2020-04-04T10:21"))[uid]

    desk.page(moved.replace("### 3. ", "### 3. CANCELLED: "))
    desk.run("send", "--now", "2020-04-05T10:00")
    desk.run("send", "--now", "2020-04-05T10:10")
    [*_, (_, cancellation)] = mailbox.received
    cancelled = events(written(desk, "2020-04-05T10:11"))[uid]
    assert invites(cancellation)[uid] == cancelled
    assert "STATUS:CANCELLED\r\n" in cancelled
    assert "SEQUENCE:2\r\n" in cancelled


def test_a_talk_that_has_become_unclear_stands_as_the_list_was_told(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("send", "--now", FRIDAY)
    told = events(written(desk))
    desk.page(PAGE.replace("upcoming Tuesday 7.4 at 3pm", "upcoming Wednesday 7.4 at 5pm"))
    assert events(written(desk, "2020-04-04T10:00")) == told


def test_while_the_page_is_away_the_talks_stay_and_without_any_nothing_is_written(
    desk: Desk,
) -> None:
    page = desk.folder / "index.md"
    desk.run("adopt", "--now", "2020-04-02T12:00")
    first = written(desk)
    page.unlink()
    assert written(desk, status=3) == first
    (desk.folder / "announcer.db").unlink()
    (desk.folder / "talks.ics").write_bytes(b"as it was")
    assert written(desk, status=3) == "as it was"


def test_a_file_that_cannot_be_written_is_a_sentence(desk: Desk) -> None:
    done = desk.run("feed", "--out", "none/talks.ics", "--now", FRIDAY)
    assert (done.returncode, done.stdout) == (2, "")
    assert "none/talks.ics cannot be written: No such file" in done.stderr


def at(year: int, month: int, zone: str) -> Entry:
    series = replace(SERIES, timezone=ZoneInfo(zone))
    start = datetime(year, month, 8, 10, tzinfo=UTC)
    talk = replace(
        sample_talk(series),
        id=f"{zone} {year} {month}",
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        day=start.date(),
    )
    stamp = datetime(2000, 1, 1, tzinfo=UTC)
    return Entry(talk=talk, series=series, revision=revision(talk, series, None, at=stamp))


def test_each_zone_stands_in_it_once_and_gives_every_talk_its_time() -> None:
    # New York's rules changed in 2007; Casablanca has none that a calendar could be told.
    entries = [
        at(year, month, zone)
        for zone in ("Europe/Berlin", "America/New_York", "Africa/Casablanca", "Australia/Sydney")
        for year in (2004, 2026, 2030)
        for month in (1, 3, 7, 11)
    ]
    calendar = feed("All", entries)
    assert calendar == feed("All", entries[::-1])
    parsed = Calendar.from_ical(calendar)
    zones = [str(zone["TZID"]) for zone in parsed.walk("VTIMEZONE")]
    assert zones == ["America/New_York", "Australia/Sydney", "Europe/Berlin"]
    found = {str(e["UID"]): e.decoded("dtstart") for e in parsed.walk("VEVENT")}
    assert found == {entry.revision.uid: entry.starts_at for entry in entries}
    assert calendar.count(b"DTSTART;TZID=America/New_York:2004") == 0
    assert calendar.count(b"DTSTART;TZID=America/New_York:2026") == 4


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mail_says_where_the_calendar_is(kind: str) -> None:
    series = replace(SERIES, feed_url="https://seminar.example.org/talks.ics?a=1&b=2")
    sample = samples(series, [kind])[0]
    message = MailComposer().compose(sample.mail, sample.now)
    parsed = message_from_bytes(message.content, policy=SMTP)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert series.feed_url in text.get_content().splitlines()
    assert 'href="https://seminar.example.org/talks.ics?a=1&amp;b=2"' in html.get_content()
    links = html.get_content().count("https://calendar.google.com/")
    assert links == (1 if kind in {"announcement", "reminder", "late-reminder"} else 0)


def queries(talk: Talk) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    google, outlook = (urlsplit(link.url) for link in add_to_calendar(talk, SERIES))
    assert (google.hostname, outlook.hostname) == ("calendar.google.com", "outlook.office.com")
    assert not set("+ \n") & set(google.query + outlook.query)
    return parse_qs(google.query, strict_parsing=True), parse_qs(outlook.query, strict_parsing=True)


def test_the_links_to_calendars_say_what_the_invite_says_in_utc() -> None:
    title = "Größen & 100 % + a=b; “x”?#\\N"
    talk = replace(sample_talk(SERIES), title=title, location="Room 1/2, left")
    google, outlook = queries(talk)
    words = [
        "Emmy Noether (Göttingen)\nRoom 1/2, left\nStream: https://stream.example.org/live\n"
        "https://seminar.example.org/1"
    ]
    assert google == {
        "action": ["TEMPLATE"],
        "text": [f"Seminar: {title}"],
        "dates": ["20300408T130000Z/20300408T140000Z"],
        "details": words,
        "location": ["Room 1/2, left"],
    }
    assert outlook == {
        "path": ["/calendar/action/compose"],
        "rru": ["addevent"],
        "subject": [f"Seminar: {title}"],
        "startdt": ["2030-04-08T13:00:00Z"],
        "enddt": ["2030-04-08T14:00:00Z"],
        "body": words,
        "location": ["Room 1/2, left"],
    }


def test_no_link_to_a_calendar_grows_too_long() -> None:
    talk = replace(
        sample_talk(SERIES), title="数" * 300, speakers=("数" * 300,) * 9, location="数" * 300
    )
    assert max(len(link.url) for link in add_to_calendar(talk, SERIES)) < 12_000
