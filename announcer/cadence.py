"""When a mail about a talk is due: one rule, one instant."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from announcer.talks import Talk

ANNOUNCEMENT: Final = "announcement"
REMINDER: Final = "reminder"
UPDATE: Final = "update"
CANCELLATION: Final = "cancellation"
NO_SEMINAR: Final = "no-seminar"

# An announcement of a talk that begins within the hour helps nobody.
ANNOUNCED_BEFORE: Final = timedelta(hours=1)
DEFAULT_GRACE: Final = timedelta(hours=4)


Policy = Literal["send", "hold", "off"]
Field = Literal["start", "end", "place", "stream", "speakers"]
FIELDS: Final[tuple[Field, ...]] = ("start", "end", "place", "stream", "speakers")


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The one instant, in UTC, at which the clocks of a zone show a time on a day.

    In an overlap (clocks go back) it is the first of the two; in a gap (clocks go forward) the
    first valid instant after it, which is the moment of the change itself (RFC 5545, 3.3.5
    differs: it would shift by the length of the gap).
    """
    wall = datetime.combine(day, at, zone)
    early = wall.astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return early
    # PEP 495: in a gap fold=1 counts with the offset after it, and so lands before it.
    before, after = wall.replace(fold=1).astimezone(UTC), early
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """The hours in which a list is left in peace, on the wall clock of its series.

    It ends on the next day where its end is not after its start.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("a night must not last all day")

    def around(self, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return the instants, in UTC, at which the night of an instant begins and ends.

        None where it is day. Both ends are instants, so that a change of clocks makes a night
        longer or shorter, and its end comes once.
        """
        today = at.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            ends = day if self.end > self.start else day + timedelta(days=1)
            night = instant(day, self.start, zone), instant(ends, self.end, zone)
            if night[0] <= at < night[1]:
                return night
        return None

    def morning(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return when the night of an instant ends; by day the instant itself."""
        night = self.around(at, zone)
        return night[1] if night else at


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes of a change that the list must hear of: which, how soon, and by whose word.

    ``quiet`` is how long a talk must stand as it is before a late mail tells of it. In the
    ``night`` such mails wait for the morning; None sends them at any hour.
    """

    update: Policy = "send"
    cancellation: Policy = "send"
    quiet: timedelta = timedelta(minutes=10)
    update_on: tuple[Field, ...] = FIELDS
    night: Night | None = Night(start=time(22), end=time(7))

    def awake(self, at: datetime, zone: ZoneInfo, latest: datetime) -> datetime:
        """Return when a mail that is ready at an instant may go.

        Not before the morning, unless that is not before ``latest``, when it would be too late.
        """
        morning = self.night.morning(at, zone) if self.night else at
        return morning if morning < latest else at


AS_USUAL: Final = Changes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the cadence: which kind of mail goes out, and when, for each talk.

    Either ``at`` is given, with ``days_before`` the talk's day or with ``weekday`` (0 is Monday)
    the last such day at least ``days_before`` days before it; or ``before``, a span before the
    talk begins. ``grace`` is how late the mail may still go out; None sets no such limit.
    """

    kind: str
    name: str | None = None
    weekday: int | None = None
    at: time | None = None
    days_before: int = 0
    before: timedelta | None = None
    grace: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.at is None) == (self.before is None):
            raise ValueError('a rule says either at = "10:00" or before = "1 h"')
        if self.before is not None and (self.weekday is not None or self.days_before):
            raise ValueError("before stands alone, without weekday and days_before")

    @property
    def label(self) -> str:
        """What stands for the rule in keys: its name, or else its kind."""
        return self.name or self.kind

    def moment(self, talk: Talk, zone: ZoneInfo) -> datetime | None:
        """The instant, in UTC, at which the mail about a talk is due; None while it is unknown."""
        if self.before is not None:
            return talk.starts_at - self.before if talk.starts_at else None
        if talk.day is None or self.at is None:
            return None
        day = talk.day - timedelta(days=self.days_before)
        if self.weekday is not None:
            day -= timedelta(days=(day.weekday() - self.weekday) % 7)
        return instant(day, self.at, zone)

    def limit(self, talk: Talk) -> datetime | None:
        """The instant, in UTC, from which on the talk's own start forbids the mail."""
        if talk.starts_at is None:
            return None
        return talk.starts_at - (ANNOUNCED_BEFORE if self.kind == ANNOUNCEMENT else timedelta(0))
