"""What all tests share: the count of what was skipped, and a mailbox that is a real SMTP server."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from desk import Desk
from mailbox_server import Mailbox
from place import Place, in_file, on_server
from real import pg
from real.postfix import free_port


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which nothing may be skipped, if something was."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("NOTHING_SKIPPED"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP server on a port of its own, in a thread of its own."""
    box = Mailbox()
    loop = asyncio.new_event_loop()
    ready = threading.Event()

    async def start() -> asyncio.AbstractServer:
        server = await loop.create_server(
            lambda: SMTP(box, hostname="mailbox.example", loop=loop), "127.0.0.1", 0
        )
        box.port = server.sockets[0].getsockname()[1]
        ready.set()
        return server

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(start())
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(10)
    yield box
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(scope="session")
def postgres() -> Iterator[pg.Postgres]:
    """A real PostgreSQL, started for the first test that asks for it."""
    with pg.running(free_port()) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pg.NEEDED)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the ledger of a test is kept."""
    if request.param == "sqlite":
        return in_file(tmp_path / "announcer.db")
    server: pg.Postgres = request.getfixturevalue("postgres")
    return on_server(server.database())


@pytest.fixture
def desk(tmp_path: Path, mailbox: Mailbox) -> Desk:
    """A folder with settings and a page, whose mails go to the mailbox."""
    return Desk(tmp_path, mailbox.port)
