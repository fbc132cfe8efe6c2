"""Rows, talks and what was said of them as the text that a database keeps, and back again."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from typing import Any, Final

from announcer.ledger import Believed, Period, Row, Sighting, State, Watch
from announcer.message import Said
from announcer.talks import Copy, Link, Status, Talk

COLUMNS: Final = tuple(field.name for field in fields(Row))
_DATETIMES: Final = frozenset(
    ("due_at", "lease_until", "claimed_at", "next_attempt_at", "doubted_at", "settled_at")
)


def values_of(row: Row) -> dict[str, Any]:
    """Give a row as the values of its columns."""
    values = {name: getattr(row, name) for name in COLUMNS}
    for name in _DATETIMES:
        values[name] = values[name].isoformat() if values[name] else None
    values["state"] = row.state.value
    values["released"] = int(row.released)
    values["said"] = _json([asdict(said) for said in row.said])
    return values


def row_of(found: Iterable[Any]) -> Row:
    """Read a row back from the values of its columns."""
    values = dict(zip(COLUMNS, found, strict=True))
    for name in _DATETIMES:
        values[name] = instant_of(values[name])
    values["state"] = State(values["state"])
    values["released"] = bool(values["released"])
    values["said"] = tuple(Said(**_read(said)) for said in json.loads(values["said"]))
    return Row(**values)


def text_of_said(said: Said | None) -> str | None:
    """Give what was said of a talk as one text."""
    return _json(asdict(said)) if said else None


def said_of(text: str | None) -> Said | None:
    """Read back what was said of a talk."""
    return Said(**_read(json.loads(text))) if text else None


def text_of_instants(instants: Mapping[str, datetime]) -> str:
    """Give instants, each by a name, as one text."""
    return _json(dict(instants))


def instants_of(text: str) -> dict[str, datetime]:
    """Read instants back from their text."""
    return {name: datetime.fromisoformat(at) for name, at in json.loads(text).items()}


def text_of_memory(believed: Believed) -> str:
    """Give what is remembered of earlier readings as one text."""
    return _json(
        {
            "states": {
                talk: {state: asdict(period) for state, period in states.items()}
                for talk, states in believed.states.items()
            },
            "watched": {talk: asdict(watch) for talk, watch in believed.watched.items()},
            "copies": {
                name: {"modified": copy.modified, "made_at": copy.made_at}
                for name, copy in believed.copies.items()
            },
            "outdated_since": believed.outdated_since,
        }
    )


def memory_of(text: str) -> dict[str, Any]:
    """Read back what is remembered of earlier readings, as fields of ``Believed``."""
    memory = json.loads(text)
    return {
        "states": {
            talk: {state: Period(**_instants(period)) for state, period in states.items()}
            for talk, states in memory.get("states", {}).items()
        },
        "watched": {
            talk: Watch(
                sightings=tuple(
                    Sighting(at=datetime.fromisoformat(one["at"]), state=one["state"])
                    for one in watch["sightings"]
                ),
                shown=watch["shown"],
            )
            for talk, watch in memory.get("watched", {}).items()
        },
        "copies": {
            name: Copy(**_instants(copy)) for name, copy in memory.get("copies", {}).items()
        },
        "outdated_since": instant_of(memory.get("outdated_since")),
    }


def _instants(texts: Mapping[str, str | None]) -> dict[str, Any]:
    return {name: instant_of(text) for name, text in texts.items()}


def text_of_talks(talks: Iterable[Talk]) -> str:
    """Give talks as one text."""
    return _json([asdict(talk) for talk in talks])


def talks_of(text: str) -> tuple[Talk, ...]:
    """Read talks back from their text."""
    return tuple(Talk(**_read(talk) | _own(talk)) for talk in json.loads(text))


def _own(talk: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "links": tuple(Link(**link) for link in talk["links"]),
        "status": Status(talk["status"]),
    }


def _json(value: object) -> str:
    return json.dumps(value, default=_iso, ensure_ascii=False)


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in the ledger")


def instant_of(text: str | None) -> datetime | None:
    """Read an instant back; None stays None."""
    return datetime.fromisoformat(text) if text else None


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "day": lambda text: date.fromisoformat(text) if text else None,
    "moment_day": date.fromisoformat,
    "starts_at": instant_of,
    "ends_at": instant_of,
    "stamp": instant_of,
    "speakers": tuple,
    "warnings": tuple,
    "affiliations": lambda pairs: tuple(map(tuple, pairs)),
}


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: _READERS[n](value) if n in _READERS else value for n, value in values.items()}
