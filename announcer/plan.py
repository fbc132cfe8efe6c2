"""What is owed to the list: a pure function of the talks, the cadence, the ledger and the time.

Every rule maps every talk to one instant, and talks that a rule maps to the same instant share a
mail. What was told, or counted as told at adoption, is no longer owed, until both the day of the
talk and the day of its mail have changed; keys never decide it. The rest is standing: due,
upcoming, missed, held or skipped, each with its reason.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from announcer.announcement import Announcement, Plan
from announcer.breaks import quiet_weeks
from announcer.cadence import (
    ANNOUNCEMENT,
    AS_USUAL,
    NO_SEMINAR,
    REMINDER,
    UPDATE,
    Changes,
    Rule,
)
from announcer.changes import owed, settled_at
from announcer.invite import digest, uid
from announcer.ledger import CountedAsTold, History, Pause
from announcer.message import Said
from announcer.overdue import judged
from announcer.past import (
    Past,
    Share,
    Standing,
    by_a_person,
    free,
    hindrance,
    kept_back,
)
from announcer.postponed import moves
from announcer.quantities import Span
from announcer.talks import Series, Status, Talk
from announcer.timeliness import by_day, fresh_news, is_next
from announcer.unsettled import BY_RULE, OnDoubt, expiry, unsettled


def plan_announcements(
    series: Series,
    cadence: Collection[Rule],
    talks: Collection[Talk],
    history: History,
    now: datetime,
    *,
    on_doubt: OnDoubt = "resend",
    pause: Pause | None = None,
    changes: Changes = AS_USUAL,
    breaks: Collection[Span] | None = None,
    last_pass: datetime | None = None,
) -> Plan:
    """Work out what is owed to the list of one series at an instant.

    Args:
        series: whose list it is.
        cadence: its rules; announcements are planned before reminders, whatever their order.
        talks: those that are believed, in any order.
        history: what the ledger knows of this series.
        now: an instant in UTC.
        on_doubt: whether a mail in doubt is sent once more by itself.
        pause: until when the account is left in peace, if it is.
        changes: what becomes of changes that the list must hear of.
        breaks: days without seminar; None where nothing is said of a week without a talk.
        last_pass: when the talks were last read before; what was missed since then is trouble.
    """
    past = Past(history, now)
    talks = [as_decided(talk, past) for talk in talks]
    moved = moves(talks, series, past, changes, now)
    past.carry_on({identity: move.told for identity, move in moved.items()})
    old = {identity: move.old for identity, move in moved.items()}
    planned: list[Announcement] = []
    for kind, found in owed(talks, series, past, changes, now, old).items():
        shares = [by_day(share, changes, series, now) for share in found]
        planned += _mails(kind, kind, shares, series, past, now)
    for rule in sorted(cadence, key=lambda rule: rule.kind == REMINDER):
        shares = [s for t in talks if (s := _share(rule, t, series, past, planned, changes, now))]
        shares = [by_day(share, changes, series, now) for share in shares]
        planned += _mails(rule.kind, rule.label, shares, series, past, now)
    without: dict[datetime, Span | None] = {}
    if breaks is not None:
        shares = quiet_weeks(cadence, talks, breaks, series, past, now)
        shares = [by_day(share, changes, series, now) for share in shares]
        without = {share.moment: share.without for share in shares}
        planned += [
            mail
            for mail in _mails(NO_SEMINAR, NO_SEMINAR, shares, series, past, now)
            if mail.key.count("/") == 2  # a second one of a day was told already
        ]
    planned += [
        replace(mail, without=without.get(mail.due_at)) if mail.kind == NO_SEMINAR else mail
        for mail in unsettled(series, cadence, talks, past, now, on_doubt)
    ]
    if pause is not None and pause.lasts(now):
        planned = [_paused(mail, pause) for mail in planned]
    planned = [replace(mail, is_next=is_next(mail, talks, now)) for mail in planned]
    order = sorted(planned, key=lambda a: (a.due_at, a.kind == REMINDER, a.key))
    return Plan(
        announcements=tuple(judged(mail, history.believed, last_pass, now) for mail in order)
    )


def as_decided(talk: Talk, past: Past) -> Talk:
    """Let an organiser's word on a talk count for what the page says of it."""
    decision = past.decision("", talk)
    if decision is not None and decision.what == "cancel":
        why = decision.words if decision.tell else talk.why_cancelled
        return replace(talk, status=Status.CANCELLED, unclear=None, why_cancelled=why or None)
    # What was accepted is this very doubt: the talk as it was read then, and nothing later.
    doubt = " ".join((talk.unclear or "").split())
    if decision is not None and decision.what == "accept" and doubt and decision.words == doubt:
        return replace(talk, unclear=None)
    return talk


def _paused(mail: Announcement, pause: Pause) -> Announcement:
    """Let a due mail wait for the end of a pause, if that comes later than its own next attempt."""
    at = mail.waits_until
    if mail.standing is not Standing.DUE or (at is not None and at >= pause.until):
        return mail
    until = f"{mail.series.local(pause.until):%H:%M:%S}"
    words = f"{pause.account} had trouble and is asked again at {until} ({pause.reply})"
    return replace(mail, waits_until=pause.until, reason=words)


def counted_as_told(
    series: Series, rules: Iterable[Rule], talks: Iterable[Talk], now: datetime
) -> tuple[CountedAsTold, ...]:
    """Give what an adoption at this instant takes as told: what would have gone out by now.

    A talk that is to be announced, undated or unclear at that time is not: it is announced when
    it can be.
    """
    return tuple(
        CountedAsTold(
            talk=talk.identity,
            rule=rule.label,
            day=talk.day,
            moment_day=series.local(moment).date(),
            said=_taken_as_said(talk, series, moment),
        )
        for rule in rules
        for talk in talks
        if talk.day is not None
        and (moment := rule.moment(talk, series.timezone)) is not None
        and moment < now
        and (talk.cancelled or hindrance(rule.kind, talk, series) is None)
    )


def _taken_as_said(talk: Talk, series: Series, moment: datetime) -> Said | None:
    """Give what the list is taken to have heard of a talk when the ledger is adopted."""
    if talk.starts_at is None or talk.ends_at is None or talk.day is None or talk.cancelled:
        return None
    return Said(
        talk=talk.id,
        first_id=talk.first_id,
        day=talk.day,
        moment_day=series.local(moment).date(),
        title=talk.title,
        speakers=talk.speakers,
        starts_at=talk.starts_at,
        ends_at=talk.ends_at,
        location=talk.location,
        stream=talk.stream,
        status=talk.status.value,
        uid=uid(series, talk),
        sequence=0,
        stamp=moment,
        digest=digest(talk, series, uid(series, talk)),
    )


def never_fires(rule: Rule, talk: Talk, series: Series) -> bool:
    """Whether the talk's own start forbids the rule's mail from its first moment on."""
    moment, limit = rule.moment(talk, series.timezone), rule.limit(talk)
    return moment is not None and limit is not None and limit <= moment


def _share(
    rule: Rule,
    talk: Talk,
    series: Series,
    past: Past,
    planned: Sequence[Announcement],
    changes: Changes,
    now: datetime,
) -> Share | None:
    moment = rule.moment(talk, series.timezone)
    if talk.day is None or moment is None or past.told(rule, talk, moment, series):
        return None
    if rule.kind == ANNOUNCEMENT and _told_by_update(talk, moment, planned):
        return None
    ready_at = _ready_at(rule, talk, moment, past, changes, series.timezone)
    expires_at = expiry(rule, talk, series, moment)
    standing, reason = Standing.UPCOMING if ready_at > now else Standing.DUE, ""
    if expires_at <= max(now, moment):
        standing, reason = Standing.MISSED, _why_missed(rule, talk, moment, expires_at)
    share = Share(
        talk=talk,
        moment=moment,
        ready_at=ready_at,
        expires_at=expires_at,
        standing=standing,
        reason=reason,
    )
    decision = past.decision(rule.label, talk)
    why = hindrance(rule.kind, talk, series) or (
        _nothing_known(rule, talk, past) if ready_at <= now else None
    )
    if decision is not None and decision.what == "skip" and not talk.cancelled:
        return replace(share, standing=Standing.SKIPPED, reason=by_a_person("skipped", decision))
    if not why and rule.kind == REMINDER:
        why_not = fresh_news(talk, moment, past, planned, changes, now)
        if why_not:
            return replace(share, standing=Standing.SKIPPED, reason=why_not)
    if decision is not None and decision.what == "hold" and not talk.cancelled:
        return kept_back(share, decision, over=standing is Standing.MISSED)
    return _hindered(share, why, past) if why else share


def _hindered(share: Share, why: str, past: Past) -> Share:
    """Give a share of a talk that cannot be told of as it stands."""
    talk, word = share.talk, past.decision("", share.talk)
    missed = share.standing is Standing.MISSED
    if word is not None and word.what == "cancel":
        why = by_a_person("cancelled", word)
    elif missed and talk.tba:
        why = "its title was not known in time"
    share = replace(share, reason=f"talk {talk.id}: {why}")
    if talk.cancelled:
        return replace(share, standing=Standing.SKIPPED)
    if missed:
        return share
    # What a page says is still to be announced is for its organisers to say, and no trouble.
    untold = not talk.unclear and talk.starts_at is not None
    return replace(share, standing=Standing.HELD, by_choice=untold)


_WAITS: Final = frozenset({Standing.UPCOMING, Standing.HELD})


def _nothing_known(rule: Rule, talk: Talk, past: Past) -> str | None:
    """Return why a reminder would only say that something takes place; None where it says more."""
    if rule.kind != REMINDER or talk.title or talk.speakers or past.last_told(talk):
        return None
    return "neither its title nor its speaker is known, and the list never heard of it"


def _ready_at(
    rule: Rule, talk: Talk, moment: datetime, past: Past, changes: Changes, zone: ZoneInfo
) -> datetime:
    """When a mail may go: at its moment, or where the talk came later, once it has stood a while."""
    clear, since = past.clear(talk), past.since(talk)
    on_time = clear is None or clear <= moment
    if rule.kind != ANNOUNCEMENT or on_time or since is None or talk.starts_at is None:
        return moment
    return settled_at(since, talk.starts_at, changes, zone)


def _told_by_update(talk: Talk, moment: datetime, planned: Sequence[Announcement]) -> bool:
    """Whether an update tells what a late announcement would."""
    return any(
        mail.kind == UPDATE
        and mail.standing in (Standing.DUE, Standing.UPCOMING, Standing.HELD)
        and mail.due_at >= moment
        and talk in mail.talks
        for mail in planned
    )


def _why_missed(rule: Rule, talk: Talk, moment: datetime, expires_at: datetime) -> str:
    if expires_at <= moment:
        return f"talk {talk.id} begins too early for this rule; see `announcer check`"
    if rule.grace is not None and expires_at == moment + rule.grace:
        return f"talk {talk.id}: its grace is over"
    return f"talk {talk.id}: it begins too soon, or has begun"


# Keys are given in this order, so that what can go out keeps the plain one.
_KEY_ORDER: Final = (
    Standing.DUE,
    Standing.UPCOMING,
    Standing.HELD,
    Standing.SKIPPED,
    Standing.MISSED,
)


def _mails(
    kind: str, rule: str, shares: Iterable[Share], series: Series, past: Past, now: datetime
) -> list[Announcement]:
    """Gather what one rule owes into mails, one for each moment and standing, and give them keys."""
    gathered: dict[tuple[Standing, datetime], list[Share]] = {}
    for share in shares:
        gathered.setdefault((share.standing, share.moment), []).append(share)
    taken = {key for key, row in past.rows.items() if not free(row, past.clock)}
    mails = []
    for standing, moment in sorted(gathered, key=lambda at: (_KEY_ORDER.index(at[0]), at[1])):
        parts = sorted(gathered[standing, moment], key=_in_time)
        talks = tuple(part.talk for part in parts)
        # A kind without a rule falls due when it may go.
        due_at = moment if kind in BY_RULE else max(part.ready_at for part in parts)
        key = _next_key(series, rule, due_at, [talk.identity for talk in talks], past, taken)
        taken.add(key)
        ready_at = max(part.ready_at for part in parts)
        mail = Announcement(
            key=key,
            series=series,
            kind=kind,
            rule=rule,
            standing=standing,
            due_at=due_at,
            expires_at=max(part.expires_at for part in parts),
            first_expiry=min(part.expires_at for part in parts),
            talks=talks,
            reason="; ".join(dict.fromkeys(part.reason for part in parts if part.reason)),
            previous=tuple(s for talk in talks if (s := past.said(talk))),
            told=tuple(s for talk in talks if (s := past.last_told(talk))),
            notes=tuple(dict.fromkeys(n for talk in talks if (n := past.note(rule, talk)))),
            without=parts[0].without,
            waits_until=ready_at if ready_at > due_at and standing in _WAITS else None,
            by_choice=all(part.by_choice for part in parts),
        )
        mails.append(_noted(_with_past(_explained(mail, series, now), past)))
    return mails


def _noted(mail: Announcement) -> Announcement:
    """Let the plan show that an organiser's paragraph will stand on top."""
    if not mail.notes:
        return mail
    return replace(mail, reason=f"{mail.reason}; with a note on top: {' '.join(mail.notes)}")


def _in_time(share: Share) -> tuple[datetime, str]:
    return (share.talk.starts_at or share.moment, share.talk.id)


def _next_key(
    series: Series,
    rule: str,
    moment: datetime,
    talks: Collection[str],
    past: Past,
    taken: Collection[str],
) -> str:
    plain = f"{series.id}/{rule}/{series.local(moment).date()}"
    numbered = (plain if n == 1 else f"{plain}/{n}" for n in count(1))
    # The ledger keeps the place of a mail from its first claim: where another has told of its
    # talks since, the mail that follows needs a later place, and so another key.
    return next(
        key
        for key in numbered
        if key not in taken and not (key in past.rows and past.superseded(key, rule, talks))
    )


def _explained(mail: Announcement, series: Series, now: datetime) -> Announcement:
    if mail.reason:
        return mail
    when = f"{series.local(mail.due_at):%A %Y-%m-%d %H:%M}"
    if mail.waits_until is not None:
        at = f"{series.local(mail.waits_until):%A %Y-%m-%d %H:%M:%S}"
        words = f"it came after its moment, and goes out on {at} if nothing changes until then"
        return replace(mail, reason=words)
    if mail.standing is Standing.UPCOMING:
        return replace(mail, reason=f"goes out on {when}")
    late = now - mail.due_at
    if late < timedelta(minutes=1):
        return replace(mail, reason="its moment has come")
    return replace(mail, reason=f"it has been due since {when}, and can still go out")


def _with_past(mail: Announcement, past: Past) -> Announcement:
    """Add what earlier mails mean for this one: its own earlier attempts, and its thread."""
    row = past.rows.get(mail.key)
    if mail.standing is Standing.DUE and row is not None:
        mail = replace(mail, row=row, waits_until=row.next_attempt_at)
        if row.next_attempt_at is not None:
            at = f"{mail.series.local(row.next_attempt_at):%H:%M:%S}"
            mail = replace(mail, reason=f"the next attempt comes at {at} ({row.reply})")
    elif row is not None:
        mail = replace(mail, row=row)
    if mail.kind == ANNOUNCEMENT:
        return mail
    told = [r for t in mail.talks for r in past.telling(t) if r.kind in (ANNOUNCEMENT, UPDATE)]
    thread = tuple(dict.fromkeys(row.message_id for row in told))
    return replace(mail, thread=thread)
