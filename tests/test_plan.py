"""The plan as mathematics: what is owed, from any page at any time."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from announcer.announcement import Announcement, Plan
from announcer.cadence import Changes, Rule, instant
from announcer.compose import MailComposer
from announcer.ledger import Adoption, Decision, History, Pause, Row, State
from announcer.message import Message
from announcer.past import Standing
from announcer.plan import counted_as_told, plan_announcements
from announcer.talks import Mailbox, Series, Status, Talk
from announcer.verify import verify

BERLIN = ZoneInfo("Europe/Berlin")
MAILBOX = Mailbox(name="Seminar", address="seminar@example.org")
SERIES = Series(
    id="s",
    name="S",
    list="s@groups.example",
    sender=MAILBOX,
    organisers=("anna@example.org",),
    reply_to=MAILBOX,
    timezone=BERLIN,
)
WEEKLY = Rule(kind="announcement", weekday=4, at=time(10), days_before=1)
REMINDER = Rule(kind="reminder", at=time(9), grace=timedelta(hours=4))
CADENCE = (WEEKLY, REMINDER)
TUESDAY = date(2026, 4, 7)
SECOND = timedelta(seconds=1)
FRIDAY_TEN = datetime(2026, 4, 3, 8, tzinfo=UTC)


def talk(
    number: int = 1,
    day: date = TUESDAY,
    at: time = time(15),
    title: str | None = "T",
    speakers: tuple[str, ...] = (),
) -> Talk:
    starts_at = instant(day, at, BERLIN)
    return Talk(
        id=str(number),
        title=title,
        speakers=speakers,
        tba=title is None,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
    )


def plan(
    talks: list[Talk],
    now: datetime,
    *rows: Row,
    cadence: tuple[Rule, ...] = CADENCE,
    pause: Pause | None = None,
) -> Plan:
    """What the rules owe; what changes ask for has its own tests."""
    history = History(series="s", rows=rows)
    changes = Changes(update="off", cancellation="off")
    return plan_announcements(SERIES, cadence, talks, history, now, changes=changes, pause=pause)


def sent(mail: Announcement, now: datetime) -> Row:
    message: Message = MailComposer().compose(mail, now)
    verify(message, mail)
    return Row(
        key=message.key,
        series=message.series,
        kind=message.kind,
        rule=message.rule,
        due_at=message.due_at,
        sender=message.sender,
        recipient=message.recipient,
        subject=message.subject,
        message_id=message.message_id,
        content=message.content,
        said=message.said,
        state=State.SENT,
        owner="o",
        fence=1,
        lease_until=now,
        attempts=1,
        copies=1,
        claimed_at=now,
        settled_at=now,
    )


def keys(plan: Plan, standing: Standing) -> list[str]:
    return [mail.key for mail in plan.standing(standing)]


def test_talks_of_one_moment_share_a_mail_in_the_order_of_time() -> None:
    [mail] = plan([talk(2, at=time(17)), talk(1)], FRIDAY_TEN).due
    assert (mail.key, [t.id for t in mail.talks]) == ("s/announcement/2026-04-03", ["1", "2"])


def test_a_talk_leaves_the_announcement_an_hour_before_it_begins() -> None:
    early, late = talk(1, at=time(12)), talk(2, at=time(18))
    now = instant(TUESDAY, time(11, 30), BERLIN)
    found = plan([early, late], now)
    [mail] = [m for m in found.due if m.kind == "announcement"]
    assert [t.id for t in mail.talks] == ["2"]
    assert "s/announcement/2026-04-03/2" in keys(found, Standing.MISSED)
    # To the second: what the plan calls due, a claim must still be able to take.
    last = instant(TUESDAY, time(11), BERLIN)
    assert "s/announcement/2026-04-03" in keys(plan([early], last - SECOND), Standing.DUE)
    assert "s/announcement/2026-04-03" in keys(plan([early], last), Standing.MISSED)


def test_a_talk_to_be_announced_is_held_and_follows_when_its_title_is_known() -> None:
    assert keys(plan([talk(title=None)], FRIDAY_TEN), Standing.HELD) == [
        "s/announcement/2026-04-03"
    ]
    later = FRIDAY_TEN + timedelta(days=2)
    assert keys(plan([talk()], later), Standing.DUE) == ["s/announcement/2026-04-03"]


def test_the_reminder_goes_out_even_for_a_talk_whose_title_is_to_be_announced() -> None:
    nine = instant(TUESDAY, time(9), BERLIN)
    with_speaker = talk(title=None, speakers=("Ada Kovács",))
    assert keys(plan([with_speaker], nine), Standing.DUE) == ["s/reminder/2026-04-07"]


def test_a_reminder_that_would_name_neither_title_nor_speaker_is_not_sent() -> None:
    nine = instant(TUESDAY, time(9), BERLIN)
    nameless = plan([talk(title=None)], nine)
    assert keys(nameless, Standing.DUE) == []
    [mail] = [mail for mail in nameless.standing(Standing.HELD) if mail.kind == "reminder"]
    assert "neither its title nor its speaker is known" in mail.reason


def test_a_reminder_of_an_announced_talk_goes_out_though_its_title_is_gone() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    row = sent(mail, FRIDAY_TEN)
    nine = instant(TUESDAY, time(9), BERLIN)
    found = plan([talk(title=None)], nine, row)
    assert keys(found, Standing.DUE) == ["s/reminder/2026-04-07"]


def test_a_talk_added_after_the_mail_of_the_week_is_announced_on_its_own() -> None:
    [mail] = plan([talk(1)], FRIDAY_TEN).due
    row = sent(mail, FRIDAY_TEN)
    [second] = plan([talk(1), talk(2, at=time(17))], FRIDAY_TEN + timedelta(hours=2), row).due
    assert (second.key, [t.id for t in second.talks]) == ("s/announcement/2026-04-03/2", ["2"])


def test_a_reminder_on_the_heels_of_the_announcement_is_dropped() -> None:
    now = instant(TUESDAY, time(9, 30), BERLIN)
    found = plan([talk()], now)
    assert keys(found, Standing.DUE) == ["s/announcement/2026-04-03"]
    assert keys(found, Standing.SKIPPED) == ["s/reminder/2026-04-07"]
    after = plan([talk()], now + timedelta(minutes=1), sent(found.due[0], now))
    assert after.due == ()
    back = plan([talk()], now, cadence=CADENCE[::-1])
    assert back == found


@pytest.mark.parametrize(
    ("sent_at", "goes"), [(time(18), True), (time(21), True), (time(21, 0, 1), False)]
)
def test_twelve_hours_after_the_announcement_a_reminder_is_news_again(
    sent_at: time,
    goes: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    at = instant(TUESDAY - timedelta(days=1), sent_at, BERLIN)
    [late] = plan([talk()], at).due
    nine = instant(TUESDAY, time(9), BERLIN)
    found = plan([talk()], nine, sent(late, at))
    standing = Standing.DUE if goes else Standing.SKIPPED
    assert keys(found, standing) == ["s/reminder/2026-04-07"]


def test_a_moved_talk_is_announced_again_only_in_another_week() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    row = sent(mail, FRIDAY_TEN)
    same_week = plan([talk(day=date(2026, 4, 8))], FRIDAY_TEN + timedelta(hours=1), row)
    assert same_week.due == ()
    next_week = plan([talk(day=date(2026, 4, 14))], FRIDAY_TEN + timedelta(days=7), row)
    assert keys(next_week, Standing.DUE) == ["s/announcement/2026-04-10"]


def test_a_room_that_changed_raises_the_sequence_and_keeps_the_uid() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    row = sent(mail, FRIDAY_TEN)
    nine = instant(TUESDAY, time(9), BERLIN)
    [reminder] = plan([replace(talk(), location="Room 5")], nine, row).due
    [before], [after] = row.said, MailComposer().compose(reminder, nine).said
    assert (after.uid, after.sequence) == (before.uid, 1)
    assert after.stamp > before.stamp


def test_a_rule_that_is_too_late_for_its_talk_is_missed_from_the_start() -> None:
    found = plan([talk(at=time(8, 30))], FRIDAY_TEN)
    assert keys(found, Standing.MISSED) == ["s/reminder/2026-04-07"]


def test_adoption_counts_what_should_have_gone_out_but_not_what_could_not() -> None:
    now = FRIDAY_TEN + timedelta(minutes=1)
    talks = [talk(1), talk(2, title=None), replace(talk(3), unclear="two dates")]
    assert [(c.rule, c.talk) for c in counted_as_told(SERIES, CADENCE, talks, now)] == [
        ("announcement", "1")
    ]
    # What falls due at that very instant is sent, as at any other time.
    assert counted_as_told(SERIES, CADENCE, talks, FRIDAY_TEN) == ()


def test_two_reminders_of_one_talk_are_both_planned_and_both_sent() -> None:
    last_call = Rule(kind="reminder", name="last call", before=timedelta(hours=1))
    nine = instant(TUESDAY, time(9), BERLIN)
    for now in (nine - timedelta(hours=1), nine + timedelta(hours=2)):
        history = History(series="s")
        found = plan_announcements(SERIES, (REMINDER, last_call), [talk()], history, now)
        assert found.standing(Standing.SKIPPED) == ()
        assert [m.rule for m in found.announcements] == ["reminder", "last call"]
    [first] = plan([talk()], nine, cadence=(REMINDER, last_call)).due
    two = instant(TUESDAY, time(14), BERLIN)
    found = plan([talk()], two, sent(first, nine), cadence=(REMINDER, last_call))
    assert keys(found, Standing.DUE) == ["s/last call/2026-04-07"]


def test_what_was_refused_is_no_reason_to_tell_again_what_was_told_before() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    told = sent(mail, FRIDAY_TEN)
    later = FRIDAY_TEN + timedelta(days=7)
    moved = talk(day=TUESDAY + timedelta(days=7))
    [other] = plan([moved], later, told).due
    refused = replace(sent(other, later), state=State.REFUSED, copies=0)
    assert plan([talk()], FRIDAY_TEN + timedelta(hours=1), told, refused).due == ()


def test_a_talk_that_moves_back_after_a_failed_attempt_is_told_once() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    failed = replace(sent(mail, FRIDAY_TEN), state=State.RETRY, copies=0)
    moved = talk(day=TUESDAY + timedelta(days=7))
    later = FRIDAY_TEN + timedelta(days=7)
    [other] = plan([moved], later, failed).due
    between = sent(other, later)
    now = FRIDAY_TEN + timedelta(days=1)
    [again] = plan([talk()], now, failed, between).due
    assert again.key == "s/announcement/2026-04-03/2"
    assert plan([talk()], now, failed, between, sent(again, now)).due == ()


def test_a_mail_in_doubt_is_not_sent_again_once_a_later_one_has_told_of_its_talk() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    doubt = replace(
        sent(mail, FRIDAY_TEN), state=State.IN_DOUBT, doubted_at=FRIDAY_TEN, settled_at=None
    )
    later = FRIDAY_TEN + timedelta(days=7)
    [other] = plan([talk(day=TUESDAY + timedelta(days=7))], later, doubt).due
    now = FRIDAY_TEN + timedelta(days=1)
    assert keys(plan([talk()], now, doubt), Standing.DUE) == [mail.key]
    found = plan([talk()], now, doubt, sent(other, later))
    assert mail.key in keys(found, Standing.HELD)


@pytest.mark.parametrize(
    "facts",
    [
        {"title": "Another"},
        {"speakers": ("Ada Kovács",)},
        {"location": "Room 5"},
        {"stream": "https://live.example/5"},
        {"ends_at": instant(TUESDAY, time(17), BERLIN)},
        {"status": Status.CANCELLED},
        {"unclear": "two dates"},
        {"title": None, "tba": True},
    ],
)
def test_a_mail_in_doubt_is_not_sent_again_once_it_says_what_no_longer_holds(
    facts: dict[str, object],
) -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    doubt = replace(
        sent(mail, FRIDAY_TEN), state=State.IN_DOUBT, doubted_at=FRIDAY_TEN, settled_at=None
    )
    now = FRIDAY_TEN + timedelta(days=1)
    assert keys(plan([talk()], now, doubt), Standing.DUE) == [mail.key]
    changed = replace(talk(), **facts)  # type: ignore[arg-type]  # the facts of a test
    found = plan([changed], now, doubt)
    assert (keys(found, Standing.DUE), mail.key in keys(found, Standing.HELD)) == ([], True)


def test_a_doubt_about_a_talk_that_was_accepted_is_no_word_on_the_next_one() -> None:
    doubted = replace(talk(), unclear="it names two dates")
    word = Decision(
        series="s",
        rule="",
        talk="1",
        what="accept",
        words="it names two dates",
        who="anna",
        at=FRIDAY_TEN - timedelta(days=1),
    )
    history = History(series="s", decisions=(word,))
    for unclear, standing in (
        ("it names two dates", Standing.DUE),
        ("it names  two\ndates", Standing.DUE),
        ("it names two titles", Standing.HELD),
    ):
        page = [replace(doubted, unclear=unclear)]
        found = plan_announcements(SERIES, CADENCE, page, history, FRIDAY_TEN)
        assert "s/announcement/2026-04-03" in keys(found, standing)


def test_a_mail_in_doubt_about_two_talks_is_not_sent_again_once_one_of_them_begins() -> None:
    early, late = talk(1, at=time(11)), talk(2, at=time(18))
    now = instant(TUESDAY, time(9, 50), BERLIN)
    [mail] = [m for m in plan([early, late], now).due if m.kind == "announcement"]
    doubt = replace(sent(mail, now), state=State.IN_DOUBT, doubted_at=now, settled_at=None)
    assert mail.key in keys(plan([early, late], now + timedelta(minutes=16), doubt), Standing.HELD)


def test_a_refused_mail_about_a_talk_that_lost_its_date_stays_in_the_plan() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    refused = replace(sent(mail, FRIDAY_TEN), state=State.REFUSED, copies=0)
    undated = replace(talk(), day=None, starts_at=None, ends_at=None, unclear="no date")
    found = plan([undated], FRIDAY_TEN + timedelta(hours=1), refused)
    assert keys(found, Standing.HELD) == [mail.key]


def test_a_reminder_waits_for_the_announcement_that_another_process_is_sending() -> None:
    now = instant(TUESDAY, time(9, 30), BERLIN)
    [mail] = plan([talk()], now).due
    lease = now + timedelta(minutes=10)
    claimed = replace(sent(mail, now), state=State.CLAIMED, copies=0, lease_until=lease)
    found = plan([talk()], now, claimed)
    assert keys(found, Standing.SKIPPED) == ["s/reminder/2026-04-07"]


def test_a_late_word_on_a_doubt_makes_the_announcement_no_fresher() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    eight, nine = instant(TUESDAY, time(8), BERLIN), instant(TUESDAY, time(9), BERLIN)
    settled = replace(sent(mail, FRIDAY_TEN), doubted_at=FRIDAY_TEN, settled_at=eight)
    assert keys(plan([talk()], nine, settled), Standing.DUE) == ["s/reminder/2026-04-07"]


def test_a_mail_waits_for_the_end_of_a_pause_or_for_its_own_attempt_whichever_is_later() -> None:
    [mail] = plan([talk()], FRIDAY_TEN).due
    pause_ends, now = FRIDAY_TEN + timedelta(minutes=3), FRIDAY_TEN + timedelta(minutes=1)
    pause = Pause(account="mail.example:587", until=pause_ends, reply="535 bad credentials")
    retry = replace(sent(mail, FRIDAY_TEN), state=State.RETRY, copies=0, settled_at=None)
    for own, waits_until in ((now, pause_ends), (pause_ends + SECOND, pause_ends + SECOND)):
        row = replace(retry, next_attempt_at=own)
        [waiting] = plan([talk()], now, row, pause=pause).due
        assert waiting.waits_until == waits_until
        assert plan([talk()], now, row, pause=pause).next_moment(now) == waits_until
    [new] = plan([talk()], now, pause=pause).due
    assert (new.waits_until, "535 bad credentials" in new.reason) == (pause_ends, True)


def test_a_rule_that_is_new_to_the_ledger_is_known_by_its_label() -> None:
    adoption = Adoption(series="s", list="s@groups.example", adopted_at=FRIDAY_TEN, rules={})
    assert replace(History(series="s"), adoption=adoption).adoption == adoption
