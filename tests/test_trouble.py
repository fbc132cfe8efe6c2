"""Retries, doubt and refusals, through the command: each at its time, and nobody left in the dark."""

import re
import socket
import threading
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from desk import Desk
from mailbox_server import Mailbox

FRIDAY_TEN = "2020-04-03T10:00"


def _told(mailbox: Mailbox) -> list[str]:
    for to, _ in mailbox.told:
        assert to == ["anna@example.org"]
    mails = [message_from_bytes(content, policy=SMTP) for _, content in mailbox.told]
    return [" ".join(mail.get_content().split()) for mail in mails]


def _two_series(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text()
    _, table, series = text.partition("[[series]]")
    config.write_text(text + "\n" + table + series.replace('"ml"', '"art"').replace("ml@", "art@"))


def test_each_retry_comes_at_its_written_time(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers += ["451 busy"] * 6
    now = datetime.fromisoformat(FRIDAY_TEN)
    waits = []
    for attempt in range(1, 7):
        desk.json("send", "--now", now.isoformat(), status=1)
        [row] = desk.json("log")
        assert (row["attempts"], row["outcome"]) == (attempt, None)
        at = datetime.fromisoformat(row["next_attempt_at"]).replace(tzinfo=None)
        waits.append((at - now) / timedelta(minutes=1))
        early = (at - timedelta(seconds=1)).isoformat()
        [deferred] = desk.json("send", "--now", early, status=1)["deferred"]
        assert "the next attempt comes at" in deferred["reply"]
        assert mailbox.received == []
        now = at
    assert [
        least <= wait <= least * 1.1
        for least, wait in zip([1, 2, 5, 10, 20, 40], waits, strict=True)
    ] == [True] * 6
    assert len(desk.json("send", "--now", now.isoformat())["sent"]) == 1
    assert len(mailbox.received) == 1
    # After the fifth attempt the organisers heard of it, once.
    assert len(mailbox.told) == 1


def test_a_mail_that_waits_can_be_tried_at_once(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("451 busy")
    desk.json("send", "--now", FRIDAY_TEN, status=1)
    desk.run("release", "ml/announcement/2020-04-03", "--now", "2020-04-03T10:00:10")
    assert len(desk.json("send", "--now", "2020-04-03T10:00:20")["sent"]) == 1


def test_a_mail_that_is_released_after_an_outage_goes_at_once(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("421 4.3.2 closing")
    desk.json("send", "--now", FRIDAY_TEN, status=1)
    done = desk.run("release", "ml/announcement/2020-04-03", "--now", "2020-04-03T10:00:10")
    assert done.returncode == 0, done.stderr
    assert len(desk.json("send", "--now", "2020-04-03T10:00:20")["sent"]) == 1


def test_a_refused_mail_is_told_to_the_organisers_daily_and_can_be_tried_again(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.answers.append("550 5.7.1 not a member")
    desk.json("send", "--now", FRIDAY_TEN, status=1)
    desk.json("send", "--now", "2020-04-04T10:05", status=1)
    text, _ = _told(mailbox)
    assert "ml/announcement/2020-04-03" in text
    assert "550 5.7.1 not a member" in text
    assert "announcer release" in text
    done = desk.run("release", "ml/announcement/2020-04-03", "--now", "2020-04-04T11:00")
    assert done.returncode == 0, done.stderr
    assert len(desk.json("send", "--now", "2020-04-04T11:01")["sent"]) == 1
    assert "told the organisers" in desk.run("log").stdout


class Silent:
    """A port where nobody says anything: it counts who came."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self.came = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.came += 1
            connection.close()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(5)


def test_trouble_with_the_account_pauses_all_mails_until_the_written_time(
    desk: Desk, mailbox: Mailbox
) -> None:
    _two_series(desk)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    silent = Silent()
    away = {"ANNOUNCER_SMTP__PORT": str(silent.port)}
    first = desk.run("send", "--now", FRIDAY_TEN, environ=away)
    assert first.returncode == 1
    assert silent.came == 1
    again = desk.run("send", "--now", "2020-04-03T10:00:50", environ=away)
    assert again.returncode == 1
    assert silent.came == 1
    assert len(re.findall("deferred", again.stdout)) == 2
    desk.run("send", "--now", "2020-04-03T10:01:10", environ=away)
    assert silent.came == 2
    silent.close()
    # Another account is not concerned, and what waits goes when its time has come.
    assert len(desk.json("send", "--now", "2020-04-03T10:04")["sent"]) == 2
    assert sorted(to for [to], _ in mailbox.received) == ["art@groups.example", "ml@groups.example"]
    # Two passes that each tried one of them, whichever page was there first, and the last.
    assert sum(row["attempts"] for row in desk.json("log")) == 4


def _in_doubt(desk: Desk, mailbox: Mailbox) -> None:
    """Let the server take a mail and never say so."""
    mailbox.answers.append("cut")
    report = desk.json("send", "--now", FRIDAY_TEN, status=1)
    assert len(report["in_doubt"]) == 1
    assert len(mailbox.received) == 1


def test_a_mail_in_doubt_goes_once_more_after_a_quarter_of_an_hour_with_the_same_bytes(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    [text] = _told(mailbox)
    assert "announcer settle" in text
    assert len(desk.json("send", "--now", "2020-04-03T10:14", status=1)["in_doubt"]) == 1
    assert len(mailbox.received) == 1
    assert len(desk.json("send", "--now", "2020-04-03T10:16")["sent"]) == 1
    first, second = mailbox.received
    assert first == second
    assert desk.json("send", "--now", "2020-04-03T10:40")["in_doubt"] == []


def test_a_second_doubt_is_the_last_and_waits_for_a_person(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    mailbox.answers.append("cut")
    assert len(desk.json("send", "--now", "2020-04-03T10:16", status=1)["in_doubt"]) == 1
    assert len(desk.json("send", "--now", "2020-04-05T10:16", status=1)["in_doubt"]) == 1
    assert len(mailbox.received) == 2
    key = "ml/announcement/2020-04-03"
    never = desk.run("settle", key, "--as", "resend", "--now", "2020-04-05T10:20")
    assert never.returncode == 2
    assert "never sent again" in never.stderr
    settled = desk.run("settle", key, "--as", "sent", "--now", "2020-04-05T10:20")
    assert settled.returncode == 0
    assert desk.json("send", "--now", "2020-04-05T10:21")["in_doubt"] == []


@pytest.mark.parametrize(("verdict", "copies"), [("sent", 1), ("resend", 2)])
def test_with_hold_a_person_ends_the_doubt(
    desk: Desk, mailbox: Mailbox, verdict: str, copies: int
) -> None:
    hold = {"ANNOUNCER_DELIVERY__ON_DOUBT": "hold"}
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    key = "ml/announcement/2020-04-03"
    held = desk.run("send", "--now", "2020-04-03T11:00", environ=hold)
    assert held.returncode == 1
    assert f"announcer settle {key}" in held.stdout
    done = desk.run("settle", key, "--as", verdict, "--now", "2020-04-03T11:05", environ=hold)
    assert done.returncode == 0, done.stderr
    assert desk.run("send", "--now", "2020-04-03T11:06", environ=hold).returncode == 0
    assert len(mailbox.received) == copies
    [row] = desk.json("log")
    assert row["outcome"] == "sent"


@pytest.mark.parametrize("word", ["", "resend"])
def test_a_test_never_sends_a_mail_in_doubt_to_the_list(
    desk: Desk, mailbox: Mailbox, word: str
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    if word:
        desk.run("settle", "ml/announcement/2020-04-03", "--as", word, "--now", "2020-04-03T10:15")
    test = ("send", "--to", "me@example.org", "--now", "2020-04-03T10:16")
    [held] = desk.json(*test, status=1)["in_doubt"]
    assert "it went to ml@groups.example, and never goes there again" in held["reply"]
    assert len(mailbox.received) == 1
    assert len(desk.json("send", "--now", "2020-04-03T10:16")["sent"]) == 1


def test_a_mail_in_doubt_never_follows_to_a_list_that_was_left(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("ml@groups.example", "new@groups.example"))
    moved = ("adopt", "--list", "new@groups.example", "--now", "2020-04-03T10:05")
    assert desk.run(*moved).returncode == 0
    assert len(desk.json("send", "--now", "2020-04-03T10:16", status=1)["in_doubt"]) == 1
    assert len(mailbox.received) == 1


def test_a_mail_in_doubt_whose_talk_changed_waits_for_a_person(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    _in_doubt(desk, mailbox)
    page = desk.folder / "index.md"
    page.write_text(page.read_text().replace("07.04.20", "08.04.20").replace("7.4", "8.4").replace("Tuesday", "Wednesday"))  # fmt: skip
    report = desk.json("send", "--now", "2020-04-03T10:20", status=1)
    assert [mail["key"] for mail in report["in_doubt"]] == ["ml/announcement/2020-04-03"]
    assert "no longer holds" in report["in_doubt"][0]["reply"]
    assert len(mailbox.received) == 1


def test_what_was_missed_is_told_once(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert desk.run("send", "--now", "2020-04-09T10:00").returncode == 1
    assert desk.run("send", "--now", "2020-04-09T11:00").returncode == 0
    assert mailbox.received == []
    [text] = _told(mailbox)
    assert "ml/announcement/2020-04-03" in text
    assert "ml/reminder/2020-04-07" in text
    assert "it was missed" in text


def test_organisers_hear_of_a_talk_that_is_unclear_when_it_is_seen_and_when_its_mail_is_due(
    desk: Desk, mailbox: Mailbox
) -> None:
    page = desk.folder / "index.md"
    page.write_text(page.read_text().replace("upcoming Tuesday 7.4", "upcoming Wednesday 7.4"))
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert desk.run("send", "--now", "2020-04-02T13:00").returncode == 0
    assert desk.run("send", "--now", FRIDAY_TEN).returncode == 1
    seen, due = _told(mailbox)
    assert "says Wednesday" in seen
    assert "ml/announcement/2020-04-03" in due
    assert "says Wednesday" in due
    assert mailbox.received == []


def test_the_list_is_never_an_organiser(desk: Desk) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("anna@example.org", "ML@groups.example"))
    done = desk.run("plan")
    assert done.returncode == 2
    assert "never to the list" in " ".join(done.stderr.split())


def test_a_test_mail_and_a_rehearsal_tell_nobody(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.run("send", "--dry-run", "--now", "2020-04-09T10:00")
    desk.run("send", "--to", "me@example.org", "--now", "2020-04-09T10:00")
    assert mailbox.told == []
    desk.run("send", "--now", "2020-04-09T10:00")
    assert len(mailbox.told) == 1


def test_organisers_who_cannot_be_reached_are_told_at_the_next_pass(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    mailbox.refuses_organisers = True
    done = desk.run("send", "--now", "2020-04-09T10:00")
    assert "an organiser could not be told" in done.stderr
    mailbox.refuses_organisers = False
    desk.run("send", "--now", "2020-04-09T10:05")
    assert len(mailbox.told) == 1
