"""A pass that is killed with kill -9, anywhere: no mail is lost, and none goes twice in silence."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from real.faults import (
    DAY,
    DOUBT_OVER,
    DUE,
    LEASE_OVER,
    TORTURE,
    Mail,
    Point,
    Scene,
    adopted,
    killed,
    mails,
    points,
    recovered,
    replayed,
    sample,
    side_by_side,
    wrong_with,
)
from real.needs import needs

Figures = Callable[[str], None]

# How many of each call an ordinary run takes; `make torture` takes all.
SAMPLE = (
    ("openat", 1), ("close", 1), ("fcntl", 2), ("pwrite64", 4), ("fdatasync", 4), ("unlink", 6),
    ("unlinkat", 6), ("connect", 1), ("sendto", 5), ("recvfrom", 4), ("epoll_wait", 1),
    ("epoll_pwait", 1), ("write", 1),
)  # fmt: skip
AGAIN = (("fdatasync", 2), ("unlink", 3), ("unlinkat", 3), ("sendto", 2), ("recvfrom", 1))
KEYS = {"ml/announcement/2020-04-03", "geo/announcement/2020-04-03"}


def _untold(found: list[Mail], last: CompletedProcess[str]) -> list[str]:
    """Say which doubts no pass tells a person of: nobody else can end them."""
    if last.returncode == 1 and "announcer settle" in last.stderr:
        return []
    return [f"nobody is told of {mail.key}" for mail in found if mail.outcome == "in_doubt"]


def _summary(what: str, outcomes: list[tuple[bool, list[Mail], list[str]]]) -> str:
    every = [mail for _, found, _ in outcomes for mail in found]
    return (
        f"{what}: {len(outcomes)} kill points ({sum(hit for hit, _, _ in outcomes)} reached), "
        f"{sum(not mail.copies and mail.outcome != 'in_doubt' for mail in every)} losses, "
        f"{sum(not mail.copies and mail.outcome == 'in_doubt' for mail in every)} not arrived "
        "but in doubt, "
        f"{sum(len(mail.copies) == 2 for mail in every)} second copies, "
        f"{sum(bool(mail.doubts) for mail in every)} doubts, "
        f"{sum(len(mail.copies) > 2 for mail in every)} third copies"
    )


@pytest.fixture
def due(tmp_path: Path) -> Scene:
    return adopted(tmp_path / "due")


@needs("strace", "strace")
def test_whenever_a_pass_is_killed_each_mail_arrives_and_twice_only_after_a_recorded_doubt(
    due: Scene, tmp_path: Path, figures: Figures
) -> None:
    chosen = sample(points(due, tmp_path / "watched", DUE), SAMPLE)
    numbers = count()

    def crash(point: Point) -> tuple[bool, list[Mail], list[str]]:
        with replayed(due, tmp_path / str(next(numbers))) as (desk, mailbox):
            hit = killed(desk, DUE, point)
            passes = recovered(desk)
            found = mails(desk, mailbox)
        wrong = [words for mail in found if (words := wrong_with(mail))]
        wrong += [f"{mail.key} was never sent" for mail in found if not mail.copies]
        wrong += [f"{mail.key} is still in doubt" for mail in found if mail.outcome == "in_doubt"]
        if {mail.key for mail in found} != KEYS:
            wrong.append(f"the ledger knows only {[mail.key for mail in found]}")
        wrong += [done.stderr for done in passes if "a fault of" in done.stderr]
        if not passes[-1].stdout.startswith("Nothing is due.\n"):
            wrong.append(f"the last pass still finds something: {passes[-1].stdout}")
        return hit, found, [f"killed at {point}: {words}" for words in wrong]

    outcomes = side_by_side(crash, chosen)
    figures(_summary("a pass killed once", outcomes))
    assert [words for _, _, wrong in outcomes for words in wrong] == []
    assert sum(hit for hit, _, _ in outcomes) > 0.9 * len(outcomes)


@needs("strace", "strace")
def test_a_pass_killed_while_it_records_the_answer_leaves_it_to_the_next_without_a_doubt(
    due: Scene, tmp_path: Path
) -> None:
    found = points(due, tmp_path / "found", DUE)
    renamed = next(n for n, p in enumerate(found) if p.call.startswith("rename"))
    # The end of a journal is a commit: the first after the answer was kept says `sent`.
    commit = next(p for p in found[renamed:] if p.call.startswith("unlink"))
    with replayed(due, tmp_path / "crashed") as (desk, mailbox):
        assert killed(desk, DUE, commit)
        recovered(desk, [LEASE_OVER, DOUBT_OVER])
        ended = [(mail.outcome, mail.doubts, len(mail.copies)) for mail in mails(desk, mailbox)]
        kept = list(desk.folder.glob("announcer.db.unrecorded.*"))
    assert (ended, kept) == ([("sent", 0, 1)] * 2, [])


@pytest.fixture
def doubtful(due: Scene, tmp_path: Path) -> Scene:
    """A desk whose first mail is with the list, while the answer was never read."""
    found = points(due, tmp_path / "found", DUE)
    # The answer has been read, and is not in the spool yet.
    before = next(p for p in found if p.call == "ftruncate" and ".unrecorded." in p.words)
    with replayed(due, tmp_path / "crashed") as (desk, mailbox):
        assert killed(desk, DUE, before)
        desk.run("send", "--now", LEASE_OVER)
        [first, second] = mails(desk, mailbox)
        assert (first.outcome, first.doubts, len(first.copies)) == ("in_doubt", 1, 1)
        assert (second.outcome, second.doubts, len(second.copies)) == ("sent", 0, 1)
        kept = tmp_path / "doubtful"
        desk.folder.rename(kept)
        desk.folder.mkdir()
        return Scene(folder=kept, received=tuple(mailbox.received))


@needs("strace", "strace")
def test_a_second_crash_while_the_second_copy_goes_never_makes_a_third(
    doubtful: Scene, tmp_path: Path, figures: Figures
) -> None:
    chosen = sample(points(doubtful, tmp_path / "watched", DOUBT_OVER), AGAIN)
    numbers = count()

    def crash(point: Point) -> tuple[bool, list[Mail], list[str]]:
        with replayed(doubtful, tmp_path / str(next(numbers))) as (desk, mailbox):
            hit = killed(desk, DOUBT_OVER, point)
            passes = recovered(desk, [DAY + clock for clock in ("10:38", "10:54", "11:30")])
            found = mails(desk, mailbox)
        wrong = [words for mail in found if (words := wrong_with(mail))]
        wrong += _untold(found, passes[-1])
        wrong += [f"{mail.key} was never sent" for mail in found if not mail.copies]
        return hit, found, [f"killed again at {point}: {words}" for words in wrong]

    outcomes = side_by_side(crash, chosen)
    figures(_summary("the second copy killed too", outcomes))
    assert [words for _, _, wrong in outcomes for words in wrong] == []
    assert sum(hit for hit, _, _ in outcomes) > 0.9 * len(outcomes)


@needs("strace", "strace")
def test_passes_that_die_at_the_same_place_again_and_again_never_make_a_third_copy(
    due: Scene, tmp_path: Path, figures: Figures
) -> None:
    found = [p for p in points(due, tmp_path / "watched", DUE) if p.call in {"recvfrom", "sendto"}]
    # The answers to the first mail, which the later passes get too.
    late = [n for n, p in enumerate(found) if '"250 2.0.0 taken' in p.words]
    chosen = found if TORTURE else found[late[0] - 1 : late[0] + 2]
    numbers = count()

    def loop(point: Point) -> tuple[bool, list[Mail], list[str]]:
        with replayed(due, tmp_path / str(next(numbers))) as (desk, mailbox):
            dying = [*(DUE, LEASE_OVER, DOUBT_OVER), DAY + "10:54", DAY + "11:20"]
            hits = [killed(desk, now, point) for now in dying]
            passes = recovered(desk, [DAY + clock for clock in ("11:45", "12:10", "12:40")])
            ended = mails(desk, mailbox)
        wrong = [words for mail in ended if (words := wrong_with(mail))]
        wrong += _untold(ended, passes[-1])
        return any(hits), ended, [f"killed each time at {point}: {words}" for words in wrong]

    outcomes = side_by_side(loop, chosen)
    figures(_summary("every pass killed", outcomes))
    assert [words for _, _, wrong in outcomes for words in wrong] == []


@needs("strace", "strace")
def test_a_first_adopt_that_is_killed_is_simply_said_again(
    tmp_path: Path, figures: Figures
) -> None:
    before, bare = "2020-04-02T12:00", Scene(folder=tmp_path / "bare")
    bare.folder.mkdir()
    found = points(bare, tmp_path / "watched", before, command="adopt")
    chosen = sample(found, [("pwrite64", 4), ("fdatasync", 2), ("unlink", 2), ("unlinkat", 2)])
    numbers = count()

    def crash(point: Point) -> list[str]:
        with replayed(bare, tmp_path / str(next(numbers))) as (desk, mailbox):
            killed(desk, before, point, command="adopt")
            checked = desk.run("check", "--now", before)
            again = desk.run("adopt", "--now", before)
            desk.run("send", "--now", DUE)
            received = len(mailbox.received)
        # A ledger that was made, but knows no series yet, is told apart from none.
        asked = checked.returncode == 0 or "announcer adopt --series" in checked.stderr
        fine = asked and again.returncode == 0 and received == 2
        return [] if fine else [f"killed at {point}: {checked.stderr}{again.stderr}{received}"]

    outcomes = side_by_side(crash, chosen)
    figures(f"a first adopt killed: {len(outcomes)} kill points")
    assert [words for wrong in outcomes for words in wrong] == []
