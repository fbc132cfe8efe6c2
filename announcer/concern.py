"""What the organisers must hear: a cause, and the words for it. Never goes to the list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from announcer.ledger import Believed
from announcer.plan import Announcement, Plan, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that needs a person, or that a person should know.

    A cause is told once a day at most; ``once`` says that it never changes, so that once is
    enough.
    """

    cause: str
    words: str
    once: bool = False


def of_mail(mail: Announcement, what: str, words: str, *, once: bool = False) -> Concern:
    """Give the concern about one mail; ``what`` became of it."""
    return Concern(
        cause=f"{what}: {mail.key} {' '.join(talk.id for talk in mail.talks)}",
        words=f"{described(mail)}: {words}",
        once=once,
    )


def described(mail: Announcement) -> str:
    """Name a mail for a person: its key, and the talks it is about."""
    talks = []
    for talk in mail.talks:
        start = talk.starts_at and f"{mail.series.local(talk.starts_at):%a %Y-%m-%d %H:%M}"
        when = start or (f"{talk.day:%a %Y-%m-%d}" if talk.day else "no date")
        talks.append(f"{talk.title or 'to be announced'} ({when})")
    return f"{mail.key}, about {'; '.join(talks)}"


def of_plan(plan: Plan, believed: Believed | None, now: datetime) -> Iterator[Concern]:
    """Give what a plan shows that the organisers must hear: mails missed, and mails held too late.

    A talk that first stood on the page when its time was over already was not missed; and that a
    title is to be announced needs no word until it is too late.
    """
    seen = believed.seen if believed else {}
    for mail in plan.announcements:
        known = any(seen.get(talk.id, now) < mail.expires_at for talk in mail.talks)
        if mail.standing is Standing.MISSED and mail.expires_at <= now and known:
            yield of_mail(mail, "missed", f"it was missed: {mail.reason}", once=True)
        elif mail.standing is Standing.HELD and mail.row is None and mail.due_at <= now:
            if all(talk.tba and talk.starts_at and not talk.unclear for talk in mail.talks):
                continue
            yield of_mail(mail, "held", f"it is due, and held: {mail.reason}", once=True)
