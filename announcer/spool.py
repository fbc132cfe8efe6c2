"""Outcomes that the ledger may not have recorded yet: in memory, and as small files on disk.

What the server answered exists nowhere else once its connection is closed. So an outcome is kept
here before the ledger is asked to record it, and forgotten once the ledger has. What a process
leaves behind is recorded by the next one on this machine, before that decides anything.

There is one file for each outcome, of mode 0600. It is written under another name, flushed to the
disk and renamed, so that it is there in full or not at all; a checksum finds what a broken disk
made of it. Its name tells which mail it is about, even where the content cannot be read.
"""

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from announcer.ledger import Claim, Deferred, InDoubt, Refused, Sent

Heard = Sent | Deferred | Refused | InDoubt

_VERSION: Final = 1
_UNFINISHED: Final = ".new"  # until the whole content is on the disk
_ENDINGS: Final = (".json", f".json{_UNFINISHED}")
_MOST_BYTES: Final = 65_536
_KINDS: Final[dict[str, type[Heard]]] = {
    "sent": Sent,
    "deferred": Deferred,
    "refused": Refused,
    "in_doubt": InDoubt,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecorded:
    """How an attempt ended, while the ledger may not know it."""

    ledger: str  # how the ledger was named when the mail was claimed, without a password
    message_id: str
    claim: Claim
    outcome: Heard
    at: datetime  # when the attempt ended

    @property
    def key(self) -> str:
        """The key of the mail."""
        return self.claim.key

    @property
    def series(self) -> str:
        """The id of the mail's series."""
        return self.key.partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A file that should hold an outcome and cannot be read; ``mail`` is None for a folder."""

    path: Path
    why: str
    mail: str | None = None  # the part of the file's name that stands for the mail's key

    def may_concern(self, key: str) -> bool:
        """Tell whether it may hold an outcome of this mail."""
        return self.mail is None or self.mail == _in_names(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where an outcome is kept: in a file, or in memory only and why."""

    path: Path | None = None
    problem: str = ""

    def __str__(self) -> str:
        """Say where it is."""
        return f"it is kept in {self.path}" if self.path else self.problem


class Spool:
    """Keeps outcomes until the ledger has recorded them.

    Args:
        folder: where the files are; None for a spool in memory only.
        prefix: how the names of its files begin.
        ledger: the name of the ledger that shall record them.
    """

    def __init__(
        self, folder: Path | None = None, prefix: str = "announcer", *, ledger: str = ""
    ) -> None:
        self.ledger = ledger
        self._folder = folder
        self._start = f"{prefix}.unrecorded."
        self._memory: dict[Claim, Unrecorded] = {}

    def keep(self, entry: Unrecorded) -> Kept:
        """Keep an outcome: in memory, and on disk where that can be written."""
        self._memory[entry.claim] = entry
        if self._folder is None:
            return Kept(problem="it is kept in memory only")
        path = self._path(self._folder, entry)
        try:
            if not path.exists():
                _write(path, _text(entry))
        except OSError as error:
            return Kept(
                problem=f"it is kept in memory only, as {path} cannot be written ({error.strerror})"
            )
        return Kept(path=path)

    def forget(self, entry: Unrecorded) -> None:
        """Remove an outcome that the ledger has recorded."""
        self._memory.pop(entry.claim, None)
        if self._folder is None:
            return
        path = self._path(self._folder, entry)
        for name in (path, _unfinished(path)):
            # One that cannot be removed is recorded again, which changes nothing.
            with suppress(OSError):
                name.unlink()

    def contents(self) -> tuple[list[Unrecorded], list[Damaged]]:
        """Return what is kept, by this process and by others, and which files cannot be read."""
        entries, damaged = dict(self._memory), []
        for found in self._files():
            if isinstance(found, Damaged):
                damaged.append(found)
            else:
                entries.setdefault(found.claim, found)
        return sorted(entries.values(), key=lambda entry: (entry.at, entry.key)), damaged

    def hindrance(self) -> str | None:
        """Say why no outcome could be kept on disk; None where nothing is known to forbid it."""
        if self._folder is None:
            return None
        names = (self._folder, *self._folder.parents)
        nearest = next(name for name in names if os.access(name, os.F_OK))
        if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
            return None
        return (
            f"{self._folder} cannot be written, so an answer of the mail server that the ledger "
            "cannot record at once would be kept in memory only; make it writable, or name another "
            "folder in ANNOUNCER_STATE_DIR"
        )

    def path(self, entry: Unrecorded) -> Path | None:
        """Return the file of an outcome, whether it exists or not; None where none is written."""
        return self._path(self._folder, entry) if self._folder else None

    def _path(self, folder: Path, entry: Unrecorded) -> Path:
        claim = entry.claim
        name = f"{_in_names(claim.key)}.{claim.fence}-{claim.owner}{_told_apart(claim.key)}"
        return folder / f"{self._start}{name}.json"

    def _files(self) -> Iterator[Unrecorded | Damaged]:
        if self._folder is None:
            return
        try:
            paths = sorted(self._folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            yield Damaged(path=self._folder, why=f"cannot be listed: {error.strerror}")
            return
        for path in paths:
            if path.name.startswith(self._start) and path.name.endswith(_ENDINGS):
                mail = path.name.removeprefix(self._start).partition(".")[0]
                found = _read(path, mail)
                if found is not None:
                    yield found


def _in_names(key: str) -> str:
    """Write a key as a part of a file's name."""
    return re.sub(r"[^\w-]", "_", key, flags=re.ASCII)[:120]


def _told_apart(key: str) -> str:
    """Give what a file's name needs besides, where two keys would be written as one."""
    if _in_names(key).replace("_", "/") == key:
        return ""
    return f"-{sha256(key.encode()).hexdigest()[:12]}"


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + _UNFINISHED)


def _text(entry: Unrecorded) -> bytes:
    """Write an outcome as a line of JSON, and its checksum on the next line."""
    kind = next(name for name, of in _KINDS.items() if isinstance(entry.outcome, of))
    values = {
        "version": _VERSION,
        "ledger": entry.ledger,
        "message_id": entry.message_id,
        "claim": asdict(entry.claim),
        "at": entry.at.isoformat(),
        "kind": kind,
        "outcome": asdict(entry.outcome),
    }
    body = json.dumps(values, default=datetime.isoformat).encode()
    return body + b"\n" + sha256(body).hexdigest().encode() + b"\n"


def _entry(text: bytes) -> Unrecorded:
    """Read an outcome back.

    Raises:
        ValueError: what is wrong with the file.
    """
    body, _, checksum = text.partition(b"\n")
    if checksum.strip() != sha256(body).hexdigest().encode():
        raise ValueError("its checksum is wrong")
    try:
        values: dict[str, Any] = json.loads(body)
        version = values["version"]
        if version != _VERSION:
            raise ValueError(f"it has format {version}, and this announcer knows {_VERSION}")
        claim, outcome = dict(values["claim"]), dict(values["outcome"])
        claim["expires_at"] = datetime.fromisoformat(claim["expires_at"])
        if "until" in outcome:
            outcome["until"] = datetime.fromisoformat(outcome["until"])
        return Unrecorded(
            ledger=values["ledger"],
            message_id=values["message_id"],
            claim=Claim(**claim),
            outcome=_KINDS[values["kind"]](**outcome),
            at=datetime.fromisoformat(values["at"]),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"it is not an outcome ({error})") from error


def _write(path: Path, text: bytes) -> None:
    """Write a file so that it is on the disk in full or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(unfinished, flags, 0o600)
    try:
        # Tells others that it is being written; the lock ends with this process.
        fcntl.flock(file, fcntl.LOCK_EX)
        os.ftruncate(file, 0)
        _write_all(file, text)
        os.fsync(file)
        unfinished.rename(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink()
        raise
    finally:
        os.close(file)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_all(file: int, text: bytes) -> None:
    while text:
        text = text[os.write(file, text) :]


def _read(path: Path, mail: str) -> Unrecorded | Damaged | None:
    """Read one file; None where it has gone, or another process is still writing it."""
    try:
        # A file of another sort (a pipe, say) must not keep us waiting.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Damaged(path=path, why=str(error.strerror), mail=mail)
    try:
        return _entry(_content(file, path))
    except BlockingIOError:
        return None
    except (OSError, ValueError) as error:
        if path.name.endswith(_UNFINISHED):
            # Its process was killed while it wrote, as if before; the ledger has the doubt.
            return None
        return Damaged(path=path, why=str(error), mail=mail)
    finally:
        os.close(file)


def _content(file: int, path: Path) -> bytes:
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
        raise ValueError("it is not a small regular file")
    if path.name.endswith(_UNFINISHED):
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return os.read(file, _MOST_BYTES)
