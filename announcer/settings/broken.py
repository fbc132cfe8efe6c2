"""What is out of service because its own settings are wrong; the other series are served."""

from collections.abc import Iterable
from dataclasses import dataclass

from announcer.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenSeries:
    """A [[series]] table whose settings are wrong, or a file of which no table can be read.

    ``place`` is where it stands: ``series[1]`` of a file, a whole file, or an entry of include.
    ``id`` is known where the table names a valid one.
    """

    place: str
    mistakes: tuple[str, ...]
    id: str | None = None
    of_include: bool = False  # an entry of include that matches no file

    @property
    def name(self) -> str:
        """The series as it is named in messages: by its id and its place."""
        return f"{self.id} ({self.place})" if self.id else self.place

    def holds(self, place: str) -> bool:
        """Whether a table stood where this one, or this file, stands now."""
        return self.id is None and (place == self.place or place.startswith(f"{self.place}: "))


def all_mistakes(broken: Iterable[BrokenSeries]) -> tuple[str, ...]:
    """Return each line once, in order."""
    return tuple(dict.fromkeys(line for series in broken for line in series.mistakes))


def refuse_broken(broken: Iterable[BrokenSeries], name: str) -> None:
    """Do nothing, unless the series of this id is one of the broken ones.

    Raises:
        SettingsError: it is, and why.
    """
    mistakes = all_mistakes(series for series in broken if series.id == name)
    if mistakes:
        raise SettingsError(mistakes)
