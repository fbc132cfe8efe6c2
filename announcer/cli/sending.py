"""Commands that send, and those that come before: check and adopt."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from announcer import app as parts
from announcer import console
from announcer.announcer import Announcer, Clock, adopted
from announcer.belief import believed
from announcer.cli.options import (
    ConfigOption,
    JsonOption,
    LogOption,
    NowOption,
    OutOption,
    ReallyOption,
    SeriesOption,
    YesOption,
    app,
    log_to_stderr,
    now_shape,
    of_key,
    print_json,
    refuse_made_up_time,
    run,
    say_without_ledger,
    select,
)
from announcer.cli.telling import made_up, operator_told
from announcer.compose import MailComposer
from announcer.console import agreed, begun, clock_of, each, operator_hears, progress
from announcer.display import (
    say,
    show_content,
    show_counted,
    show_deliveries,
    show_next,
    when,
)
from announcer.ending import end_for_certain
from announcer.errors import (
    LedgerForeign,
    UsageError,
)
from announcer.ledger import Ledger
from announcer.message import Message
from announcer.plan import counted_as_told
from announcer.report import Delivery, Fate, Report
from announcer.settings import SeriesSettings, Settings, find_settings, read_settings
from announcer.shapes import report_shape
from announcer.talks import Reading
from announcer.transport.folder import FolderTransport


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

    asked = select(config, series, secrets=online)
    if not asked.broken:
        say(f"{asked.settings.path}: the settings are right")
    checkup = Checkup(asked.settings, asked.chosen, clock_of(now))
    run(checkup.run(online=online), asked.status)


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
    yes: YesOption = False,
) -> None:
    """Start the ledger: what should have gone out by now counts as told.

    It lists the mails that will not go for that, and on a terminal asks first. Said again, it shows
    what is adopted, and takes in new series and rules.

    Example: announcer adopt
    """
    selection = select(config, series)
    settings, chosen = selection.settings, selection.chosen
    clock = clock_of(now)

    async def work() -> int:
        readings: dict[str, Reading] = {}

        async with begun(settings, chosen, clock) as reading:

            async def look(asked: SeriesSettings) -> None:
                readings[asked.series.id] = await reading.of(asked)

            status = await each(chosen, look)
        if not readings:
            console.note("no ledger was started, since the talks are not known")
            return status
        new = await _show_counted(settings, chosen, readings, clock)
        if new and not yes and not agreed("Shall it begin like that?"):
            say("Nothing was adopted.")
            return 1
        async with parts.opened_ledger(settings, start=True) as ledger:
            known = [asked for asked in chosen if asked.series.id in readings]

            async def take(asked: SeriesSettings) -> None:
                await _adopt(ledger, asked, readings[asked.series.id], clock, new_list)

            return max(status, await each(tuple(known), take))

    run(work(), selection.status)


async def _show_counted(
    settings: Settings,
    chosen: tuple[SeriesSettings, ...],
    readings: Mapping[str, Reading],
    clock: Clock,
) -> bool:
    """List what will count as told; return whether anything is adopted that was not before."""
    new = False
    async with parts.copied_ledger(settings) as (ledger, real):
        for asked in chosen:
            if asked.series.id not in readings:
                continue
            name = asked.series.id
            adoption = (await ledger.adoptions()).get(name) if real else None
            rules = [
                rule for rule in asked.cadence if not adoption or rule.label not in adoption.rules
            ]
            talks = readings[name].talks
            counted = counted_as_told(asked.series, rules, talks, clock(asked.series))
            show_counted(asked.series, counted, talks, clock(asked.series))
            new = new or bool(rules)
    return new


async def _adopt(
    ledger: Ledger,
    asked: SeriesSettings,
    reading: Reading,
    clock: Clock,
    new_list: str | None,
) -> None:
    series = asked.series
    history = await ledger.history(series.id)
    adoption = history.adoption
    if adoption is not None and series.list not in {adoption.list, new_list}:
        adopted(series, adoption)
    if new_list is not None and new_list != series.list:
        raise LedgerForeign(
            f"--list {new_list} is not the address of series {series.id} in the settings, "
            f"which is {series.list}"
        )
    known = adoption.rules if adoption else {}
    now_believed = believed(history.believed, reading, series, clock(series))
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
    key: Annotated[
        str | None,
        typer.Argument(metavar="[KEY]", help="Send this one mail now, whatever its moment."),
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send and record nothing.")] = False,
    out: OutOption = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="ADDRESS", help="Send as a test to this address.")
    ] = None,
    really: ReallyOption = False,
    yes: YesOption = False,
    log_format: LogOption = "text",
) -> None:
    """Send everything that is due now, each mail once, then exit. What cron calls.

    With a key it is this one mail alone, upcoming, missed in the last seven days, or counted as told at
    adoption, if its talk is still ahead. It is shown first, and a person has to agree.

    Example: announcer send --dry-run --out rehearsal
    """
    log_to_stderr(log_format)
    if dry_run:
        logging.getLogger("announcer").setLevel(logging.ERROR)
    rehearsal = dry_run or to is not None
    with operator_told(config, now, really=really, tells=not rehearsal and key is None):
        selection = select(config, series, secrets=not dry_run)
    settings, chosen = selection.settings, selection.chosen
    clock = clock_of(now)
    if to is not None:
        chosen = tuple(_to(asked, to) for asked in chosen)
    if not rehearsal:
        refuse_made_up_time(now, settings, "send", really=really)
    if key is not None:
        if rehearsal:
            raise UsageError(
                f"say `announcer preview {key}` to see this mail; send --dry-run and --to take no KEY"
            )
        if not yes and not sys.stdin.isatty():
            raise UsageError(f"nobody is here to agree; say `announcer send {key} --yes`")
        chosen = of_key(key, chosen, selection.broken)

    async def work() -> Report:
        transport = FolderTransport(out) if dry_run else parts.smtp(settings)
        test = datetime.now(UTC).isoformat() if to else None
        shared = parts.readings(settings)
        programmes, problems = parts.programmes(
            chosen,
            lambda asked: parts.programme(
                asked,
                parts.source(asked, shared),
                composer=MailComposer(asked.templates, test=test),
            ),
        )

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
                spool=None if rehearsal else parts.spool(settings),
                progress=progress,
            )
            with _stoppable(announcer):
                if key is None:
                    return await announcer.announce_due()
                if problems:
                    raise problems[0]
                return await announcer.announce_one(programmes[0], key, _agrees(yes=yes))

        if rehearsal:
            async with parts.copied_ledger(settings) as (ledger, real):
                say_without_ledger(settings, real=real or to is not None)
                for asked in chosen if to else ():
                    await _retarget(ledger, asked)
                report = await run(ledger)
        else:
            async with parts.opened_ledger(settings) as ledger:
                report = await run(ledger)
        report.problems += problems
        _show_report(report, chosen, clock, as_json=as_json, dry_run=dry_run, out=out)
        return report

    async def told() -> int:
        if rehearsal or key is not None:  # with a key a person is here, who sees what is wrong
            return (await work()).exit_status
        here = made_up(now, really=really)
        first = chosen[0].series
        async with operator_hears(
            settings, selection.broken, lambda: clock(first), only_here=here
        ) as reports:
            reports.append(await work())
        return reports[0].exit_status

    run(told(), selection.status)


def _agrees(*, yes: bool) -> Callable[[Message], bool]:
    """Give what shows a mail on stderr, so that stdout keeps to the report, and asks for a yes."""

    def agrees(message: Message) -> bool:
        with redirect_stdout(sys.stderr):
            show_content(message.content)
        return yes or agreed(f"Shall it go to {message.recipient} now?")

    return agrees


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

    def stop() -> None:
        end_for_certain(1)
        announcer.stop()

    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup leaves it
        numbers.append(signal.SIGHUP)  # the terminal was closed, or the connection to it broke
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
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
        now = now_shape(clock, chosen)
        print_json(report_shape(now, report.deliveries, dry_run=dry_run, files=files))
        return
    show_deliveries(report.deliveries, dry_run=dry_run)
    for delivery in sent if dry_run else ():
        if out is not None:
            say(f"  written to {files[delivery.announcement.key]}")
        elif delivery.message is not None:
            show_content(delivery.message.content)
    if not report.deliveries and not report.problems:
        show_next(report.plans)


def _file(out: Path, delivery: Delivery) -> Path:
    return out / (delivery.announcement.key.replace("/", "_") + ".eml")


@app.command()
def serve(
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    really: ReallyOption = False,
    log_format: LogOption = "text",
) -> None:
    """Run for long: send each mail at its moment, until told to stop.

    Example: announcer serve --config /etc/announcer/config.toml
    """
    from announcer.service import Service  # noqa: PLC0415 - APScheduler is for serve alone

    log_to_stderr(log_format)
    path = find_settings(config, os.environ)
    with operator_told(config, now, really=really, tells=True):
        asked = select(config, series, secrets=True)
    refuse_made_up_time(now, asked.settings, "serve", really=really)
    shift = (clock_of(now)(asked.chosen[0].series) - datetime.now(UTC)) if now else None
    service = Service(
        asked.settings,
        load=lambda: read_settings(path),
        only=tuple(series or ()),
        clock=lambda: datetime.now(UTC) + shift if shift else datetime.now(UTC),
        must_end=lambda: end_for_certain(0),
        only_here=made_up(now, really=really),
    )
    run(service.run())
