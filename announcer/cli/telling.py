"""How the commands that send let the operator of the machine hear of trouble."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from announcer.cli.options import run
from announcer.console import clock_of, operator_hears
from announcer.errors import SettingsError
from announcer.settings import find_settings, read_settings


def made_up(now: str | None, *, really: bool) -> bool:
    """Whether a clock that somebody made up gives the time, and no mail may leave this machine."""
    return now is not None and not really


@contextmanager
def operator_told(
    config: Path | None, now: str | None, *, really: bool, tells: bool
) -> Iterator[None]:
    """Let the operator hear of settings of which no series can be served.

    Where what all series share is wrong, nothing says who the operator is.
    """
    try:
        yield
    except SettingsError as error:
        clock_of(now)
        at = datetime.fromisoformat(now).astimezone(UTC) if now else datetime.now(UTC)
        settings = read_settings(find_settings(config, os.environ)) if tells else None
        if settings is None or settings.operator.mail is None:
            raise
        problem = error

        async def tell() -> int:
            here = made_up(now, really=really)
            async with operator_hears(settings, settings.broken, lambda: at, only_here=here):
                raise problem

        run(tell())
