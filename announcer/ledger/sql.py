"""The ledger in any database that speaks SQL: all statements stand here, once.

What differs between databases (how one is opened, what makes a commit durable, whose clock leases
go by) is the ``Database`` that it is given. Every transition reads the row and writes what
``step`` made of it in one transaction; the write names the state and the fence that it starts
from, so that of two processes only one changes a row.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

from announcer.errors import ClaimLost, PlanOutdated, TooLate
from announcer.instants import SKEW
from announcer.ledger import (
    LEASE,
    Adoption,
    Believed,
    Claim,
    CountedAsTold,
    Decision,
    Entry,
    History,
    Outcome,
    Pause,
    Row,
    State,
)
from announcer.ledger.checksums import (
    ADOPTION,
    BELIEVED,
    COUNTED,
    DECISION,
    EVENT,
    MAIL,
    MIGRATION,
    NOTICE,
    PAUSE,
    RULE,
    SEEN,
    CheckedRows,
    Table,
    decoding,
    mail_missing,
)
from announcer.ledger.codec import (
    instants_of,
    memory_of,
    row_of,
    said_of,
    talks_of,
    text_of_instants,
    text_of_memory,
    text_of_said,
    text_of_talks,
    values_of,
)
from announcer.ledger.steps import (
    Capped,
    Claimed,
    Decided,
    Ended,
    Event,
    Expired,
    Released,
    Sending,
    Settled,
    claim_of,
    step,
)
from announcer.message import Message

# Each step of the schema, applied inside one transaction; what is in braces is the database's own.
# A new column, and a new table with its column `checksum`, is named in `checksums` as well.
MIGRATIONS: Final = (
    """
    CREATE TABLE adoption (
        series TEXT PRIMARY KEY, list TEXT NOT NULL, adopted_at TEXT NOT NULL
    ) {strict};
    CREATE TABLE rule (
        series TEXT NOT NULL REFERENCES adoption (series), label TEXT NOT NULL,
        known_since TEXT NOT NULL, PRIMARY KEY (series, label)
    ) {strict};
    CREATE TABLE counted (
        series TEXT NOT NULL REFERENCES adoption (series), rule TEXT NOT NULL,
        talk TEXT NOT NULL, day TEXT NOT NULL, moment_day TEXT NOT NULL,
        PRIMARY KEY (series, rule, talk)
    ) {strict};
    CREATE TABLE mail (
        key TEXT PRIMARY KEY, series TEXT NOT NULL, kind TEXT NOT NULL, rule TEXT NOT NULL,
        due_at TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL,
        subject TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, content {bytes} NOT NULL,
        said TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL, fence INTEGER NOT NULL,
        lease_until TEXT NOT NULL, attempts INTEGER NOT NULL, copies INTEGER NOT NULL,
        claimed_at TEXT NOT NULL, next_attempt_at TEXT, doubted_at TEXT, settled_at TEXT,
        reply TEXT
    ) {strict};
    CREATE TABLE event (
        id {serial}, at TEXT NOT NULL, key TEXT NOT NULL, who TEXT NOT NULL,
        what TEXT NOT NULL, why TEXT
    ) {strict};
    CREATE INDEX event_key ON event (key);
    """,
    """
    ALTER TABLE mail ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
    CREATE TABLE believed (
        series TEXT PRIMARY KEY REFERENCES adoption (series), read_at TEXT NOT NULL,
        talks TEXT NOT NULL
    ) {strict};
    CREATE TABLE seen (
        series TEXT NOT NULL REFERENCES adoption (series), talk TEXT NOT NULL,
        since TEXT NOT NULL, PRIMARY KEY (series, talk)
    ) {strict};
    CREATE TABLE pause (
        account TEXT PRIMARY KEY, until TEXT NOT NULL, reply TEXT NOT NULL
    ) {strict};
    CREATE TABLE notice (cause TEXT PRIMARY KEY, told_at TEXT NOT NULL) {strict};
    """,
    """
    ALTER TABLE counted ADD COLUMN said TEXT;
    ALTER TABLE believed ADD COLUMN gone TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE believed ADD COLUMN unsure TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE believed ADD COLUMN since TEXT NOT NULL DEFAULT '{{}}';
    ALTER TABLE believed ADD COLUMN clear TEXT NOT NULL DEFAULT '{{}}';
    CREATE TABLE decision (
        id {serial}, series TEXT NOT NULL, rule TEXT NOT NULL, talk TEXT NOT NULL,
        what TEXT NOT NULL, words TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL
    ) {strict};
    """,
    # No reference to adoption: a claim makes the row of its series, to wait for decisions on it.
    # Neither table has checksums: what is wrong in them makes a pass plan again, and no more.
    """
    CREATE TABLE revision (series TEXT PRIMARY KEY, number INTEGER NOT NULL) {strict};
    CREATE TABLE sender (key TEXT PRIMARY KEY, seen_at TEXT NOT NULL) {strict};
    """,
    """
    ALTER TABLE believed ADD COLUMN memory TEXT NOT NULL DEFAULT '{{}}';
    """,
    MIGRATION,
    """
    ALTER TABLE decision ADD COLUMN tell INTEGER NOT NULL DEFAULT 0;
    """,
)
# The version of the schema from which on each row carries a checksum.
CHECKSUMS_SINCE: Final = MIGRATIONS.index(MIGRATION) + 1
TOLD_AGAIN: Final = timedelta(days=1)
# So far apart are two clocks of which one was given by `--now`, and never two that only differ.
_ANOTHER_CLOCK: Final = timedelta(days=1)

_STATES: Final = frozenset(State)  # what the events of a mail say, each that it came into one
_OF_SERIES: Final = "WHERE series = :series"
# In the order of what happened, which the clock does not always tell.
_IN_ORDER: Final = (
    "ORDER BY (SELECT min(event.id) FROM event WHERE event.key = mail.key), claimed_at, key"
)
_SAME_STEP: Final = "WHERE mail.fence = :seen_fence AND mail.state = :seen_state"
_Built = TypeVar("_Built")

Values = Mapping[str, Any]
NO_VALUES: Final[Values] = MappingProxyType({})


class Database(Protocol):
    """One opened database, in its dialect; errors are translated by it."""

    locking: str  # what makes a SELECT keep its row until the transaction ends

    @property
    def name(self) -> str:
        """The database as it is named in messages."""
        ...

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Open a transaction whose commit is durable."""
        ...

    def reading(self) -> AbstractAsyncContextManager[None]:
        """Open a transaction that sees one state of things and changes nothing."""
        ...

    async def run(self, sql: str, values: Values = NO_VALUES) -> list[tuple[Any, ...]]:
        """Run one statement, with values for its ``:names``, and give its rows."""
        ...

    async def clock(self) -> datetime | None:
        """Give the instant on the database's clock; None where leases go by the caller's."""
        ...

    async def wall_clock(self) -> datetime:
        """Give the real instant, whatever `--now` says."""
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...


class SqlLedger:
    """A ledger in a database; opened by ``sqlite`` and ``postgres``."""

    def __init__(self, database: Database, *, lease: timedelta = LEASE) -> None:
        self._db = database
        self._checked = CheckedRows(database)
        self._lease = lease
        self._owner = str(uuid4())

    async def adoptions(self) -> Mapping[str, Adoption]:
        """All series that belong to this ledger and can be read, by id."""
        async with self._db.reading():
            sound, _ = await self._checked.readable(ADOPTION)
            rules, _ = await self._checked.readable(RULE)
        found = self._built(ADOPTION, sound, lambda row: _adoption(row, rules))
        return {adoption.series: adoption for adoption in found}

    def _built(
        self,
        table: Table,
        rows: Iterable[dict[str, Any]],
        build: Callable[[dict[str, Any]], _Built],
    ) -> tuple[_Built, ...]:
        """Read values back from rows; values that cannot be are damage."""
        built = []
        for row in rows:
            with decoding(self._db.name, table.row_name(row)):
                built.append(build(row))
        return tuple(built)

    async def damage(self) -> tuple[str, ...]:
        """Return the names of the rows that cannot be trusted."""
        async with self._db.reading():
            return await self._checked.damage()

    async def adopt(
        self,
        series: str,
        recipient: str,
        *,
        rules: Collection[str],
        counted: Iterable[CountedAsTold],
        now: datetime,
    ) -> None:
        """Take a series, a new address of its list, or rules of it into the ledger."""
        at = now.isoformat()
        async with self._db.writing():
            await self._revised(series)
            known = await self._checked.read(ADOPTION, _OF_SERIES, {"series": series})
            since = known[0]["adopted_at"] if known else at
            await self._checked.put(
                ADOPTION, {"series": series, "list": recipient, "adopted_at": since}
            )
            for label in rules:
                await self._checked.add(RULE, {"series": series, "label": label, "known_since": at})
            for told in counted:
                await self._checked.add(
                    COUNTED,
                    {
                        "series": series,
                        "rule": told.rule,
                        "talk": told.talk,
                        "day": told.day.isoformat(),
                        "moment_day": told.moment_day.isoformat(),
                        "said": text_of_said(told.said),
                    },
                )
            words = f"{recipient}, rules: {', '.join(sorted(rules)) or 'none new'}"
            await self._note(now, series, "adopted", words)

    async def history(self, series: str) -> History:
        """All that is known of one series."""
        async with self._db.reading():
            await self._checked.see_to_series(series)
            return History(
                series=series,
                adoption=await self._adoption(series),
                counted=await self._read(
                    COUNTED, f"{_OF_SERIES} ORDER BY rule, talk", series, _counted
                ),
                rows=await self._mails(series),
                believed=await self._believed(series),
                decisions=await self._read(
                    DECISION, f"{_OF_SERIES} ORDER BY id", series, _decision
                ),
                clock=await self._db.clock(),
                revision=await self._revision(series),
            )

    async def _revision(self, series: str) -> int:
        found = await self._db.run(
            "SELECT number FROM revision WHERE series = :series", {"series": series}
        )
        with decoding(self._db.name, f"revision {series}"):
            return int(found[0][0]) if found else 0

    async def _revised(self, series: str, *, by: int = 1) -> int:
        """Raise the revision of a series, and keep others from it until the transaction ends.

        Everything that changes what the plan reads begins with this, and so does a claim, which
        raises it by nothing: of a claim and a decision the second one sees what the first one did.
        """
        [(number,)] = await self._db.run(
            "INSERT INTO revision (series, number) VALUES (:series, :by) "
            "ON CONFLICT (series) DO UPDATE SET number = revision.number + excluded.number "
            "RETURNING number",
            {"series": series, "by": by},
        )
        with decoding(self._db.name, f"revision {series}"):
            return int(number)

    async def _read(
        self, table: Table, condition: str, series: str, build: Callable[[dict[str, Any]], _Built]
    ) -> tuple[_Built, ...]:
        rows = await self._checked.read(table, condition, {"series": series})
        return self._built(table, rows, build)

    async def _adoption(self, series: str) -> Adoption | None:
        rules = await self._checked.read(RULE, _OF_SERIES, {"series": series})
        found = await self._read(ADOPTION, _OF_SERIES, series, lambda row: _adoption(row, rules))
        return next(iter(found), None)

    async def _mails(self, series: str) -> tuple[Row, ...]:
        """Return the mails of a series; their order hangs on their events.

        Raises:
            LedgerDamaged: one of them has gone, though its events say what happened to it.
        """
        events = await self._checked.read(
            EVENT,
            "WHERE key = :series OR key LIKE :mails ESCAPE '!'",
            {"series": series, "mails": f"{series.replace('_', '!_')}/%"},
        )
        rows = await self._read(MAIL, f"{_OF_SERIES} {_IN_ORDER}", series, _mail)
        known = {row.key for row in rows}
        gone = [e["key"] for e in events if e["what"] in _STATES and e["key"] not in known]
        if gone:
            raise mail_missing(self._db.name, gone[0])
        return rows

    async def _believed(self, series: str) -> Believed | None:
        seen = await self._checked.read(SEEN, _OF_SERIES, {"series": series})
        found = await self._read(BELIEVED, _OF_SERIES, series, lambda row: _believed(row, seen))
        return next(iter(found), None)

    async def decide(
        self, decisions: Collection[Decision], *, key: str, now: datetime
    ) -> tuple[str, ...]:
        """Keep what an organiser decided of the mail with this key, or of talks."""
        async with self._db.writing():
            for series in sorted({decision.series for decision in decisions}):
                await self._revised(series)
            late = await self._too_late(decisions, key, now)
            await self._keep(decisions, key)
        return late

    async def _too_late(
        self, decisions: Collection[Decision], key: str, now: datetime
    ) -> tuple[str, ...]:
        """Give the mails under way that decisions about talks come too late for.

        Raises:
            TooLate: a decision about mails comes too late for one.
        """
        late = []
        for series in sorted({decision.series for decision in decisions}):
            for row in await self._mails(series):
                if row.key != key and not any(decision.binds(row) for decision in decisions):
                    continue
                clock = await self._lease_clock(row, now)
                noted = any(decision.what == "note" for decision in decisions)
                try:
                    step(row, Decided(key=key, clock=clock, changes_content=noted))
                except TooLate:
                    if any(decision.rule for decision in decisions):
                        raise
                    late.append(row.key)
        return tuple(late)

    async def _keep(self, decisions: Collection[Decision], key: str) -> None:
        for decision in decisions:
            await self._checked.add(
                DECISION,
                {
                    "series": decision.series,
                    "rule": decision.rule,
                    "talk": decision.talk,
                    "what": decision.what,
                    "words": decision.words,
                    "who": decision.who,
                    "at": decision.at.isoformat(),
                    "tell": int(decision.tell),
                },
            )
        for last in list(decisions)[-1:]:
            await self._note(last.at, key, f"{last.what} by {last.who}", last.words or None)

    async def rows(self) -> tuple[Row, ...]:
        """All mails of all series that can be read, in the order of their first claims."""
        async with self._db.reading():
            sound, _ = await self._checked.readable(MAIL, _IN_ORDER)
        return self._built(MAIL, sound, _mail)

    async def entries(self, key: str) -> tuple[Entry, ...]:
        """What happened to one mail, or to a series by its id, oldest first."""
        async with self._db.reading():
            sound, _ = await self._checked.readable(
                EVENT, "WHERE key = :key ORDER BY id", {"key": key}
            )
        return self._built(EVENT, sound, _entry)

    async def decisions(self, series: str) -> tuple[Decision, ...]:
        """What organisers decided about a series, as far as it can be read, oldest first."""
        async with self._db.reading():
            sound, _ = await self._checked.readable(
                DECISION, f"{_OF_SERIES} ORDER BY id", {"series": series}
            )
        return self._built(DECISION, sound, _decision)

    async def claim(
        self,
        message: Message,
        *,
        copies: int = 0,
        revision: int,
        expires_at: datetime,
        now: datetime,
    ) -> Claim | None:
        """Take the right to send one mail; None where another has it, or it is not to be had."""
        async with self._db.writing():
            event = Claimed(
                message=message,
                copies=copies,
                owner=self._owner,
                now=now,
                planned_at=revision,
                revision=await self._revised(message.series, by=0),
                expires_at=expires_at,
                clock=await self._clock(now),
                lease=self._lease,
            )
            row = await self._step(message.key, event, now)
            if row is None:
                return None
            await self._sender_seen(message.key)
        return claim_of(row, expires_at)

    async def sending(self, claim: Claim, *, now: datetime) -> None:
        """Record that the content is about to be handed over."""
        async with self._db.writing():
            clock = await self._clock(now)
            event = Sending(claim=claim, now=now, clock=clock, lease=self._lease)
            await self._step(claim.key, event, now)
            await self._sender_seen(claim.key)

    async def record(self, claim: Claim, outcome: Outcome, *, now: datetime) -> None:
        """Record how an attempt ended."""
        async with self._db.writing():
            await self._step(claim.key, Ended(claim=claim, outcome=outcome, now=now), now)

    async def cap(self, message: Message, why: str, *, now: datetime) -> bool:
        """Hold a mail for a person, as its list would get too many."""
        event = Capped(message=message, why=why, owner=self._owner, now=now)
        async with self._db.writing():
            return await self._step(message.key, event, now) is not None

    async def release(
        self, key: str, *, decisions: Collection[Decision] = (), now: datetime
    ) -> Row:
        """Let go what caps held, or try at once what was refused or waits."""
        async with self._db.writing():
            await self._revised(key.partition("/")[0])
            clock = await self._clock(now)
            row = await self._mail(key)
            if row is not None:
                clock = await self._lease_clock(row, now)
            released = await self._step(key, Released(key=key, now=now, clock=clock), now)
            await self._keep(decisions, key)
        return _known(released)

    async def settle(self, key: str, *, arrived: bool, now: datetime) -> Row:
        """Take a person's word on a mail in doubt: it has arrived, or shall be sent once more."""
        async with self._db.writing():
            await self._revised(key.partition("/")[0])
            clock = await self._clock(now)
            event = Settled(key=key, arrived=arrived, now=now, clock=clock)
            return _known(await self._step(key, event, now))

    async def expire(self, series: str, *, now: datetime) -> tuple[Row, ...]:
        """Put mails of a series in doubt whose lease ran out while they were sent, and give these."""
        async with self._db.reading():
            rows = [row for row in await self._mails(series) if row.state is not State.SENT]
            clock = await self._clock(now)
        lost = []
        for row in rows:
            if step(row, Expired(now=now, clock=clock)) == row:
                continue
            async with self._db.writing():
                event = Expired(now=now, clock=await self._clock(now))
                after = await self._step(row.key, event, now)
            if after is not None and after.state is State.IN_DOUBT and row.state is State.SENDING:
                lost.append(after)
        return tuple(lost)

    async def believe(self, believed: Believed, *, revision: int | None = None) -> None:
        """Keep the talks of a series as they are believed from now on."""
        facts = {
            "talks": text_of_talks(believed.talks),
            "gone": text_of_talks(believed.gone),
            "unsure": json.dumps(sorted(believed.unsure)),
            "since": text_of_instants(believed.since),
            "clear": text_of_instants(believed.clear),
        }
        row = {
            "series": believed.series,
            "read_at": believed.read_at.isoformat(),
            "memory": text_of_memory(believed),
        } | facts
        async with self._db.writing():
            known_by_now = await self._revised(believed.series, by=0)
            if revision not in (None, known_by_now):
                raise PlanOutdated(f"{believed.series} has changed since it was read")
            before = await self._checked.read(BELIEVED, _OF_SERIES, {"series": believed.series})
            if not any(_same_to_the_plan(known, row) for known in before):
                await self._revised(believed.series)
            await self._checked.put(
                BELIEVED,
                row,
            )
            known = await self._checked.read(SEEN, _OF_SERIES, {"series": believed.series})
            for talk in sorted(set(believed.seen) - {row["talk"] for row in known}):
                since = believed.seen[talk].isoformat()
                await self._checked.add(
                    SEEN, {"series": believed.series, "talk": talk, "since": since}
                )

    async def pauses(self) -> Mapping[str, Pause]:
        """Until when accounts are left in peace, by account."""
        async with self._db.reading():
            rows = await self._checked.read(PAUSE)
        return {pause.account: pause for pause in self._built(PAUSE, rows, _pause)}

    async def pause(self, pause: Pause, *, now: datetime) -> None:
        """Leave an account in peace for a while."""
        async with self._db.writing():
            await self._checked.put(
                PAUSE,
                {
                    "account": pause.account,
                    "until": pause.until.isoformat(),
                    "reply": pause.reply,
                },
            )
            await self._note(now, pause.account, "paused", pause.reply)

    async def resume(self, account: str) -> None:
        """End the pause of an account, as it works again."""
        async with self._db.writing():
            await self._db.run("DELETE FROM pause WHERE account = :account", {"account": account})

    async def tell(
        self, causes: Mapping[str, str], *, series: str, again: Collection[str], now: datetime
    ) -> frozenset[str]:
        """Take the right to tell the organisers of causes, given with the words for each."""
        had = set()
        async with self._db.writing():
            await self._checked.read(NOTICE)  # a cause that lost its name would be told again
            for cause, words in causes.items():
                before = (now - TOLD_AGAIN).isoformat() if cause in again else ""
                if await self._checked.put(
                    NOTICE,
                    {
                        "cause": cause,
                        "told_at": now.isoformat(),
                        "before": before,
                        "ahead": (now + SKEW).isoformat(),
                    },
                    # That it was told at an instant ahead is not known to be true.
                    "WHERE notice.told_at <= :before OR notice.told_at > :ahead",
                ):
                    had.add(cause)
                    await self._note(now, series, "told the organisers", words)
        return frozenset(had)

    async def untold(self, causes: Mapping[str, str], *, series: str, now: datetime) -> None:
        """Take back that the organisers were told, as no mail reached them."""
        async with self._db.writing():
            for cause, words in causes.items():
                await self._db.run("DELETE FROM notice WHERE cause = :cause", {"cause": cause})
                await self._note(now, series, "could not tell the organisers", words)

    async def close(self) -> None:
        """Let go of the database."""
        await self._db.close()

    async def _clock(self, now: datetime) -> datetime:
        return await self._db.clock() or now

    async def _sender_seen(self, key: str) -> None:
        await self._db.run(
            "INSERT INTO sender (key, seen_at) VALUES (:key, :at) "
            "ON CONFLICT (key) DO UPDATE SET seen_at = excluded.seen_at",
            {"key": key, "at": (await self._db.wall_clock()).isoformat()},
        )

    async def _lease_clock(self, row: Row, now: datetime) -> datetime:
        """Give the instant by which to judge whether the lease of a sender still runs.

        Where one of the two goes by `--now` and the other does not, their clocks say nothing of
        the lease; what counts then is how long ago the sender was seen.
        """
        clock = await self._clock(now)
        if abs(clock - row.lease_until) < _ANOTHER_CLOCK:
            return clock
        found = await self._db.run("SELECT seen_at FROM sender WHERE key = :key", {"key": row.key})
        wall_clock = await self._db.wall_clock()
        with decoding(self._db.name, f"sender {row.key}"):
            since = [wall_clock - datetime.fromisoformat(at) for (at,) in found]
        alive = any(timedelta(0) <= span < self._lease for span in since)
        return row.lease_until - self._lease if alive else clock

    async def _step(self, key: str, event: Event, now: datetime) -> Row | None:
        """Make one transition; the write names the state and fence that it starts from."""
        before = await self._mail(key, self._db.locking)
        after = step(before, event)
        if after is None or after == before:
            return after
        seen = {
            "seen_fence": before.fence if before else None,
            "seen_state": before.state.value if before else None,
        }
        if not await self._checked.put(MAIL, values_of(after) | seen, _SAME_STEP):
            if before is None:
                return None  # another process was first with a mail that was new to both
            raise ClaimLost(f"{key}: another process has taken this mail over")
        await self._note(now, key, after.state.value, after.reply)
        return after

    async def _mail(self, key: str, locking: str = "") -> Row | None:
        rows = await self._checked.read(MAIL, f"WHERE key = :key{locking}", {"key": key})
        return next(iter(self._built(MAIL, rows, _mail)), None)

    async def _note(self, now: datetime, key: str, what: str, why: str | None) -> None:
        await self._checked.add(
            EVENT,
            {"at": now.isoformat(), "key": key, "who": self._owner, "what": what, "why": why},
        )


def _same_to_the_plan(known: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether two rows of what is believed lead to the same plan.

    Of what is remembered only the talks that are watched, and what readings said of them, decide
    what may go out.
    """
    names = ("talks", "gone", "unsure", "since", "clear")
    watched = [memory_of(row["memory"])["watched"] for row in (known, new)]
    return all(known[name] == new[name] for name in names) and watched[0] == watched[1]


def _known(row: Row | None) -> Row:
    assert row is not None  # noqa: S101 - what a person decides of a mail gives a row, or an error
    return row


def _mail(row: Mapping[str, Any]) -> Row:
    return row_of(row.values())


def _adoption(row: Mapping[str, Any], rules: Iterable[Mapping[str, Any]]) -> Adoption:
    known = {
        rule["label"]: datetime.fromisoformat(rule["known_since"])
        for rule in rules
        if rule["series"] == row["series"]
    }
    at = datetime.fromisoformat(row["adopted_at"])
    return Adoption(series=row["series"], list=row["list"], adopted_at=at, rules=known)


def _counted(row: Mapping[str, Any]) -> CountedAsTold:
    return CountedAsTold(
        rule=row["rule"],
        talk=row["talk"],
        day=date.fromisoformat(row["day"]),
        moment_day=date.fromisoformat(row["moment_day"]),
        said=said_of(row["said"]),
    )


def _believed(row: Mapping[str, Any], seen: Iterable[Mapping[str, Any]]) -> Believed:
    return Believed(
        series=row["series"],
        read_at=datetime.fromisoformat(row["read_at"]),
        talks=talks_of(row["talks"]),
        seen={first["talk"]: datetime.fromisoformat(first["since"]) for first in seen},
        gone=talks_of(row["gone"]),
        unsure=frozenset(json.loads(row["unsure"])),
        since=instants_of(row["since"]),
        clear=instants_of(row["clear"]),
        **memory_of(row["memory"]),
    )


def _decision(row: Mapping[str, Any]) -> Decision:
    return Decision(
        series=row["series"],
        rule=row["rule"],
        talk=row["talk"],
        what=row["what"],
        words=row["words"],
        who=row["who"],
        at=datetime.fromisoformat(row["at"]),
        tell=bool(row["tell"]),
    )


def _pause(row: Mapping[str, Any]) -> Pause:
    until = datetime.fromisoformat(row["until"])
    return Pause(account=row["account"], until=until, reply=row["reply"])


def _entry(row: Mapping[str, Any]) -> Entry:
    at = datetime.fromisoformat(row["at"])
    return Entry(at=at, key=row["key"], who=row["who"], what=row["what"], why=row["why"])


def statements(version: int, newest: int, dialect: Mapping[str, str]) -> Iterator[str]:
    """Give what brings a database from one version of the schema to a newer one."""
    for migration in MIGRATIONS[version:newest]:
        yield from filter(str.strip, migration.format(**dialect).split(";"))


def tables(version: int) -> list[str]:
    """Give the tables of a version of the schema, in an order in which they can be filled."""
    return re.findall(r"CREATE TABLE (\w+)", "".join(MIGRATIONS[:version]))
