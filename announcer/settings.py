"""What the organisers ask for: one file, read once, and every mistake in it reported at once.

pydantic checks the tables as they are written; what comes out are the core's own values. The
environment and secret files override what stands outside ``[[series]]``.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from announcer.cadence import (
    ANNOUNCEMENT,
    DEFAULT_GRACE,
    FIELDS,
    REMINDER,
    Changes,
    Rule,
)
from announcer.cadence import Field as Field_
from announcer.colours import ENOUGH, GROUND, contrast, is_colour
from announcer.errors import SettingsError
from announcer.hostnames import is_host_name
from announcer.logo import read_logo
from announcer.prose import one_line
from announcer.quantities import Span, clock, duration, span, weekday
from announcer.talks import Logo, Mailbox, Series

PREFIX: Final = "ANNOUNCER_"
SECRETS: Final = Path("/run/secrets")
_OWN_VARIABLES: Final = frozenset({"ANNOUNCER_CONFIG", "ANNOUNCER_SECRETS_DIR"})

# The kinds that are named by the address of a page, from which that of an interface is made.
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

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # one letter is a drive of Windows
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")


def _address(text: object) -> str:
    if not isinstance(text, str) or not _is_address(text.strip()):
        shown = f'"{text}"' if isinstance(text, str) else repr(text)
        raise ValueError(f'{shown} is no mail address; write it like "seminar@example.org"')
    return text.strip()


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    dotted = all(part and ".." not in part and part.strip(".-") == part for part in (domain,))
    return bool(_ADDRESS.fullmatch(text)) and dotted and local.strip(".") == local


def _mailbox(text: object) -> Mailbox:
    """Read "Name <address>"; all before the last <…> is the name, quoted by us for headers."""
    if not isinstance(text, str):
        raise ValueError(f'{text!r} is no sender; write it like "Seminar <seminar@example.org>"')
    name, bracket, rest = text.strip().rpartition("<")
    if not bracket:
        return Mailbox(address=_address(text))
    if not rest.endswith(">"):
        raise ValueError(f'"{text}" lacks a ">" after the address')
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"')
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise ValueError(f"{text!r} has a line break or a control character in its name")
    return Mailbox(name=name, address=_address(rest[:-1]))


def _zone(text: object) -> ZoneInfo:
    try:
        if not isinstance(text, str) or text.strip("/.") != text:
            raise ValueError
        return ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        near = get_close_matches(str(text), available_timezones(), n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else 'write it like "Europe/Berlin"'
        raise ValueError(f'"{text}" is no time zone; {hint}') from None


def _language(text: object) -> str:
    from babel.localedata import exists  # noqa: PLC0415 - needed by nothing else at start-up

    if not isinstance(text, str) or not exists(text.replace("-", "_")):
        raise ValueError(f'"{text}" is no language that dates can be written in; use "en" or "de"')
    return text


def _languages(text: object) -> tuple[str, ...]:
    languages = tuple(map(_language, text if isinstance(text, list | tuple) else [text]))
    if not languages:
        raise ValueError('is empty; write "en", or ["de", "en"] for both in one mail')
    twice = next((name for name in languages if languages.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f'"{twice}" is named twice; each language stands in a mail once')
    return languages


def _url(text: object) -> str:
    parts = urlsplit(text) if isinstance(text, str) else None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f'"{text}" is no web address; write it whole, with https:// in front')
    return str(text)


def _location(text: object) -> str:
    """Read a path or a web address; what begins like another kind of address is no path."""
    text = _one_line(text)
    scheme = _SCHEME.match(text)
    if not scheme:
        return text
    name = scheme[1].lower()
    if name == "webcal":
        raise ValueError(
            f'"{text}" is read from the same address with https:// in front; write that'
        )
    parts = urlsplit(text)
    if name not in {"http", "https"} or not text[len(name) :].startswith("://"):
        raise ValueError(f'"{text}" is neither a path nor a web address with http:// or https://')
    if not parts.hostname:
        raise ValueError(f'"{text}" names no host; write the address whole')
    if parts.username is not None:
        raise ValueError(
            f"the address at {parts.hostname} holds a user or a password; only what anyone may read is "
            "read: name the public address"
        )
    return text


def _series_id(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", text):
        raise ValueError(
            f'"{text}" cannot be an id, as it stands in keys and file names; '
            "use small letters, digits and hyphens"
        )
    return text


def _rule_name(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise ValueError(f'"{text}" cannot be a rule\'s name; use small letters, digits, hyphens')
    return text


def _one_line(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or len(text.splitlines()) > 1:
        raise ValueError(f"{text!r} is not one line of text")
    return text.strip()


def _accent(text: object) -> str:
    if not isinstance(text, str) or not is_colour(text):
        raise ValueError(f'{text!r} is no colour; write it like "#1a4f9c"')
    ratio = contrast(text, GROUND)
    if ratio < ENOUGH:
        raise ValueError(
            f'"{text}" has a contrast of {int(ratio * 10) / 10} on the ground of the mail, and '
            f"links need {ENOUGH}; choose a darker one (in dark mode it is lightened)"
        )
    return text.lower()


def _footer(text: object) -> tuple[str, ...]:
    """Read lines, written as one text or as a list of them."""
    lines = text.splitlines() if isinstance(text, str) else text
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f'{text!r} is no text; write "one line", or ["one line", "another"]')
    return tuple(kept for line in lines if (kept := one_line(line)))


def _logo(text: object) -> Logo:
    if not isinstance(text, str) or not text:
        raise ValueError(f"{text!r} is no logo; write an https:// address, or the path of a file")
    if "://" not in text:
        return read_logo(Path(text))
    if not text.startswith("https://") or not urlsplit(text).hostname:
        raise ValueError(f'"{text}" is no https:// address; mail programs load no other picture')
    return Logo(url=text)


def _listen(text: object) -> tuple[str, int]:
    found = re.fullmatch(r"\[?([^\]\s]+?)\]?:(\d{1,5})", text) if isinstance(text, str) else None
    if not found or int(found[2]) > 65535:
        raise ValueError(f'"{text}" is no address to listen at; write it like "127.0.0.1:8080"')
    return found[1], int(found[2])


def _host_name(text: object) -> str:
    if not isinstance(text, str) or not is_host_name(text.strip()):
        shown = f'"{text}"' if isinstance(text, str) else repr(text)
        raise ValueError(
            f"{shown} is not a valid host name; use the full name of this machine in ASCII, like "
            '"announcer.example.org", or its address in brackets, like "[192.0.2.1]"'
        )
    return text.strip()


def _ledger_url(text: object) -> str:
    if isinstance(text, str) and text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return text
    if isinstance(text, str) and re.match(r"postgres(ql)?://.", text):
        return text
    known = '"sqlite:///announcer.db" or "postgresql://user@host/database"'
    raise ValueError(f'"{text}" is no ledger; write it like {known}')


Address = Annotated[str, BeforeValidator(_address)]
Clock = Annotated[time, BeforeValidator(clock)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
Line = Annotated[str, BeforeValidator(_one_line)]
Location = Annotated[str, BeforeValidator(_location)]
Sender = Annotated[Mailbox, BeforeValidator(_mailbox)]
Url = Annotated[str, BeforeValidator(_url)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Weekday = Annotated[int, BeforeValidator(weekday)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Smtp(_Table):
    """The account that mails leave through."""

    host: Line
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Line | None = None
    password: SecretStr | None = None
    auth: Literal["password", "xoauth2"] = "password"
    ca_file: Path | None = None
    timeout: Duration = timedelta(seconds=30)
    helo: Annotated[str, BeforeValidator(_host_name)] | None = None
    insecure: bool = False

    @property
    def account(self) -> str:
        """The account as it is named in messages and in the ledger."""
        return (
            f"{self.username}@{self.host}:{self.port}"
            if self.username
            else f"{self.host}:{self.port}"
        )

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.security == "none" and not self.insecure and not _loopback(self.host):
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


class LedgerTable(_Table):
    """Where it is kept what happened."""

    url: Annotated[str, BeforeValidator(_ledger_url)] = "sqlite:///announcer.db"


class Delivery(_Table):
    """What to do when nobody knows whether a mail was taken."""

    on_doubt: Literal["resend", "hold"] = "resend"


class Limits(_Table):
    """How many mails a list may get; above, everything is held."""

    per_pass: Annotated[int, Field(ge=1)] = 2
    per_day: Annotated[int, Field(ge=1)] = 4
    per_week: Annotated[int, Field(ge=1)] = 8


class Service(_Table):
    """Where the long-running service says how it is."""

    listen: Annotated[tuple[str, int], BeforeValidator(_listen)] = ("127.0.0.1", 8080)


class SourceTable(_Table):
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
        return self.location if _SCHEME.match(self.location) else Path(self.location)


class RuleTable(_Table):
    """One line of the cadence, as it is written."""

    kind: Literal["announcement", "reminder"]
    name: Annotated[str, BeforeValidator(_rule_name)] | None = None
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


class ChangesTable(_Table):
    """What becomes of changes that the list must hear of."""

    update: Literal["send", "hold", "off"] = "send"
    cancellation: Literal["send", "hold", "off"] = "send"
    quiet: Duration = timedelta(minutes=10)
    update_on: tuple[Field_, ...] = FIELDS

    def changes(self) -> Changes:
        """Give what is meant."""
        return Changes(**dict(self))


def _tables(value: object) -> object:
    """Read one table, or several in order of precedence."""
    if not isinstance(value, dict | list):
        raise ValueError(f"must be a table [series.source], or several [[series.source]], not {value!r}")  # fmt: skip
    return [value] if isinstance(value, dict) else value


class BreaksTable(_Table):
    """Days without seminar, and whether the list hears of a week without a talk."""

    dates: tuple[Annotated[Span, BeforeValidator(span)], ...] = ()
    calendar: Location | None = None
    say: bool = False

    @property
    def place(self) -> Path | str | None:
        """The calendar's file as a path, or its URL as text."""
        if self.calendar is None or _SCHEME.match(self.calendar):
            return self.calendar
        return Path(self.calendar)


class SeriesTable(_Table):
    """One seminar, as it is written."""

    id: Annotated[str, BeforeValidator(_series_id)]
    name: Line
    list: Address
    sender: Sender
    organisers: Annotated[tuple[Address, ...], Field(min_length=1)]
    reply_to: Sender | None = None
    list_page: Url | None = None
    timezone: Zone
    also_times: tuple[Zone, ...] = ()
    language: Annotated[tuple[str, ...], BeforeValidator(_languages)] = ("en",)
    start: Clock | None = None
    duration: Duration = timedelta(minutes=60)
    location: Line | None = None
    stream: Url | None = None
    website: Url | None = None
    accent: Annotated[str, BeforeValidator(_accent)] | None = None
    footer: Annotated[tuple[str, ...], BeforeValidator(_footer)] = ()
    logo: Annotated[Logo, BeforeValidator(_logo)] | None = None
    feed_url: Url | None = None
    templates: Path | None = None
    announce_tba: bool = False
    auto_submitted: bool = True
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """One series with its cadence, its sources (the first counts most), and its own templates."""

    series: Series
    cadence: tuple[Rule, ...]
    sources: tuple[SourceTable, ...]
    templates: Path | None
    changes: Changes
    breaks: BreaksTable

    @property
    def every(self) -> timedelta:
        """How often its sources are read, all together so that they do not seem to disagree."""
        return min(table.every for table in self.sources)


class _Outside(BaseSettings):
    """What stands outside ``[[series]]``, and the environment may override."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,  # a variable is text, and never JSON
    )

    smtp: Smtp
    ledger: LedgerTable = LedgerTable()
    limits: Limits = Limits()
    delivery: Delivery = Delivery()
    service: Service = Service()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # The variables come with the call, so that nothing but what was handed in counts.
        variables = getattr(init_settings, "init_kwargs", {}).pop("_variables", {})
        return _Variables(settings_cls, variables), init_settings


class _Variables(EnvSettingsSource):
    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(settings_cls, env_prefix=PREFIX, env_nested_delimiter="__")

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._variables.items()}


_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "smtp": Smtp,
    "ledger": LedgerTable,
    "limits": Limits,
    "delivery": Delivery,
    "service": Service,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the organisers ask for, checked.

    ``files`` are those that it was read from; ``warnings`` are sentences for them.
    """

    path: Path
    smtp: Smtp
    ledger: LedgerTable
    limits: Limits
    delivery: Delivery
    service: Service
    series: tuple[SeriesSettings, ...]
    files: tuple[Path, ...]
    warnings: tuple[str, ...] = ()

    @property
    def ledger_path(self) -> Path:
        """The ledger's file, where it is one; a relative one is meant from the settings' folder."""
        return self.path.parent / self.ledger.url.removeprefix("sqlite:///")

    @property
    def ledger_name(self) -> str:
        """The ledger as it is named in messages: without a password."""
        if self.ledger.url.startswith("sqlite:"):
            return str(self.ledger_path)
        parts = urlsplit(self.ledger.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def find_settings(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Give the settings' path: the option, else ``$ANNOUNCER_CONFIG``, else ``./config.toml``."""
    return option or Path(environ.get("ANNOUNCER_CONFIG") or "config.toml")


def load_settings(
    path: Path, *, environ: Mapping[str, str] | None = None, secrets: bool = True
) -> Settings:
    """Read the settings.

    Args:
        path: the file.
        environ: the variables that count; those of the process unless given.
        secrets: whether the file with the password may be opened; what does not log in says no.

    Raises:
        SettingsError: with all mistakes, one line for each.
    """
    environ = os.environ if environ is None else environ
    found = _Found()
    tables = _read(path, found)
    variables, warnings = _variables(environ, secrets=secrets)
    outside: _Outside | None = None
    try:
        values = {k: v for k, v in tables.items() if k not in {"series", "include"}}
        if isinstance(values.get("smtp"), dict) and "password" in values["smtp"]:
            del values["smtp"]["password"]
            found.mistakes.append(
                f"{path.name}: smtp.password: a password does not belong in this file; put it in "
                "ANNOUNCER_SMTP__PASSWORD or in the secret file announcer_smtp__password"
            )
        outside = _Outside(**_resolved_smtp(values, path), _variables=variables)  # type: ignore[call-arg]  # handed to the sources, no field
    except ValidationError as error:
        found.mistakes += [
            _outside_line(line, path, environ, variables) for line in _lines(error, "", _Outside)
        ]
    series = [checked for table in found.series if (checked := _checked(table, found))]
    found.mistakes += _twice(found.series)
    if not found.series and not found.mistakes:
        found.mistakes.append(f"{path.name}: series: is missing; add a [[series]] table")
    if found.mistakes or outside is None:
        raise SettingsError(tuple(found.mistakes))
    return Settings(
        path=path,
        smtp=outside.smtp,
        ledger=outside.ledger,
        limits=outside.limits,
        delivery=outside.delivery,
        service=outside.service,
        series=tuple(series),
        files=tuple(found.files),
        warnings=tuple(warnings),
    )


def _outside_line(
    line: str, path: Path, environ: Mapping[str, str], variables: Mapping[str, str]
) -> str:
    """Name where a mistake stands: in a variable, a secret file, or the settings."""
    place, _, words = line.partition(": ")
    name = f"{PREFIX}{place.replace('.', '__')}".upper()
    if name not in variables:
        return f"{path.name}: {line}"
    if name in {variable.upper() for variable in environ}:
        return f"the environment variable {name}: {words}"
    return f"the secret file {name.lower()}: {words}"


class _Found:
    """What reading the files brings together."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []
        self.files: list[Path] = []
        self.series: list[_SeriesFound] = []


@dataclass(frozen=True, slots=True)
class _SeriesFound:
    file: Path
    place: str
    values: dict[str, Any]


def _read(path: Path, found: _Found) -> dict[str, Any]:
    tables = _toml(path, found)
    _gather_series(path, tables, found)
    include = tables.get("include", [])
    if not isinstance(include, list) or not all(isinstance(p, str) for p in include):
        found.mistakes.append(f'{path.name}: include: must be a list like ["series/*.toml"]')
        return tables
    for pattern in include:
        files = sorted(path.parent.glob(pattern)) if not Path(pattern).is_absolute() else []
        files = files or [p for p in [Path(pattern)] if p.is_absolute() and p.is_file()]
        if not files:
            found.mistakes.append(f'{path.name}: include: no file matches "{pattern}"')
        for file in files:
            included = _toml(file, found)
            name = _shown(file, path)
            found.mistakes += [
                f"{name}: {key}: only [[series]] tables can stand in an included file"
                for key in included
                if key != "series"
            ]
            _gather_series(file, included, found, name)
    return tables


def _shown(file: Path, main: Path) -> str:
    return str(file.relative_to(main.parent)) if file.is_relative_to(main.parent) else str(file)


def _toml(path: Path, found: _Found) -> dict[str, Any]:
    found.files.append(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        advice = "copy config.example.toml to it, or name another with --config"
        raise SettingsError((f"the settings file {path} does not exist; {advice}",)) from None
    except OSError as error:
        raise SettingsError((f"{path} cannot be read: {error.strerror}",)) from error
    except UnicodeDecodeError as error:
        raise SettingsError((f"{path} is not text in UTF-8 ({error.reason})",)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((f"{path} is not valid TOML: {error}",)) from error


def _gather_series(path: Path, tables: Mapping[str, Any], found: _Found, name: str = "") -> None:
    series = tables.get("series", [])
    name = name or path.name
    if not isinstance(series, list):
        found.mistakes.append(f"{name}: series: write [[series]], with two brackets")
        return
    for number, values in enumerate(series):
        place = f"{name}: series[{number}]"
        if isinstance(values, dict):
            found.series.append(_SeriesFound(path, place, values))
        else:
            found.mistakes.append(f"{place}: must be a table")


def _resolved_smtp(values: dict[str, Any], path: Path) -> dict[str, Any]:
    smtp = values.get("smtp")
    if isinstance(smtp, dict) and isinstance(smtp.get("ca_file"), str):
        values = {**values, "smtp": {**smtp, "ca_file": path.parent / smtp["ca_file"]}}
    return values


def _checked(table: _SeriesFound, found: _Found) -> SeriesSettings | None:
    try:
        checked = SeriesTable.model_validate(_resolved(table))
    except ValidationError as error:
        lines = _lines(error, f"{table.place}.", SeriesTable)
        if isinstance(table.values.get("source"), dict):  # written as one table, so not counted
            first = f"{table.place}.source"
            lines = [line.replace(f"{first}[0]", first, 1) for line in lines]
        found.mistakes += lines
        return None
    if checked.templates is not None and not checked.templates.is_dir():
        found.mistakes.append(
            f"{table.place}.templates: there is no folder {checked.templates}; create it, "
            "or leave the key out for the built-in templates"
        )
    return SeriesSettings(
        series=checked.series(),
        cadence=tuple(rule.rule() for rule in checked.cadence),
        sources=checked.source,
        templates=checked.templates,
        changes=checked.changes.changes(),
        breaks=checked.breaks,
    )


def _resolved(table: _SeriesFound) -> dict[str, Any]:
    """Let paths be relative to the file in which they stand."""
    values = dict(table.values)
    folder = table.file.absolute().parent
    if isinstance(values.get("templates"), str):
        values["templates"] = folder / values["templates"]
    logo = values.get("logo")
    if isinstance(logo, str) and logo and "://" not in logo:
        values["logo"] = str(folder / Path(logo).expanduser())
    if "source" in values:
        values["source"] = _located(values["source"], folder)
    breaks = values.get("breaks")
    if isinstance(breaks, dict) and isinstance(breaks.get("calendar"), str):
        values["breaks"] = {**breaks, "calendar": _from(folder, breaks["calendar"])}
    return values


def _located(source: object, folder: Path) -> object:
    if isinstance(source, list):
        return [_located(table, folder) for table in source]
    if isinstance(source, dict) and isinstance(source.get("location"), str):
        return {**source, "location": _from(folder, source["location"])}
    return source


def _from(folder: Path, location: str) -> str:
    return location if _SCHEME.match(location) else str(folder / Path(location).expanduser())


def _twice(series: Sequence[_SeriesFound]) -> Iterator[str]:
    """Find ids and rule names that are used twice, whatever else is wrong."""
    seen: dict[object, str] = {}
    for table in series:
        name = table.values.get("id")
        if isinstance(name, str) and name in seen:
            yield f'{table.place}.id: "{name}" is the id of {seen[name]} already; choose another'
        seen.setdefault(name, table.place)
        yield from _rules_twice(table)


def _rules_twice(table: _SeriesFound) -> Iterator[str]:
    cadence = table.values.get("cadence")
    labels: dict[str, int] = {}
    for number, rule in enumerate(cadence if isinstance(cadence, list) else ()):
        if not isinstance(rule, dict):
            continue
        label, kind = rule.get("name", rule.get("kind")), rule.get("kind")
        place = f"{table.place}.cadence[{number}]"
        if label in labels:
            other = f"cadence[{labels[label]}]"
            yield f'{place}.name: {other} is called "{label}" too; give each a name of its own'
        elif label in {ANNOUNCEMENT, REMINDER, "update", "cancellation"} and label != kind:
            yield f'{place}.name: "{label}" is a kind of mail; choose another name'
        if isinstance(label, str):
            labels.setdefault(label, number)


def _variables(environ: Mapping[str, str], *, secrets: bool) -> tuple[dict[str, str], list[str]]:
    """Give the overrides from secret files and the environment, which wins."""
    known = {
        f"{PREFIX}{table}__{field}".upper(): f"{PREFIX}{table}__{field}".lower()
        for table, model in _TABLES.items()
        for field in model.model_fields
    }
    folder = Path(environ.get("ANNOUNCER_SECRETS_DIR") or SECRETS)
    values = {}
    for name, file in known.items():
        if (name != "ANNOUNCER_SMTP__PASSWORD" or secrets) and (folder / file).is_file():
            try:
                text = (folder / file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                line = f"the secret file {folder / file} cannot be read: {error}"
                raise SettingsError((line,)) from error
            values[name] = text.removesuffix("\n").removesuffix("\r")
    ours = {name: value for name, value in environ.items() if name.upper().startswith(PREFIX)}
    values |= {name.upper(): value for name, value in ours.items() if name.upper() in known}
    strange = sorted(name for name in ours if name.upper() not in {*known, *_OWN_VARIABLES})
    return values, [_strange(name, known) for name in strange]


def _strange(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.upper(), list(known), n=1)
    hint = f"; did you mean {near[0]}?" if near else "; it is ignored"
    return f"the environment variable {name} is no setting of announcer{hint}"


_Sentence = Callable[[Mapping[str, Any]], str]


def _lines(error: ValidationError, prefix: str, model: type[BaseModel]) -> list[str]:
    errors = error.errors(include_url=False)
    # A list whose every part is wrong also counts as too short, which is only a consequence.
    real = [
        e
        for e in errors
        if e["type"] != "too_short"
        or not any(o["loc"][: len(e["loc"])] == e["loc"] and o is not e for o in errors)
    ]
    return [_line(dict(e), prefix, model) for e in real]


def _line(error: Mapping[str, Any], prefix: str, model: type[BaseModel]) -> str:
    place = ""
    for part in error["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    place = (prefix + place).rstrip(".")
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{place}: {_unknown(error['loc'], model)}"
    sentence = _SENTENCES.get(kind)
    if kind in _MUST:
        return f"{place}: {_MUST[kind]}, not {_given(error)}"
    return f"{place}: {sentence(error) if sentence else error['msg']}"


def _given(error: Mapping[str, Any]) -> str:
    value = error.get("input")
    return f'"{value}"' if isinstance(value, str) else repr(value)


_MUST: Final = {
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": 'must be a list like ["…", "…"]',
    "path_type": "must be a path in quotes",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "dict_type": "must be a table",
}
_SENTENCES: Final[Mapping[str, _Sentence]] = {
    "value_error": lambda error: str(error["ctx"]["error"]),
    "missing": lambda error: f"is missing; {_EXAMPLES.get(error['loc'][-1], 'it must be given')}",
    "literal_error": lambda error: (
        f"{_given(error)} is not known; use {error['ctx']['expected'].replace(chr(39), chr(34))}"
    ),
    "too_short": lambda _: "is empty; give at least one",
    "greater_than_equal": lambda e: f"must be at least {e['ctx']['ge']}, not {_given(e)}",
    "less_than_equal": lambda e: f"must be at most {e['ctx']['le']}, not {_given(e)}",
}
_EXAMPLES: Final[Mapping[object, str]] = {
    "smtp": "add a table [smtp] with the host that mails leave through",
    "host": 'add host = "smtp.example.org"',
    "id": 'add a short name for keys, like id = "geometry"',
    "name": 'add the name that people know, like name = "Geometry Seminar"',
    "list": 'add the address of the list, like list = "geometry@googlegroups.com"',
    "sender": 'add the sender, like sender = "Geometry Seminar <seminar@example.org>"',
    "organisers": 'add who is told of trouble, like organisers = ["anna@example.org"]',
    "timezone": 'add the zone of the seminar, like timezone = "Europe/Berlin"',
    "source": "add a table [series.source], or several [[series.source]], with the page that lists the talks",
    "location": 'add the page, like location = "https://example.org/index.md"',
    "cadence": "add a table [[series.cadence]] that says when mails go out",
    "kind": 'add kind = "announcement" or kind = "reminder"',
}


def _unknown(loc: Sequence[Any], model: type[BaseModel]) -> str:
    key = str(loc[-1])
    names = list(_fields_at(loc[:-1], model))
    near = get_close_matches(key, names, n=1)
    return (
        f'unknown key; did you mean "{near[0]}"?'
        if near
        else (f"unknown key; known here: {', '.join(names)}")
    )


def _fields_at(loc: Sequence[Any], model: type[BaseModel]) -> list[str]:
    inner: dict[str, type[BaseModel]] = {
        "source": SourceTable,
        "cadence": RuleTable,
        "changes": ChangesTable,
        "breaks": BreaksTable,
        **_TABLES,
    }
    names = [part for part in loc if isinstance(part, str)]
    return list((inner.get(names[-1], model) if names else model).model_fields)
