"""What the tests of sources share: a series, and the moment at which they read."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from announcer.talks import Mailbox, Series, Talk

NOW = datetime(2026, 4, 3, 8, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def series(*, start: time | None = time(15), location: str | None = None) -> Series:
    mailbox = Mailbox(address="seminar@example.org")
    return Series(
        id="s",
        name="S",
        list="s@groups.example",
        sender=mailbox,
        organisers=(),
        reply_to=mailbox,
        timezone=BERLIN,
        start=start,
        location=location,
    )


def local(talk: Talk) -> str:
    assert talk.starts_at is not None
    assert talk.ends_at is not None
    return f"{talk.starts_at.astimezone(BERLIN):%H:%M}-{talk.ends_at.astimezone(BERLIN):%H:%M}"
