"""What single words and cells of an entry look like: a quoted title, a state, a cell of two facts."""

import re
from typing import Final

from announcer.source import people, remarks, roles, words
from announcer.source.headings import NUMBER
from announcer.source.markdown import plain, struck, without_struck

_SEPARATORS: Final = " ,;:–—-@"
_JOINT: Final = re.compile(
    r"(?i)\W*+(?:at|um|à|from|on|am|le|von|ab|de|the|den|uhr|and|und|et|date|when|datum|wann|termin|next (?:seminar|talk|meeting))?\W*"
)
_EMPHASISED: Final = re.compile(r"\s*([*_]{1,3})([^*_\n]{3,60})\1[\s:–—-]+")
_SHORTEST_QUOTED: Final = 5  # letters of a title, with its quotes


def keys(text: str) -> set[str]:
    """Give the words by which two titles are compared."""
    return set(re.findall(r"\w{2,}", text.casefold()))


def quotes_a_title(text: str) -> bool:
    """Tell whether a text is a quoted title, with a number or a name beside it at most."""
    found = words.QUOTED.findall(bare := plain(text))
    if len(found) != 1 or len(found[0]) < _SHORTEST_QUOTED:
        return False
    rest = NUMBER.sub("", bare.replace(found[0], " ").strip()).strip(_SEPARATORS + "|.()")
    rest = re.sub(r"(?i)^(?:by|von|par)\s+", "", rest)
    return not re.search(r"[^\W\d_]", rest) or people.headed(rest)


def wholly_struck(text: str) -> bool:
    """Tell whether a text is struck through, and nothing beside it stands."""
    return struck(text) and not re.search(r"\w", plain(without_struck(text)))


def state(title: str) -> str:
    """Give the emphasised words before a title that say that it is off: "**cancelled** Nets"."""
    found = _EMPHASISED.match(title)
    return found[0] if found and remarks.alone(found[2]) else ""


def trimmed(words: str) -> str:
    """Take off what held a date that is gone: separators, and brackets that lack their other half."""
    words = re.sub(r"\(\s*\)|\[\s*\]", "", words).strip(_SEPARATORS)
    for opening, closing in ("()", "[]"):
        surplus = words.count(opening) - words.count(closing)
        if surplus > 0 and words.startswith(opening):
            words = words.removeprefix(opening).strip(_SEPARATORS)
        elif surplus > 0:
            words = words.removesuffix(opening).strip(_SEPARATORS)
        elif surplus < 0 and words.endswith(closing):
            words = words.removesuffix(closing).strip(_SEPARATORS)
        elif surplus < 0:
            words = words.removeprefix(closing).strip(_SEPARATORS)
    return words


def of_one_cell(cell: str | None) -> tuple[str | None, str | None]:
    """Part a cell that holds both, as a column "Speaker / Title" does."""
    first, _, rest = (cell or "").partition("\n")
    if rest and people.headed(first) and not people.nameish(rest, whole=True):
        return rest.replace("\n", " "), first
    split = roles.parted(cell or "")
    strong = split[0] and split[1] and people.nameish(split[1], whole=True)
    return split if strong else (None, cell)


def marked_apart(title: str) -> tuple[str | None, str | None]:
    """Find the speaker in a title's cell, where marks or words set both apart, and no mere colon."""
    split = roles.marked(title)
    strong = split and split[0] and split[1] and people.nameish(split[1], whole=True)
    return split if split and strong else (title, None)


def no_person(cell: str) -> bool:
    """Whether what stands in the speakers' column of a row without a title is the topic."""
    words = plain(without_struck(cell)).lstrip("?")
    return len(words.split()) > 1 and not any(people.nameish(n) for n in people.names(words))


def joined(free: str) -> str:
    """Join what is left of a head at the places where its date and time were."""
    free = re.sub(r"[(\[][\s|,]*[)\]]", " | ", free)
    free = re.sub(r"(?<![*_])(\*\*|__|\*|_)([\s|:.,;–-]+)\1(?![*_])", " | ", free)
    parts = [trimmed(part) for part in free.split("|") if not _JOINT.fullmatch(part)]
    return " ".join(part for part in parts if part.strip(" ()[]*_.,")).strip(_SEPARATORS + ".")


def marked(line: str) -> bool:
    """Tell whether a line stands out as a whole: emphasised, quoted, or a link."""
    return bool(
        re.fullmatch(
            r"\s*(?:[*_]{1,3}.+[*_]{1,3}|[\"“„«'].+[\"”“»']|\[.+\]\(.+\))\s*[.:]?\s*", line
        )
    )


def quoted_whole(text: str) -> bool:
    """Tell whether a quotation goes to the end of a text, as far as can be told."""
    found = words.QUOTED.match(text)
    return text[:1] in set('"“„«') and (found is None or found.end() == len(text))
