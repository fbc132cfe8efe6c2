"""Commands by which an organiser decides."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from announcer.cli.options import (
    ConfigOption,
    NowOption,
    SeriesOption,
    app,
    run,
    select,
)
from announcer.console import clock_of
from announcer.errors import (
    UsageError,
)

if TYPE_CHECKING:
    from announcer.office import Office

KeyArgument = Annotated[
    str, typer.Argument(metavar="KEY", help="The mail, as `announcer plan` shows it.")
]
WhyOption = Annotated[
    str, typer.Option("--why", metavar="TEXT", help="The reason, for the others.")
]


@app.command()
def hold(
    key: KeyArgument,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
) -> None:
    """Keep one mail back, wherever its talks move, until it is released.

    Example: announcer hold geometry/announcement/2026-04-03 --why "the room is not sure"
    """
    run(_office(config, series, now).decide(key, "hold", why))


@app.command()
def skip(
    key: KeyArgument,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
) -> None:
    """Never send one mail, wherever its talks move.

    Example: announcer skip geometry/reminder/2026-04-07 --why "everybody knows"
    """
    run(_office(config, series, now).decide(key, "skip", why))


@app.command()
def note(
    key: KeyArgument,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="The paragraph; empty takes it back.")
    ],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """Put a paragraph of yours on top of one mail.

    Example: announcer note geometry/announcement/2026-04-03 "There will be cake."
    """
    run(_office(config, series, now).decide(key, "note", text))


@app.command()
def release(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="The mail, as `announcer plan` shows it.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that caps hold, of the chosen series.")
    ] = False,
    why: WhyOption = "",
) -> None:
    """Let go what is held, or try at once what was refused or waits; the next pass sends it.

    Example: announcer release geometry/announcement/2026-04-03
    """
    if everything is (key is not None):
        raise UsageError("say which mail: `announcer release KEY`, or --all for all that caps hold")
    office = _office(config, series, now)
    if key is None:
        run(office.release_all(), office.status)
    else:
        run(office.release(key, why))


@app.command()
def cancel(
    talk: Annotated[str, typer.Argument(metavar="ID", help="The talk, as `talks` shows it.")],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
    why: WhyOption = "",
    tell: Annotated[
        bool, typer.Option("--tell", help="Tell the list the reason, as --why gives it.")
    ] = False,
) -> None:
    """Say that a talk is cancelled, whatever the page says of it.

    Example: announcer cancel 3 --why "the speaker is ill" --tell
    """
    run(_office(config, series, now).cancel(talk, why, tell=tell))


@app.command()
def accept(
    talk: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Only this talk, as `talks` shows it.")
    ] = None,
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """Say that a page, or one talk of it, is right as it stands, whatever was made of it.

    Example: announcer accept --series geometry
    """
    office = _office(config, series, now)
    run(office.accept(talk), office.status)


@app.command()
def settle(
    key: KeyArgument,
    verdict: Annotated[
        Literal["sent", "resend"],
        typer.Option("--as", help="It has arrived; or it has not, and shall go once more."),
    ],
    config: ConfigOption = None,
    series: SeriesOption = None,
    now: NowOption = None,
) -> None:
    """End the doubt about a mail, once you have looked into the list's archive.

    Example: announcer settle geometry/announcement/2026-04-03 --as sent
    """
    run(_office(config, series, now).settle(key, arrived=verdict == "sent"))


def _office(config: Path | None, series: list[str] | None, now: str | None) -> "Office":
    from announcer.office import Office  # noqa: PLC0415 - only who decides needs it

    asked = select(config, series)
    return Office(asked.settings, asked.chosen, clock_of(now), broken=asked.broken)
