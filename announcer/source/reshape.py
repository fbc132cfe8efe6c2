"""Tables of a tree in the shape of a talk, where they stand otherwise.

By their day (``{"2026-03-01": {…}}``), inside a wrapper of their own (``{"fields": {…}}``), two in one
row ("Speaker 1", "Title 1", "Speaker 2" …), or with the day apart from its month.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

from announcer.source import people, words
from announcer.source.dates import MONTHS, WEEKDAY_NAMES, asked_dates
from announcer.source.known import fact_of, is_clock, known_name
from announcer.source.tree import Table, Value

_OF_A_TALK: Final = frozenset({"title", "speakers", "when"})
_ONE_BY_ONE: Final = frozenset({"title", "speakers", "abstract", "when", "until", "location", "url", "states", "id"})  # fmt: skip
_ISO_KEY: Final = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ]\d\d?:\d\d(?::\d\d)?\S{0,6})?")
_BARE_DAY: Final = re.compile(
    rf"(?:(?:{WEEKDAY_NAMES})\b\.?,?\s+)?(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|\.)?", re.IGNORECASE
)
_MONTH: Final = re.compile(rf"\W*({'|'.join(MONTHS)})\b\.?(?:\W*(20\d\d))?\W*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"0?[1-9]|1[0-2]")
_NAMES: Final = {number: name.title() for name, number in reversed(MONTHS.items())}
_COUNTED: Final = re.compile(r"^([^\d]*)([1-9])(?:st|nd|rd|th|\.)?([^\d]*)$")
_DAYS: Final = frozenset(["day", "tag", "jour", "date", "datum"])


def by_key(table: Table, above: Sequence[str]) -> list[Value] | None:
    """Read a table of tables as a list: each key is the day of its entry, or its id; else None."""
    days = [key for key in table if _is_day(key, above)]
    if days and len(days) * 2 > len(table):
        dated = set(days)
        others = [value for key, value in table.items() if key not in dated]
        return [*(t for key in days for t in _of_day(key, table[key], table)), *others]
    parts = [(key, value) for key, value in table.items() if isinstance(value, Table)]
    facts = [{fact_of(known_name(name)) for name in value} for _, value in parts]
    if not parts or len(parts) < len(table) or not all(f & _OF_A_TALK for f in facts):
        return None
    if any(fact_of(known_name(key)) for key, _ in parts):
        return None
    return [_with(value, "id", key, value.line) for key, value in parts]


def _is_day(key: str, above: Sequence[str]) -> bool:
    if _ISO_KEY.fullmatch(key):
        return True
    if _BARE_DAY.fullmatch(key):
        return _month(above) is not None
    found = asked_dates(key)
    return len(found) == 1 and not re.search(
        r"\w", key[: found[0].span[0]] + key[found[0].span[1] :]
    )


def _of_day(key: str, value: Value, table: Table) -> list[Value]:
    """Give the talks of one day: a table, a list of them, or words that say that there is none."""
    if isinstance(value, list):
        return [t for part in value for t in _of_day(key, part, table)]
    if isinstance(value, Table):
        return [_with(value, "date", key, value.line)]
    pairs: list[tuple[str, Value]] = [("date", key)]
    if value:
        person = people.nameish(value, whole=True) and not words.no_talk(value)
        pairs.append(("speaker" if person else "title", value))
    return [Table(pairs, table.line)]


def _with(table: Table, name: str, value: str, line: int | None) -> Table:
    """Give a table what its key says, unless it says so itself."""
    known = {known_name(key) for key in table}
    dated = any(known_name(k) in _DAYS and re.search(r"\d", str(v)) for k, v in table.items())
    taken = dated if name == "date" else name in known
    whole = Table([*table.items(), *([] if taken else [(name, value)])], line)
    whole.twice = table.twice
    return whole


def unwrapped(parts: Sequence[Value]) -> list[Value]:
    """Take talks out of the wrappers that a program put around each: ``{"id": …, "fields": {…}}``."""
    inner = [_wrapped(part) for part in parts]
    if sum(part is not None for part in inner) * 2 <= len(parts):
        return list(parts)
    return [part if found is None else found for part, found in zip(parts, inner, strict=True)]


def _wrapped(part: Value) -> Table | None:
    if not isinstance(part, Table):
        return None
    tables = [(key, value) for key, value in part.items() if isinstance(value, Table)]
    lists = any(isinstance(value, list) for value in part.values())
    if len(tables) != 1 or lists or any(_fact(key) in _OF_A_TALK for key in part if key != tables[0][0]):  # fmt: skip
        return None
    key, inner = tables[0]
    if fact_of(known_name(key)) not in {"", "title"} or not any(_fact(k) in _OF_A_TALK for k in inner):  # fmt: skip
        return None
    inner.line = inner.line or part.line
    return inner


def _fact(key: str) -> str:
    return fact_of(known_name(key))


def numbered(table: Table, asked: Collection[str]) -> list[Table]:
    """Part a row that holds several talks: "Speaker 1", "Title 1", "Speaker 2", "Title 2".

    Names that the settings name are left alone. With one title for all the speakers speak together.
    """
    counted = {key: found for key in table if (found := _counted(key)) and key not in asked}
    facts = {fact_of(name) for name, _ in counted.values()}
    if not facts & {"title", "speakers"} or any(key in asked for key in table if _counted(key)):
        return [table]
    numbers = sorted({number for _, number in counted.values()})
    common = [(key, value) for key, value in table.items() if key not in counted]
    if not facts & {"title", "when"}:
        names = [table[key] for key in sorted(counted, key=lambda k: counted[k][1]) if table[key]]
        return [_like(table, [*common, ("speakers", list(names))])]
    if len(numbers) < 2 and 1 in numbers:
        return [_like(table, [*common, *((counted[k][0], table[k]) for k in counted)])]
    first = [] if 1 in numbers else [_like(table, common)]
    parts = [_one(table, common, counted, number) for number in numbers]
    told = [part for part in (*first, *parts) if part is not None]
    return told or [_like(table, common)]


def _counted(key: str) -> tuple[str, int] | None:
    """Give the known name and the number of a name that is counted."""
    found = _COUNTED.match(key.strip())
    name = known_name(found[1] + found[3]) if found else ""
    return (name, int(found[2])) if found and fact_of(name) in _ONE_BY_ONE else None


def _one(
    table: Table,
    common: Sequence[tuple[str, Value]],
    counted: dict[str, tuple[str, int]],
    number: int,
) -> Table | None:
    """Give the talk of one number; None where its fields are empty."""
    own = [(name, table[key]) for key, (name, n) in counted.items() if n == number]
    if not any(value for name, value in own if fact_of(name) in {"title", "speakers"}):
        return None
    said = {_kind(name) for name, _ in own} | ({"id"} if number > 1 else set())
    rest = [(key, value) for key, value in common if _kind(known_name(key)) not in said]
    return _like(table, [*rest, *own])


def _kind(name: str) -> str:
    """Give what a known name says: of a moment, whether it is the day or the time of day."""
    fact = fact_of(name)
    return f"{fact} {is_clock(name)}" if fact == "when" else fact


def _like(table: Table, pairs: Sequence[tuple[str, Value]]) -> Table:
    part = Table(pairs, table.line)
    part.twice |= table.twice
    return part


def with_month(table: Table, above: Sequence[str]) -> Table:
    """Put a day that stands alone together with its month, beside it or above: ``January: [{day: 8}]``."""
    days = [k for k, v in table.items() if known_name(k) in _DAYS and isinstance(v, str) and _BARE_DAY.fullmatch(v.strip())]  # fmt: skip
    own = {known_name(key): value for key, value in table.items()}
    month = _named_month(own.get("month") or own.get("monat") or own.get("mois")) or _month(above)
    if len(days) != 1 or month is None:
        return table
    year = own.get("year") or own.get("jahr") or own.get("annee") or ""
    year = year if isinstance(year, str) and re.fullmatch(r"20\d\d", year) else ""
    day = str(table[days[0]]).strip().rstrip(".")
    pairs = [(k, f"{day} {month} {year}".strip() if k == days[0] else v) for k, v in table.items()]
    return _like(table, pairs)


def with_minute(table: Table) -> Table:
    """Put an hour and its minute together: ``{hour: 16, minute: 15}``."""
    hours = [key for key in table if known_name(key) in {"hour", "stunde", "heure"}]
    minutes = [key for key in table if known_name(key) in {"minute", "minutes", "min"}]
    if len(hours) != 1 or len(minutes) != 1:
        return table
    hour, minute = str(table[hours[0]]), str(table[minutes[0]])
    if not (re.fullmatch(r"\d\d?", hour) and re.fullmatch(r"\d\d?", minute)):
        return table
    return _like(table, [(k, f"{hour}:{minute:0>2}" if k == hours[0] else v) for k, v in table.items()])  # fmt: skip


def _named_month(value: Value) -> str | None:
    if not isinstance(value, str):
        return None
    if _NUMBER.fullmatch(value.strip()):
        return _NAMES[int(value)]
    found = _MONTH.fullmatch(value)
    return f"{found[1]} {found[2] or ''}".strip() if found else None


def _month(above: Sequence[str]) -> str | None:
    """Give the month of the groups above: its name, or its number below a year."""
    for number, key in enumerate(above):
        numeral = _NUMBER.fullmatch(key) and number and re.fullmatch(r"20\d\d", above[number - 1])
        if (numeral or _MONTH.fullmatch(key)) and (found := _named_month(key)):
            return found
    return None
