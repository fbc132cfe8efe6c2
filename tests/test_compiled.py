"""Templates are compiled once for a process, and again when their text changes."""

import os
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from announcer.compiled import CompiledTemplates


def _environment(folder: Path, cache: CompiledTemplates) -> Environment:
    return Environment(loader=FileSystemLoader(folder), bytecode_cache=cache, autoescape=True)


def test_a_second_environment_takes_the_code_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("Hello {{ name }}", encoding="utf-8")
    cache = CompiledTemplates()
    first, second = (_environment(tmp_path, cache).get_template("a.html") for _ in range(2))
    assert first.root_render_func.__code__ is second.root_render_func.__code__
    assert second.render(name="<Eva>") == "Hello &lt;Eva&gt;"


def test_a_template_whose_text_changed_is_compiled_again(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("old", encoding="utf-8")
    cache = CompiledTemplates()
    assert _environment(tmp_path, cache).get_template("a.html").render() == "old"
    before = (tmp_path / "a.html").stat()
    (tmp_path / "a.html").write_text("new", encoding="utf-8")
    os.utime(tmp_path / "a.html", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _environment(tmp_path, cache).get_template("a.html").render() == "new"


def test_templates_of_the_same_name_in_two_folders_are_told_apart(tmp_path: Path) -> None:
    cache = CompiledTemplates()
    for text in ("one", "two"):
        (tmp_path / text).mkdir()
        (tmp_path / text / "a.html").write_text(text, encoding="utf-8")
    texts = [_environment(tmp_path / name, cache).get_template("a.html").render() for name in ("one", "two", "one")]  # fmt: skip
    assert texts == ["one", "two", "one"]
