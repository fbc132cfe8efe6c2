"""Which talk of a page is which of the talks that were known: number, title, date, speaker.

Evidence is tried from the strongest down; a pair counts only where nothing else competes for
either of the two. What the evidence leaves open is said, never guessed.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import SequenceMatcher
from itertools import count

from announcer.talks import Talk

_ALIKE = 0.72  # how much of two titles must agree for one to be the other, corrected


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The talks of a page, each with its identity; those that it has no longer; and open questions.

    ``unsure`` are the identities of talks of which nobody can tell whether they are new: each is
    unclear, and the talk that it may be stands among those that are gone.
    """

    talks: tuple[Talk, ...]
    gone: tuple[Talk, ...]
    unsure: frozenset[str]


Evidence = Callable[[Talk, Talk], bool]


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
        for old, new in _certain(before, after, evidence):
            pairs[new.id] = old
            before.remove(old)
            after.remove(new)
    unsure: dict[str, str] = {}
    for new in after:
        for old in [old for old in before if _same_id(old, new)]:
            if new.id in set(accepted):
                pairs[new.id] = old
                before.remove(old)
            elif old.day is not None and old.day >= today:
                unsure[new.id] = _question(old, new)
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

    def moved(first: Talk, second: Talk) -> bool:
        days = [talk.day for talk in (first, second)]
        ahead = all(day is None or day >= today for day in days)
        told = _title(first, second) and _letters(first.title) not in often
        stays = first.day == second.day
        return told and (stays or (ahead and not (first.cancelled or second.cancelled)))

    def only(first: Talk, second: Talk) -> bool:
        live = not (first.cancelled or second.cancelled)
        return live and _day(first, second) and all(days[first.day] == 1 for days in alone)

    before, after = list(one), list(other)
    found: list[tuple[Talk, Talk]] = []
    for evidence in (
        _in_full,
        _all(_title, _day, _start),
        _all(_title, _day),
        moved,
        _all(_speakers, _day),
        _all(_alike, _day),
        _all(_day, _start),
        only,
        lambda first, second: _day(first, second) and all(days[first.day] < 2 for days in alone),
    ):
        for first, second in _certain(before, after, evidence):
            found.append((first, second))
            before.remove(first)
            after.remove(second)
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
    """Give the pairs for which there is evidence, and none for either with another."""
    pairs = [(old, new) for old in before for new in after if evidence(old, new)]
    return [
        (old, new)
        for old, new in pairs
        if sum(o is old for o, _ in pairs) == 1 and sum(n is new for _, n in pairs) == 1
    ]


def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", (text or "").casefold())


def _title(old: Talk, new: Talk) -> bool:
    return bool(_letters(old.title)) and _letters(old.title) == _letters(new.title)


def _day(old: Talk, new: Talk) -> bool:
    return old.day is not None and old.day == new.day


def _start(old: Talk, new: Talk) -> bool:
    return old.starts_at is not None and old.starts_at == new.starts_at


def _speakers(old: Talk, new: Talk) -> bool:
    names = {_letters(name) for name in old.speakers}
    return bool(names) and names == {_letters(name) for name in new.speakers}


def _in_full(old: Talk, new: Talk) -> bool:
    """Whether all that tells one talk from another is the same, be it nothing."""
    told = ((_letters(t.title), t.speakers, t.day, t.starts_at) for t in (old, new))
    return next(told) == next(told)


def _same_id(old: Talk, new: Talk) -> bool:
    return new.given_id and old.given_id and old.id == new.id


def _alike(old: Talk, new: Talk) -> bool:
    one, other = _letters(old.title), _letters(new.title)
    return bool(one and other) and SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _untold(old: Talk, new: Talk) -> bool:
    """Whether one of the two has no title that could contradict the other's."""
    return old.title is None or new.title is None


def _all(*evidence: Evidence) -> Evidence:
    return lambda old, new: all(holds(old, new) for holds in evidence)


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

    def own_title(old: Talk, new: Talk) -> bool:
        """Whether a title tells by itself, as that of a series of meetings does not."""
        return _title(old, new) and _letters(old.title) not in often

    def ahead(old: Talk, _: Talk) -> bool:
        return old.day is None or old.day >= today

    return (
        _all(_same_id, _title, _day, _start),
        _all(_title, _day, _start),
        _all(_title, _day),
        _all(own_title, _speakers),
        _all(own_title, _same_id),
        _all(own_title, ahead),
        _all(_same_id, _day, _start),
        _all(_same_id, _day),
        _all(_speakers, _day),
        _all(_speakers, _same_id),
        _all(_alike, _day),
        _all(_day, _start),
        _day,
        _all(_alike, _same_id),
        _all(_alike, _speakers, ahead),
        _all(_untold, _same_id, ahead),
    )
