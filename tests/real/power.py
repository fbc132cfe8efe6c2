"""What a disk may hold after a power cut, worked out from what SQLite really did to it.

strace writes down every call by which a process touches a folder. A disk promises only what was
synced: a write, a truncation, a new name or a removed one may each be missing, and a write may be
there in part, until a sync of that file, or of the folder for a name, has returned.
"""

import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_CALLS: Final = (
    "openat,pwrite64,write,fdatasync,fsync,ftruncate,?unlink,?unlinkat,?rename,?renameat,"
    "?renameat2,close"
)
_LINE: Final = re.compile(r"\d+ +(\w+)\((.*)\) += (-?\d+)")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
ACKNOWLEDGED: Final = "acknowledged"  # a process writes into this file once a commit has returned
_WHOLE_SECTOR: Final = 512


@dataclass(slots=True)
class Step:
    """A change that a power cut may undo until it was synced: a write, or a truncation."""

    offset: int
    content: bytes | None  # None: the file ends at the offset


@dataclass(slots=True)
class File:
    """A file on the disk: what is safe, and what is not yet."""

    safe: bytes = b""
    unsafe: list[Step] = field(default_factory=list)

    def sync(self) -> None:
        self.safe = _applied(self.safe, self.unsafe)
        self.unsafe = []


@dataclass(slots=True)
class Disk:
    """One folder: which names are safe, and which changes of names are not yet."""

    names: dict[str, File] = field(default_factory=dict)  # as the processes see it
    safe: dict[str, File] = field(default_factory=dict)
    unsafe: list[tuple[str, File | None]] = field(default_factory=list)  # None: removed
    acknowledged: int = 0

    def named(self, name: str, file: File | None) -> None:
        self.unsafe.append((name, file))
        if file is None:
            del self.names[name]
        else:
            self.names[name] = file

    def sync(self) -> None:
        self.safe = dict(self.names)
        self.unsafe = []

    def files(self) -> list[File]:
        """All files that a cut may leave under some name."""
        every = [*self.safe.values(), *(file for _, file in self.unsafe if file is not None)]
        return list({id(file): file for file in every}.values())


@dataclass(frozen=True, slots=True)
class Image:
    """What a folder may hold after a cut, and how many commits had been acknowledged by then."""

    files: tuple[tuple[str, bytes], ...]
    acknowledged: int

    def write(self, folder: Path) -> None:
        for name, content in self.files:
            (folder / name).write_bytes(content)


def record(script: str, folder: Path, *words: str) -> list[str]:
    """Run a script that works in a folder, and give what it did to the disk."""
    trace = folder.with_name(folder.name + ".trace")
    command = [sys.executable, "-c", script, str(folder), *words]
    under = ["strace", "-f", "--seccomp-bpf", "-xx", "-s", "1000000", "-e", f"trace={_CALLS}"]
    done = subprocess.run(
        [*under, "-o", str(trace), *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = trace.read_text().splitlines()
    trace.unlink()
    return lines


def cuts(lines: Sequence[str], folder: Path) -> Iterator[Disk]:
    """Play a record, and give the disk after each call that changed it."""
    disk = Disk()
    opened: dict[str, tuple[str, File | None]] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None or int(match[3]) < 0:
            continue
        call, words, result = match.groups()
        paths = [bytes.fromhex(t.replace("\\x", "")) for t in _TEXT.findall(words)]
        handle = words.partition(",")[0]
        if call == "openat":
            _open(disk, opened, Path(paths[0].decode()), folder, words, result)
        elif call == "close":
            opened.pop(handle, None)
        elif call.startswith("unlink"):
            path = Path(paths[0].decode())
            if path.parent == folder:
                disk.named(path.name, None)
        elif call.startswith("rename"):
            # No journal mode of SQLite does; a disk that renames would have to be thought out.
            assert Path(paths[0].decode()).parent != folder, line
        elif handle in opened:
            _touch(disk, *opened[handle], call, paths, words)
        else:
            continue
        yield disk


def _open(
    disk: Disk,
    opened: dict[str, tuple[str, File | None]],
    path: Path,
    folder: Path,
    words: str,
    handle: str,
) -> None:
    if path == folder:
        opened[handle] = ("", None)
    elif path.parent == folder and not path.name.endswith("-shm"):
        # The -shm of a WAL lives in memory, and is made anew after a cut.
        if path.name not in disk.names and "O_CREAT" in words and path.name != ACKNOWLEDGED:
            disk.named(path.name, File())
        opened[handle] = (path.name, disk.names.get(path.name))


def _touch(
    disk: Disk, name: str, file: File | None, call: str, contents: Sequence[bytes], words: str
) -> None:
    if name == ACKNOWLEDGED:
        disk.acknowledged += call == "write"
    elif file is None:
        disk.sync()
    elif call == "pwrite64":
        offset = int(words.rpartition(",")[2])
        file.unsafe.append(Step(offset, contents[0]))
    elif call == "ftruncate":
        file.unsafe.append(Step(int(words.rpartition(",")[2]), None))
    elif call in {"fsync", "fdatasync"}:
        file.sync()
    else:
        raise AssertionError(f"{call} of {name} is not thought of")


def _applied(content: bytes, steps: Sequence[Step]) -> bytes:
    out = bytearray(content)
    for step in steps:
        if step.content is None:
            del out[step.offset :]
            out.extend(bytes(step.offset - len(out)))
        else:
            out.extend(bytes(max(0, step.offset - len(out))))
            out[step.offset : step.offset + len(step.content)] = step.content
    return bytes(out)


def images(disk: Disk, chance: random.Random, *, tries: int) -> Iterator[Image]:
    """Give what the disk may hold if the power goes now; not all of it, but ever new samples."""
    files = disk.files()
    size = len(disk.unsafe) + sum(len(file.unsafe) for file in files)
    lost, kept = (0.0,) * size, (1.0,) * size
    yield _image(disk, files, lost)
    if not size:
        return
    yield _image(disk, files, kept)
    for fate in (0.0, 1.0, 0.25, 0.5):
        rest = (1.0,) if fate < 1 else (0.0,)
        for one in range(size):
            yield _image(disk, files, rest * one + (fate,) + rest * (size - one - 1))
    for _ in range(tries):
        yield _image(disk, files, chance.choices((0.0, 1.0, 0.25, 0.5), (8, 8, 1, 1), k=size))


def _image(disk: Disk, files: Sequence[File], fates: Sequence[float]) -> Image:
    """Give one image; a fate is 1 for what stays, 0 for what is lost, else it is torn."""
    ahead = iter(fates)
    names = dict(disk.safe)
    for name, file in disk.unsafe:
        # A name is there or not: it cannot be torn.
        if next(ahead) < 1:
            continue
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file
    contents = {}
    for file in files:
        steps = [_torn(step, next(ahead)) for step in file.unsafe]
        contents[id(file)] = _applied(file.safe, [step for step in steps if step is not None])
    return Image(
        files=tuple(sorted((name, contents[id(file)]) for name, file in names.items())),
        acknowledged=disk.acknowledged,
    )


def _torn(step: Step, fate: float) -> Step | None:
    if fate == 1:
        return step
    if fate == 0 or step.content is None:
        return None
    # Torn after the first sector, or in the middle.
    end = _WHOLE_SECTOR if fate < 0.5 else len(step.content) // 2
    return Step(step.offset, step.content[:end])
