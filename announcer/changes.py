"""What the list must hear because the page says something else than it was told.

What is believed now is compared with what was last told, and nothing else decides. A change of
what ``update_on`` names is an update; an explicit cancellation of a talk that was told is a
cancellation; a cancelled talk that takes place after all is an update again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from announcer.cadence import CANCELLATION, UPDATE, Changes, Field, Policy
from announcer.ledger import Decision, What
from announcer.message import Said
from announcer.past import Past, Share, Standing, by_a_person, hindrance, kept_back
from announcer.talks import Series, Status, Talk

# So close to the talk a change is told at once.
SOON: Final = timedelta(hours=3)
# A talk that is put off so far was rather given a wrong year.
YEAR_OFF: Final = timedelta(days=300)


def owed(
    talks: Iterable[Talk],
    series: Series,
    past: Past,
    changes: Changes,
    now: datetime,
    moved: Mapping[str, Talk] = MappingProxyType({}),
) -> dict[str, list[Share]]:
    """Give each talk's part in the updates and the cancellations that are owed, by kind.

    ``moved`` are cancelled talks that stand at a new date as another one, by the identity of that:
    they are not cancelled for the list, as the update of the other tells of both dates.
    """
    shares: dict[str, list[Share]] = {CANCELLATION: [], UPDATE: []}
    old = {talk.identity for talk in moved.values()}
    for talk in talks:
        told = past.last_told(talk)
        if told is None or talk.identity in old:
            continue
        if talk.cancelled and changes.cancellation != "off":
            shares[CANCELLATION] += _cancellation(talk, told, series, past, changes, now)
        elif not talk.cancelled and changes.update != "off":
            before = moved.get(talk.identity)
            shares[UPDATE] += _update(talk, told, series, past, changes, now, before)
    return shares


def settled_at(known_at: datetime, soon: datetime, changes: Changes, zone: ZoneInfo) -> datetime:
    """When what is known since may be told: once it has stood a while, or the talk is near.

    In the night not before the morning, unless the talk begins before.
    """
    ready_at = min(known_at + changes.quiet, max(known_at, soon - SOON))
    return changes.awake(ready_at, zone, soon)


def differences(talk: Talk, told: Said) -> tuple[Field, ...]:
    """Name what is not as it was told, in the order in which a mail tells it."""
    same: dict[Field, bool] = {
        "start": talk.starts_at == told.starts_at,
        "end": talk.ends_at == told.ends_at,
        "place": talk.location == told.location,
        "stream": stream_key(talk.stream) == stream_key(told.stream),
        "speakers": talk.speakers == told.speakers,
    }
    return tuple(field for field, is_same in same.items() if not is_same)


def as_told(said: Said, *, status: Status = Status.CONFIRMED) -> Talk:
    """Give a talk as a mail told of it."""
    return Talk(
        id=said.talk,
        first_id=said.first_id,
        title=said.title,
        tba=said.title is None,
        speakers=said.speakers,
        day=said.day,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        location=said.location,
        stream=said.stream,
        status=status,
    )


def stream_key(url: str | None) -> str | None:
    """Give the same for two spellings of one address, of a video above all."""
    if url is None:
        return None
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    path = parts.path.rstrip("/")
    if host == "youtu.be":
        return f"youtube:{path.strip('/')}"
    if host in {"youtube.com", "youtube-nocookie.com"}:
        video = parse_qs(parts.query).get("v", [""])[0]
        found = re.fullmatch(r"/(?:embed|live|shorts|v)/([\w-]+)", path)
        if video or found:
            return f"youtube:{video or (found and found[1])}"
    return f"{host}{path}?{parts.query}"


def _cancellation(
    talk: Talk, told: Said, series: Series, past: Past, changes: Changes, now: datetime
) -> Iterator[Share]:
    cancelled = Status.CANCELLED.value
    if told.status == cancelled:
        return
    if any(said.status == cancelled for said in past.open_about(talk, CANCELLATION)):
        return
    known_at = _known_at(talk, past, changes, now, "cancel")
    if known_at >= told.starts_at:
        return
    # It is about the talk as the list knows it, whatever else the page says of it now.
    about = replace(
        as_told(told, status=Status.CANCELLED),
        id=talk.id,
        first_id=talk.first_id,
        why_cancelled=talk.why_cancelled,
        affiliations=talk.affiliations,
    )
    share = Share(
        talk=about,
        moment=known_at,
        ready_at=settled_at(known_at, told.starts_at, changes, series.timezone),
        expires_at=told.starts_at,
        standing=Standing.DUE,
        reason="",
    )
    if talk.unclear and share.expires_at > now:
        why = f"talk {talk.id}: {talk.unclear}"
        yield replace(share, standing=Standing.HELD, reason=why)
    else:
        yield _standing(share, CANCELLATION, changes.cancellation, past, now)


def _update(
    talk: Talk,
    told: Said,
    series: Series,
    past: Past,
    changes: Changes,
    now: datetime,
    before: Talk | None,
) -> Iterator[Share]:
    back = told.status == Status.CANCELLED.value
    if not back and told.starts_at > now and (why := _odd(talk, told, series, now)):
        yield _asked_about(talk, told, why, past, now)
        return
    news = set(differences(talk, told)) & set(changes.update_on)
    if not (news or back) or talk.starts_at is None or talk.day is None:
        return
    if any(
        not set(differences(talk, said)) & set(changes.update_on)
        for said in past.open_about(talk, UPDATE)
    ):
        return
    known_at = _known_at(talk, past, changes, now, "accept")
    if before is not None:
        known_at = max(known_at, _known_at(before, past, changes, now, "cancel"))
    if known_at >= talk.starts_at:
        return
    soon = min(talk.starts_at, told.starts_at if told.starts_at > known_at else talk.starts_at)
    ready_at = settled_at(known_at, soon, changes, series.timezone)
    share = Share(
        talk=talk,
        moment=known_at,
        ready_at=ready_at,
        expires_at=talk.starts_at,
        standing=Standing.DUE,
        reason="",
    )
    why = hindrance(UPDATE, talk, series)
    if why and share.expires_at > now:
        yield replace(share, standing=Standing.HELD, reason=f"talk {talk.id}: {why}")
    else:
        yield _standing(share, UPDATE, changes.update, past, now)


def _known_at(talk: Talk, past: Past, changes: Changes, now: datetime, what: What) -> datetime:
    """Return since when a talk is as it is, by the page or by a person's word of a kind."""
    known_at = past.since(talk) or now - changes.quiet
    word = past.decision("", talk)
    if word is not None and word.what == what:
        known_at = max(known_at, past.decided_at(word) or known_at)
    return known_at


def _odd(talk: Talk, told: Said, series: Series, now: datetime) -> str | None:
    """Say what is odd about the date of a talk that the list expects; None where nothing is."""
    expected = f"the list was told {series.local(told.starts_at):%a %Y-%m-%d %H:%M}"
    if talk.starts_at is None:
        return f"no date and time can be read for it any more, but {expected}"
    at = f"{series.local(talk.starts_at):%a %Y-%m-%d %H:%M}"
    if talk.starts_at <= now:
        return f"the page now says {at}, which has passed, but {expected}"
    word_given = talk.starts_at - told.starts_at < YEAR_OFF
    return None if word_given else f"the page now says {at}, a year off, but {expected}"


def _asked_about(talk: Talk, told: Said, why: str, past: Past, now: datetime) -> Share:
    """Give what holds a talk's update until the page is mended, or a person decides."""
    known_at = past.since(talk) or now
    return Share(
        talk=as_told(told),
        moment=known_at,
        ready_at=known_at,
        expires_at=told.starts_at,
        standing=Standing.HELD,
        reason=f"talk {talk.id}: {why}; mend the page, or say `announcer cancel {talk.id}`",
    )


def _standing(share: Share, kind: str, policy: Policy, past: Past, now: datetime) -> Share:
    """Say whether a change is told now, later, by a person's word, or no more."""
    talk = share.talk
    decision = past.decision(kind, talk)
    if decision is not None and decision.what == "hold":
        return kept_back(share, decision, over=share.expires_at <= now)
    if share.expires_at <= now:
        why = f"talk {talk.id}: it has begun before it could go"
        return replace(share, standing=Standing.MISSED, reason=why)
    if decision is not None and decision.what == "skip" and (s := _skipped(share, decision, past)):
        return s
    released = decision is not None and decision.what == "release" and _meant(decision, share, past)
    if policy == "hold" and not released:
        why = f'changes.{kind} = "hold": it waits for `announcer release`'
        return replace(share, standing=Standing.HELD, reason=why)
    if share.ready_at > now:
        return replace(share, standing=Standing.UPCOMING)
    return share


def _meant(decision: Decision, share: Share, past: Past) -> bool:
    """Return whether a person decided on this change, and not on one before it."""
    at = past.decided_at(decision)
    return at is not None and at >= share.moment


def _skipped(share: Share, decision: Decision, past: Past) -> Share | None:
    """Return a change as skipped; None where the person did not know of it yet."""
    words = by_a_person("skipped", decision)
    if past.decided_at(decision) is None:
        why = (
            f"{words}, at a time that lies ahead of the clock, so that nobody knows whether this "
            "change was meant; say `announcer skip` or `announcer release` again"
        )
        return replace(share, standing=Standing.HELD, reason=why)
    if _meant(decision, share, past):
        return replace(share, standing=Standing.SKIPPED, reason=words)
    return None
