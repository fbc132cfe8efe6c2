"""Exceptions that nobody foresaw, contained where they happen so that the rest goes on."""

import asyncio
import logging
import traceback
from pathlib import Path
from typing import Final

from announcer.errors import AnnouncerError, InternalError

log = logging.getLogger("announcer")

_PACKAGE: Final = Path(__file__).parent


def contained(error: BaseException, key: str) -> AnnouncerError:
    """Return an error as a person reads it; ``key`` names the series or the mail that it is about.

    Errors that were foreseen stay as they are. Of others the type and the place are told, but not
    what they say, which may hold an address or a password.

    Raises:
        BaseException: the error itself, where it is meant to end the whole process.
    """
    if isinstance(error, AnnouncerError):
        return error
    if _ends_all(error):
        raise error
    log.debug("%s: %s", key, error, exc_info=error)
    return InternalError(
        f"internal error ({type(error).__name__} at {_place(error)}) while working on {key}; "
        "please report it, with this line"
    )


def _ends_all(error: BaseException) -> bool:
    """Return whether an exception is no fault of a part, but somebody's wish to end.

    Libraries raise ``CancelledError`` also where nobody has cancelled anything.
    """
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:  # outside of any loop
            return False
        return task is not None and task.cancelling() > 0
    return isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit)


def _place(error: BaseException) -> str:
    """Return the innermost file and line of this package, or of whatever failed outside it."""
    ours = other = "an unknown place"
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        other = f"{file.name}:{line}"
        if file.is_relative_to(_PACKAGE):
            ours = f"{file.relative_to(_PACKAGE.parent)}:{line}"
    return ours if ours != "an unknown place" else other
