"""A ledger with rows of every kind, and a pass over it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from desk import Desk

from announcer import app as parts
from announcer.announcer import Announcer
from announcer.errors import AnnouncerError
from announcer.ledger import Decision, Deferred, InDoubt, Pause, Refused
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.report import Report
from announcer.settings import Settings, load_settings
from announcer.transport.folder import FolderTransport

ADOPTED: Final = datetime(2020, 4, 2, 10, tzinfo=UTC)
ANNOUNCED: Final = datetime(2020, 4, 3, 8, tzinfo=UTC)
REMINDED: Final = datetime(2020, 4, 7, 7, tzinfo=UTC)
SECOND: Final = """
[[series]]
id = "zz"
name = "ZZ Seminar"
list = "zz@groups.example"
sender = "ZZ <seminar@example.org>"
organisers = ["anna@example.org"]
timezone = "Europe/Berlin"
start = "16:00"
[series.source]
location = "index.md"
[[series.cadence]]
kind = "announcement"
weekday = "friday"
at = "10:00"
[[series.cadence]]
kind = "reminder"
days_before = 0
at = "09:00"
"""


@dataclass(frozen=True)
class Outcome:
    """What one pass planned, sent, and complained about."""

    plan: tuple[tuple[str, str, str], ...]
    mails: Mapping[str, bytes]
    problems: tuple[AnnouncerError, ...] = ()


def settings(folder: Path) -> Settings:
    """Return the settings of two series that share a page."""
    Desk(folder, 25)
    with (folder / "config.toml").open("a") as file:
        file.write(SECOND)
    return load_settings(folder / "config.toml", environ={})


async def filled(asked: Settings, path: Path, out: Path) -> None:
    """Make a ledger that has adopted both series, sent mails, and kept rows of every kind."""
    ledger = SqliteLedger.create(path)
    for series in ("ml", "zz"):
        rules = ["announcement", "reminder"]
        await ledger.adopt(series, f"{series}@groups.example", rules=rules, counted=(), now=ADOPTED)
    await one_pass(asked, ledger, ANNOUNCED, out)
    later = ANNOUNCED + timedelta(hours=1)
    sent = next(row for row in await ledger.rows() if row.series == "ml")
    for number, outcome in enumerate((
        Deferred(until=REMINDED + timedelta(hours=1), reply="451 later"),
        Refused(reply="550 no"),
        InDoubt(reply="no answer"),
        None,
    )):  # fmt: skip
        message = _other(sent.message(), number)
        revision = (await ledger.history(message.series)).revision
        ends = later + timedelta(days=9)
        claim = await ledger.claim(message, revision=revision, expires_at=ends, now=later)
        assert claim is not None
        if isinstance(outcome, InDoubt | None):
            await ledger.sending(claim, now=later)
        if outcome is not None:
            await ledger.record(claim, outcome, now=later)
    await ledger.cap(_other(sent.message(), 9), "too many", now=later)
    await ledger.pause(Pause(account="other", until=REMINDED, reply="421 wait"), now=later)
    await ledger.tell({"a cause": "words"}, series="ml", again=(), now=later)
    word = Decision(
        series="ml", rule="reminder", talk="2", what="hold", words="why", who="anna", at=later
    )
    await ledger.decide(
        [word, replace(word, series="zz", what="skip")], key="ml/reminder/x", now=later
    )
    await ledger.close()


def _other(message: Message, number: int) -> Message:
    key = f"ml/announcement/2019-01-0{number + 1}"
    said = tuple(replace(one, talk="9", first_id=None, uid="9@example.org") for one in message.said)
    return replace(message, key=key, message_id=f"<{number}@example.org>", said=said)


async def one_pass(asked: Settings, ledger: SqliteLedger, now: datetime, out: Path) -> Outcome:
    """Do a pass that writes its mails, those to the organisers too, into a folder."""
    report: Report = await Announcer(
        [parts.programme(series) for series in asked.series],
        ledger=ledger,
        transport=FolderTransport(out),
        clock=lambda _: now,
        account="account",
        tells=True,
    ).announce_due()
    mails = {path.name: path.read_bytes() for path in sorted(out.glob("*.eml"))}  # noqa: ASYNC240 - nothing else runs
    plan = tuple(
        (mail.key, mail.standing.value, mail.reason)
        for one in report.plans
        for mail in one.announcements
    )
    return Outcome(plan, mails, tuple(report.problems))


def opened_pass(asked: Settings, path: Path, out: Path) -> Outcome:
    """Open a ledger and do the pass of the reminder; a ledger that is refused is a problem."""

    async def run() -> Outcome:
        try:
            ledger = SqliteLedger.open(path)
        except AnnouncerError as error:
            return Outcome((), {}, (error,))
        try:
            return await one_pass(asked, ledger, REMINDED, out)
        finally:
            await ledger.close()

    return asyncio.run(run())
