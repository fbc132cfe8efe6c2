"""Whole passes against every fault of an SMTP server: the ledger never contradicts what it has.

Phases × faults, over STARTTLS with a login. Each cell is a pass of its own at ten o'clock, then
one a second before the ledger's own next attempt, one at it, and one a day later, all three
against a server that is well again. ``ok`` is one cell, since it is the same at every phase.
Left out: a fault at ``connect`` that needs words (they are the banner's), and closing there
(which is closing at the banner). In ``body`` the words come while the content is still on its
way; the server then reads on to the dot, and says no more. A 2xx that comes so early is its word
all the same, as nothing on our side tells it from one that it gives after the dot.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from announcer.announcer import Announcer, Programme
from announcer.cadence import Rule
from announcer.compose import MailComposer
from announcer.ledger import RESEND_AFTER, Row, State
from announcer.ledger.sqlite import SqliteLedger
from announcer.ledger.steps import free_at
from announcer.talks import Mailbox, Reading, Series, Talk
from announcer.transport.smtp import Account, SmtpTransport
from transport.scripted import (
    CLOSE,
    HANG,
    RESET,
    USUAL,
    Act,
    Certificate,
    Scripted,
    Then,
    certificate,
    line,
)

TEN = datetime(2026, 4, 3, 8, tzinfo=UTC)
TALK = Talk(
    id="1",
    title="T",
    day=date(2026, 4, 7),
    starts_at=datetime(2026, 4, 7, 13, tzinfo=UTC),
    ends_at=datetime(2026, 4, 7, 14, tzinfo=UTC),
)
SENDER = Mailbox(name="Seminar", address="seminar@example.org")
SERIES = Series(
    id="s",
    name="S",
    list="s@groups.example",
    sender=SENDER,
    organisers=("anna@example.org",),
    reply_to=SENDER,
    timezone=ZoneInfo("Europe/Berlin"),
)
FRIDAYS = Rule(kind="announcement", weekday=4, at=time(10), days_before=1)
PATIENCE = timedelta(seconds=2)  # of the client, for each step
AT_ONCE = 12  # cells: two cores must not make a slow server of a quick one

PHASES = (
    "banner",
    "EHLO",
    "STARTTLS",
    "TLS",
    "EHLO again",
    "AUTH",
    "MAIL",
    "RCPT",
    "DATA",
    "body",
    "dot",
    "QUIT",
)
SILENT = frozenset(
    {
        "close",
        "reset",
        "hang",
        "slow for ever",
        "garbage",
        "odd 3xx",
        "half a line",
        "half a line, then silence",
        "very long line",
        "late",
    }
)


def faults(phase: str) -> Mapping[str, Act]:
    usual = Act(says=b"250 2.0.0 queued\r\n") if phase == "body" else Act()
    code = USUAL.get("dot" if phase == "body" else phase, b"250")[:3].decode()
    endless = b"\x16\x03\x03\x40\x00" if phase == "TLS" else code.encode() + b"-"
    return {
        "4xx": line("451 4.3.0 later"),
        "5xx": line("550 5.1.1 no"),
        "421 and close": line("421 4.3.2 closing"),
        "close": CLOSE,
        "reset": RESET,
        "hang": HANG,
        "slow": replace(usual, pieces=5),
        "slow for ever": Act(says=endless, then=Then.DRIP),
        "garbage": line("?! what"),
        "odd 2xx": line("259 odd"),
        "odd 3xx": line("359 odd"),
        "half a line": replace(usual, cut=True, then=Then.CLOSE),
        "half a line, then silence": replace(usual, cut=True, then=Then.HANG),
        "very long line": line(f"{code} {'x' * 10_000}"),
        "late": replace(usual, late=True),
    }


def state_after(phase: str, fault: str) -> State:
    """What the ledger must say after a cell of the grid."""
    if phase == "QUIT" or fault == "slow":
        return State.SENT
    if phase in {"body", "dot"} and fault in SILENT:
        return State.IN_DOUBT
    if fault == "odd 2xx" and phase in {"MAIL", "RCPT", "body", "dot"}:
        return State.SENT
    if fault == "5xx" and phase in {"MAIL", "RCPT", "DATA", "body", "dot"}:
        return State.REFUSED
    return State.RETRY


@dataclass(frozen=True)
class Cell:
    name: str
    script: Mapping[str, Act | str] = field(hash=False)
    expected: State
    login: str = "PLAIN"
    trusted: bool = True


def grid() -> Iterator[Cell]:
    yield Cell("ok", {}, State.SENT)
    yield Cell("connect, reset", {"connect": RESET}, State.RETRY)
    yield Cell("connect, hang", {"connect": HANG}, State.RETRY)
    for phase in PHASES:
        for fault, act in faults(phase).items():
            expected = state_after(phase, fault)
            if phase == "dot" and fault in SILENT:
                # The answer is lost either way: only the server knows which it was (RFC 1047).
                for takes in (True, False):
                    name = f"dot, {fault}, {'taken' if takes else 'not taken'}"
                    yield Cell(name, {"dot": replace(act, takes=takes)}, expected)
            else:
                yield Cell(f"{phase}, {fault}", {phase: act}, expected)


ODDITIES = (
    Cell("AUTH, 535", {"AUTH": "535 5.7.8 bad credentials"}, State.RETRY),
    Cell("AUTH in two steps", {"AUTH": "334 UGFzc3dvcmQ6"}, State.SENT, login="LOGIN"),
    *(
        Cell(
            f"AUTH in two steps, {name}",
            {"AUTH": "334 UGFzc3dvcmQ6", "password": act},
            State.RETRY,
            login="LOGIN",
        )
        for name, act in {"close": CLOSE, "hang": HANG, "5xx": line("535 no")}.items()
    ),
    Cell("EHLO, no STARTTLS", {"EHLO": "250-scripted\r\n250 AUTH PLAIN"}, State.RETRY),
    Cell("EHLO again, no AUTH", {"EHLO again": "250 scripted"}, State.RETRY),
    Cell("TLS, a certificate that is not trusted", {}, State.RETRY, trusted=False),
    Cell("MAIL, a quota", {"MAIL": "550 5.4.5 daily sending limit"}, State.RETRY),
    Cell("RCPT, and two answers more in one breath", {
        "RCPT": "250 ok\r\n354 go on\r\n250 queued", "DATA": "451 later",
    }, State.RETRY),
    Cell("DATA, and the dot's answer in one breath", {
        "DATA": "354 go on\r\n250 queued", "dot": "554 no",
    }, State.RETRY),
    Cell("dot, several lines", {"dot": "250-2.0.0 it is\r\n250-2.0.0 so\r\n250 queued"}, State.SENT),
    Cell("dot, several lines of a refusal", {"dot": "550-5.7.1 we\r\n550 do not"}, State.REFUSED),
    Cell("dot, several lines, slowly", {
        "dot": Act(says=b"250-2.0.0 it is\r\n250 queued\r\n", pieces=8),
    }, State.SENT),
    Cell("dot, no words", {"dot": "250"}, State.SENT),
    Cell("dot, and goodbye in one breath", {"dot": "250 queued\r\n421 closing"}, State.SENT),
    Cell("dot, lines that contradict each other", {
        "dot": line("250-2.0.0 queued\r\n550 or not", takes=False),
    }, State.IN_DOUBT),
    Cell("dot, one line of several, then close", {
        "dot": Act(says=b"250-2.0.0 queued\r\n", then=Then.CLOSE),
    }, State.IN_DOUBT),
    Cell("dot, a log line that begins with a year", {
        "dot": line("2026-04-03 10:00:00 out of memory", takes=False),
    }, State.IN_DOUBT),
    Cell("dot, code -1", {"dot": "-1 what"}, State.IN_DOUBT),
    Cell("dot, an empty line", {"dot": ""}, State.IN_DOUBT),
    Cell("dot, 354 once more", {"dot": "354 go on"}, State.IN_DOUBT),
    Cell("dot, code 666", {"dot": "666 what"}, State.IN_DOUBT),
)  # fmt: skip
CELLS = {cell.name: cell for cell in (*grid(), *ODDITIES)}


class Page:
    async def load(self, now: datetime) -> Reading:
        return Reading(talks=(TALK,))


PROGRAMME = Programme(series=SERIES, cadence=(FRIDAYS,), source=Page(), composer=MailComposer())


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one cell came to."""

    row: Row
    taken: tuple[bytes, ...]  # what the server had after the first pass
    content_came: bool
    seen: Mapping[str, State]  # at each command of the first pass, what the ledger said
    connections_before_time: int
    row_in_time: Row
    taken_in_time: tuple[bytes, ...]
    taken_a_day_later: tuple[bytes, ...]


async def announce(ledger: SqliteLedger, port: int, authority: Path, now: datetime) -> int:
    transport = SmtpTransport(
        Account(
            host="127.0.0.1",
            port=port,
            username="seminar@example.org",
            password="hunter2",
            ca_file=authority,
            timeout=PATIENCE,
            dot_timeout=PATIENCE,
        )
    )
    announcer = Announcer([PROGRAMME], ledger=ledger, transport=transport, clock=lambda _: now)
    return (await announcer.announce_due()).exit_status


async def adopted(ledger: SqliteLedger) -> SqliteLedger:
    before = TEN - timedelta(days=1)
    await ledger.adopt("s", SERIES.list, rules=[FRIDAYS.label], counted=(), now=before)
    return ledger


async def tell(cell: Cell, trusted: Certificate, other: Certificate, authority: Path) -> Told:
    ledger = await adopted(SqliteLedger.in_memory())
    seen: dict[str, State] = {}

    async def look(verb: str) -> None:
        [row] = await ledger.rows()
        seen[verb] = row.state

    shown = trusted if cell.trusted else other
    truth = Scripted(cell.script, certificate=shown.server, login=cell.login, look=look)
    async with truth.listening() as port:
        await announce(ledger, port, authority, TEN)
        await truth.ended()
    [row] = await ledger.rows()
    taken, content_came, seen_first = tuple(truth.taken), truth.content_came, dict(seen)

    truth.script, truth.certificate = {}, trusted.server
    truth.connections, truth.login = 0, "PLAIN"
    again_at = free_at(row) or TEN + timedelta(minutes=30)
    async with truth.listening() as port:
        await announce(ledger, port, authority, again_at - timedelta(seconds=1))
        connections_before_time = truth.connections
        await announce(ledger, port, authority, again_at)
        [row_in_time] = await ledger.rows()
        taken_in_time = tuple(truth.taken)
        await announce(ledger, port, authority, again_at + timedelta(days=1))
    await ledger.close()
    return Told(
        row=row,
        taken=taken,
        content_came=content_came,
        seen=seen_first,
        connections_before_time=connections_before_time,
        row_in_time=row_in_time,
        taken_in_time=taken_in_time,
        taken_a_day_later=tuple(truth.taken),
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Told | BaseException]:
    """Play all cells, many at once: nearly all of their time is the client's patience."""
    trusted, other = certificate(), certificate()
    authority = tmp_path_factory.mktemp("authority") / "ca.pem"
    trusted.authority.cert_pem.write_to_path(authority)

    async def play() -> list[Told | BaseException]:
        turn = asyncio.Semaphore(AT_ONCE)

        async def in_turn(cell: Cell) -> Told:
            async with turn, asyncio.timeout(50 * PATIENCE.total_seconds()):
                return await tell(cell, trusted, other, authority)

        return await asyncio.gather(*map(in_turn, CELLS.values()), return_exceptions=True)

    return dict(zip(CELLS, asyncio.run(play()), strict=True))


def one(told: Mapping[str, Told | BaseException], name: str) -> Told:
    found = told[name]
    if isinstance(found, BaseException):
        raise found
    return found


@pytest.mark.parametrize("name", CELLS)
def test_the_ledger_never_contradicts_what_the_server_has(
    told: Mapping[str, Told | BaseException], name: str
) -> None:
    cell = one(told, name)
    row = cell.row
    match row.state:
        case State.SENT:
            assert (len(cell.taken), row.copies) == (1, 1)
        case State.RETRY | State.REFUSED:
            assert (cell.taken, row.copies) == ((), 0)
        case State.IN_DOUBT:
            assert row.copies == 1
            assert cell.content_came
            assert name.endswith("taken") <= (len(cell.taken) == (not name.endswith("not taken")))
        case _:
            pytest.fail(f"{name}: the pass ended, and left the mail {row.state}")
    assert row.state is CELLS[name].expected, row.reply
    assert row.attempts == 1
    assert "hunter2" not in (row.reply or "")


@pytest.mark.parametrize("name", CELLS)
def test_each_step_is_recorded_before_the_next_is_taken(
    told: Mapping[str, Told | BaseException], name: str
) -> None:
    promised = {"MAIL": State.CLAIMED, "RCPT": State.CLAIMED, "DATA": State.SENDING, "QUIT": State.SENT}  # fmt: skip
    cell = one(told, name)
    seen = {verb: state for verb, state in cell.seen.items() if verb in promised}
    assert seen == {verb: promised[verb] for verb in seen}
    assert ("QUIT" in seen) <= (cell.row.state is State.SENT)


@pytest.mark.parametrize("name", CELLS)
def test_the_next_attempt_comes_at_its_written_time_and_once(
    told: Mapping[str, Told | BaseException], name: str
) -> None:
    cell = one(told, name)
    before, after = cell.row, cell.row_in_time
    assert cell.connections_before_time == 0
    assert cell.taken_a_day_later == cell.taken_in_time
    match before.state:
        case State.RETRY:
            assert before.next_attempt_at is not None
            wait = before.next_attempt_at - TEN
            assert timedelta(minutes=1) <= wait <= timedelta(minutes=1.1)
            assert (after.state, after.copies, after.attempts) == (State.SENT, 1, 2)
            assert len(cell.taken_in_time) == 1
        case State.IN_DOUBT:
            assert free_at(before) == TEN + RESEND_AFTER
            assert (after.state, after.copies, after.attempts) == (State.SENT, 2, 2)
            assert after.content == before.content
            assert len(cell.taken_in_time) == len(cell.taken) + 1 <= 2
            assert len(set(cell.taken_in_time)) == 1
        case _:
            assert after == before
            assert cell.taken_in_time == cell.taken


def test_every_phase_meets_every_fault() -> None:
    names = list(faults("dot"))
    assert (len(PHASES), len(names)) == (12, 15)
    # ok, two at connect, ten answers to the dot that may have been lost either way.
    assert len([*grid()]) == 12 * 15 + 1 + 2 + len(SILENT) == 193
    assert len(CELLS) == len([*grid()]) + len(ODDITIES) == 216


def test_sent_is_on_the_disk_before_quit_is_said(tmp_path: Path) -> None:
    path = tmp_path / "announcer.db"
    SqliteLedger.create(path)
    seen: dict[str, list[State]] = {}

    async def look(verb: str) -> None:
        another = SqliteLedger.read(path)
        seen[verb] = [row.state for row in await another.rows()]
        await another.close()

    async def run() -> None:
        shown = certificate()
        authority = tmp_path / "ca.pem"
        shown.authority.cert_pem.write_to_path(authority)
        ledger = await adopted(SqliteLedger.open(path))
        truth = Scripted({}, certificate=shown.server, look=look)
        async with truth.listening() as port:
            assert await announce(ledger, port, authority, TEN) == 0
        await ledger.close()

    asyncio.run(run())
    assert (seen["RCPT"], seen["DATA"], seen["QUIT"]) == (
        [State.CLAIMED],
        [State.SENDING],
        [State.SENT],
    )
