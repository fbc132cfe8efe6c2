"""What makes a talk unclear, or is worth a word to the organisers: alike for every kind of source."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from announcer.cadence import instant
from announcer.source import zones
from announcer.source.times import WrittenTime
from announcer.talks import Series

_DAY_NAMES: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EARLIEST: Final = time(7)
_LATEST: Final = time(22)
_LONGEST: Final = timedelta(hours=12)  # until the next morning, where no day is named


@dataclass(slots=True)
class Ids:
    """The ids that are taken; the same title twice gets a number."""

    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)

    def unique(self, wanted: str) -> str:
        """Give an id that no other talk has, and take it."""
        n = self.counts.get(wanted, 1)
        while (one := wanted if n == 1 else f"{wanted}-{n}") in self.taken:
            n += 1
        self.counts[wanted] = n + 1
        self.taken.add(one)
        return one


@dataclass(slots=True, kw_only=True)
class Checks:
    """What is doubtful about one talk, gathered while it is understood.

    Only what lies ahead is doubted: a mail about the past is never written.
    """

    series: Series
    today: date
    source: str = "source"  # what is to be mended: the page, the file
    unclear: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def ahead(self, day: date) -> bool:
        """Tell whether a day has not passed."""
        return day >= self.today

    def weekday(self, said: Collection[int], day: date, words: str) -> None:
        """Doubt a day that is none of the weekdays which ``words`` name."""
        if not self.ahead(day) or not said or day.weekday() in said:
            return
        wrong = f"{words} says {_DAY_NAMES[min(said)]}, but {day} is a {_DAY_NAMES[day.weekday()]}"
        self.unclear.append(wrong)
        self.warnings.append(f"{wrong}; its mails are held until the {self.source} is mended")

    def clock(self, written: WrittenTime, day: date, usual: Collection[time | None]) -> WrittenTime:
        """Give a time of day as it is meant: "4:00" is 16:00 where that is the usual start."""
        if not written.early:
            return written
        later = _later(written)
        if not self.ahead(day) or any(t and t.hour == later.start.hour for t in usual):
            return later
        self.unclear.append(
            f'"{written.start:%H:%M}" can be in the morning or the afternoon; '
            "write it with am or pm, or as 24 hours"
        )
        return written

    def night(self, day: date, start: time) -> None:
        """Doubt a start at night: it is rather a number that was taken for a time."""
        if self.ahead(day) and not _EARLIEST <= start < _LATEST:
            self.unclear.append(f"the {self.source} says that it starts at {start:%H:%M}, at night")

    def zoned(
        self, day: date, written: WrittenTime, *, of_the_series: bool = False
    ) -> tuple[date, WrittenTime]:
        """Give day and time of day on the clocks of the series, where another zone is named.

        ``of_the_series`` says that the time is that of all talks: "CET", where summer time holds now,
        is then what the clocks of the series show, and only worth a warning.
        """
        if written.zone is None:
            return day, written
        zone = self.series.timezone
        told = zones.meant(day, written.start, written.zone, written.offset, zone)
        ahead = self.ahead(day)
        if told.doubt and ahead:
            (self.warnings if of_the_series else self.unclear).append(
                f"the {self.source} says {told.doubt}"
            )
        if told.warning and ahead:
            self.warnings.append(told.warning)
        start = told.at.astimezone(zone)
        end = None
        if written.end is not None:
            length = datetime.combine(day, written.end) - datetime.combine(day, written.start)
            end = (told.at + length % timedelta(days=1)).astimezone(zone).time()
        own = replace(written, start=start.time(), end=end, zone=None, offset=None)
        return start.date(), own

    def free_slot(self, said: str) -> None:
        """Doubt a talk in place of which stands that the slot is free."""
        self.unclear.append(f'"{said}" says that its slot is free, and names no talk')

    def no_start(self) -> None:
        """Say that a talk has no start."""
        self.warnings.append("no start is known, so it is not announced")

    def end(self, day: date, starts_at: datetime, end: time | None) -> datetime:
        """Give the end of a talk: after midnight, where it would be before the start."""
        if end is None:
            return starts_at + self.series.duration
        start = starts_at.astimezone(self.series.timezone).time()
        last = day if end > start else day + timedelta(days=1)
        at = max(instant(last, end, self.series.timezone), starts_at + timedelta(minutes=1))
        if at - starts_at > _LONGEST:
            self.warnings.append(f"its end, {end:%H:%M}, is not after its start; it is left out")
            return starts_at + self.series.duration
        return at


def _later(written: WrittenTime) -> WrittenTime:
    end = written.end
    return replace(
        written,
        start=written.start.replace(hour=written.start.hour + 12),
        end=end.replace(hour=end.hour + 12) if end and end.hour < 12 else end,
    )
