"""Whatever goes wrong at once, a list gets no flood, and the answer is one clear sentence."""

import sqlite3
from collections.abc import Callable
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox

FRIDAY_TEN = "2020-04-03T10:00"


def _upcoming(count: int, first: date = date(2020, 4, 7)) -> str:
    """A page with so many talks ahead, one a week."""
    days = [first + timedelta(weeks=n) for n in range(count)]
    return "## Future\n" + "".join(
        f'### {n}. "Talk number {n}" {day:%d.%m.%Y}\n\nAbout {n}.\n\n'
        for n, day in enumerate(days, 1)
    )


def _settings(desk: Desk, before: str, after: str) -> None:
    config = desk.folder / "config.toml"
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))


def _removed(desk: Desk) -> None:
    (desk.folder / "announcer.db").unlink()


def _emptied(desk: Desk) -> None:
    (desk.folder / "announcer.db").write_bytes(b"")


def _overwritten(desk: Desk) -> None:
    (desk.folder / "announcer.db").write_bytes(
        b"not a ledger, and long enough to be looked at" * 99
    )


def _torn(desk: Desk) -> None:
    path = desk.folder / "announcer.db"
    content = bytearray(path.read_bytes())
    content[4096:20480] = b"\xff" * 16384
    path.write_bytes(content)


def _cut(desk: Desk) -> None:
    path = desk.folder / "announcer.db"
    path.write_bytes(path.read_bytes()[:6000])


def _newer(desk: Desk) -> None:
    connection = sqlite3.connect(desk.folder / "announcer.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _of_others(desk: Desk) -> None:
    _settings(desk, 'id = "ml"', 'id = "other"')


def _another_list(desk: Desk) -> None:
    _settings(desk, "ml@groups.example", "new@groups.example")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_removed, "announcer.db does not exist, so nothing can be sent; `announcer adopt`"),
        (_emptied, "announcer.db is empty, so nothing can be sent; `announcer adopt`"),
        (_overwritten, "announcer.db is no ledger, and no SQLite database either"),
        (_torn, "announcer.db is damaged"),
        (_cut, "announcer.db is damaged"),
        (_newer, "was written by a newer announcer (schema 99"),
        (_of_others, "does not know the series other; `announcer adopt --series other`"),
        (_another_list, "`announcer adopt --series ml --list new@groups.example`"),
    ],
)
def test_a_ledger_that_cannot_be_trusted_sends_nothing_and_says_what_to_do(
    desk: Desk, mailbox: Mailbox, harm: Callable[[Desk], None], words: str
) -> None:
    desk.page(_upcoming(40))
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    harm(desk)
    done = desk.run("send", "--now", FRIDAY_TEN)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert words in line
    assert mailbox.received == mailbox.told == []


def test_a_series_that_is_not_adopted_does_not_stop_the_others(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    config = desk.folder / "config.toml"
    text = config.read_text()
    _, table, series = text.partition("[[series]]")
    config.write_text(text + "\n" + table + series.replace('"ml"', '"art"').replace("ml@", "art@"))
    done = desk.run("send", "--now", FRIDAY_TEN)
    assert done.returncode == 2
    assert "`announcer adopt --series art` takes it in" in done.stderr
    assert [to for to, _ in mailbox.received] == [["ml@groups.example"]]
    assert desk.run("adopt", "--now", "2020-04-03T11:00").returncode == 0
    assert desk.run("send", "--now", "2020-04-03T11:01").returncode == 0
    assert len(mailbox.received) == 1


def test_forty_talks_ahead_are_no_reason_to_complain_and_fifty_sends_send_what_is_due(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(_upcoming(40))
    desk.run("adopt", "--now", "2020-04-03T09:00")
    quiet = desk.run("send", "--now", "2020-04-03T09:01")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert mailbox.received == []
    for _ in range(50):
        done = desk.run("send", "--now", FRIDAY_TEN)
        assert done.returncode == 0, done.stderr
    assert len(mailbox.received) == 1
    assert mailbox.told == []


def test_five_hundred_talks_at_once_are_not_believed_until_a_person_says_so(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.page(PAGE + _upcoming(500, date(2020, 4, 8)).replace("### ", "### 1"))
    done = desk.run("send", "--now", FRIDAY_TEN)
    assert done.returncode == 3
    assert "new talks appeared at once" in done.stderr
    assert "announcer accept --series ml" in done.stderr
    # What was believed before stands: the talk of Tuesday is announced all the same.
    [(to, content)] = mailbox.received
    assert to == ["ml@groups.example"]
    assert b"Self-Attention" in content
    assert desk.run("plan", "--now", FRIDAY_TEN).returncode == 3
    assert desk.run("check", "--now", FRIDAY_TEN).returncode == 3
    assert desk.run("adopt", "--now", FRIDAY_TEN).returncode == 3
    accepted = desk.run("accept", "--now", "2020-04-03T10:05")
    assert accepted.returncode == 0, accepted.stderr
    assert "believed as it stands" in accepted.stdout
    assert desk.run("send", "--now", "2020-04-03T10:06").returncode == 0


def test_an_emptied_page_or_one_where_most_is_gone_is_not_believed(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(_upcoming(6))
    desk.run("adopt", "--now", "2020-04-02T12:00")
    for broken, words in (
        ("## Future\nMoved to our new site!\n", "lists no talk at all, where it had 6"),
        (_upcoming(2), "of 6 talks ahead 4 are gone"),
        (_upcoming(6, date(2020, 4, 9)), "of 6 talks ahead 6 are gone, or have another date"),
    ):
        desk.page(broken)
        done = desk.run("send", "--dry-run", "--now", FRIDAY_TEN)
        assert done.returncode == 3
        assert words in done.stderr
    desk.page(_upcoming(4))
    assert desk.run("send", "--now", FRIDAY_TEN).returncode == 0
    assert len(mailbox.received) == 1


def test_a_new_term_that_replaces_a_list_that_is_over_is_no_fault(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(_upcoming(6))
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.page(_upcoming(12, date(2020, 10, 6)))
    done = desk.run("send", "--now", "2020-10-02T10:00")
    assert done.returncode == 0, done.stderr
    assert len(mailbox.received) == 1


def test_a_page_that_is_gone_is_borne_for_three_days_and_told_after_one(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(_upcoming(3))
    desk.run("adopt", "--now", "2020-04-02T12:00")
    (desk.folder / "index.md").unlink()
    report = desk.json("send", "--now", FRIDAY_TEN, status=3)
    assert [mail["key"] for mail in report["sent"]] == ["ml/announcement/2020-04-03"]
    assert mailbox.told == []
    for _ in range(2):
        assert desk.run("send", "--now", "2020-04-03T13:00").returncode == 3
    [(to, content)] = mailbox.told
    assert to == ["anna@example.org"]
    told = message_from_bytes(content, policy=SMTP)
    assert told["To"] == "anna@example.org"
    assert told["Subject"] == "[announcer] ML Seminar: something needs you"
    assert "index.md" in told.get_content()
    assert "stand until Sun 2020-04-05 12:00" in told.get_content()
    after = desk.json("send", "--now", "2020-04-07T09:00", status=3)
    assert after["sent"] == []
    assert len(mailbox.received) == 1
    assert (
        "Nothing goes out until"
        in message_from_bytes(mailbox.told[-1][1], policy=SMTP).get_content()
    )
    desk.page(_upcoming(3))
    assert len(desk.json("send", "--now", "2020-04-07T10:00")["sent"]) == 1


def _thirty_at_once(desk: Desk) -> None:
    """Thirty talks whose mails fall due at the same time, each in a mail of its own."""
    desk.page(
        "".join(
            f'### {n}. "Talk {n}" 18.04.2020 10:{n:02}\n\nAbout {n}.\n\n' for n in range(10, 40)
        )
    )
    _settings(desk, 'weekday = "friday"\nat = "10:00"', 'before = "100 h"')
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0


def test_thirty_mails_that_fall_due_at_once_are_held_until_a_person_lets_them_go(
    desk: Desk, mailbox: Mailbox
) -> None:
    _thirty_at_once(desk)
    report = desk.json("send", "--now", "2020-04-14T11:00", status=1)
    assert len(report["held"]) == 30
    assert "30 mails to ml@groups.example are due, 0 went before, and limits.per_pass is 2" in report["held"][0]["reply"]  # fmt: skip
    assert mailbox.received == []
    [(to, content)] = mailbox.told
    assert to == ["anna@example.org"]
    assert message_from_bytes(content, policy=SMTP)["Subject"].endswith("30 things need you")

    again = desk.json("send", "--now", "2020-04-14T12:00", status=1)
    assert (again["sent"], len(again["held"]), len(mailbox.told)) == ([], 30, 1)
    held = desk.json("plan", "--now", "2020-04-14T12:00")["held"]
    assert len(held) == 30
    key = held[3]["key"]
    assert f"announcer release {key}" in held[3]["reason"]

    assert desk.run("release", key, "--now", "2020-04-14T12:01").returncode == 0
    [sent] = desk.json("send", "--now", "2020-04-14T12:02", status=1)["sent"]
    assert (sent["key"], sent["talks"]) == (key, held[3]["talks"])
    assert desk.run("release", "--all", "--now", "2020-04-14T12:03").returncode == 0
    rest = desk.json("send", "--now", "2020-04-14T12:04")
    assert len(rest["sent"]) == 29
    assert len(mailbox.received) == 30
    assert {row["outcome"] for row in desk.json("log")} == {"sent"}


def test_check_foresees_that_a_limit_will_be_reached(desk: Desk) -> None:
    _thirty_at_once(desk)
    checked = desk.run("check", "--now", "2020-04-13T10:00")
    assert checked.returncode == 0, checked.stderr
    assert "! more than 4 mails to ml@groups.example would be due" in checked.stdout
    assert "limits.per_week = 8" in checked.stdout


def test_the_limits_of_a_day_and_of_a_week_count_what_went_before(
    desk: Desk, mailbox: Mailbox
) -> None:
    _settings(desk, "[[series]]", "[limits]\nper_day = 2\nper_week = 3\n\n[[series]]")
    _settings(desk, 'weekday = "friday"\nat = "10:00"', 'before = "48 h"')
    desk.page(
        "".join(
            f'### {n}. "Talk {n}" {day}.04.2020 {hour}:00\n\nAbout {n}.\n\n'
            for n, (day, hour) in enumerate([(10, 12), (10, 14), (10, 16), (13, 12), (14, 12)], 1)
        )
    )
    desk.run("adopt", "--now", "2020-04-02T12:00")

    def passed(now: str, *, status: int) -> tuple[int, str]:
        report = desk.json("send", "--now", now, status=status)
        return len(report["sent"]), (report["held"] or [{"reply": ""}])[0]["reply"]

    assert passed("2020-04-08T12:00", status=0) == (1, "")
    assert passed("2020-04-08T14:00", status=0) == (1, "")
    sent, why = passed("2020-04-08T16:00", status=1)
    assert (sent, "limits.per_day is 2" in why) == (0, True)
    # What was held then was not let go in time: it counts as missed for a day.
    assert passed("2020-04-11T12:00", status=1) == (1, "")
    sent, why = passed("2020-04-12T12:00", status=1)
    assert (sent, "limits.per_week is 3" in why) == (0, True)
    assert len(mailbox.received) == 3
