"""Talks in the rows of a table: its columns by their names, in English, German and French.

A column that no name claims is never read: some hold what is private.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from announcer.source import remarked, words, zones
from announcer.source.dates import WEEKDAY, DateOrder, asked_dates
from announcer.source.entry import Entry
from announcer.source.known import column, is_clock, rank, state
from announcer.source.markdown import Line, plain
from announcer.source.people import PLACE_WORD, nameish, without_affiliation
from announcer.source.times import asked_times

RULE: Final = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-*:?\s*)*")
_FIELDS: Final = {
    "title": "title", "speakers": "speakers", "location": "place", "until": "end", "abstract": "abstract",
    "stream": "stream", "url": "url",
}  # fmt: skip
_PARTS: Final = re.compile(r"<br\s*/?>|</?details[^<>]{0,40}>|<summary>[^<>]{0,60}</summary>")
_SET_OFF: Final = re.compile(r"\s*(?:[*_]{1,2}\S|<(?:small|em|i)\b)")
_MONTH_COLUMNS: Final = frozenset({"month", "monat", "mois"})
_DAY_OF_MONTH: Final = re.compile(r"\s*(\d\d?)(?:st|nd|rd|th|\.|er)?\s*")
_CELL: Final = re.compile(r"(?<!\\)\|")
_NO_TALKS: Final = re.compile(
    r"(?i)\b(?:deadlines?|due|cfp|submission|anmeldeschluss|notification)\b"
)


def cells(row: str) -> list[str]:
    """Part a row at its bars."""
    row = row.strip()
    row = row.removeprefix("|")
    row = row[:-1] if row.endswith("|") and not row.endswith("\\|") else row
    return [cell.strip() for cell in _CELL.split(row)]


def columns(header: Sequence[str]) -> dict[str, int]:
    """Tell from the names of columns which holds what: of several the surest counts."""
    known = [(*column(plain(name)), number) for number, name in enumerate(header)]
    known = sorted((one for one in known if one[1]), key=lambda one: rank(one[0]))
    days = [number for name, fact, number in known if fact == "when" and not is_clock(name)]
    clocks = [number for name, fact, number in known if fact == "when" and is_clock(name)]
    found = {_FIELDS[fact]: n for _, fact, n in reversed(known) if fact in _FIELDS}
    if days or clocks:
        found["date"] = (days or clocks)[0]
    if days and clocks:
        found["time"] = clocks[0]
    if days[1:]:
        found["weekday"] = days[1]
    contents = [number for name, _, number in known if name == "inhalt"]
    if "title" not in found and contents:
        found["title"] = contents[0]
        found = {field: n for field, n in found.items() if field != "abstract"}
    return found


def entries(
    lines: Sequence[Line], within: tuple[str, ...], order: DateOrder | None
) -> tuple[list[Entry], list[str]]:
    """Read a table, its header first; gives what was not understood as warnings."""
    header = cells(lines[0].text)
    if any(_NO_TALKS.search(plain(name)) for name in header):
        return [], []
    rows = [(line, cells(line.text)) for line in lines[1:] if not RULE.fullmatch(line.text)]
    known = columns(header)
    if "date" not in known or not known.keys() & {"title", "speakers"}:
        blank = not any(plain(cell) for cell in header)
        if not blank and not any(asked_dates(plain(cell), order) for cell in header):
            return [], []
        rows = rows if blank else [(lines[0], header), *rows]
        known = _by_shape([row for _, row in rows], order)
    if len(known) < 2 or "date" not in known:
        return [], []
    known = _without_groups(header, known, [row for _, row in rows])
    rows = _completed(header, rows, known)
    if not any(_dated(row, known, order) for _, row in rows):
        return [], [_without_date(line, row) for line, row in rows if _tells(row, known)]
    states = _states(header)
    unknown = _unknown(header, known, states, [row for _, row in rows], order)
    names = _Names(states=states, zone=_zone(header, known), unknown=unknown)
    found: list[Entry] = []
    warnings: list[str] = []
    for line, row in rows:
        dated = _dated(row, known, order)
        named = {f: row[n] for f, n in known.items() if n < len(row) and plain(row[n])}
        says = any(c.isalnum() for text in named.values() for c in plain(text))
        if not (says or dated) or (columns(row) == known and not dated):
            continue  # empty, or the header once more
        if dated or "title" in named or "speakers" in named:
            found.append(_entry(named, line, within, row=row, names=names))
        else:
            warnings.append(_without_date(line, list(named.values())))
    return found, warnings


def _without_groups(
    header: Sequence[str], known: dict[str, int], rows: Sequence[Sequence[str]]
) -> dict[str, int]:
    """Take another column for the title's where that one groups the talks: "Theme" beside "Paper"."""
    others = [n for n, name in enumerate(header) if column(plain(name))[1] == "title"]
    if "title" not in known or len(others) < 2 or not _repeats(rows, known["title"]):
        return known
    better = next((n for n in others if n != known["title"] and not _repeats(rows, n)), None)
    return known if better is None else {**known, "title": better}


def _repeats(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Tell whether cells of a column stand there again and again."""
    filled = [text for row in rows if at < len(row) and (text := plain(row[at]))]
    return len(set(filled)) * 10 < len(filled) * 8


def _tells(row: Sequence[str], known: dict[str, int]) -> bool:
    """Tell whether a row has something in the column of dates, and what a talk has beside it."""
    full = {field for field, at in known.items() if at < len(row) and plain(row[at])}
    said = plain(row[known["date"]]) if "date" in full else ""
    agenda = bool(asked_times(said))
    return any(c.isdigit() for c in said) and not agenda and bool(full & {"title", "speakers"})


def _without_date(line: Line, row: Sequence[str]) -> str:
    return f'line {line.number}: "{_short(row)}" has no date that is understood'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the names of columns say beside which fact they hold."""

    states: tuple[tuple[int, str], ...]
    zone: str  # as in "Time (UTC)"
    unknown: tuple[
        int, ...
    ] = ()  # columns that no name claims, and in which some cells are remarks


def _states(header: Sequence[str]) -> tuple[tuple[int, str], ...]:
    known = ((number, column(plain(name))) for number, name in enumerate(header))
    return tuple((number, name) for number, (name, fact) in known if fact == "states")


def _unknown(
    header: Sequence[str],
    known: dict[str, int],
    states: Sequence[tuple[int, str]],
    rows: Sequence[Sequence[str]],
    order: DateOrder | None,
) -> tuple[int, ...]:
    """Find the columns that no name claims, and in which a few cells say that a talk is otherwise.

    Such a column may hold what is private, so nothing is read from it but remarks.
    """
    claimed = {*known.values(), *(number for number, _ in states)}
    found = []
    for number in range(len(header)):
        name = plain(header[number])
        if number in claimed or column(name)[1] or remarked.of_something_else(name):
            continue
        cells_ = [plain(row[number]) for row in rows if number < len(row) and plain(row[number])]
        said = sum(
            (one := remarked.remark(cell, order)) is not None and one.whole for cell in cells_
        )
        if 0 < said * 2 <= len(rows):
            found.append(number)
    return tuple(found)


def _zone(header: Sequence[str], known: dict[str, int]) -> str:
    at = known.get("time")
    return zones.words(plain(header[at])) if at is not None and at < len(header) else ""


def _entry(
    named: dict[str, str],
    line: Line,
    within: tuple[str, ...],
    *,
    row: Sequence[str],
    names: _Names,
) -> Entry:
    """Give what the cells of a row say."""
    filled = {number: plain(cell) for number, cell in enumerate(row)}
    states = [s for n, name in names.states if n in filled for s in state(name, filled[n])]
    others = [filled[n] for n in names.unknown if n in filled]
    zone = names.zone
    title, *more = _pieces(named.get("title", ""))
    cell = {name: " ".join(_pieces(text)) for name, text in named.items()}
    day = WEEKDAY.search(plain(cell.get("weekday", "")))
    clock, end = cell.get("time", ""), cell.get("end", "")
    clock = f"{clock}-{end}" if clock and end else clock
    return Entry(
        layout="row",
        line=line.number,
        within=within,
        title=title if "title" in named else None,
        body=(*more, *_pieces(named.get("abstract", ""))),
        speakers=_speakers(named),
        date=f"{day[0]} {cell.get('date', '')}" if day and "date" in cell else cell.get("date"),
        time=f"{clock} {zone}" if clock and zone else clock or None,
        place=cell.get("place"),
        states=tuple(states),
        remarks=tuple(filled[n] for n, _ in names.states if filled.get(n))
        + tuple(filter(remarked.remark_only, others)),
        tentative=any(map(words.tentative, states)),
        links=tuple(cell[name] for name in ("stream", "url") if name in cell),
        stream=cell.get("stream"),
    )


def _speakers(named: dict[str, str]) -> str | None:
    """Give the lines of the speakers' cell; below a name its affiliation is left out."""
    if "speakers" not in named:
        return None
    first, *more = _pieces(named["speakers"])
    if "title" in named:
        plainly = not _SET_OFF.match(first)
        more = [m for m in more if not (plainly and _SET_OFF.match(m)) and not _is_place(m)]
    return "\n".join([first, *more])


def _is_place(line: str) -> bool:
    return PLACE_WORD.search(without_affiliation(plain(line)).split(",")[0]) is not None


def _completed(
    header: Sequence[str], rows: Sequence[tuple[Line, list[str]]], known: dict[str, int]
) -> list[tuple[Line, list[str]]]:
    """Fill in what a row leaves to the one above: the month in a column of its own, the day of a later hour."""
    months = [n for n, name in enumerate(header) if plain(name).lower() in _MONTH_COLUMNS]
    at, clock = known["date"], known.get("time")
    month, last, day, hour = "", 0, "", None
    found: list[tuple[Line, list[str]]] = []
    for line, cells_ in rows:
        row = list(cells_)
        if months and max(months[0], at) < len(row):
            number = _DAY_OF_MONTH.fullmatch(plain(row[at]))
            follows = number is not None and int(number[1]) > last
            month = plain(row[months[0]]) or (month if follows else "")
            last = int(number[1]) if number else last
            row[at] = f"{number[1]} {month}" if number else row[at]
        times = asked_times(plain(row[clock])) if clock is not None and clock < len(row) else []
        if at < len(row):
            later = bool(times) and hour is not None and times[0].start > hour
            day = row[at] = row[at] if plain(row[at]) else day if later else ""
        hour = times[0].start if times and day else None
        found.append((line, row))
    return found


def _dated(row: Sequence[str], known: dict[str, int], order: DateOrder | None) -> bool:
    at = known["date"]
    return at < len(row) and bool(asked_dates(plain(row[at]), order))


def _pieces(cell: str) -> list[str]:
    """Part a cell at its breaks."""
    pieces = [piece.strip() for piece in _PARTS.split(cell.replace("\\|", "|"))]
    return [piece for piece in pieces if plain(piece)] or [""]


def _by_shape(rows: Sequence[Sequence[str]], order: DateOrder | None) -> dict[str, int]:
    """Tell the columns of a table without names by what most of their cells are."""
    width = max(map(len, rows), default=0)
    texts = [[plain(row[n]) for row in rows if n < len(row)] for n in range(min(width, 12))]
    dated = [sum(bool(asked_dates(t, order)) and len(t) < 40 for t in column) for column in texts]
    if not dated or max(dated) * 2 <= len(rows):
        return {}
    found = {"date": dated.index(max(dated))}
    people = [sum(bool(t) and nameish(t, whole=True) for t in column) for column in texts]
    if max(people) * 2 > len(rows):
        found["speakers"] = people.index(max(people))
    lengths = [
        0 if n in found.values() else sum(map(len, column)) for n, column in enumerate(texts)
    ]
    if max(lengths) > 15 * len(rows):
        found["title"] = lengths.index(max(lengths))
    return found


def _short(row: Sequence[str]) -> str:
    text = plain(" | ".join(row))
    return text if len(text) <= 60 else text[:57] + "…"
