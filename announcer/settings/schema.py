"""The tables of the settings as they are written, checked by pydantic."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from announcer.cadence import AS_USUAL, DEFAULT_GRACE, FIELDS, REMINDER, Changes, Rule
from announcer.cadence import Field as Field_
from announcer.quoting import quoted
from announcer.settings.values import (
    SCHEME,
    Accent,
    Address,
    Clock,
    Days,
    Duration,
    File,
    Folder,
    Footer,
    HostName,
    Languages,
    LedgerUrl,
    Line,
    Listen,
    Location,
    NightHours,
    Picture,
    ProxyUrl,
    RuleName,
    Sender,
    SeriesId,
    Url,
    UserAgent,
    Weekday,
    Zone,
)
from announcer.talks import Series

LONGEST_FETCH: Final = timedelta(minutes=5)
# What follows the mark "sending" must end within the lease of ten minutes: the answer to DATA, the
# content, and five minutes for the answer after it.
LONGEST_STEP: Final = timedelta(minutes=2)

_SITES: Final[Mapping[str, str]] = {
    "researchseminars": "https://researchseminars.org/seminar/MySeminar",
    "indico": "https://indico.example.org/category/123/",
    "pretalx": "https://pretalx.example.org/my-event/",
}
# The hints that each kind of source takes, beside its location.
_HINTS: Final[Mapping[str, frozenset[str]]] = {
    "page": frozenset(
        {"date_order", "year", "fields", "sections", "skip_sections", "cancel_words", "tba_words"}
    ),
    "data": frozenset({"date_order", "year", "fields", "cancel_words", "tba_words"}),
    "posts": frozenset({"date_order", "year", "fields", "cancel_words", "tba_words"}),
    "calendar": frozenset({"cancel_words", "tba_words"}),
    **dict.fromkeys(_SITES, frozenset({"cancel_words", "tba_words"})),
}
Fact = Literal[
    "title", "speaker", "speakers", "date", "start", "time", "end", "location", "stream", "url",
    "abstract", "status", "id",
]  # fmt: skip


class Table(BaseModel):
    """A table that holds known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _at_most(longest: timedelta, why: str) -> AfterValidator:
    """Refuse a longer time, and say why it is too long."""

    def check(value: timedelta) -> timedelta:
        if value > longest:
            minutes = longest // timedelta(minutes=1)
            raise ValueError(f'is longer than {minutes} minutes, {why}; write it like "30 s"')
        return value

    return AfterValidator(check)


class Smtp(Table):
    """The account that mails leave through."""

    host: Line
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Line | None = None
    password: SecretStr | None = None
    auth: Literal["password", "xoauth2"] = "password"
    ca_file: File | None = None
    timeout: Annotated[
        Duration, _at_most(LONGEST_STEP, "after which another pass would take a mail for lost")
    ] = timedelta(seconds=30)
    helo: HostName | None = None
    insecure: bool = False

    @property
    def account(self) -> str:
        """The account as it is named in messages and in the ledger."""
        return (
            f"{self.username}@{self.host}:{self.port}"
            if self.username
            else f"{self.host}:{self.port}"
        )

    @property
    def is_this_machine(self) -> bool:
        """Whether the mail server is this machine itself, as in tests: by a loopback address."""
        return _loopback(self.host)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and not self.insecure and not self.is_this_machine:
            raise ValueError(
                f'security = "none" would send everything in the clear to {self.host}; '
                'use "starttls" or "tls", or say insecure = true'
            )
        return self


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LedgerTable(Table):
    """Where it is kept what happened."""

    url: LedgerUrl = SecretStr("sqlite:///announcer.db")
    password: SecretStr | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is kept in a file of SQLite."""
        return self.url.get_secret_value().startswith("sqlite:")

    @model_validator(mode="after")
    def _password_has_a_use(self) -> Self:
        if self.password is None:
            return self
        if self.is_file:
            raise ValueError(
                "password is for PostgreSQL, but url names a file; leave one of them out"
            )
        if ":" in self.url.get_secret_value().partition("://")[2].rpartition("@")[0]:
            raise ValueError("password is given, and url holds one as well; take it out of url")
        return self


class Operator(Table):
    """Who runs the machine, and hears of trouble with it; perhaps by a way of their own."""

    mail: Address | None = None
    smtp: Smtp | None = None

    @model_validator(mode="after")
    def _a_way_leads_to_somebody(self) -> Self:
        if self.smtp is not None and self.mail is None:
            raise ValueError(
                'smtp is given, but nobody who gets its mails; add mail = "it@example.org"'
            )
        return self


class Delivery(Table):
    """What to do when nobody knows whether a mail was taken."""

    on_doubt: Literal["resend", "hold"] = "resend"


class Limits(Table):
    """How many mails a list may get; above, everything is held."""

    per_pass: Annotated[int, Field(ge=1, le=10_000)] = 2
    per_day: Annotated[int, Field(ge=1, le=10_000)] = 4
    per_week: Annotated[int, Field(ge=1, le=10_000)] = 8


class Service(Table):
    """Where the long-running service says how it is."""

    listen: Listen = ("127.0.0.1", 8080)


class Fetch(Table):
    """How sources are fetched: the way to them, and how many at once."""

    proxy: ProxyUrl | None = None
    ca_file: File | None = None
    user_agent: UserAgent = "announcer"
    timeout: Annotated[
        Duration, _at_most(LONGEST_FETCH, "for which a series would know nothing of its talks")
    ] = timedelta(seconds=30)
    at_once: Annotated[int, Field(ge=1, le=100)] = 8
    per_host: Annotated[int, Field(ge=1, le=100)] = 2


class SourceTable(Table):
    """Where the talks of a series stand."""

    kind: Literal["page", "data", "posts", "calendar", "researchseminars", "indico", "pretalx"] = (
        "page"
    )
    location: Location
    every: Duration = timedelta(minutes=10)
    date_order: Literal["dmy", "mdy"] | None = None
    year: Annotated[int, Field(ge=1990, le=2200)] | None = None
    sections: tuple[Line, ...] = ()
    skip_sections: tuple[Line, ...] = ()
    cancel_words: tuple[Line, ...] = ()
    tba_words: tuple[Line, ...] = ()
    fields: dict[Fact, Line] = {}

    @model_validator(mode="after")
    def _only_what_its_kind_takes(self) -> Self:
        every = frozenset[str]().union(*_HINTS.values())
        wrong = sorted(every & self.model_fields_set - _HINTS[self.kind])
        if wrong:
            others = [kind for kind, taken in _HINTS.items() if wrong[0] in taken]
            kinds = " or ".join(f'"{kind}"' for kind in others)
            raise ValueError(
                f'kind = "{self.kind}" takes no {" and no ".join(wrong)}; leave it out '
                f"({wrong[0]} is for {kinds})"
            )
        return self

    @model_validator(mode="after")
    def _a_site_has_an_address(self) -> Self:
        if self.kind in _SITES and isinstance(self.place, Path):
            raise ValueError(
                f'kind = "{self.kind}" is read from the address of its page, like '
                f'location = "{_SITES[self.kind]}"'
            )
        return self

    @property
    def place(self) -> Path | str:
        """The file as a path, or the URL as text."""
        return self.location if SCHEME.match(self.location) else Path(self.location)


class RuleTable(Table):
    """One line of the cadence, as it is written."""

    kind: Literal["announcement", "reminder"]
    name: RuleName | None = None
    weekday: Weekday | None = None
    at: Clock | None = None
    days_before: Annotated[int, Field(ge=0, le=365)] | None = None
    before: Duration | None = None
    grace: Duration | None = None

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.before is not None:
            others = [n for n in ("weekday", "at", "days_before") if getattr(self, n) is not None]
            if others:
                raise ValueError(f"before says when by itself; leave out {' and '.join(others)}")
        elif self.at is None:
            raise ValueError('does not say when: add at = "10:00", or before = "1 h" instead')
        elif self.weekday is None and self.days_before is None:
            raise ValueError('does not say on which day: add weekday = "friday" or days_before = 0')
        return self

    def rule(self) -> Rule:
        """Give the rule that is meant."""
        days = self.days_before
        if days is None:
            days = 0 if self.weekday is None else 1
        default = DEFAULT_GRACE if self.kind == REMINDER else None
        return Rule(
            kind=self.kind,
            name=self.name,
            weekday=self.weekday,
            at=self.at,
            days_before=days,
            before=self.before,
            grace=self.grace or default,
        )


class ChangesTable(Table):
    """What becomes of changes that the list must hear of."""

    update: Literal["send", "hold", "off"] = "send"
    cancellation: Literal["send", "hold", "off"] = "send"
    quiet: Duration = timedelta(minutes=10)
    update_on: tuple[Field_, ...] = FIELDS
    night: NightHours = AS_USUAL.night

    def changes(self) -> Changes:
        """Give what is meant."""
        return Changes(**dict(self))


def _tables(value: object) -> object:
    """Read one table, or several in order of precedence."""
    if not isinstance(value, dict | list):
        raise ValueError(f"must be a table [series.source], or several [[series.source]], not {quoted(value)}")  # fmt: skip
    return [value] if isinstance(value, dict) else value


class BreaksTable(Table):
    """Days without seminar, and whether the list hears of a week without a talk."""

    dates: tuple[Days, ...] = ()
    calendar: Location | None = None
    say: bool = False

    @property
    def place(self) -> Path | str | None:
        """The calendar's file as a path, or its URL as text."""
        if self.calendar is None or SCHEME.match(self.calendar):
            return self.calendar
        return Path(self.calendar)


class SeriesTable(Table):
    """One seminar, as it is written."""

    id: SeriesId
    name: Line
    list: Address
    sender: Sender
    organisers: Annotated[tuple[Address, ...], Field(min_length=1)]
    reply_to: Sender | None = None
    list_page: Url | None = None
    timezone: Zone
    also_times: tuple[Zone, ...] = ()
    language: Languages = ("en",)
    start: Clock | None = None
    duration: Duration = timedelta(minutes=60)
    location: Line | None = None
    stream: Url | None = None
    website: Url | None = None
    accent: Accent | None = None
    footer: Footer = ()
    logo: Picture | None = None
    feed_url: Url | None = None
    templates: Folder | None = None
    announce_tba: bool = False
    auto_submitted: bool = True
    subject_speaker: bool = False
    source: Annotated[tuple[SourceTable, ...], BeforeValidator(_tables), Field(min_length=1)]
    cadence: Annotated[tuple[RuleTable, ...], Field(min_length=1)]
    changes: ChangesTable = ChangesTable()
    breaks: BreaksTable = BreaksTable()

    @model_validator(mode="after")
    def _organisers_are_not_the_list(self) -> Self:
        if self.list.lower() in {address.lower() for address in self.organisers}:
            raise ValueError(
                f"organisers has {self.list}, the list itself; warnings go to organisers, and never "
                "to the list"
            )
        return self

    def series(self) -> Series:
        """Give the series that is meant."""
        own = {"templates", "source", "cadence", "changes", "breaks", "reply_to", "language"}
        values = {name: getattr(self, name) for name in type(self).model_fields if name not in own}
        language, *others = self.language
        return Series(
            **values,
            language=language,
            other_languages=tuple(others),
            reply_to=self.reply_to or self.sender,
        )


TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "smtp": Smtp,
    "ledger": LedgerTable,
    "limits": Limits,
    "delivery": Delivery,
    "service": Service,
    "fetch": Fetch,
    "operator": Operator,
}
