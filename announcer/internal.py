"""Exceptions that nobody foresaw, contained where they happen so that the rest goes on."""

import logging
import traceback
from pathlib import Path
from typing import Final

from announcer.errors import AnnouncerError, InternalError

log = logging.getLogger("announcer")

_PACKAGE: Final = Path(__file__).parent


def contained(error: Exception, key: str) -> AnnouncerError:
    """Return an error as a person reads it; ``key`` names the series or the mail that it is about.

    Errors that were foreseen stay as they are. Of others the type and the place are told, but not
    what they say, which may hold an address or a password.
    """
    if isinstance(error, AnnouncerError):
        return error
    log.debug("%s: %s", key, error, exc_info=error)
    return InternalError(
        f"internal error ({type(error).__name__} at {_place(error)}) while working on {key}; "
        "please report it, with this line"
    )


def _place(error: Exception) -> str:
    """Return the innermost file and line of this package, or of whatever failed outside it."""
    ours = other = "an unknown place"
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        other = f"{file.name}:{line}"
        if file.is_relative_to(_PACKAGE):
            ours = f"{file.relative_to(_PACKAGE.parent)}:{line}"
    return ours if ours != "an unknown place" else other
