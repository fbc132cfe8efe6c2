"""The list hears what changed, once and clearly, and calendars follow."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from desk import Desk
from icalendar import Calendar, Component
from mailbox_server import Mailbox

PAGE = """\
## Future
### 3. "Rings" 07.04.2020
Speaker: Emmy Noether

### 4. "Fields" 14.04.2020
Speaker: Évariste Galois
"""
ANNOUNCED = "2020-04-03T10:00"
KEY = "ml/announcement/2020-04-03"


def mails(mailbox: Mailbox) -> list[EmailMessage]:
    for to, _ in mailbox.received:
        assert to == ["ml@groups.example"]
    return [message_from_bytes(content, policy=SMTP) for _, content in mailbox.received]


def entry(mail: EmailMessage) -> tuple[str, Component]:
    """The calendar entry of a mail, and its method."""
    [part] = mail.iter_attachments()
    calendar = Calendar.from_ical(part.get_content())
    [event] = calendar.walk("VEVENT")
    assert part["Content-Type"].params["method"] == calendar["METHOD"]
    return str(calendar["METHOD"]), event


def sequence(event: Component) -> int:
    return int(str(event["SEQUENCE"]))


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


@pytest.fixture
def told(desk: Desk, mailbox: Mailbox) -> Desk:
    """A desk whose list has heard of the talk of Tuesday, 7 April."""
    desk.page(PAGE)
    assert desk.run("adopt", "--now", "2020-04-02T12:00").returncode == 0
    assert len(desk.json("send", "--now", ANNOUNCED)["sent"]) == 1
    assert len(mailbox.received) == 1
    return desk


def send(desk: Desk, *times: str) -> list[str]:
    """Let passes run at these times, and give the keys of what they sent."""
    return [mail["key"] for now in times for mail in desk.passed(now)["sent"]]


def test_a_room_that_changes_is_told_once_it_has_stood_for_ten_minutes(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace("Speaker: Emmy", "Room: 5\n\nSpeaker: Emmy"))
    assert send(told, "2020-04-03T12:00", "2020-04-03T12:05") == []
    told.page(PAGE.replace("Speaker: Emmy", "Room: 7\n\nSpeaker: Emmy"))
    assert send(told, "2020-04-03T12:08", "2020-04-03T12:12") == []
    assert send(told, "2020-04-03T12:18", "2020-04-03T12:30") == ["ml/update/2020-04-03"]
    first, update = mails(mailbox)
    assert update["Subject"] == "UPDATED: ML Seminar, Tue 7 Apr: Rings"
    assert update["In-Reply-To"] == first["Message-ID"]
    assert "Please note what has changed" in text(update)
    assert "Where was: Room 2 now: 7" in text(update)
    (_, before), (method, after) = entry(first), entry(update)
    assert method == "PUBLISH"
    assert (after["UID"], sequence(after)) == (before["UID"], sequence(before) + 1)
    assert after["LOCATION"] == "7"


def test_a_room_that_is_given_back_in_time_is_no_news(told: Desk, mailbox: Mailbox) -> None:
    told.page(PAGE.replace("Speaker: Emmy", "Room: 5\n\nSpeaker: Emmy"))
    assert send(told, "2020-04-03T12:00") == []
    told.page(PAGE)
    assert send(told, "2020-04-03T12:05", "2020-04-03T12:30") == []
    assert len(mailbox.received) == 1


def test_close_to_the_talk_a_change_is_told_at_once(told: Desk, mailbox: Mailbox) -> None:
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    told.page(PAGE.replace("07.04.2020", "07.04.2020 16:30"))
    assert send(told, "2020-04-07T13:00") == ["ml/update/2020-04-07"]
    update = mails(mailbox)[-1]
    assert "was: Tuesday, April 7, 2020, 15:00–16:00" in text(update)
    assert "now: Tuesday, April 7, 2020, 16:30–17:30" in text(update)


def test_a_talk_that_moves_to_another_week_is_told_and_announced_there_again(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace("07.04.2020", "21.04.2020"))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:10") == ["ml/update/2020-04-05"]
    assert send(told, "2020-04-07T09:00") == []  # the old reminder does not go
    assert send(told, "2020-04-10T10:00") == ["ml/announcement/2020-04-10"]
    assert send(told, "2020-04-14T09:00") == ["ml/reminder/2020-04-14"]
    assert send(told, "2020-04-17T10:00") == ["ml/announcement/2020-04-17"]
    assert send(told, "2020-04-21T09:00") == ["ml/reminder/2020-04-21"]
    assert "was: Tuesday, April 7, 2020" in text(mails(mailbox)[1])
    entries = [entry(mail)[1] for mail in mails(mailbox)]
    rings = [event for event in entries if "Rings" in str(event["SUMMARY"])]
    assert len({str(event["UID"]) for event in rings}) == 1
    assert [sequence(event) for event in rings] == [0, 1, 1, 1]
    assert f"{rings[-1].decoded('dtstart'):%Y-%m-%d %H:%M}" == "2020-04-21 15:00"


def test_a_talk_that_moves_within_its_week_is_told_by_the_update_alone(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace("07.04.2020", "08.04.2020"))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:10", "2020-04-06T10:00") == [
        "ml/update/2020-04-05"
    ]
    assert send(told, "2020-04-08T09:00") == ["ml/reminder/2020-04-08"]
    update, reminder = mails(mailbox)[1:]
    assert update["Subject"] == "UPDATED: ML Seminar, Wed 8 Apr: Rings"
    assert reminder["Subject"] == "Reminder: ML Seminar, Wed 8 Apr, 15:00: Rings"
    assert update["Message-ID"] in reminder["References"]


def test_a_title_or_an_abstract_alone_is_no_update_and_goes_with_the_reminder(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace('"Rings"', '"Rings and ideals"') + "\nMore.\n")
    assert send(told, "2020-04-04T12:00", "2020-04-04T13:00") == []
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    _, event = entry(mails(mailbox)[-1])
    assert "Rings and ideals" in str(event["SUMMARY"])
    assert sequence(event) == 1


def test_what_is_worth_a_mail_is_a_setting(told: Desk, mailbox: Mailbox) -> None:
    config = told.folder / "config.toml"
    config.write_text(config.read_text() + '\n[series.changes]\nupdate_on = ["start"]\n')
    told.page(PAGE.replace("Emmy Noether", "Emil Artin"))
    assert send(told, "2020-04-04T12:00", "2020-04-04T13:00") == []
    config.write_text(config.read_text().replace('["start"]', '["speakers"]'))
    assert send(told, "2020-04-04T14:00") == ["ml/update/2020-04-04"]
    assert "Who was: Emmy Noether now: Emil Artin" in text(mails(mailbox)[-1])


CANCELLED: list[tuple[str, str]] = [
    ('3. "Rings" 07.04.2020', '3. "Rings" 07.04.2020 CANCELLED'),
    ('3. "Rings" 07.04.2020', "3. entfällt 07.04.2020"),
    ('3. "Rings" 07.04.2020', '3. ~~"Rings" 07.04.2020~~'),
]


@pytest.mark.parametrize(("before", "after"), CANCELLED)
def test_a_talk_that_was_told_and_is_cancelled_is_called_off_once(
    told: Desk, mailbox: Mailbox, before: str, after: str
) -> None:
    told.page(PAGE.replace(before, after))
    assert send(told, "2020-04-06T12:00", "2020-04-06T12:30", "2020-04-07T09:00") == [
        "ml/cancellation/2020-04-06"
    ]
    first, mail = mails(mailbox)
    assert mail["Subject"] == "CANCELLED: ML Seminar, Tue 7 Apr: Rings"
    assert mail["In-Reply-To"] == first["Message-ID"]
    assert "please delete it" in text(mail)
    (_, told_entry), (method, event) = entry(first), entry(mail)
    assert (method, event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (event["UID"], sequence(event)) == (told_entry["UID"], sequence(told_entry) + 1)
    assert event.decoded("dtstart") == told_entry.decoded("dtstart")


def test_a_cancellation_that_is_taken_back_is_an_update_that_says_so(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace('"Rings" 07', '"Rings" CANCELLED 07'))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:10") == ["ml/cancellation/2020-04-05"]
    told.page(PAGE)
    assert send(told, "2020-04-06T12:00", "2020-04-06T12:10", "2020-04-06T13:00") == [
        "ml/update/2020-04-06"
    ]
    assert "takes place after all" in text(mails(mailbox)[-1])
    method, event = entry(mails(mailbox)[-1])
    assert (method, event["STATUS"], sequence(event)) == ("PUBLISH", "CONFIRMED", 2)
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]


def test_a_talk_that_was_never_told_is_cancelled_without_a_word(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    desk.page(PAGE.replace('"Rings" 07', '"Rings" CANCELLED 07'))
    assert send(desk, "2020-04-02T13:00", ANNOUNCED, "2020-04-07T09:00") == []
    assert mailbox.received == []


def test_what_counted_as_told_at_adoption_is_told_when_it_changes(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-04T12:00")
    desk.page(PAGE.replace("07.04.2020", "08.04.2020"))
    assert send(desk, "2020-04-05T12:00", "2020-04-05T12:10") == ["ml/update/2020-04-05"]
    desk.page(PAGE.replace('"Rings" 07.04.2020', '"Rings" CANCELLED 08.04.2020'))
    assert send(desk, "2020-04-06T12:00", "2020-04-06T12:10") == ["ml/cancellation/2020-04-06"]


def test_a_talk_that_vanishes_is_held_and_asked_about_and_comes_back_without_a_word(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace('### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n', ""))
    assert send(told, "2020-04-04T12:00", "2020-04-07T09:00") == []
    (to, content), _ = mailbox.told  # once when it vanished, and again as it is still away
    assert to == ["anna@example.org"]
    asked = message_from_bytes(content, policy=SMTP)
    assert "it has gone from the page" in text(asked)
    assert "announcer cancel 3" in text(asked)
    held = told.json("plan", "--now", "2020-04-07T09:00")["held"]
    assert [mail["key"] for mail in held] == ["ml/reminder/2020-04-07"]
    told.page(PAGE)
    assert send(told, "2020-04-07T10:00") == ["ml/reminder/2020-04-07"]
    assert len(mailbox.received) == 2


def test_an_organisers_word_cancels_what_vanished(told: Desk, mailbox: Mailbox) -> None:
    told.page(PAGE.replace('### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n', ""))
    send(told, "2020-04-04T12:00")
    done = told.run("cancel", "3", "--why", "she is ill", "--now", "2020-04-04T12:30")
    assert done.returncode == 0, done.stderr
    assert send(told, "2020-04-04T12:31", "2020-04-04T12:40", "2020-04-07T09:00") == [
        "ml/cancellation/2020-04-04"
    ]
    assert "cancel by" in told.run("log").stdout
    assert "she is ill" in told.run("log").stdout


def test_a_page_that_is_accepted_as_it_stands_forgets_what_is_gone(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace('### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n', ""))
    send(told, "2020-04-04T12:00")
    assert told.run("accept", "--now", "2020-04-04T12:30").returncode == 0
    assert told.json("plan", "--now", "2020-04-07T09:00")["held"] == []
    assert send(told, "2020-04-07T09:00") == []


def test_two_talks_that_swap_their_dates_are_one_update(told: Desk, mailbox: Mailbox) -> None:
    assert send(told, "2020-04-10T10:00") == ["ml/announcement/2020-04-10"]
    later = PAGE.replace("07.04", "21.04").replace("14.04", "28.04")
    told.page(later)
    assert send(told, "2020-04-10T12:00", "2020-04-10T12:10") == ["ml/update/2020-04-10"]
    told.page(later.replace("21.04", "00.04").replace("28.04", "21.04").replace("00.04", "28.04"))
    assert send(told, "2020-04-11T12:00", "2020-04-11T12:10") == ["ml/update/2020-04-11"]
    swapped = mails(mailbox)[-1]
    assert "and 1 more" in swapped["Subject"]
    entries = [
        next(iter(Calendar.from_ical(part.get_content()).walk("VEVENT")))
        for part in swapped.iter_attachments()
    ]
    assert {str(e["SUMMARY"]): f"{e.decoded('dtstart'):%d.%m}" for e in entries} == {
        "ML Seminar: Fields": "21.04", "ML Seminar: Rings": "28.04",
    }  # fmt: skip
    assert all(sequence(e) == 2 for e in entries)


def test_a_talk_that_is_replaced_in_its_slot_is_an_update_of_the_same_entry(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace('"Rings"', '"Knots"').replace("Emmy Noether", "Vaughan Jones"))
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:10") == ["ml/update/2020-04-04"]
    first, update = mails(mailbox)
    assert "Who was: Emmy Noether now: Vaughan Jones" in text(update)
    assert "What was: Rings now: Knots" in text(update)
    assert entry(update)[1]["UID"] == entry(first)[1]["UID"]


def test_a_page_that_renumbers_everything_tells_nobody_anything(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(PAGE.replace("### 4.", "### 15.").replace("### 3.", "### 14."))
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:30") == []
    assert [t["id"] for t in told.json("talks", "--now", "2020-04-04T12:31")] == ["14", "15"]
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    first, reminder = mails(mailbox)
    assert entry(first)[1]["UID"] == entry(reminder)[1]["UID"]
    assert sequence(entry(first)[1]) == sequence(entry(reminder)[1])


def test_a_number_that_names_something_else_altogether_is_asked_about(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(
        PAGE.replace('"Rings" 07.04', '"Knots" 21.04').replace("Emmy Noether", "Vaughan Jones")
    )
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:30", "2020-04-07T09:00") == []
    asked = " ".join(text(message_from_bytes(c, policy=SMTP)) for _, c in mailbox.told)
    assert 'was "Rings" on 2020-04-07, and is now "Knots" on 2020-04-21' in asked
    assert told.run("accept", "3", "--now", "2020-04-06T12:00").returncode == 0
    assert send(told, "2020-04-06T12:01", "2020-04-06T12:11") == ["ml/update/2020-04-06"]


def test_a_talk_that_is_given_a_new_date_after_its_day_was_postponed(
    told: Desk, mailbox: Mailbox
) -> None:
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    told.page(PAGE.replace("07.04.2020", "05.05.2020"))
    assert send(told, "2020-04-07T17:00", "2020-04-07T17:10") == ["ml/update/2020-04-07"]
    assert "was: Tuesday, April 7, 2020" in text(mails(mailbox)[-1])


def test_two_spellings_of_a_video_are_one_stream(told: Desk, mailbox: Mailbox) -> None:
    told.page(PAGE.replace("Noether", "Noether\n\nhttps://youtu.be/abcdefghijk"))
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:10") == ["ml/update/2020-04-04"]
    other = "https://www.youtube.com/live/abcdefghijk?si=xyz"
    told.page(PAGE.replace("Noether", f"Noether\n\n{other}"))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:30") == []


@pytest.mark.parametrize(
    ("policy", "edit", "kind"),
    [
        ("update", lambda page: page.replace("07.04", "08.04"), "update"),
        ("cancellation", lambda page: page.replace('"Rings" 07', '"Rings" CANCELLED 07'), "cancellation"),
    ],
)  # fmt: skip
def test_a_kind_that_is_held_waits_for_its_release_and_one_that_is_off_never_goes(
    told: Desk, mailbox: Mailbox, policy: str, edit: Callable[[str], str], kind: str
) -> None:
    config = told.folder / "config.toml"
    before = config.read_text()
    told.page(edit(PAGE))
    config.write_text(before + f'\n[series.changes]\n{policy} = "off"\n')
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:30") == []
    config.write_text(before + f'\n[series.changes]\n{policy} = "hold"\n')
    assert send(told, "2020-04-04T12:40") == []
    [held] = told.json("plan", "--now", "2020-04-04T12:40")["held"]
    assert held["key"] == f"ml/{kind}/2020-04-04"
    assert told.run("release", held["key"], "--now", "2020-04-04T12:41").returncode == 0
    assert send(told, "2020-04-04T12:42", "2020-04-04T13:00") == [f"ml/{kind}/2020-04-04"]
    assert len(mailbox.received) == 2


def test_a_mail_can_be_held_released_and_skipped_wherever_its_talk_moves(
    told: Desk, mailbox: Mailbox
) -> None:
    key = "ml/announcement/2020-04-10"
    hold = told.run("hold", key, "--why", "wait for the room", "--now", "2020-04-06T12:00")
    assert hold.returncode == 0, hold.stderr
    told.page(PAGE.replace("14.04.2020", "21.04.2020"))
    assert send(told, "2020-04-07T09:00", "2020-04-17T10:00") == ["ml/reminder/2020-04-07"]
    [held] = told.json("plan", "--now", "2020-04-17T10:00")["held"]
    assert held["key"] == "ml/announcement/2020-04-17"
    assert "wait for the room" in held["reason"]
    assert told.run("release", held["key"], "--now", "2020-04-17T11:00").returncode == 0
    assert send(told, "2020-04-17T11:01") == ["ml/announcement/2020-04-17"]
    reminder = "ml/reminder/2020-04-21"
    assert told.run("skip", reminder, "--now", "2020-04-18T11:00").returncode == 0
    assert send(told, "2020-04-21T09:00") == []
    [skipped] = told.json("plan", "--now", "2020-04-21T09:00")["skipped"]
    assert skipped["key"] == reminder
    late = told.run("hold", "ml/announcement/2020-04-17", "--now", "2020-04-18T11:00")
    assert late.returncode == 2
    assert "was sent already" in late.stderr
    unknown = told.run("hold", "ml/announcement/1999-01-01", "--now", "2020-04-18T11:00")
    assert unknown.returncode == 2
    assert "known are" in unknown.stderr


def test_a_note_stands_on_top_of_its_mail_alone(told: Desk, mailbox: Mailbox) -> None:
    words = "There will be cake, and {{ braces }} stay as they are."
    assert told.run("note", "ml/reminder/2020-04-07", words, "--now", "2020-04-05T12:00").returncode == 0  # fmt: skip
    planned = told.json("plan", "--now", "2020-04-05T12:01")["upcoming"]
    assert [words in mail["reason"] for mail in planned][:1] == [True]
    assert send(told, "2020-04-07T09:00", "2020-04-10T10:00") == [
        "ml/reminder/2020-04-07", "ml/announcement/2020-04-10",
    ]  # fmt: skip
    _, reminder, announcement = mails(mailbox)
    assert text(reminder).startswith(words)
    assert "cake" not in text(announcement)


def test_a_reminder_is_told_from_its_announcement_by_its_subject_and_says_today(
    told: Desk, mailbox: Mailbox
) -> None:
    assert send(told, "2020-04-07T12:20") == ["ml/reminder/2020-04-07"]
    announcement, reminder = mails(mailbox)
    assert announcement["Subject"] == "ML Seminar, Tue 7 Apr: Rings"
    assert reminder["Subject"] == "Reminder: ML Seminar, Tue 7 Apr, 15:00: Rings"
    assert reminder["References"] == reminder["In-Reply-To"] == announcement["Message-ID"]
    assert text(reminder).startswith("Reminder: today, Tuesday, April 7, 2020, 15:00")


def test_a_reminders_subject_of_the_users_own_is_used_as_it_is(
    told: Desk, mailbox: Mailbox
) -> None:
    folder = told.folder / "templates" / "reminder"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text("Today: {{ talks[0].heading }}")
    config = told.folder / "config.toml"
    config.write_text(
        config.read_text().replace('id = "ml"\n', 'id = "ml"\ntemplates = "templates"\n')
    )
    assert send(told, "2020-04-07T09:00") == ["ml/reminder/2020-04-07"]
    assert mails(mailbox)[-1]["Subject"] == "Today: Rings"


def test_an_announcement_on_the_day_itself_says_today(desk: Desk, mailbox: Mailbox) -> None:
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert send(desk, "2020-04-07T08:00") == [KEY]
    assert "the next talk, today" in text(mails(mailbox)[-1])


def test_talks_shows_what_changed_since_the_last_pass(told: Desk) -> None:
    told.page(PAGE.replace("07.04.2020", "08.04.2020") + '\n### 5. "Knots" 28.04.2020\n')
    shown = told.run("talks", "--now", "2020-04-04T12:00").stdout
    assert "was: 3: Tue 2020-04-07 15:00" in shown
    assert "now: 3: Wed 2020-04-08 15:00" in shown
    assert "new: 5: Tue 2020-04-28 15:00" in shown


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("32.04.2020", "no date and time can be read for it any more"),
        ("date to be found", "no date and time can be read for it any more"),
        ("07.03.2020", "the page now says Sat 2020-03-07 15:00, which has passed"),
        ("07.04.2021", "the page now says Wed 2021-04-07 15:00, a year off"),
    ],
)
def test_a_talk_that_was_told_and_has_an_odd_date_now_is_asked_about(
    told: Desk, mailbox: Mailbox, day: str, words: str
) -> None:
    told.page(PAGE.replace("07.04.2020", day))
    passes = [told.run("send", "--now", f"2020-04-{n:02}T09:00") for n in (4, 5, 7)]
    assert [done.returncode for done in passes] == [1, 1, 1]
    assert "held" in passes[0].stdout
    assert len(mailbox.received) == 1
    assert any(words in text(message_from_bytes(c, policy=SMTP)) for _, c in mailbox.told)


def test_who_cancelled_a_talk_stands_in_the_plan(told: Desk) -> None:
    told.run("cancel", "4", "--why", "she is ill", "--now", "2020-04-04T12:30")
    skipped = told.json("plan", "--now", "2020-04-04T12:31")["skipped"]
    assert all("cancelled by" in mail["reason"] for mail in skipped)
    assert all("she is ill" in mail["reason"] for mail in skipped)
    assert len(skipped) == 2


def test_a_page_that_is_accepted_says_what_it_forgets(told: Desk) -> None:
    told.page(PAGE.replace('### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n', ""))
    send(told, "2020-04-04T12:00")
    done = told.run("accept", "--now", "2020-04-04T12:30")
    assert "ml: forgotten: 3, Rings on 2020-04-07" in done.stdout
    unknown = told.run("accept", "3", "--now", "2020-04-04T12:31")
    assert "announcer cancel 3" in unknown.stderr


def test_talks_shows_what_a_page_says_that_is_not_believed(told: Desk) -> None:
    told.page("## Future\nUnder construction.\n")
    shown = told.run("talks", "--now", "2020-04-04T12:00")
    assert shown.returncode == 3
    assert "Rings" in shown.stdout
    more = "".join(f'### {n}. "T{n}" {n:02}.06.2020\n' for n in range(5, 9))
    told.page(PAGE + more)
    told.run("send", "--now", "2020-04-04T13:00")
    told.page('### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n')
    shown = told.run("talks", "--now", "2020-04-04T14:00")
    assert shown.returncode == 3
    assert "gone: 4: Tue 2020-04-14 15:00" in shown.stdout
