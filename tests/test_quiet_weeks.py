"""What a mail of a week without a talk names, and which weeks it is never about."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import SMTP

import pytest
from test_plan import BERLIN, FRIDAY_TEN, SERIES, WEEKLY, sent, talk

from announcer.announcement import Announcement
from announcer.cadence import Changes, Rule, instant
from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.ledger import History, Row
from announcer.past import Standing
from announcer.plan import plan_announcements
from announcer.quantities import Span
from announcer.talks import Status, Talk
from announcer.verify import verify

QUIET = Changes(update="off", cancellation="off")
# The talks of FRIDAY_TEN, 3 April: none in the week from the 6th to the 12th.
BEFORE, AFTER = talk(1, date(2026, 3, 31)), talk(9, date(2026, 4, 14), title="Fields")


def said(
    *talks: Talk, rows: tuple[Row, ...] = (), now: datetime = FRIDAY_TEN, weekly: Rule = WEEKLY
) -> list[Announcement]:
    """The due mails that say that there is no talk."""
    history = History(series="s", rows=rows)
    plan = plan_announcements(SERIES, [weekly], talks, history, now, changes=QUIET, breaks=[])
    return [mail for mail in plan.due if mail.kind == "no-seminar"]


def composed(mail: Announcement, now: datetime = FRIDAY_TEN) -> tuple[str, str]:
    """The subject and the text of a mail that is fit to go."""
    message = MailComposer().compose(mail, now)
    verify(message, mail)
    body = message_from_bytes(message.content, policy=SMTP).get_body(("plain",))
    assert body is not None
    return message.subject, body.get_content().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("language", "subject", "first"),
    [
        ("en", "S: no talk on Tue 7 Apr, the next one on Tue 14 Apr", "S: no talk on Tuesday, April 7, 2026. The next one:"),
        ("de", "S: kein Vortrag am Di. 7. Apr., der nächste am Di. 14. Apr.", "S: kein Vortrag am Dienstag, 7. April 2026. Der nächste:"),
        ("fr", "S : pas d’exposé le mar. 7 avr., le prochain le mar. 14 avr.", "S : pas d’exposé le mardi 7 avril 2026. Le prochain :"),
    ],
)  # fmt: skip
def test_the_day_without_a_talk_is_named_by_its_date(
    language: str, subject: str, first: str
) -> None:
    [mail] = said(BEFORE, AFTER)
    mail = replace(mail, series=replace(SERIES, language=language))
    found, text = composed(mail)
    assert found == subject
    assert " ".join(text.split("\n\n")[0].split()) == " ".join(first.split())


def test_the_week_is_named_where_talks_come_on_all_kinds_of_weekdays() -> None:
    others = [talk(n, date(2026, 3, 17 + n)) for n in range(3, 8)]
    [mail] = said(*others, BEFORE, AFTER)
    subject, text = composed(mail)
    assert subject == "S: no talk from Mon 6 Apr to Sun 12 Apr, the next one on Tue 14 Apr"
    assert "no talk from Monday, April 6, 2026 to Sunday, April 12, 2026." in " ".join(text.split())


@pytest.mark.parametrize("day", [date(2026, 4, 5) + timedelta(days=n) for n in range(8)])
def test_a_week_with_a_talk_on_any_day_is_never_said_to_have_none(day: date) -> None:
    for other in (talk(2, day), talk(2, day, title=None), replace(talk(2, day), unclear="?")):
        assert said(BEFORE, other, AFTER) == []


def test_a_week_in_which_a_talk_was_is_never_said_to_have_none() -> None:
    # The rule's own day comes after that of the talk: it was on Monday, which is not the usual day.
    midweek = Rule(kind="announcement", weekday=2, at=time(10))
    wednesday = instant(date(2026, 4, 8), time(10), BERLIN)
    thursdays = [talk(n, date(2026, 3, 5) + timedelta(weeks=n)) for n in range(4)]
    after = talk(9, date(2026, 4, 16))
    assert len(said(*thursdays, after, now=wednesday, weekly=midweek)) == 1
    monday = talk(8, date(2026, 4, 6))
    assert said(*thursdays, monday, after, now=wednesday, weekly=midweek) == []


def test_a_talk_that_the_list_heard_of_and_the_page_forgot_keeps_its_week() -> None:
    forgotten = talk(2, date(2026, 4, 9))
    [mail] = plan_announcements(
        SERIES, [WEEKLY], [forgotten], History(series="s"), FRIDAY_TEN, changes=QUIET
    ).due
    row = sent(mail, FRIDAY_TEN)
    row = replace(row, due_at=row.due_at - timedelta(weeks=1))  # it was announced a week before
    assert said(BEFORE, AFTER, rows=(row,)) == []
    moved = replace(forgotten, day=date(2026, 4, 16), starts_at=None, ends_at=None)
    assert len(said(BEFORE, moved, AFTER, rows=(row,))) == 1


def test_nothing_is_said_while_the_next_talk_is_not_sure() -> None:
    unclear = replace(talk(3, date(2026, 4, 13)), unclear="two titles")
    assert said(BEFORE, unclear, AFTER) == []
    undated = replace(talk(3, date(2026, 4, 13)), starts_at=None, ends_at=None)
    assert said(BEFORE, undated, AFTER) == []


def test_a_cancelled_talk_is_not_the_next_one() -> None:
    off = replace(talk(3, date(2026, 4, 13)), status=Status.CANCELLED)
    [mail] = said(BEFORE, off, AFTER)
    assert composed(mail)[0].endswith("the next one on Tue 14 Apr")


# A seminar on Fridays in the afternoon, announced on the Friday before.
FRIDAYS = [talk(n, date(2026, 3, 13) + timedelta(weeks=n), title=f"T{n}") for n in range(4)]


@pytest.mark.parametrize(("hour", "words"), [(10, "then again on Fri 17 Apr"), (16, "the next one on Fri 17 Apr")])  # fmt: skip
def test_the_next_talk_is_not_the_one_after_todays(hour: int, words: str) -> None:
    now = instant(date(2026, 4, 3), time(hour), BERLIN)
    [mail] = said(*FRIDAYS, talk(9, date(2026, 4, 17)), now=now)
    subject, text = composed(mail, now)
    assert subject == f"S: no talk on Fri 10 Apr, {words}"
    assert ("After that:" in text) == (hour == 10)


@pytest.mark.parametrize(
    ("language", "first"),
    [
        ("en", "S: a talk on Friday, April 10, 2026"),
        ("de", "S: Vortrag am Freitag, 10. April 2026"),
        ("fr", "S : un exposé le vendredi 10 avril 2026"),
    ],
)
def test_an_announcement_calls_the_next_talk_so_only_where_it_is_the_next(
    language: str, first: str
) -> None:
    series = replace(SERIES, language=language)

    def first_line(now: datetime, *talks: Talk) -> str:
        plan = plan_announcements(series, [WEEKLY], talks, History(series="s"), now, changes=QUIET)
        [mail] = [mail for mail in plan.due if "10" in str(mail.talks[0].day)]
        return composed(mail, now)[1].splitlines()[0]

    todays, coming = FRIDAYS[-1], talk(9, date(2026, 4, 10))
    assert first_line(FRIDAY_TEN, todays, coming) == first
    off = replace(todays, status=Status.CANCELLED)
    for others in ([], [off], [FRIDAYS[0]], [talk(8, date(2026, 4, 17))]):
        assert first_line(FRIDAY_TEN, *others, coming) != first
    unclear = replace(todays, unclear="two titles")
    assert first_line(FRIDAY_TEN, unclear, coming) == first


def test_a_mail_that_does_not_name_the_day_without_a_talk_is_held() -> None:
    [mail] = said(BEFORE, AFTER)
    other = Span(first=date(2026, 4, 8), last=date(2026, 4, 8))
    wrong = MailComposer().compose(replace(mail, without=other), FRIDAY_TEN)
    with pytest.raises(VerificationFailed, match="no talk on “Tuesday, April 7, 2026”"):
        verify(wrong, mail)


def test_only_a_due_mail_is_late_by_a_day_at_most() -> None:
    assert said(BEFORE, AFTER, now=FRIDAY_TEN + timedelta(hours=23)) != []
    plan = plan_announcements(
        SERIES, [WEEKLY], [BEFORE, AFTER], History(series="s"), FRIDAY_TEN + timedelta(hours=25),
        changes=QUIET, breaks=[],
    )  # fmt: skip
    assert "no-seminar" not in {m.kind for m in plan.announcements if m.standing is Standing.DUE}
