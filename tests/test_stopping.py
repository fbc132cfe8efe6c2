"""A process that is told to stop, or killed, in the middle of a mail forgets nothing."""

import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from background import ended, log_of, running, until
from desk import Desk
from mailbox_server import Mailbox

KEY = "ml/announcement/2020-04-03"


def spooled(desk: Desk) -> list[Path]:
    return list(desk.folder.glob("announcer.db.unrecorded.*.json"))


@contextmanager
def locked(desk: Desk) -> Iterator[None]:
    """Keep the ledger locked, as a backup may."""
    other = sqlite3.connect(desk.folder / "announcer.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.close()


@pytest.fixture
def due(desk: Desk) -> Desk:
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    return desk


def test_a_pass_that_the_alarm_started_records_the_answer_that_comes_after_sigterm(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("wait")
    with running(due, "serve", "--now", "2020-04-03T09:59:58") as process:
        until(lambda: bool(mailbox.received), "the mail leaves at its moment")
        process.send_signal(signal.SIGTERM)
        until(lambda: "told to stop" in log_of(due), "the signal has come")
        mailbox.gate.set()
        assert process.wait(40) == 0
    [row] = due.json("log")
    assert (row["outcome"], row["reply"]) == ("sent", "250 2.0.0 taken")
    assert "Traceback" not in log_of(due)


def test_a_pass_that_the_alarm_started_records_a_doubt_where_no_answer_comes(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("hang")
    with running(due, "serve", "--now", "2020-04-03T09:59:58") as process:
        until(lambda: bool(mailbox.received), "the mail leaves at its moment")
        assert 7 < ended(process, 0) < 14
    [row] = due.json("log")
    assert row["outcome"] == "in_doubt"
    assert "Traceback" not in log_of(due)


def test_a_pass_that_the_alarm_started_gives_the_claim_back_before_data(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.stuck = True
    with running(due, "serve", "--now", "2020-04-03T09:59:58") as process:
        assert mailbox.greeted.wait(60)
        assert ended(process, 0) < 7
    assert "Traceback" not in log_of(due)
    mailbox.stuck = False
    assert due.run("send", "--now", "2020-04-03T10:01").returncode == 0
    assert len(mailbox.received) == 1


def test_sighup_makes_serve_read_the_settings_at_once(due: Desk, mailbox: Mailbox) -> None:
    with running(due, "serve", "--now", "2020-04-02T12:00") as process:
        until(lambda: "serving ml" in log_of(due), "it serves")
        config = due.folder / "config.toml"
        config.write_text(config.read_text().replace('"Room 2"', '"The new hall"'))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the settings were read afresh" in log_of(due), "long before the next tick")
        config.write_text(config.read_text().replace('"Europe/Berlin"', '"Europe/Berln"'))
        process.send_signal(signal.SIGHUP)
        until(lambda: "the last good settings hold" in log_of(due), "a mistake is told")
        assert ended(process, 0) < 7
    assert mailbox.received == []


def test_send_whose_terminal_is_closed_records_the_answer_as_after_sigterm(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("wait")
    with running(due, "send", "--now", "2020-04-03T10:00") as process:
        until(lambda: bool(mailbox.received), "the server has the mail")
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGHUP)
        mailbox.gate.set()
        assert process.wait(40) == 0
    [row] = due.json("log")
    assert row["outcome"] == "sent"


def test_send_whose_ledger_is_locked_keeps_the_250_and_names_the_file(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("wait")
    with running(due, "send", "--now", "2020-04-03T10:00") as process:
        until(lambda: bool(mailbox.received), "the server has the mail")
        with locked(due):
            mailbox.gate.set()
            until(lambda: bool(spooled(due)), "the answer is kept")
            assert ended(process, 1) < 7
    [path] = spooled(due)
    assert f"{KEY}: taken by the server (250 2.0.0 taken), but not recorded" in log_of(due)
    assert f"it is kept in {path}, and the next pass on this machine records it" in log_of(due)
    for now in ("10:11", "10:27", "10:54"):
        done = due.run("send", "--now", f"2020-04-03T{now}")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Nothing is due.")
    assert spooled(due) == []
    assert len(mailbox.received) == 1


def test_kill_9_after_the_answer_was_kept_loses_nothing(due: Desk, mailbox: Mailbox) -> None:
    mailbox.answers.append("wait")
    with running(due, "serve", "--now", "2020-04-03T10:00") as process:
        until(lambda: bool(mailbox.received), "the server has the mail")
        with locked(due):
            mailbox.gate.set()
            until(lambda: bool(spooled(due)), "the answer is kept")
            process.kill()
            process.wait()
    for now in ("10:11", "10:27", "10:54"):
        done = due.run("send", "--now", f"2020-04-03T{now}")
        assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Nothing is due.")
    [row] = due.json("log")
    assert (row["outcome"], len(mailbox.received), spooled(due)) == ("sent", 1, [])


def test_serve_answers_and_ends_soon_though_its_ledger_is_locked(
    due: Desk, mailbox: Mailbox
) -> None:
    mailbox.answers.append("wait")
    with running(due, "serve", "--now", "2020-04-03T10:00") as process:
        until(lambda: bool(mailbox.received), "the server has the mail")
        with locked(due):
            mailbox.gate.set()
            until(lambda: bool(spooled(due)), "the answer is kept")
            assert ended(process, 0) < 7
    assert due.run("send", "--now", "2020-04-03T10:11").returncode == 0
    [row] = due.json("log")
    assert (row["outcome"], len(mailbox.received)) == ("sent", 1)


def test_a_process_that_is_stuck_ends_all_the_same_and_says_so() -> None:
    stuck = (
        "import threading; from datetime import timedelta; "
        "from announcer.ending import end_for_certain; "
        "end_for_certain(3, timedelta(seconds=0.1)); threading.Event().wait()"
    )
    done = subprocess.run(
        [sys.executable, "-c", stuck], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "the next pass records it first" in done.stderr


@pytest.mark.parametrize("command", [["plan"], ["hold", KEY], ["send", "--dry-run"]])
def test_a_command_that_is_told_to_end_while_it_reads_a_page_ends_with_no_traceback(
    due: Desk, command: list[str]
) -> None:
    config = due.folder / "config.toml"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/page"
        config.write_text(config.read_text().replace('"index.md"', f'"{url}"'))
        with running(due, *command, "--now", "2020-04-03T10:00") as process, silent.accept()[0]:
            process.send_signal(signal.SIGTERM)
            assert process.wait(40) == (0 if "send" in command else 143)
    said = [line for line in log_of(due).splitlines() if not line.endswith("…")]
    assert said == []
