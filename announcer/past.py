"""The history of a series in the terms of the plan: what was told, and by which mails."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from announcer.cadence import ANNOUNCEMENT, NO_SEMINAR, UPDATE, Rule
from announcer.instants import known
from announcer.ledger import Decision, History, Row, State
from announcer.ledger.steps import dated
from announcer.message import Said
from announcer.quantities import Span
from announcer.talks import Series, Status, Talk


class Standing(StrEnum):
    """Where a mail stands in the plan."""

    DUE = "due"
    UPCOMING = "upcoming"
    MISSED = "missed"
    HELD = "held"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One talk's part in the mail of one moment, before keys are given.

    ``ready_at`` is when it may go: the moment, or later for what appeared after it. ``without``
    are days without a talk, where the mail is about these.
    """

    talk: Talk
    moment: datetime
    ready_at: datetime
    expires_at: datetime
    standing: Standing
    reason: str
    without: Span | None = None
    by_choice: bool = False  # a person holds it, or its title is not known yet


class Past:
    """What the ledger knows of a series."""

    def __init__(self, history: History, now: datetime) -> None:
        self.clock = history.clock or now  # what leases go by
        self._rules = history.adoption.rules if history.adoption else {}
        self.rows: Mapping[str, Row] = {
            row.key: dated(row, now=now, clock=self.clock) for row in history.rows
        }
        self._now = now
        self._believed = history.believed
        self._order = {row.key: number for number, row in enumerate(history.rows)}
        self._last: dict[tuple[str, str], str] = {}  # the key of the last mail with a copy
        self._marks: dict[tuple[str, str], list[tuple[date, date]]] = {
            (c.rule, c.talk): [(c.day, c.moment_day)] for c in history.counted
        }
        for row in self.rows.values():
            if not free(row, self.clock):
                for said in row.said:
                    self._mark(row, said)
        self._told_last: dict[str, tuple[str, Said]] = {}  # by UID: of which talk, and what
        for said in self._all_told(history):
            known_last = self._told_last.get(said.uid)
            if known_last is None or _is_newer(said, known_last[1]):
                self._told_last[said.uid] = (said.identity, said)
        self._carried: Mapping[str, Said] = {}
        self._counted = tuple(c.said for c in history.counted if c.said is not None)
        self._decisions: dict[tuple[str, str], Decision] = {}
        self._notes: dict[tuple[str, str], Decision] = {}
        for decision in history.decisions:
            place = (decision.rule, decision.talk)
            if decision.what == "note":
                self._notes[place] = decision
            else:
                self._decisions[place] = decision

    def _mark(self, row: Row, said: Said) -> None:
        marks = self._marks.setdefault((row.rule, said.identity), [])
        # A mail of which no copy was made leaves the list with what it heard before.
        if row.copies:
            marks.clear()
            self._last[row.rule, said.identity] = row.key
        marks.append((said.day, said.moment_day))

    def told(self, rule: Rule, talk: Talk, moment: datetime, series: Series) -> bool:
        """Whether a rule has had its say about a talk, as it now stands.

        An update that came after the rule's moment has said it for an announcement.
        """
        moment_day = series.local(moment).date()
        marks = self._marks.get((rule.label, talk.identity), ())
        if any(day == talk.day or at == moment_day for day, at in marks):
            return True
        return rule.kind == ANNOUNCEMENT and any(
            row.kind == UPDATE and row.due_at >= moment and said.day == talk.day
            for row, said in self.about(talk)
            if not free(row, self.clock)
        )

    def superseded(self, key: str, rule: str, talks: Iterable[str]) -> bool:
        """Whether a later mail of a rule told of one of these talks than the one of this key."""
        last = (self._last.get((rule, talk), key) for talk in talks)
        return any(self._order[other] > self._order[key] for other in last)

    def has_told_of(self, rule: str, moment: datetime) -> bool:
        """Whether a mail of a rule went out, or may have, for this moment."""
        return any(
            row.rule == rule and row.due_at == moment and row.copies for row in self.rows.values()
        )

    def known_since(self, rule: str, otherwise: datetime) -> datetime:
        """Since when the ledger knows a rule."""
        return known(self._rules.get(rule), self._now) or otherwise

    def since(self, talk: Talk) -> datetime | None:
        """Since when the facts of a talk are as they are; None where that is not known."""
        return known(self._believed.since.get(talk.identity), self._now) if self._believed else None

    def clear(self, talk: Talk) -> datetime | None:
        """Since when a talk can be told of at its time; None where that is not known."""
        return known(self._believed.clear.get(talk.identity), self._now) if self._believed else None

    def telling(self, talk: Talk) -> list[Row]:
        """Give the mails that told, or may have told, of a talk, oldest first."""
        return [row for row, _ in self.about(talk) if row.copies]

    def carry_on(self, carried: Mapping[str, Said]) -> None:
        """Let talks carry on from what was told of others, each by its identity: they were moved."""
        self._carried = carried

    def said(self, talk: Talk) -> Said | None:
        """What was last composed about a talk: its calendar entry follows on from there."""
        own = _last(said for _, said in self.about(talk)) or _last(self._taken(talk))
        return own or self._carried.get(talk.identity)

    def last_told(self, talk: Talk) -> Said | None:
        """What the list last heard, or may have heard, of a talk.

        None too where its calendar entry went on to another talk, at a new date.
        """
        told = _last(said for row, said in self.about(talk) if row.copies)
        told = told or _last(self._taken(talk))
        if told is None:
            return self._carried.get(talk.identity)
        owner, _ = self._told_last.get(told.uid, (talk.identity, told))
        return told if owner == talk.identity else None

    def told_days(self, but: Collection[str]) -> set[date]:
        """Return the days on which a talk is, as the list last heard, without the talks of ``but``."""
        told: dict[str, list[Said]] = {}
        for row in self.rows.values():
            if row.copies and row.kind != NO_SEMINAR:
                for said in row.said:
                    told.setdefault(said.identity, []).append(said)
        last = (_last(said) for identity, said in told.items() if identity not in but)
        return {said.day for said in last if said and said.status != Status.CANCELLED.value}

    def open_about(self, talk: Talk, kind: str) -> list[Said]:
        """Give what mails say of a talk that are under way, or that a person must see to.

        Where the list has heard something newer since, a mail stands for nothing any more.
        """
        return [
            said
            for row, said in self.about(talk)
            if row.kind == kind
            and row.state is not State.SENT
            and not free(row, self.clock)
            and not self.is_outdated(talk, said)
        ]

    def is_outdated(self, talk: Talk, said: Said) -> bool:
        """Whether the list has heard a newer revision of a talk, even one that says the same."""
        told = self.last_told(talk)
        return told is not None and said.sequence < told.sequence

    def decision(self, rule: str, talk: Talk) -> Decision | None:
        """What an organiser last said of a rule's mails about a talk; with no rule, of the talk."""
        return self._decisions.get((rule, talk.identity))

    def decided_at(self, decision: Decision) -> datetime | None:
        """Return when a person decided; None where that is not known."""
        return known(decision.at, self._now)

    def note(self, rule: str, talk: Talk) -> str | None:
        """The paragraph that an organiser wants on top of a rule's mail about a talk."""
        note = self._notes.get((rule, talk.identity))
        if note is None:
            return None
        written_at = self.decided_at(note)
        if any(
            row.rule == rule and row.copies and (written_at is None or row.claimed_at > written_at)
            for row, _ in self.about(talk)
        ):
            return None  # it stood on the one mail that it was meant for
        return note.words or None

    def about(self, talk: Talk) -> list[tuple[Row, Said]]:
        """Give all mails about a talk, oldest first, each with what it says of it."""
        return [
            (row, said)
            for row in self.rows.values()
            for said in row.said
            if said.identity == talk.identity and row.kind != NO_SEMINAR
        ]

    def _all_told(self, history: History) -> Iterator[Said]:
        yield from (c.said for c in history.counted if c.said is not None)
        for row in self.rows.values():
            if row.copies and row.kind != NO_SEMINAR:
                yield from row.said

    def _taken(self, talk: Talk) -> list[Said]:
        return [said for said in self._counted if said.identity == talk.identity]


def _last(said: Iterable[Said]) -> Said | None:
    """Give the newest revision; of one revision the one that was said last."""
    newest: Said | None = None
    for one in said:
        if newest is None or _is_newer(one, newest):
            newest = one
    return newest


def _is_newer(one: Said, other: Said) -> bool:
    """Return whether one revision of an entry is not older than another."""
    return (one.sequence, one.stamp) >= (other.sequence, other.stamp)


def handed_over_at(row: Row, now: datetime) -> datetime | None:
    """Return when a mail was taken, or may have been; None where that is not known."""
    instants = (row.settled_at, row.doubted_at, row.claimed_at)
    return next((at for at in (known(one, now) for one in instants) if at is not None), None)


def free(row: Row, clock: datetime) -> bool:
    """Whether a key may be composed anew: no copy can exist, and nobody works on it."""
    if row.state is State.CLAIMED:
        return row.copies == 0 and row.lease_until <= clock
    return row.state is State.RETRY and row.copies == 0


def hindrance(kind: str, talk: Talk, series: Series) -> str | None:
    """What keeps a talk from being told of, whatever the hour; None where nothing does."""
    if talk.cancelled:
        return "it is cancelled"
    if talk.unclear:
        return f"it is unclear: {talk.unclear}; its mails wait until the page is mended"
    if talk.starts_at is None:
        return "no start is known; give it on the page, or set start for the series"
    if talk.tba and kind == ANNOUNCEMENT and not series.announce_tba:
        return "it is still to be announced; the mail follows when the title is known"
    return None


def by_a_person(what: str, decision: Decision) -> str:
    """Say what an organiser decided, and why."""
    return f"{what} by {decision.who}" + (f": {decision.words}" if decision.words else "")


def kept_back(share: Share, decision: Decision, *, over: bool) -> Share:
    """Give a share that a person's own hold keeps back; ``over`` where its time is over."""
    words = by_a_person("held", decision)
    if over:
        reason = f"{words}; its time is over"
        return replace(share, standing=Standing.MISSED, reason=reason, by_choice=True)
    return replace(share, standing=Standing.HELD, reason=words, by_choice=True)
