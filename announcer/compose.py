"""Announcement -> Message: templates for the words, the standard library for the bytes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from announcer.announcement import Announcement
from announcer.builtin import TEMPLATES
from announcer.builtin import names as builtin_names
from announcer.cadence import CANCELLATION, NO_SEMINAR
from announcer.colours import ACCENT, DARK_ACCENT, lightened
from announcer.compiled import COMPILED
from announcer.errors import TemplateFailed, VerificationFailed
from announcer.facts import LONGEST_ABSTRACT, all_facts, days_without, preheader, starts_in
from announcer.headers import POLICY, message_id, plain_mail, set_mailbox, set_subject
from announcer.invite import invite, revision
from announcer.lines import hang
from announcer.message import LARGEST_BODY, TEST_MARK, Message, Said
from announcer.plain import WIDTH
from announcer.prose import one_line
from announcer.talks import Series, Talk
from announcer.words import words

LONGEST_CONCERN: Final = 2_000
SHORTEST_ABSTRACT: Final = 200  # in a mail about so many talks that no more of each fits


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The facts of a mail once more, in a further language."""

    language: str
    below: str  # says, in the language, that it follows
    text: str
    html: Markup
    gettext: Callable[[str], str]


class MailComposer:
    """Makes mails from templates; a user's folder overrides the built-in ones file by file."""

    def __init__(self, templates: Path | None = None, *, test: str | None = None) -> None:
        """Take the user's folder, and for test mails a word that makes their Message-IDs their own."""
        folders = [FileSystemLoader(folder) for folder in (templates, TEMPLATES) if folder]
        self._test = test
        self._loader = ChoiceLoader(folders)
        self._environments: dict[str, SandboxedEnvironment] = {}
        self._templates = templates

    @property
    def own(self) -> frozenset[str]:
        """The templates that a user's folder has in place of built-in ones, by their paths in it."""
        folder = self._templates
        if folder is None:
            return frozenset()
        return frozenset(name for name in builtin_names() if (folder / name).is_file())

    def subject(self, announcement: Announcement) -> str:
        """Give the subject as it would be now.

        Raises:
            TemplateFailed: the template cannot be rendered.
        """
        series = announcement.series
        facts = all_facts(announcement, announcement.due_at, series.language, longest=0)
        names = {
            "series": series,
            "language": series.language,
            "talks": facts,
            "without": days_without(announcement, series.language),
            "is_next": announcement.is_next,
        }
        return self._subject(announcement, names)

    def compose(self, announcement: Announcement, now: datetime) -> Message:
        """Give the mail, composed from what is true now.

        Raises:
            TemplateFailed: a template cannot be rendered.
            VerificationFailed: a fact is no text that a mail can carry (a lone surrogate).
        """
        try:
            return self._compose(announcement, now)
        except UnicodeEncodeError as error:
            raise VerificationFailed(f"a fact is not valid Unicode text: {error}") from error

    def notice(
        self, series: Series, concerns: Sequence[str], recipient: str, now: datetime
    ) -> Message:
        """Give the mail that tells one organiser what they must hear.

        Raises:
            TemplateFailed: its template cannot be rendered.
        """
        told = [one_line(concern, LONGEST_CONCERN) for concern in concerns]
        names = {"series": series, "language": "en", "concerns": told}
        key = f"{series.id}/notice/{series.local(now):%Y-%m-%dT%H:%M:%S}"
        subject = self._line("notice", "subject", names)
        mail = plain_mail(
            sender=series.sender,
            recipient=recipient,
            subject=subject,
            text=self._text("notice", names),
            at=series.local(now),
            about="\n".join((key, recipient, *concerns)),
        )
        return Message(
            key=key,
            series=series.id,
            kind="notice",
            rule="notice",
            due_at=now,
            sender=series.sender.address,
            recipient=recipient,
            message_id=str(mail["Message-ID"]),
            subject=subject,
            content=mail.as_bytes(policy=POLICY),
            said=(),
        )

    def _compose(self, announcement: Announcement, now: datetime) -> Message:
        series = announcement.series
        subject, text, rendered = self._fitting(announcement, now)
        said = tuple(said_of(talk, announcement) for talk in announcement.talks)
        mail = self._headers(announcement, subject, now)
        mail.set_content(text, cte="quoted-printable")
        mail.add_alternative(rendered, subtype="html", cte="quoted-printable")
        _embed(mail, series, rendered)
        mail.make_mixed()
        files = [f"{s.day}-{_slug(t)}-{n}.ics" for n, (s, t) in enumerate(zip(said, announcement.talks, strict=True), 1)]  # fmt: skip
        invited = announcement.talks if announcement.kind != NO_SEMINAR else ()
        for talk, entry, name in zip(invited, said, files, strict=False):
            name = name if len(said) > 1 else "seminar.ics"  # noqa: PLW2901 - one file needs no other
            _attach(mail, talk, series, entry, name, _method(announcement.kind))
        _set_boundaries(mail, announcement.key)
        return Message(
            key=announcement.key,
            series=series.id,
            kind=announcement.kind,
            rule=announcement.rule,
            due_at=announcement.due_at,
            sender=series.sender.address,
            recipient=series.list,
            message_id=str(mail["Message-ID"]),
            subject=subject,
            content=mail.as_bytes(policy=POLICY),
            said=said,
        )

    def _fitting(self, announcement: Announcement, now: datetime) -> tuple[str, str, str]:
        """Give subject, text and HTML, with the longest abstracts cut as far as it takes to fit.

        What is still too large with next to no abstracts is left to be held.
        """
        kind, language = announcement.kind, announcement.series.language
        also = [
            self._version(announcement, now, other) for other in announcement.series.other_languages
        ]
        abstracts = (len(talk.abstract or "") for talk in announcement.talks)
        longest = min(LONGEST_ABSTRACT, max(SHORTEST_ABSTRACT, *abstracts))
        while True:
            names = self._names(announcement, now, language, longest=longest) | {"also": also}
            text = self._text(kind, names)
            html = _short_lines(self._render(f"{kind}/html.html", names))
            size = max(len(part.replace("\n", "\r\n").encode()) for part in (text, html))
            if size <= LARGEST_BODY or longest <= SHORTEST_ABSTRACT:
                return names["subject"], text, html
            shorter = min(longest * 19 // 20, longest * LARGEST_BODY // size)
            longest = max(shorter, SHORTEST_ABSTRACT)

    def _names(
        self, announcement: Announcement, now: datetime, language: str, *, longest: int
    ) -> dict[str, Any]:
        """Give what the templates may use, in one language; without abstracts it is a further one."""
        again = not longest
        facts = all_facts(announcement, now, language, longest=longest)
        accent, logo = announcement.series.accent, announcement.series.logo
        names: dict[str, Any] = {
            "series": announcement.series,
            "language": language,
            "talks": facts,
            "kind": announcement.kind,
            "notes": [one_line(note, LONGEST_CONCERN) for note in announcement.notes],
            "starts_in": starts_in(announcement, now, language),
            "without": days_without(announcement, language),
            "is_next": announcement.is_next,
            "preheader": preheader(facts[0], announcement.kind, language),
            "accent": accent or ACCENT,
            "dark_accent": lightened(accent) if accent else DARK_ACCENT,
            "logo": logo.source(announcement.series.sender.domain) if logo else None,
            "again": again,
            "also": (),
        }
        names["subject"] = self._subject(announcement, names)
        names["first_line"] = self._line(announcement.kind, "first_line", names)
        return names

    def _version(self, announcement: Announcement, now: datetime, language: str) -> Version:
        names = self._names(announcement, now, language, longest=0)
        return Version(
            language=language,
            below=words(language).gettext("English version below"),
            text=re.sub(r"\n{3,}", "\n\n", self._render("_body.txt", names)).strip(),
            html=Markup(self._render("_body.html", names)),  # noqa: S704 - a template escaped it
            gettext=words(language).gettext,
        )

    def _subject(self, announcement: Announcement, names: Mapping[str, Any]) -> str:
        names = {**names, "kind": announcement.kind}
        subject = self._line(announcement.kind, "subject", names)
        return f"{TEST_MARK}{subject}" if self._test else subject

    def _line(self, kind: str, part: str, names: Mapping[str, Any]) -> str:
        return one_line(self._render(f"{kind}/{part}.txt", names))

    def _text(self, kind: str, names: Mapping[str, Any]) -> str:
        text = self._render(f"{kind}/text.txt", names)
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def _speaking(self, language: str) -> SandboxedEnvironment:
        """Give the templates with the words of a language.

        The words are global, as a template that another imports does not see what is rendered.
        """
        if language not in self._environments:
            spoken = SandboxedEnvironment(
                loader=self._loader,
                bytecode_cache=COMPILED,
                undefined=StrictUndefined,
                autoescape=lambda name: name is not None and name.endswith(".html"),
                trim_blocks=True,
                lstrip_blocks=True,
                extensions=["jinja2.ext.i18n"],
            )
            spoken.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
            spoken.filters["hang"] = partial(hang, width=WIDTH)
            self._environments[language] = spoken
        return self._environments[language]

    def _render(self, name: str, names: Mapping[str, Any]) -> str:
        try:
            return self._speaking(names["language"]).get_template(name).render(names)
        except TemplateError as error:
            raise TemplateFailed(
                f"{_place_of(error, name)} cannot be rendered: {_said(error)}"
            ) from error
        except Exception as error:  # a template may call anything, and fail in any way
            what = f"{type(error).__name__}: {error}"
            raise TemplateFailed(f"{_place_of(error, name)} cannot be rendered: {what}") from error

    def _headers(self, announcement: Announcement, subject: str, now: datetime) -> EmailMessage:
        series = announcement.series
        mail = EmailMessage(policy=POLICY)
        set_mailbox(mail, "From", series.sender)
        mail["To"] = series.list
        # Always, as a list else decides by its own settings who gets an answer (mail.md A1).
        set_mailbox(mail, "Reply-To", series.reply_to)
        set_subject(mail, subject)
        mail["Date"] = format_datetime(series.local(now).replace(microsecond=0))
        key = f"{announcement.key}\n{self._test}" if self._test else announcement.key
        kept = announcement.row.message_id if announcement.row and not self._test else None
        mail["Message-ID"] = kept or message_id(key, series.sender.domain)
        if announcement.thread and not self._test:
            mail["In-Reply-To"] = announcement.thread[-1]
            mail["References"] = " ".join(announcement.thread)
        if series.auto_submitted:
            mail["Auto-Submitted"] = "auto-generated"
        return mail


def _place_of(error: BaseException, name: str) -> str:
    """Name the template and the line that an error came from, which may be one that another uses.

    What a user's template hands on to a built-in one fails there, and is the user's to mend.
    """
    places = [(getattr(error, "filename", None) or name, getattr(error, "lineno", None))]
    trace = error.__traceback__ if places[0][1] is None else None
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename.endswith((".txt", ".html")):
            places.append((code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    own = [place for place in places[1:] if not Path(place[0]).is_relative_to(TEMPLATES)]
    file, line = (own or places)[-1]
    return f"the template {file}, line {line}" if line else f"the template {file}"


def _said(error: TemplateError) -> str:
    """Say what is wrong in the terms of templates."""
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error}; check its name, and the folder that templates names"
    words = re.sub(
        r"'announcer[\w.]*\.(\w+) object' has no attribute '(\w+)'", r"\1 has no '\2'", str(error)
    )
    return words.replace("Facts has no", "a talk has no")


def _method(kind: str) -> str:
    return "CANCEL" if kind == CANCELLATION else "PUBLISH"


def _attach(
    mail: EmailMessage, talk: Talk, series: Series, entry: Said, name: str, method: str
) -> None:
    content = invite(
        talk, series, uid=entry.uid, sequence=entry.sequence, stamp=entry.stamp, method=method
    )
    mail.add_attachment(
        content,
        maintype="text",
        subtype="calendar",
        cte="base64",
        filename=name,
        params={"charset": "utf-8", "method": method, "name": name},
    )


def _embed(mail: EmailMessage, series: Series, html: str) -> None:
    """Let the HTML carry the logo that it shows (RFC 2387)."""
    logo, domain = series.logo, series.sender.domain
    if logo is None or logo.url is not None or logo.source(domain) not in html:
        return
    part = mail.get_body(("html",))
    assert isinstance(part, EmailMessage)  # noqa: S101 - it was added above
    part.add_related(
        logo.content,
        maintype="image",
        subtype=logo.subtype,
        cid=f"<{logo.cid(domain)}>",
        filename=f"logo.{logo.subtype}",
        disposition="inline",
    )
    part.set_param("type", "text/html")


def _set_boundaries(mail: EmailMessage, key: str) -> None:
    name = sha256(key.encode()).hexdigest()[:24]
    for number, part in enumerate(p for p in mail.walk() if p.is_multipart()):
        part.set_boundary(f"=_{name}.{number}")
    for part in mail.walk():
        if part is not mail:
            del part["MIME-Version"]


def said_of(talk: Talk, announcement: Announcement) -> Said:
    """Give what this mail says of a talk; the entry's revision follows on what was said before."""
    series = announcement.series
    before = next((s for s in announcement.previous if s.identity == talk.identity), None)
    entry = revision(
        talk, series, before, at=announcement.due_at, method=_method(announcement.kind)
    )
    assert talk.day and talk.starts_at and talk.ends_at  # noqa: S101, PT018 - the plan sees to it
    return Said(
        talk=talk.id,
        first_id=talk.first_id,
        day=talk.day,
        moment_day=series.local(announcement.due_at).date(),
        title=talk.title,
        speakers=talk.speakers,
        starts_at=talk.starts_at,
        ends_at=talk.ends_at,
        location=talk.location,
        stream=talk.stream,
        status=talk.status.value,
        uid=entry.uid,
        sequence=entry.sequence,
        stamp=entry.stamp,
        digest=entry.digest,
    )


def _short_lines(html: str) -> str:
    """Keep every line of the HTML below what quoted-printable and SMTP must split."""
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip()) + "\n"


def _slug(talk: Talk) -> str:
    words = re.findall(r"[a-z0-9]+", (talk.title or "talk").lower())
    return "-".join(words)[:40].strip("-") or "talk"
