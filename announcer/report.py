"""What one pass did: what became of each due mail, and what went wrong."""

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from announcer.announcement import Announcement, Plan
from announcer.errors import AnnouncerError
from announcer.ledger import Pause, State
from announcer.message import Message
from announcer.past import Standing

log = logging.getLogger("announcer")


class Fate(StrEnum):
    """What became of a due mail in one pass."""

    SENT = "sent"
    DEFERRED = "deferred"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    FAILED = "failed"
    HELD = "held"
    MISSED = "missed"


_CHOSEN: Final = frozenset({Fate.HELD, Fate.MISSED})
_STANDS: Final = frozenset({State.HELD, State.REFUSED})  # in the ledger, with the mail as it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One due mail, what became of it, and the last words about it."""

    announcement: Announcement
    fate: Fate
    reply: str | None = None
    message: Message | None = None
    error: AnnouncerError | None = None  # that was contained, if one was

    @property
    def trouble(self) -> str | None:
        """What keeps it from going; None where it went, or by the choice of a person."""
        if self.fate is Fate.SENT or (self.fate in _CHOSEN and self.announcement.by_choice):
            return None
        return self.reply or self.fate.value


class Trouble(NamedTuple):
    """Something that is wrong, and the id of the series that it concerns; None for all of them."""

    series: str | None
    words: str

    @property
    def line(self) -> str:
        """The words, with the series in front where they do not begin with it."""
        named = self.series is None or self.words.startswith((f"{self.series}/", f"{self.series}:"))
        return self.words if named else f"{self.series}: {self.words}"


@dataclass(slots=True, kw_only=True)
class Report:
    """What one pass did, for the exit status, the log and the person who started it."""

    deliveries: list[Delivery] = field(default_factory=list)
    problems: list[AnnouncerError] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    pause: Pause | None = None  # of the account, as the ledger has it when the pass is over

    @property
    def troubles(self) -> list[Trouble]:
        """What is wrong, for the health address: nothing exactly where the exit status is 0."""
        problems = [Trouble(problem.series, str(problem)) for problem in self.problems]
        return problems + [
            Trouble(
                d.announcement.series.id,
                f"{d.announcement.key}: {d.fate.value.replace('_', ' ')}: {d.trouble}",
            )
            for d in self.deliveries
            if d.trouble is not None
        ]

    @property
    def exit_status(self) -> int:
        """0 done, 1 something due could not be sent, 2 the ledger, 3 a source; the highest wins."""
        failed = any(d.trouble is not None for d in self.deliveries)
        return max((int(failed), *(problem.exit_status for problem in self.problems)))


def told(announcement: Announcement, fate: Fate, reply: str, message: Message | None) -> Delivery:
    """Give what became of a mail, and write it to the log."""
    delivery = Delivery(announcement=announcement, fate=fate, reply=reply, message=message)
    log.log(
        _level(delivery),
        "%s: %s: %s",
        announcement.key,
        fate.value.replace("_", " "),
        reply,
        extra={
            "key": announcement.key,
            "series": announcement.series.id,
            "outcome": fate.value,
        },
    )
    return delivery


def unsent(mail: Announcement) -> Delivery | None:
    """Give a mail that is not due to go in this pass, where it should have gone by now."""
    if not mail.overdue:
        return None
    row = mail.row
    message = row.message() if row is not None and (row.copies or row.state in _STANDS) else None
    if mail.standing is Standing.MISSED:
        return told(mail, Fate.MISSED, mail.reason, None)
    if row is not None and row.copies:
        return told(mail, Fate.IN_DOUBT, mail.reason, message)
    refused = row is not None and row.state is State.REFUSED and not mail.by_choice
    return told(mail, Fate.REFUSED if refused else Fate.HELD, mail.reason, message)


def _level(delivery: Delivery) -> int:
    if delivery.trouble is None:
        return logging.INFO
    return logging.WARNING if delivery.fate is Fate.DEFERRED else logging.ERROR
