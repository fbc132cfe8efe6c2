"""What all tests share: what is counted, and a mailbox that is a real SMTP server."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from mailbox_server import Mailbox, serving
from place import Place, in_file, on_server
from real import pg
from real.postfix import free_port

FIGURES = pytest.StashKey[list[str]]()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which nothing may be skipped, if something was."""
    config = session.config
    if hasattr(config, "workeroutput"):  # a worker of pytest-xdist has no terminal of its own
        config.workeroutput["figures"] = config.stash.get(FIGURES, [])
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and os.environ.get("NOTHING_SKIPPED"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config: pytest.Config) -> None:
    """Collect what the workers measured, where pytest-xdist runs the tests."""
    if config.pluginmanager.has_plugin("xdist"):
        config.pluginmanager.register(_WorkerFigures(config))


class _WorkerFigures:
    """Takes over the figures of each worker of pytest-xdist when it ends."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_testnodedown(self, node: Any) -> None:
        figures = getattr(node, "workeroutput", {}).get("figures", [])
        self._config.stash.setdefault(FIGURES, []).extend(figures)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the tests measured."""
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Keep a line of what was measured for the end of the run."""
    return pytestconfig.stash.setdefault(FIGURES, []).append


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real SMTP server on a port of its own, in a thread of its own."""
    with serving() as box:
        yield box


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
