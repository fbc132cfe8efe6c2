"""Several replicas that share one ledger in PostgreSQL, and a server that goes away in between."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from desk import Desk
from mailbox_server import Mailbox

from announcer import app as parts
from announcer.announcer import Announcer
from announcer.ledger.postgres import PostgresLedger
from announcer.message import Message
from announcer.settings import load_settings
from announcer.transport import BeforeData
from real import pg
from real.postfix import free_port

pytestmark = pg.NEEDED


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
