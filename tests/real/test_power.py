"""The power goes: whatever the ledger acknowledged is in it afterwards.

A simulation that cannot lose anything proves nothing, so the same cuts are made in modes that are
known to lose what was acknowledged.
"""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from announcer.errors import LedgerError
from announcer.ledger.sqlite import SqliteLedger
from real.faults import TORTURE
from real.needs import needs
from real.power import Image, cuts, images, record

Figures = Callable[[str], None]

MAILS, COMMITS, TRIES = (9, 12, 20) if TORTURE else (3, 4, 1)
# Every nth cut is looked at.
STRIDE = 1 if TORTURE else 3

LIFE = """
import asyncio, os, random, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from announcer.ledger import Deferred, InDoubt, Sent
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message

folder, mails = Path(sys.argv[1]), int(sys.argv[2])
marker = os.open(folder / "acknowledged", os.O_CREAT | os.O_WRONLY)
now, chance = datetime(2026, 4, 3, 8, tzinfo=UTC), random.Random(7)


def acknowledged():
    os.write(marker, b".")


def message(number):
    return Message(
        key=f"s/{number}", series="s", kind="announcement", rule="announcement", due_at=now,
        sender="seminar@example.org", recipient="s@groups.example",
        message_id=f"<{number}@example.org>", subject="S", said=(),
        content=chance.randbytes(chance.choice((500, 3000, 9000, 30000))),
    )


async def live():
    SqliteLedger.create(folder / "l.db")
    acknowledged()
    ledger = SqliteLedger.open(folder / "l.db")
    await ledger.adopt("s", "s@groups.example", rules=["announcement"], counted=(), now=now)
    acknowledged()
    revision = (await ledger.history("s")).revision
    for number in range(mails):
        claim = await ledger.claim(
                message(number), revision=revision, expires_at=now + timedelta(days=1), now=now
            )
        acknowledged()
        if number % 3 == 1:
            await ledger.record(claim, Deferred(until=now, reply="451 later"), now=now)
            acknowledged()
            claim = await ledger.claim(
                message(number), revision=revision, expires_at=now + timedelta(days=1), now=now
            )
            acknowledged()
        await ledger.sending(claim, now=now)
        acknowledged()
        outcome = InDoubt(reply="lost") if number % 3 == 2 else Sent(reply="250 taken")
        await ledger.record(claim, outcome, now=now)
        acknowledged()
    await ledger.close()

asyncio.run(live())
"""
SENT = ["claimed", "sending", "sent"]
DEFERRED = ["claimed", "retry", "claimed", "sending", "sent"]
DOUBTED = ["claimed", "sending", "in_doubt"]

# The same schema and the same kind of writes, in a mode that the test names.
BARE = """
import os, sqlite3, sys
from pathlib import Path

from announcer.ledger.sqlite import SqliteLedger

folder, commits, journal, level = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
marker = os.open(folder / "acknowledged", os.O_CREAT | os.O_WRONLY)
SqliteLedger.create(folder / "l.db")
db = sqlite3.connect(folder / "l.db", isolation_level=None)
db.execute(f"PRAGMA journal_mode = {journal}")
db.execute(f"PRAGMA synchronous = {level}")
os.write(marker, b".")
for number in range(commits):
    db.execute("BEGIN IMMEDIATE")
    values = (f"s/{number}", "x" * 6000)
    db.execute("INSERT INTO event (at, key, who, what, why) VALUES ('', ?, '', 'sent', ?)", values)
    db.execute("COMMIT")
    os.write(marker, b".")
os._exit(0)  # the power goes, so nothing is closed either
"""


@dataclass
class Count:
    """What became of the images."""

    seen: int = 0
    lost: int = 0
    broken: int = 0

    def __str__(self) -> str:
        return f"{self.seen} images, {self.lost} losses, {self.broken} damaged"


@contextmanager
def _memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: no power will really go, so no sync need wait."""
    shared = Path("/dev/shm")
    folder = (shared if os.access(shared, os.W_OK) else tmp_path) / f"cuts-{os.getpid()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _after_each_cut(
    script: str, tmp_path: Path, *words: str, tries: int, stride: int
) -> Iterator[tuple[Image, Path]]:
    """Give every image that is new, and the path of its ledger."""
    home = tmp_path / "-".join(("recorded", *words))
    home.mkdir()
    lines = record(script, home, *words)
    chance, known = random.Random(20), set[int]()
    with _memory(tmp_path) as folder:
        for number, disk in enumerate(cuts(lines, home)):
            if number % stride:
                continue
            for image in images(disk, chance, tries=tries):
                if hash(image) in known:
                    continue
                known.add(hash(image))
                image.write(folder)
                yield image, folder / "l.db"
                for file in folder.iterdir():
                    file.unlink()


async def _told(path: Path) -> int:
    """Open a ledger, and count the commits that it holds; each of them is whole."""
    ledger = SqliteLedger.open(path)
    try:
        commits = 1 + len(await ledger.entries("s"))
        for row in await ledger.rows():
            said = [entry.what for entry in await ledger.entries(row.key)]
            life = (SENT, DEFERRED, DOUBTED)[int(row.key.partition("/")[2]) % 3]
            assert said == life[: len(said)]
            assert row.state.value == said[-1]
            commits += len(said)
    finally:
        await ledger.close()
    return commits


@needs("strace", "strace")
def test_after_a_power_cut_the_ledger_holds_all_that_it_acknowledged(
    tmp_path: Path, figures: Figures
) -> None:
    count = Count()
    for image, path in _after_each_cut(LIFE, tmp_path, str(MAILS), tries=TRIES, stride=STRIDE):
        count.seen += 1
        try:
            commits = asyncio.run(_told(path))
        except LedgerError:
            # Before its start was acknowledged there need not be a ledger.
            assert not image.acknowledged
            continue
        with closing(sqlite3.connect(path)) as db:
            count.broken += db.execute("PRAGMA integrity_check").fetchone() != ("ok",)
        # One more may have been on its way.
        assert commits <= image.acknowledged + 1
        count.lost += commits < image.acknowledged
    figures(f"power cuts of the ledger: {count}")
    assert count.seen > 200
    assert (count.lost, count.broken) == (0, 0)


def _bare(tmp_path: Path, journal: str, level: str) -> Count:
    count = Count()
    words = (str(COMMITS), journal, level)
    for image, path in _after_each_cut(BARE, tmp_path, *words, tries=TRIES, stride=1):
        count.seen += 1
        try:
            with closing(sqlite3.connect(path)) as db:
                [commits] = db.execute("SELECT count(*) FROM event").fetchone()
                count.broken += db.execute("PRAGMA integrity_check").fetchone() != ("ok",)
        except sqlite3.DatabaseError:
            count.broken += bool(image.acknowledged)
            continue
        count.lost += commits + 1 < image.acknowledged
    return count


@needs("strace", "strace")
@pytest.mark.parametrize(
    ("journal", "level"), [("DELETE", "FULL"), ("DELETE", "OFF"), ("WAL", "NORMAL")]
)
def test_the_same_power_cuts_lose_what_weaker_modes_acknowledged(
    tmp_path: Path, figures: Figures, journal: str, level: str
) -> None:
    count = _bare(tmp_path, journal, level)
    figures(f"power cuts, {journal} and {level}: {count}")
    assert count.lost


@needs("strace", "strace")
@pytest.mark.parametrize(("journal", "level"), [("DELETE", "EXTRA"), ("WAL", "FULL")])
def test_the_same_power_cuts_lose_nothing_in_modes_that_are_strong_enough(
    tmp_path: Path, figures: Figures, journal: str, level: str
) -> None:
    count = _bare(tmp_path, journal, level)
    figures(f"power cuts, {journal} and {level}: {count}")
    assert (count.lost, count.broken) == (0, 0)
