"""The plan as mathematics: what is owed, from any page at any time."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from announcer.cadence import Rule, instant
from announcer.compose import MailComposer
from announcer.ledger import Adoption, History, Row, State
from announcer.message import Message
from announcer.plan import Announcement, Plan, Standing, counted_as_told, plan_announcements
from announcer.talks import Mailbox, Series, Talk
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
FRIDAY_TEN = datetime(2026, 4, 3, 8, tzinfo=UTC)


def talk(
    number: int = 1, day: date = TUESDAY, at: time = time(15), title: str | None = "T"
) -> Talk:
    starts_at = instant(day, at, BERLIN)
    return Talk(
        id=str(number),
        title=title,
        tba=title is None,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
    )


def plan(talks: list[Talk], now: datetime, *rows: Row) -> Plan:
    return plan_announcements(SERIES, CADENCE, talks, History(series="s", rows=rows), now)


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


def test_a_talk_to_be_announced_is_held_and_follows_when_its_title_is_known() -> None:
    assert keys(plan([talk(title=None)], FRIDAY_TEN), Standing.HELD) == [
        "s/announcement/2026-04-03"
    ]
    later = FRIDAY_TEN + timedelta(days=2)
    assert keys(plan([talk()], later), Standing.DUE) == ["s/announcement/2026-04-03"]


def test_the_reminder_goes_out_even_for_a_talk_to_be_announced() -> None:
    nine = instant(TUESDAY, time(9), BERLIN)
    assert keys(plan([talk(title=None)], nine), Standing.DUE) == ["s/reminder/2026-04-07"]


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


days = st.dates(date(2026, 3, 1), date(2026, 5, 1))
clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0))
titles = st.one_of(st.none(), st.just("T"))
pages = st.lists(st.tuples(days, clocks, titles), max_size=5).map(
    lambda found: [talk(n, *parts) for n, parts in enumerate(found, 1)]
)
instants = st.datetimes(datetime(2026, 2, 20), datetime(2026, 5, 10), timezones=st.just(UTC))


@given(pages, st.lists(instants, max_size=5).map(sorted))
def test_sending_what_is_due_leaves_nothing_due_and_tells_each_talk_once(
    talks: list[Talk], wakes: list[datetime]
) -> None:
    rows: list[Row] = []
    for now in wakes:
        for mail in plan(talks, now, *rows).due:
            assert all(t.starts_at is not None and t.starts_at > now for t in mail.talks)
            rows.append(sent(mail, now))
        assert plan(talks, now, *rows).due == ()
    told = [(row.rule, said.talk) for row in rows for said in row.said]
    assert len(told) == len(set(told))
    assert len({row.key for row in rows}) == len(rows)


@given(pages, instants)
def test_the_order_of_the_talks_changes_nothing(talks: list[Talk], now: datetime) -> None:
    assert plan(talks, now) == plan(talks[::-1], now)


@pytest.mark.parametrize("name", sorted(available_timezones())[::12])
def test_a_rule_gives_one_instant_for_each_local_day(name: str) -> None:
    zone = ZoneInfo(name)
    for offset in range(365):
        day = date(2026, 1, 1) + timedelta(days=offset)
        at = instant(day, time(2, 30), zone)
        local = at.astimezone(zone)
        assert local.date() == day or name == "Pacific/Kiritimati"
        assert local.time() >= time(2, 30)
        assert (at - timedelta(seconds=1)).astimezone(zone).time() < local.time()


def test_a_rule_that_is_new_to_the_ledger_is_known_by_its_label() -> None:
    adoption = Adoption(series="s", list="s@groups.example", adopted_at=FRIDAY_TEN, rules={})
    assert replace(History(series="s"), adoption=adoption).adoption == adoption
