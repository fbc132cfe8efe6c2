"""How long ago an instant was that was written down earlier, perhaps by a clock that was wrong.

An instant ahead of the clock was written by a clock that was ahead, so nobody can tell when it was:
it counts as unknown wherever it stands. What an unknown instant means (not read, not told, not
paused) is decided where it is asked for.
"""

from datetime import datetime, timedelta
from typing import Final

# Two machines that share a ledger may differ by this much, though both keep good time.
SKEW: Final = timedelta(minutes=1)


def elapsed(at: datetime | None, now: datetime) -> timedelta | None:
    """Return how long ago an instant was; None where it is not known, or lies ahead."""
    if at is None or at > now + SKEW:
        return None
    return max(now - at, timedelta(0))


def known(at: datetime | None, now: datetime) -> datetime | None:
    """Return an instant of the past; None where it is not known, or lies ahead."""
    ago = elapsed(at, now)
    return None if ago is None else now - ago


def within(at: datetime | None, now: datetime, longest: timedelta) -> datetime | None:
    """Return an instant ahead for which something waits; None where no wait can be so long."""
    return at if at is not None and at <= now + longest + SKEW else None
