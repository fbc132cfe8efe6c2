"""Which talk of a page is which of the talks that were known: number, title, date, speaker.

Evidence is tried from the strongest down; a pair counts only where nothing else competes for
either of the two. What the evidence leaves open is said, never guessed.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import count

from announcer.talks import Talk

_ALIKE = 0.72  # how much of two titles must agree for one to be the other, corrected
# More are not compared, as where hundreds of talks are on one day: which is which is then not certain.
_MOST_COMPARED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The talks of a page, each with its identity; those that it has no longer; and open questions.

    ``unsure`` are the identities of talks of which nobody can tell whether they are new: each is
    unclear, and the talk that it may be stands among those that are gone.
    """

    talks: tuple[Talk, ...]
    gone: tuple[Talk, ...]
    unsure: frozenset[str]


Part = Callable[[Talk], Hashable]  # what two talks have in common; None where it tells nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What tells that two talks are one: parts that are the same in both, and what else must hold.

    By the parts talks are looked up, so that not each is compared with each.
    """

    parts: tuple[Part, ...]
    holds: Callable[[Talk, Talk], bool] | None = None

    def key(self, talk: Talk) -> Hashable:
        """Return what the talk has in common with its match; None where a part tells nothing."""
        parts = tuple(part(talk) for part in self.parts)
        return None if None in parts else parts


def matched(
    known: Sequence[Talk],
    found: Sequence[Talk],
    today: date,
    *,
    accepted: Iterable[str] = (),
    taken: Iterable[str] = (),
) -> Matched:
    """Recognise talks.

    Args:
        known: those that were believed last, and those that had gone from the page by then.
        found: those of the page, in its order.
        today: the local day; a talk that was held is not taken for another one lightly.
        taken: identities that were given before, to talks that are forgotten too.
        accepted: ids of which a person said that they are right as they stand.
    """
    before, after = list(known), list(found)
    pairs: dict[str, Talk] = {}  # id of a found talk -> the known one that it is
    for evidence in _evidence(known, found, today):
        certain = _certain(before, after, evidence)
        pairs |= {new.id: old for old, new in certain}
        before = _without(before, (old for old, _ in certain))
        after = _without(after, (new for _, new in certain))
    unsure: dict[str, str] = {}
    said = frozenset(accepted)
    recognised: list[Talk] = []
    named: dict[str, list[Talk]] = {}
    for old in before:
        if old.given_id:
            named.setdefault(old.id, []).append(old)
    for new in after:
        for old in named.get(new.id, ()) if new.given_id else ():
            if new.id in said:
                pairs[new.id] = old
                recognised.append(old)
            elif old.day is not None and old.day >= today:
                unsure[new.id] = _question(old, new)
    before = _without(before, recognised)
    taken = {*taken, *(talk.identity for talk in known)}
    talks = []
    for new in found:
        talk = _identified(new, pairs.get(new.id), taken)
        taken.add(talk.identity)
        if new.id in unsure:
            reasons = (unsure[new.id], *filter(None, [talk.unclear]))
            talk = replace(talk, unclear="; ".join(reasons))
        talks.append(talk)
    return Matched(
        talks=tuple(talks),
        gone=tuple(before),
        unsure=frozenset(talk.identity for talk in talks if talk.id in unsure),
    )


def same_talks(one: Sequence[Talk], other: Sequence[Talk], today: date) -> list[tuple[Talk, Talk]]:
    """Pair the talks of two places that are the same talk: what each is called there tells nothing.

    The only talk of a day in both is one. A talk that is on another day elsewhere is one where its
    title tells so by itself, and both days are ahead.
    """
    often = _often(one, other)
    alone = [Counter(t.day for t in talks if not t.cancelled) for talks in (one, other)]

    def own_title(talk: Talk) -> Hashable:
        return None if _letters(talk.title) in often else _title(talk)

    def moved(first: Talk, second: Talk) -> bool:
        ahead = all(talk.day is None or talk.day >= today for talk in (first, second))
        live = not (first.cancelled or second.cancelled)
        return first.day == second.day or (ahead and live)

    def only_day(talk: Talk) -> Hashable:
        return talk.day if all(days[talk.day] == 1 for days in alone) else None

    def brief_day(talk: Talk) -> Hashable:
        return talk.day if all(days[talk.day] < 2 for days in alone) else None

    def live(first: Talk, second: Talk) -> bool:
        return not (first.cancelled or second.cancelled)

    before, after = list(one), list(other)
    found: list[tuple[Talk, Talk]] = []
    for evidence in (
        Evidence(parts=(_in_full,)),
        Evidence(parts=(_title, _day, _start)),
        Evidence(parts=(_title, _day)),
        Evidence(parts=(own_title,), holds=moved),
        Evidence(parts=(_speakers, _day)),
        Evidence(parts=(_day,), holds=_alike),
        Evidence(parts=(_day, _start)),
        Evidence(parts=(only_day,), holds=live),
        Evidence(parts=(brief_day,)),
    ):
        certain = _certain(before, after, evidence)
        found += certain
        before = _without(before, (first for first, _ in certain))
        after = _without(after, (second for _, second in certain))
    return found


def _question(old: Talk, new: Talk) -> str:
    return (
        f'talk {new.id} was "{old.title}" on {old.day}, and is now "{new.title}" on {new.day}; if it '
        f"is the same talk, say `announcer accept {new.id}`, else give the new one a number of its "
        "own"
    )


def _identified(new: Talk, old: Talk | None, taken: Iterable[str]) -> Talk:
    if old is not None:
        # What is made of the title stays what it was at first sight.
        name = new.id if new.given_id else old.id
        identity = old.identity
        return replace(new, id=name, first_id=None if identity == name else identity)
    if new.id not in taken:
        return new
    names = (f"{new.id}~{number}" for number in count(2))
    return replace(new, first_id=next(name for name in names if name not in taken))


def _certain(
    before: Sequence[Talk], after: Sequence[Talk], evidence: Evidence
) -> list[tuple[Talk, Talk]]:
    """Return the pairs for which there is evidence, and none for either with another."""
    groups: dict[Hashable, tuple[list[Talk], list[Talk]]] = {}
    for side, talks in enumerate((before, after)):
        for talk in talks:
            key = evidence.key(talk)
            if key is not None:
                groups.setdefault(key, ([], []))[side].append(talk)
    found: list[tuple[Talk, Talk]] = []
    left = _MOST_COMPARED
    for olds, news in groups.values():
        if evidence.holds is None:
            if len(olds) == len(news) == 1:
                found.append((olds[0], news[0]))
            continue
        left -= len(olds) * len(news)
        if left >= 0:
            found += _only_pairs(olds, news, evidence.holds)
    return found


def _only_pairs(
    olds: Sequence[Talk], news: Sequence[Talk], holds: Callable[[Talk, Talk], bool]
) -> list[tuple[Talk, Talk]]:
    pairs = [(old, new) for old in olds for new in news if holds(old, new)]
    often = Counter(id(talk) for pair in pairs for talk in pair)
    return [(old, new) for old, new in pairs if often[id(old)] == often[id(new)] == 1]


def _without(talks: Iterable[Talk], gone: Iterable[Talk]) -> list[Talk]:
    left_out = {id(talk) for talk in gone}
    return [talk for talk in talks if id(talk) not in left_out]


@lru_cache(maxsize=2**16)
def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", (text or "").casefold())


def _title(talk: Talk) -> Hashable:
    return _letters(talk.title) or None


def _day(talk: Talk) -> Hashable:
    return talk.day


def _start(talk: Talk) -> Hashable:
    return talk.starts_at


def _speakers(talk: Talk) -> Hashable:
    return frozenset(map(_letters, talk.speakers)) or None


def _in_full(talk: Talk) -> Hashable:
    """Return all that tells one talk from another, be it nothing."""
    return (_letters(talk.title), talk.speakers, talk.day, talk.starts_at)


def _same_id(talk: Talk) -> Hashable:
    return talk.id if talk.given_id else None


def _alike(old: Talk, new: Talk) -> bool:
    one, other = _letters(old.title), _letters(new.title)
    if not (one and other):
        return False
    compared = SequenceMatcher(None, one, other)
    return compared.quick_ratio() >= _ALIKE and compared.ratio() >= _ALIKE


def _untold(old: Talk, new: Talk) -> bool:
    """Whether one of the two has no title that could contradict the other's."""
    return old.title is None or new.title is None


def _often(*places: Iterable[Talk]) -> set[str]:
    """Give the titles that a place has more than once, so that they do not tell which talk it is."""
    return {
        title
        for talks in places
        for title, number in Counter(_letters(talk.title) for talk in talks).items()
        if number > 1
    }


def _evidence(known: Iterable[Talk], found: Iterable[Talk], today: date) -> tuple[Evidence, ...]:
    """Give what can tell that two are one talk, the strongest first."""
    often = _often(known, found)

    def own_title(talk: Talk) -> Hashable:
        """Return a title that tells by itself, as that of a series of meetings does not."""
        return None if _letters(talk.title) in often else _title(talk)

    def ahead(old: Talk, _: Talk) -> bool:
        return old.day is None or old.day >= today

    def alike_ahead(old: Talk, new: Talk) -> bool:
        return ahead(old, new) and _alike(old, new)

    def untold_ahead(old: Talk, new: Talk) -> bool:
        return ahead(old, new) and _untold(old, new)

    return (
        Evidence(parts=(_same_id, _title, _day, _start)),
        Evidence(parts=(_title, _day, _start)),
        Evidence(parts=(_title, _day)),
        Evidence(parts=(own_title, _speakers)),
        Evidence(parts=(own_title, _same_id)),
        Evidence(parts=(own_title,), holds=ahead),
        Evidence(parts=(_same_id, _day, _start)),
        Evidence(parts=(_same_id, _day)),
        Evidence(parts=(_speakers, _day)),
        Evidence(parts=(_speakers, _same_id)),
        Evidence(parts=(_day,), holds=_alike),
        Evidence(parts=(_day, _start)),
        Evidence(parts=(_day,)),
        Evidence(parts=(_same_id,), holds=_alike),
        Evidence(parts=(_speakers,), holds=alike_ahead),
        Evidence(parts=(_same_id,), holds=untold_ahead),
    )
