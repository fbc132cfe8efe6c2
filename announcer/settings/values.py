"""The values that settings hold: each is read from what a person writes, or refused with a reason."""

import os
import re
from datetime import time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, TypeGuard
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, SecretStr

from announcer.cadence import Night
from announcer.colours import ENOUGH, GROUND, contrast, is_colour
from announcer.hostnames import is_host_name
from announcer.logo import read_logo
from announcer.prose import one_line
from announcer.proxies import is_proxy
from announcer.quantities import Span, clock, duration, hours, span, weekday
from announcer.quoting import quoted, shortened
from announcer.talks import Logo, Mailbox

SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # one letter is a drive of Windows
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_CALENDARS: Final = frozenset({"webcal", "webcals"})  # as links to calendars begin; read as https
_SQLITE: Final = "sqlite:///"
# RFC 3986, with several hosts as libpq takes them: user and password, hosts, database, parameters.
_HOST: Final = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s/@\[\]?#:,]*)(?::\d{1,5})?"
_DATABASE: Final = re.compile(
    rf"(?:(?:[^\s%/@]|%[0-9A-Fa-f]{{2}})*@)?{_HOST}(?:,{_HOST})*(?:[/?][^\s#@]*)?"
)
_LONGEST_ZONE: Final = 40  # of a name that may be meant for one of a zone
_LONGEST_NAME: Final = 255  # bytes, as most file systems have it
_LONGEST_PATH: Final = 4095  # bytes, as Linux has it


def _address(text: object) -> str:
    if not isinstance(text, str) or not _is_address(text.strip()):
        raise ValueError(f'{quoted(text)} is no mail address; write it like "seminar@example.org"')
    return text.strip()


def _is_address(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    dotted = all(part and ".." not in part and part.strip(".-") == part for part in (domain,))
    return bool(_ADDRESS.fullmatch(text)) and dotted and local.strip(".") == local


def _mailbox(text: object) -> Mailbox:
    """Read "Name <address>"; all before the last <…> is the name, quoted by us for headers."""
    if not isinstance(text, str):
        raise ValueError(
            f'{quoted(text)} is no sender; write it like "Seminar <seminar@example.org>"'
        )
    name, bracket, rest = text.strip().rpartition("<")
    if not bracket:
        return Mailbox(address=_address(text))
    if not rest.endswith(">"):
        raise ValueError(f'{quoted(text)} lacks a ">" after the address')
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1].replace('\\"', '"')
    if any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise ValueError(f"{quoted(text)} has a line break or a control character in its name")
    return Mailbox(name=name, address=_address(rest[:-1]))


def _zone(text: object) -> ZoneInfo:
    try:
        if not isinstance(text, str) or text.strip("/.") != text:
            raise ValueError
        return ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        close = isinstance(text, str) and len(text) <= _LONGEST_ZONE
        near = get_close_matches(str(text), available_timezones(), n=1, cutoff=0.5) if close else ()
        hint = f'did you mean "{near[0]}"?' if near else 'write it like "Europe/Berlin"'
        raise ValueError(f"{quoted(text)} is no time zone; {hint}") from None


def _language(text: object) -> str:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - needed by nothing else at start-up

    try:
        if not isinstance(text, str):
            raise ValueError
        Locale.parse(text, sep="_" if "_" in text else "-")
    except (ValueError, UnknownLocaleError):
        raise ValueError(
            f'{quoted(text)} is no language that dates can be written in; use "en" or "de"'
        ) from None
    return text


def _languages(text: object) -> tuple[str, ...]:
    languages = tuple(map(_language, text if isinstance(text, list | tuple) else [text]))
    if not languages:
        raise ValueError('is empty; write "en", or ["de", "en"] for both in one mail')
    twice = next((name for name in languages if languages.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{quoted(twice)} is named twice; each language stands in a mail once")
    return languages


def _url(text: object) -> str:
    parts = _parts(text)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            f"{quoted(text)} is no web address; write it whole, with https:// in front"
        )
    return str(text)


def _parts(text: object) -> SplitResult | None:
    """Return the parts of an address; None where it is none."""
    try:
        return urlsplit(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _location(text: object) -> str:
    """Read a path or a web address; what begins like another kind of address is no path."""
    text = _one_line(text)
    scheme = SCHEME.match(text)
    if not scheme:
        return usable_path(text)
    name = scheme[1].lower()
    if name in _CALENDARS and text[len(name) :].startswith("://"):
        text, name = f"https{text[len(name) :]}", "https"
    if name not in {"http", "https"} or not text[len(name) :].startswith("://"):
        raise ValueError(
            f"{quoted(text)} is neither a path nor a web address with http:// or https://"
        )
    parts = _parts(text)
    if parts is None or not parts.hostname:
        raise ValueError(f"{quoted(text)} names no host; write the address whole")
    if parts.username is not None:
        raise ValueError(
            f"the address at {parts.hostname} holds a user or a password; only what anyone may read is "
            "read: name the public address"
        )
    return text


def usable_path(text: str) -> str:
    """Return a path as it is, if there can be a file of that name.

    Raises:
        ValueError: there can be none.
    """
    if "\0" in text:
        raise ValueError(f"{quoted(text)} holds a null character, which no path can")
    if text.startswith("~"):  # a home folder that is known was put in its place before
        raise ValueError(
            f"{quoted(text)} begins with the home folder of a user that this machine does not know; "
            f'write the path whole, or "./{shortened(text)}" for a file of that name'
        )
    longest = max(len(part) for part in os.fsencode(text).split(b"/"))
    if longest > _LONGEST_NAME or len(os.fsencode(text)) > _LONGEST_PATH:
        raise ValueError(f"{quoted(text)} is too long for a path")
    return text


def _night(text: object) -> Night | None:
    if text == "off":
        return None
    start, end = hours(text)
    return Night(start=start, end=end)


def _path(text: object) -> Path:
    if isinstance(text, Path):
        text = str(text)
    if not isinstance(text, str) or not text:
        raise ValueError(f"must be a path in quotes, not {quoted(text)}")
    return Path(usable_path(text))


def _folder(text: object) -> Path:
    path = _path(text)
    try:
        found = path.is_dir()
    except OSError as error:
        raise ValueError(
            f"{shortened(str(path), 1000)} cannot be read: {error.strerror}"
        ) from error
    if not found:
        raise ValueError(
            f"there is no folder {shortened(str(path), 1000)}; create it, or leave the key out for the built-in templates"
        )
    return path


def is_series_id(text: object) -> TypeGuard[str]:
    """Whether a series can have this id."""
    return isinstance(text, str) and bool(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", text))


def _series_id(text: object) -> str:
    if not is_series_id(text):
        raise ValueError(
            f"{quoted(text)} cannot be an id, as it stands in keys and file names; "
            "use small letters, digits and hyphens"
        )
    return text


def _rule_name(text: object) -> str:
    if not isinstance(text, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", text):
        raise ValueError(
            f"{quoted(text)} cannot be a rule's name; use small letters, digits, hyphens"
        )
    return text


def _one_line(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or len(text.splitlines()) > 1:
        raise ValueError(f"{quoted(text)} is not one line of text")
    return text.strip()


def _accent(text: object) -> str:
    if not isinstance(text, str) or not is_colour(text):
        raise ValueError(f'{quoted(text)} is no colour; write it like "#1a4f9c"')
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
        raise ValueError(f'{quoted(text)} is no text; write "one line", or ["one line", "another"]')
    return tuple(kept for line in lines if (kept := one_line(line)))


def _logo(text: object) -> Logo:
    if not isinstance(text, str) or not text:
        raise ValueError(
            f"{quoted(text)} is no logo; write an https:// address, or the path of a file"
        )
    if "://" not in text:
        return read_logo(Path(usable_path(text)))
    parts = _parts(text)
    if parts is None or parts.scheme != "https" or not parts.hostname:
        raise ValueError(
            f"{quoted(text)} is no https:// address; mail programs load no other picture"
        )
    return Logo(url=text)


def _listen(text: object) -> tuple[str, int]:
    found = re.fullmatch(r"\[?([^\]\s]+?)\]?:(\d{1,5})", text) if isinstance(text, str) else None
    if not found or int(found[2]) > 65535:
        raise ValueError(
            f'{quoted(text)} is no address to listen at; write it like "127.0.0.1:8080"'
        )
    return found[1], int(found[2])


def _host_name(text: object) -> str:
    if not isinstance(text, str) or not is_host_name(text.strip()):
        raise ValueError(
            f"{quoted(text)} is not a valid host name; use the full name of this machine in ASCII, "
            'like "announcer.example.org", or its address in brackets, like "[192.0.2.1]"'
        )
    return text.strip()


def _ledger_url(text: object) -> str:
    """Read where the ledger is; what is wrong is never quoted, as it may hold a password."""
    if isinstance(text, str) and text.startswith(_SQLITE) and len(text) > len(_SQLITE):
        path = usable_path(text.removeprefix(_SQLITE))
        if path.endswith(("/", "/.", "/..")) or path in {".", ".."}:
            raise ValueError("names a folder; add the name of the file, like announcer.db")
        return text
    if not isinstance(text, str) or not re.match(r"postgres(ql)?://.", text):
        known = '"sqlite:///announcer.db" or "postgresql://user@host/database"'
        raise ValueError(f"is not the address of a ledger; write it like {known}")
    if not _DATABASE.fullmatch(text.partition("://")[2]) or not _is_utf8(text):
        raise ValueError(
            "is not a valid PostgreSQL address; in the user name and the password write a percent "
            "sign as %25, a slash as %2F, an @ as %40, a blank as %20 and other letters as their bytes in "
            "UTF-8, or put the password into ANNOUNCER_LEDGER__PASSWORD as it is"
        )
    return text


def _proxy_url(text: object) -> str:
    """Read the address of a proxy; it is never quoted, as it may hold a password."""
    if not isinstance(text, str) or not is_proxy(text):
        known = '"http://proxy.example.org:3128" or "http://user:password@proxy.example.org:3128"'
        raise ValueError(
            f"is not the address of an HTTP proxy; write it like {known}, where in the user name and "
            "the password a slash is %2F, an @ is %40 and a percent sign is %25"
        )
    return text


def _user_agent(text: object) -> str:
    text = _one_line(text)
    if not re.fullmatch(r"[\x20-\x7e]{1,200}", text):
        raise ValueError(
            f"{quoted(text)} cannot be sent in a header; use at most 200 letters, digits and signs of "
            'ASCII, like "announcer (seminar@example.org)"'
        )
    return text


def _is_utf8(text: str) -> bool:
    """Whether what is percent-encoded in an address is text."""
    try:
        unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        return False
    return True


Address = Annotated[str, BeforeValidator(_address)]
Clock = Annotated[time, BeforeValidator(clock)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
NightHours = Annotated[Night | None, BeforeValidator(_night)]
Line = Annotated[str, BeforeValidator(_one_line)]
Location = Annotated[str, BeforeValidator(_location)]
Sender = Annotated[Mailbox, BeforeValidator(_mailbox)]
Url = Annotated[str, BeforeValidator(_url)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Weekday = Annotated[int, BeforeValidator(weekday)]
Accent = Annotated[str, BeforeValidator(_accent)]
Footer = Annotated[tuple[str, ...], BeforeValidator(_footer)]
Languages = Annotated[tuple[str, ...], BeforeValidator(_languages)]
HostName = Annotated[str, BeforeValidator(_host_name)]
LedgerUrl = Annotated[SecretStr, BeforeValidator(_ledger_url)]
Listen = Annotated[tuple[str, int], BeforeValidator(_listen)]
Picture = Annotated[Logo, BeforeValidator(_logo)]
ProxyUrl = Annotated[SecretStr, BeforeValidator(_proxy_url)]
RuleName = Annotated[str, BeforeValidator(_rule_name)]
SeriesId = Annotated[str, BeforeValidator(_series_id)]
UserAgent = Annotated[str, BeforeValidator(_user_agent)]
Days = Annotated[Span, BeforeValidator(span)]
File = Annotated[Path, BeforeValidator(_path)]
Folder = Annotated[Path, BeforeValidator(_folder)]
