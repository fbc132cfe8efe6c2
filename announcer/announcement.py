"""One mail that is owed to the list, or why it is not; and the plan, which is all of them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from announcer.ledger import Row
from announcer.message import Said
from announcer.past import Standing
from announcer.quantities import Span
from announcer.talks import Series, Talk


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One mail that is owed to the list, or why it is not.

    ``reason`` says in a sentence why it stands where it stands. ``previous`` is what was last
    composed of its talks, for the calendar entries to follow; ``told`` what the list last heard
    of them; ``notes`` are paragraphs of an organiser's; ``thread`` the Message-IDs of the
    announcements it follows, oldest first; ``row`` what the ledger knows of it from earlier attempts, and ``waits_until`` when
    its next attempt may come. ``expires_at`` is when the time of its last talk is over; from
    ``sendable_until`` on, which is when that of its first one is, it has to be composed anew.
    ``without`` are the days that a mail of a week without a talk is about. ``is_next`` says that no
    other talk of the series comes before the last of its talks.

    ``overdue`` tells that it should have gone by now and did not; ``by_choice`` that this is so
    because a person held it, or its title is not known yet, which is nobody's trouble.
    """

    key: str
    series: Series
    kind: str
    rule: str
    standing: Standing
    due_at: datetime
    expires_at: datetime
    talks: tuple[Talk, ...]  # in order of time
    reason: str
    previous: tuple[Said, ...] = ()
    told: tuple[Said, ...] = ()
    notes: tuple[str, ...] = ()
    thread: tuple[str, ...] = ()
    row: Row | None = None
    waits_until: datetime | None = None
    first_expiry: datetime | None = None  # None where all of its talks have the same
    without: Span | None = None
    is_next: bool = True
    overdue: bool = False
    by_choice: bool = False

    @property
    def trouble(self) -> str | None:
        """Why it should have gone and did not; None where it did, or nothing is wrong with that."""
        return self.reason if self.overdue and not self.by_choice else None

    @property
    def sendable_until(self) -> datetime:
        """From when on it says something that is over, and must not go as it is."""
        return self.first_expiry or self.expires_at

    def __post_init__(self) -> None:
        if not self.talks:
            raise ValueError(f"{self.key}: a mail about no talk")
        if self.due_at.tzinfo is not UTC or self.expires_at.tzinfo is not UTC:
            raise ValueError(f"{self.key}: instants are in UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All mails of a series that are owed, or would be, in the order of their moments."""

    announcements: tuple[Announcement, ...]

    def standing(self, standing: Standing) -> tuple[Announcement, ...]:
        """Give those that stand there."""
        return tuple(a for a in self.announcements if a.standing is standing)

    @property
    def due(self) -> tuple[Announcement, ...]:
        """What is owed now."""
        return self.standing(Standing.DUE)

    def next_moment(self, now: datetime) -> datetime | None:
        """The next instant at which a look at the plan is worth while."""
        upcoming = (a.due_at for a in self.standing(Standing.UPCOMING))
        waiting = (a.waits_until for a in self.announcements if a.waits_until is not None)
        return min((at for at in (*upcoming, *waiting) if at > now), default=None)
