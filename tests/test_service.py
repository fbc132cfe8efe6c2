"""The long-running service, as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk
from mailbox_server import Mailbox


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _until(holds: Callable[[], bool], what: str) -> None:
    """Wait for another process, whose clock is the real one."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def _health(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


@contextmanager
def serving(desk: Desk, now: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run `announcer serve`; gives the process, whose log goes to a file, and its health port."""
    port = _free_port()
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + f'\n[service]\nlisten = "127.0.0.1:{port}"\n')
    command = [sys.executable, "-m", "announcer", "serve", "--now", now]
    with (desk.folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=desk.folder, stderr=log, text=True)
    try:
        yield process, port
    finally:
        process.kill()
        process.wait()


def _log(desk: Desk) -> str:
    return (desk.folder / "log").read_text()


def _stopped(process: subprocess.Popen[str]) -> float:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    return time.monotonic() - began


def test_serve_sends_at_the_moment_and_ends_at_once(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    started = datetime.now(UTC)
    with serving(desk, "2020-04-03T09:59:55") as (process, port):
        _until(lambda: _health(port) == 200, "healthy after the first pass")
        _until(lambda: len(mailbox.received) == 1, "the mail leaves at its moment")
        # The clock starts after the program has, so this is an upper bound with room to start up.
        assert datetime.now(UTC) - started < timedelta(seconds=12)
        assert _stopped(process) < 3


def test_serve_that_is_told_to_stop_while_an_answer_is_awaited_records_the_doubt(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("hang")
    with serving(desk, "2020-04-03T10:00") as (process, _):
        _until(lambda: len(mailbox.received) == 1, "the server has the mail, and says nothing")
        assert _stopped(process) < 10
    [row] = desk.json("log")
    assert row["outcome"] == "in_doubt"
    assert "told to stop" in _log(desk)


@contextmanager
def _silent_page() -> Iterator[str]:
    """A web server that takes the request and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/index.md"


def test_serve_ends_soon_though_the_page_hangs(desk: Desk) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    config = desk.folder / "config.toml"
    with _silent_page() as url:
        config.write_text(config.read_text().replace('"index.md"', f'"{url}"'))
        with serving(desk, "2020-04-03T10:00") as (process, port):
            _until(lambda: _health(port) == 503, "it listens, and is not ready")
            assert _stopped(process) < 3


def test_serve_without_a_ledger_says_so_at_once(desk: Desk) -> None:
    with serving(desk, "2020-04-03T10:00") as (process, _):
        assert process.wait(20) == 2
    assert "announcer adopt" in _log(desk)


def test_a_broken_change_of_the_settings_is_reported_and_the_old_ones_hold(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    with serving(desk, "2020-04-03T09:59:52") as (process, port):
        _until(lambda: _health(port) == 200, "healthy after the first pass")
        config = desk.folder / "config.toml"
        config.write_text(config.read_text().replace('"Europe/Berlin"', '"Europe/Berln"'))
        _until(lambda: len(mailbox.received) == 1, "the mail leaves all the same")
        _until(lambda: _health(port) == 503, "the health address tells of the mistake")
        assert _stopped(process) < 3
    assert 'did you mean "Europe/Berlin"?' in _log(desk)


def test_a_change_of_the_settings_holds_from_the_next_pass_on(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    with serving(desk, "2020-04-03T09:59:52") as (process, port):
        _until(lambda: _health(port) == 200, "healthy after the first pass")
        config = desk.folder / "config.toml"
        text = config.read_text().replace('"Room 2"', '"The new hall"')
        config.write_text(text.replace(f":{port}", ":1"))
        _until(lambda: len(mailbox.received) == 1, "the mail leaves")
        assert _stopped(process) < 3
    assert b"The new hall" in mailbox.received[0][1]
    assert "a changed [service] needs a restart" in _log(desk)


@pytest.mark.parametrize("form", ["text", "json"])
def test_each_outcome_is_one_line_of_the_log(desk: Desk, form: str) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    done = desk.run("send", "--now", "2020-04-03T10:00", "--log-format", form)
    [line] = [line for line in done.stderr.splitlines() if "ml/announcement/2020-04-03" in line]
    if form == "json":
        assert json.loads(line)["outcome"] == "sent"
        assert json.loads(line)["key"] == "ml/announcement/2020-04-03"
    else:
        assert "INFO ml/announcement/2020-04-03: sent: 250 2.0.0 taken" in line
    assert "@" not in line
