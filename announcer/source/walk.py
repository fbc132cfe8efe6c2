"""The talks in a tree of data, however deep its groups are, each with what stands around it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.source.dates import MONTHS, written_dates
from announcer.source.fields import Named, facts_of, named
from announcer.source.hints import Hints
from announcer.source.known import POINTS, TALKS, fact_of, is_clock, known_name
from announcer.source.reshape import by_key, numbered, unwrapped, with_minute, with_month
from announcer.source.said import Facts
from announcer.source.tree import Table, Value

_TERMS: Final = frozenset(
    [
        "term",
        "semester",
        "trimester",
        "trimestre",
        "quarter",
        "season",
        "saison",
        "period",
        "year",
        "jahr",
        "annee",
    ]
)
_HEADINGS: Final = frozenset(["title", "titel", "titre", "name", "label", "heading", "type"])
_SEASONS: Final = (
    "spring|summer|fall|autumn|winter|term|semester|trimester|quarter|wintersemester|sommersemester|wise|sose|ws|ss|herbst|"
    "frühjahr|frühling|sommer|printemps|automne|hiver|été|michaelmas|lent|hilary|trinity|talks?|seminars?|vorträge|exposés|"
    "upcoming|past|previous|archive|schedule|program(?:me|m)?|academic|year|of|in|the|"
)
# A heading tells a year where it says nothing else: "The 2019 prize" is a talk's title.
_OF_A_TERM: Final = re.compile(
    rf"\W*(?:(?:{_SEASONS}{'|'.join(MONTHS)})[\s/,:.–-]+)*20\d\d(?:\s*[/–-]\s*\d{{2,4}})?\W*",
    re.IGNORECASE,
)


def entries(tree: Value, name: str, hints: Hints, language: str) -> list[Facts]:
    """Find the talks of a data file.

    Raises:
        SourceUnreadable: nothing in it has a name that a talk's facts have.
    """
    tree = _published(tree)
    found = list(_walk(tree, _Around(name=name, hints=hints)))
    if not found and not _empty(tree):
        raise SourceUnreadable(
            f"{name}: no entry has a field that is known as a title, a speaker or a date; say which "
            'are, like fields = {title = "subtitle"} in [series.source]'
        )
    return [
        replace(
            facts_of(entry, place=around.place(entry.table), language=language),
            above=(*_terms(entry.table, _TERMS), *reversed(around.above), _told_by(name)),
        )
        for entry, around in found
    ]


def _told_by(name: str) -> str:
    """Give the words of a file's name that may tell a year: "talks-2026.csv"; of an address the last."""
    own = re.sub(r"[?#].*", "", name).rstrip("/").rpartition("/")[2] if "://" in name else name
    return re.sub(r"(?<=[^\W\d_])[-_./]+(?=20\d\d)", " ", own)


def _published(tree: Value) -> Value:
    """Give a tree without its drafts, which are no more read than those of posts."""
    if isinstance(tree, list):
        return [_published(part) for part in tree if not _is_draft(part)]
    if not isinstance(tree, Table):
        return tree
    if _is_draft(tree):
        return []
    kept = [(key, _published(value)) for key, value in tree.items() if not _is_draft(value)]
    whole = Table(kept, tree.line)
    whole.twice = tree.twice
    return whole


def _is_draft(value: Value) -> bool:
    if not isinstance(value, Table):
        return False
    said = {known_name(k): v.strip().lower() for k, v in value.items() if isinstance(v, str)}
    draft = any(said.get(name) in {"true", "yes"} for name in ("draft", "hidden"))
    return draft or any(said.get(name) in {"false", "no"} for name in ("published", "visible"))


def _empty(tree: Value) -> bool:
    return not tree or (isinstance(tree, Table) and all(not value for value in tree.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What stands around an entry: the file, the groups above it, and facts that hold for all below."""

    name: str
    hints: Hints
    above: tuple[str, ...] = ()
    outer: Table | None = None
    number: int = 0
    listed: bool = False
    evening: str = ""  # "talks" or the like, below an entry that says on which day they are

    def place(self, table: Table) -> str:
        return (
            f"{self.name}, line {table.line}" if table.line else f"{self.name}, entry {self.number}"
        )


def _walk(tree: Value, around: _Around) -> Iterator[tuple[Named, _Around]]:
    if isinstance(tree, list):
        parts = unwrapped(tree)
        dated = any(isinstance(part, Table) and _has_day(part, around.hints) for part in parts)
        for number, part in enumerate(parts, 1):
            yield from _walk(part, replace(around, number=number, listed=dated or not around.above))
    elif isinstance(tree, Table):
        keyed = by_key(tree, around.above)
        if keyed is not None:
            yield from _walk(keyed, around)
        else:
            for table in numbered(tree, {name for _, name in around.hints.fields}):
                yield from _walk_table(with_month(with_minute(table), around.above), around)


def _walk_table(table: Table, around: _Around) -> Iterator[tuple[Named, _Around]]:
    inner = [pair for key, value in table.items() for pair in _below(key, value, table, around)]
    dated = any(_dated(pair[0]) for pair in inner)
    inside = [pair for pair in inner if _dated(pair[0]) or (pair[1].listed and not pair[1].evening)]
    entry = named(_inherited(table, around), around.hints)
    both = entry.has("title") and entry.has("speakers")
    either = entry.has("title") or entry.has("speakers")
    is_talk = entry.has("when") or both or (around.listed and either)
    if dated:
        yield from inside
    elif is_talk and (either or around.listed):
        yield _with_points(entry, inner, around), around
    else:
        yield from inner


def _with_points(entry: Named, inner: Sequence[tuple[Named, _Around]], around: _Around) -> Named:
    """Leave the start open where a programme tells hours: the usual one is not that of its day."""
    if not any(below.evening and point.has("when") for point, below in inner):
        return entry
    own = [*_inherited(entry.table, around).items(), ("time of day", "TBA")]
    return named(Table(own, entry.table.line), around.hints)


def _dated(entry: Named) -> bool:
    """Tell whether an entry has a day, and not just an hour."""
    return any(
        not is_clock(name) or (isinstance(value, str) and bool(written_dates(value)))
        for name, value in entry.values.get("when", ())
    )


def _has_day(table: Table, hints: Hints) -> bool:
    return named(table, hints).has("when")


def _below(
    key: str, value: Value, table: Table, around: _Around
) -> Iterator[tuple[Named, _Around]]:
    """Look for talks in what a table holds; what is a fact of the table itself is none."""
    fact = fact_of(known_name(key))
    holds_talks = fact in {"title", "url", ""} or known_name(key) in {"seminar", "talk", "event"}
    holds_talks = holds_talks or (fact == "speakers" and _are_talks(value))
    if not isinstance(value, list | Table) or not holds_talks:
        return
    terms = (*_terms(table, _HEADINGS), *_terms(table, _TERMS))
    evening = known_name(key) if around.listed and around.number > 0 else ""
    evening = evening if evening in TALKS | POINTS else ""
    above = (*around.above, *terms, key)
    inside = replace(around, above=above, outer=table, listed=False, evening=evening)
    if isinstance(value, Table) and value.line is None:
        value.line = table.line
    yield from _walk(value, inside)


def _are_talks(value: Value) -> bool:
    """Tell whether a list of speakers is one of talks: each with a day and a title beside the name."""
    tables = [part for part in value if isinstance(part, Table)] if isinstance(value, list) else []
    facts = [{fact_of(known_name(key)) for key in table} for table in tables]
    return sum({"title", "when"} <= known for known in facts) * 2 > len(facts)


def _terms(table: Table, names: frozenset[str]) -> Iterator[str]:
    """Give what a table says of its term, which may tell a year: "Spring 2026"."""
    for key, value in table.items():
        if isinstance(value, str) and known_name(key) in names and _OF_A_TERM.fullmatch(value):
            yield value


def _inherited(table: Table, around: _Around) -> Table:
    """Give an entry what the table around it says of all its talks: speakers, a place, an evening."""
    outer = around.outer
    if outer is None:
        return table
    own = {fact_of(known_name(key)) for key in table}
    given = {"speakers", "location", "zone", "stream"}
    if around.evening in TALKS or (around.evening and "speakers" in own):
        given |= {"when", "until"}
    named_so = [key for key in table if fact_of(known_name(key)) == "when"]
    if named_so and all(is_clock(known_name(key)) for key in named_so):
        own -= {"when"}  # each has its own hour, on the day of the evening
    more = [
        (key, value)
        for key, value in outer.items()
        if (fact := fact_of(known_name(key))) in given
        and fact not in own
        and not (named_so and fact in {"when", "until"} and is_clock(known_name(key)))
    ]
    whole = Table([*table.items(), *more], table.line)
    whole.twice = table.twice
    return whole
