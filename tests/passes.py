"""Many passes over one ledger in memory, as cron runs them; between two of them the page changes."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

from announcer.announcement import Plan
from announcer.announcer import Announcer, Limits, Programme
from announcer.cadence import ANNOUNCEMENT, REMINDER, Changes, Rule
from announcer.compose import MailComposer
from announcer.errors import DeliveryError, SourceError
from announcer.ledger import Believed, Decision, What
from announcer.ledger.checksums import first_checksum, unsealed
from announcer.ledger.sqlite import SqliteLedger
from announcer.message import Message
from announcer.report import Report
from announcer.talks import Mailbox, Reading, Series, Talk
from announcer.transport import BeforeData

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
ADDRESS = Mailbox(name="Seminar", address="seminar@example.org")
SERIES = Series(
    id="s",
    name="S",
    list="s@groups.example",
    sender=ADDRESS,
    organisers=("anna@example.org",),
    reply_to=ADDRESS,
    timezone=BERLIN,
)
WEEKLY = Rule(kind=ANNOUNCEMENT, weekday=4, at=time(10), days_before=1)
NINE = Rule(kind=REMINDER, at=time(9), grace=4 * HOUR)
CADENCE = (WEEKLY, NINE)


def at(text: str) -> datetime:
    """Read a wall clock in Berlin, in April 2026: "07 12:30"."""
    wall = datetime.fromisoformat(f"2026-04-{text.replace(' ', 'T')}")
    return wall.replace(tzinfo=BERLIN).astimezone(UTC)


def talk(number: int, day: date, **facts: object) -> Talk:
    start = datetime.combine(day, time(15), BERLIN).astimezone(UTC)
    values: dict[str, object] = {
        "title": f"Title {number}",
        "day": day,
        "starts_at": start,
        "ends_at": start + HOUR,
        "location": "Room 2",
    }
    return Talk(id=str(number), **(values | facts))  # type: ignore[arg-type]  # the facts of a test


class Source:
    """A page that shows what a test says."""

    def __init__(self) -> None:
        self.shows: Reading | SourceError = Reading(talks=())

    async def load(self, now: datetime) -> Reading:
        del now
        if isinstance(self.shows, SourceError):
            raise self.shows
        return self.shows


class Post:
    """A way out that takes every mail, or gives the next ``answers`` to mails about talks."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.answers: list[DeliveryError] = []

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        await before_data()
        if self.answers and message.said:
            raise self.answers.pop(0)
        self.taken.append(message)
        return "250 taken"

    async def close(self) -> None:
        """Nobody to take leave of."""


class Passes:
    """The program as cron runs it: each pass is a process of its own that shares the ledger."""

    def __init__(self, series: Series = SERIES, cadence: tuple[Rule, ...] = CADENCE) -> None:
        self.series = series
        self.cadence = cadence
        self.source = Source()
        self.limits: Limits | None = None
        self.post = Post()
        self.changes = Changes()
        self.ledger = SqliteLedger.in_memory()
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.run_until_complete(self.ledger.close())
        self._loop.close()

    def adopt(self, now: datetime, *talks: Talk) -> None:
        """Adopt the series, and read the page for the first time."""
        rules = [rule.label for rule in self.cadence]
        self._loop.run_until_complete(
            self.ledger.adopt("s", self.series.list, rules=rules, counted=(), now=now)
        )
        self.send(now, *talks)

    def send(
        self, now: datetime, *talks: Talk, shows: Reading | SourceError | None = None
    ) -> Report:
        """Do one pass while the page shows these talks."""
        self.source.shows = shows if shows is not None else Reading(talks=talks)
        return self._loop.run_until_complete(self._announcer(now).announce_due())

    def decide(
        self,
        now: datetime,
        what: What,
        talk: str,
        *,
        rule: str = "",
        words: str = "",
        tell: bool = False,
    ) -> None:
        """Let an organiser decide about a talk, or about the mails of a rule about it."""
        decision = Decision(
            series="s", rule=rule, talk=talk, what=what, words=words, who="anna", at=now, tell=tell
        )
        self._loop.run_until_complete(self.ledger.decide([decision], key="s", now=now))

    def plan(self, now: datetime) -> list[tuple[str, str, str]]:
        """Return each mail of the plan: its key, its standing, and why."""
        plan = self.whole_plan(now)
        return [(mail.key, mail.standing.value, mail.reason) for mail in plan.announcements]

    def whole_plan(self, now: datetime) -> Plan:
        """Return the plan."""
        announcer = self._announcer(now)
        plan, _ = self._loop.run_until_complete(announcer.plan(self._programme()))
        return plan

    def believed(self) -> Believed:
        found = self._loop.run_until_complete(self.ledger.history("s")).believed
        assert found is not None
        return found

    def run_sql(self, sql: str, *values: object) -> None:
        """Change the ledger by hand, as if the program had written what then stands there."""
        connection = self.ledger._db._connection  # type: ignore[attr-defined]
        connection.execute(sql, values)
        for table, reading, writing in unsealed():
            for row in connection.execute(reading).fetchall():
                connection.execute(writing, first_checksum(table, row, "the ledger"))

    def _programme(self) -> Programme:
        return Programme(
            series=self.series,
            cadence=self.cadence,
            source=self.source,
            composer=MailComposer(),
            changes=self.changes,
        )

    def _announcer(self, now: datetime) -> Announcer:
        return Announcer(
            [self._programme()],
            ledger=self.ledger,
            transport=self.post,
            clock=lambda _: now,
            limits=self.limits,
            account="account",
            tells=True,
        )

    @property
    def mails(self) -> list[str]:
        """What the list got: the key of each mail."""
        return [mail.key for mail in self.post.taken if mail.recipient == self.series.list]

    @property
    def notices(self) -> list[str]:
        """What the organisers got: the text of each mail, in one line."""
        mails = [mail for mail in self.post.taken if mail.recipient != self.series.list]
        return [" ".join(_text(mail.content).split()) for mail in mails]

    def text(self, key: str) -> str:
        """Return the text of the mail with this key."""
        [mail] = [mail for mail in self.post.taken if mail.key == key]
        return _text(mail.content)


def _text(content: bytes) -> str:
    mail = message_from_bytes(content, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def every(
    minutes: int, first: datetime, readings: Sequence[object]
) -> Iterable[tuple[datetime, object]]:
    """Pair each reading with its instant."""
    return [(first + n * timedelta(minutes=minutes), one) for n, one in enumerate(readings)]
