"""One mail of the plan goes now by the word of a person: through the same claim, checks and holds."""

import pytest
from desk import PAGE, Desk
from mailbox_server import Mailbox

ANNOUNCED, REMINDED = "ml/announcement/2020-04-03", "ml/reminder/2020-04-07"


def _sent(desk: Desk, key: str, now: str, status: int = 0) -> str:
    done = desk.run("send", key, "--yes", "--now", now)
    assert done.returncode == status, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("adopted", "now", "key"),
    [
        ("2020-04-02T12:00", "2020-04-02T13:00", ANNOUNCED),  # upcoming
        ("2020-04-02T12:00", "2020-04-07T14:30", ANNOUNCED),  # missed: it is too late for the rule
        ("2020-04-02T12:00", "2020-04-07T14:30", REMINDED),  # missed: its grace is over
        ("2020-04-04T12:00", "2020-04-04T12:30", ANNOUNCED),  # counts as told
    ],
)
def test_a_mail_whose_talk_is_ahead_goes_now_and_never_twice(
    desk: Desk, mailbox: Mailbox, adopted: str, now: str, key: str
) -> None:
    desk.run("adopt", "--now", adopted)
    assert "Subject: " in _sent(desk, key, now)  # it is shown first
    assert len(mailbox.received) == 1
    assert "was sent already" in _sent(desk, key, now, status=1)
    [row] = desk.json("log")
    assert (row["key"], row["outcome"]) == (key, "sent")
    desk.passed("2020-04-03T10:00" if now < "2020-04-03" else now)
    assert len(mailbox.received) == 1


def test_a_mail_that_a_person_holds_or_whose_talk_is_unclear_or_over_does_not_go(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert "has begun" in _sent(desk, REMINDED, "2020-04-07T15:00", status=1)
    desk.run("hold", ANNOUNCED, "--why", "the room", "--now", "2020-04-02T13:00")
    assert "the room" in _sent(desk, ANNOUNCED, "2020-04-03T10:00", status=1)
    desk.page(PAGE.replace("upcoming Tuesday 7.4", "upcoming Wednesday 7.4"))
    assert "unclear" in _sent(desk, REMINDED, "2020-04-06T10:00", status=1)
    assert "there is no mail" in _sent(desk, "ml/reminder/2031-01-01", "2020-04-06T10:00", status=2)
    assert mailbox.received == []


def test_nothing_goes_where_nobody_agrees(desk: Desk, mailbox: Mailbox) -> None:
    desk.run("adopt", "--now", "2020-04-02T12:00")
    done = desk.run("send", ANNOUNCED, "--now", "2020-04-02T13:00")
    assert done.returncode == 2
    assert f"`announcer send {ANNOUNCED} --yes`" in done.stderr
    assert mailbox.received == []
