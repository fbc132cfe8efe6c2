"""A wall clock that a test sets."""

from datetime import UTC, datetime, timedelta


class WallClock:
    """A clock that somebody sets while the service runs."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def show(self, now: datetime) -> None:
        self.shift = now - datetime.now(UTC)
