"""What a review found: each of these failed before it was mended."""

from email import message_from_bytes
from email.policy import SMTP

import pytest
from desk import SETTINGS, Desk
from mailbox_server import Mailbox
from test_told import PAGE, entry, mails, send, text, told

__all__ = ["told"]
RINGS = '### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether\n'
SAY = "\n[series.breaks]\nsay = true\n"
ROOM_5 = PAGE.replace("Speaker: Emmy", "Room: 5\n\nSpeaker: Emmy")


def more(desk: Desk, words: str) -> None:
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + words)


def asked(mailbox: Mailbox) -> str:
    return " ".join(text(message_from_bytes(c, policy=SMTP)) for _, c in mailbox.told)


def decide(desk: Desk, *words: str) -> None:
    done = desk.run(*words)
    assert done.returncode == 0, done.stderr


def test_a_number_that_was_given_on_never_cancels_another_talk(
    desk: Desk, mailbox: Mailbox
) -> None:
    fields = PAGE.replace("14.04", "08.04")
    desk.page(fields)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    assert send(desk, "2020-04-03T10:00") == ["ml/announcement/2020-04-03"]
    desk.page(fields.replace(RINGS, "").replace("### 4.", "### 3."))
    assert send(desk, "2020-04-04T12:00") == []
    assert "announcer cancel 3" in asked(mailbox)
    done = desk.run("cancel", "3", "--now", "2020-04-04T12:05")
    assert done.returncode == 2, done.stdout
    assert "Rings" in done.stderr
    assert "Fields" in done.stderr
    assert send(desk, "2020-04-04T12:10") == []


def test_a_number_of_a_new_term_is_not_the_talk_of_the_last_one(
    desk: Desk, mailbox: Mailbox
) -> None:
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00", "2020-04-07T09:00", "2020-04-10T10:00", "2020-04-14T09:00")
    desk.page("## Future\n### 9. TBA 13.10.2020\n")
    send(desk, "2020-05-01T12:00", "2020-07-15T12:00")
    before = len(mailbox.received)
    desk.page('## Future\n### 9. TBA 13.10.2020\n\n### 4. "Schemes" 20.10.2020\n')
    assert send(desk, "2020-09-01T12:00", "2020-09-01T12:11", "2020-09-02T12:00") == []
    assert len(mailbox.received) == before
    assert send(desk, "2020-10-16T10:00") == ["ml/announcement/2020-10-16"]
    uids = {str(entry(mail)[1]["UID"]) for mail in mails(mailbox)[:4]}
    assert str(entry(mails(mailbox)[-1])[1]["UID"]) not in uids


def test_what_was_accepted_as_gone_is_not_what_has_its_number_later(told: Desk) -> None:
    told.page(PAGE.replace(RINGS, ""))
    send(told, "2020-04-04T12:00")
    decide(told, "accept", "--now", "2020-04-04T12:01")
    told.page(PAGE.replace(RINGS, '### 3. "Knots" 28.04.2020\n'))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:11") == []


@pytest.mark.parametrize("heading", ['### 3. "Rings"', '### 3. "Rings" 31.04.2020'])
def test_a_date_that_cannot_be_read_is_no_week_without_a_talk(
    desk: Desk, mailbox: Mailbox, heading: str
) -> None:
    more(desk, SAY)
    page = (
        '## Future\n### 2. "Old" 07.04.2020\n\n### 3. "Rings" 14.04.2020\n\n### 4. "F" 21.04.2020\n'
    )
    desk.page(page)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00", "2020-04-07T09:00")
    desk.page(page.replace('### 3. "Rings" 14.04.2020', heading))
    assert send(desk, "2020-04-09T10:00", "2020-04-10T10:00") == []


def test_a_week_whose_talk_was_announced_is_not_told_to_have_none(
    desk: Desk, mailbox: Mailbox
) -> None:
    more(desk, SAY)
    page = (
        '## Future\n### 2. "Old" 31.03.2020\n\n### 3. "Rings" 07.04.2020\n\n### 4. "F" 21.04.2020\n'
    )
    desk.page(page)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00")
    desk.page(page.replace("07.04", "07.05"))
    assert send(desk, "2020-04-03T10:20") == []  # a slip that is mended at once
    desk.page(page)
    assert send(desk, "2020-04-03T10:25", "2020-04-03T11:00") == []


@pytest.mark.parametrize("word", ["skip", "hold"])
def test_a_word_on_the_mail_of_a_week_without_a_talk_counts(desk: Desk, word: str) -> None:
    more(desk, SAY)
    desk.page('## Future\n### 3. "Rings" 07.04.2020\n\n### 4. "Fields" 21.04.2020\n')
    desk.run("adopt", "--now", "2020-04-04T12:00")
    decide(desk, word, "ml/no-seminar/2020-04-10", "--now", "2020-04-09T09:00")
    assert send(desk, "2020-04-10T10:00") == []


def test_a_change_that_was_skipped_is_not_the_next_one(told: Desk) -> None:
    told.page(ROOM_5)
    send(told, "2020-04-04T12:00")
    decide(told, "skip", "ml/update/2020-04-04", "--now", "2020-04-04T12:01")
    assert send(told, "2020-04-04T12:11", "2020-04-04T13:00") == []
    told.page(ROOM_5.replace("07.04.2020", "09.04.2020"))
    assert send(told, "2020-04-05T12:00", "2020-04-05T12:10") == ["ml/update/2020-04-05"]


def test_a_note_on_one_update_does_not_stand_on_the_next(told: Desk, mailbox: Mailbox) -> None:
    told.page(ROOM_5)
    send(told, "2020-04-04T12:00")
    decide(told, "note", "ml/update/2020-04-04", "Room 2 is flooded.", "--now", "2020-04-04T12:01")
    send(told, "2020-04-04T12:11")
    assert "flooded" in text(mails(mailbox)[-1])
    told.page(PAGE)
    passes = ("2020-04-05T12:00", "2020-04-05T12:10", "2020-04-05T12:20")
    assert send(told, *passes) == ["ml/update/2020-04-05"]
    assert "flooded" not in text(mails(mailbox)[-1])


def test_what_changes_just_before_the_reminder_is_told_as_a_change(
    told: Desk, mailbox: Mailbox
) -> None:
    told.page(ROOM_5)
    assert send(told, "2020-04-07T08:55", "2020-04-07T09:00", "2020-04-07T09:05") == [
        "ml/update/2020-04-07"
    ]
    assert "Where was: Room 2 now: 5" in text(mails(mailbox)[-1])


def test_a_long_quiet_time_ends_three_hours_before_the_talk(told: Desk) -> None:
    more(told, '\n[series.changes]\nquiet = "1 day"\n')
    told.page(PAGE.replace("07.04.2020", "07.04.2020 16:30"))
    assert send(told, "2020-04-06T20:00", "2020-04-07T11:59") == []
    assert send(told, "2020-04-07T12:00") == ["ml/update/2020-04-07"]


@pytest.mark.parametrize("date", ["", " 31.04.2020", " 07.04.2019"])
def test_the_organisers_hear_of_a_told_talk_that_loses_its_date(
    told: Desk, mailbox: Mailbox, date: str
) -> None:
    told.page(PAGE.replace(" 07.04.2020", date))
    assert send(told, "2020-04-04T12:00", "2020-04-07T09:00") == []
    assert "Rings" in asked(mailbox)


def test_the_organisers_hear_again_of_a_talk_that_vanishes_again(
    told: Desk, mailbox: Mailbox
) -> None:
    for day, page in enumerate([PAGE.replace(RINGS, ""), PAGE, PAGE.replace(RINGS, "")], 4):
        told.page(page)
        assert send(told, f"2020-04-0{day}T12:00") == []
    assert len(mailbox.told) == 2


def test_one_talk_that_is_accepted_does_not_make_a_page_believed(
    desk: Desk, mailbox: Mailbox
) -> None:
    page = "## Future\n" + "".join(
        f'### {n}. "T{n}" {day}.2020\n\n'
        for n, day in enumerate(["07.04", "14.04", "21.04", "28.04", "05.05"], 3)
    )
    desk.page(page)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00")
    desk.page(page.replace("05.05", "05.06").replace(".04.", ".05."))
    desk.json("send", "--now", "2020-04-04T10:00", status=3)
    assert desk.run("accept", "7", "--now", "2020-04-04T10:02").returncode == 3
    assert desk.run("accept", "", "--now", "2020-04-04T10:02").returncode == 2
    desk.json("send", "--now", "2020-04-04T10:14", status=3)
    assert len(mailbox.received) == 1


def test_a_cancellation_that_waits_is_told_to_the_organisers(desk: Desk, mailbox: Mailbox) -> None:
    more(desk, '\n[series.changes]\ncancellation = "hold"\n')
    page = PAGE.replace("Noether\n", "Noether\n\nAbout ideals.\n")
    desk.page(page)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00")
    desk.page(page.replace('"Rings" 07', '"Rings" CANCELLED 07'))
    assert send(desk, "2020-04-04T12:00", "2020-04-04T12:10") == []
    assert "ml/cancellation/2020-04-04" in asked(mailbox)


def test_what_is_taken_back_by_a_word_is_told_once_it_has_stood(told: Desk) -> None:
    decide(told, "cancel", "3", "--now", "2020-04-04T12:00")
    assert send(told, "2020-04-04T12:10") == ["ml/cancellation/2020-04-04"]
    decide(told, "accept", "3", "--now", "2020-04-05T12:00")
    assert send(told, "2020-04-05T12:01", "2020-04-05T12:10") == ["ml/update/2020-04-05"]


def test_of_two_changed_talks_the_one_that_takes_place_after_all_is_named(
    desk: Desk, mailbox: Mailbox
) -> None:
    page = PAGE.replace("14.04", "08.04")
    desk.page(page)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    send(desk, "2020-04-03T10:00")
    desk.page(page.replace('"Fields" 08', '"Fields" CANCELLED 08'))
    send(desk, "2020-04-04T10:00", "2020-04-04T10:10")
    desk.page(page.replace("07.04.2020", "07.04.2020 16:30"))
    send(desk, "2020-04-05T10:00", "2020-04-05T10:10", "2020-04-05T10:20")
    assert "takes place after all" in text(mails(mailbox)[-1])


def test_a_talk_of_which_two_series_have_the_number_is_accepted_by_name_only(
    desk: Desk,
) -> None:
    other = SETTINGS[SETTINGS.index("[[series]]") :].replace('"ml"', '"geo"')
    more(desk, "\n" + other.replace("ml@groups", "geo@groups"))
    desk.page(PAGE)
    desk.run("adopt", "--now", "2020-04-02T12:00")
    done = desk.run("accept", "3", "--now", "2020-04-02T12:00")
    assert done.returncode == 2, done.stdout
    assert "--series" in done.stderr


@pytest.mark.parametrize("title", ["How Galileo was canceled", "Der Beweis entfällt", "Cancelled"])
def test_a_word_of_a_quoted_title_cancels_nothing_but_a_mark_does(
    told: Desk, mailbox: Mailbox, title: str
) -> None:
    told.page(PAGE.replace("Rings", title))
    kept = title != "Cancelled"  # alone in its quotes it is a mark
    first = send(told, "2020-04-04T12:00", "2020-04-04T12:10")
    assert first == ([] if kept else ["ml/cancellation/2020-04-04"])
    told.page(PAGE.replace("Rings", "CANCELLED: Rings"))
    then = send(told, "2020-04-05T12:00", "2020-04-05T12:10")
    assert then == (["ml/cancellation/2020-04-05"] if kept else [])


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ('"Rings" ~~07.04.2020~~ 14.04.2020', "update"),
        ('~~"Rings"~~ "Knots" 07.04.2020 16:00', "update"),
        ('"Rings" <del>07.04.2020</del> 09.04.2020', "update"),
        ('~~"Rings"~~ 07.04.2020', "cancellation"),
        ('~~"Rings" 07.04.2020~~', "cancellation"),
        ('<s>"Rings" 07.04.2020</s> CANCELLED', "cancellation"),
    ],
)
def test_what_is_struck_and_written_anew_is_a_change_and_no_cancellation(
    told: Desk, heading: str, kind: str
) -> None:
    told.page(PAGE.replace('"Rings" 07.04.2020', heading))
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:10") == [f"ml/{kind}/2020-04-04"]


def test_a_cancelled_talk_that_is_unclear_is_asked_about(told: Desk, mailbox: Mailbox) -> None:
    told.page(PAGE.replace('"Rings" 07.04.2020', '"Rings" CANCELLED 07.04.2020 14.04.2020'))
    assert send(told, "2020-04-04T12:00", "2020-04-04T12:10") == []
    assert "names 2020-04-07 and 2020-04-14" in asked(mailbox)


def test_talks_shows_a_talk_that_a_person_cancelled_as_cancelled(told: Desk) -> None:
    decide(told, "cancel", "3", "--now", "2020-04-04T12:00")
    rings, fields = told.json("talks", "--now", "2020-04-04T12:01")
    assert (rings["status"], fields["status"]) == ("cancelled", "confirmed")
