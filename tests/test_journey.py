"""The installed command, end to end: a page, a ledger, a real SMTP server, and what the list gets."""

import os
import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox


def test_a_talk_is_announced_once_and_reminded_once(desk: Desk, mailbox: Mailbox) -> None:
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    assert desk.json("send", "--now", "2020-04-03T09:59")["sent"] == []
    [sent] = desk.json("send", "--now", "2020-04-03T10:00")["sent"]
    assert sent["key"] == "ml/announcement/2020-04-03"
    assert sent["reply"] == "250 2.0.0 taken"
    assert desk.json("send", "--now", "2020-04-03T10:01")["sent"] == []
    [reminded] = desk.json("send", "--now", "2020-04-07T09:00")["sent"]
    assert reminded["key"] == "ml/reminder/2020-04-07"
    assert desk.json("send", "--now", "2020-04-07T09:01")["sent"] == []

    [(to, first), (_, second)] = mailbox.received
    assert to == ["ml@groups.example"]
    announcement = message_from_bytes(first, policy=SMTP)
    reminder = message_from_bytes(second, policy=SMTP)
    assert announcement["To"] == "ml@groups.example"
    assert (
        announcement["Subject"] == "ML Seminar, Tue 7 Apr: Nets, and the Self-Attention Principle"
    )
    assert (
        reminder["Subject"]
        == "Reminder: ML Seminar, Tue 7 Apr, 15:00: Nets, and the Self-Attention Principle"
    )
    assert reminder["In-Reply-To"] == announcement["Message-ID"]
    [first_invite] = [part.get_content() for part in announcement.iter_attachments()]
    [second_invite] = [part.get_content() for part in reminder.iter_attachments()]
    assert first_invite == second_invite
    body = announcement.get_body(("plain",))
    assert body is not None
    assert "Sønderby" in body.get_content()
    assert [row["outcome"] for row in desk.json("log")] == ["sent", "sent"]


def test_without_a_ledger_nothing_is_sent_but_everything_can_be_looked_at(
    desk: Desk, mailbox: Mailbox
) -> None:
    refused = desk.run("send", "--now", "2020-04-03T10:00")
    assert refused.returncode == 2
    assert "announcer adopt" in refused.stderr
    plan = desk.json("plan", "--now", "2020-04-03T10:00")
    assert [mail["key"] for mail in plan["due"]] == ["ml/announcement/2020-04-03"]
    dry = desk.json("send", "--dry-run", "--out", "out", "--now", "2020-04-03T10:00")
    assert (desk.folder / dry["sent"][0]["file"]).is_file()
    assert not (desk.folder / "announcer.db").exists()
    assert mailbox.received == []


def test_what_adoption_found_in_the_past_is_never_sent(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-03T12:00")
    assert desk.json("send", "--now", "2020-04-03T12:01")["sent"] == []
    assert mailbox.received == []


def test_a_title_that_appears_later_is_announced_then(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("send", "--now", "2020-04-10T10:00")
    assert mailbox.received == []
    held = desk.json("plan", "--now", "2020-04-10T10:00")["held"]
    assert [mail["talks"] for mail in held] == [["4"]]
    desk.page(PAGE.replace("TBA", '"Trees"'))
    assert desk.json("send", "--now", "2020-04-12T18:00")["sent"] == []
    [waiting] = desk.json("plan", "--now", "2020-04-12T18:05", "--weeks", "1")["upcoming"][:1]
    assert waiting["key"] == "ml/announcement/2020-04-10"
    assert (
        "goes out on Sunday 2020-04-12 18:10:00 if nothing changes until then" in waiting["reason"]
    )
    [sent] = desk.json("send", "--now", "2020-04-12T18:10")["sent"]
    assert (sent["key"], sent["talks"]) == ("ml/announcement/2020-04-10", ["4"])


def test_a_busy_server_is_asked_again_after_a_minute(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.answers.append("451 4.7.1 greylisted")
    desk.run("adopt", "--now", "2020-04-02T12:00")
    [deferred] = desk.json("send", "--now", "2020-04-03T10:00:00", status=1)["deferred"]
    assert deferred["reply"].startswith("451 4.7.1 greylisted")
    assert desk.json("send", "--now", "2020-04-03T10:00:30", status=1)["sent"] == []
    [sent] = desk.json("send", "--now", "2020-04-03T10:01:10")["sent"]
    assert sent["message_id"] == deferred["message_id"]
    assert len(mailbox.received) == 1


def test_a_refused_mail_never_stops_the_next(desk: Desk, mailbox: Mailbox) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text()
    _, table, series = text.partition("[[series]]")
    other = series.replace('"ml"', '"art"').replace("ml@groups", "art@groups")
    config.write_text(text + "\n" + table + other)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("550 5.7.1 not here")
    report = desk.json("send", "--now", "2020-04-03T10:00", status=1)
    # The series whose page was there first goes first.
    [refused], [sent] = report["refused"], report["sent"]
    assert {refused["series"], sent["series"]} == {"ml", "art"}
    assert [to for to, _ in mailbox.received] == [[sent["to"]]]


def test_a_server_that_is_not_there_is_named(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    config.write_text(re.sub(r"port = \d+", "port = 1", config.read_text()))
    desk.run("adopt", "--now", "2020-04-02T12:00")
    done = desk.run("send", "--now", "2020-04-03T10:00")
    assert done.returncode == 1
    assert "127.0.0.1:1 cannot be reached (Connection refused); check smtp.host" in done.stdout


def test_a_broken_template_is_named_by_check_and_stops_only_its_own_kind(
    desk: Desk, mailbox: Mailbox
) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('id = "ml"', 'id = "ml"\ntemplates = "own"'))
    (desk.folder / "own" / "reminder").mkdir(parents=True)
    (desk.folder / "own" / "reminder" / "text.txt").write_text("{{ talk.titel }}")
    checked = desk.run("check", "--now", "2020-04-03T10:00")
    assert checked.returncode == 1
    assert "text.txt" in checked.stderr
    assert "a mail of kind announcement can be composed" in checked.stdout
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert len(desk.json("send", "--now", "2020-04-03T10:00")["sent"]) == 1
    [failed] = desk.json("send", "--now", "2020-04-07T09:00", status=1)["failed"]
    assert "text.txt" in failed["reply"]


def test_a_refused_mail_is_not_tried_again(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.answers.append("550 5.7.1 not a member")
    desk.run("adopt", "--now", "2020-04-02T12:00")
    [refused] = desk.json("send", "--now", "2020-04-03T10:00", status=1)["refused"]
    assert "not a member" in refused["reply"]
    report = desk.json("send", "--now", "2020-04-03T11:00", status=1)
    assert [len(report[f]) for f in ("sent", "deferred", "refused")] == [0, 0, 1]
    assert mailbox.received == []


def test_a_test_mail_goes_to_its_address_alone_and_leaves_no_trace(
    desk: Desk, mailbox: Mailbox
) -> None:
    [sent] = desk.json("send", "--to", "me@example.org", "--now", "2020-04-03T10:00")["sent"]
    [(to, content)] = mailbox.received
    mail = message_from_bytes(content, policy=SMTP)
    assert to == ["me@example.org"]
    assert sent["to"] == "me@example.org"
    assert mail["Subject"].startswith("[test] ML Seminar")
    assert not (desk.folder / "announcer.db").exists()


def test_more_mails_than_a_list_may_get_are_all_held(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    config = desk.folder / "config.toml"
    rule = 'weekday = "friday"\nat = "10:00"'
    config.write_text(config.read_text().replace(rule, 'before = "100 h"'))
    archive = PAGE[PAGE.index("## Past Topics") :]
    talks = "".join(f'### {n}. "Talk {n}" 18.04.20 {n}:00\n' for n in range(10, 13))
    desk.page(f"## Future Topics\n{talks}\n{archive}")
    assert desk.passed("2020-04-14T11:00")["sent"] == []
    report = desk.json("send", "--now", "2020-04-14T11:10", status=1)
    capped = [mail for mail in report["held"] if "limits.per_" in mail["reply"]]
    assert len(capped) == 3
    assert report["sent"] == []
    assert mailbox.received == []


def test_a_page_that_is_gone_is_an_error_of_its_own(desk: Desk) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    (desk.folder / "index.md").unlink()
    done = desk.run("send", "--now", "2020-04-03T10:00")
    assert done.returncode == 3
    assert "index.md" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_list_address_is_confirmed_by_name(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("ml@groups.example", "new@groups.example"))
    assert desk.run("send", "--now", "2020-04-03T10:00").returncode == 2
    assert desk.run("adopt", "--now", "2020-04-03T09:00").returncode == 2
    done = desk.run("adopt", "--now", "2020-04-03T09:00", "--list", "new@groups.example")
    assert done.returncode == 0
    assert len(desk.json("send", "--now", "2020-04-03T10:00")["sent"]) == 1
    assert mailbox.received[0][0] == ["new@groups.example"]


def test_two_sends_at_once_send_once(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    command = [sys.executable, "-m", "announcer", "send", "--now", "2020-04-03T10:00"]
    both = [
        subprocess.Popen(
            command, cwd=desk.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert len(mailbox.received) == 1


def test_a_preview_shows_the_calendar_entry_as_it_is_attached(desk: Desk) -> None:
    words = ("preview", "ml/announcement/2020-04-03", "--now", "2020-04-03T10:00")
    shown = desk.run(*words).stdout
    desk.run(*words, "--out", "p")
    [entry] = (desk.folder / "p").glob("*.ics")
    assert "\n[attached: seminar.ics, text/calendar]\n" in shown
    assert entry.read_text(encoding="utf-8") in shown
    assert "BEGIN:VEVENT" in shown


def test_a_preview_is_what_goes_out(desk: Desk) -> None:
    done = desk.run(
        "preview", "ml/announcement/2020-04-03", "--out", "p", "--now", "2020-04-03T10:00"
    )
    assert done.returncode == 0, done.stderr
    names = {path.suffix for path in (desk.folder / "p").iterdir()}
    assert names == {".eml", ".txt", ".html", ".ics"}
    unknown = desk.run("preview", "ml/announcement/1999-01-01", "--now", "2020-04-03T10:00")
    assert unknown.returncode == 2
    assert "ml/announcement/2020-04-03" in unknown.stderr


@pytest.mark.parametrize(
    "command",
    [
        "talks", "plan", "preview", "adopt", "send", "serve", "log", "check",
        "release", "settle", "accept", "hold", "skip", "note", "cancel",
    ],
)  # fmt: skip
def test_every_command_shows_an_example_in_its_help(desk: Desk, command: str) -> None:
    assert f"announcer {command}" in desk.run(command, "--help").stdout.partition("Example:")[2]


def test_check_names_a_rule_that_can_never_fire(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('at = "09:00"', 'at = "15:30"'))
    done = desk.run("check", "--now", "2020-04-03T10:00")
    assert done.returncode == 0, done.stderr
    assert "the rule reminder can never send" in done.stdout


def test_dry_run_opens_no_secret(desk: Desk, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    # A folder in its place would make every attempt to read it fail.
    (secrets / "announcer_smtp__password").symlink_to(secrets / "announcer_smtp__password")
    command = [sys.executable, "-m", "announcer", "send", "--dry-run", "--now", "2020-04-03T10:00"]
    environ = {**os.environ, "ANNOUNCER_SECRETS_DIR": str(secrets)}
    done = subprocess.run(command, cwd=desk.folder, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
