"""Whatever is wrong with a mail, it is held with the reason: real mails, each harmed in every way."""

import re
from base64 import encodebytes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.quoprimime import body_encode
from functools import cached_property
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from desk import Desk
from mailbox_server import Mailbox
from test_logo import CARRIED
from test_samples import SERIES

from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.facts import Facts, all_facts
from announcer.message import Message
from announcer.samples import Sample, samples
from announcer.verify import verify

FULL: Final = replace(
    SERIES,
    list_page="https://groups.example/s",
    website="https://seminar.example",
    footer=("Tea.",),
)
HERE_AND_THERE: Final = (ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo"))
SERIES_OF: Final = {
    "plain": FULL,
    "german": replace(FULL, language="de"),
    "two": replace(FULL, language="de", other_languages=("en",)),
    "elsewhere": replace(FULL, also_times=HERE_AND_THERE),
    "logo": replace(FULL, logo=CARRIED),
}
CHOSEN: Final = re.compile(
    r"plain-\S+-one|plain-announcement-(five|tba|stream-only|german-title)"
    r"|two-(announcement|update|cancellation)-one|elsewhere-announcement-five"
    r"|(german|logo)-announcement-one"
)
FOUND: Final = {
    name: sample
    for prefix, series in SERIES_OF.items()
    for sample in samples(series)
    if CHOSEN.fullmatch(name := f"{prefix}-{sample.kind}-{sample.case}")
}


@dataclass(frozen=True)
class Mail:
    """A mail that may go, and the means to harm it."""

    sample: Sample
    message: Message

    @cached_property
    def facts(self) -> list[Facts]:
        mail = self.sample.mail
        return all_facts(mail, mail.due_at, mail.series.language)

    def part(self, kind: str, number: int = 0) -> EmailMessage:
        parsed = message_from_bytes(self.message.content, policy=SMTP)
        return [part for part in parsed.walk() if part.get_content_type() == kind][number]

    def read(self, kind: str, number: int = 0) -> str:
        raw = self.part(kind, number).get_payload(decode=True)
        assert isinstance(raw, bytes)
        return raw.decode().replace("\r\n", "\n")

    def head(self, old: bytes, new: bytes, *, flags: re.RegexFlag = re.MULTILINE) -> bytes:
        """Change something in the header, once."""
        head, blank, body = self.message.content.partition(b"\r\n\r\n")
        changed, number = re.subn(old, new, head + b"\r\n", count=1, flags=flags)
        assert number == 1, old
        return changed[:-2] + blank + body

    def put(self, kind: str, raw: bytes, number: int = 0) -> bytes:
        """Put another content into a part, encoded as the part was."""
        old = str(self.part(kind, number).get_payload()).encode()
        new = (
            encodebytes(raw).replace(b"\n", b"\r\n")
            if kind == "text/calendar"
            else body_encode(raw.decode("latin-1"), 76, "\r\n").encode()
        )
        return self.message.content.replace(old.strip(), new.strip(), 1)

    def say(self, kind: str, text: str, number: int = 0) -> bytes:
        return self.put(kind, text.replace("\n", "\r\n").encode(), number)


Harm = Callable[[Mail], Iterator[tuple[str, bytes]]]


def headers(mail: Mail) -> Iterator[tuple[str, bytes]]:
    head = mail.message.content.partition(b"\r\n\r\n")[0] + b"\r\n"
    for found in re.finditer(rb"^([\w-]+):(?:.*\r\n)(?:[ \t].*\r\n)*", head, re.MULTILINE):
        name = found[1].decode().lower()
        whole = re.escape(found[0])
        lost = f"lacks .*{name}" if name != "content-type" else "is malformed|built of|lacks"
        yield lost, mail.head(whole, b"")
        yield (
            f"more than one header {name}",
            mail.head(whole, (found[0] * 2).replace(b"\\", rb"\\")),
        )
    for name in (
        b"Bcc", b"Cc", b"Sender", b"Precedence", b"List-Unsubscribe", b"X-Priority", b"Return-Path",
        b"Disposition-Notification-To", b"X-Auto-Response-Suppress",
    ):  # fmt: skip
        yield (
            f"not meant: {name.decode().lower()}",
            mail.head(rb"\A", name + b": x@example.org\r\n"),
        )
    yield "goes to", mail.head(rb"^To: .*", b"To: x@example.org\r")
    yield "goes to", mail.head(rb"^To: (.*)\r", rb"To: \1, x@example.org\r")
    yield "subject that reads back", mail.head(rb"^Subject: ", b"Subject: Re: ")
    yield "message-id that reads back", mail.head(rb"^Message-ID: <ann", b"Message-ID: <ann0")
    yield "from that reads back", mail.head(rb"^From: Seminar", b"From: Seminary")
    yield "from that reads back", mail.head(rb"^From: .*", b"From: Seminar <x@example.org>\r")
    yield "reply-to that reads back", mail.head(rb"^Reply-To: .*", b"Reply-To: x@example.org\r")
    yield "auto-submitted that reads", mail.head(rb"auto-generated", b"auto-replied")
    yield "mime-version that reads", mail.head(rb"^MIME-Version: 1.0", b"MIME-Version: 2.0")
    yield "date", mail.head(rb"^Date: .*", b"Date: soon\r")
    if mail.sample.mail.thread:
        yield "in-reply-to that", mail.head(rb"^In-Reply-To: <ann", b"In-Reply-To: <ann0")
        yield "references that", mail.head(rb"^References: <ann", b"References: <ann0")


def octets(mail: Mail) -> Iterator[tuple[str, bytes]]:
    content = mail.message.content
    yield "bare CR or LF", content.replace(b"\r\n", b"\n", 1)
    yield "bare CR or LF", content.replace(b"\r\nContent-Type", b"\nContent-Type", 1)
    yield "bare CR or LF", content.replace(b"Date:", b"Date:\r", 1)
    yield "end with a line break", content.replace(b"\r\n", b"\n")
    yield "a NUL", content.replace(b"Date:", b"Date:\0", 1)
    yield "not plain ASCII", content.replace(b"Seminar", "Größen".encode(), 1)
    yield "end with a line break", content[:-2]
    yield "over 998", mail.head(rb"^Subject: ", b"Subject: " + b"x" * 1000)
    old = str(mail.part("text/plain").get_payload()).encode()
    yield "line of 80 characters", content.replace(old, b"x" * 80 + b"\r\n" + old)
    word = b"=?utf-8?q?" + b"x" * 70 + b"?="
    yield "encoded word of 82", mail.head(rb"^Subject: ", b"Subject: " + word + b" ")


def structure(mail: Mail) -> Iterator[tuple[str, bytes]]:
    content = mail.message.content
    yield "is built of", content.replace(b"text/plain", b"text/enriched", 1)
    yield "is built of", content.replace(b"multipart/alternative", b"multipart/mixed", 1)
    yield "not UTF-8 in quoted-printable", content.replace(b'"utf-8"', b'"latin-1"', 1)
    # As 7bit it is another text; only an encoding that was meant is read at all.
    yield "not UTF-8 in quoted", content.replace(b"quoted-printable", b"7bit", 1)
    plain = b'Content-Type: text/plain; charset="utf-8"'
    attached = plain + b"\r\nContent-Disposition: attachment"
    yield "text/plain as an attachment", content.replace(plain, attached, 1)
    for kind in ("text/plain", "text/html"):
        yield "is no UTF-8", mail.put(kind, b"\xff\xfe" + mail.read(kind).encode())
        yield "Gmail would clip", mail.say(kind, mail.read(kind) + "word \n" * 16_000)


def bodies(mail: Mail) -> Iterator[tuple[str, bytes]]:
    """Let the text or the HTML alone say something else."""
    for kind in ("text/plain", "text/html"):
        text = mail.read(kind)
        for reason, changed in (*_changed(mail, text), *_unrendered(text)):
            assert changed != text, reason
            yield reason, mail.say(kind, changed)
    wide = mail.read("text/plain") + "\n" + "wide " * 16 + "\n"
    yield "a line of 80 characters", mail.say("text/plain", wide)
    html = mail.read("text/html")
    for active in (
        "<script>1</script>", "<p onclick=1>", '<a href="javascript:1">', "<style>@import 'x';</style>",
        '<p style="background:url(https://x.example/1.png)">', "<style>p{background:URL(x)}</style>",
        '<link rel="stylesheet" href="https://x.example/1.css">', '<form action="https://x.example">',
    ):  # fmt: skip
        yield "in its HTML", mail.say("text/html", html.replace("</body>", active + "</body>"))
    picture = html.replace("</body>", '<img src="https://x.example/1.gif"></body>')
    yield "picture", mail.say("text/html", picture)


# The ways in which a mail says another time than the talk's: its facts, its first line, its days.
_WHEN: Final = "does not say the time|does not say “Reminder: |says .*|that there is no talk on"


def _changed(mail: Mail, text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"\b(\d\d):(\d\d)\b", text):
        hour = f"{(int(found[1]) + 1) % 24:02}:{found[2]}"
        for other in (hour, f"{found[1]}:{found[2][0]}{(int(found[2][1]) + 1) % 10}"):
            yield _WHEN, _at(text, found, other)
    weekday = r"\b(?:Mon|Tues|Wednes|Thurs|Fri)day|\b(?:Mon|Diens|Donners|Frei)tag|\bMittwoch"
    for found in re.finditer(rf"(?:{weekday}), (?:April )?(\d+)", text):
        day = found[0].replace(found[1], f"{int(found[1]) + 10}")
        yield _WHEN, _at(text, found, day)
    for found in re.finditer(weekday, text):
        day = "Sunday" if found[0].endswith("day") else "Sonntag"
        if re.match(r", (?:April )?\d", text[found.end() :]):
            yield _WHEN, _at(text, found, day)
    for talk, facts in zip(mail.sample.mail.talks, mail.facts, strict=True):
        heading = r"\s+".join(map(_written, facts.heading.split()))
        yield "does not say the title", re.sub(heading, "Something else", text)
        places = list(re.finditer(r"\s+".join(map(_written, (facts.location or "").split())), text))
        if facts.location:
            if not facts.changes:  # which say it once more
                yield "does not say the place", _at(text, places[-1], "Room 7")
            yield "does not say the place", text.replace(facts.location, "Room 7")
        if talk.stream and mail.sample.kind != "cancellation":
            reason = "the stream .* alone|does not say the place"
            yield reason, text.replace(talk.stream, "https://x.example")
        if talk.url and text.count(talk.url) and talk.url != mail.sample.mail.series.website:
            yield "the page .* alone", text.replace(talk.url, "https://x.example")
        for who in talk.speakers:
            yield (
                "the speaker .* alone|the speaker with affiliation",
                text.replace(who, "Somebody Else"),
            )
    yield from _rearranged(mail, text)


def _rearranged(mail: Mail, text: str) -> Iterator[tuple[str, str]]:
    whens = [re.compile(r"\s+".join(map(_written, facts.when.split()))) for facts in mail.facts]
    if len(whens) > 1 and not mail.facts[0].changes:  # which say it once more
        first, second = (list(when.finditer(text))[-1] for when in whens[:2])
        swapped = text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0]
        yield "with the time of another one", swapped + text[second.end() :]
        last = text.rindex("Questions &")
        yield "the title", f"{text[:last]}Something else{text[last + 9 :]}"
    for facts in mail.facts:
        for there in facts.elsewhere:
            found = [*re.finditer(r"\s+".join(map(_written, there.when.split())), text)][-1]
            yield f"does not say the time in {there.city}", _at(text, found, "")
    below = "English version below"
    if below in text:
        cut = text.index("Tuesday" if "Tuesday" in text else "Monday")
        start = max(text.rfind("\n", 0, cut), 0)
        yield "in the language en", text[:start] + "\n" + text[text.index("Mailingliste") :]


def _unrendered(text: str) -> Iterator[tuple[str, str]]:
    for left in ("{{ talk.title }}", "{{ x", "{% if x %}", "%(name)s"):
        reason = re.escape(left if left != "{{ x" else "{{")
        yield reason, text.replace("Tea.", f"Tea. {left}", 1)


def _written(word: str) -> str:
    return re.escape(word).replace("&", "&(?:amp;)?")


def _at(text: str, found: re.Match[str], other: str) -> str:
    return text[: found.start()] + other + text[found.end() :]


def invites(mail: Mail) -> Iterator[tuple[str, bytes]]:
    content, number = mail.message.content, len(mail.message.said) - 1
    if mail.sample.kind == "no-seminar":
        return
    raw = mail.read("text/calendar", number)
    for reason, old, new in _entries(mail):
        changed, times = re.subn(old, new, raw, flags=re.MULTILINE)
        assert times, old
        assert changed != raw, old
        yield reason, mail.say("text/calendar", changed, number)
    lines = raw.replace("\n", "\r\n").encode()
    yield "byte order mark", mail.put("text/calendar", b"\xef\xbb\xbf" + lines, number)  # fmt: skip
    yield (
        "not UTF-8",
        mail.put("text/calendar", lines.replace(b"SUMMARY:", b"SUMMARY:\xff"), number),
    )
    yield "bare CR or LF", mail.put("text/calendar", raw.encode(), number)
    yield "line of over 75", mail.say("text/calendar", raw.replace("SUMMARY:", "SUMMARY:" + "x" * 80), number)  # fmt: skip
    yield "not parse|not one event", mail.say("text/calendar", "Hello\n", number)
    head = re.escape(b"Content-Type: text/calendar")
    method = "CANCEL" if mail.sample.kind == "cancellation" else "PUBLISH"
    other = rb"\g<0>".join((b"", b"")) + b"; x=1"
    yield "METHOD, charset or name", re.sub(head, other, content, count=1)
    yield (
        "METHOD, charset or name",
        content.replace(f'method="{method}"'.encode(), b'method="REQUEST"'),
    )
    yield "is no attachment", content.replace(b"attachment; filename", b"inline; filename")
    names = rb'name="[^"]*\.ics"'
    yield "of the name", re.sub(names, b'name="seminar.ical"', content)
    ends = [found.start() for found in re.finditer(rb"\r\n--=_", content)]
    yield "one invite for each", content[: ends[-2]] + content[ends[-1] :]
    yield "one invite for each", content[: ends[-1]] + content[ends[-2] :]
    if number:
        yield "two invites of the same name", re.sub(names, b'name="seminar.ics"', content)


def _entries(mail: Mail) -> Iterator[tuple[str, str, str]]:
    start = re.search(
        r"DTSTART;TZID=.*T(\d\d)", mail.read("text/calendar", len(mail.message.said) - 1)
    )
    assert start
    hour = int(start[1])
    yield "DTSTART is", rf"(DTSTART;TZID=.*T){hour}", rf"\g<1>{hour - 1}"
    yield "DTEND is", rf"(DTEND;TZID=.*T){hour + 1}", rf"\g<1>{hour + 2}"
    yield "DTSTART is", r"^(DTSTART;TZID=.*)T(.)(.).*", r"\1T\g<2>\g<3>0001"
    yield "DTSTART is", r"DTSTART;TZID=[^:]*", r"DTSTART"
    yield "DTSTART is", r"^DTSTART;TZID=.*T.*", r"DTSTART;VALUE=DATE:20300408"
    yield "DTSTART is|parse", r"^DTSTART;TZID=.*", r"DTSTART;TZID=Europe/Berlin:soon"
    yield "not described in it", r"BEGIN:VTIMEZONE(.|\n)*END:VTIMEZONE\n", ""
    yield "zone Europe/Berlin is at", r"TZOFFSETTO:\+0200", "TZOFFSETTO:+0300"
    yield "read wrongly", r"^TZOFFSETTO:.*\n", ""
    yield "read wrongly", r"^RRULE:.*", "RDATE:20300331T020000"
    yield "SUMMARY is", r"^SUMMARY:.*", "SUMMARY:Seminar: Another"
    yield "LOCATION is", r"^LOCATION:.*", "LOCATION:Room 7"
    yield "DESCRIPTION is", r"^DESCRIPTION:", "DESCRIPTION:x"
    yield "URL is", r"^URL:", "URL:x"
    yield "STATUS is", r"^STATUS:.*", "STATUS:TENTATIVE"
    yield "UID is", r"^UID:", "UID:0"
    yield "SEQUENCE is", r"^SEQUENCE:", "SEQUENCE:7"
    yield "DTSTAMP is", r"^DTSTAMP:2", "DTSTAMP:3"
    yield "DTSTAMP is", r"^(DTSTAMP:.*)Z", r"\1"
    yield "ORGANIZER is", r"^ORGANIZER.*", "ORGANIZER:mailto:s@groups.example"
    yield "METHOD is", r"^METHOD:.*", "METHOD:REQUEST"
    yield "has an invite with", r"^METHOD:.*\n", ""
    yield "has an invite with", r"^PRODID:.*\n", ""
    yield "has an invite with", r"^VERSION:2.0", "VERSION:1.0"
    yield "ATTENDEE", r"^SUMMARY", "ATTENDEE:mailto:x@example.org\nSUMMARY"
    yield "X-WR-CALNAME", r"^METHOD", "X-WR-CALNAME:x\nMETHOD"
    yield "X-ALT-DESC", r"^SUMMARY", "X-ALT-DESC:x\nSUMMARY"
    yield "VALARM", r"^END:VEVENT", "BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\nEND:VEVENT"
    yield "DURATION|parse", r"^SUMMARY", "DURATION:PT1H\nSUMMARY"
    yield "not one event", r"(BEGIN:VEVENT(.|\n)*END:VEVENT\n)", r"\1\1"
    yield "SUMMARY is", r"^SUMMARY:", "SUMMARY:x\nSUMMARY:"
    yield "VTODO|VJOURNAL", r"^BEGIN:VEVENT", "BEGIN:VJOURNAL\nEND:VJOURNAL\nBEGIN:VEVENT"


def links(mail: Mail) -> Iterator[tuple[str, bytes]]:
    """Let what puts a talk into a calendar put it an hour later."""
    html = mail.read("text/html")
    for found in re.finditer(r"dates=\d{8}T(\d\d)|startdt=[\d-]{10}T(\d\d)", html):
        hour = found[1] or found[2]
        other = found[0].removesuffix(hour) + f"{int(hour) + 1}"
        yield "another talk into a calendar", mail.say("text/html", _at(html, found, other))


HARMS: Final[Sequence[Harm]] = (bodies, invites, links)
OF_ALL_ALIKE: Final[Sequence[Harm]] = (headers, octets, structure)


def made(sample: Sample) -> Mail:
    message = MailComposer().compose(sample.mail, sample.now)
    verify(message, sample.mail)
    return Mail(sample, message)


@pytest.mark.parametrize("name", FOUND)
def test_a_mail_that_is_harmed_in_any_way_is_held_with_the_reason(
    name: str, figures: Callable[[str], None]
) -> None:
    mail = made(FOUND[name])
    survived, number = [], 0
    for harm in (*HARMS, *(OF_ALL_ALIKE if re.match(r"(plain|logo)-.*-one", name) else ())):
        for reason, content in harm(mail):
            number += 1
            assert content != mail.message.content, reason
            try:
                verify(replace(mail.message, content=content), mail.sample.mail)
            except VerificationFailed as error:
                said = str(error)
                if not (re.search(reason, said) and said.endswith("; it is held")):
                    survived.append(f"{harm.__name__}: expected {reason}, but: {said}")
            else:
                survived.append(f"{harm.__name__}: expected {reason}, but it may go")
    assert survived == []
    assert number > 60
    figures(f"harmed mails: {number} of {name}, all held")


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/calendar"])
def test_a_mail_whose_part_is_put_back_as_it_was_may_go(kind: str) -> None:
    """So that it is the harm that holds one of the others."""
    mail = made(FOUND["elsewhere-announcement-five"])
    for number in range(5 if kind == "text/calendar" else 1):
        content = mail.say(kind, mail.read(kind, number), number)
        verify(replace(mail.message, content=content), mail.sample.mail)


TALKS: Final = """\
## Future Topics
### 3. "Nets" 10.04.20

### 4. "Trees" 14.04.20
"""


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("Starts at 17:00!", "says 17:00 in its text alone, which is of none of its talks"),
        ("{% raw %}{{ talk.title }}{% endraw %}", "has {{ talk.title }} in its text"),
        ("{{ 'far too wide ' * 9 }}", "has a line of 1"),
    ],
)
def test_a_mail_that_fails_is_held_with_the_reason_and_the_others_go(
    desk: Desk, mailbox: Mailbox, wrong: str, reason: str
) -> None:
    desk.page(TALKS)
    desk.run("adopt", "--now", "2020-04-08T12:00")
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('id = "ml"', 'id = "ml"\ntemplates = "own"'))
    own = desk.folder / "own" / "reminder" / "text.txt"
    own.parent.mkdir(parents=True)
    own.write_text(f'{{% include "_layout.txt" %}}\n{wrong}\n', encoding="utf-8")
    assert reason in desk.run("check", "--now", "2020-04-08T12:00").stderr
    report = desk.json("send", "--now", "2020-04-10T10:00", status=1)
    assert [mail["key"] for mail in report["sent"]] == ["ml/announcement/2020-04-10"]
    [failed] = report["failed"]
    assert failed["key"] == "ml/reminder/2020-04-10"
    assert f"the composed mail {reason}" in failed["reply"]
    assert failed["reply"].endswith("; it is held")
    assert len(mailbox.received) == 1
    own.unlink()
    mended = desk.json("send", "--now", "2020-04-10T10:01")
    assert [mail["key"] for mail in mended["sent"]] == ["ml/reminder/2020-04-10"]


def test_a_talks_own_braces_are_text_and_those_of_a_template_are_not(tmp_path: Path) -> None:
    sample = FOUND["plain-announcement-one"].mail
    own = "Braces {{ series.list }} and {% these %} in %(s)s: why {{a}} is {{{b}}"
    talk = replace(
        sample.talks[0], title=own, abstract=f"{own}\n\n$\\frac{{{{a}}}}{{b}}$ and {{{{."
    )
    for braces in (own, "Plain"):
        meant = replace(sample, talks=(replace(talk, title=braces),), notes=("Cake {{ n }}",))
        verify(MailComposer().compose(meant, meant.due_at), meant)
    meant = replace(sample, talks=(replace(talk, title="{{ a }} and {{ b }}", abstract=None),))
    (tmp_path / "announcement").mkdir()
    for name, left in (
        ("subject.txt", "{% raw %}{{ c }}{% endraw %}"),
        ("text.txt", '{% include "_layout.txt" %} {% raw %}{{ c }}{% endraw %}'),
        ("html.html", '{% include "_layout.html" %}<p title="{{ \'{{\' }} c }}">'),
    ):
        path = tmp_path / "announcement" / name
        path.write_text(left, encoding="utf-8")
        message = MailComposer(tmp_path).compose(meant, meant.due_at)
        path.unlink()
        with pytest.raises(VerificationFailed, match=r"has \{\{ c \}\} in its"):
            verify(message, meant)


def test_a_subject_with_another_day_than_its_talk_is_held(tmp_path: Path) -> None:
    (tmp_path / "announcement").mkdir()
    (tmp_path / "announcement" / "subject.txt").write_text("Seminar, Tue 9 Apr, 15:00")
    meant = FOUND["plain-announcement-one"].mail
    message = MailComposer(tmp_path).compose(meant, meant.due_at)
    with pytest.raises(VerificationFailed, match="says Tue 9 Apr, 15:00 in its subject alone"):
        verify(message, meant)


def test_a_day_or_time_of_the_organisers_own_words_holds_no_mail() -> None:
    sample = FOUND["two-announcement-one"].mail
    words = "Doors 14:30, dinner Monday, April 8, 2030, 19:00–22:00; am 9. April 2031, 07:15"
    talk = replace(
        sample.talks[0], title=f"What 12:30 means, {words}", abstract=f"At *6:15*. {words}"
    )
    series = replace(sample.series, footer=(words,))
    meant = replace(sample, series=series, talks=(talk,), notes=(f"Coffee at 10:45, {words}",))
    verify(MailComposer().compose(meant, meant.due_at), meant)


def test_what_a_template_says_in_both_parts_alike_may_go(tmp_path: Path) -> None:
    for name in ("text.txt", "html.html"):
        (tmp_path / "announcement").mkdir(exist_ok=True)
        frame = f'{{% include "_layout.{name.partition(".")[2]}" %}}'
        (tmp_path / "announcement" / name).write_text(f"{frame}\nCoffee at 14:45 in the foyer.\n")
    meant = FOUND["plain-announcement-one"].mail
    verify(MailComposer(tmp_path).compose(meant, meant.due_at), meant)


def test_a_template_that_says_day_and_start_in_words_of_its_own_may_go(tmp_path: Path) -> None:
    (tmp_path / "announcement").mkdir()
    words = (
        "{% for talk in talks %}{{ talk.heading }}:\nat {{ talk.clock }} on {{ talk.DAY }}, "
        "{{ talk.location }}\n{% endfor %}"
    )
    own = ["announcement/text.txt", "announcement/html.html"]
    meant = FOUND["plain-announcement-five"].mail
    for day in ("day", "short_day"):
        for name in ("text.txt", "html.html"):
            (tmp_path / "announcement" / name).write_text(words.replace("DAY", day))
        verify(MailComposer(tmp_path).compose(meant, meant.due_at), meant, own=own)
    (tmp_path / "announcement" / "text.txt").write_text(words.replace("on {{ talk.DAY }}", ""))
    with pytest.raises(VerificationFailed, match="does not say the time of talk sample-1 in its t"):
        verify(MailComposer(tmp_path).compose(meant, meant.due_at), meant, own=own)


@pytest.mark.parametrize("minutes", range(0, 180, 30))
def test_a_talk_in_or_until_the_hour_that_clocks_show_twice_may_go(minutes: int) -> None:
    sample = FOUND["plain-announcement-one"]
    series = replace(sample.mail.series, timezone=ZoneInfo("America/New_York"))
    start = datetime(2030, 11, 3, 3, tzinfo=UTC) + timedelta(minutes=minutes)
    [talk] = sample.mail.talks
    end, day = start + timedelta(minutes=90), series.local(start).date()
    late = replace(talk, starts_at=start, ends_at=end, day=day)
    mail = replace(sample.mail, series=series, talks=(late,))
    verify(MailComposer().compose(mail, sample.now), mail)
