"""A disk that is full, or reports errors, at any write: nothing is sent unrecorded, or lost."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from real.faults import (
    DUE,
    TORTURE,
    Mail,
    Point,
    adopted,
    harmed,
    mails,
    points,
    recovered,
    replayed,
    side_by_side,
    spread,
    wrong_with,
)
from real.needs import needs

Figures = Callable[[str], None]

# The call, what it answers, whether it stays broken, and how many an ordinary run takes.
FAULTS = (
    ("pwrite64", "ENOSPC", "", 5), ("pwrite64", "ENOSPC", "+", 3), ("pwrite64", "EIO", "", 2),
    ("pwrite64", "EIO", "+", 2), ("fdatasync", "EIO", "", 3), ("fdatasync", "EIO", "+", 1),
    ("unlink", "EIO", "", 2), ("unlink", "EIO", "+", 1), ("openat", "ENOSPC", "", 2),
)  # fmt: skip
# What the ledger says of itself, and what to do.
SENTENCE = re.compile(
    r"the ledger \S*announcer\.db .*(make room|check the (disk|path)|check who owns)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A call that fails, once or from then on."""

    point: Point
    error: str
    onwards: str

    def __str__(self) -> str:
        return f"{self.error} at {self.point}{' and ever after' if self.onwards else ''}"


def _chosen(found: list[Point]) -> list[Fault]:
    faults = []
    for call, error, onwards, most in FAULTS:
        every = [p for p in found if p.call == call]
        if call == "openat":
            every = [p for p in every if "announcer.db" in p.words]
        faults += [
            Fault(point=point, error=error, onwards=onwards)
            for point in (every if TORTURE else spread(every, most))
        ]
    return faults


def _unsaid(done: CompletedProcess[str]) -> list[str]:
    """Say what is wrong with what the pass itself said."""
    if done.returncode == 0:
        return [] if not done.stderr or "sent" in done.stderr else [done.stderr]
    wrong = []
    if done.returncode not in {1, 2} or "Traceback" in done.stderr or "a fault of" in done.stderr:
        wrong.append(f"ended with {done.returncode}: {done.stderr}")
    if not SENTENCE.search(done.stderr):
        wrong.append(f"does not say what to do: {done.stderr}")
    return wrong


@needs("strace", "strace")
def test_whatever_the_disk_answers_nothing_is_lost_or_sent_unrecorded_and_it_is_said_what_to_do(
    tmp_path: Path, figures: Figures
) -> None:
    due = adopted(tmp_path / "due")
    chosen = _chosen(points(due, tmp_path / "watched", DUE))
    numbers = count()

    def meet(fault: Fault) -> tuple[int, list[Mail], list[str]]:
        when = f"{fault.point.nth}{fault.onwards}"
        with replayed(due, tmp_path / str(next(numbers))) as (desk, mailbox):
            done = harmed(desk, DUE, fault.point.call, f"error={fault.error}", when)
            wrong = _unsaid(done)
            for [to], _ in list(mailbox.received):
                key = f"{to.partition('@')[0]}/announcement/2020-04-03"
                if "  sending" not in desk.run("log", key).stdout:
                    wrong.append(f"{key} was sent, and the ledger does not know")
            passes = recovered(desk)
            found = mails(desk, mailbox)
        wrong += [words for mail in found if (words := wrong_with(mail))]
        wrong += [f"{mail.key} was never sent" for mail in found if not mail.copies]
        if len(found) != 2 or not passes[-1].stdout.startswith("Nothing is due.\n"):
            wrong.append(f"the last pass still finds something: {passes[-1].stdout}")
        return done.returncode, found, [f"{fault}: {words}" for words in wrong]

    outcomes = side_by_side(meet, chosen)
    every = [mail for _, found, _ in outcomes for mail in found]
    figures(
        f"a bad disk: {len(outcomes)} fault points "
        f"({sum(status != 0 for status, _, _ in outcomes)} stopped a pass), "
        f"{sum(not mail.copies for mail in every)} losses, "
        f"{sum(len(mail.copies) == 2 for mail in every)} second copies, "
        f"{sum(bool(mail.doubts) for mail in every)} doubts, "
        f"{sum(len(mail.copies) > 2 for mail in every)} third copies"
    )
    assert [words for _, _, wrong in outcomes for words in wrong] == []


@needs("strace", "strace")
@pytest.mark.parametrize("call", ["rename", "fsync"])
def test_where_no_answer_can_be_kept_on_disk_it_is_recorded_all_the_same(
    tmp_path: Path, call: str
) -> None:
    due = adopted(tmp_path / "due")
    with replayed(due, tmp_path / "replayed") as (desk, mailbox):
        done = harmed(desk, DUE, call, "error=ENOSPC", "1+")
        assert (done.returncode, len(mailbox.received)) == (0, 2), done.stderr
        assert [mail.outcome for mail in mails(desk, mailbox)] == ["sent", "sent"]
        assert list(desk.folder.glob("announcer.db.unrecorded.*")) == []
