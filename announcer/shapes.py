"""The JSON that programs read: every shape of the contract, with null for what is unknown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from announcer.announcement import Announcement, Plan
from announcer.ledger import Row, State
from announcer.past import Standing
from announcer.report import Delivery, Fate
from announcer.source.explained import Evidence
from announcer.talks import Series, Talk

# A row that is not settled yet is open, whatever it waits for.
_OUTCOMES: Mapping[State, str] = {
    State.SENT: "sent",
    State.REFUSED: "refused",
    State.IN_DOUBT: "in_doubt",
    State.HELD: "held",
    State.SKIPPED: "skipped",
}


def instant_shape(instant: datetime | None, series: Series | None) -> str | None:
    """ISO 8601 with offset, on the wall clock of the series where it is known."""
    if instant is None:
        return None
    return (series.local(instant) if series else instant).isoformat()


def talk_shape(talk: Talk, series: Series) -> dict[str, object]:
    """Shape a talk as ``talks --json`` lists it."""
    return {
        "series": series.id,
        "id": talk.id,
        "title": talk.title,
        "speakers": list(talk.speakers),
        "date": talk.day.isoformat() if talk.day else None,
        "starts_at": instant_shape(talk.starts_at, series),
        "ends_at": instant_shape(talk.ends_at, series),
        "location": talk.location,
        "stream": talk.stream,
        "url": talk.url,
        "links": [{"text": link.text, "url": link.url} for link in talk.links],
        "abstract": talk.abstract,
        "status": talk.status.value,
        "tba": talk.tba,
        "unclear": talk.unclear,
        "warnings": list(talk.warnings),
        "why_cancelled": talk.why_cancelled,
        "affiliations": [
            {"name": name, "affiliation": dict(talk.affiliations).get(name)}
            for name in talk.speakers
        ],
    }


def evidence_shape(evidence: Evidence) -> dict[str, object]:
    """Shape what gave one fact of a talk, as ``talks --explain --json`` lists it."""
    return {
        "fact": evidence.fact,
        "value": evidence.value,
        "sure": evidence.sure.value,
        "where": evidence.where,
        "words": evidence.words,
    }


def announcement_shape(mail: Announcement, subject: str | None) -> dict[str, object]:
    """Shape a mail as ``plan --json`` lists it."""
    return {
        "key": mail.key,
        "series": mail.series.id,
        "kind": mail.kind,
        "talks": [talk.id for talk in mail.talks],
        "due_at": instant_shape(mail.due_at, mail.series),
        "expires_at": instant_shape(mail.expires_at, mail.series),
        "to": mail.series.list,
        "subject": subject,
        "reason": mail.reason,
        "trouble": mail.trouble,
    }


def plan_shape(
    now: str, plans: Iterable[Plan], subjects: Mapping[str, str | None]
) -> dict[str, object]:
    """Shape the plans of several series as one document; ``subjects`` is by key."""
    mails = [mail for plan in plans for mail in plan.announcements]
    mails.sort(key=lambda mail: mail.due_at)
    return {
        "now": now,
        **{
            standing.value: [
                announcement_shape(mail, subjects.get(mail.key))
                for mail in mails
                if mail.standing is standing
            ]
            for standing in Standing
        },
    }


def delivery_shape(delivery: Delivery, file: Path | None) -> dict[str, object]:
    """Shape what became of one mail as ``send --json`` lists it."""
    message = delivery.message
    mail = delivery.announcement
    return {
        **announcement_shape(mail, message.subject if message else None),
        "to": message.recipient if message else mail.series.list,
        "message_id": message.message_id if message else None,
        "reply": delivery.reply,
        "trouble": delivery.trouble,
        "file": str(file) if file else None,
    }


def report_shape(
    now: str, deliveries: Sequence[Delivery], *, dry_run: bool, files: Mapping[str, Path]
) -> dict[str, object]:
    """Shape one pass; ``files`` is by key."""
    return {
        "now": now,
        "dry_run": dry_run,
        **{
            fate.value: [
                delivery_shape(d, files.get(d.announcement.key))
                for d in deliveries
                if d.fate is fate
            ]
            for fate in Fate
        },
    }


def state_name(row: Row) -> str:
    """Name how a mail of the ledger ended; "open" where it has not yet."""
    return _OUTCOMES.get(row.state, "open")


def last_event(row: Row) -> datetime:
    """Return when something last happened to a mail of the ledger."""
    return row.settled_at or row.doubted_at or row.claimed_at


def row_shape(row: Row, series: Series | None) -> dict[str, object]:
    """Shape a mail of the ledger as ``log --json`` lists it."""
    return {
        "key": row.key,
        "series": row.series,
        "kind": row.kind,
        "talks": [said.talk for said in row.said],
        "message_id": row.message_id,
        "to": row.recipient,
        "subject": row.subject,
        "attempts": row.attempts,
        "outcome": _OUTCOMES.get(row.state),
        "claimed_at": instant_shape(row.claimed_at, series),
        "next_attempt_at": instant_shape(row.next_attempt_at, series),
        "settled_at": instant_shape(row.settled_at, series),
        "reply": row.reply,
    }
