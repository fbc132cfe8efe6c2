"""The settings as a whole: the values of the core, and all mistakes at once."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from announcer.cadence import ANNOUNCEMENT, CANCELLATION, REMINDER, UPDATE, Changes, Rule
from announcer.errors import SettingsError
from announcer.quoting import quoted, shortened
from announcer.redaction import remember, remember_address, remember_database, remember_proxy
from announcer.settings.broken import BrokenSeries, all_mistakes
from announcer.settings.environment import Outside, Overrides, outside_line, overrides
from announcer.settings.files import Found, SeriesFound, read, resolved, with_paths
from announcer.settings.messages import lines, unknown
from announcer.settings.schema import (
    TABLES,
    BreaksTable,
    Delivery,
    Fetch,
    LedgerTable,
    Limits,
    Operator,
    SeriesTable,
    Service,
    Smtp,
    SourceTable,
)
from announcer.settings.values import is_series_id
from announcer.talks import Series

_KINDS: Final = frozenset({ANNOUNCEMENT, REMINDER, UPDATE, CANCELLATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """One series with its cadence, its sources (the first counts most), and its own templates.

    ``file`` and ``place`` are where its table stands.
    """

    series: Series
    cadence: tuple[Rule, ...]
    sources: tuple[SourceTable, ...]
    templates: Path | None
    changes: Changes
    breaks: BreaksTable
    file: Path | None = field(default=None, compare=False)
    place: str = field(default="", compare=False)

    @property
    def every(self) -> timedelta:
        """How often its sources are read, all together so that they do not seem to disagree."""
        return min(table.every for table in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the organisers ask for, checked.

    ``files`` are those that it was read from; ``warnings`` are sentences for them. ``broken`` are
    the series that are out of service until their own settings are right.
    """

    path: Path
    smtp: Smtp
    ledger: LedgerTable
    limits: Limits
    delivery: Delivery
    service: Service
    fetch: Fetch
    operator: Operator
    series: tuple[SeriesSettings, ...]
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()
    broken: tuple[BrokenSeries, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """A line for each mistake that keeps a series out of service."""
        return all_mistakes(self.broken)

    @property
    def ledger_path(self) -> Path:
        """The ledger's file, where it is one; a relative one is meant from the settings' folder."""
        return self.path.parent / self.ledger.url.get_secret_value().removeprefix("sqlite:///")

    @property
    def ledger_name(self) -> str:
        """The ledger as it is named in messages: without a password."""
        if self.ledger.is_file:
            return str(self.ledger_path)
        place = self.ledger.url.get_secret_value().partition("://")[2].rpartition("@")[2]
        return f"postgresql://{place.partition('?')[0]}"


def find_settings(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Give the settings' path: the option, else ``$ANNOUNCER_CONFIG``, else ``./config.toml``."""
    return option or Path(environ.get("ANNOUNCER_CONFIG") or "config.toml")


def load_settings(
    path: Path, *, environ: Mapping[str, str] | None = None, secrets: bool = True
) -> Settings:
    """Read the settings, of which at least one series is right.

    Args:
        path: the file.
        environ: the variables that count; those of the process unless given.
        secrets: whether the file with the password may be opened; what does not log in says no.

    Raises:
        SettingsError: with all mistakes, one line for each.
    """
    settings = read_settings(path, environ=environ, secrets=secrets)
    if not settings.series:
        raise SettingsError(settings.mistakes)
    return settings


def read_settings(
    path: Path, *, environ: Mapping[str, str] | None = None, secrets: bool = True
) -> Settings:
    """Read the settings, though it may be that each of the series is broken.

    A mistake in one [[series]] table, or in an included file, puts what it concerns out of service
    and nothing else.

    Args:
        path: the file.
        environ: the variables that count; those of the process unless given.
        secrets: whether the file with the password may be opened; what does not log in says no.

    Raises:
        SettingsError: what all series share is wrong, or there are none; with all mistakes, those
            of the series too.
    """
    environ = os.environ if environ is None else environ
    found = Found()
    tables = read(path, found)
    given = overrides(environ, secrets=secrets)
    _remember_secrets(tables, given.values, found.series)
    _remember_proxies(tables, given.values, environ)
    mistakes = [*given.mistakes]
    outside = _outside(tables, path, given, environ, mistakes)
    operator = outside.operator.mail if outside else None
    found.series = [_with_somebody(table, operator) for table in found.series]
    series, broken = _sorted_out(found)
    mistakes += _operator_is_a_list(path, operator, found.series)
    if not found.series and not found.broken:
        mistakes.append(f"{path.name}: series: is missing; add a [[series]] table")
    if mistakes or outside is None:
        raise SettingsError((*mistakes, *all_mistakes(broken)))
    return Settings(
        path=path,
        smtp=outside.smtp,
        ledger=outside.ledger,
        limits=outside.limits,
        delivery=outside.delivery,
        service=outside.service,
        fetch=outside.fetch,
        operator=outside.operator,
        series=series,
        files=tuple(found.files),
        warnings=given.warnings,
        broken=broken,
    )


def _outside(
    tables: Mapping[str, Any],
    path: Path,
    given: Overrides,
    environ: Mapping[str, str],
    mistakes: list[str],
) -> Outside | None:
    """Check what stands outside [[series]], and add what is wrong with it."""
    values = {name: table for name, table in tables.items() if name in TABLES}
    mistakes += [
        f"{path.name}: {shortened(name)}: {unknown([name], Outside)}"
        for name in tables
        if name not in {*TABLES, "series", "include"}
    ]
    for table in ("smtp", "ledger"):
        values |= _without_password(values, table, table, path, mistakes)
    operator = values.get("operator")
    if isinstance(operator, dict):
        inner = _without_password(operator, "smtp", "operator.smtp", path, mistakes)
        values["operator"] = {**operator, **inner}
    try:
        outside = Outside(**with_paths(values, path), _variables=given.values)  # type: ignore[call-arg]  # handed to the sources, no field
    except ValidationError as error:
        mistakes += [
            outside_line(line, path, environ, given.values) for line in lines(error, "", Outside)
        ]
        return None
    return outside


def _without_password(
    tables: Mapping[str, Any], table: str, place: str, path: Path, mistakes: list[str]
) -> dict[str, Any]:
    """Give a table without the password that somebody wrote into it, and add the mistake."""
    written = tables.get(table)
    if not isinstance(written, dict) or "password" not in written:
        return {}
    name = f"announcer_{place.replace('.', '__')}__password"
    mistakes.append(
        f"{path.name}: {place}.password: a password does not belong in this file; put it "
        f"in {name.upper()} or in the secret file {name}"
    )
    return {table: {k: v for k, v in written.items() if k != "password"}}


def _with_somebody(table: SeriesFound, operator: str | None) -> SeriesFound:
    """Let the operator hear what a series without organisers has to tell."""
    if operator is None or table.values.get("organisers", []) != []:
        return table
    return replace(table, values={**table.values, "organisers": [operator]})


def _operator_is_a_list(
    path: Path, operator: str | None, series: Iterable[SeriesFound]
) -> Iterator[str]:
    """Refuse an operator that is a list: what is told to the operator never goes to one."""
    for table in series:
        address = table.values.get("list")
        if operator and isinstance(address, str) and address.strip().lower() == operator.lower():
            yield (
                f"{path.name}: operator.mail: {quoted(operator)} is the list of {table.place}; name "
                "a person or a mailbox of those who run the machine"
            )


def _remember_secrets(
    tables: Mapping[str, Any], variables: Mapping[str, str], series: Iterable[SeriesFound]
) -> None:
    """Let no message show what is secret in the settings, also where they turn out to be wrong."""
    smtp, ledger = (
        tables[name] if isinstance(tables.get(name), dict) else {} for name in ("smtp", "ledger")
    )
    operator = tables["operator"] if isinstance(tables.get("operator"), dict) else {}
    own = operator["smtp"] if isinstance(operator.get("smtp"), dict) else {}
    for table, prefix in ((smtp, "ANNOUNCER_SMTP"), (own, "ANNOUNCER_OPERATOR__SMTP")):
        username = str(variables.get(f"{prefix}__USERNAME", table.get("username", "")))
        for password in _texts([table.get("password"), variables.get(f"{prefix}__PASSWORD")]):
            remember(password, username=username)
    for password in _texts([ledger.get("password"), variables.get("ANNOUNCER_LEDGER__PASSWORD")]):
        remember(password)
    for url in _texts([ledger.get("url"), variables.get("ANNOUNCER_LEDGER__URL")]):
        remember_database(url)
    for found in series:
        for address in _texts([found.values.get("source"), found.values.get("breaks")]):
            remember_address(address)


def _remember_proxies(
    tables: Mapping[str, Any], variables: Mapping[str, str], environ: Mapping[str, str]
) -> None:
    """Let no message show the password of a proxy, neither of ours nor of the environment."""
    fetch = tables["fetch"] if isinstance(tables.get("fetch"), dict) else {}
    around = [text for name, text in environ.items() if name.lower().endswith("_proxy")]
    for url in _texts([fetch.get("proxy"), variables.get("ANNOUNCER_FETCH__PROXY"), around]):
        remember_proxy(url)


def _texts(value: object) -> Iterator[str]:
    """Return all texts in a value of TOML, whatever its shape is."""
    if isinstance(value, str):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in parts:
        yield from _texts(part)


def _sorted_out(found: Found) -> tuple[tuple[SeriesSettings, ...], tuple[BrokenSeries, ...]]:
    """Return the series that are right, and those that are out of service.

    Tables that share an id are all out of service: none of them is known to be the one that is
    meant, and each would write to its own list about its own page under the keys of the others.
    """
    right, broken = [], list(found.broken)
    twice = _shared_ids(found.series)
    for table in found.series:
        checked, wrong = _checked(table)
        mistakes = (*table.mistakes, *wrong, *twice.get(table.place, ()), *_rules_twice(table))
        if checked is not None and not mistakes:
            right.append(checked)
            continue
        name = table.values.get("id")
        known = name if is_series_id(name) else None
        broken.append(BrokenSeries(place=table.place, mistakes=mistakes, id=known))
    return tuple(right), tuple(broken)


def _checked(table: SeriesFound) -> tuple[SeriesSettings | None, list[str]]:
    """Return what a table means, or what is wrong with it."""
    try:
        checked = SeriesTable.model_validate(resolved(table))
    except ValidationError as error:
        mistakes = lines(error, f"{table.place}.", SeriesTable)
        if isinstance(table.values.get("source"), dict):  # written as one table, so not counted
            first = f"{table.place}.source"
            mistakes = [line.replace(f"{first}[0]", first, 1) for line in mistakes]
        return None, mistakes
    settings = SeriesSettings(
        series=checked.series(),
        cadence=tuple(rule.rule() for rule in checked.cadence),
        sources=checked.source,
        templates=checked.templates,
        changes=checked.changes.changes(),
        breaks=checked.breaks,
        file=table.file,
        place=table.place,
    )
    return settings, []


def _shared_ids(series: Sequence[SeriesFound]) -> dict[str, list[str]]:
    """Find ids that several tables have, whatever else is wrong with them."""
    places: dict[str, list[str]] = {}
    for table in series:
        name = table.values.get("id")
        if isinstance(name, str):
            places.setdefault(name, []).append(table.place)
    return {
        place: [
            f"{place}.id: {quoted(name)} is the id of {other} too, so that none of them is served; "
            "give each an id of its own"
            for other in shared
            if other != place
        ]
        for name, shared in places.items()
        if len(shared) > 1
        for place in shared
    }


def _rules_twice(table: SeriesFound) -> Iterator[str]:
    """Find names that two rules of a series have, whatever else is wrong with them."""
    cadence = table.values.get("cadence")
    labels: dict[str, int] = {}
    for number, rule in enumerate(cadence if isinstance(cadence, list) else ()):
        label, kind = _named(rule)
        if label is None:
            continue
        place = f"{table.place}.cadence[{number}].name"
        if label in labels:
            other = f"cadence[{labels[label]}]"
            yield f"{place}: {other} is called {quoted(label)} too; give each a name of its own"
        elif label in _KINDS and label != kind:
            yield f"{place}: {quoted(label)} is a kind of mail; choose another name"
        labels.setdefault(label, number)


def _named(rule: object) -> tuple[str | None, object]:
    """Return the name that a rule goes by, where it is text, and its kind."""
    if not isinstance(rule, dict):
        return None, None
    label = rule.get("name", rule.get("kind"))
    return label if isinstance(label, str) else None, rule.get("kind")
