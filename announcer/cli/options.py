"""What the commands have in common: the options, the settings, and how a command ends."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from announcer import __version__, console
from announcer import app as parts
from announcer.announcer import Clock
from announcer.errors import SettingsError, UsageError
from announcer.loop import Loop
from announcer.redaction import redacted
from announcer.settings import (
    BrokenSeries,
    SeriesSettings,
    Settings,
    find_settings,
    load_settings,
    refuse_broken,
)
from announcer.source import bounded
from announcer.terminal import json_text, message

# Of the JSON documents: what is said about a mail or a talk, rather than what it is.
_MESSAGES: Final = frozenset({"reason", "reply", "unclear", "warnings", "trouble", "where"})

app = typer.Typer(
    name="announcer",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="The settings file; else $ANNOUNCER_CONFIG, else ./config.toml.")
]  # fmt: skip
SeriesOption = Annotated[
    list[str] | None,
    typer.Option("--series", metavar="ID", help="Only this series; may be given again."),
]
NowOption = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help="Act as if it were then, like 2020-04-03T10:00; default: the real clock."),
]  # fmt: skip
YesOption = Annotated[bool, typer.Option("--yes", help="Answer the question with yes.")]
ReallyOption = Annotated[
    bool,
    typer.Option("--really", help="Send to the lists although --now gives the time."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LogOption = Annotated[
    Literal["text", "json"], typer.Option("--log-format", help="How the log on stderr is written.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Write files into this folder.")
]


def _version(asked: bool) -> None:  # noqa: FBT001 - as typer calls it
    if asked:
        typer.echo(f"announcer {__version__}")
        raise typer.Exit


@app.callback()
def announcer(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    """Announce the talks of a seminar to its mailing list, from the page where they stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The settings, and what a command is about: the series in service, and those that are not."""

    settings: Settings
    chosen: tuple[SeriesSettings, ...]
    broken: tuple[BrokenSeries, ...]

    @property
    def status(self) -> int:
        """The exit status of a command that can serve only some of the series."""
        return SettingsError.exit_status if self.broken else 0


def select(
    config: Path | None, series: Sequence[str] | None, *, secrets: bool = False
) -> Selection:
    """Load the settings, and say what is odd about them and which series are out of service.

    Raises:
        UsageError: there is no such series.
        SettingsError: none of the series can be served.
    """
    settings = load_settings(find_settings(config, os.environ), secrets=secrets)
    only = tuple(series or ())
    chosen = parts.chosen(settings, only)
    for line in (*settings.warnings, *settings.mistakes):
        console.note(line)
    if settings.broken:
        names = ", ".join(broken.name for broken in settings.broken)
        console.note(f"out of service until this is fixed: {names}; the others are served")
    return Selection(settings=settings, chosen=chosen, broken=parts.out_of_service(settings, only))


def of_key(
    key: str, chosen: tuple[SeriesSettings, ...], broken: tuple[BrokenSeries, ...]
) -> tuple[SeriesSettings, ...]:
    """Give the series of a key alone, so that no other can stand in the way of its mail.

    Raises:
        SettingsError: the settings of this series are wrong.
        UsageError: there is no such series.
    """
    name = key.partition("/")[0]
    refuse_broken(broken, name)
    found = tuple(asked for asked in chosen if asked.series.id == name)
    if not found:
        names = ", ".join(sorted(asked.series.id for asked in chosen))
        raise UsageError(f"there is no mail {key}; a key begins with the id of a series: {names}")
    return found


def refuse_made_up_time(now: str | None, settings: Settings, command: str, *, really: bool) -> None:
    """Do nothing, unless a list would get real mails by a clock that somebody made up.

    Raises:
        UsageError: it would, and nobody said that it really shall.
    """
    if now is None or really or settings.smtp.is_this_machine:
        return
    harmless = " Add --dry-run to see what would go, or --to ADDRESS to send it to yourself;"
    raise UsageError(
        f"--now {now} would send real mails to the lists by way of {settings.smtp.host}, at a time that "
        f"it is not, and the ledger would keep them as sent.{harmless if command == 'send' else ''} "
        "--really does it all the same"
    )


def now_shape(clock: Clock, series: tuple[SeriesSettings, ...]) -> str:
    """Write the time it is for the first of the series."""
    first = series[0].series
    return first.local(clock(first)).isoformat()


def print_json(document: object) -> None:
    """Print one document, and nothing else, on stdout."""
    sys.stdout.write(json_text(_without_secrets(document), indent=2) + "\n")


def _without_secrets(document: object) -> object:
    """Return a document whose messages show nothing secret; facts stay as they are."""
    if isinstance(document, list):
        return [_without_secrets(part) for part in document]
    if not isinstance(document, dict):
        return document
    return {key: _message_of(key, value) for key, value in document.items()}


def _message_of(key: object, value: object) -> object:
    if key not in _MESSAGES:
        return _without_secrets(value)
    if isinstance(value, list):
        return [redacted(str(line)) for line in value]
    return redacted(value) if isinstance(value, str) else value


def run(work: Coroutine[Any, Any, int], at_least: int = 0) -> None:
    """Do the work of a command, and end with its status, or a higher one that was known before."""
    bounded.SERVER.fork()  # while there are neither threads nor a loop
    try:
        with asyncio.Runner(loop_factory=Loop) as runner:
            status = max(runner.run(_ended_by_sigterm(work)), at_least)
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    sys.stdout.flush()
    if status:
        raise typer.Exit(status)


async def _ended_by_sigterm(work: Coroutine[Any, Any, int]) -> int:
    """Do the work of a command, and cancel it at SIGTERM; a pass takes that over.

    An exception that the signal raises by itself would strike any task of the work.
    """
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - what runs here is one
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def say_without_ledger(settings: Settings, *, real: bool) -> None:
    """Say that what is shown is what would hold with a ledger."""
    if not real:
        console.note(
            f"there is no ledger at {settings.ledger_name} yet, so this answers as if one had been "
            "adopted before all talks; `announcer adopt` starts it"
        )


def _logged(record: logging.LogRecord) -> str:
    """Return what a record says, in one line; of an exception its words, and no traceback."""
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() + (f": {type(error).__name__}: {error}" if error else "")


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {record.levelname} {message(_logged(record))}"


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "message": redacted(_logged(record))}
        extra = {k: getattr(record, k) for k in ("series", "key", "outcome") if hasattr(record, k)}
        return json_text(line | extra)


def log_to_stderr(form: str) -> None:
    """Write the log to stderr, as text or as one JSON object a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else _TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("announcer").setLevel(logging.INFO)
