"""Several replicas that share one ledger in PostgreSQL, and a server that goes away in between."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from background import ended, log_of, running, until
from desk import Desk
from mailbox_server import Mailbox

from announcer import app as parts
from announcer.announcer import Announcer
from announcer.errors import LedgerBusy
from announcer.ledger import Sent, State
from announcer.ledger.checksums import MAIL, first_checksum
from announcer.ledger.postgres import PostgresLedger
from announcer.message import Message
from announcer.settings import load_settings
from announcer.transport import BeforeData
from real import pg
from real.postfix import free_port

pytestmark = pg.NEEDED
ANY = Message(
    key="s/announcement/2020-04-03",
    series="s",
    kind="announcement",
    rule="announcement",
    due_at=datetime(2020, 4, 3, 8, tzinfo=UTC),
    sender="seminar@example.org",
    recipient="s@groups.example",
    message_id="<a@example.org>",
    subject="S",
    content=b"S\r\n",
    said=(),
)


@pytest.fixture
def own_server() -> Iterator[pg.Postgres]:
    """A PostgreSQL that may be stopped."""
    with pg.running(free_port()) as server:
        yield server


def test_three_services_and_cron_on_one_ledger_send_each_mail_once(
    desk: Desk, mailbox: Mailbox, postgres: pg.Postgres
) -> None:
    shared = {"ANNOUNCER_LEDGER__URL": postgres.database()}
    assert desk.run("adopt", "--now", "2020-04-02T12:00", environ=shared).returncode == 0
    command = [sys.executable, "-m", "announcer", "serve", "--now", "2020-04-03T09:59:57"]
    services = [
        subprocess.Popen(
            command,
            cwd=desk.folder,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **shared, "ANNOUNCER_SERVICE__LISTEN": f"127.0.0.1:{free_port()}"},
        )
        for _ in range(3)
    ]
    try:
        end = time.monotonic() + 60
        while not mailbox.received:
            assert time.monotonic() < end, "the mail leaves at its moment"
            time.sleep(0.05)
        for _ in range(3):
            done = desk.run("send", "--now", "2020-04-03T10:00:30", environ=shared)
            assert done.returncode == 0, done.stderr
    finally:
        for service in services:
            service.terminate()
        ends = [service.wait(20) for service in services]
    assert ends == [0, 0, 0]
    assert [to for to, _ in mailbox.received] == [["ml@groups.example"]]


class Restarting:
    """Takes a mail, while the ledger's server is restarted before the answer comes."""

    def __init__(self, server: pg.Postgres) -> None:
        self._server = server
        self.taken: list[Message] = []

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        await before_data()
        self.taken.append(message)
        self._server.control("-m", "immediate", "restart")
        return "250 2.0.0 taken"

    async def close(self) -> None:
        pass


def test_that_a_mail_was_taken_is_recorded_though_the_ledger_was_away_for_a_moment(
    desk: Desk, own_server: pg.Postgres
) -> None:
    url = own_server.database()
    shared = {"ANNOUNCER_LEDGER__URL": url}
    assert desk.run("adopt", "--now", "2020-04-02T12:00", environ=shared).returncode == 0
    settings = load_settings(desk.folder / "config.toml", environ=shared)
    restarting = Restarting(own_server)

    async def run() -> None:
        ledger = await PostgresLedger.open(url)
        announcer = Announcer(
            [parts.programme(asked) for asked in settings.series],
            ledger=ledger,
            transport=restarting,
            clock=lambda _: datetime(2020, 4, 3, 8, tzinfo=UTC),
        )
        report = await announcer.announce_due()
        assert [delivery.fate.value for delivery in report.deliveries] == ["sent"]
        assert [row.state.value for row in await ledger.rows()] == ["sent"]
        await ledger.close()

    asyncio.run(run())
    assert len(restarting.taken) == 1


def seal(ledger: psycopg.Connection) -> None:
    """Give the rows of mails the checksums that the program would have written."""
    for row in ledger.execute(f"SELECT {', '.join(MAIL.columns)} FROM mail").fetchall():
        values = first_checksum(MAIL, row, "the ledger")
        ledger.execute("UPDATE mail SET checksum = %(checksum)s WHERE key = %(key)s", values)


def test_a_ledger_that_comes_back_after_the_answer_makes_no_second_copy(
    desk: Desk, mailbox: Mailbox, own_server: pg.Postgres
) -> None:
    """The process that heard the answer is killed before the ledger is back; the next one knows."""
    state = desk.folder / "state"
    shared = {
        "ANNOUNCER_LEDGER__URL": own_server.database(),
        "ANNOUNCER_STATE_DIR": str(state),
        "ANNOUNCER_SERVICE__LISTEN": f"127.0.0.1:{free_port()}",
    }
    assert desk.run("adopt", "--now", "2020-04-02T12:00", environ=shared).returncode == 0
    mailbox.answers.append("wait")
    with running(desk, "serve", "--now", "2020-04-03T10:00", environ=shared) as service:
        until(lambda: bool(mailbox.received), "the server has the mail")
        own_server.control("-m", "immediate", "stop")
        mailbox.gate.set()
        until(lambda: bool(list(state.glob("*.json"))), "the answer is kept")
        service.kill()
        service.wait()
    away = desk.run("send", "--now", "2020-04-03T10:05", environ=shared)
    assert away.returncode == 2, "nothing is decided while the ledger is away"
    own_server.control("start")
    with psycopg.connect(shared["ANNOUNCER_LEDGER__URL"], autocommit=True) as ledger:
        ledger.execute("SET search_path TO announcer")
        ledger.execute("UPDATE mail SET lease_until = '2020-01-01T00:00:00+00:00'")
        seal(ledger)
    for now in ("10:12", "10:40"):
        done = desk.run("send", "--now", f"2020-04-03T{now}", environ=shared)
        assert (done.returncode, done.stdout[:16]) == (0, "Nothing is due.\n"), done.stderr
    assert len(mailbox.received) == 1
    assert list(state.iterdir()) == []


def test_serve_that_lives_on_records_the_answer_once_its_ledger_is_back(
    desk: Desk, mailbox: Mailbox, own_server: pg.Postgres
) -> None:
    state = desk.folder / "state"
    shared = {
        "ANNOUNCER_LEDGER__URL": own_server.database(),
        "ANNOUNCER_STATE_DIR": str(state),
        "ANNOUNCER_SERVICE__LISTEN": f"127.0.0.1:{free_port()}",
    }
    assert desk.run("adopt", "--now", "2020-04-02T12:00", environ=shared).returncode == 0
    mailbox.answers.append("wait")
    with running(desk, "serve", "--now", "2020-04-03T10:00", environ=shared) as service:
        until(lambda: bool(mailbox.received), "the server has the mail")
        own_server.control("-m", "immediate", "stop")
        mailbox.gate.set()
        until(lambda: bool(list(state.glob("*.json"))), "the answer is kept")
        until(lambda: "cannot be used" in log_of(desk), "the ledger is away")
        own_server.control("start")
        until(lambda: not list(state.glob("*.json")), "it is recorded in the end")
        ended(service, 0)
    [row] = json.loads(desk.run("log", "--json", environ=shared).stdout)
    assert (row["outcome"], len(mailbox.received)) == ("sent", 1)


def test_a_server_that_is_gone_for_good_sends_nothing_more(
    desk: Desk, mailbox: Mailbox, own_server: pg.Postgres
) -> None:
    shared = {"ANNOUNCER_LEDGER__URL": own_server.database()}
    assert desk.run("adopt", "--now", "2020-04-02T12:00", environ=shared).returncode == 0
    own_server.control("-m", "immediate", "stop")
    done = desk.run("send", "--now", "2020-04-03T10:00", environ=shared)
    assert done.returncode == 2
    assert "check ledger.url, and that its server runs" in done.stderr
    assert mailbox.received == []
    own_server.control("start")
    assert desk.run("send", "--now", "2020-04-03T10:01", environ=shared).returncode == 0
    assert len(mailbox.received) == 1


class Wire:
    """A way to a server; those who are connected may find that nothing comes through any more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._silent = asyncio.Event()
        self._pumps: list[asyncio.Task[None]] = []
        self._ends: list[asyncio.StreamWriter] = []

    def cut(self) -> None:
        """Let nothing through to those who are connected, and do not even hang up."""
        self._silent.set()
        self._silent = asyncio.Event()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to, answers = await asyncio.open_connection("127.0.0.1", self._port)
        self._ends += [answers, writer]
        for source, sink in ((reader, answers), (to, writer)):
            self._pumps.append(asyncio.create_task(self._pump(source, sink, self._silent)))

    @staticmethod
    async def _pump(
        source: asyncio.StreamReader, sink: asyncio.StreamWriter, silent: asyncio.Event
    ) -> None:
        while (data := await source.read(65536)) and not silent.is_set():
            sink.write(data)
            await sink.drain()
        if not silent.is_set():
            sink.close()

    async def end(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        for end in self._ends:
            end.transport.abort()
        await asyncio.wait(self._pumps)


def test_an_answer_is_recorded_though_the_ledgers_server_falls_silent_without_hanging_up(
    postgres: pg.Postgres,
) -> None:
    async def work() -> None:
        wire = Wire(postgres.port)
        async with await asyncio.start_server(wire.connect, "127.0.0.1", 0) as way:
            port = way.sockets[0].getsockname()[1]
            url = postgres.database().replace(f":{postgres.port}/", f":{port}/")
            await (await PostgresLedger.create(url)).close()
            ledger = await PostgresLedger.open(url, patience=timedelta(seconds=2))
            now = datetime(2020, 4, 3, 8, tzinfo=UTC)
            claim = await ledger.claim(ANY, revision=0, expires_at=now + timedelta(days=1), now=now)
            assert claim is not None
            await ledger.sending(claim, now=now)
            wire.cut()
            with pytest.raises(LedgerBusy, match="its server does not answer"):
                await ledger.record(claim, Sent(reply="250"), now=now)
            await ledger.record(claim, Sent(reply="250"), now=now)
            assert [row.state for row in await ledger.rows()] == [State.SENT]
            await ledger.close()
            await wire.end()

    asyncio.run(asyncio.wait_for(work(), 60))
