"""An end that comes for certain, whatever a process that was told to stop is waiting for."""

import logging
import os
import sys
import threading
from datetime import timedelta
from typing import Final

from announcer.attempt import PATIENCE

log = logging.getLogger("announcer")

# The answer to a mail, then QUIT and the ledger. Service managers kill after 10 s or more.
LONGEST_END: Final = PATIENCE + timedelta(seconds=4)


def end_for_certain(status: int, within: timedelta = LONGEST_END) -> None:
    """End this process with a status once the time is over, should it still run then.

    A thread of its own does it, since a database that does not answer may block the others. Nothing
    is lost by it: what the server answered is in the spool before anything waits for the ledger.
    """
    timer = threading.Timer(within.total_seconds(), _end, args=[status, within])
    timer.daemon = True
    timer.start()


def _end(status: int, within: timedelta) -> None:
    log.error(
        "still not ended %d s after the signal, so it ends now; what the server answered is kept, "
        "and the next pass records it first",
        within.total_seconds(),
    )
    sys.stdout.flush()
    os._exit(status)
