"""Where the talks come from: the port; each sibling reads one kind of place."""

from datetime import datetime
from typing import Protocol

from announcer.talks import Reading


class Source(Protocol):
    """A place where organisers keep their talks."""

    async def load(self, now: datetime) -> Reading:
        """Read the talks as they stand there, past ones too, in the order of the place.

        ``now`` is an instant in UTC: which dates lie ahead, and which year a date without one
        means, depends on it. The order and ids of the talks do not.

        Raises:
            SourceUnreadable: it could not be fetched or parsed; never "no talks" instead.
        """
        ...
