"""Every kind of mail as programs read it that other people wrote: SpamAssassin, and libical."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import vobject
from test_samples import SERIES

from announcer.compose import MailComposer
from announcer.invite import Entry, feed, invite, revision, summary
from announcer.samples import KINDS, Sample, sample_talk, sample_talks, samples
from real.needs import needs, needs_file

FULL = replace(
    SERIES,
    name="Seminar über „Räume, Größen; Zahlen“",
    website="https://seminar.example.org",
    list_page="https://groups.example/g/s",
)
# A server that took the mail has said so on top; rules about dates and senders ask for it. Its
# address is one that is routed, as those for examples score; nothing is looked up.
RECEIVED = (
    "Received: from mail.example.org (mail.example.org [193.0.6.139])\r\n"
    "\tby mx.groups.example with ESMTPS id 4FxyZ12345; {date}\r\n"
)


def content(sample: Sample) -> bytes:
    return MailComposer().compose(sample.mail, sample.now).content


@needs("spamassassin", "spamassassin")
def test_no_kind_of_mail_looks_like_spam(tmp_path: Path, figures: Callable[[str], None]) -> None:
    found = samples(FULL)
    files = []
    for number, sample in enumerate(found):
        mail = content(sample)
        date = str(message_from_bytes(mail, policy=SMTP)["Date"])
        files.append(tmp_path / f"{number:03}.eml")
        files[-1].write_bytes(RECEIVED.format(date=date).encode() + mail)
    done = subprocess.run(
        ["spamassassin", "-L", "-t", *files],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True, text=True, errors="replace", check=True,
    )  # fmt: skip
    scores = re.findall(r"^X-Spam-Status: \w+, score=(\S+) .*?tests=(.*?)(?:autolearn| )", done.stdout.replace("\n\t", ""), re.MULTILINE)  # fmt: skip
    assert len(scores) == len(found)
    worst = dict.fromkeys(KINDS, (-99.0, "", ""))
    for sample, (score, tests) in zip(found, scores, strict=True):
        worst[sample.kind] = max(worst[sample.kind], (float(score), sample.case, tests))
    for kind, (score, case, tests) in worst.items():
        figures(f"SpamAssassin: {kind} at most {score} ({case}: {tests})")
    assert max(score for score, _, _ in worst.values()) < 1


@dataclass(frozen=True)
class Understood:
    uid: str
    sequence: int
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str
    status: str


def understood(program: Path, calendar: bytes) -> tuple[Understood, ...]:
    """Give what libical makes of a calendar in which it finds nothing wrong."""
    done = subprocess.run([program], input=calendar, capture_output=True, check=True)
    allowed, errors, *facts = done.stdout.decode().split("\0")[:-1]
    assert (allowed, errors) == ("1", "0"), calendar.decode()
    return tuple(
        Understood(uid, int(sequence), instant(start), instant(end), what, where, words, status)
        for uid, sequence, start, end, what, where, words, status in zip(
            *(facts[n::8] for n in range(8)), strict=True
        )
    )


def instant(written: str) -> datetime:
    return datetime.strptime(written, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


@pytest.fixture(scope="session")
def libical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader in C, compiled."""
    program = tmp_path_factory.mktemp("libical") / "reader"
    source = Path(__file__).with_name("readers.c")
    subprocess.run(["gcc", "-Wall", "-Werror", "-o", program, source, "-lical"], check=True)
    return program


@needs("gcc", "gcc")
@needs_file("/usr/include/libical/ical.h", "libical-dev")
def test_libical_reads_every_invite_as_it_was_meant(libical: Path) -> None:
    for sample in samples(FULL):
        message = MailComposer().compose(sample.mail, sample.now)
        parsed = message_from_bytes(message.content, policy=SMTP)
        files = [part.get_content().encode() for part in parsed.iter_attachments()]
        read = [event for file in files for event in understood(libical, file)]
        invited = sample.mail.talks if sample.kind != "no-seminar" else ()
        for event, talk, said in zip(read, invited, message.said, strict=False):
            who = [", ".join(talk.people)] if talk.speakers else []
            where = [talk.location] if talk.location else []
            assert event.description.splitlines()[: len(who + where)] == who + where
            assert replace(event, description="") == Understood(
                uid=said.uid,
                sequence=said.sequence,
                start=said.starts_at,
                end=said.ends_at,
                summary=f"{FULL.name}: {talk.title or 'to be announced'}",
                location=talk.location or talk.stream or "",
                description="",
                status="CANCELLED" if talk.cancelled else "CONFIRMED",
            )
        assert len(read) == len(invited)


@needs("gcc", "gcc")
@needs_file("/usr/include/libical/ical.h", "libical-dev")
def test_a_time_is_read_alike_on_either_side_of_every_change_of_clocks(libical: Path) -> None:
    """By libical and by vobject, from the VTIMEZONE alone: no parser knows these zones' names."""
    zones = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Pacific/Auckland")
    for name in zones:
        series = replace(SERIES, timezone=ZoneInfo(name))
        for month in range(1, 13):
            at = datetime(2030, month, 8, 10, tzinfo=UTC)
            talk = replace(
                sample_talk(series), starts_at=at, ends_at=at + timedelta(hours=1), day=at.date()
            )
            calendar = invite(talk, series, uid="u", sequence=0, stamp=at)
            # Parsers keep zones by their names, so each of these gets one of its own.
            calendar = calendar.replace(name.encode(), f"X-{month}/{name[-6:]}".encode())
            [event] = understood(libical, calendar)
            assert event.start == at, f"{name}, {at}"
            start = vobject.readOne(calendar.decode()).vevent.dtstart.value
            assert start.astimezone(UTC) == at, f"{name}, {at}"


@needs("gcc", "gcc")
@needs_file("/usr/include/libical/ical.h", "libical-dev")
def test_libical_reads_a_calendar_of_many_talks(libical: Path) -> None:
    talks = [talk for case in sample_talks(FULL).values() for talk in case]
    at = datetime(2030, 1, 1, tzinfo=UTC)
    entries = [
        Entry(talk=talk, series=FULL, revision=revision(talk, FULL, None, at=at)) for talk in talks
    ]
    # It has no METHOD, so nothing in RFC 5546 is checked but that it parses.
    read = understood(libical, feed(FULL.name, entries))
    assert sorted((e.summary, e.start, e.end) for e in read) == sorted(
        (summary(e.talk, FULL), e.starts_at, e.ends_at) for e in entries
    )
