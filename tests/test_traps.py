"""The traps of the libraries below, mail.md A8, each on the Python that runs.

Where a trap is still there is not what is promised; that the mail does not fall into it is.
"""

import asyncio
import random
import re
import unicodedata
from base64 import encodebytes
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import parseaddr
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import pytest
from icalendar import Calendar
from mailbox_server import Mailbox
from test_compose import NOW, mail
from test_sizes import several

from announcer.announcement import Announcement
from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.invite import timezone
from announcer.message import Message
from announcer.source import clean
from announcer.transport.smtp import Account, SmtpTransport
from announcer.verify import verify

COMPOSER: Final = MailComposer()
WORDS: Final = (
    "Größe", "of", "“Räume”", "a", "x,", "Ω", "naïve", "=", "talk", "=?", "?=", "💩", "(c)", "<b>",
    "=?utf-8?q?=0A?=", "ein", "–", "é" * 40, "数学", "two:", "q=C3=A9", "_", "\u00ad", "O'Neil", '"K"',
)  # fmt: skip


def made(announcement: Announcement) -> Message:
    """Give a mail that may go."""
    message = COMPOSER.compose(announcement, NOW)
    verify(message, announcement)
    return message


def parts(message: Message, kind: str) -> Iterator[EmailMessage]:
    parsed = message_from_bytes(message.content, policy=SMTP)
    yield from (part for part in parsed.walk() if part.get_content_type() == kind)


def subject_line(message: Message) -> bytes:
    head = message.content.partition(b"\r\n\r\n")[0] + b"\r\n"
    found = re.search(rb"^Subject: ((?:.*\r\n)(?:[ \t].*\r\n)*)", head, re.MULTILINE)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "injection",
    [
        "A 💩 =?UTF-8?Q?=0A?=Bcc: x@y",
        "=?utf-8?q?=0D=0ABcc=3A_x=40y?=",
        "=?UTF-8?B?DQpCY2M6IHhAeQ==?=",
        "A 💩 =?UTF-8?Q?=0A?= =?UTF-8?Q?Bcc:_x@y?=",
        "x\r\nBcc: x@y", "x\nBcc: x@y", "x\rBcc: x@y", "x\n", "x\u2028Bcc: x@y", "x\x85Bcc: x@y",
        "x\0Bcc: x@y", "x\x0bBcc: x@y", "x\x1cBcc: x@y",
    ],
)  # fmt: skip
def test_trap_1_an_encoded_word_or_a_line_break_in_a_fact_adds_no_header(injection: str) -> None:
    """CVE-2024-6923, CVE-2026-0672 and CVE-2026-1299."""
    meant = mail(title=clean.line(injection), who=clean.line(injection))
    sender = replace(meant.series.sender, name=injection)
    reply_to = replace(meant.series.reply_to, name=injection)
    series = replace(meant.series, name=injection, sender=sender, reply_to=reply_to)
    for announcement in (meant, replace(meant, series=replace(series, name="Seminar"))):
        message = made(announcement)
        for policy in (SMTP, default):
            parsed = message_from_bytes(message.content, policy=policy)
            assert len(parsed.keys()) == 9
            assert parsed["Bcc"] is None
            for header in (parsed["Subject"], parsed["From"], parsed["Reply-To"]):
                assert len(str(header).splitlines()) == 1
        assert b"\nBcc" not in message.content


def test_trap_2_no_blank_between_encoded_words_is_lost_or_doubled() -> None:
    for seed in range(300):
        chance = random.Random(seed)
        words = [chance.choice(WORDS) for _ in range(chance.randint(1, 40))]
        message = made(mail(title=clean.line(" ".join(words))))
        raw = subject_line(message)
        # As the newer and as the older reader of the library decode it.
        assert str(message_from_bytes(message.content, policy=SMTP)["Subject"]) == message.subject
        older = re.sub(r"\r\n(?=[ \t])", "", raw.decode().strip())
        assert str(make_header(decode_header(older))) == message.subject
        assert max(map(len, (b"Subject: " + raw).split(b"\r\n"))) <= 78
        assert all(len(word) <= 75 for word in re.findall(rb"=\?\S+?\?q\?\S*?\?=", raw))


@pytest.mark.parametrize("ascii_only", [False, True])
def test_trap_2_no_blank_of_a_senders_name_is_lost_or_doubled(ascii_only: bool) -> None:  # noqa: FBT001 - a parameter of the test
    words = [word for word in WORDS if word.isascii() or not ascii_only]
    for seed in range(150):
        chance = random.Random(seed)
        name = clean.line(" ".join(chance.choice(words) for _ in range(chance.randint(1, 14))))
        meant = mail()
        sender, reply_to = (
            replace(box, name=name) for box in (meant.series.sender, meant.series.reply_to)
        )
        series = replace(meant.series, sender=sender, reply_to=reply_to)
        message = made(replace(meant, series=series))
        parsed = message_from_bytes(message.content, policy=SMTP)
        for header in ("From", "Reply-To"):
            [address] = parsed[header].addresses
            assert address.addr_spec in {sender.address, reply_to.address}
            raw = re.sub(r"\r\n(?=[ \t])", "", dict(parsed.raw_items())[header])
            shown = str(make_header(decode_header(parseaddr(raw)[0])))
            assert shown == " ".join(name.replace("=?", "= ?").split())
        assert max(map(len, message.content.split(b"\r\n"))) <= 78


def test_trap_3_no_line_of_quoted_printable_is_longer_than_76() -> None:
    abstract = "Ein Satz über Größen, der lang und länger wird, bis er umbricht. " * 40
    message = made(mail(title="Ö" * 250, abstract=abstract + "x" * 600))
    for kind in ("text/plain", "text/html"):
        [part] = parts(message, kind)
        assert part["Content-Transfer-Encoding"] == "quoted-printable"
        assert 70 < max(map(len, str(part.get_payload()).splitlines())) <= 76


def test_trap_4_what_goes_over_the_wire_is_what_was_composed_byte_for_byte(
    mailbox: Mailbox,
) -> None:
    """For aiosmtplib writes a message anew, by a policy of its own, unless it is given bytes."""
    message = made(mail(title="Größen, “Räume” und 💩 " * 8, abstract=".\n\n.hidden\n\nÖ\n.\n"))

    async def send() -> None:
        transport = SmtpTransport(Account(host="127.0.0.1", port=mailbox.port, security="none"))
        await transport.deliver(message, before_data=_nothing)
        await transport.close()

    asyncio.run(send())
    assert [content for _, content in mailbox.received] == [message.content]


async def _nothing() -> None:
    """Nothing has to be done before the data."""


def test_trap_5_an_invite_in_other_letters_is_an_attachment_in_base64() -> None:
    message = made(mail(title="Größen – 数学 – שלום", who="Ø"))
    [part] = parts(message, "text/calendar")
    assert part["Content-Transfer-Encoding"] == "base64"
    assert part["Content-Disposition"] == 'attachment; filename="seminar.ics"'
    assert part["Content-Type"] == (
        'text/calendar; charset="utf-8"; method="PUBLISH"; name="seminar.ics"'
    )
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    assert message.content.isascii()
    assert "Größen – 数学 – שלום" in raw.decode().replace("\r\n ", "")


def test_trap_6_every_zone_of_the_world_is_written_with_yearly_rules_or_not_at_all() -> None:
    """And read from what is written alone; icalendar's own way has dates only, and another hour."""
    without = set()
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for month in (1, 4, 7, 10):
            at = datetime(2027, month, 20, 12, tzinfo=UTC)
            component = timezone(zone, at)
            if component is None:
                without.add(name)
                continue
            wall = at.astimezone(zone)
            read = wall.replace(tzinfo=component.to_tz(lookup_tzid=False))
            assert read.utcoffset() == wall.utcoffset(), f"{name}, {at}"
            for part in component.subcomponents:
                assert "RDATE" not in part
                assert {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} <= set(part)
                if len(component.subcomponents) > 1:
                    assert re.search(r"BYDAY=.*BYMONTH=", part.to_ical().decode())
    # Where the clocks follow the moon, or none knows yet what they will do.
    assert len(without) < 20
    assert {"Africa/Casablanca", "Africa/El_Aaiun"} <= without


def test_trap_6_a_mail_never_lets_the_library_add_the_zones() -> None:
    message = made(mail())
    [part] = parts(message, "text/calendar")
    assert "RDATE" not in part.get_content()
    assert re.findall(r"BEGIN:DAYLIGHT\r?\nDTSTART:\d{8}T(\d{6})", part.get_content()) == ["020000"]


def test_trap_6_an_invite_is_escaped_and_folded_inside_no_character() -> None:
    title = "Räume; Größen, \\notin und \\Nabla 💩" + "ö💩" * 100
    message = made(mail(title=title, who="a\\, b; c"))
    [part] = parts(message, "text/calendar")
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    [event] = Calendar.from_ical(raw).events
    assert event["SUMMARY"] == f"Seminar: {title}"
    assert str(event["DESCRIPTION"]).splitlines()[0] == "a\\, b; c"


def test_trap_7_what_icalendar_takes_in_silence_is_held() -> None:
    announcement = mail()
    message = COMPOSER.compose(announcement, NOW)
    [part] = parts(message, "text/calendar")
    raw = part.get_content()
    for old, new in (
        (r"DTSTART;.*", "DTSTART;TZID=Europe/Berlin:20261399T990000"),
        (r"DTEND;.*", "DTEND:soon"),
        (r"SEQUENCE:.*", "SEQUENCE:one"),
        (r"DTSTAMP:.*", "DTSTAMP:yesterday"),
    ):
        harmed = re.sub(old + r"\r?\n", new + "\r\n", raw, count=1)
        assert any(error for part in Calendar.from_ical(harmed).walk() for error in part.errors)
        body = str(part.get_payload()).encode().strip()
        new_body = encodebytes(harmed.encode()).replace(b"\n", b"\r\n").strip()
        content = message.content.replace(body, new_body)
        assert content != message.content
        with pytest.raises(VerificationFailed, match=r"does not parse|DTSTART is|DTEND is"):
            verify(replace(message, content=content), announcement)


def test_trap_8_text_of_windows_1252_is_read_as_it_was_meant_and_in_one_form() -> None:
    raw = "“Räume” – naïve".encode().decode("cp1252", "replace")
    assert clean.line("SÃ¸nderby, GrÃ¶ÃŸe, â€“") == "Sønderby, Größe, –"
    assert clean.line("e\u0301a\u0308") == unicodedata.normalize("NFC", "e\u0301a\u0308") == "éä"
    message = made(mail(title=clean.line(raw + " Gro\u0308ße")))
    assert unicodedata.is_normalized("NFC", message.subject)
    assert message.subject.endswith("Größe")


def test_trap_8_every_file_has_a_plain_name() -> None:
    announcement = several([""] * 3)
    titles = ("Größen – 数学", "שלום", '../../etc/passwd"; x="')
    talks = tuple(replace(t, title=s) for t, s in zip(announcement.talks, titles, strict=True))
    message = made(replace(announcement, talks=talks))
    assert [part.get_filename() for part in parts(message, "text/calendar")] == [
        "2026-04-07-gr-en-1.ics", "2026-04-08-talk-2.ics", "2026-04-09-etc-passwd-x-3.ics",
    ]  # fmt: skip


def test_nothing_is_as_the_python_that_runs_would_have_made_it_by_itself() -> None:
    """The same words by the library's shortest way: at least one trap is open, or this can go."""
    title = "Über die Größe von “Räumen” und — was sonst, in vielen Wörtern: ä ö ü " * 3
    stock = EmailMessage(policy=SMTP)
    stock["Subject"] = title.strip()
    stock.set_content("ö" * 200 + "\n", cte="quoted-printable")
    stock.add_attachment("SUMMARY:ö\r\n" * 3, subtype="calendar")
    content = stock.as_bytes()
    fallen = [
        max(map(len, content.split(b"\r\n"))) > 76,
        b"8bit" in content,
        message_from_bytes(content, policy=SMTP)["Subject"] != title.strip(),
    ]
    assert any(fallen)
