"""The command line: parse, call, print."""

import os
import signal
import sys
from io import TextIOWrapper

from announcer import console
from announcer.cli import showing
from announcer.cli.options import app
from announcer.errors import AnnouncerError
from announcer.internal import contained

# isort: split
from announcer.cli import sending

# isort: split
from announcer.cli import deciding

COMMANDS = (showing, sending, deciding)  # registered in the order in which the help names them


def main() -> None:
    """Run the command line; every error is a sentence and a status."""
    # Until a pass takes it over. The first process of a container would not even end without.
    serves = "serve" in sys.argv[1:2]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0 if serves else 143))
    if serves:
        # It reads the settings afresh; until it does so anyway, there is nothing to do.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what a terminal cannot show is written as its code
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except AnnouncerError as error:
        for line in str(error).splitlines():
            console.note(line)
        sys.exit(error.exit_status)
    except BrokenPipeError:
        # Whoever read along has read enough, as in `announcer talks | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except BaseException as error:  # noqa: BLE001 - no traceback ever reaches a user
        problem = contained(error, " ".join(["announcer", *sys.argv[1:2]]))
        console.note(str(problem))
        sys.exit(problem.exit_status)
