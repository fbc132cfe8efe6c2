"""The built-in templates: where they stand, and a copy of them to edit."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from announcer.errors import UsageError

# A checkout has them at the top, for whoever edits them; the wheel carries them in the package.
TEMPLATES: Final = next(
    folder
    for folder in (Path(__file__).parent / "templates", Path(__file__).parents[1] / "templates")
    if folder.is_dir()
)


def names() -> tuple[str, ...]:
    """Give the paths of all built-in templates, within their folder."""
    found = (path for path in TEMPLATES.rglob("*") if path.suffix in {".txt", ".html"})
    return tuple(sorted(path.relative_to(TEMPLATES).as_posix() for path in found))


def copied(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Copy the built-in templates, and give each path and whether it was written.

    A file that is there stays as it is.

    Raises:
        UsageError: the folder cannot be written.
    """
    for name in names():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write((TEMPLATES / name).read_bytes())
        except FileExistsError:
            # Also where a file stands in the place of a folder.
            if not path.parent.is_dir():
                raise UsageError(f"{path.parent} is a file, where a folder is needed") from None
            yield path, False
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from error
        else:
            yield path, True
