"""Readings that take back what an earlier one said, as old copies in a cache do.

So may a real correction. A talk that returns to a state that it was in before its present one is
therefore watched: the present state stays, and nothing is sent about the talk, until three readings
in a row agree, or most readings of an hour do. A person's `announcer accept` ends it at once.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Final

from announcer.identity import Matched
from announcer.instants import elapsed
from announcer.ledger import Believed, Period, Sighting, Watch
from announcer.talks import Series, Talk

IN_A_ROW: Final = 3  # equal readings that settle what a talk is
APART: Final = timedelta(seconds=30)  # equal readings closer together than this count as one
WINDOW: Final = timedelta(hours=1)  # over which most readings settle it
# Going back to an earlier state is the less likely explanation, so that a bare majority will not do:
# a cache that shows the old page every other time, or in turns, must not win for a moment.
_FEWEST: Final = 7
_MOST_SIGHTINGS: Final = 150
ABSENT: Final = "absent"  # the state of a talk that the page does not have
_REMEMBERED_FOR: Final = timedelta(days=30)
# A cache that is older is rarer than a talk that is really taken off the page.
_ABSENCE_REMEMBERED_FOR: Final = timedelta(hours=12)
_MOST_STATES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What of a reading is taken, the memory that follows, and since when a settled state stood."""

    found: Matched
    states: Mapping[str, Mapping[str, Period]] = field(default_factory=dict)
    watched: Mapping[str, Watch] = field(default_factory=dict)
    stood_since: Mapping[str, datetime] = field(default_factory=dict)


def state_of(talk: Talk) -> str:
    """Return a short name for the facts of a talk that a mail states as news.

    Its abstract and links are left out: no update ever tells of them, and servers that differ in
    an address only must not hold up mails.
    """
    facts = (
        talk.title,
        talk.speakers,
        talk.day,
        talk.starts_at,
        talk.ends_at,
        talk.location,
        talk.stream,
        talk.status.value,
    )
    return sha256(repr(facts).encode("utf-8", "replace")).hexdigest()[:16]


def judge(
    last: Believed,
    found: Matched,
    series: Series,
    now: datetime,
    *,
    read_at: datetime,
    accepted: Collection[str] | None = (),
) -> Judged:
    """Decide which changes of a reading are taken now, and which talks are watched.

    Args:
        last: what was believed before.
        found: the talks of the reading, recognised.
        series: whose talks they are.
        now: an instant in UTC.
        read_at: when the page was really read; a reading that is shown again counts once.
        accepted: identities of talks that a person accepts as they stand; None for all.
    """
    return _Judgement(last, found, series, now, read_at, accepted).judged()


def unsettled(believed: Believed) -> dict[str, Watch]:
    """Return the watched talks about which nothing may be sent yet, by identity."""
    states = _states(believed.talks, believed.gone)
    return {
        name: watch
        for name, watch in believed.watched.items()
        if name in states and _settled(watch.sightings, states[name]) != states[name]
    }


def alternates(watch: Watch) -> bool:
    """Return whether readings went to and fro, which one correction of the page does not explain."""
    return any(one.state != other.state for one, other in pairwise(watch.sightings))


def _states(talks: Collection[Talk], gone: Collection[Talk]) -> dict[str, str]:
    return {t.identity: ABSENT for t in gone} | {t.identity: state_of(t) for t in talks}


def _settled(sightings: Sequence[Sighting], present: str) -> str | None:
    """Return the state that readings agree on; None while they do not."""
    recent = {sighting.state for sighting in sightings[-IN_A_ROW:]}
    if len(sightings) >= IN_A_ROW and len(recent) == 1:
        return recent.pop()
    if not sightings or sightings[-1].at - sightings[0].at < WINDOW:
        return None
    [(state, number)] = Counter(s.state for s in sightings).most_common(1)
    total = len(sightings)
    if state == present:
        return state if 2 * number > total else None
    return state if total >= _FEWEST and 3 * number >= 2 * total else None


class _Judgement:
    """One reading against what was believed before."""

    def __init__(
        self,
        last: Believed,
        found: Matched,
        series: Series,
        now: datetime,
        read_at: datetime,
        accepted: Collection[str] | None,
    ) -> None:
        self._last = last
        self._found = found
        self._series = series
        self._now = now
        self._read_at = read_at
        self._accepted = accepted
        self._before = _states(last.talks, last.gone)
        self._after = _states(found.talks, found.gone)
        self._known = {talk.identity: talk for talk in (*last.gone, *last.talks)}
        self._talks = {talk.identity: talk for talk in found.talks}
        self._memory = {name: _remembered(kept, now) for name, kept in last.states.items()}
        changed = [n for n, state in self._after.items() if self._before.get(n, state) != state]
        # A reading that takes something back may be an old copy, so that no change in it is news.
        self._changed = set(changed) if any(map(self._returns, changed)) else set()

    def judged(self) -> Judged:
        watched, stays, stood_since = {}, set(), {}
        for name in self._changed | set(self._last.watched):
            if name not in self._before or name not in self._after or self._is_accepted(name):
                continue
            watch = self._watch(name)
            if watch is None:
                continue
            state = _settled(watch.sightings, self._before[name])
            if self._after[name] not in (self._before[name], state):
                stays.add(name)
            elif self._after[name] == state != self._before[name]:
                stood_since[name] = _run(watch.sightings)[0].at
            if (
                len({sighting.state for sighting in watch.sightings[-IN_A_ROW:]}) > 1
                or state is None
            ):
                watched[name] = watch
        return Judged(
            found=self._taken(stays),
            states=self._memories(stays),
            watched=watched,
            stood_since=stood_since,
        )

    def _is_accepted(self, name: str) -> bool:
        return self._accepted is None or name in self._accepted

    def _returns(self, name: str) -> bool:
        """Return whether a changed talk is back in a state that it was in before its present one."""
        if self._is_accepted(name) or self._after[name] not in self._memory.get(name, {}):
            return False
        # A talk that comes back as it went is none: its absence alone was never taken for news.
        was = self._known.get(name)
        absent = self._before[name] == ABSENT
        return not (absent and was is not None and state_of(was) == self._after[name])

    def _watch(self, name: str) -> Watch | None:
        """Return what readings said of a talk, with this one; None where it says something new."""
        old = self._last.watched.get(name, Watch())
        state = self._after[name]
        seen = {self._before[name], *self._memory.get(name, {}), *(s.state for s in old.sightings)}
        if name not in self._changed and state not in seen:
            return None
        sightings = [s for s in old.sightings if elapsed(s.at, self._now) is not None]
        if _counts(sightings, self._read_at, state):
            sightings.append(Sighting(at=self._read_at, state=state))
        shown = {**old.shown, state: self._described(name)}
        kept = _within(sightings, self._read_at)
        return Watch(
            sightings=kept,
            shown={s: text for s, text in shown.items() if s in {k.state for k in kept}},
        )

    def _described(self, name: str) -> str:
        talk = self._talks.get(name)
        return "not listed" if talk is None else described(talk, self._series)

    def _taken(self, stays: Collection[str]) -> Matched:
        """Return the reading with some talks as they were believed before."""
        if not stays:
            return self._found
        present = {talk.identity: talk for talk in self._last.talks if talk.identity in stays}
        talks = [
            present.pop(talk.identity, talk)
            for talk in self._found.talks
            if talk.identity not in stays or talk.identity in present
        ]
        absent = tuple(talk for talk in self._last.gone if talk.identity in stays)
        gone = tuple(talk for talk in self._found.gone if talk.identity not in stays)
        return replace(self._found, talks=(*talks, *present.values()), gone=(*gone, *absent))

    def _memories(self, stays: Collection[str]) -> dict[str, dict[str, Period]]:
        """Return the states that talks were in before the one that is believed now."""
        memories = {}
        today = self._series.local(self._now).date()
        for name, state in self._after.items():
            if _over(self._talks.get(name) or self._known[name], today):
                continue
            memory = dict(self._memory.get(name, {}))
            before = self._before.get(name, ABSENT)
            if name not in stays and before != state:
                first = self._last.since.get(name, self._last.read_at)
                memory[before] = Period(first=first, last=self._now)
                memory.pop(state, None)
            if memory := _remembered(memory, self._now):
                memories[name] = memory
        return memories


def described(talk: Talk, series: Series) -> str:
    """Return the facts of a talk that alternate, in a few words for a person."""
    start = talk.starts_at and f"{series.local(talk.starts_at):%a %Y-%m-%d %H:%M}"
    cancelled = "cancelled" if talk.cancelled else None
    facts = (talk.title or "to be announced", ", ".join(talk.speakers), start or talk.day)
    return ", ".join(str(f) for f in (*facts, talk.location, talk.stream, cancelled) if f)


def _over(talk: Talk, today: date) -> bool:
    return talk.day is not None and talk.day < today


def _counts(sightings: Sequence[Sighting], at: datetime, state: str) -> bool:
    """Return whether a reading is one more, and not the last one again.

    What differs from the last one counts however soon it follows, as where two processes share a
    ledger and read two copies.
    """
    if not sightings:
        return True
    ago = at - sightings[-1].at
    return ago >= APART or (ago > timedelta(0) and state != sightings[-1].state)


def _run(sightings: Sequence[Sighting]) -> Sequence[Sighting]:
    """Return the last sightings that agree."""
    for number, sighting in enumerate(reversed(sightings)):
        if sighting.state != sightings[-1].state:
            return sightings[len(sightings) - number :]
    return sightings


def _within(sightings: Sequence[Sighting], now: datetime) -> tuple[Sighting, ...]:
    """Return the sightings of the last hour with the one before it, and at least the last few."""
    older = [n for n, sighting in enumerate(sightings) if sighting.at <= now - WINDOW]
    first = min(older[-1] if older else 0, max(len(sightings) - _FEWEST, 0))
    return tuple(sightings[first:][-_MOST_SIGHTINGS:])


def _remembered(memory: Mapping[str, Period], now: datetime) -> dict[str, Period]:
    """Return the states that are remembered still, at most so many."""
    kept = {}
    for state, period in memory.items():
        age = elapsed(period.last, now)
        longest = _ABSENCE_REMEMBERED_FOR if state == ABSENT else _REMEMBERED_FOR
        # That it was seen holds, also where nobody can tell when.
        if age is None or age <= longest:
            kept[state] = period
    newest = sorted(kept, key=lambda state: kept[state].last)[-_MOST_STATES:]
    return {state: kept[state] for state in newest}
