"""What whoever edits the templates is given: a copy, comments that say what may be used."""

import os
import re
from pathlib import Path

import pytest
from desk import Desk

from announcer import builtin
from announcer.builtin import TEMPLATES


@pytest.mark.parametrize("name", builtin.names())
def test_every_template_starts_with_what_it_may_use(name: str) -> None:
    text = (builtin.TEMPLATES / name).read_text(encoding="utf-8")
    comment = re.match(r"\{#-(.*?)-?#\}", text, re.DOTALL)
    assert comment, "no comment at its top"
    assert re.search(r"\bMay\s+use\b", comment[1])


def test_a_copied_folder_gives_the_very_same_mails(desk: Desk) -> None:
    key = "ml/announcement/2020-04-03"
    before = desk.run("preview", key, "--now", "2020-04-03T10:00", "--out", "before")
    copied = desk.run("templates", "--copy")
    assert copied.returncode == 0, copied.stderr
    assert copied.stdout.endswith(f"{len(builtin.names())} written, 0 left as they were\n")
    config = desk.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('start = "15:00"', 'start = "15:00"\ntemplates = "templates"'))
    after = desk.run("preview", key, "--now", "2020-04-03T10:00", "--out", "after")
    assert (before.returncode, after.returncode) == (0, 0), after.stderr
    mails = [(desk.folder / d / f"{key.replace('/', '_')}.eml") for d in ("before", "after")]
    assert mails[0].read_bytes() == mails[1].read_bytes()
    for name in builtin.names():
        mine, theirs = desk.folder / "templates" / name, builtin.TEMPLATES / name
        assert mine.read_bytes() == theirs.read_bytes()


def test_no_file_of_yours_is_overwritten_and_it_is_said_which(desk: Desk) -> None:
    (desk.folder / "config.toml").unlink()  # nor are settings needed
    mine = desk.folder / "mine" / "announcement" / "subject.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("Mine", encoding="utf-8")
    copied = desk.run("templates", "--copy", "mine")
    assert copied.returncode == 0, copied.stderr
    assert "left as it is: mine/announcement/subject.txt\n" in copied.stdout
    assert copied.stdout.count("written: ") == len(builtin.names()) - 1
    assert mine.read_text(encoding="utf-8") == "Mine"


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, desk: Desk) -> None:
    (desk.folder / "templates").write_text("a file", encoding="utf-8")
    refused = desk.run("templates", "--copy")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "templates is a file, where a folder is needed" in refused.stderr
    beneath = desk.run("templates", "--copy", f"templates{os.sep}deeper")
    assert beneath.returncode == 2
    assert "cannot be written: Not a directory" in beneath.stderr


def test_what_a_users_template_hands_on_is_reported_where_the_user_wrote_it(desk: Desk) -> None:
    own = desk.folder / "templates" / "_parts.txt"
    own.parent.mkdir(parents=True)
    text = (TEMPLATES / "_parts.txt").read_text(encoding="utf-8")
    own.write_text(text.replace("talk.heading", "talk.titel"), encoding="utf-8")
    line = text[: text.index("talk.heading")].count("\n") + 1
    config = desk.folder / "config.toml"
    config.write_text(
        config.read_text().replace('id = "ml"\n', 'id = "ml"\ntemplates = "templates"\n')
    )
    said = desk.run("check").stderr
    assert f"{own}, line {line} cannot be rendered: a talk has no 'titel'" in said


def test_a_template_that_includes_one_that_is_not_there_says_which(desk: Desk) -> None:
    own = desk.folder / "templates" / "_body.txt"
    own.parent.mkdir(parents=True)
    own.write_text('{% include "_footer.txt" %}', encoding="utf-8")
    config = desk.folder / "config.toml"
    config.write_text(
        config.read_text().replace('id = "ml"\n', 'id = "ml"\ntemplates = "templates"\n')
    )
    assert "there is no template _footer.txt; check its name" in desk.run("check").stderr


def test_templates_are_copied_beside_the_settings_that_are_named(
    desk: Desk, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "own.toml").write_text("this is no settings file yet", encoding="utf-8")
    copied = desk.run("templates", "--copy", "--config", str(elsewhere / "own.toml"))
    assert copied.returncode == 0, copied.stderr
    assert (elsewhere / "templates" / "_body.txt").is_file()
    assert not (desk.folder / "templates").exists()
    assert desk.run("templates", "--config", "config.toml").stdout == desk.run("templates").stdout
    missing = desk.run("templates", "--config", "none.toml")
    assert (missing.returncode, missing.stderr) == (
        2,
        "announcer: the settings file none.toml does not exist; check --config\n",
    )
