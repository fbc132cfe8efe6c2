"""Whether a reading is of the same page as before, and not of another page in its place.

Which talk is which (``identity``) may lean on weak evidence, such as a shared day, because the page
is known to be the right one. Here exactly that is in question: a maintenance notice that names the
day of a talk must not pass for the page. So only evidence counts that another page would hardly show.
"""

import re
from collections import Counter
from collections.abc import Collection
from datetime import date
from difflib import SequenceMatcher
from typing import Final

from announcer.talks import Talk

_ALIKE: Final = 0.72  # how much of two titles must agree for one to be the other, corrected
_TELLING: Final = 6  # characters of an id that is not a mere number, such as a UID or a path
_SHORTEST_PART: Final = 4  # letters of a title that is found within another


def is_same_page(
    listed: Collection[Talk],
    gone: Collection[Talk],
    found: Collection[Talk],
    ahead: Collection[Talk],
) -> bool:
    """Return whether at least one of the known talks, past ones included, is recognised.

    Args:
        listed: the talks that the page had when it was last believed.
        gone: those that it had earlier.
        found: the talks that it has now.
        ahead: those of the listed ones that have not begun.
    """
    known = (*listed, *gone)
    if _unique_titles(known) & _unique_titles(found) or _long_ids(known) & _long_ids(found):
        return True
    names = {_people(talk) for talk in known} - {frozenset()}
    if any(_people(talk) in names for talk in found):
        return True
    days = _by_day(found)
    if any(_same_talk(old, new) for old in known for new in days.get(old.day, ())):
        return True
    left = [old for old in known if any(_same_slot(old, new) for new in days.get(old.day, ()))]
    return bool(left) and _may_be_all(left, listed, ahead)


def _by_day(talks: Collection[Talk]) -> dict[date | None, list[Talk]]:
    days: dict[date | None, list[Talk]] = {}
    for talk in talks:
        if talk.day is not None:
            days.setdefault(talk.day, []).append(talk)
    return days


def _same_talk(old: Talk, new: Talk) -> bool:
    """Return whether two talks of one day are one; a shared day alone does not tell."""
    if old.given_id and new.given_id and old.id == new.id:
        return True
    return _related(_letters(old.title), _letters(new.title)) or bool(
        _surnames(old) & _surnames(new)
    )


def _same_slot(old: Talk, new: Talk) -> bool:
    """Return whether one of two talks of one day is the other with a title, or without.

    An entry without a title has nothing but its slot to be recognised by.
    """
    if old.title is not None and new.title is not None:
        return False
    numbered = old.given_id or new.given_id
    return old.title is new.title or (not numbered and old.starts_at == new.starts_at)


def _may_be_all(left: Collection[Talk], listed: Collection[Talk], ahead: Collection[Talk]) -> bool:
    """Return whether a page may have kept no more of its talks than some slots.

    A notice that names the day of an entry without a title looks like its title. But no edit takes
    away all else at once: a page that shows what comes next lets go of the one talk that is over.
    """
    kept = {id(talk) for talk in left}
    if any(id(talk) not in kept for talk in ahead):
        return False
    return sum(talk.title is not None and id(talk) not in kept for talk in listed) <= 1


def _related(one: str, other: str) -> bool:
    """Return whether one title may be the other, corrected, shortened or completed."""
    short, long = sorted((one, other), key=len)
    if len(short) >= _SHORTEST_PART and short in long:
        return True
    return bool(short) and SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _unique_titles(talks: Collection[Talk]) -> set[str]:
    """Return the titles that tell a talk from the others of its page."""
    number = Counter(_letters(talk.title) for talk in talks)
    return {title for title, times in number.items() if title and times == 1}


def _long_ids(talks: Collection[Talk]) -> set[str]:
    return {talk.id for talk in talks if talk.given_id and len(talk.id) >= _TELLING}


def _people(talk: Talk) -> frozenset[str]:
    return frozenset(filter(None, map(_letters, talk.speakers)))


def _surnames(talk: Talk) -> set[str]:
    return {_letters(words[-1]) for name in talk.speakers if (words := name.split())} - {""}


def _letters(text: str | None) -> str:
    return re.sub(r"[\W_]+", "", (text or "").casefold())
