"""What others install is complete, locked, and names no machine."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _packages(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.\[\],-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def test_the_locks_have_hashes_and_name_no_host() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "requirements-image.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "--index-url" not in text
        entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
        assert len(entries) > 20
        assert all("--hash=sha256:" in entry for entry in entries)


def test_the_image_runs_what_was_tested() -> None:
    tested, shipped = (
        _packages(ROOT / name) for name in ("requirements.lock", "requirements-image.lock")
    )
    assert {n: v for n, v in tested.items() if n in shipped} == shipped


def test_what_is_built_carries_the_templates_and_the_words(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [wheel] = tmp_path.glob("seminar_announcer-*.whl")
    [source] = tmp_path.glob("seminar_announcer-*.tar.gz")
    templates = {
        str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*") if path.is_file()
    }
    assert len(templates) > 8
    catalogues = {str(path.relative_to(ROOT)) for path in (ROOT / "announcer").rglob("*.po")}
    assert len(catalogues) >= 2
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
    assert {f"announcer/{name}" for name in templates} <= names
    assert catalogues <= names
    assert "announcer/py.typed" in names
    assert not {name for name in names if name.startswith("tests")}
    with tarfile.open(source) as packed:
        files = {name.partition("/")[2] for name in packed.getnames()}
    assert templates | catalogues <= files
    assert {"README.md", "config.example.toml", "LICENSE"} <= files


def test_no_commit_names_a_path_of_this_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in listed:
        content = (ROOT / name).read_bytes()
        assert b"/wo" + b"rk/" not in content, name
        assert b"/ro" + b"ot/" not in content, name
