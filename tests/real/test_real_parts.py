"""The main job against parts that other people wrote: Postfix, a browser, the kernel's own account."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from desk import Desk
from playwright.sync_api import sync_playwright

from real import postfix
from real.needs import needs


def as_root() -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        os.getuid() != 0, reason="Postfix starts as root only (package postfix, as root)"
    )


def _until(holds: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def use(desk: Desk, server: postfix.Postfix, password: str) -> None:
    """Let the desk send by a Postfix, with that password in its secret file."""
    config = desk.folder / "config.toml"
    smtp = (
        f'[smtp]\nhost = "127.0.0.1"\nport = {server.port}\nusername = "seminar@mail.lists.example"\n'
        f'ca_file = "{server.ca}"\n\n[[series]]'
    )
    config.write_text(smtp + config.read_text().partition("[[series]]")[2])
    secrets = desk.folder / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "announcer_smtp__password").write_text(password + "\n")


@needs("postfix", "postfix")
@needs("saslpasswd2", "sasl2-bin")
@as_root()
def test_postfix_takes_the_mail_over_tls_with_a_login_and_delivers_it_as_it_was(
    desk: Desk, tmp_path: Path
) -> None:
    with postfix.running() as server:
        use(desk, server, "wrong")
        environ = {"ANNOUNCER_SECRETS_DIR": str(desk.folder / "secrets")}
        desk.run("adopt", "--now", "2020-04-02T12:00")

        refused = desk.run("send", "--now", "2020-04-03T10:00", environ=environ)
        assert refused.returncode == 1
        assert "refused the login of seminar@mail.lists.example" in refused.stderr
        use(desk, server, postfix.PASSWORD)
        assert desk.run("check", "--online", environ=environ).returncode == 0
        sent = desk.run("send", "--now", "2020-04-03T10:05", environ=environ)
        assert sent.returncode == 0, sent.stderr
        assert "queued as" in sent.stdout
        _until(lambda: len(server.received()) == 1, "Postfix delivers")
        [delivered] = server.received()
    mail = message_from_bytes(delivered, policy=SMTP)
    assert mail["X-Original-To"] == "ml@groups.example"
    assert mail["Subject"] == "ML Seminar, Tue 7 Apr: Nets, and the Self-Attention Principle"
    kept = desk.run("log", "ml/announcement/2020-04-03").stdout
    assert mail["Message-ID"] in kept
    body, invite = mail.get_body(("plain",)), next(iter(mail.iter_attachments()))
    assert body is not None
    assert "Sønderby" in body.get_content()
    assert "DTSTART;TZID=Europe/Berlin:20200407T150000" in invite.get_content()


BUSY = "smtpd_recipient_restrictions = check_recipient_access inline:{{ml@groups.example = 450 4.2.0 busy}}"
GONE = BUSY.replace("450 4.2.0 busy", "550 5.1.1 no such list")


@needs("postfix", "postfix")
@needs("saslpasswd2", "sasl2-bin")
@as_root()
@pytest.mark.parametrize(
    ("setting", "outcome", "reply"),
    [
        (GONE, "refused", "550 5.1.1 <ml@groups.example>: Recipient address rejected: no such list"),
        (BUSY, None, "450 4.2.0 <ml@groups.example>: Recipient address rejected: busy"),
        # Postfix knows the size only at the dot, as none is declared at MAIL (RFC 1870).
        ("message_size_limit = 3000", "refused", "552 5.3.4 Error: message file too big"),
    ],
)  # fmt: skip
def test_what_postfix_does_not_take_is_recorded_in_its_words_and_delivered_to_nobody(
    desk: Desk, tmp_path: Path, setting: str, outcome: str | None, reply: str
) -> None:
    with postfix.running(setting) as server:
        use(desk, server, postfix.PASSWORD)
        environ = {"ANNOUNCER_SECRETS_DIR": str(desk.folder / "secrets")}
        desk.run("adopt", "--now", "2020-04-02T12:00")
        done = desk.run("send", "--now", "2020-04-03T10:00", environ=environ)
        assert done.returncode == 1
        assert server.received() == []
        # What waits is the word to the organisers, whose server is not there.
        assert not any(b"To: ml@groups.example" in path.read_bytes() for path in server.waiting())
    [row] = desk.json("log")
    assert (row["outcome"], row["reply"], row["attempts"]) == (outcome, reply, 1)
    assert (row["next_attempt_at"] is None) is (outcome is not None)


@needs("smtp-sink", "postfix")
@pytest.mark.parametrize(
    ("option", "outcome", "status"),
    [
        ((), "sent", 0),
        (("-w", "1"), "sent", 0),
        (("-f", "connect"), None, 1),
        (("-f", "ehlo"), None, 1),
        (("-q", "ehlo"), None, 1),
        (("-f", "mail"), "refused", 1),
        (("-r", "mail"), None, 1),
        (("-q", "mail"), None, 1),
        (("-f", "rcpt"), "refused", 1),
        (("-r", "rcpt"), None, 1),
        (("-f", "data"), "refused", 1),
        (("-r", "data"), None, 1),
        (("-q", "data"), None, 1),
        (("-f", "."), "refused", 1),
        (("-r", "."), None, 1),
        (("-q", "."), "in_doubt", 1),
        (("-q", "rcpt"), None, 1),
        (("-f", "quit"), "sent", 0),
        (("-q", "quit"), "sent", 0),
    ],
)
def test_what_postfixs_own_sink_answers_is_what_the_ledger_says(
    desk: Desk, option: tuple[str, ...], outcome: str | None, status: int
) -> None:
    port = postfix.free_port()
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin") or "smtp-sink"
    user = ("-u", "nobody") if os.getuid() == 0 else ()
    sink = subprocess.Popen([program, *user, *option, f"127.0.0.1:{port}", "10"])
    try:
        config = desk.folder / "config.toml"
        config.write_text(re.sub(r"port = \d+", f"port = {port}", config.read_text()))
        desk.run("adopt", "--now", "2020-04-02T12:00")
        _until(lambda: postfix.listens(port) or sink.poll() is not None, "the sink listens")
        done = desk.run("send", "--now", "2020-04-03T10:00")
    finally:
        sink.kill()
        sink.wait()
    assert done.returncode == status, done.stderr
    [row] = desk.json("log")
    assert row["outcome"] == outcome
    assert row["attempts"] == 1
    assert (row["next_attempt_at"] is None) is (outcome is not None)


DRESSED = """\
language = ["de", "en", "fr"]
also_times = ["America/New_York", "Pacific/Auckland"]
accent = "#7a0019"
footer = ["Department of Mathematics", "https://math.example.org"]
"""


@needs("chromium", "chromium")
@pytest.mark.parametrize("width", [375, 700])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("more", ["", DRESSED], ids=["plain", "dressed"])
def test_the_mail_fits_a_phone_and_reads_in_the_dark(
    desk: Desk, width: int, scheme: str, more: str
) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('id = "ml"\n', f'id = "ml"\n{more}'))
    desk.run("preview", "ml/announcement/2020-04-03", "--now", "2020-04-03T10:00", "--out", "out")
    file = desk.folder / "out" / "ml_announcement_2020-04-03.html"
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": width, "height": 600},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page = context.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # WCAG 2.1, 1.4.3: the ratio of the relative luminances of text and ground.
        contrasts = page.evaluate(CONTRAST)
        text = page.inner_text("body")
        browser.close()
    assert requests == [file.as_uri()]
    assert contrasts
    assert min(ratio for _, ratio in contrasts) >= 4.5, contrasts
    assert "Nets, and the Self-Attention Principle" in text
    assert "Tuesday, April 7, 2020, 15:00–16:00" in text


CONTRAST = """() => {
  const light = c => {
    const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(c)) return c;
    }
    return 'rgb(255,255,255)';
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.offsetParent) continue;
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
    found.push([walk.currentNode.data.trim(), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]);
  }
  return found;
}"""


@needs("chromium", "chromium")
def test_every_kind_of_mail_fits_a_phone_and_reads_in_the_dark(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    long = f'stream = "https://stream.example/{"x" * 120}"\n'
    config.write_text(config.read_text().replace('id = "ml"\n', f'id = "ml"\n{DRESSED}{long}'))
    desk.run("preview", "--all", "--out", "out")
    files = sorted((desk.folder / "out").glob("ml_*.html"))
    assert len(files) > 40
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for width, dark in ((375, True), (375, False), (700, True), (700, False)):
            page = browser.new_page(
                viewport={"width": width, "height": 600}, color_scheme="dark" if dark else "light"
            )
            for file in files:
                page.goto(file.as_uri())
                assert page.evaluate("document.documentElement.scrollWidth") <= width, file.name
                ratios = [ratio for _, ratio in page.evaluate(CONTRAST)]
                assert min(ratios) >= 4.5, file.name
        browser.close()
