"""The mails of the ledger that are still open, or that want a person."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final, Literal

from announcer.announcement import Announcement
from announcer.cadence import ANNOUNCEMENT, CANCELLATION, REMINDER, Rule, instant
from announcer.changes import as_told, differences
from announcer.ledger import Row, State
from announcer.ledger.steps import free_at
from announcer.past import Past, Standing, by_a_person, free, hindrance
from announcer.talks import Series, Talk

BY_RULE: Final = frozenset({ANNOUNCEMENT, REMINDER})
OnDoubt = Literal["resend", "hold"]
_WAITS_FOR_A_PERSON: Final = frozenset({State.HELD, State.REFUSED})


def unsettled(
    series: Series,
    cadence: Collection[Rule],
    talks: Iterable[Talk],
    past: Past,
    now: datetime,
    on_doubt: OnDoubt,
) -> list[Announcement]:
    """Give the mails of the ledger that are still open, or want a person."""
    rules = {rule.label: rule for rule in cadence}
    known = {talk.identity: talk for talk in talks}
    mails = []
    for row in past.rows.values():
        if row.state is State.SENT or free(row, past.clock):
            continue
        about = tuple(known.get(said.identity) or as_told(said) for said in row.said)
        rule = rules.get(row.rule) or Rule(kind=row.kind, name=row.rule, at=time(), grace=None)
        # A talk that is undated now counts as the mail dates it.
        ends = [
            expiry(rule, talk if talk.day else replace(talk, day=said.day), series, row.due_at)
            for talk, said in zip(about, row.said, strict=True)
        ]
        expires_at = max(ends)
        decided = _decided(row, about, past)
        # Whoever holds a mail in doubt stops its second copy, and the doubt goes on.
        by_choice = decided is not None and decided[0] is Standing.HELD and not row.copies
        over = expires_at <= now
        if over and (row.copies or row.state not in _WAITS_FOR_A_PERSON):
            continue  # what was not begun is planned anew, and after the talk no doubt matters
        if row.state in (State.CLAIMED, State.SENDING) and row.lease_until > past.clock:
            standing, reason = Standing.DUE, "another process is sending it"
            waits_until: datetime | None = row.lease_until
        elif decided is not None:
            standing, reason, waits_until = *decided, None
        elif row.copies:
            identities = [said.identity for said in row.said]
            unchanged = (
                known.keys() >= set(identities)
                and min(ends) > now
                and not past.superseded(row.key, row.rule, identities)
                and not any(map(past.is_outdated, about, row.said))
                and _owed_unchanged(row, rules.get(row.rule), about, series)
            )
            standing, reason, waits_until = _doubt(row, series, now, on_doubt, unchanged=unchanged)
        else:
            standing, reason = _ended(row, about, over=over)
            waits_until = None
        if over and standing is Standing.HELD:
            standing = Standing.MISSED
        mails.append(
            Announcement(
                key=row.key,
                series=series,
                kind=row.kind,
                rule=row.rule,
                standing=standing,
                due_at=row.due_at,
                expires_at=expires_at,
                first_expiry=min(ends),
                talks=about,
                reason=reason,
                row=row,
                waits_until=waits_until,
                by_choice=by_choice,
            )
        )
    return mails


def _decided(row: Row, talks: Iterable[Talk], past: Past) -> tuple[Standing, str] | None:
    """Say where an organiser's word puts a mail that is not with a process; None without one."""
    for decision in filter(None, (past.decision(row.rule, talk) for talk in talks)):
        if decision.what == "skip":
            return Standing.SKIPPED, by_a_person("skipped", decision)
        if decision.what == "hold":
            doubt = f"; in doubt, as the server may have taken it ({row.reply}); {_settle(row.key)}"
            words = by_a_person("held", decision)
            return Standing.HELD, words + (doubt if row.copies else "")
    return None


def _ended(row: Row, talks: Iterable[Talk], *, over: bool) -> tuple[Standing, str]:
    """Say where a mail stands that no copy was made of, and that waits for a person."""
    if row.state is State.SKIPPED:
        return Standing.SKIPPED, f"skipped: {row.reply}"
    if row.kind != CANCELLATION and all(talk.cancelled for talk in talks):
        return Standing.SKIPPED, f"{row.reply}; what it is about is cancelled"
    refused = row.state is State.REFUSED
    why = f"refused by the server: {row.reply}" if refused else f"{row.reply}"
    if over:
        return Standing.HELD, f"{why}; its time is over"
    if refused:
        return Standing.HELD, f"{why}; `announcer release {row.key}` tries it again"
    lets_go = f"`announcer release {row.key}` lets it go, --all lets go all of them"
    return Standing.HELD, f"{why}; {lets_go}"


def _settle(key: str) -> str:
    return f"`announcer settle {key} --as sent` or `--as resend` ends the doubt"


def _doubt(
    row: Row, series: Series, now: datetime, on_doubt: OnDoubt, *, unchanged: bool
) -> tuple[Standing, str, datetime | None]:
    """Say where a mail stands of which nobody knows whether it was taken."""
    doubt = f"in doubt, as the server may have taken it ({row.reply})"
    settle = _settle(row.key)
    if row.copies > 1:
        sent = f"`announcer settle {row.key} --as sent` ends the doubt"
        return Standing.HELD, f"{doubt}; sent twice already, so it never goes again; {sent}", None
    if row.recipient != series.list:
        words = f"it went to {row.recipient}, and never goes there again"
        return Standing.HELD, f"{doubt}; {words}; {settle}", None
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


def _owed_unchanged(row: Row, rule: Rule | None, talks: Sequence[Talk], series: Series) -> bool:
    """Whether every talk of a mail is still owed, and is what the mail says it is."""
    if row.kind == CANCELLATION:
        return all(talk.cancelled for talk in talks)
    if rule is None and row.kind in BY_RULE:
        return False
    return len(talks) == len(row.said) and all(
        hindrance(row.kind, talk, series) is None
        and (rule is None or rule.moment(talk, series.timezone) == row.due_at)
        and talk.title == said.title
        and not differences(talk, said)
        for talk, said in zip(talks, row.said, strict=True)
    )


def expiry(rule: Rule, talk: Talk, series: Series, moment: datetime) -> datetime:
    """When a mail of a rule about a talk may go no more."""
    # Without a start the day of the talk is all that is known to set an end.
    assert talk.day is not None  # noqa: S101 - the caller has looked
    ends = [rule.limit(talk) or instant(talk.day + timedelta(days=1), time(), series.timezone)]
    if rule.grace is not None:
        ends.append(moment + rule.grace)
    return min(ends)
