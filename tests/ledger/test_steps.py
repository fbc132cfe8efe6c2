"""The steps of the ledger keep their promises, in every state that can be reached."""

from dataclasses import replace
from datetime import timedelta

import pytest
from checker import MODELS, checked, numbers_of_workers, told, told_of_states
from world import EVERY, NOW, PAGES, TICK, Search, seen_from_now
from wrong import WRONG, Wrong

from announcer.errors import AnnouncerError
from announcer.ledger import RESEND_AFTER, Row
from announcer.ledger.steps import Claimed, Ended, Event, Sending, step

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("model", "workers"), [(model, n) for model in MODELS for n in numbers_of_workers(model)]
)
def test_every_promise_holds_in_every_state(model: str, workers: int) -> None:
    found = checked(model, workers)
    assert not found.broken, told(found)


def test_the_check_does_not_shrink_in_silence() -> None:
    print(*told_of_states(), sep="\n")  # noqa: T201 - `pytest -rP` shows it
    states = (checked(model, n).states for model in MODELS for n in numbers_of_workers(model))
    assert sum(states) > 900_000


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_each_wrong_variant_is_caught(wrong: Wrong) -> None:
    found = wrong.search()
    print(f"{wrong.words}: caught after {len(found.story)} steps", told(found), sep="\n")  # noqa: T201 - as above
    assert found.broken == {wrong.breaks}


def test_every_promise_is_broken_by_a_wrong_variant() -> None:
    assert {wrong.breaks for wrong in WRONG} == EVERY


@pytest.mark.parametrize("name", MODELS)
def test_what_the_checker_leaves_out_makes_no_difference(name: str) -> None:
    model = MODELS[name]()
    Search(model, 2).run()
    assert len(model.met) > 2_000
    for row, event in model.met:
        raw_row, raw_event = full(row), full_event(event, row)
        assert levelled(raw_row, raw_event) == levelled(row, event), (row, event)
        if row is not None and raw_row is not None:
            assert seen_from_now(raw_row, TICK) == seen_from_now(row, TICK)
            for page in range(len(PAGES)):
                assert (model.due(raw_row, page) is None) == (model.due(row, page) is None)


def full(row: Row | None) -> Row | None:
    """Give a row as it might be in a long life, that the checker sees as this one."""
    if row is None:
        return None
    doubted_at, wait = row.doubted_at, row.next_attempt_at
    return replace(
        row,
        owner="another",
        reply="451 later",
        attempts=5,
        fence=full_fence(row.fence, row),
        claimed_at=NOW - 9 * HOUR,
        lease_until=NOW - 3 * HOUR if row.lease_until == NOW else row.lease_until,
        doubted_at=NOW - 5 * HOUR if doubted_at == NOW - RESEND_AFTER else doubted_at,
        next_attempt_at=NOW - 2 * HOUR if wait == NOW else wait,
        settled_at=NOW - HOUR if row.settled_at else None,
    )


def full_fence(fence: int, row: Row | None) -> int:
    """Give a fence that was passed over many times, or never."""
    if row is None or row.fence == 1:
        return fence
    return 9 if fence == row.fence else 4


def full_event(event: Event, row: Row | None) -> Event:
    """Give an event of another process, with another history."""
    if isinstance(event, Sending | Ended):
        fence = full_fence(event.claim.fence, row)
        claim = replace(event.claim, owner="another", fence=fence, attempt=5, copies=1)
        event = replace(event, claim=claim)
    if isinstance(event, Claimed):
        event = replace(event, planned_at=event.planned_at + 8, revision=event.revision * 3 + 8)
    return event


def levelled(row: Row | None, event: Event) -> Row | str | None:
    """Give what a step comes to in the checker's eyes, or what it raises."""
    try:
        after = step(row, event)
    except AnnouncerError as error:
        return type(error).__name__
    return seen_from_now(after) if after is not None else None
