"""Every kind of mail about made-up talks: what `preview --all` shows and `check` tries."""

import re
import shutil
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from desk import Desk
from playwright.sync_api import sync_playwright
from real.needs import needs

from announcer.compose import MailComposer
from announcer.samples import KINDS, sample_talks, samples
from announcer.talks import Mailbox, Series
from announcer.verify import verify

SERIES = Series(
    id="s",
    name="Seminar",
    list="s@groups.example",
    sender=Mailbox(name="Seminar", address="seminar@example.org"),
    organisers=(),
    reply_to=Mailbox(address="office@example.org"),
    timezone=ZoneInfo("Europe/Berlin"),
)


@pytest.mark.parametrize("start", [None, time(0, 30), time(23, 45)])
def test_every_sample_is_a_mail_that_may_go(start: time | None) -> None:
    series = replace(SERIES, start=start)
    found = samples(series)
    assert {(s.kind, s.case) for s in found} == {
        (kind, case) for kind in KINDS for case in sample_talks(series)
    }
    composer = MailComposer()
    for sample in found:
        message = composer.compose(sample.mail, sample.now)
        verify(message, sample.mail)
        assert message == composer.compose(sample.mail, sample.now)


def test_an_update_says_what_changed_and_a_reminder_that_it_is_today() -> None:
    shown = {
        sample.kind: MailComposer().compose(sample.mail, sample.now).content.decode()
        for sample in samples(SERIES)
        if sample.case == "one"
    }
    assert "was: Room 1" in shown["update"]
    assert "now: Another room" in shown["update"]
    for kind in ("reminder", "late-reminder"):
        assert "Reminder: today, Monday" in shown[kind]
    assert "METHOD" not in shown["no-seminar"]


def test_all_kinds_are_shown_without_a_page_and_without_a_ledger(desk: Desk) -> None:
    (desk.folder / "index.md").unlink()
    done = desk.run("preview", "--all", "--out", "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out/index.html\n", "")
    assert not (desk.folder / "announcer.db").exists()
    page = (desk.folder / "out" / "index.html").read_text(encoding="utf-8")
    files = {path.name for path in (desk.folder / "out").iterdir()} - {"index.html"}
    assert set(re.findall(r'<a href="([^"#]+)"', page)) == files
    assert set(re.findall(r'src="([^"]+)"', page)) == {f for f in files if f.endswith(".html")}
    assert set(re.findall(r'width="(\d+)"', page)) == {"375", "700"}
    assert {f"ml_{kind}_one.txt" for kind in KINDS} <= files
    assert "ml_announcement_five-5.ics" in files
    first = {path: path.read_bytes() for path in (desk.folder / "out").iterdir()}
    desk.run("preview", "--all", "--out", "out", "--now", "2031-01-01T00:00")
    assert first == {path: path.read_bytes() for path in (desk.folder / "out").iterdir()}


def test_a_template_that_fails_with_one_talk_only_is_found_before_that_talk_comes(
    desk: Desk,
) -> None:
    own = desk.folder / "templates" / "reminder" / "first_line.txt"
    own.parent.mkdir(parents=True)
    own.write_text("{{ talks[0].speakers[0].upper() }}", encoding="utf-8")
    config = desk.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('start = "15:00"', 'start = "15:00"\ntemplates = "templates"'))
    checked = desk.run("check", "--now", "2020-04-03T10:00")
    assert checked.returncode == 1
    assert "a mail of kind reminder (no-speaker) cannot go: the template" in checked.stderr
    assert "a mail of kind announcement can be composed" in checked.stdout
    shown = desk.run("preview", "--all")
    assert (shown.returncode, shown.stdout) == (1, "preview/index.html\n")
    assert "announcer: ml/reminder/no-speaker: the template" in shown.stderr
    page = (desk.folder / "preview" / "index.html").read_text(encoding="utf-8")
    assert "first_line.txt, line 1 cannot be rendered" in page
    assert "ml_reminder_one.html" in page


def test_one_mail_or_all_must_be_asked_for(desk: Desk) -> None:
    for words in ((), ("ml/announcement/2020-04-03", "--all")):
        done = desk.run("preview", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "say which mail" in done.stderr


@needs("chromium", "chromium")
def test_a_browser_shows_every_mail_at_both_widths(desk: Desk) -> None:
    desk.run("preview", "--all")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto((desk.folder / "preview" / "index.html").as_uri())
        frame = page.locator('iframe[src="ml_update_one.html"][width="375"]')
        frame.scroll_into_view_if_needed()
        shown = frame.content_frame.locator("body")
        shown.locator("strong", has_text="Another room").first.wait_for()
        browser.close()
    assert all(url.startswith("file:") for url in requests)
