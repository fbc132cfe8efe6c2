"""The command line: parse, call, print."""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from announcer import app as parts
from announcer import builtin, console
from announcer.announcement import Announcement, Plan
from announcer.announcer import Announcer, Clock, adopted
from announcer.belief import accepted, believed, to_plan
from announcer.compose import MailComposer
from announcer.console import clock_of, each, planned, progress, read
from announcer.display import (
    say,
    show_content,
    show_decisions,
    show_deliveries,
    show_differences,
    show_entries,
    show_log,
    show_plan,
    show_talks,
    when,
)
from announcer.errors import (
    AnnouncerError,
    CompositionError,
    LedgerError,
    LedgerForeign,
    SourceError,
    UsageError,
)
from announcer.ledger import Believed, History, Ledger
from announcer.message import Message, parts_of
from announcer.past import Past, Standing
from announcer.plan import as_decided, counted_as_told
from announcer.report import Delivery, Fate, Report
from announcer.settings import SeriesSettings, Settings, find_settings, load_settings
from announcer.shapes import plan_shape, report_shape, row_shape, talk_shape
from announcer.talks import Reading, Talk
from announcer.transport.folder import FolderTransport, write
from announcer.verify import verify

if TYPE_CHECKING:
    from announcer.office import Office

app = typer.Typer(
    name="announcer",
    help="Announce the talks of a seminar to its mailing list, from the page where they stand.",
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
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
LogOption = Annotated[
    Literal["text", "json"], typer.Option("--log-format", help="How the log on stderr is written.")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Write files into this folder.")
]
_A_SECOND: Final = 1.0


def main() -> None:
    """Run the command line; every error is a sentence and a status."""
    # Until a pass takes it over. The first process of a container would not even end without.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0 if "serve" in sys.argv[1:2] else 143))
    try:
        app()
    except AnnouncerError as error:
        for line in str(error).splitlines():
            console.note(line)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # Whoever read along has read enough, as in `announcer talks | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        console.note(f"a fault of announcer itself, please report it: {type(error).__name__}: {error} ({where})")  # fmt: skip
        sys.exit(1)


def _settings(config: Path | None, *, secrets: bool = False) -> Settings:
    settings = load_settings(find_settings(config, os.environ), secrets=secrets)
    for warning in settings.warnings:
        console.note(warning)
    return settings


def _now_shape(clock: Clock, series: tuple[SeriesSettings, ...]) -> str:
    first = series[0].series
    return first.local(clock(first)).isoformat()


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "message": record.getMessage()}
        extra = {k: getattr(record, k) for k in ("key", "outcome") if hasattr(record, k)}
        return json.dumps(line | extra, ensure_ascii=False)


def _log_to_stderr(form: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(_JsonLines() if form == "json" else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("announcer").setLevel(logging.INFO)


def _run(work: Coroutine[Any, Any, int]) -> None:
    status = asyncio.run(work)
    sys.stdout.flush()
    if status:
        raise typer.Exit(status)


@app.command()
def talks(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the talks as they are understood, in order of time.

    Example: announcer talks --now 2020-04-03T10:00
    """
    settings = _settings(config)
    chosen = parts.chosen(settings, series or ())
    clock = clock_of(now)
    shapes: list[dict[str, object]] = []

    async def show(asked: SeriesSettings) -> None:
        history = await _history(settings, asked)
        last = history.believed if history else None
        at = clock(asked.series)
        trouble: SourceError | None = None
        warnings: tuple[str, ...] = ()
        stands: tuple[Talk, ...] = ()  # what the page says now, believed or not
        try:
            reading = await read(asked, clock)
            warnings = reading.warnings
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
        shapes.extend(talk_shape(talk, asked.series) for talk in found)
        warnings = (*warnings, *(w for talk in found for w in talk.warnings))
        if as_json:
            for warning in warnings:
                console.note(warning)
        else:
            show_talks(asked.series, found, warnings)
            if last is not None and stands:
                show_differences(asked.series, last, stands)
        if trouble is not None:
            raise trouble

    async def work() -> int:
        status = await each(chosen, show)
        if as_json:
            _print_json(shapes)
        return status

    _run(work())


async def _history(settings: Settings, asked: SeriesSettings) -> History | None:
    """Give what the ledger knows of a series, where there is one that can be read."""
    try:
        async with parts.copied_ledger(settings) as (ledger, _):
            return await ledger.history(asked.series.id)
    except LedgerError as error:
        console.note(f"{error}; the talks are shown as the page has them")
        return None


def _subjects(plans: list[tuple[SeriesSettings, Plan]]) -> dict[str, str | None]:
    subjects: dict[str, str | None] = {}
    for asked, plan in plans:
        composer = MailComposer(asked.templates)
        for mail in plan.announcements:
            if mail.row is not None and mail.row.copies:
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
    settings = _settings(config)
    chosen = parts.chosen(settings, series or ())
    clock = clock_of(now)

    async def work() -> int:
        plans: list[tuple[SeriesSettings, Plan]] = []
        async with parts.copied_ledger(settings) as (ledger, real):
            _say_without_ledger(settings, real=real)

            async def look(asked: SeriesSettings) -> None:
                whole, trouble = await planned(asked, settings, ledger, clock)
                plans.append((asked, _shown(whole, clock(asked.series), weeks)))
                if trouble is not None:
                    raise trouble

            status = await each(chosen, look)
        found = [p for _, p in plans]
        subjects = _subjects(plans)
        if as_json:
            _print_json(plan_shape(_now_shape(clock, chosen), found, subjects))
        else:
            show_plan(found, subjects)
        return status

    _run(work())


def _say_without_ledger(settings: Settings, *, real: bool) -> None:
    if not real:
        console.note(
            f"there is no ledger at {settings.ledger_name} yet, so this answers as if one had been "
            "adopted before all talks; `announcer adopt` starts it"
        )


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
    """Show one mail exactly as it would go, or write its .eml, .txt, .html and .ics files.

    With --all no page is read and no ledger needed: your templates are tried on made-up talks,
    and an index.html shows all mails side by side.

    Example: announcer preview geometry/announcement/2026-04-03 --out preview
    """
    if everything is (key is not None):
        raise UsageError("say which mail: `announcer preview KEY`, or --all for every kind")
    settings = _settings(config)
    chosen = parts.chosen(settings, series or ())
    if key is None:
        _hang(chosen, out or Path("preview"))
        return
    clock = clock_of(now)

    async def work() -> int:
        async with parts.copied_ledger(settings) as (ledger, real):
            _say_without_ledger(settings, real=real)
            known: list[str] = []
            for row in await ledger.rows():
                if row.key == key and row.copies:
                    return _previewed(row.message(), out)
            for asked in chosen:
                plan, trouble = await planned(asked, settings, ledger, clock)
                if trouble is not None:
                    console.note(str(trouble))
                known += [mail.key for mail in plan.announcements]
                for mail in plan.announcements:
                    if mail.key == key:
                        return _previewed(_composed(mail, asked, clock), out)
        raise UsageError(f"there is no mail {key}; known are: {', '.join(known[-12:]) or 'none'}")

    _run(work())


def _hang(chosen: tuple[SeriesSettings, ...], folder: Path) -> None:
    from announcer.gallery import hang  # noqa: PLC0415 - no other command needs it

    failed = list(hang(chosen, folder))
    for line in failed:
        console.note(line)
    say(str(folder / "index.html"))
    if failed:
        raise typer.Exit(1)


def _composed(mail: Announcement, asked: SeriesSettings, clock: Clock) -> Message:
    if any(talk.starts_at is None for talk in mail.talks):
        raise CompositionError(f"{mail.key} cannot be composed yet: {mail.reason}")
    message = MailComposer(asked.templates).compose(mail, clock(asked.series))
    verify(message, mail)
    return message


def _previewed(message: Message, out: Path | None) -> int:
    if out is None:
        show_content(message.content)
        return 0
    for ending, content in parts_of(message.content):
        say(str(write(out, message.key, ending, content)))
    return 0


@app.command()
def adopt(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    new_list: Annotated[
        str | None,
        typer.Option(
            "--list", metavar="ADDRESS", help="Confirms that a series has this new list address."
        ),
    ] = None,
) -> None:
    """Start the ledger: what should have gone out by now counts as told.

    Said again, it shows what is adopted, and takes in new series and rules.

    Example: announcer adopt
    """
    settings = _settings(config)
    chosen = parts.chosen(settings, series or ())
    clock = clock_of(now)

    async def work() -> int:
        readings: dict[str, Reading] = {}

        async def look(asked: SeriesSettings) -> None:
            readings[asked.series.id] = await read(asked, clock)

        status = await each(chosen, look)
        if not readings:
            console.note("no ledger was started, since the talks are not known")
            return status
        async with parts.opened_ledger(settings, start=True) as ledger:
            known = [asked for asked in chosen if asked.series.id in readings]

            async def take(asked: SeriesSettings) -> None:
                await _adopt(ledger, asked, readings[asked.series.id], clock, new_list)

            return max(status, await each(tuple(known), take))

    _run(work())


async def _adopt(
    ledger: Ledger,
    asked: SeriesSettings,
    reading: Reading,
    clock: Clock,
    new_list: str | None,
) -> None:
    series = asked.series
    adoption = (await ledger.adoptions()).get(series.id)
    if adoption is not None and series.list not in {adoption.list, new_list}:
        adopted(series, adoption)
    if new_list is not None and new_list != series.list:
        raise LedgerForeign(
            f"--list {new_list} is not the address of series {series.id} in the settings, "
            f"which is {series.list}"
        )
    known = adoption.rules if adoption else {}
    last = (await ledger.history(series.id)).believed
    now_believed = believed(last, reading, series, clock(series))
    new = [rule for rule in asked.cadence if rule.label not in known]
    counted = counted_as_told(series, new, reading.talks, clock(series))
    if new or adoption is None or adoption.list != series.list:
        rules = [rule.label for rule in new]
        await ledger.adopt(series.id, series.list, rules=rules, counted=counted, now=clock(series))
    await ledger.believe(now_believed)
    adoption = (await ledger.adoptions())[series.id]
    say(
        f"{series.id}: adopted for {adoption.list} since {when(adoption.adopted_at, series)}, "
        f"rules: {', '.join(sorted(adoption.rules))}; "
        f"{len(counted)} mails that were due before count as told"
    )


@app.command()
def send(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send and record nothing.")] = False,
    out: OutOption = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ADDRESS", help="Send as a test to this address.")
    ] = None,
    log_format: LogOption = "text",
) -> None:
    """Send everything that is due now, each mail once, then exit. What cron calls.

    Example: announcer send --dry-run --out rehearsal
    """
    _log_to_stderr(log_format)
    if dry_run:
        logging.getLogger("announcer").setLevel(logging.ERROR)
    settings = _settings(config, secrets=not dry_run)
    chosen = parts.chosen(settings, series or ())
    clock = clock_of(now)
    if to is not None:
        chosen = tuple(_to(asked, to) for asked in chosen)
    rehearsal = dry_run or to is not None

    async def work() -> int:
        transport = FolderTransport(out) if dry_run else parts.smtp(settings)
        test = datetime.now(UTC).isoformat() if to else None
        programmes = [
            parts.programme(a, composer=MailComposer(a.templates, test=test)) for a in chosen
        ]

        async def run(ledger: Ledger) -> Report:
            announcer = Announcer(
                programmes,
                ledger=ledger,
                transport=transport,
                clock=clock,
                on_doubt=settings.delivery.on_doubt,
                limits=settings.limits if to is None else None,
                account=settings.smtp.account if to is None else None,
                tells=not rehearsal,
                progress=progress,
            )
            with _stoppable(announcer):
                return await announcer.announce_due()

        if rehearsal:
            async with parts.copied_ledger(settings) as (ledger, real):
                _say_without_ledger(settings, real=real or to is not None)
                for asked in chosen if to else ():
                    await _retarget(ledger, asked)
                report = await run(ledger)
        else:
            async with parts.opened_ledger(settings) as ledger:
                report = await run(ledger)
        _show_report(report, chosen, clock, as_json=as_json, dry_run=dry_run, out=out)
        return report.exit_status

    _run(work())


def _to(asked: SeriesSettings, address: str) -> SeriesSettings:
    from dataclasses import replace  # noqa: PLC0415 - only test mails need it

    if "@" not in address or any(c.isspace() or c in "<>," for c in address):
        raise UsageError(f'--to {address} is no mail address; write it like "me@example.org"')
    return replace(asked, series=replace(asked.series, list=address))


async def _retarget(ledger: Ledger, asked: SeriesSettings) -> None:
    """Let the private copy of the ledger know the address of a test."""
    known = (await ledger.adoptions()).get(asked.series.id)
    rules = [] if known else [rule.label for rule in asked.cadence]
    at = known.adopted_at if known else datetime.min.replace(tzinfo=UTC)
    await ledger.adopt(asked.series.id, asked.series.list, rules=rules, counted=(), now=at)


@contextmanager
def _stoppable(announcer: Announcer) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, announcer.stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _show_report(
    report: Report,
    chosen: tuple[SeriesSettings, ...],
    clock: Clock,
    *,
    as_json: bool,
    dry_run: bool,
    out: Path | None,
) -> None:
    for problem in report.problems:
        if dry_run or not logging.getLogger("announcer").isEnabledFor(logging.ERROR):
            console.note(str(problem))
    sent = [d for d in report.deliveries if d.fate is Fate.SENT]
    files = {d.announcement.key: _file(out, d) for d in sent} if dry_run and out else {}
    if as_json:
        now = _now_shape(clock, chosen)
        _print_json(report_shape(now, report.deliveries, dry_run=dry_run, files=files))
        return
    show_deliveries(report.deliveries, dry_run=dry_run)
    for delivery in sent if dry_run else ():
        if out is not None:
            say(f"  written to {files[delivery.announcement.key]}")
        elif delivery.message is not None:
            show_content(delivery.message.content)
    held = [
        mail
        for plan in report.plans
        for mail in plan.standing(Standing.HELD)
        if mail.due_at <= clock(mail.series)
        and mail.key not in {d.announcement.key for d in report.deliveries}
    ]
    for mail in held:
        say(f"{mail.key}: held: {mail.reason}")
    if not report.deliveries and not report.problems and not held:
        say("Nothing is due.")


def _file(out: Path, delivery: Delivery) -> Path:
    return out / (delivery.announcement.key.replace("/", "_") + ".eml")


@app.command()
def log(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="Show this mail as it went out.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was sent, refused or is in doubt; with a key the whole mail as it went out.

    Example: announcer log geometry/announcement/2026-04-03
    """
    settings = _settings(config)
    chosen = {a.series.id: a.series for a in parts.chosen(settings, series or ())}

    async def work() -> int:
        async with parts.copied_ledger(settings, needed=True) as (ledger, _):
            rows = [
                row
                for row in await ledger.rows()
                if (not series or row.series in chosen) and key in (None, row.key)
            ]
            if key is not None and not rows and not await ledger.entries(key):
                raise UsageError(f"the ledger knows no mail {key}; `announcer log` lists them")
            if as_json:
                _print_json([row_shape(row, chosen.get(row.series)) for row in rows])
                return 0
            if rows or key is None:
                show_log((row, chosen.get(row.series)) for row in rows)
            for asked in chosen.values() if key is None else ():
                show_entries(asked, await ledger.entries(asked.id))
                show_decisions(asked, (await ledger.history(asked.id)).decisions)
            for entry in await ledger.entries(key) if key is not None else ():
                say(f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.what}  {entry.why or ''}".rstrip())
            for row in rows if key is not None else ():
                say("")
                show_content(row.content)
        return 0

    _run(work())


KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="The mail, as `announcer plan` shows it.")
]
WhyOption = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="The reason, for the others.")
]


@app.command()
def hold(
    key: KeyArgument,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
) -> None:
    """Keep one mail back, wherever its talks move, until it is released.

    Example: announcer hold geometry/announcement/2026-04-03 --why "the room is not sure"
    """
    _run(_office(config, series, now).decide(key, "hold", why))


@app.command()
def skip(
    key: KeyArgument,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
) -> None:
    """Never send one mail, wherever its talks move.

    Example: announcer skip geometry/reminder/2026-04-07 --why "everybody knows"
    """
    _run(_office(config, series, now).decide(key, "skip", why))


@app.command()
def note(
    key: KeyArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The paragraph; empty takes it back.")
    ],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """Put a paragraph of yours on top of one mail.

    Example: announcer note geometry/announcement/2026-04-03 "There will be cake."
    """
    _run(_office(config, series, now).decide(key, "note", text))


@app.command()
def release(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="The mail, as `announcer plan` shows it.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that caps hold, of the chosen series.")
    ] = False,
    why: WhyOption = "",
) -> None:
    """Let go what is held, or try at once what was refused or waits; the next pass sends it.

    Example: announcer release geometry/announcement/2026-04-03
    """
    if everything is (key is not None):
        raise UsageError("say which mail: `announcer release KEY`, or --all for all that caps hold")
    office = _office(config, series, now)
    _run(office.release_all() if key is None else office.release(key, why))


@app.command()
def cancel(
    talk: Annotated[str, typer.Argument(metavar="ID", help="The talk, as `talks` shows it.")],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
) -> None:
    """Say that a talk is cancelled, whatever the page says of it.

    Example: announcer cancel 3 --why "the speaker is ill"
    """
    _run(_office(config, series, now).cancel(talk, why))


@app.command()
def accept(
    talk: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this talk, as `talks` shows it.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """Say that a page, or one talk of it, is right as it stands, whatever was made of it.

    Example: announcer accept --series geometry
    """
    _run(_office(config, series, now).accept(talk))


@app.command()
def settle(
    key: KeyArgument,
    verdict: Annotated[
        Literal["sent", "resend"],
        typer.Option("--as", help="It has arrived; or it has not, and shall go once more."),
    ],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """End the doubt about a mail, once you have looked into the list's archive.

    Example: announcer settle geometry/announcement/2026-04-03 --as sent
    """
    _run(_office(config, series, now).settle(key, arrived=verdict == "sent"))


def _office(config: Path | None, series: list[str] | None, now: str | None) -> "Office":
    from announcer.office import Office  # noqa: PLC0415 - only who decides needs it

    settings = _settings(config)
    return Office(settings, parts.chosen(settings, series or ()), clock_of(now))


@app.command()
def check(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also connect, start TLS and log in.")
    ] = False,
) -> None:
    """Read settings, sources and templates, and compose every kind once.

    Example: announcer check --online
    """
    from announcer.checkup import Checkup  # noqa: PLC0415 - no other command needs it

    settings = _settings(config, secrets=online)
    chosen = parts.chosen(settings, series or ())
    say(f"{settings.path}: the settings are right")
    _run(Checkup(settings, chosen, clock_of(now)).run(online=online))


@app.command()
def templates(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The folder; it is made where needed.")
    ] = None,
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy them to DIR; no file that is there is touched.")
    ] = False,
) -> None:
    """List the built-in templates, or copy them into a folder, to edit.

    Without DIR that is ./templates, and no settings are read. A series takes the folder by
    templates = "templates" in its [[series]] table; delete from it what you do not change.

    Example: announcer templates --copy
    """
    if not copy:
        if folder is not None:
            raise UsageError(f"say what to do with {folder}: `announcer templates --copy {folder}`")
        for name in builtin.names():
            say(name)
        return
    found = list(builtin.copied(folder or Path("templates")))
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

    settings = _settings(config)
    chosen = parts.chosen(settings, series or ())
    clock = clock_of(now)

    async def work() -> int:
        found: list[Entry] = []
        missing: list[SourceError] = []
        async with parts.copied_ledger(settings) as (ledger, _):

            async def gather(asked: SeriesSettings) -> None:
                at = clock(asked.series)
                history = await ledger.history(asked.series.id)
                known, trouble = await _believed(asked, history.believed, clock)
                if known is None:
                    missing.extend(filter(None, [trouble]))
                else:
                    talks = to_plan(known, asked.series, at)
                    found.extend(entries(asked.series, talks, history, at))
                if trouble is not None:
                    raise trouble

            status = await each(chosen, gather)
        if not missing:
            _give(calendar(", ".join(asked.series.name for asked in chosen), found), out)
        return status

    _run(work())


async def _believed(
    asked: SeriesSettings, last: Believed | None, clock: Clock
) -> tuple[Believed | None, SourceError | None]:
    """Read a source; give what is believed now, or was last, and what is wrong with the source."""
    try:
        reading = await read(asked, clock)
        return believed(last, reading, asked.series, clock(asked.series)), None
    except SourceError as error:
        return last, error


def _give(content: bytes, out: Path | None) -> None:
    """Write to a file in one step, as a server may be reading it, or to stdout."""
    if out is None:
        sys.stdout.buffer.write(content)
        return
    new = out.with_name(f"{out.name}.new")
    try:
        new.write_bytes(content)
        new.replace(out)
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from error
    say(str(out))


@app.command()
def serve(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    log_format: LogOption = "text",
) -> None:
    """Run for long: send each mail at its moment, until told to stop.

    Example: announcer serve --config /etc/announcer/config.toml
    """
    from announcer.service import Service  # noqa: PLC0415 - APScheduler is for serve alone

    _log_to_stderr(log_format)
    path = find_settings(config, os.environ)
    settings = _settings(config, secrets=True)
    only = tuple(series or ())
    parts.chosen(settings, only)
    shift = (clock_of(now)(settings.series[0].series) - datetime.now(UTC)) if now else None
    service = Service(
        settings,
        load=lambda: load_settings(path),
        only=only,
        clock=lambda: datetime.now(UTC) + shift if shift else datetime.now(UTC),
    )
    _run(service.run())
