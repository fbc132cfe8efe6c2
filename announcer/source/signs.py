"""Lines whose facts have a sign for a name: "📅 12 October 2026 🕒 18:30 📍 Café Anker 🎤 Ada Kovács"."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from announcer.source.markdown import Line

_LABELS: Final = {
    "Date": "📅📆🗓", "Time": "🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛🕜🕝🕞🕟⏰⌚⏱", "Location": "📍🏛🏢🏫🚪🗺", "Speaker": "🎤🗣👤👩👨🧑",
}  # fmt: skip
_FACT: Final = {sign: label for label, signs in _LABELS.items() for sign in signs}
# A sign may be followed by how it is to be shown, or joined with others to one picture.
_SIGN: Final = re.compile(
    rf"([{''.join(_FACT)}])[\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff🏫💻🔬🎓]{{0,6}}\s{{0,3}}:?"
)
# "📍 Room 5 — **Ada**: *Nets*" goes on with the talk itself.
_HOLDS_MORE: Final = re.compile(r"\*|(?<!\w)_\w|\s[–—]\s|[\"“„«]")
_LEAD: Final = re.compile(r"\s*(?:[-*+•>]\s+)?[*_]{0,3}\s*")
_EDGES: Final = " \t,;|·•–—-"


def named(page: Sequence[Line]) -> Iterator[Line]:
    """Give the facts that stand behind a sign lines of their own, under the name of the fact."""
    for line in page:
        lead = _LEAD.match(line.text)
        start = lead.end() if lead else 0
        if line.text.isascii() or "|" in line.text or not _SIGN.match(line.text, start):
            yield line
            continue
        facts = list(_facts(line.text[start:]))
        if any(_HOLDS_MORE.search(fact) for fact in facts):
            yield line
        else:
            yield from (Line(text=fact, number=line.number) for fact in facts)


def _facts(text: str) -> Iterator[str]:
    found = list(_SIGN.finditer(text))
    ends = [*(sign.start() for sign in found[1:]), len(text)]
    for sign, end in zip(found, ends, strict=True):
        said = text[sign.end() : end].strip(_EDGES)
        bare = re.sub(r"^[*_]{1,3}|[*_]{1,3}$", "", said).strip(_EDGES)
        if re.search(r"\w", bare):
            yield f"{_FACT[sign[1]]}: {_unlabelled(bare)}"


def _unlabelled(said: str) -> str:
    """Take off the name that stands behind a sign, too: "📍 Where: Café Anker"."""
    return re.sub(r"^[*_]{0,3}[^\W\d_]{2,12}[*_]{0,3}\s?:[*_]{0,3}\s+(?=\S)", "", said)
