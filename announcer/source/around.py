"""What holds for all entries of a page: its series, its hints, and what its opening says."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urljoin

from announcer.source.dates import WEEKDAY, Order, Written
from announcer.source.hints import Hints
from announcer.source.links import PLAYER
from announcer.source.markdown import LINK
from announcer.source.times import WrittenTime, written_times
from announcer.source.years import Dated, dated
from announcer.talks import Series

_EVERY: Final = re.compile(
    r"\b(?:every|each|weekly|always|usually|jede[nrs]?|wöchentlich|chaque)\b|"
    r"^\W*(?:uhrzeit|(?:meeting )?times?|when|wann|zeit|horaires?|quand)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What holds for all entries of a page."""

    name: str
    location: str | None  # the address that its links are relative to
    series: Series
    hints: Hints
    order: Order
    today: date
    usual: WrittenTime | None = None  # the time that its opening names for every meeting
    end: str = ""  # the last words of a page that may be cut there
    around: tuple[str, ...] = ()  # where a year may stand: front matter, the name of the file
    speaker_first: bool | None = None
    has_speakers: bool = False  # its tables have a column of speakers
    speaker_headings: bool = False  # headings name the speaker, and the title stands below

    def absolute(self, url: str) -> str | None:
        """Give a link as an absolute web address; None where it has none."""
        try:
            whole = urljoin(self.location, url) if self.location else url
        except ValueError:
            return None
        return whole if whole.startswith(("http://", "https://")) else None

    def day(self, written: Written, within: Sequence[str]) -> Dated:
        """Give the day that a date of an entry means, and what is unclear about it."""
        return dated(written, (*reversed(within), *self.around), self.hints.year, self.today)


def usual_time(opening: str) -> WrittenTime | None:
    """Give the time that a page's opening names for every meeting, if it names just one."""
    times = [
        t
        for sentence in sentences(opening)
        if _EVERY.search(sentence)
        or any(m[1].lower().endswith("s") and len(m[1]) > 4 for m in WEEKDAY.finditer(sentence))
        for t in written_times(sentence)
    ]
    return times[0] if len({t.start for t in times}) == 1 else None


def sentences(prose: str) -> list[str]:
    """Cut prose into its sentences, without links and players."""
    plain = LINK.sub(r"\1", PLAYER.sub("", prose))
    return re.split(r"(?<=[!?])\s+|(?<=[^\d\W]\.)\s+(?=[A-ZÄÖÜ])|\n", plain)
