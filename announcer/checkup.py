"""What `announcer check` looks at: whatever could keep a mail from going, before it is due."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from announcer import app as parts
from announcer.announcement import Plan
from announcer.announcer import Clock
from announcer.cadence import CANCELLATION, NO_SEMINAR, REMINDER, UPDATE
from announcer.compose import MailComposer
from announcer.console import Readings, begun, each, note, planned, progress
from announcer.display import say, when
from announcer.errors import CompositionError, DeliveryError, LedgerError
from announcer.hostnames import is_full_name
from announcer.internal import contained
from announcer.ledger.checksums import row_damaged
from announcer.past import Standing
from announcer.plan import never_fires
from announcer.private_files import others_may
from announcer.samples import KINDS, LATE_REMINDER, sample_talk, samples
from announcer.settings import SeriesSettings, Settings
from announcer.talks import Reading, Talk
from announcer.verify import verify
from announcer.words import has_words


class Checkup:
    """Looks at everything in turn, and says what it finds."""

    def __init__(
        self, settings: Settings, chosen: tuple[SeriesSettings, ...], clock: Clock
    ) -> None:
        self._settings = settings
        self._chosen = chosen
        self._clock = clock
        self._readings: dict[str, Reading] = {}

    async def run(self, *, online: bool) -> int:
        """Look, and give the exit status."""
        async with begun(self._settings, self._chosen, self._clock) as readings:
            status = max(
                await each(self._chosen, lambda asked: self._look(asked, readings)),
                await each(self._chosen, self._compose),
                await self._compare(readings),
            )
        self._say_operator()
        if online:
            await self._log_in()
        return status

    async def _look(self, asked: SeriesSettings, readings: Readings) -> None:
        now = self._clock(asked.series)
        reading = self._readings[asked.series.id] = await readings.of(asked)
        ahead = [t for t in reading.talks if t.starts_at is not None and t.starts_at > now]
        say(f"{asked.series.id}: {len(reading.talks)} talks, {len(ahead)} ahead with a time")
        for line in _remarks(asked, reading, ahead, now):
            say(f"! {line}")
        free = await readings.breaks(asked, now)
        for talk in ahead:
            if any(talk.day in span for span in free if talk.day is not None):
                say(f"! talk {talk.id} is on {talk.day}, in a break of [series.breaks]")

    async def _compose(self, asked: SeriesSettings) -> None:
        composer = MailComposer(asked.templates)
        failed: dict[str, str] = {}
        kinds = _kinds(asked)
        for sample in samples(asked.series, kinds):
            try:
                message = composer.compose(sample.mail, sample.now)
                verify(message, sample.mail, own=composer.own)
            except BaseException as error:  # noqa: BLE001 - of any type, it concerns this mail alone
                problem = contained(error, sample.mail.key)
                failed.setdefault(sample.kind, f"({sample.case}) cannot go: {problem}")
        for kind in (kind for kind in kinds if kind not in failed):
            say(f"{asked.series.id}: a mail of kind {kind} can be composed")
        if failed:
            reasons = (f"a mail of kind {kind} {reason}" for kind, reason in failed.items())
            raise CompositionError(f"{asked.series.id}: {'; '.join(reasons)}")

    async def _compare(self, readings: Readings) -> int:
        """See that the ledger can be used, and what its history makes of these pages."""
        plans: list[Plan] = []

        async def work_out(asked: SeriesSettings) -> None:
            plan, trouble = await planned(asked, self._settings, ledger, self._clock, readings)
            plans.append(plan)
            if trouble is not None:
                raise trouble

        try:
            async with parts.copied_ledger(self._settings) as (ledger, real):
                name = self._settings.ledger_name
                if real:
                    damaged = await ledger.damage()
                    if damaged:
                        raise row_damaged(name, damaged)
                    say(f"{name}: the ledger can be read")
                    self._look_at_mode()
                else:
                    say(f"! there is no ledger {name} yet; `announcer adopt` starts it")
                if hindrance := parts.spool(self._settings).hindrance():
                    say(f"! {hindrance}")
                known = [asked for asked in self._chosen if asked.series.id in self._readings]
                status = await each(tuple(known), work_out)
        except LedgerError as error:
            note(str(error))
            return error.exit_status
        for line in _too_many(plans, self._settings):
            say(f"! {line}")
        return status

    def _look_at_mode(self) -> None:
        """Warn of a ledger that others can read: it holds emails, addresses and decisions."""
        if not self._settings.ledger.is_file:
            return
        path = self._settings.ledger_path
        mode = others_may(path)
        if mode is not None:
            say(
                f"! other users can read or change the ledger {path} (mode {mode:04o}); "
                f"`chmod 600 {path}` keeps them out"
            )

    async def _log_in(self) -> None:
        from announcer.transport.smtp import SmtpTransport  # noqa: PLC0415 - only online

        failed: DeliveryError | None = None
        accounts = {"smtp": self._settings.smtp}
        if self._settings.operator.smtp is not None:
            accounts["operator.smtp"] = self._settings.operator.smtp
        for table, smtp in accounts.items():
            transport = parts.transport(smtp, table)
            if isinstance(transport, SmtpTransport):
                for line in _greeting(transport.greeting, table, given=smtp.helo is not None):
                    say(f"! {line}")
                try:
                    with progress(f"logging in at {smtp.host}"):
                        await transport.check()
                except DeliveryError as error:
                    if failed is not None:
                        note(str(failed))
                    failed = error
                    continue
            say(f"{smtp.host}:{smtp.port}: connected, and logged in where asked")
        if failed is not None:
            raise failed

    def _say_operator(self) -> None:
        """Say who hears of trouble with this machine."""
        operator, smtp = self._settings.operator, self._settings.smtp
        if operator.mail is None:
            return
        way = operator.smtp.account if operator.smtp else smtp.account
        say(f"{operator.mail}: is told of trouble with settings, account and ledger, through {way}")
        if operator.smtp is None:
            say(
                "! the operator hears of trouble with the account only once it works again; "
                "[operator.smtp] is another way"
            )


def _greeting(name: str, table: str, *, given: bool) -> Iterator[str]:
    """Warn of a name that many mail servers refuse in EHLO, such as that of a container."""
    if not is_full_name(name):
        whose = f"{table}.helo is" if given else "this machine calls itself"
        yield (
            f'{whose} "{name}", which is not a full domain name, and many mail servers refuse such a '
            f'greeting (EHLO); set helo = "announcer.example.org" in [{table}]'
        )


def _kinds(asked: SeriesSettings) -> list[str]:
    """Give the kinds of mail that a series can come to send."""
    ruled = {rule.kind for rule in asked.cadence}
    late = {LATE_REMINDER} if REMINDER in ruled else set()
    can = ruled | late | {UPDATE, CANCELLATION, NO_SEMINAR}
    return [kind for kind in KINDS if kind in can]


def _too_many(plans: Sequence[Plan], settings: Settings) -> Iterator[str]:
    """Name the lists that would get more mails than the limits allow, and when."""
    moments: dict[str, list[datetime]] = {}
    series = {a.series.list: a.series for a in settings.series}
    for mail in (mail for plan in plans for mail in plan.announcements):
        if mail.standing in (Standing.DUE, Standing.UPCOMING):
            moments.setdefault(mail.series.list, []).append(mail.due_at)
    for address, instants in moments.items():
        instants.sort()
        for name, span in (("per_pass", 0), ("per_day", 24 * 60), ("per_week", 7 * 24 * 60)):
            most = getattr(settings.limits, name)
            for first, last in zip(instants, instants[most:], strict=False):
                if last - first <= timedelta(minutes=span):
                    yield (
                        f"more than {most} mails to {address} would be due from "
                        f"{when(first, series[address])} on; limits.{name} = {most} will hold them "
                        "until you release them; see [limits]"
                    )
                    break


def _remarks(
    asked: SeriesSettings, reading: Reading, ahead: list[Talk], now: datetime
) -> Iterator[str]:
    """Say what an organiser should look at, though nothing has failed."""
    yield from reading.warnings
    today = asked.series.local(now).date()
    for talk in reading.talks:
        yield from talk.warnings
        ahead_or_undated = talk.day is None or talk.day >= today
        if talk.unclear and ahead_or_undated and not any(talk.unclear in w for w in talk.warnings):
            yield f"talk {talk.id} is not announced: {talk.unclear}"
    yield from _never(asked, ahead)
    for language in (asked.series.language, *asked.series.other_languages):
        if not has_words(language):
            yield (
                f'language = "{language}": dates are written in it, but the words of the mails are '
                "English, as there is no catalogue of it; docs/templates.md says how to add one"
            )


def _never(asked: SeriesSettings, ahead: list[Talk]) -> Iterator[str]:
    for rule in asked.cadence:
        talks = ahead or [sample_talk(asked.series)]
        for talk in talks:
            if never_fires(rule, talk, asked.series):
                start = when(talk.starts_at, asked.series)
                yield (
                    f"the rule {rule.label} can never send a mail about a talk that starts at "
                    f"{start}: its moment comes too late; change it in [[series.cadence]]"
                )
                break
