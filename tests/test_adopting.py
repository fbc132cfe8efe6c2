"""Adopting a ledger: a person sees what will not go, and says yes where there is one to ask."""

import os
import pty
import subprocess
import sys

import pytest
from desk import Desk

SATURDAY = "2020-04-04T12:00"  # after the moment of the announcement of Tuesday, April 7
KEY = "ml/announcement/2020-04-03"


def _at_a_terminal(desk: Desk, answer: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Adopt with a terminal as input, at which a person types an answer."""
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, f"{answer}\n".encode())
        return subprocess.run(
            [sys.executable, "-m", "announcer", "adopt", "--now", SATURDAY, *words],
            cwd=desk.folder, stdin=terminal, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(keyboard)
        os.close(terminal)


@pytest.mark.parametrize(
    ("answer", "words", "status"), [("n", (), 1), ("", (), 1), ("y", (), 0), ("n", ("--yes",), 0)]
)
def test_at_a_terminal_nothing_is_adopted_without_a_yes(
    desk: Desk, answer: str, words: tuple[str, ...], status: int
) -> None:
    done = _at_a_terminal(desk, answer, *words)
    assert done.returncode == status, done.stderr
    assert f"  {KEY}, about talk 3: Tue 2020-04-07 15:00–16:00 CEST, Nets" in done.stdout
    assert ("Shall it begin like that?" in done.stderr) is not bool(words)
    assert (desk.folder / "announcer.db").exists() is (status == 0)


def test_without_a_terminal_it_lists_the_same_and_goes_on(desk: Desk) -> None:
    done = desk.run("adopt", "--now", SATURDAY)
    assert done.returncode == 0, done.stderr
    assert f"  {KEY}, about talk 3:" in done.stdout
    assert "2 mails about talks that are over count as told, too" in done.stdout
    again = desk.run("adopt", "--now", SATURDAY)
    assert KEY not in again.stdout
