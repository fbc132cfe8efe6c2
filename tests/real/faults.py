"""A real pass that dies, or whose disk fails, at a chosen system call, and what comes of it.

strace does the harm (``-e inject``) and says beforehand which calls there are. It counts them for
each thread by itself; everything that matters here happens in the first one.
"""

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeVar

from desk import Desk
from mailbox_server import Mailbox, serving

# `make torture` harms every call; an ordinary run takes a sample of them.
TORTURE = bool(os.environ.get("TORTURE"))

DAY = "2020-04-03T"
DUE = DAY + "10:00"
# The lease of ten minutes has run out; fifteen minutes have passed since a doubt; all is quiet.
AFTERWARDS = LEASE_OVER, DOUBT_OVER, QUIET = DAY + "10:11", DAY + "10:27", DAY + "10:54"

# A name that the machine does not have is passed over where a question mark stands before it.
_WATCHED = (
    "openat,close,read,write,fcntl,pread64,pwrite64,fsync,fdatasync,ftruncate,?unlink,?unlinkat,"
    "?rename,?renameat,connect,sendto,recvfrom,?epoll_wait,?epoll_pwait"
)

# The files of the desk, the server, the loop that waits for it, and what is printed.
_OURS = re.compile(r'[<"](?:\.[>/]|(?:socket|TCP|pipe|anon_inode):)')

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Point:
    """The ``nth`` time that the first thread makes one system call."""

    call: str
    nth: int
    words: str  # the call as strace shows it, for whoever reads about a failure

    def __str__(self) -> str:
        return f"{self.call} {self.nth} ({self.words})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A desk as it stands before a pass, and what the lists have received by then."""

    folder: Path
    received: tuple[tuple[list[str], bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What became of one mail: what the ledger says, and what the list has."""

    key: str
    outcome: str | None
    doubts: int
    copies: tuple[bytes, ...]


def adopted(folder: Path) -> Scene:
    """Give a desk of two series, each of which owes one mail at ten."""
    folder.mkdir()
    desk = _desk(folder, 1)
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    return Scene(folder=folder)


def _desk(folder: Path, port: int) -> Desk:
    desk = Desk(folder, port)
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    series = "[[series]]" + text.partition("[[series]]")[2]
    for old, new in (('id = "ml"', 'id = "geo"'), ("ML Seminar", "Geometry"), ("ml@", "geo@")):
        series = series.replace(old, new)
    config.write_text(f"{text}\n{series}", encoding="utf-8")
    return desk


@contextmanager
def replayed(scene: Scene, folder: Path) -> Iterator[tuple[Desk, Mailbox]]:
    """Set a scene up anew, with a mailbox of its own."""
    folder.mkdir()
    with serving() as mailbox:
        mailbox.received.extend(scene.received)
        desk = _desk(folder, mailbox.port)
        for file in scene.folder.glob("announcer.db*"):
            shutil.copyfile(file, folder / file.name)
        yield desk, mailbox
    shutil.rmtree(folder)


def points(scene: Scene, folder: Path, now: str, *, command: str = "send") -> list[Point]:
    """Watch an undisturbed pass, and give its calls from the opening of the ledger on.

    What only loads a module or a time zone is left out: a death there differs in nothing from one
    at the next call that touches the desk, the server or the person who reads along.
    """
    with replayed(scene, folder) as (desk, _):
        # The first pass on a machine writes compiled files, which later ones do not.
        assert desk.run("send", "--dry-run", "--now", now).returncode == 0
        trace = folder / "trace"
        under = ["strace", "-f", "--seccomp-bpf", "-y", "-e", f"trace={_WATCHED}", "-o", str(trace)]
        done = desk.run(command, "--now", now, under=under)
        assert done.returncode == 0, done.stderr
        lines = trace.read_text().splitlines()
    main = lines[0].split()[0]
    begun = re.compile(rf"{main} +(\w+)\((.*)")
    seen: dict[str, int] = {}
    found: list[Point] = []
    opened = False
    for call, shown in (match.groups() for match in map(begun.match, lines) if match):
        seen[call] = seen.get(call, 0) + 1
        words = shown.removeprefix(f"AT_FDCWD<{folder}>, ").replace(str(folder), ".")
        opened = opened or "announcer.db" in words
        if opened and _OURS.search(words):
            found.append(Point(call, seen[call], words[:100]))
    return found


def harmed(
    desk: Desk, now: str, call: str, effect: str, when: str, *, command: str = "send"
) -> CompletedProcess[str]:
    """Run a real pass that meets with a fault."""
    fault = f"inject={call}:{effect}:when={when}"
    # Stops by seccomp are quick, but a signal cannot be put into one.
    quick = () if "signal" in effect else ("--seccomp-bpf",)
    under = ["strace", "-f", *quick, "-e", f"trace={call}", "-e", fault, "-o", os.devnull]
    return desk.run(command, "--now", now, under=under)


def killed(desk: Desk, now: str, point: Point, *, command: str = "send") -> bool:
    """Run a real pass that is killed at a point; False where it ended before it came there."""
    done = harmed(desk, now, point.call, "signal=KILL", str(point.nth), command=command)
    assert done.returncode in {-9, 137, 0, 1}, done.stderr
    return done.returncode in {-9, 137}


def recovered(desk: Desk, times: Iterable[str] = AFTERWARDS) -> list[CompletedProcess[str]]:
    """Let later passes do what is left to do, the last of which finds nothing."""
    passes: list[CompletedProcess[str]] = []
    for now in times:
        passes.append(desk.run("send", "--now", now))
        if passes[-1].stdout.startswith("Nothing is due.\n") and now >= DOUBT_OVER:
            break
    return passes


def mails(desk: Desk, mailbox: Mailbox) -> list[Mail]:
    """Give what became of each mail, as the command line and the mailbox tell it."""
    found = []
    for row in desk.json("log"):
        # One attempt that was sent leaves no room for a doubt, and each command takes a while.
        clear = row["outcome"] == "sent" and row["attempts"] == 1
        told = "" if clear else desk.run("log", row["key"]).stdout
        found.append(
            Mail(
                key=row["key"],
                outcome=row["outcome"],
                doubts=len(re.findall(r"^\S+ \S+Z  in_doubt", told, re.MULTILINE)),
                copies=tuple(content for to, content in mailbox.received if to == [row["to"]]),
            )
        )
    return found


def wrong_with(mail: Mail) -> str | None:
    """Say what is wrong with a mail once every later pass is over."""
    if len(mail.copies) > 2:
        return f"{mail.key} went out {len(mail.copies)} times"
    if len(set(mail.copies)) > 1:
        return f"{mail.key} went out twice with different bytes"
    if len(mail.copies) == 2 and not mail.doubts:
        return f"{mail.key} went out twice, and no doubt was recorded"
    if mail.outcome == "sent" and not mail.copies:
        return f"{mail.key} counts as sent, and the list has nothing"
    if mail.outcome not in {"sent", "in_doubt"}:
        return f"{mail.key} ends as {mail.outcome}"
    return None


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Give at most so many items, at even distances, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / max(most - 1, 1))] for i in range(most)]


def sample(found: Iterable[Point], most: Collection[tuple[str, int]]) -> list[Point]:
    """Give every point under torture, else so many of each call."""
    every = list(found)
    if TORTURE:
        return every
    return [p for call, n in most for p in spread([q for q in every if q.call == call], n)]


def side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Do the work for all items, as many at a time as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))
