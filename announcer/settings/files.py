"""The files that hold the settings: one, and those that it includes."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from announcer.errors import SettingsError
from announcer.settings.values import SCHEME


class Found:
    """What reading the files brings together."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self.files: list[Path] = []
        self.series: list[SeriesFound] = []


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """A [[series]] table as it stands in a file."""

    file: Path
    place: str
    values: dict[str, Any]


def read(path: Path, found: Found) -> dict[str, Any]:
    """Read a file and those that it includes; return its own tables."""
    tables = _toml(path, found)
    _gather_series(path, tables, found)
    include = tables.get("include", [])
    if not isinstance(include, list) or not all(isinstance(p, str) for p in include):
        found.mistakes.append(f'{path.name}: include: must be a list like ["series/*.toml"]')
        return tables
    for pattern in include:
        files = sorted(path.parent.glob(pattern)) if not Path(pattern).is_absolute() else []
        files = files or [p for p in [Path(pattern)] if p.is_absolute() and p.is_file()]
        if not files:
            found.mistakes.append(f'{path.name}: include: no file matches "{pattern}"')
        for file in files:
            included = _toml(file, found)
            name = _shown(file, path)
            found.mistakes += [
                f"{name}: {key}: only [[series]] tables can stand in an included file"
                for key in included
                if key != "series"
            ]
            _gather_series(file, included, found, name)
    return tables


def _shown(file: Path, main: Path) -> str:
    return str(file.relative_to(main.parent)) if file.is_relative_to(main.parent) else str(file)


def _toml(path: Path, found: Found) -> dict[str, Any]:
    found.files.append(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        advice = "copy config.example.toml to it, or name another with --config"
        raise SettingsError((f"the settings file {path} does not exist; {advice}",)) from None
    except OSError as error:
        raise SettingsError((f"{path} cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise SettingsError((f"{path} is not text in UTF-8 ({error.reason})",)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((f"{path} is not valid TOML: {error}",)) from error


def _gather_series(path: Path, tables: Mapping[str, Any], found: Found, name: str = "") -> None:
    series = tables.get("series", [])
    name = name or path.name
    if not isinstance(series, list):
        found.mistakes.append(f"{name}: series: write [[series]], with two brackets")
        return
    for number, values in enumerate(series):
        place = f"{name}: series[{number}]"
        if isinstance(values, dict):
            found.series.append(SeriesFound(path, place, values))
        else:
            found.mistakes.append(f"{place}: must be a table")


def resolved_smtp(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Let the path of the certificates be relative to the settings."""
    smtp = values.get("smtp")
    if isinstance(smtp, dict) and isinstance(smtp.get("ca_file"), str):
        values = {**values, "smtp": {**smtp, "ca_file": path.parent / smtp["ca_file"]}}
    return values


def resolved(table: SeriesFound) -> dict[str, Any]:
    """Let paths be relative to the file in which they stand."""
    values = dict(table.values)
    folder = table.file.absolute().parent
    if isinstance(values.get("templates"), str):
        values["templates"] = folder / values["templates"]
    logo = values.get("logo")
    if isinstance(logo, str) and logo and "://" not in logo:
        values["logo"] = str(folder / Path(logo).expanduser())
    if "source" in values:
        values["source"] = _located(values["source"], folder)
    breaks = values.get("breaks")
    if isinstance(breaks, dict) and isinstance(breaks.get("calendar"), str):
        values["breaks"] = {**breaks, "calendar": _from(folder, breaks["calendar"])}
    return values


def _located(source: object, folder: Path) -> object:
    if isinstance(source, list):
        return [_located(table, folder) for table in source]
    if isinstance(source, dict) and isinstance(source.get("location"), str):
        return {**source, "location": _from(folder, source["location"])}
    return source


def _from(folder: Path, location: str) -> str:
    return location if SCHEME.match(location) else str(folder / Path(location).expanduser())
