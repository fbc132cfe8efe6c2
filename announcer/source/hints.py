"""What organisers may have to say about their source; hardly ever needed."""

from dataclasses import dataclass
from typing import Final

from announcer.source.dates import DateOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """The hints of the settings; each kind of source takes those that it can use."""

    date_order: DateOrder | None = None
    year: int | None = None
    fields: tuple[tuple[str, str], ...] = ()  # a fact, and the name that holds it
    sections: tuple[str, ...] = ()
    skip_sections: tuple[str, ...] = ()
    cancel_words: tuple[str, ...] = ()
    tba_words: tuple[str, ...] = ()


NO_HINTS: Final = Hints()
