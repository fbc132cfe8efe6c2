"""What the operator was told, and when: in a small file, as the ledger may be what is broken.

The file has mode 0600. One that cannot be read counts as empty, so that at worst a mail to the
operator comes once more. Where it cannot be written, another place is taken, or memory alone.
"""

import json
import logging
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from announcer.private_files import write_file

log = logging.getLogger("announcer")

_VERSION: Final = 1
_MOST_BYTES: Final = 1_000_000
_MOST_CAUSES: Final = 200
# For so long it is known what was told, and what could not be.
TOLD_FOR: Final = timedelta(days=2)
UNTOLD_FOR: Final = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class Heard:
    """A trouble: its words, when it was first and last seen, and when it was last told."""

    words: str
    first: datetime
    seen: datetime
    told: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """How often a way has failed, one time after another, and when it may be tried again."""

    failures: int
    again: datetime


@dataclass(slots=True, kw_only=True)
class Kept:
    """What is remembered: each trouble by its cause, and each way that failed by its table."""

    heard: dict[str, Heard] = field(default_factory=dict)
    tries: dict[str, Tries] = field(default_factory=dict)

    def see(self, words: Mapping[str, str], now: datetime) -> None:
        """Take in what is wrong now, by its cause, and forget what was long ago."""
        for cause, sentence in words.items():
            known = self.heard.setdefault(cause, Heard(words=sentence, first=now, seen=now))
            if abs(now - known.seen) > TOLD_FOR:  # it was gone meanwhile
                known.first = now
            known.words, known.seen = sentence, now
        recent = [
            (cause, heard)
            for cause, heard in self.heard.items()
            if abs(now - heard.seen) <= (UNTOLD_FOR if heard.told is None else TOLD_FOR)
        ]
        recent.sort(key=lambda pair: pair[1].seen)
        self.heard = dict(recent[-_MOST_CAUSES:])


class Memory:
    """Keeps it from pass to pass, and from process to process.

    Args:
        places: the files that it may be in, the best first; none for memory alone. Of the last one
            the folder is made where it is missing.
    """

    def __init__(self, *places: Path) -> None:
        self._places = places
        self._kept: Kept | None = None
        self._written: bytes | None = None

    def read(self) -> Kept:
        """Give what is remembered."""
        if self._kept is None:
            self._kept = Kept()
            for place in reversed(self._places):
                found = _read(place)
                self._kept.heard |= found.heard
                self._kept.tries |= found.tries
        return self._kept

    def write(self, kept: Kept) -> None:
        """Remember; where no file can be written, for as long as this process runs."""
        self._kept = kept
        content = _text(kept)
        if not self._places or content == self._written:
            return
        why = ""
        for place in self._places:
            try:
                if place == self._places[-1]:
                    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_file(place, content)
            except OSError as error:
                why = why or f"{place}: {error.strerror}"
            else:
                self._written = content
                return
        log.warning(
            "what the operator was told is kept in memory only, as it cannot be written (%s)", why
        )


def _text(kept: Kept) -> bytes:
    document = {
        "version": _VERSION,
        "heard": {
            cause: {
                "words": heard.words,
                "first": heard.first.isoformat(),
                "seen": heard.seen.isoformat(),
                "told": heard.told.isoformat() if heard.told else None,
            }
            for cause, heard in kept.heard.items()
        },
        "tries": {
            name: {"failures": tries.failures, "again": tries.again.isoformat()}
            for name, tries in kept.tries.items()
        },
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def _read(path: Path) -> Kept:
    try:
        document = json.loads(_content(path))
        if document["version"] != _VERSION:
            raise ValueError(f"it has format {document['version']}")
        return Kept(
            heard={str(cause): _heard(values) for cause, values in document["heard"].items()},
            tries={
                str(name): Tries(failures=int(values["failures"]), again=_instant(values["again"]))
                for name, values in document["tries"].items()
            },
        )
    except FileNotFoundError:
        return Kept()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        log.warning("%s cannot be read (%s), so the operator may be told once more", path, error)
        return Kept()


def _heard(values: Mapping[str, Any]) -> Heard:
    told = values["told"]
    return Heard(
        words=str(values["words"]),
        first=_instant(values["first"]),
        seen=_instant(values["seen"]),
        told=None if told is None else _instant(told),
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return instant


def _content(path: Path) -> bytes:
    # A file of another sort (a pipe, say) must not keep us waiting.
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
            raise ValueError("it is not a small regular file")
        return os.read(file, _MOST_BYTES)
    finally:
        with suppress(OSError):
            os.close(file)
