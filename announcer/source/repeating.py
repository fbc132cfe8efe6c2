"""An entry of a calendar that repeats, as the dates of its occurrences within a window.

Its rules are replaced by the dates that they give, so that what expands the entry, with its moved and
cancelled occurrences, has no rule to follow and few dates to compare.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from announcer.source.recurrence import Allowance, Rule, occurrences, parsed

if TYPE_CHECKING:
    from icalendar import Component

MOST_OCCURRENCES: Final = 500
_MARGIN: Final = timedelta(days=15)  # the longest entry that may still go on when a window begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time in which occurrences matter: those ahead first, then the latest past ones."""

    first: datetime
    now: datetime
    last: datetime


def bounded(
    group: "Sequence[Component]", zone: object, window: Window, allowance: Allowance
) -> "tuple[list[Component], str]":
    """Return the entry and its changed occurrences without rules, and what was left out, if anything.

    ``zone`` is the time zone that the calendar names for times in UTC or without a zone.

    Raises:
        ValueError, KeyError: a rule or the zone is not valid.
        TooMuchWork: the allowance is used up.
    """
    clock = ZoneInfo(str(zone)) if zone is not None else None
    changed = {_key(at) for event in group for at in _dates(event, "RECURRENCE-ID")}
    cut = ""
    for event in group:
        if "RECURRENCE-ID" not in event:
            cut = _Expansion(event, clock, window, allowance).replace_rules(changed) or cut
    near = [e for e in group if "RECURRENCE-ID" in e and _is_near(e, window)]
    if len(near) > MOST_OCCURRENCES:
        raise ValueError(f"more than {MOST_OCCURRENCES} of its occurrences are changed one by one")
    return [*(e for e in group if "RECURRENCE-ID" not in e), *near], cut


def _is_near(event: "Component", window: Window) -> bool:
    """Whether a changed occurrence is in the window, was to be in it, or changes all later ones."""
    first, last = _key(window.first - _MARGIN), _key(window.last + _MARGIN)
    moments = (_key(at) for name in ("DTSTART", "RECURRENCE-ID") for at in _dates(event, name))
    later = "RANGE" in event["RECURRENCE-ID"].params
    return later or any(first <= at <= last for at in moments)


class _Expansion:
    """One entry on its way from rules to dates."""

    def __init__(
        self, event: "Component", zone: ZoneInfo | None, window: Window, allowance: Allowance
    ) -> None:
        self._event = event
        self._zone = zone
        self._allowance = allowance
        self._start = self._local(next(_dates(event, "DTSTART")))
        self._first, self._now, self._last = (
            self._in_its_zone(at) for at in (window.first - _MARGIN, window.now, window.last)
        )
        excluded = list(_dates(event, "EXDATE"))
        self._out_moments = {_key(self._local(at)) for at in excluded if isinstance(at, datetime)}
        self._out_days = {at for at in excluded if not isinstance(at, datetime)}

    def replace_rules(self, changed: set[datetime]) -> str:
        """Write the dates of the occurrences into the entry; return what was left out.

        ``changed`` are the moments of its changed occurrences, of which one may be taken out, too.
        """
        from icalendar.prop import vDDDLists  # noqa: PLC0415 - only who keeps a calendar pays

        rules = [parsed(rule) for rule in _listed(self._event.get("RRULE"))]
        ahead = self._by_rules(rules, self._now, self._last)
        past = self._by_rules(rules, self._first, self._now)
        inside = {
            _key(at): value
            for value in _values(self._event, "RDATE")
            if self._is_inside(at := self._local(_begin(value)))
        }
        found = {_key(at): self._as_written(at) for at in (*past, *ahead)} | inside
        chosen, cut = _chosen(sorted(found), _key(self._now))
        out = self._exclusions({*changed, _key(self._start)}, rules)
        for name, values in (("RDATE", [found[key] for key in chosen]), ("EXDATE", out)):
            self._event.pop(name, None)
            if values:
                self._event[name] = vDDDLists(values)
        self._event.pop("RRULE", None)
        return cut

    def _by_rules(
        self, rules: Sequence[Rule], first: datetime, last: datetime
    ) -> Iterator[datetime]:
        """Generate what the rules give and no EXDATE takes out: of each one more than is read."""
        most = MOST_OCCURRENCES + 1
        for rule in rules:
            every = occurrences(rule, self._start, first, last, self._allowance)
            kept = (at for at in every if not self._is_out(at))
            # Of those ahead the first count, of past ones the latest.
            yield from islice(kept, most) if first == self._now else deque(kept, maxlen=most)

    def _exclusions(self, moments: set[datetime], rules: Sequence[Rule]) -> list[date | datetime]:
        """Return the EXDATEs that are still needed: of the start, and of changed occurrences."""
        days = {at.date() for at in moments} | {self._start.date()}
        found: list[date | datetime] = [
            at
            for at in dict.fromkeys(_dates(self._event, "EXDATE"))
            if (_key(self._local(at)) in moments if isinstance(at, datetime) else at in days)
        ]
        ends = [ends for rule in rules if (ends := rule.until) is not None]
        if rules and len(ends) == len(rules) and max(map(_key, ends)) < _key(self._start):
            found.append(self._as_written(self._start))
        return found

    def _is_out(self, at: datetime) -> bool:
        return at.date() in self._out_days or _key(at) in self._out_moments

    def _is_inside(self, at: datetime) -> bool:
        own = _key(at)
        return _key(self._first) <= own <= _key(self._last) and not self._is_out(at)

    def _local(self, at: date | datetime) -> datetime:
        """Return a date or time on the clock on which the entry repeats."""
        if not isinstance(at, datetime):
            return datetime.combine(at, time())
        if self._zone is None:
            return at
        return at.replace(tzinfo=self._zone) if at.tzinfo is None else at.astimezone(self._zone)

    def _in_its_zone(self, at: datetime) -> datetime:
        zone = self._start.tzinfo
        return at.astimezone(zone) if zone is not None else at.replace(tzinfo=None)

    def _as_written(self, at: datetime) -> date | datetime:
        """Return a moment as a day where the entry has no time of day."""
        written = next(_dates(self._event, "DTSTART"))
        return at if isinstance(written, datetime) else at.date()


def _chosen(keys: Sequence[datetime], now: datetime) -> tuple[Sequence[datetime], str]:
    """Choose at most so many: those ahead first, then the latest past ones; say what was cut."""
    ahead = [key for key in keys if key >= now][:MOST_OCCURRENCES]
    past = [key for key in keys if key < now]
    past = past[len(past) - min(len(past), MOST_OCCURRENCES - len(ahead)) :]
    chosen = [*past, *ahead]
    if len(chosen) == len(keys):
        return chosen, ""
    spans = f"from {chosen[0]:%Y-%m-%d} to {chosen[-1]:%Y-%m-%d}"
    return chosen, f"it repeats more than {MOST_OCCURRENCES} times, and is read {spans}"


def _dates(event: "Component", name: str) -> Iterator[Any]:
    """Generate the dates and times of a property, of periods their starts."""
    return map(_begin, _values(event, name))


def _values(event: "Component", name: str) -> Iterator[Any]:
    for value in _listed(event.get(name)):
        yield from (one.dt for one in getattr(value, "dts", [value]))


def _begin(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) else value


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _key(at: date | datetime) -> datetime:
    """Return what moments of any kind can be compared by: UTC, or the wall clock without a zone."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time())
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo is not None else at
