"""YAML, TOML, JSON and CSV as one shape: tables and lists whose leaves are the words that stand there.

No leaf is turned into a number, a truth or a date: "no" is a word, "16:30" is no count of
seconds, and nothing that a file names is ever made or run. What is broken is an error with file,
line and column, never an empty list.
"""

import csv
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from announcer.errors import SourceUnreadable
from announcer.source.known import fact_of, known_name

if TYPE_CHECKING:
    import yaml

LARGEST: Final = 5 * 1024 * 1024
DEEPEST: Final = 40
MOST_PARTS: Final = 400_000  # with each alias counted as what it stands for
_LONGEST_NAME: Final = 60  # of a column

Value: TypeAlias = "str | list[Value] | Table | None"


class Table(dict[str, Value]):
    """Named values, with the line on which they begin and the names that stand there twice."""

    def __init__(self, pairs: Iterable[tuple[str, Value]] = (), line: int | None = None) -> None:
        named = list(pairs)
        super().__init__(named)
        self.line = line
        self.twice: frozenset[str] = frozenset()
        if len(self) < len(named):
            often = Counter(name for name, _ in named)
            self.twice = frozenset(name for name, times in often.items() if times > 1)


def parsed(text: str, name: str) -> Value:
    """Read a file by what its name says it is, else by how it begins.

    Raises:
        SourceUnreadable: it is none of these, broken, or beyond the limits.
    """
    if len(text) > LARGEST:
        raise SourceUnreadable(f"{name} is larger than 5 MiB; that is no list of talks")
    if re.match(r"\s*(?:<!doctype|<html|<\?xml)", text, re.IGNORECASE):
        raise SourceUnreadable(
            f'{name}, line 1, column 1: this is an HTML page and no data; use kind = "page", or '
            "the address under which a spreadsheet is published as CSV"
        )
    return _reader(text, name)(text, name)


def _reader(text: str, name: str) -> Callable[[str, str], Value]:
    told = re.search(r"[./=](ya?ml|toml|json|csv|tsv)(?:$|[?#&])", name.lower())
    if told:
        return _READERS[told[1]]
    if text.lstrip()[:1] in {"{", "["}:
        return json_tree
    first = text.lstrip().partition("\n")[0]
    return csv_tree if not re.match(r"[\w-]+:|-\s|#", first) and _delimiter(first) else yaml_tree


def yaml_tree(text: str, name: str, first_line: int = 1) -> Value:
    """Read YAML from its events, so that nothing is built before it is within the limits."""
    import yaml  # noqa: PLC0415 - only who keeps YAML pays

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(_Events(yaml.parse(text, Loader=loader), name, first_line).documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + first_line}, column {mark.column + 1}" if mark else ""
        words = error.problem or error.context or "it cannot be read"
        raise SourceUnreadable(f"{name}{where}: this is not valid YAML: {words}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + first_line
        raise SourceUnreadable(
            f"{name}, line {line}, column 1: this is not valid YAML: {error.reason}"
        ) from error
    return documents[0] if len(documents) == 1 else list(documents)


class _Events:
    """The events of a YAML stream on their way to a tree."""

    def __init__(self, events: "Iterator[yaml.Event]", name: str, first_line: int) -> None:
        self.events = events
        self.name = name
        self.first_line = first_line
        self.known: dict[str, tuple[Value, int]] = {}
        self.parts = 0

    def documents(self) -> Iterator[Value]:
        import yaml  # noqa: PLC0415 - as above

        for event in self.events:
            if isinstance(event, yaml.NodeEvent):
                yield self._value(event, 0)

    def _value(self, event: "yaml.Event", depth: int) -> Value:
        import yaml  # noqa: PLC0415 - as above

        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(1, event)
        if depth > DEEPEST:
            raise self._refused(event, f"it is nested more than {DEEPEST} deep")
        before = self.parts
        value: Value
        if isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(e, depth + 1) for e in self._until(yaml.SequenceEndEvent)]
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._table(event, depth)
        else:
            assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - there is no fifth kind of node
            plain = event.implicit[0] and event.value in {"", "~", "null", "Null", "NULL"}
            value = None if plain else event.value
        if event.anchor:
            self.known[event.anchor] = value, self.parts - before + 1
        return value

    def _table(self, event: "yaml.MappingStartEvent", depth: int) -> Table:
        import yaml  # noqa: PLC0415 - as above

        pairs: list[tuple[str, Value]] = []
        merged: list[Value] = []
        for key_event in self._until(yaml.MappingEndEvent):
            key = self._value(key_event, depth + 1)
            value = self._value(next(self.events), depth + 1)
            if key == "<<":
                merged += value if isinstance(value, list) else [value]
            elif isinstance(key, str):
                pairs.append((key, value))
        table = Table(pairs, self._at(event)[0])
        for other in merged:
            for key, value in other.items() if isinstance(other, Table) else ():
                table.setdefault(key, value)
        return table

    def _until(self, end: "type[yaml.Event]") -> "Iterator[yaml.Event]":
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def _alias(self, event: "yaml.AliasEvent") -> Value:
        if event.anchor not in self.known:
            raise self._refused(event, f'"*{event.anchor}" stands for nothing that came before')
        value, parts = self.known[event.anchor]
        self._count(parts, event)
        return value

    def _count(self, parts: int, event: "yaml.Event") -> None:
        self.parts += parts
        if self.parts > MOST_PARTS:
            raise self._refused(event, "it has more parts than a list of talks can have")

    def _at(self, event: "yaml.Event") -> tuple[int, int]:
        mark = event.start_mark
        return (mark.line + self.first_line, mark.column + 1) if mark else (self.first_line, 1)

    def _refused(self, event: "yaml.Event", words: str) -> SourceUnreadable:
        line, column = self._at(event)
        return SourceUnreadable(f"{self.name}, line {line}, column {column}: {words}")


def toml_tree(text: str, name: str, first_line: int = 1) -> Value:
    """Read TOML."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(found[2]), int(found[3])) if found else (text.count("\n") + 1, 1)
        words = found[1] if found else str(error)
        raise SourceUnreadable(
            f"{name}, line {line + first_line - 1}, column {column}: this is not valid TOML: {words}"
        ) from error
    except RecursionError:
        raise SourceUnreadable(f"{name}, line 1, column 1: it is nested too deep") from None
    lines: dict[str, list[int]] = {}
    number, counted = first_line, 0
    for match in re.finditer(r"(?m)^[ \t]*\[\[[ \t]*([\w.-]+)[ \t]*\]\]", text):
        number += text.count("\n", counted, match.start(1))
        counted = match.start(1)
        lines.setdefault(match[1], []).append(number)
    return _toml_value(tables, "", first_line, {k: iter(v) for k, v in lines.items()})


def _toml_value(value: object, path: str, line: int, lines: Mapping[str, Iterator[int]]) -> Value:
    if isinstance(value, dict):
        own = next(lines[path], line) if path in lines else line
        inner = ((k, _toml_value(v, f"{path}.{k}".lstrip("."), own, lines)) for k, v in value.items())  # fmt: skip
        return Table(inner, own)
    if isinstance(value, list):
        return [_toml_value(part, path, line, lines) for part in value]
    return _words(value)


def _words(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | datetime | time) else str(value)


def json_tree(text: str, name: str) -> Value:
    """Read JSON; a comma before a closing bracket, which many programs forgive, is forgiven."""
    try:
        return _json(text)
    except json.JSONDecodeError as error:
        try:
            return _json(_SPARE_COMMA.sub(lambda m: m[1] or " ", text))
        except json.JSONDecodeError:
            raise SourceUnreadable(
                f"{name}, line {error.lineno}, column {error.colno}: this is not valid JSON: "
                f"{error.msg}"
            ) from error
    except RecursionError:
        raise SourceUnreadable(f"{name}, line 1, column 1: it is nested too deep") from None


# A string that does not end is taken to the end, so that no other begins inside of it.
_SPARE_COMMA: Final = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|,(?=\s*[\]}])', re.DOTALL)
_BRACES: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[{}\n]', re.DOTALL)


def _json(text: str) -> Value:
    lines = _lines_of_tables(text)

    def table(pairs: list[tuple[str, Any]]) -> Table:
        return Table(((k, _json_value(v)) for k, v in pairs), next(lines, None))

    read = json.loads(text, object_pairs_hook=table, parse_int=str, parse_float=str)
    return _json_value(read)


def _json_value(value: object) -> Value:
    if isinstance(value, list):
        return [_json_value(part) for part in value]
    return value if isinstance(value, Table) else _words(value)


def _lines_of_tables(text: str) -> Iterator[int]:
    """Give the line on which each table of a JSON text begins, in the order in which they end."""
    line, opened = 1, []
    for match in _BRACES.finditer(text):
        if match[0] == "\n":
            line += 1
        elif match[0] == "{":
            opened.append(line)
        elif match[0] == "}" and opened:
            yield opened.pop()


def csv_tree(text: str, name: str) -> Value:
    """Read CSV with a row of column names; cells that no column names make their row doubtful."""
    lines = text.lstrip("\ufeff")
    reader = csv.reader(io.StringIO(lines, newline=""), delimiter=_delimiter(lines) or ",", strict=True)  # fmt: skip
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise SourceUnreadable(f"{name}, line {line}, column 1: this is not valid CSV: {error}") from error  # fmt: skip
    if not rows:
        raise SourceUnreadable(f"{name} has no rows; that is never taken for 'no talks'")
    # A spreadsheet may begin with its title, in a row with fewer cells than the names have.
    head = next(i for i, (_, row) in enumerate(rows) if _filled(row) * 2 > _widest(rows))
    names = [cell.strip() for cell in rows[head][1]]
    return [_row(names, number, row) for number, row in rows[head + 1 :] if row != rows[head][1]]


def _row(names: list[str], line: int, row: list[str]) -> Table:
    named = zip(names, row, strict=False)
    table = Table(((n, cell.strip() or None) for n, cell in named if n), line)
    if any(cell.strip() for cell in row[len(names) :]):
        table.twice |= {"a cell beyond the last column"}
    return table


def _filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _widest(rows: list[tuple[int, list[str]]]) -> int:
    return max(_filled(row) for _, row in rows[:50])


_MARKS: Final = ",;\t"  # that may part cells
_QUOTED_CELL: Final = re.compile(r'"(?:[^"]++|"")*+"')
_FIRST_ROWS: Final = 5  # one of them holds the names of the columns


def _delimiter(text: str) -> str | None:
    """Tell what parts the cells: what parts a row of names, whatever the texts below it hold.

    Where no name is known the mark counts that the first rows have most of, outside of quotes.
    """
    opening = text[: 64 * 1024].lstrip("\ufeff").split("\n", 20)[:20]
    rows = [row for row in opening if row.strip()][:_FIRST_ROWS]
    for row in rows:
        known = {mark: _known_names(row, mark) for mark in _MARKS}
        best = max(known, key=lambda mark: (known[mark], mark))
        if known[best] > 1:
            return best
    bare = _QUOTED_CELL.sub("", "\n".join(rows))
    counts = {mark: bare.count(mark) for mark in _MARKS}
    best = max(counts, key=lambda mark: (counts[mark], mark))
    return best if counts[best] else None


def _known_names(row: str, mark: str) -> int:
    """Count the facts that a row names, were it parted by a mark; none where one stands in a text."""
    names = [cell.strip(' "\r') for cell in row.split(mark)]
    if len(names) < 2 or any(len(name) > _LONGEST_NAME for name in names):
        return 0
    return len({fact for name in names if (fact := fact_of(known_name(name)))})


_READERS: Final[Mapping[str, Callable[[str, str], Value]]] = {
    "yaml": yaml_tree,
    "yml": yaml_tree,
    "toml": toml_tree,
    "json": json_tree,
    "csv": csv_tree,
    "tsv": csv_tree,
}
