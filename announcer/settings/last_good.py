"""What the long-running service goes on with while the settings of a series are broken."""

from dataclasses import replace

from announcer.settings.loading import SeriesSettings, Settings


def with_last_good(settings: Settings, before: Settings) -> Settings:
    """Return settings in which each broken series is as it was when it was right.

    The broken ones stay named in ``broken``. A series that was taken out of the settings stays out.
    """
    kept = tuple(asked for asked in before.series if _is_broken(asked, settings))
    return replace(settings, series=(*settings.series, *kept))


def _is_broken(asked: SeriesSettings, settings: Settings) -> bool:
    if any(other.series.id == asked.series.id for other in settings.series):
        return False
    file_is_gone = asked.file not in settings.files
    return any(
        broken.id == asked.series.id
        or broken.holds(asked.place)
        or (broken.of_include and file_is_gone)
        for broken in settings.broken
    )
