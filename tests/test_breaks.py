"""A week without a talk: said where it is sure, and wished for; else nothing."""

from email import message_from_bytes
from email.policy import SMTP

import pytest
from desk import Desk
from mailbox_server import Mailbox

PAGE = """\
## Future
### 1. "Rings" 07.04.2020

### 2. "Fields" 21.04.2020

## Past
### 0. "Knots" 31.03.2020
"""
# The Friday before the week without a talk.
FRIDAY = "2020-04-10T10:00"
ICS = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//holidays//EN
BEGIN:VEVENT
UID:easter@example.org
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20200413
DTEND;VALUE=DATE:20200418
SUMMARY:Easter week
END:VEVENT
BEGIN:VEVENT
UID:labour@example.org
DTSTAMP:20200101T000000Z
DTSTART;VALUE=DATE:20000501
RRULE:FREQ=YEARLY
SUMMARY:Labour Day
END:VEVENT
END:VCALENDAR
"""


def breaks(desk: Desk, words: str) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + f"\n[series.breaks]\n{words}\n")


@pytest.fixture
def desk_(desk: Desk) -> Desk:
    desk.page(PAGE)
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    return desk


def test_nothing_is_said_unless_it_is_wished_for(desk_: Desk, mailbox: Mailbox) -> None:
    assert desk_.passed(FRIDAY)["sent"] == []


def test_a_week_of_the_term_without_a_talk_is_said_once_with_the_next_date(
    desk_: Desk, mailbox: Mailbox
) -> None:
    breaks(desk_, "say = true")
    planned = desk_.json("plan", "--now", "2020-04-09T10:00")["upcoming"]
    assert "ml/no-seminar/2020-04-10" in [mail["key"] for mail in planned]
    [sent] = desk_.passed(FRIDAY)["sent"]
    assert sent["key"] == "ml/no-seminar/2020-04-10"
    assert desk_.passed("2020-04-10T10:01")["sent"] == []
    assert desk_.passed("2020-04-10T18:00")["sent"] == []
    [(to, content)] = mailbox.received
    mail = message_from_bytes(content, policy=SMTP)
    assert to == ["ml@groups.example"]
    assert mail["Subject"] == "ML Seminar: no talk on Tue 14 Apr, the next one on Tue 21 Apr"
    body = mail.get_body(("plain",))
    assert body is not None
    assert "no talk on Tuesday, April 14, 2020. The next one:" in body.get_content()
    assert "Tuesday, April 21, 2020, 15:00" in body.get_content()
    assert list(mail.iter_attachments()) == []
    # It told of no talk: the announcement of the next one comes as ever.
    assert [m["key"] for m in desk_.passed("2020-04-17T10:00")["sent"]] == [
        "ml/announcement/2020-04-17"
    ]


@pytest.mark.parametrize("words", ['dates = ["2020-04-14"]', 'dates = ["2020-04-13/2020-04-17"]', 'calendar = "days.ics"'])  # fmt: skip
def test_a_break_goes_without_saying(desk_: Desk, mailbox: Mailbox, words: str) -> None:
    (desk_.folder / "days.ics").write_text(ICS)
    breaks(desk_, f"say = true\n{words}")
    assert desk_.passed(FRIDAY)["sent"] == []


def test_nothing_is_concluded_from_a_page_or_a_calendar_that_cannot_be_read(
    desk_: Desk, mailbox: Mailbox
) -> None:
    breaks(desk_, 'say = true\ncalendar = "days.ics"')
    missing = desk_.run("send", "--now", FRIDAY)
    assert missing.returncode == 3
    assert "days.ics" in missing.stderr
    (desk_.folder / "days.ics").write_text("no calendar")
    broken = desk_.run("send", "--now", FRIDAY)
    assert broken.returncode == 3
    assert "name an .ics file in breaks.calendar" in broken.stderr
    (desk_.folder / "days.ics").write_text(ICS.replace("0413", "0513").replace("0418", "0518"))
    (desk_.folder / "index.md").unlink()
    assert desk_.run("send", "--now", FRIDAY).returncode == 3
    assert mailbox.received == []


def test_a_title_that_is_still_to_come_is_no_week_without_a_talk(
    desk_: Desk, mailbox: Mailbox
) -> None:
    desk_.page(PAGE + "\n### 5. TBA 14.04.2020\n")
    breaks(desk_, "say = true")
    assert desk_.passed(FRIDAY)["sent"] == []


def test_between_two_terms_nothing_is_said(desk_: Desk, mailbox: Mailbox) -> None:
    breaks(desk_, "say = true")
    desk_.page(PAGE.replace("21.04.2020", "20.10.2020"))
    for now in (FRIDAY, "2020-05-08T10:00", "2020-10-09T10:00"):
        assert desk_.passed(now)["sent"] == []


def test_check_warns_of_a_talk_in_a_break(desk_: Desk) -> None:
    (desk_.folder / "days.ics").write_text(ICS)
    breaks(desk_, 'dates = ["2020-04-20/2020-04-24"]\ncalendar = "days.ics"')
    desk_.page(PAGE + '\n### 5. "May Day" 01.05.2020\n')
    checked = desk_.run("check", "--now", "2020-04-02T12:00").stdout
    assert "! talk 2 is on 2020-04-21, in a break" in checked
    assert "! talk 5 is on 2020-05-01, in a break" in checked


@pytest.mark.parametrize("words", ['"2020-13-01"', '"2020-04-20/2020-04-10"', '"easter"'])
def test_a_break_that_is_none_is_named(desk_: Desk, words: str) -> None:
    breaks(desk_, f"dates = [{words}]")
    done = desk_.run("plan")
    assert done.returncode == 2
    assert "series[0].breaks.dates[0]" in done.stderr
