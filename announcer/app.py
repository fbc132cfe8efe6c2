"""Puts the parts together; the only file that knows every class."""

import logging
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from announcer.announcer import Programme
from announcer.compose import MailComposer
from announcer.errors import AnnouncerError, LedgerMissing, SettingsError, UsageError
from announcer.internal import contained
from announcer.ledger import Ledger
from announcer.ledger.sqlite import SqliteLedger
from announcer.operator import Operator, Way
from announcer.recording import Recorder
from announcer.remembered import Memory
from announcer.settings import (
    BrokenSeries,
    SeriesSettings,
    Settings,
    Smtp,
    all_mistakes,
)
from announcer.source import Source
from announcer.source.reader import Shared
from announcer.sources import SeriesSource, sharing
from announcer.spool import Spool
from announcer.talks import Mailbox
from announcer.transport import Transport

if TYPE_CHECKING:
    from announcer.ledger.postgres import PostgresLedger

log = logging.getLogger("announcer")

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


def chosen(settings: Settings, only: Collection[str]) -> tuple[SeriesSettings, ...]:
    """Give the series that were asked for, as far as they are in service; all unless some are named.

    Raises:
        UsageError: one of them is not in the settings.
        SettingsError: all of them are out of service, or one may be in a file that cannot be read.
    """
    known = {s.series.id for s in settings.series}
    unnamed = [broken for broken in settings.broken if broken.id is None]
    for name in set(only) - known - {broken.id for broken in settings.broken}:
        words = f'there is no series "{name}" in {settings.path}; it has {", ".join(sorted(known))}'
        if unnamed:
            raise SettingsError((words, *all_mistakes(unnamed)))
        raise UsageError(words)
    found = tuple(s for s in settings.series if not only or s.series.id in only)
    if not found:
        raise SettingsError(all_mistakes(out_of_service(settings, only)))
    return found


def out_of_service(settings: Settings, only: Collection[str]) -> tuple[BrokenSeries, ...]:
    """Give those of the series that were asked for whose settings are wrong."""
    return tuple(broken for broken in settings.broken if not only or broken.id in only)


def readings(settings: Settings) -> Shared:
    """Give what the readings of all series share, made once for all of them."""
    return sharing(settings.fetch, os.environ)


def source(asked: SeriesSettings, shared: Shared | None = None) -> SeriesSource:
    """Return the place where a series keeps its talks, behind the gate."""
    return SeriesSource(asked, shared or Shared())


def programme(
    asked: SeriesSettings,
    source: SeriesSource | None = None,
    *,
    composer: MailComposer | None = None,
    reads: Source | None = None,
) -> Programme:
    """Give a series with all that its mails are made from.

    ``reads`` gives what the source has read, where it is not asked itself.
    """
    source = source or SeriesSource(asked, Shared())
    return Programme(
        series=asked.series,
        cadence=asked.cadence,
        source=reads or source,
        composer=composer or MailComposer(asked.templates),
        changes=asked.changes,
        breaks=source.breaks.load if asked.breaks.say else None,
    )


def programmes(
    series: Iterable[SeriesSettings], build: Callable[[SeriesSettings], Programme]
) -> tuple[list[Programme], list[AnnouncerError]]:
    """Give the series with their parts, and what is wrong with those that have none."""
    made: list[Programme] = []
    problems: list[AnnouncerError] = []
    for asked in series:
        try:
            made.append(build(asked))
        except BaseException as error:  # noqa: BLE001 - one series never stops another
            name = asked.series.id
            problem = contained(error, name)
            problem.series = name
            log.error("%s: %s", name, problem, extra={"key": name, "series": name})
            problems.append(problem)
    return made, problems


def smtp(settings: Settings) -> Transport:
    """Give the way out by SMTP."""
    return transport(settings.smtp, "smtp")


def transport(account: Smtp, table: str) -> Transport:
    """Give the way out through an account; the only place where its password is unwrapped.

    ``table`` is where it stands in the settings.
    """
    from announcer.transport.smtp import Account, SmtpTransport  # noqa: PLC0415 - a rehearsal never loads it

    return SmtpTransport(
        Account(
            host=account.host,
            port=account.port,
            security=account.security,
            username=account.username,
            password=account.password.get_secret_value() if account.password else None,
            auth=account.auth,
            ca_file=account.ca_file,
            timeout=account.timeout,
            helo=account.helo,
            table=table,
        )
    )


def operator(settings: Settings, memory: Memory, *, only_here: bool = False) -> Operator | None:
    """Give who hears of trouble with the machine; None for nobody.

    With ``only_here`` no mail leaves this machine.
    """
    mail, own = settings.operator.mail, settings.operator.smtp
    lists = {asked.series.list.lower() for asked in settings.series}
    if mail is None or mail.lower() in lists:  # of series too whose last good settings hold
        return None
    first = settings.series[0].series.sender if settings.series else None
    ways = [] if own is None else [_way(own, "operator.smtp", _address_of(own) or first or mail)]
    ways.append(_way(settings.smtp, "smtp", first or _address_of(settings.smtp) or mail))
    here = {"operator.smtp": own is not None and own.is_this_machine, "smtp": settings.smtp.is_this_machine}  # fmt: skip
    usable = [way for way in ways if here[way.table] or not only_here]
    return Operator(mail, ways=usable, memory=memory, settings=str(settings.path.absolute()))


def _way(account: Smtp, table: str, sender: Mailbox | str) -> Way:
    sender = Mailbox(name="announcer", address=sender) if isinstance(sender, str) else sender
    return Way(
        table=table,
        account=account.account,
        transport=transport(account, table),
        sender=sender,
    )


def _address_of(account: Smtp) -> str | None:
    """Give the user of an account, where that is an address that mails can be from."""
    name = account.username or ""
    return name if re.fullmatch(r"[!-?A-~]+@[A-Za-z0-9.-]+", name) else None


def operator_memory(settings: Settings) -> Memory:
    """Give what the operator was told so far: beside a SQLite ledger, else in the state folder."""
    known = sha256(settings.ledger_name.encode()).hexdigest()[:12]
    elsewhere = state_folder(os.environ) / f"announcer.{known}.operator.json"
    if not settings.ledger.is_file:
        return Memory(elsewhere)
    path = settings.ledger_path.resolve()
    return Memory(path.with_name(f"{path.name}.operator.json"), elsewhere)


def spool(settings: Settings) -> Spool:
    """Give the place for outcomes that the ledger has not recorded yet.

    It is beside a SQLite file, so that both are found, moved and lost together.
    """
    if settings.ledger.is_file:
        path = settings.ledger_path.resolve()
        return Spool(path.parent, path.name, ledger=path.name)
    return Spool(state_folder(os.environ), ledger=settings.ledger_name)


def state_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder for what this machine keeps for a ledger that is elsewhere.

    systemd sets the second of these variables where a unit has a ``StateDirectory``.
    """
    if named := environ.get("ANNOUNCER_STATE_DIR"):
        return Path(named)
    if named := environ.get("STATE_DIRECTORY"):
        return Path(named.partition(":")[0])
    if named := environ.get("XDG_STATE_HOME"):
        return Path(named) / "announcer"
    try:
        return Path.home() / ".local" / "state" / "announcer"
    except RuntimeError:
        return Path("/var/lib/announcer")


@asynccontextmanager
async def opened_ledger(settings: Settings, *, start: bool = False) -> AsyncIterator[Ledger]:
    """Open the ledger to write to; start one where there is none, if that is wished.

    Raises:
        LedgerError: it cannot be used.
    """
    ledger = await _opened(settings, start=start)
    try:
        yield ledger
    finally:
        await ledger.close()


@asynccontextmanager
async def current_ledger(settings: Settings) -> AsyncIterator[Ledger]:
    """Open the ledger to write to, once it has recorded what passes could not.

    Raises:
        LedgerError: it cannot be used.
    """
    async with opened_ledger(settings) as ledger:
        await Recorder(ledger, spool(settings)).replay()
        yield ledger


@asynccontextmanager
async def copied_ledger(
    settings: Settings, *, needed: bool = False
) -> AsyncIterator[tuple[Ledger, bool]]:
    """Give a private copy of the ledger, and whether there is one.

    Without one the copy is of a ledger that was adopted before all talks.

    Raises:
        LedgerError: there is one, and it cannot be read; or there is none, and it is needed.
    """
    try:
        ledger, real = await _copied(settings), True
        await Recorder(ledger, spool(settings)).replay(forget=False)
    except LedgerMissing:
        if needed:
            raise
        ledger, real = SqliteLedger.in_memory(), False
        for asked in settings.series:
            await ledger.adopt(
                asked.series.id,
                asked.series.list,
                rules=[rule.label for rule in asked.cadence],
                counted=(),
                now=_BEFORE_ALL,
            )
    try:
        yield ledger, real
    finally:
        await ledger.close()


async def _opened(settings: Settings, *, start: bool) -> Ledger:
    if not settings.ledger.is_file:
        postgres, address = _postgres(), _address(settings)
        if start:
            return await postgres.create(address)
        return await postgres.open(address)
    try:
        return SqliteLedger.open(settings.ledger_path)
    except LedgerMissing:
        if not start:
            raise
        return SqliteLedger.create(settings.ledger_path)


async def _copied(settings: Settings) -> Ledger:
    if settings.ledger.is_file:
        return SqliteLedger.read(settings.ledger_path)
    return await _postgres().read(_address(settings))


def _address(settings: Settings) -> str:
    """Return the address of a ledger in PostgreSQL with its password, as psycopg takes it."""
    from announcer.ledger.postgres import address  # noqa: PLC0415 - an optional extra

    ledger = settings.ledger
    password = ledger.password.get_secret_value() if ledger.password else None
    return address(ledger.url.get_secret_value(), password)


def _postgres() -> "type[PostgresLedger]":
    """Load what only a ledger in PostgreSQL needs.

    Raises:
        UsageError: it is not installed.
    """
    try:
        from announcer.ledger.postgres import PostgresLedger  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise UsageError(
            f"ledger.url names PostgreSQL, which needs the extra that brings psycopg ({error}); "
            "install it with: pip install 'seminar-announcer[postgres]'"
        ) from error
    return PostgresLedger
