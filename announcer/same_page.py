"""Whether a reading is of the same page as before, and not of another page in its place.

Which talk is which (``identity``) may lean on weak evidence, such as a shared day, because the page
is known to be the right one. Here exactly that is in question: a maintenance notice that names the
day of a talk must not pass for the page. So only evidence counts that another page would hardly show.
"""

import re
from collections import Counter
from collections.abc import Collection
from difflib import SequenceMatcher
from typing import Final

from announcer.talks import Talk

_ALIKE: Final = 0.72  # how much of two titles must agree for one to be the other, corrected
_TELLING: Final = 6  # characters of an id that is not a mere number, such as a UID or a path
_SHORTEST_PART: Final = 4  # letters of a title that is found within another


def is_same_page(known: Collection[Talk], found: Collection[Talk]) -> bool:
    """Return whether at least one of the known talks, past ones included, is recognised."""
    if _unique_titles(known) & _unique_titles(found) or _long_ids(known) & _long_ids(found):
        return True
    names = {_people(talk) for talk in known} - {frozenset()}
    if any(_people(talk) in names for talk in found):
        return True
    return any(
        _same_slot(old, new)
        for old in known
        for new in found
        if old.day is not None and old.day == new.day
    )


def _same_slot(old: Talk, new: Talk) -> bool:
    """Return whether two talks of one day are one; a shared day alone does not tell."""
    if old.given_id and new.given_id and old.id == new.id:
        return True
    if old.title is None or new.title is None:
        # An entry without a title has nothing but its slot to be recognised by.
        numbered = old.given_id or new.given_id
        return old.title is new.title or (not numbered and old.starts_at == new.starts_at)
    return _related(_letters(old.title), _letters(new.title)) or bool(
        _surnames(old) & _surnames(new)
    )


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
