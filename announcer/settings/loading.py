"""The settings as a whole: all mistakes at once, else the values of the core."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from announcer.cadence import ANNOUNCEMENT, REMINDER, Changes, Rule
from announcer.errors import SettingsError
from announcer.settings.environment import Outside, outside_line, variables
from announcer.settings.files import Found, SeriesFound, read, resolved, resolved_smtp
from announcer.settings.messages import lines
from announcer.settings.schema import (
    BreaksTable,
    Delivery,
    LedgerTable,
    Limits,
    SeriesTable,
    Service,
    Smtp,
    SourceTable,
)
from announcer.talks import Series


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """One series with its cadence, its sources (the first counts most), and its own templates."""

    series: Series
    cadence: tuple[Rule, ...]
    sources: tuple[SourceTable, ...]
    templates: Path | None
    changes: Changes
    breaks: BreaksTable

    @property
    def every(self) -> timedelta:
        """How often its sources are read, all together so that they do not seem to disagree."""
        return min(table.every for table in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the organisers ask for, checked.

    ``files`` are those that it was read from; ``warnings`` are sentences for them.
    """

    path: Path
    smtp: Smtp
    ledger: LedgerTable
    limits: Limits
    delivery: Delivery
    service: Service
    series: tuple[SeriesSettings, ...]
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ledger_path(self) -> Path:
        """The ledger's file, where it is one; a relative one is meant from the settings' folder."""
        return self.path.parent / self.ledger.url.removeprefix("sqlite:///")

    @property
    def ledger_name(self) -> str:
        """The ledger as it is named in messages: without a password."""
        if self.ledger.url.startswith("sqlite:"):
            return str(self.ledger_path)
        parts = urlsplit(self.ledger.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_settings(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Give the settings' path: the option, else ``$ANNOUNCER_CONFIG``, else ``./config.toml``."""
    return option or Path(environ.get("ANNOUNCER_CONFIG") or "config.toml")


def load_settings(
    path: Path, *, environ: Mapping[str, str] | None = None, secrets: bool = True
) -> Settings:
    """Read the settings.

    Args:
        path: the file.
        environ: the variables that count; those of the process unless given.
        secrets: whether the file with the password may be opened; what does not log in says no.

    Raises:
        SettingsError: with all mistakes, one line for each.
    """
    environ = os.environ if environ is None else environ
    found = Found()
    tables = read(path, found)
    overrides, warnings = variables(environ, secrets=secrets)
    outside: Outside | None = None
    try:
        values = {k: v for k, v in tables.items() if k not in {"series", "include"}}
        if isinstance(values.get("smtp"), dict) and "password" in values["smtp"]:
            del values["smtp"]["password"]
            found.mistakes.append(
                f"{path.name}: smtp.password: a password does not belong in this file; put it in "
                "ANNOUNCER_SMTP__PASSWORD or in the secret file announcer_smtp__password"
            )
        outside = Outside(**resolved_smtp(values, path), _variables=overrides)  # type: ignore[call-arg]  # handed to the sources, no field
    except ValidationError as error:
        found.mistakes += [
            outside_line(line, path, environ, overrides) for line in lines(error, "", Outside)
        ]
    series = [checked for table in found.series if (checked := _checked(table, found))]
    found.mistakes += _twice(found.series)
    if not found.series and not found.mistakes:
        found.mistakes.append(f"{path.name}: series: is missing; add a [[series]] table")
    if found.mistakes or outside is None:
        raise SettingsError(tuple(found.mistakes))
    return Settings(
        path=path,
        smtp=outside.smtp,
        ledger=outside.ledger,
        limits=outside.limits,
        delivery=outside.delivery,
        service=outside.service,
        series=tuple(series),
        files=tuple(found.files),
        warnings=tuple(warnings),
    )


def _checked(table: SeriesFound, found: Found) -> SeriesSettings | None:
    try:
        checked = SeriesTable.model_validate(resolved(table))
    except ValidationError as error:
        mistakes = lines(error, f"{table.place}.", SeriesTable)
        if isinstance(table.values.get("source"), dict):  # written as one table, so not counted
            first = f"{table.place}.source"
            mistakes = [line.replace(f"{first}[0]", first, 1) for line in mistakes]
        found.mistakes += mistakes
        return None
    if checked.templates is not None and not checked.templates.is_dir():
        found.mistakes.append(
            f"{table.place}.templates: there is no folder {checked.templates}; create it, "
            "or leave the key out for the built-in templates"
        )
    return SeriesSettings(
        series=checked.series(),
        cadence=tuple(rule.rule() for rule in checked.cadence),
        sources=checked.source,
        templates=checked.templates,
        changes=checked.changes.changes(),
        breaks=checked.breaks,
    )


def _twice(series: Sequence[SeriesFound]) -> Iterator[str]:
    """Find ids and rule names that are used twice, whatever else is wrong."""
    seen: dict[object, str] = {}
    for table in series:
        name = table.values.get("id")
        if isinstance(name, str) and name in seen:
            yield f'{table.place}.id: "{name}" is the id of {seen[name]} already; choose another'
        seen.setdefault(name, table.place)
        yield from _rules_twice(table)


def _rules_twice(table: SeriesFound) -> Iterator[str]:
    cadence = table.values.get("cadence")
    labels: dict[str, int] = {}
    for number, rule in enumerate(cadence if isinstance(cadence, list) else ()):
        if not isinstance(rule, dict):
            continue
        label, kind = rule.get("name", rule.get("kind")), rule.get("kind")
        place = f"{table.place}.cadence[{number}]"
        if label in labels:
            other = f"cadence[{labels[label]}]"
            yield f'{place}.name: {other} is called "{label}" too; give each a name of its own'
        elif label in {ANNOUNCEMENT, REMINDER, "update", "cancellation"} and label != kind:
            yield f'{place}.name: "{label}" is a kind of mail; choose another name'
        if isinstance(label, str):
            labels.setdefault(label, number)
