"""The files that hold the settings: one, and those that it includes."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from announcer.errors import SettingsError
from announcer.quoting import quoted, shortened
from announcer.settings.broken import BrokenSeries
from announcer.settings.values import SCHEME, usable_path


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFound:
    """A [[series]] table as it stands in a file, and what is wrong with that file."""

    file: Path
    place: str
    values: dict[str, Any]
    mistakes: tuple[str, ...] = ()


class Found:
    """What reading the files brings together."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self.series: list[SeriesFound] = []
        self.broken: list[BrokenSeries] = []


def read(path: Path, found: Found) -> dict[str, Any]:
    """Read a file and those that it includes; return its own tables.

    Raises:
        SettingsError: the file itself cannot be read.
    """
    tables = _toml(path, found)
    _gather_series(path, path.name, tables, found)
    for number, pattern in enumerate(_patterns(path, tables, found)):
        place = f"{path.name}: include[{number}]"
        try:
            files = _matching(path.parent, pattern)
        except (OSError, ValueError, NotImplementedError, RuntimeError) as error:
            _refuse_include(found, place, f"{quoted(pattern)} cannot be used ({error})")
            continue
        if not files:
            _refuse_include(found, place, f"no file matches {quoted(pattern)}")
        for file in files:
            _include(file, _shown(file, path), found)
    return tables


def _patterns(path: Path, tables: Mapping[str, Any], found: Found) -> list[str]:
    include = tables.get("include", [])
    if isinstance(include, list) and all(isinstance(pattern, str) for pattern in include):
        return include
    _refuse_include(found, f"{path.name}: include", 'must be a list like ["series/*.toml"]')
    return []


def _refuse_include(found: Found, place: str, words: str) -> None:
    found.broken.append(BrokenSeries(place=place, mistakes=(f"{place}: {words}",), of_include=True))


def _matching(folder: Path, pattern: str) -> list[Path]:
    path = Path(usable_path(pattern))
    if not path.name:  # "." and "./", at which the glob of pathlib fails
        raise ValueError("it names no file")
    matches = [path] if path.is_absolute() else sorted(folder.glob(pattern))
    return [file for file in matches if not file.is_dir() and (file.is_symlink() or file.exists())]


def _include(file: Path, name: str, found: Found) -> None:
    """Read an included file; where that fails, its series alone are out of service."""
    if any(_same(file, other) for other in found.files):
        return  # two patterns match it, or it is the main file
    try:
        if file.exists() and not file.is_file():
            raise SettingsError((f"{name} is no file that can be read; name a TOML file",))
        tables = _toml(file, found)
    except SettingsError as error:
        found.broken.append(BrokenSeries(place=name, mistakes=error.mistakes))
        return
    strange = tuple(
        f"{name}: {shortened(key)}: only [[series]] tables can stand in an included file"
        for key in tables
        if key != "series"
    )
    before = len(found.series)
    _gather_series(file, name, tables, found, mistakes=strange)
    if strange and len(found.series) == before:
        found.broken.append(BrokenSeries(place=name, mistakes=strange))


def _same(file: Path, other: Path) -> bool:
    try:
        return file.samefile(other)
    except OSError:
        return file == other


def _shown(file: Path, main: Path) -> str:
    inside = file.is_relative_to(main.parent)
    return shortened(str(file.relative_to(main.parent) if inside else file), 1000)


def _toml(path: Path, found: Found) -> dict[str, Any]:
    found.files.append(path)
    name = shortened(str(path), 1000)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        advice = "copy config.example.toml to it, or name another with --config"
        raise SettingsError((f"the settings file {name} does not exist; {advice}",)) from None
    except OSError as error:
        raise SettingsError((f"{name} cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise SettingsError((f"{name} is not text in UTF-8 ({error.reason})",)) from error
    except RecursionError as error:
        raise SettingsError((f"{name} is not valid TOML: it is nested too deeply",)) from error
    except ValueError as error:  # tomllib.TOMLDecodeError, or a number of too many digits
        raise SettingsError((f"{name} is not valid TOML: {shortened(str(error))}",)) from error


def _gather_series(
    path: Path,
    name: str,
    tables: Mapping[str, Any],
    found: Found,
    mistakes: Iterable[str] = (),
) -> None:
    series = tables.get("series", [])
    if not isinstance(series, list):
        line = f"{name}: series: write [[series]], with two brackets"
        found.broken.append(BrokenSeries(place=name, mistakes=(line, *mistakes)))
        return
    for number, values in enumerate(series):
        place = f"{name}: series[{number}]"
        if isinstance(values, dict):
            table = SeriesFound(file=path, place=place, values=values, mistakes=tuple(mistakes))
            found.series.append(table)
        else:
            line = f"{place}: must be a table, not {quoted(values)}"
            found.broken.append(BrokenSeries(place=place, mistakes=(line, *mistakes)))


def with_paths(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Let the paths of certificates be relative to the settings."""
    for name in ("smtp", "fetch"):
        table = values.get(name)
        if isinstance(table, dict) and isinstance(table.get("ca_file"), str) and table["ca_file"]:
            values = {**values, name: {**table, "ca_file": _path(path.parent, table["ca_file"])}}
    operator = values.get("operator")
    if isinstance(operator, dict):
        values = {**values, "operator": with_paths(operator, path)}
    return values


def resolved(table: SeriesFound) -> dict[str, Any]:
    """Let paths be relative to the file in which they stand."""
    values = dict(table.values)
    folder = table.file.absolute().parent
    if isinstance(values.get("templates"), str) and values["templates"]:
        values["templates"] = _path(folder, values["templates"])
    logo = values.get("logo")
    if isinstance(logo, str) and logo and "://" not in logo:
        values["logo"] = _path(folder, logo)
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
    if SCHEME.match(location) or not location.strip():
        return location
    return _path(folder, location)


def _path(folder: Path, text: str) -> str:
    """Return a path as it is meant; one in a home that is not known stays, and is refused later."""
    try:
        return str(folder / Path(text).expanduser())
    except RuntimeError:
        return text
