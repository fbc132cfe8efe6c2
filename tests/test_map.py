"""The map of the package is true: every file stands on it, and every arrow points downwards."""

import ast
import re
from pathlib import Path

import pytest

import announcer

ROOT = Path(announcer.__file__).parent
LEVELS = {
    name.rstrip("/"): int(level)
    for level, name in re.findall(r"^    (-?\d+) +(\w+/?) ", announcer.__doc__ or "", re.MULTILINE)
}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def _part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "announcer":
            found |= {alias.name for alias in node.names} - {"__version__"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("announcer."):
            found.add(str(node.module).split(".")[1])
    return found


def test_every_file_stands_on_the_map_and_nothing_else_does() -> None:
    assert {_part(path) for path in FILES} == set(LEVELS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_below_and_its_own_folder(path: Path) -> None:
    own = _part(path)
    wrong = {name for name in _imports(path) if name != own and LEVELS[name] >= LEVELS[own]}
    assert not wrong
