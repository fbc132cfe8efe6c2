"""What the documentation says is what the program does."""

import configparser
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from desk import Desk
from pydantic import BaseModel

from announcer.cli.options import app
from announcer.settings import (
    BreaksTable,
    ChangesTable,
    Delivery,
    Fetch,
    LedgerTable,
    Limits,
    Operator,
    RuleTable,
    SeriesTable,
    Service,
    Smtp,
    SourceTable,
)

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group


def _shell(text: str) -> list[str]:
    """Find the lines that a reader would type: indented ones, and those of code fences."""
    return [line.strip() for line in text.splitlines() if line.startswith(("    ", "$ ", "* "))]


def _commands() -> list[tuple[str, str]]:
    found = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        spans = [*_shell(text), *re.findall(r"`((?:announcer|make) [^`]+)`", text)]
        typed = re.compile(r"(?:^|[\s/`])((?:announcer|make) [a-z][^`#>]*)")
        found |= {(page.name, words.strip()) for span in spans for words in typed.findall(span)}
    return sorted(found)


def test_every_command_that_the_documentation_names_exists_with_its_options() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    found = _commands()
    assert len(found) > 40
    for page, words in found:
        program, command, *rest = shlex.split(words.replace("'", ""))
        if program == "make":
            assert command in targets, f"{page}: {words}"
            continue
        if command in {"itself", "seminar"}:
            continue
        assert command.strip(":;,.") in COMMANDS, f"{page}: {words}"
        options = {o for p in COMMANDS[command.strip(":;,.")].params for o in p.opts} | {"--help"}
        for option in (word for word in rest if word.startswith("--")):
            assert option.strip(":;,.)") in options, f"{page}: {words}"


def test_every_link_leads_to_a_file() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)\)", page.read_text(encoding="utf-8")):
            if target.startswith("docs/") or (page.parent / target).exists():
                assert (page.parent / target).exists(), f"{page.name}: {target}"
            else:
                pytest.fail(f"{page.name}: {target} leads nowhere")


def test_the_page_of_each_command_is_what_the_program_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/pages", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {page.stem for page in (ROOT / "docs" / "commands").glob("*.md")}
    assert pages == set(COMMANDS)


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("## `[smtp]`", Smtp),
        ("## `[ledger]`", LedgerTable),
        ("## `[limits]`", Limits),
        ("## `[delivery]`", Delivery),
        ("## `[fetch]`", Fetch),
        ("## `[operator]`", Operator),
        ("## `[service]`", Service),
        ("## `[[series]]`", SeriesTable),
        ("## `[series.source]`", SourceTable),
        ("## `[[series.cadence]]`", RuleTable),
        ("## `[series.changes]`", ChangesTable),
        ("## `[series.breaks]`", BreaksTable),
    ],
)
def test_the_settings_are_all_documented_and_no_others(
    heading: str, model: type[BaseModel]
) -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    [section] = re.findall(rf"^{re.escape(heading)}.*?(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section, re.MULTILINE)
    assert {name for name, _ in rows} == set(model.model_fields)
    for name, default in rows:
        field = model.model_fields[name]
        assert (default == "must be given") is field.is_required(), name
        if default == "none":
            assert field.default in (None, (), {}), name
        if default in {"`true`", "`false`"} or default.isdigit():
            assert default.strip("`") == str(field.default).lower(), name


def test_the_shapes_are_as_documented(desk: Desk) -> None:
    text = (ROOT / "docs" / "scripting.md").read_text(encoding="utf-8")
    shapes = [set(json.loads(block)) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    talk, announcement, row = shapes
    [first, *_] = desk.json("talks", "--now", "2020-04-03T10:00")
    assert set(first) == talk
    plan = desk.json("plan", "--now", "2020-04-03T10:00")
    assert set(plan) == {"now", "due", "upcoming", "missed", "held", "skipped"}
    assert set(plan["due"][0]) == announcement
    desk.run("adopt", "--now", "2020-04-02T12:00")
    sent = desk.json("send", "--now", "2020-04-03T10:00")
    assert set(sent) == {
        "now", "dry_run", "sent", "deferred", "refused", "in_doubt", "failed", "held", "missed",
    }  # fmt: skip
    assert set(sent["sent"][0]) == announcement | {"message_id", "reply", "file"}
    assert set(desk.json("log")[0]) == row


def test_what_contrib_runs_can_be_run() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names are cased
    unit.read(ROOT / "contrib" / "announcer.service")
    crontab = (ROOT / "contrib" / "announcer.crontab").read_text().splitlines()[-1]
    for line in (unit["Service"]["ExecStart"], crontab.partition("seminar ")[2]):
        program, command, option, path, *_ = line.split()
        assert (program, option) == ("/opt/announcer/bin/announcer", "--config")
        assert command in COMMANDS
        assert path == "/etc/announcer/config.toml"
    assert crontab in (ROOT / "docs" / "deployment.md").read_text()
