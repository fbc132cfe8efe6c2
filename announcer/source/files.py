"""The files that a place stands for: one, all of a folder, those of a pattern, or a web address."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from announcer.errors import SourceUnreadable

MOST_FILES: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of a source: where it is, and its path below the place that was named."""

    place: Path | str
    below: str
    folder: str = ""  # the names of the folders above what is below


def files(location: Path | str, suffixes: Collection[str]) -> list[File]:
    """Find the files, in the order of their names; a file or an address that is named is one.

    Raises:
        SourceUnreadable: there are none, or too many to be talks.
    """
    if isinstance(location, str):
        return [File(place=location, below=location)]
    if location.is_dir():
        base, pattern = location, "**/*"
    elif re.search(r"[*?\[]", str(location)) and not location.exists():
        base, pattern = _cut(location)
    else:
        folder = location.absolute().parent
        return [File(place=location, below=location.name, folder=str(folder))]
    try:
        found = [p for p in base.glob(pattern) if _wanted(p, base, suffixes) and p.is_file()]
    except (OSError, ValueError) as error:
        raise SourceUnreadable(f"{location} cannot be read: {error}") from error
    if not found:
        known = ", ".join(sorted(suffixes))
        raise SourceUnreadable(f"no file matches {location} (with {known}); check source.location")
    if len(found) > MOST_FILES:
        raise SourceUnreadable(f"{location} has more than {MOST_FILES} files; name its folder of talks")  # fmt: skip
    folder = base.absolute()
    return [
        File(place=p, below=p.relative_to(base).as_posix(), folder=str(folder))
        for p in sorted(found)
    ]


def _cut(location: Path) -> tuple[Path, str]:
    """Cut a pattern at its first part with a sign of patterns."""
    parts = location.parts
    first = next(i for i, part in enumerate(parts) if re.search(r"[*?\[]", part))
    return Path(*parts[:first]), "/".join(parts[first:])


def _wanted(path: Path, base: Path, suffixes: Collection[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(base).parts)
    return path.suffix.lower() in suffixes and not hidden
