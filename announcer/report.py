"""What one pass did: what became of each due mail, and what went wrong."""

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from announcer.announcement import Announcement, Plan
from announcer.errors import AnnouncerError
from announcer.message import Message

log = logging.getLogger("announcer")


class Fate(StrEnum):
    """What became of a due mail in one pass."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    MISSED = "missed"  # it was due when the pass began, and its time was over before it could go


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One due mail, what became of it, and the last words about it."""

    announcement: Announcement
    fate: Fate
    reply: str | None = None
    message: Message | None = None


@dataclass(slots=True, kw_only=True)
class Report:
    """What one pass did, for the exit status, the log and the person who started it."""

    deliveries: list[Delivery] = field(default_factory=list)
    problems: list[AnnouncerError] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 done, 1 something due could not be sent, 2 the ledger, 3 a source; the highest wins."""
        failed = any(d.fate is not Fate.SENT for d in self.deliveries)
        return max((int(failed), *(problem.exit_status for problem in self.problems)))


_LEVELS: Final = {Fate.SENT: logging.INFO, Fate.DEFERRED: logging.WARNING}


def told(announcement: Announcement, fate: Fate, reply: str, message: Message | None) -> Delivery:
    """Give what became of a mail, and write it to the log."""
    log.log(
        _LEVELS.get(fate, logging.ERROR),
        "%s: %s: %s",
        announcement.key,
        fate.value.replace("_", " "),
        reply,
        extra={"key": announcement.key, "outcome": fate.value},
    )
    return Delivery(announcement=announcement, fate=fate, reply=reply, message=message)
