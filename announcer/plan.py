"""What is owed to the list: a pure function of the talks, the cadence, the ledger and the time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from announcer.ledger import Row
from announcer.message import Said
from announcer.talks import Series, Talk


class Standing(StrEnum):
    """Where a mail stands in the plan."""

    DUE = "due"
    UPCOMING = "upcoming"
    MISSED = "missed"
    HELD = "held"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One mail that is owed to the list, or why it is not.

    ``reason`` says in a sentence why it stands where it stands. ``previous`` is what was last
    said of its talks, for the calendar entries to follow; ``thread`` the Message-IDs of the
    announcements it follows, oldest first, with ``thread_subject`` where its subject must be
    theirs; ``row`` what the ledger knows of it from earlier attempts.
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
    thread: tuple[str, ...] = ()
    thread_subject: str | None = None
    row: Row | None = None

    def __post_init__(self) -> None:
        if not self.talks:
            raise ValueError(f"{self.key}: a mail about no talk")
        if self.due_at.tzinfo is not UTC or self.expires_at.tzinfo is not UTC:
            raise ValueError(f"{self.key}: instants are in UTC")
