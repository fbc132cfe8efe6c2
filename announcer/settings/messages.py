"""What is wrong with a table, in sentences: the place, what was expected, and what to do."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from announcer.quoting import LONGEST, quoted, shortened
from announcer.settings.schema import TABLES, BreaksTable, ChangesTable, RuleTable, SourceTable

_Sentence = Callable[[Mapping[str, Any]], str]


def lines(error: ValidationError, prefix: str, model: type[BaseModel]) -> list[str]:
    """Return a line for each mistake in a table."""
    errors = error.errors(include_url=False)
    # A list whose every part is wrong also counts as too short, which is only a consequence.
    real = [
        e
        for e in errors
        if e["type"] != "too_short"
        or not any(o["loc"][: len(e["loc"])] == e["loc"] and o is not e for o in errors)
    ]
    return [_line(dict(e), prefix, model) for e in real]


def _line(error: Mapping[str, Any], prefix: str, model: type[BaseModel]) -> str:
    place = (prefix + _place(error["loc"])).rstrip(".")
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{place}: {unknown(error['loc'], model)}"
    sentence = _SENTENCES.get(kind)
    if kind in _MUST:
        return f"{place}: {_MUST[kind]}, not {_given(error)}"
    return f"{place}: {sentence(error) if sentence else error['msg']}"


def _place(loc: Sequence[Any]) -> str:
    place = ""
    for part in loc:
        step = f"[{part}]" if isinstance(part, int) else f".{shortened(str(part))}"
        place += step if place else step.removeprefix(".")
    return place


def _given(error: Mapping[str, Any]) -> str:
    return quoted(error.get("input"))


_MUST: Final = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": 'must be a list like ["…", "…"]',
    "path_type": "must be a path in quotes",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
}
_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "value_error": lambda error: str(error["ctx"]["error"]),
    "missing": lambda error: f"is missing; {_EXAMPLES.get(error['loc'][-1], 'it must be given')}",
    "literal_error": lambda error: (
        f"{_given(error)} is not known; use {error['ctx']['expected'].replace(chr(39), chr(34))}"
    ),
    "too_short": lambda _: "is empty; give at least one",
    "greater_than_equal": lambda e: f"must be at least {e['ctx']['ge']}, not {_given(e)}",
    "less_than_equal": lambda e: f"must be at most {e['ctx']['le']}, not {_given(e)}",
}
_EXAMPLES: Final[Mapping[object, str]] = {
    "smtp": "add a table [smtp] with the host that mails leave through",
    "host": 'add host = "smtp.example.org"',
    "id": 'add a short name for keys, like id = "geometry"',
    "name": 'add the name that people know, like name = "Geometry Seminar"',
    "list": 'add the address of the list, like list = "geometry@googlegroups.com"',
    "sender": 'add the sender, like sender = "Geometry Seminar <seminar@example.org>"',
    "organisers": 'add who is told of trouble, like organisers = ["anna@example.org"]',
    "timezone": 'add the zone of the seminar, like timezone = "Europe/Berlin"',
    "source": "add a table [series.source], or several [[series.source]], with the page that lists the talks",
    "location": 'add the page, like location = "https://example.org/index.md"',
    "cadence": "add a table [[series.cadence]] that says when mails go out",
    "kind": 'add kind = "announcement" or kind = "reminder"',
}


def unknown(loc: Sequence[Any], model: type[BaseModel]) -> str:
    """Say that a key is not known, and which are."""
    key = str(loc[-1])
    names = list(_fields_at(loc[:-1], model))
    near = get_close_matches(key[:LONGEST], names, n=1)
    return (
        f'unknown key; did you mean "{near[0]}"?'
        if near
        else (f"unknown key; known here: {', '.join(names)}")
    )


def _fields_at(loc: Sequence[Any], model: type[BaseModel]) -> list[str]:
    inner: dict[str, type[BaseModel]] = {
        "source": SourceTable,
        "cadence": RuleTable,
        "changes": ChangesTable,
        "breaks": BreaksTable,
        **TABLES,
    }
    names = [part for part in loc if isinstance(part, str)]
    return list((inner.get(names[-1], model) if names else model).model_fields)
