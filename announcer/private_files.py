"""Files that only their owner can read, written as a whole, and through no symbolic link.

What is written holds emails, addresses and what organisers decided; a file that somebody else has
put in its place must not lead the content elsewhere.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

PRIVATE: Final = 0o600
PUBLIC: Final = 0o666  # what the umask leaves of it: for a file that a web server hands out
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def write_file(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file in one step: readers find the old content or the new one, never a part.

    Raises:
        OSError: it cannot be written, or a symbolic link, a pipe or a device stands in its place.
    """
    with _opened(path.parent, _FOLDER) as folder:
        _write(folder, path, content, mode)


def write_into(folder: Path, name: str, content: bytes) -> Path:
    """Write a file into a folder, which is made where needed, and return its path.

    Raises:
        OSError: it cannot be written, or the file or the folder itself is a symbolic link.
    """
    if folder.is_symlink():
        raise _is_link(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    with _opened(folder, _FOLDER | os.O_NOFOLLOW) as opened:
        _write(opened, path, content, PRIVATE)
    return path


def make_private(path: Path) -> None:
    """Make sure that an empty file is there which only its owner can read, whatever the umask.

    Raises:
        OSError: it cannot be made.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        os.fchmod(file, PRIVATE)
    finally:
        os.close(file)


def others_may(path: Path) -> int | None:
    """Return the mode of a file that others than its owner can read or write, None if none can."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return mode if mode & 0o077 else None


@contextmanager
def _opened(folder: Path, flags: int) -> Iterator[int]:
    """Hold a folder open, so that another one put in its place changes nothing."""
    number = os.open(folder, flags)
    try:
        yield number
    finally:
        os.close(number)


def _write(folder: int, path: Path, content: bytes, mode: int) -> None:
    with suppress(FileNotFoundError):
        there = os.lstat(path.name, dir_fd=folder).st_mode
        if stat.S_ISLNK(there):
            raise _is_link(path)
        if not stat.S_ISREG(there) and not stat.S_ISDIR(there):
            # A rename would put a file in the place of /dev/null.
            raise OSError(errno.EINVAL, "it is a pipe or a device; name a file", str(path))
    new = f".{path.name}.{token_hex(8)}.new"
    try:
        with open(os.open(new, _NEW, mode, dir_fd=folder), "wb") as file:  # noqa: PTH123 - a descriptor
            if mode == PRIVATE:
                os.fchmod(file.fileno(), mode)
            file.write(content)
        # A rename replaces a link that was put there meanwhile, and does not follow it.
        os.rename(new, path.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(new, dir_fd=folder)
        raise


def _is_link(path: Path) -> OSError:
    return OSError(errno.ELOOP, "it is a symbolic link; name the place itself", str(path))
