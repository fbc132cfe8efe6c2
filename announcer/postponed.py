"""A talk that the list expects is cancelled, and stands at a new date as another entry: it was moved.

Organisers mark the old entry and add a new one. The list then hears of both dates in one update,
and its calendars move the entry, instead of a cancellation and of an announcement some weeks later.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from announcer.cadence import UPDATE, Changes
from announcer.message import Said
from announcer.past import Past, hindrance
from announcer.talks import Series, Status, Talk

# A talk at a new date so far away was rather given a wrong year; see `changes`.
_NEAR: Final = 300  # days
_POSTPONED: Final = re.compile(
    r"\b(?:postponed|moved|rescheduled|verschoben|verlegt|reportée?s?|déplacée?s?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move: the cancelled entry, and what the list was told of it, in the name of the new one."""

    old: Talk
    told: Said


def moves(
    talks: Collection[Talk], series: Series, past: Past, changes: Changes, now: datetime
) -> Mapping[str, Move]:
    """Return the moves, by the identity of the entry with the new date.

    The titles must be the same, and no third entry have it. Titles repeat where meetings have no
    subject of their own, so the speakers must be the same too, or the old entry say that it is
    postponed. A new entry that the list has heard of already is a talk of its own.
    """
    if changes.update == "off" or "start" not in changes.update_on:
        return {}  # no update would tell of the new date
    if changes.update == "hold" and changes.cancellation == "send":
        return {}  # that the old date is off must not wait for a person
    by_title: dict[str, list[Talk]] = {}
    for talk in talks:
        if title := _letters(talk.title):
            by_title.setdefault(title, []).append(talk)
    found = {}
    for pair in by_title.values():
        if len(pair) == 2:
            old, new = sorted(pair, key=lambda talk: not talk.cancelled)
            told = past.last_told(old)
            if told and _is_move(old, new, told, past, now) and not hindrance(UPDATE, new, series):
                told = replace(told, talk=new.id, first_id=new.first_id)
                found[new.identity] = Move(old=old, told=told)
    return found


def _is_move(old: Talk, new: Talk, told: Said, past: Past, now: datetime) -> bool:
    if not old.cancelled or new.cancelled or told.status == Status.CANCELLED.value:
        return False
    if new.starts_at is None or new.starts_at <= now or new.starts_at == told.starts_at:
        return False
    if abs((new.starts_at - told.starts_at).days) >= _NEAR or past.last_told(new) is not None:
        return False
    same_speakers = bool(new.speakers) and _names(old) == _names(new)
    return same_speakers or bool(_POSTPONED.search(old.why_cancelled or ""))


def _names(talk: Talk) -> frozenset[str]:
    return frozenset(map(_letters, talk.speakers))


def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", (text or "").casefold())
