"""What is owed to the list: a pure function of the talks, the cadence, the ledger and the time.

Every rule maps every talk to one instant, and talks that a rule maps to the same instant share a
mail. What was told, or counted as told at adoption, is no longer owed, until both the day of the
talk and the day of its mail have changed; keys never decide it. The rest is standing: due,
upcoming, missed, held or skipped, each with its reason.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from typing import Final, Literal

from announcer.cadence import ANNOUNCEMENT, REMINDER, Rule, instant
from announcer.ledger import CountedAsTold, History, Pause, Row, State
from announcer.ledger.steps import free_at
from announcer.message import Said
from announcer.talks import Series, Talk

# A reminder on the heels of the announcement tells nothing new.
FRESH: Final = timedelta(hours=12)

OnDoubt = Literal["resend", "hold"]


class Standing(StrEnum):
    """Where a mail stands in the plan."""

    DUE = "due"
    UPCOMING = "upcoming"
    MISSED = "missed"
    HELD = "held"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One mail that is owed to the list, or why it is not.

    ``reason`` says in a sentence why it stands where it stands. ``previous`` is what was last
    said of its talks, for the calendar entries to follow; ``thread`` the Message-IDs of the
    announcements it follows, oldest first, with ``thread_subject`` where its subject must be
    theirs; ``row`` what the ledger knows of it from earlier attempts, and ``waits_until`` when
    its next attempt may come.
    """

    key: str
    series: Series
    kind: str
    rule: str
    standing: Standing
    due_at: datetime
    expires_at: datetime
    talks: tuple[Talk, ...]  # in order of time
    reason: str
    previous: tuple[Said, ...] = ()
    thread: tuple[str, ...] = ()
    thread_subject: str | None = None
    row: Row | None = None
    waits_until: datetime | None = None

    def __post_init__(self) -> None:
        if not self.talks:
            raise ValueError(f"{self.key}: a mail about no talk")
        if self.due_at.tzinfo is not UTC or self.expires_at.tzinfo is not UTC:
            raise ValueError(f"{self.key}: instants are in UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All mails of a series that are owed, or would be, in the order of their moments."""

    announcements: tuple[Announcement, ...]

    def standing(self, standing: Standing) -> tuple[Announcement, ...]:
        """Give those that stand there."""
        return tuple(a for a in self.announcements if a.standing is standing)

    @property
    def due(self) -> tuple[Announcement, ...]:
        """What is owed now."""
        return self.standing(Standing.DUE)

    def next_moment(self, now: datetime) -> datetime | None:
        """The next instant at which a look at the plan is worth while."""
        upcoming = (a.due_at for a in self.standing(Standing.UPCOMING))
        waiting = (a.waits_until for a in self.announcements if a.waits_until is not None)
        return min((at for at in (*upcoming, *waiting) if at > now), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """One talk's part in the mail of one moment, before keys are given."""

    talk: Talk
    moment: datetime
    expires_at: datetime
    standing: Standing
    reason: str


def plan_announcements(
    series: Series,
    cadence: Collection[Rule],
    talks: Collection[Talk],
    history: History,
    now: datetime,
    *,
    on_doubt: OnDoubt = "resend",
    pause: Pause | None = None,
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
    """
    past = _Past(history, now)
    planned: list[Announcement] = []
    for rule in sorted(cadence, key=lambda rule: rule.kind == REMINDER):
        shares = [s for t in talks if (s := _share(rule, t, series, past, planned, now))]
        planned += _mails(rule, shares, series, past, now)
    planned += _unsettled(series, cadence, talks, past, now, on_doubt)
    if pause is not None and pause.until > now:
        planned = [_paused(mail, pause) for mail in planned]
    order = sorted(planned, key=lambda a: (a.due_at, a.kind == REMINDER, a.key))
    return Plan(announcements=tuple(order))


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
            talk=talk.id,
            rule=rule.label,
            day=talk.day,
            moment_day=series.local(moment).date(),
        )
        for rule in rules
        for talk in talks
        if talk.day is not None
        and (moment := rule.moment(talk, series.timezone)) is not None
        and moment < now
        and (talk.cancelled or _hindrance(rule, talk, series) is None)
    )


def never_fires(rule: Rule, talk: Talk, series: Series) -> bool:
    """Whether the talk's own start forbids the rule's mail from its first moment on."""
    moment, limit = rule.moment(talk, series.timezone), rule.limit(talk)
    return moment is not None and limit is not None and limit <= moment


class _Past:
    """The history of a series, in the terms of the plan."""

    def __init__(self, history: History, now: datetime) -> None:
        self.clock = history.clock or now  # what leases go by
        self.rows: Mapping[str, Row] = {row.key: row for row in history.rows}
        self._order = {row.key: number for number, row in enumerate(history.rows)}
        self._last: dict[tuple[str, str], str] = {}  # the key of the last mail with a copy
        self._marks: dict[tuple[str, str], list[tuple[date, date]]] = {
            (c.rule, c.talk): [(c.day, c.moment_day)] for c in history.counted
        }
        for row in history.rows:
            if not _free(row, self.clock):
                for said in row.said:
                    self._mark(row, said)

    def _mark(self, row: Row, said: Said) -> None:
        marks = self._marks.setdefault((row.rule, said.talk), [])
        # A mail of which no copy was made leaves the list with what it heard before.
        if row.copies:
            marks.clear()
            self._last[row.rule, said.talk] = row.key
        marks.append((said.day, said.moment_day))

    def told(self, rule: Rule, talk: Talk, moment_day: date) -> bool:
        """Whether a rule has had its say about a talk, as it now stands."""
        marks = self._marks.get((rule.label, talk.id), ())
        return any(day == talk.day or at == moment_day for day, at in marks)

    def superseded(self, key: str, rule: str, talks: Iterable[str]) -> bool:
        """Whether a later mail of a rule told of one of these talks than the one of this key."""
        last = (self._last.get((rule, talk), key) for talk in talks)
        return any(self._order[other] > self._order[key] for other in last)

    def telling(self, talk: Talk) -> list[Row]:
        """Give the mails that told, or may have told, of a talk, oldest first."""
        return [
            row
            for row in self.rows.values()
            if row.copies and any(said.talk == talk.id for said in row.said)
        ]

    def said(self, talk: Talk) -> Said | None:
        """What was last composed about a talk: its calendar entry follows on from there."""
        said = (s for row in self.rows.values() for s in row.said if s.talk == talk.id)
        return max(said, key=lambda s: (s.sequence, s.stamp), default=None)


def _free(row: Row, clock: datetime) -> bool:
    """Whether a key may be composed anew: no copy can exist, and nobody works on it."""
    if row.state is State.CLAIMED:
        return row.copies == 0 and row.lease_until <= clock
    return row.state is State.RETRY and row.copies == 0


def _hindrance(rule: Rule, talk: Talk, series: Series) -> str | None:
    """What keeps a talk from being told of, whatever the hour; None where nothing does."""
    if talk.cancelled:
        return "it is cancelled"
    if talk.unclear:
        return f"it is unclear: {talk.unclear}"
    if talk.starts_at is None:
        return "no start is known; give it on the page, or set start for the series"
    if talk.tba and rule.kind == ANNOUNCEMENT and not series.announce_tba:
        return "it is still to be announced; the mail follows when the title is known"
    return None


def _share(
    rule: Rule,
    talk: Talk,
    series: Series,
    past: _Past,
    planned: Sequence[Announcement],
    now: datetime,
) -> _Share | None:
    moment = rule.moment(talk, series.timezone)
    if talk.day is None or moment is None or past.told(rule, talk, series.local(moment).date()):
        return None
    standing, reason = Standing.UPCOMING if moment > now else Standing.DUE, ""
    expires_at = _expiry(rule, talk, series, moment)
    if expires_at <= max(now, moment):
        standing, reason = Standing.MISSED, _why_missed(rule, talk, moment, expires_at)
    if hindrance := _hindrance(rule, talk, series):
        standing = Standing.HELD if standing is not Standing.MISSED else standing
        standing = Standing.SKIPPED if talk.cancelled else standing
        reason = f"talk {talk.id}: {hindrance}"
    elif standing is not Standing.MISSED and rule.kind == REMINDER:
        fresh = _fresh_news(talk, moment, past, planned, now)
        standing, reason = (Standing.SKIPPED, fresh) if fresh else (standing, reason)
    return _Share(talk=talk, moment=moment, expires_at=expires_at, standing=standing, reason=reason)


def _expiry(rule: Rule, talk: Talk, series: Series, moment: datetime) -> datetime:
    # Without a start the day of the talk is all that is known to set an end.
    assert talk.day is not None  # noqa: S101 - the caller has looked
    ends = [rule.limit(talk) or instant(talk.day + timedelta(days=1), time(), series.timezone)]
    if rule.grace is not None:
        ends.append(moment + rule.grace)
    return min(ends)


def _why_missed(rule: Rule, talk: Talk, moment: datetime, expires_at: datetime) -> str:
    if expires_at <= moment:
        return f"talk {talk.id} begins too early for this rule; see `announcer check`"
    if rule.grace is not None and expires_at == moment + rule.grace:
        return f"talk {talk.id}: its grace is over"
    return f"talk {talk.id}: it begins too soon, or has begun"


def _fresh_news(
    talk: Talk,
    moment: datetime,
    past: _Past,
    planned: Sequence[Announcement],
    now: datetime,
) -> str:
    """Why a reminder would tell nothing new; empty where it would."""
    for row in past.rows.values():
        news = row.kind != REMINDER and any(said.talk == talk.id for said in row.said)
        at = _heard_at(row, past, now)
        if news and at is not None and at > moment - FRESH:
            return f"talk {talk.id}: {row.key} told of it less than 12 hours before"
    for mail in planned:
        if mail.kind == REMINDER:
            continue  # as above: whoever wants two reminders gets both
        going = mail.standing in (Standing.DUE, Standing.UPCOMING) and talk in mail.talks
        goes_at = max(mail.due_at, now)
        if going and moment - FRESH < goes_at <= max(moment, now):
            return f"talk {talk.id}: {mail.key} tells of it less than 12 hours before"
    return ""


def _heard_at(row: Row, past: _Past, now: datetime) -> datetime | None:
    """When the list has heard, or may have heard, of a mail; None where no copy can exist."""
    if row.state in (State.CLAIMED, State.SENDING) and not _free(row, past.clock):
        return now
    if not row.copies:
        return None
    if row.copies == 1 and row.doubted_at is not None:
        return row.doubted_at  # a person's word on it comes later, and makes it no newer
    return row.settled_at or row.doubted_at or row.claimed_at


# Keys are given in this order, so that what can go out keeps the plain one.
_KEY_ORDER: Final = (
    Standing.DUE,
    Standing.UPCOMING,
    Standing.HELD,
    Standing.SKIPPED,
    Standing.MISSED,
)


def _mails(
    rule: Rule, shares: Iterable[_Share], series: Series, past: _Past, now: datetime
) -> list[Announcement]:
    """Gather what one rule owes into mails, one for each moment and standing, and give them keys."""
    gathered: dict[tuple[Standing, datetime], list[_Share]] = {}
    for share in shares:
        gathered.setdefault((share.standing, share.moment), []).append(share)
    taken = {key for key, row in past.rows.items() if not _free(row, past.clock)}
    mails = []
    for standing, moment in sorted(gathered, key=lambda at: (_KEY_ORDER.index(at[0]), at[1])):
        parts = sorted(gathered[standing, moment], key=_in_time)
        about = [part.talk.id for part in parts]
        key = _next_key(series, rule, moment, about, past, taken)
        taken.add(key)
        mail = Announcement(
            key=key,
            series=series,
            kind=rule.kind,
            rule=rule.label,
            standing=standing,
            due_at=moment,
            expires_at=max(part.expires_at for part in parts),
            talks=tuple(part.talk for part in parts),
            reason="; ".join(dict.fromkeys(part.reason for part in parts if part.reason)),
            previous=tuple(s for part in parts if (s := past.said(part.talk))),
        )
        mails.append(_with_past(_explained(mail, series, now), past))
    return mails


def _in_time(share: _Share) -> tuple[datetime, str]:
    return (share.talk.starts_at or share.moment, share.talk.id)


def _next_key(
    series: Series,
    rule: Rule,
    moment: datetime,
    talks: Collection[str],
    past: _Past,
    taken: Collection[str],
) -> str:
    plain = f"{series.id}/{rule.label}/{series.local(moment).date()}"
    numbered = (plain if n == 1 else f"{plain}/{n}" for n in count(1))
    # The ledger keeps the place of a mail from its first claim: where another has told of its
    # talks since, the mail that follows needs a later place, and so another key.
    return next(
        key
        for key in numbered
        if key not in taken and not (key in past.rows and past.superseded(key, rule.label, talks))
    )


def _explained(mail: Announcement, series: Series, now: datetime) -> Announcement:
    if mail.reason:
        return mail
    when = f"{series.local(mail.due_at):%A %Y-%m-%d %H:%M}"
    if mail.standing is Standing.UPCOMING:
        return replace(mail, reason=f"goes out on {when}")
    late = now - mail.due_at
    if late < timedelta(minutes=1):
        return replace(mail, reason="its moment has come")
    return replace(mail, reason=f"it has been due since {when}, and can still go out")


def _with_past(mail: Announcement, past: _Past) -> Announcement:
    """Add what earlier mails mean for this one: its own earlier attempts, and its thread."""
    row = past.rows.get(mail.key)
    if mail.standing is Standing.DUE and row is not None:
        mail = replace(mail, row=row, waits_until=row.next_attempt_at)
        if row.next_attempt_at is not None:
            at = f"{mail.series.local(row.next_attempt_at):%H:%M:%S}"
            mail = replace(mail, reason=f"the next attempt comes at {at} ({row.reply})")
    elif row is not None:
        mail = replace(mail, row=row)
    if mail.kind != REMINDER:
        return mail
    told = [(t, r) for t in mail.talks for r in past.telling(t) if r.kind == ANNOUNCEMENT]
    thread = tuple(dict.fromkeys(row.message_id for _, row in told))
    alone = len(mail.talks) == 1 and told and len(told[-1][1].said) == 1
    return replace(mail, thread=thread, thread_subject=told[-1][1].subject if alone else None)


def _unsettled(
    series: Series,
    cadence: Collection[Rule],
    talks: Iterable[Talk],
    past: _Past,
    now: datetime,
    on_doubt: OnDoubt,
) -> list[Announcement]:
    """Give the mails of the ledger that are still open, or want a person."""
    rules = {rule.label: rule for rule in cadence}
    by_id = {talk.id: talk for talk in talks}
    mails = []
    for row in past.rows.values():
        if row.state is State.SENT or _free(row, past.clock):
            continue
        about = tuple(by_id.get(said.talk) or _as_said(said) for said in row.said)
        rule = rules.get(row.rule) or Rule(kind=row.kind, name=row.rule, at=time(), grace=None)
        # A talk that is undated now counts as the mail dates it.
        ends = [
            _expiry(rule, talk if talk.day else replace(talk, day=said.day), series, row.due_at)
            for talk, said in zip(about, row.said, strict=True)
        ]
        expires_at = max(ends)
        if expires_at <= now:
            continue
        if row.state in (State.CLAIMED, State.SENDING) and row.lease_until > past.clock:
            standing, reason = Standing.DUE, "another process is sending it"
            waits_until: datetime | None = row.lease_until
        elif row.copies:
            unchanged = (
                all(said.talk in by_id for said in row.said)
                and min(ends) > now
                and not past.superseded(row.key, row.rule, (said.talk for said in row.said))
                and _owed_unchanged(row, rule, about, series)
            )
            standing, reason, waits_until = _doubt(row, series, now, on_doubt, unchanged=unchanged)
        else:
            standing, reason = _ended(row, about)
            waits_until = None
        mails.append(
            Announcement(
                key=row.key,
                series=series,
                kind=row.kind,
                rule=row.rule,
                standing=standing,
                due_at=row.due_at,
                expires_at=expires_at,
                talks=about,
                reason=reason,
                row=row,
                waits_until=waits_until,
            )
        )
    return mails


def _as_said(said: Said) -> Talk:
    """Give a talk that is no longer on the page as a mail told of it."""
    return Talk(
        id=said.talk,
        title=said.title,
        tba=said.title is None,
        speakers=said.speakers,
        day=said.day,
        starts_at=said.starts_at,
        ends_at=said.ends_at,
        location=said.location,
        stream=said.stream,
    )


def _ended(row: Row, talks: Iterable[Talk]) -> tuple[Standing, str]:
    """Say where a mail stands that no copy was made of, and that waits for a person."""
    if row.state is State.SKIPPED:
        return Standing.SKIPPED, f"skipped: {row.reply}"
    if all(talk.cancelled for talk in talks):
        return Standing.SKIPPED, f"{row.reply}; what it is about is cancelled"
    if row.state is State.REFUSED:
        again = f"`announcer release {row.key}` tries it again"
        return Standing.HELD, f"refused by the server: {row.reply}; {again}"
    lets_go = f"`announcer release {row.key}` lets it go, --all lets go all of them"
    return Standing.HELD, f"{row.reply}; {lets_go}"


def _doubt(
    row: Row, series: Series, now: datetime, on_doubt: OnDoubt, *, unchanged: bool
) -> tuple[Standing, str, datetime | None]:
    """Say where a mail stands of which nobody knows whether it was taken."""
    doubt = f"in doubt, as the server may have taken it ({row.reply})"
    settle = f"`announcer settle {row.key} --as sent` or `--as resend` ends the doubt"
    if row.copies > 1:
        sent = f"`announcer settle {row.key} --as sent` ends the doubt"
        return Standing.HELD, f"{doubt}; sent twice already, so it never goes again; {sent}", None
    if not unchanged:
        return Standing.HELD, f"{doubt}, and what it says no longer holds; {settle}", None
    if row.state is State.CLAIMED:
        # A second copy was allowed, and the process that was to make it ended before it could.
        return Standing.DUE, f"{doubt}; the same bytes go once more", None
    again_at = free_at(row)
    if again_at is None or (on_doubt == "hold" and not row.released):
        return Standing.HELD, f"{doubt}; {settle}", None
    if again_at > now:
        when = f"{series.local(again_at):%H:%M:%S}"
        return Standing.HELD, f"{doubt}; the same bytes go once more at {when}; {settle}", again_at
    return Standing.DUE, f"{doubt}; the same bytes go once more", again_at


def _owed_unchanged(row: Row, rule: Rule, talks: Sequence[Talk], series: Series) -> bool:
    """Whether every talk of a mail is still owed, and is what the mail says it is."""
    return len(talks) == len(row.said) and all(
        _hindrance(rule, talk, series) is None
        and rule.moment(talk, series.timezone) == row.due_at
        and (talk.title, talk.speakers, talk.starts_at, talk.ends_at, talk.location, talk.stream)
        == (said.title, said.speakers, said.starts_at, said.ends_at, said.location, said.stream)
        for talk, said in zip(talks, row.said, strict=True)
    )
