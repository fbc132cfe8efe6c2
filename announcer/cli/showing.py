"""Commands that show, and change nothing."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from announcer import app as parts
from announcer import builtin, console
from announcer.announcement import Announcement, Plan
from announcer.announcer import Clock
from announcer.belief import accepted, believed, to_plan
from announcer.cadence import NO_SEMINAR
from announcer.cli.options import (
    ConfigOption,
    JsonOption,
    NowOption,
    OutOption,
    SeriesOption,
    app,
    now_shape,
    of_key,
    print_json,
    run,
    say_without_ledger,
    select,
)
from announcer.compose import MailComposer
from announcer.console import Readings, begun, clock_of, each, planned
from announcer.display import (
    say,
    show_content,
    show_differences,
    show_evidence,
    show_happenings,
    show_log,
    show_plan,
    show_talks,
)
from announcer.errors import (
    CompositionError,
    LedgerDamaged,
    LedgerError,
    SourceError,
    UsageError,
)
from announcer.ledger import Believed, History, Ledger
from announcer.ledger.checksums import row_damaged
from announcer.message import Message, parts_of
from announcer.past import Past, Standing
from announcer.plan import as_decided
from announcer.private_files import PUBLIC, write_file
from announcer.settings import SeriesSettings, Settings
from announcer.shapes import (
    evidence_shape,
    last_event,
    plan_shape,
    row_shape,
    state_name,
    talk_shape,
)
from announcer.source.explained import explained
from announcer.talks import Ground, Series, Talk
from announcer.transport.folder import write
from announcer.verify import verify


class LogState(StrEnum):
    """How a mail of the ledger ended; it is open where it has not yet."""

    SENT = "sent"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    HELD = "held"
    SKIPPED = "skipped"
    OPEN = "open"


_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)


@app.command()
def talks(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show what gave each fact, and how sure it is.")
    ] = False,
) -> None:
    """Show the talks as they are understood, in order of time.

    With --explain each fact comes with the line that gave it, and whether it stands there (said,
    read), has its year from a heading (year from above) or from the calendar (nearest year), or is
    as the settings say (usual). What was not understood is listed below, with its line.

    Example: announcer talks --explain --now 2020-04-03T10:00
    """
    selection = select(config, series)
    settings, chosen = selection.settings, selection.chosen
    clock = clock_of(now)
    shapes: list[dict[str, object]] = []

    async def show(asked: SeriesSettings, readings: Readings) -> None:
        history = await _history(settings, asked)
        last = history.believed if history else None
        at = clock(asked.series)
        trouble: SourceError | None = None
        warnings: tuple[str, ...] = ()
        stands: tuple[Talk, ...] = ()  # what the page says now, believed or not
        grounds: Mapping[str, tuple[Ground, ...]] = {}
        try:
            reading = await readings.of(asked)
            warnings, grounds = reading.warnings, reading.grounds
            stands = accepted(last, reading, asked.series, at).talks
            found = to_plan(believed(last, reading, asked.series, at), asked.series, at)
        except SourceError as error:
            if last is None:
                raise
            found, trouble = to_plan(last, asked.series, at), error
        if history is not None:
            past = Past(history, at)
            found = tuple(as_decided(talk, past) for talk in found)
        found = tuple(sorted(found, key=lambda t: (t.day is None, str(t.starts_at or t.day), t.id)))
        because = {
            talk.id: explained(talk, grounds[talk.id], asked.series)
            for talk in (found if explain else ())
            if talk.id in grounds
        }
        for talk in found:
            shape = talk_shape(talk, asked.series)
            if explain:
                shape["explained"] = [evidence_shape(e) for e in because.get(talk.id, ())]
            shapes.append(shape)
        warnings = (*warnings, *(w for talk in found for w in talk.warnings))
        if as_json:
            for warning in warnings:
                console.note(warning)
        else:
            show_talks(asked.series, found, warnings)
            for talk in found if explain else ():
                show_evidence(talk, because.get(talk.id, ()), asked.series)
            if last is not None and stands:
                show_differences(asked.series, last, stands)
        if trouble is not None:
            raise trouble

    async def work() -> int:
        async with begun(settings, chosen, clock) as readings:
            status = await each(chosen, lambda asked: show(asked, readings))
        if as_json:
            print_json(shapes)
        return status

    run(work(), selection.status)


async def _history(settings: Settings, asked: SeriesSettings) -> History | None:
    """Give what the ledger knows of a series, where there is one that can be read."""
    try:
        async with parts.copied_ledger(settings) as (ledger, _):
            return await ledger.history(asked.series.id)
    except LedgerError as error:
        console.note(f"{error}; the talks are shown as the page has them")
        return None


def _subjects(asked: SeriesSettings, plan: Plan) -> dict[str, str | None]:
    subjects: dict[str, str | None] = {}
    composer = MailComposer(asked.templates)
    for mail in plan.announcements:
        # Which days a mail of a quiet week is about is not known of one that the ledger alone has.
        if mail.row is not None and (mail.row.copies or mail.kind == NO_SEMINAR):
            subjects[mail.key] = mail.row.subject
        elif all(talk.starts_at for talk in mail.talks):
            subjects[mail.key] = composer.subject(mail)
    return subjects


def _shown(plan: Plan, now: datetime, weeks: int) -> Plan:
    """Keep what is near enough to matter: as many weeks ahead as back."""
    near = tuple(
        mail
        for mail in plan.announcements
        if mail.standing is Standing.DUE or abs((mail.due_at - now).days) <= 7 * weeks
    )
    return Plan(announcements=near)


@app.command()
def plan(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
    weeks: Annotated[
        int, typer.Option(metavar="N", help="How many weeks to look ahead, and back.", min=1)
    ] = 4,
) -> None:
    """Show what is due, upcoming, missed, held or skipped, each with its reason.

    Example: announcer plan --weeks 2
    """
    selection = select(config, series)
    settings, chosen = selection.settings, selection.chosen
    clock = clock_of(now)

    async def work() -> int:
        found: list[Plan] = []
        subjects: dict[str, str | None] = {}
        async with (
            begun(settings, chosen, clock) as readings,
            parts.copied_ledger(settings) as (ledger, real),
        ):
            say_without_ledger(settings, real=real)

            async def look(asked: SeriesSettings) -> None:
                whole, trouble = await planned(asked, settings, ledger, clock, readings)
                shown = _shown(whole, clock(asked.series), weeks)
                found.append(shown)
                subjects.update(_subjects(asked, shown))
                if trouble is not None:
                    raise trouble

            status = await each(chosen, look)
        if as_json:
            print_json(plan_shape(now_shape(clock, chosen), found, subjects))
        else:
            show_plan(found, subjects)
        return status

    run(work(), selection.status)


@app.command()
def preview(
    key: Annotated[
        str | None,
        typer.Argument(metavar="[KEY]", help="The mail's key, as `announcer plan` shows it."),
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    out: OutOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every kind, about made-up talks, into ./preview or DIR.")
    ] = False,
) -> None:
    """Show one mail exactly as it would go, with its calendar entry, or write its parts as files.

    The files are .eml, .txt, .html and .ics. With --all no page is read and no ledger needed: your templates are tried on made-up talks,
    and an index.html shows all mails side by side.

    Example: announcer preview geometry/announcement/2026-04-03 --out preview
    """
    if everything is (key is not None):
        raise UsageError("say which mail: `announcer preview KEY`, or --all for every kind")
    selection = select(config, series)
    settings, chosen = selection.settings, selection.chosen
    if key is None:
        _hang(chosen, out or Path("preview"), selection.status)
        return
    clock = clock_of(now)

    async def work() -> int:
        async with parts.copied_ledger(settings) as (ledger, real):
            say_without_ledger(settings, real=real)
            known: list[str] = []
            for row in await ledger.rows():
                if row.key == key and row.copies:
                    return _previewed(row.message(), out)
            for asked in of_key(key, chosen, selection.broken):
                plan, trouble = await planned(asked, settings, ledger, clock)
                if trouble is not None:
                    console.note(str(trouble))
                known += [mail.key for mail in plan.announcements]
                for mail in plan.announcements:
                    if mail.key == key:
                        return _previewed(_composed(mail, asked, clock), out)
        raise UsageError(f"there is no mail {key}; known are: {', '.join(known[-12:]) or 'none'}")

    run(work())


def _hang(chosen: tuple[SeriesSettings, ...], folder: Path, status: int) -> None:
    from announcer.gallery import hang  # noqa: PLC0415 - no other command needs it

    failed = list(hang(chosen, folder))
    for line in failed:
        console.note(line)
    say(str(folder / "index.html"))
    if failed or status:
        raise typer.Exit(max(int(bool(failed)), status))


def _composed(mail: Announcement, asked: SeriesSettings, clock: Clock) -> Message:
    if any(talk.starts_at is None for talk in mail.talks):
        raise CompositionError(f"{mail.key} cannot be composed yet: {mail.reason}")
    composer = MailComposer(asked.templates)
    message = composer.compose(mail, clock(asked.series))
    verify(message, mail, own=composer.own)
    return message


def _previewed(message: Message, out: Path | None) -> int:
    if out is None:
        show_content(message.content)
        return 0
    for ending, content in parts_of(message.content):
        say(str(write(out, message.key, ending, content)))
    return 0


@app.command()
def log(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Show this mail as it went out.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    as_json: JsonOption = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="Only what happened from then on, like 2026-04-03."
        ),
    ] = None,
    states: Annotated[
        list[LogState] | None,
        typer.Option("--state", help="Only mails that stand so; may be given again."),
    ] = None,
) -> None:
    """Show what was sent, refused or is in doubt, in order of time; with a key the whole mail.

    Example: announcer log --since 2026-04-03 --state refused --state in_doubt
    """
    selection = select(config, series)
    settings = selection.settings
    chosen = {asked.series.id: asked.series for asked in selection.chosen}
    begin = None if since is None else _since(since)

    async def work() -> int:
        async with parts.copied_ledger(settings, needed=True) as (ledger, _):
            rows = [
                row
                for row in await ledger.rows()
                if (not series or row.series in chosen)
                and key in (None, row.key)
                and (not states or state_name(row) in states)
                and (begin is None or last_event(row) >= begin(chosen.get(row.series)))
            ]
            rows.sort(key=last_event)
            if key is not None and not rows and not await ledger.entries(key):
                if await _name_damage(ledger, settings):
                    return LedgerDamaged.exit_status
                raise UsageError(f"the ledger knows no mail {key}; `announcer log` lists them")
            if as_json:
                print_json([row_shape(row, chosen.get(row.series)) for row in rows])
                return await _name_damage(ledger, settings)
            if rows or key is None:
                show_log((row, chosen.get(row.series)) for row in rows)
            for asked in chosen.values() if key is None and not states else ():
                first = begin(asked) if begin else _ALWAYS
                entries, decisions = (
                    await ledger.entries(asked.id),
                    await ledger.decisions(asked.id),
                )
                show_happenings(
                    asked,
                    [entry for entry in entries if entry.at >= first],
                    [word for word in decisions if word.at >= first],
                )
            for entry in await ledger.entries(key) if key is not None else ():
                say(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.what}  {entry.why or ''}".rstrip())
            for row in rows if key is not None else ():
                say("")
                show_content(row.content)
            return await _name_damage(ledger, settings)

    run(work(), 0 if key else selection.status)


def _since(text: str) -> Callable[[Series | None], datetime]:
    """Read --since: a day or a wall clock of each series in its own zone, or an instant.

    Raises:
        UsageError: it is none of these.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f'--since {text} is no time; write it like "2026-04-03" or "2026-04-03T10:00"'
        ) from None
    if at.tzinfo is not None:
        return lambda _: at
    return lambda series: at.replace(tzinfo=series.timezone if series else UTC)


async def _name_damage(ledger: Ledger, settings: Settings) -> int:
    """Name the rows that were left out, as they cannot be trusted; return the exit status."""
    damaged = await ledger.damage()
    if not damaged:
        return 0
    for name in damaged:
        console.note(f"damaged, and not shown: {name}")
    error = row_damaged(settings.ledger_name, damaged)
    console.note(str(error))
    return error.exit_status


@app.command()
def templates(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The folder; it is made where needed.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="Copy to the folder beside this settings file."
        ),
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy them to DIR; no file that is there is touched.")
    ] = False,
) -> None:
    """List the built-in templates, or copy them into a folder, to edit.

    Without DIR that is the folder "templates", here or beside the settings file that --config names;
    the settings are not read. A series takes the folder by templates = "templates" in its [[series]]
    table; delete from it what you do not change.

    Example: announcer templates --copy
    """
    if config is not None and not config.is_file():
        raise UsageError(f"the settings file {config} does not exist; check --config")
    if not copy:
        if folder is not None:
            raise UsageError(f"say what to do with {folder}: `announcer templates --copy {folder}`")
        for name in builtin.names():
            say(name)
        return
    beside = config.parent if config is not None else Path()
    found = list(builtin.copied(folder or beside / "templates"))
    for path, written in found:
        say(f"{'written' if written else 'left as it is'}: {path}")
    left = sum(not written for _, written in found)
    say(f"{len(found) - left} written, {left} left as they were")


@app.command()
def feed(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it to this file, as a whole."),
    ] = None,
) -> None:
    """Give the talks as a calendar to subscribe to, past ones and cancelled ones too.

    Its entries are those that the mails carry. Put the file where it can be had by https, name
    that as feed_url, and let cron write it anew every hour. While a page cannot be read, the
    talks are those that were last believed; nothing is written where none are known.

    Example: announcer feed --series geometry --out /srv/www/geometry.ics
    """
    from announcer.feed import entries  # noqa: PLC0415 - no other command needs it
    from announcer.invite import Entry  # noqa: PLC0415 - as above
    from announcer.invite import feed as calendar  # noqa: PLC0415 - as above

    selection = select(config, series)
    settings, chosen = selection.settings, selection.chosen
    clock = clock_of(now)

    async def work() -> int:
        found: list[Entry] = []
        known_of = 0
        async with (
            begun(settings, chosen, clock) as readings,
            parts.copied_ledger(settings) as (ledger, _),
        ):

            async def gather(asked: SeriesSettings) -> None:
                nonlocal known_of
                at = clock(asked.series)
                history = await ledger.history(asked.series.id)
                known, trouble = await _believed(asked, history.believed, clock, readings)
                if known is not None:
                    # Who subscribed keeps a talk as it last was, also while readings disagree.
                    talks = to_plan(replace(known, watched={}), asked.series, at)
                    found.extend(list(entries(asked.series, talks, history, at)))
                    known_of += 1
                if trouble is not None:
                    raise trouble

            status = await each(chosen, gather)
        # A calendar that lacks a series would take its talks from whoever subscribes.
        if known_of == len(chosen) and not selection.broken:
            _give(calendar(", ".join(asked.series.name for asked in chosen), found), out)
        return status

    run(work(), selection.status)


async def _believed(
    asked: SeriesSettings, last: Believed | None, clock: Clock, readings: Readings
) -> tuple[Believed | None, SourceError | None]:
    """Read a source; give what is believed now, or was last, and what is wrong with the source."""
    try:
        reading = await readings.of(asked)
        return believed(last, reading, asked.series, clock(asked.series)), None
    except SourceError as error:
        return last, error


def _give(content: bytes, out: Path | None) -> None:
    """Write to a file in one step, as a server may be reading it, or to stdout."""
    if out is None:
        sys.stdout.buffer.write(content)
        return
    try:
        write_file(out, content, mode=PUBLIC)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from error
    say(str(out))
