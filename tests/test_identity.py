"""A talk stays the same talk, whatever an organiser does to the page."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from announcer.identity import matched
from announcer.talks import Talk

TODAY = date(2026, 4, 1)
DAYS = [date(2026, 4, 7) + timedelta(weeks=n) for n in range(4)]


def talk(
    number: int | str,
    day: date | None,
    title: str | None = None,
    *speakers: str,
    given: bool = True,
) -> Talk:
    starts_at = datetime(day.year, day.month, day.day, 13, tzinfo=UTC) if day else None
    return Talk(
        id=str(number),
        given_id=given,
        title=title,
        tba=title is None,
        speakers=speakers,
        day=day,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1) if starts_at else None,
    )


def who_is_who(known: list[Talk], found: list[Talk]) -> dict[str, str]:
    """Identities of the found talks, by title or id."""
    return {t.title or t.id: t.identity for t in matched(known, found, TODAY).talks}


KNOWN = [talk(1, DAYS[0], "Rings"), talk(2, DAYS[1], "Fields"), talk(3, DAYS[2])]


def test_a_corrected_title_a_new_date_and_a_title_that_comes_are_the_same_talks() -> None:
    found = [talk(1, DAYS[0], "Rings and ideals"), talk(2, DAYS[3], "Fields"), talk(3, DAYS[2], "Groups")]  # fmt: skip
    assert who_is_who(KNOWN, found) == {"Rings and ideals": "1", "Fields": "2", "Groups": "3"}


def test_a_page_that_renumbers_everything_keeps_its_talks() -> None:
    found = [talk(2, DAYS[0], "Rings"), talk(3, DAYS[1], "Fields"), talk(4, DAYS[2])]
    match = matched(KNOWN, found, TODAY)
    assert [(t.id, t.identity) for t in match.talks] == [("2", "1"), ("3", "2"), ("4", "3")]
    assert match.gone == ()
    once_more = matched(match.talks, [replace(t, first_id=None) for t in match.talks], TODAY)
    assert once_more.talks == match.talks


def test_a_number_that_comes_later_does_not_make_another_talk() -> None:
    known = [talk("rings", DAYS[0], "Rings", given=False)]
    [found] = matched(known, [talk(1, DAYS[0], "Rings")], TODAY).talks
    assert (found.id, found.identity) == ("1", "rings")


def test_an_id_made_of_a_title_stays_when_the_title_is_corrected() -> None:
    known = [talk("rigns", DAYS[0], "Rigns", given=False)]
    [found] = matched(known, [talk("rings", DAYS[0], "Rings", given=False)], TODAY).talks
    assert (found.id, found.identity) == ("rigns", "rigns")


def test_two_talks_that_swap_their_dates_keep_their_titles() -> None:
    by_title = [talk(1, DAYS[1], "Rings"), talk(2, DAYS[0], "Fields"), KNOWN[2]]
    by_slot = [talk(1, DAYS[0], "Fields"), talk(2, DAYS[1], "Rings"), KNOWN[2]]
    for found in (by_title, by_slot):
        assert who_is_who(KNOWN, found) == {"Rings": "1", "Fields": "2", "3": "3"}


def test_a_talk_that_is_replaced_in_its_slot_keeps_the_entry_in_the_calendars() -> None:
    known = [talk(1, DAYS[0], "Rings", "Emmy Noether"), KNOWN[1]]
    found = [talk(1, DAYS[0], "Knots", "Vaughan Jones"), KNOWN[1]]
    assert who_is_who(known, found) == {"Knots": "1", "Fields": "2"}


def test_a_talk_that_moves_while_another_takes_its_slot_is_told_apart() -> None:
    found = [talk(1, DAYS[0], "Knots"), KNOWN[1], KNOWN[2], talk(4, DAYS[3], "Rings")]
    match = matched(KNOWN, found, TODAY)
    assert {t.title or t.id: t.identity for t in match.talks} == {
        "Knots": "1~2", "Fields": "2", "3": "3", "Rings": "1",
    }  # fmt: skip
    assert match.gone == ()


def test_a_number_whose_title_date_and_speaker_all_changed_is_asked_about_until_answered() -> None:
    found = [talk(1, DAYS[3], "Knots", "Vaughan Jones"), *KNOWN[1:]]
    match = matched(KNOWN, found, TODAY)
    [knots] = [t for t in match.talks if t.title == "Knots"]
    assert 'was "Rings" on 2026-04-07, and is now "Knots" on 2026-04-28' in (knots.unclear or "")
    assert match.gone == (KNOWN[0],)
    assert match.unsure == {knots.identity}
    [same] = [t for t in matched(KNOWN, found, TODAY, accepted=["1"]).talks if t.title == "Knots"]
    assert (same.identity, same.unclear) == ("1", None)


def test_a_talk_that_vanishes_and_comes_back_is_the_same() -> None:
    match = matched(KNOWN, KNOWN[:1], TODAY)
    assert match.gone == (KNOWN[1], KNOWN[2])
    again = matched([*match.talks, *match.gone], KNOWN, TODAY)
    assert [t.identity for t in again.talks] == ["1", "2", "3"]
    assert again.gone == ()


def test_meetings_of_one_name_are_not_taken_for_one_that_moves() -> None:
    held = [talk("reading", date(2026, 3, 31), "Reading group", given=False)]
    [new] = matched(held, [talk("reading", DAYS[0], "Reading group", given=False)], TODAY).talks
    assert new.identity != "reading"
    weekly = [talk(n, day, "Reading group") for n, day in enumerate(DAYS[:3])]
    later = [*weekly[1:], talk(3, DAYS[3], "Reading group")]
    match = matched(weekly, later, TODAY)
    assert [t.identity for t in match.talks] == ["1", "2", "3"]
    assert match.gone == (weekly[0],)


def test_a_talk_that_was_postponed_after_its_day_is_known_by_title_and_number_or_speaker() -> None:
    held = [talk(1, date(2026, 3, 31), "Rings", "Emmy Noether")]
    for found in (talk(1, DAYS[0], "Rings"), talk(9, DAYS[0], "Rings", "Emmy Noether")):
        assert matched(held, [found], TODAY).talks[0].identity == "1"


def test_a_number_that_is_used_again_after_a_term_is_another_talk() -> None:
    held = [talk(1, date(2025, 10, 7), "Rings"), talk(2, date(2025, 10, 14), "Fields")]
    match = matched(held, [talk(1, DAYS[0], "Knots"), talk(2, DAYS[1])], TODAY)
    assert [t.identity for t in match.talks] == ["1~2", "2~2"]
    assert match.unsure == frozenset()
