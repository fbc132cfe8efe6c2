"""The mail as its readers and their programs meet it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from announcer.announcement import Announcement
from announcer.cadence import instant
from announcer.compose import MailComposer
from announcer.errors import TemplateFailed, VerificationFailed
from announcer.invite import timezone
from announcer.message import Message
from announcer.past import Standing
from announcer.plain import to_text
from announcer.prose import to_html
from announcer.talks import Mailbox, Series, Talk
from announcer.verify import verify

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
COMPOSER = MailComposer()


def mail(title: str = "Größen", abstract: str | None = None, who: str = "Emmy") -> Announcement:
    sender = Mailbox(name='ML@HZG "seminar"', address="seminar@example.org")
    series = Series(
        id="s",
        name="Seminar",
        list="s@groups.example",
        sender=sender,
        organisers=(),
        reply_to=Mailbox(address="office@example.org"),
        timezone=BERLIN,
        location="Room 2",
        list_page="https://groups.example/s",
    )
    starts_at = instant(date(2026, 4, 7), time(15), BERLIN)
    talk = Talk(
        id="1",
        title=title,
        speakers=(who,),
        day=date(2026, 4, 7),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        location="Room 2",
        abstract=abstract,
    )
    return Announcement(
        key="s/announcement/2026-04-03",
        series=series,
        kind="announcement",
        rule="announcement",
        standing=Standing.DUE,
        due_at=NOW,
        expires_at=starts_at,
        talks=(talk,),
        reason="due",
    )


def test_the_same_arguments_give_the_same_bytes() -> None:
    first, second = (MailComposer().compose(mail(), NOW) for _ in range(2))
    assert first == second


def test_the_structure_is_as_mail_programs_want_it() -> None:
    message = COMPOSER.compose(mail(), NOW)
    verify(message, mail())
    parsed = message_from_bytes(message.content, policy=SMTP)
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    [invite] = parsed.iter_attachments()
    assert invite["Content-Type"].params["method"] == "PUBLISH"
    assert invite["Content-Transfer-Encoding"] == "base64"
    assert invite.get_filename() == "seminar.ics"
    assert parsed["From"].addresses[0].display_name == 'ML@HZG "seminar"'
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert max(map(len, message.content.split(b"\r\n"))) <= 78
    calendar = Calendar.from_ical(invite.get_content().encode())
    assert sorted(str(c.name) for c in calendar.walk()) == [
        "DAYLIGHT", "STANDARD", "VCALENDAR", "VEVENT", "VTIMEZONE",
    ]  # fmt: skip
    [event] = calendar.walk("VEVENT")
    assert "ATTENDEE" not in event
    assert str(event["ORGANIZER"]) == "mailto:office@example.org"


def test_a_zone_is_written_with_yearly_rules() -> None:
    zone = timezone(BERLIN, NOW)
    assert zone is not None
    rules = {str(part["RRULE"].to_ical()) for part in zone.subcomponents}
    assert rules == {
        "b'FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3'",
        "b'FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10'",
    }
    assert timezone(ZoneInfo("Africa/Casablanca"), NOW) is None


NASTY = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "A 💩 =?UTF-8?Q?=0A?=Bcc: x@y",
            "x\r\nBcc: evil@example.org",
            "a\u2028b\u202ec",
            "{{ series.list }} {% include 'x' %}",
            "<script>alert(1)</script>",
            "\ud800 lone",
            "Über die Grö\u00dfe von “Räumen” und — was sonst",
        ]
    ),
)


@settings(max_examples=150, deadline=None)
@given(NASTY, NASTY, NASTY)
def test_hostile_facts_change_no_header_or_are_held(title: str, who: str, abstract: str) -> None:
    announcement = mail(title or "T", abstract, who or "W")
    try:
        message = COMPOSER.compose(announcement, NOW)
        verify(message, announcement)
    except VerificationFailed:
        return
    parsed = message_from_bytes(message.content, policy=SMTP)
    assert parsed["Bcc"] is None
    assert sorted(name.lower() for name in parsed) == sorted(
        [
            "from", "to", "reply-to", "subject", "date", "message-id", "auto-submitted",
            "mime-version", "content-type",
        ]
    )  # fmt: skip
    assert parsed["Subject"] == message.subject
    html = parsed.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()


def test_markdown_becomes_safe_html_and_plain_lines() -> None:
    text = 'See [a](https://a.example)[b](https://b.example).\n\n<iframe src="https://v.example/1"></iframe>\n\n* one\n* two'
    assert "<iframe" not in to_html(text)
    assert 'href="https://v.example/1"' in to_html(text)
    assert to_text(to_html(text)) == (
        "See a b.\n  https://a.example\n  https://b.example\n\n"
        "v.example/1\n  https://v.example/1\n\n* one\n* two"
    )


def test_a_subject_of_one_endless_word_reads_back_and_fits_its_lines() -> None:
    long = mail(title="A" * 280)
    message = COMPOSER.compose(long, NOW)
    verify(message, long)
    assert max(map(len, message.content.split(b"\r\n"))) <= 78


def test_a_template_that_fails_is_named_with_its_file_and_variable(tmp_path: Path) -> None:
    (tmp_path / "announcement").mkdir()
    (tmp_path / "announcement" / "subject.txt").write_text("one\n{{ speakr }}")
    with pytest.raises(TemplateFailed, match=r"subject\.txt.*line 2.*speakr"):
        MailComposer(tmp_path).compose(mail(), NOW)


def test_a_mail_that_says_another_time_than_its_talk_is_held() -> None:
    message = COMPOSER.compose(mail(), NOW)
    with pytest.raises(
        VerificationFailed, match="SUMMARY is 'Seminar: Größen', not 'Seminar: Another'"
    ):
        verify(message, mail(title="Another"))


LONG_URL = "https://forms.example.org/" + "register-for-the-dinner-" * 4 + "here"


def test_an_address_in_a_note_a_footer_or_a_place_is_never_broken() -> None:
    announcement = mail()
    [talk] = announcement.talks
    meeting = "https://meet.example.org/" + "j" * 90
    announcement = replace(
        announcement,
        series=replace(announcement.series, footer=(f"Dinner: please say so at {LONG_URL} soon",)),
        notes=(f"There will be cake, see {LONG_URL}, and more of it than last time we met.",),
        talks=(replace(talk, location=meeting, stream=meeting),),
    )
    message = COMPOSER.compose(announcement, NOW)
    verify(message, announcement)
    text = body(message)
    assert f"There will be cake, see\n{LONG_URL},\nand more of it than" in text
    assert f"Dinner: please say so at\n{LONG_URL}\nsoon\n" in text
    assert f"Where:   {meeting}\n" in text


def test_an_endless_word_that_is_no_address_is_broken_as_before() -> None:
    announcement = mail(title="x" * 200)
    text = body(COMPOSER.compose(announcement, NOW))
    assert f"What:    {'x' * 63}\n         {'x' * 63}\n" in text
    assert max(map(len, text.splitlines())) <= 76


def body(message: Message) -> str:
    """Give the text of a mail."""
    plain = message_from_bytes(message.content, policy=SMTP).get_body(("plain",))
    assert plain is not None
    return str(plain.get_content()).replace("\r\n", "\n")
