"""Who speaks, from where, and who gets the answers: what mails say of people."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from icalendar import Calendar
from test_samples import SERIES

from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.samples import Sample, samples
from announcer.talks import Mailbox, Series
from announcer.verify import verify

KINDS = ("announcement", "reminder", "update", "cancellation", "no-seminar")


def sample(series: Series, kind: str) -> Sample:
    [found] = [sample for sample in samples(series, [kind]) if sample.case == "one"]
    return found


def composed(one: Sample) -> EmailMessage:
    message = MailComposer().compose(one.mail, one.now)
    verify(message, one.mail)
    mail = message_from_bytes(message.content, policy=SMTP)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.mark.parametrize("kind", KINDS)
def test_a_speaker_comes_with_an_affiliation_in_text_html_and_invite(kind: str) -> None:
    mail = composed(sample(SERIES, kind))
    for part in ("plain", "html"):
        body = mail.get_body((part,))
        assert body is not None
        assert "Emmy Noether (Göttingen)" in body.get_content()
    for attached in mail.iter_attachments():
        [event] = Calendar.from_ical(attached.get_content()).walk("VEVENT")
        assert str(event["DESCRIPTION"]).startswith("Emmy Noether (Göttingen)\n")


def test_a_mail_without_the_affiliation_is_held_unless_the_template_is_the_users() -> None:
    one = sample(SERIES, "announcement")
    without = replace(one.mail, talks=tuple(replace(t, affiliations=()) for t in one.mail.talks))
    message = MailComposer().compose(without, one.now)
    with pytest.raises(VerificationFailed, match=r"Emmy Noether \(Göttingen\)|DESCRIPTION"):
        verify(message, one.mail)


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("announcement", "Seminar, Mon 8 Apr: Emmy Noether – A sample talk"),
        ("reminder", "Reminder: Seminar, Mon 8 Apr, 15:00: Emmy Noether – A sample talk"),
        ("cancellation", "CANCELLED: Seminar, Mon 8 Apr: Emmy Noether – A sample talk"),
    ],
)
def test_the_subject_names_the_speaker_where_that_is_wished_for(kind: str, subject: str) -> None:
    series = replace(SERIES, name="Seminar", subject_speaker=True)
    assert composed(sample(series, kind))["Subject"] == subject
    plain = composed(sample(replace(SERIES, name="Seminar"), kind))["Subject"]
    assert plain == subject.replace("Emmy Noether – ", "")


def test_of_many_speakers_a_subject_names_the_first() -> None:
    one = sample(replace(SERIES, name="Seminar", subject_speaker=True), "announcement")
    many = replace(one.mail.talks[0], speakers=("A. Bee", "C. Dee", "E. Eff", "G. Aitch"))
    mail = composed(replace(one, mail=replace(one.mail, talks=(many,))))
    assert mail["Subject"] == "Seminar, Mon 8 Apr: A. Bee, C. Dee, E. Eff et al. – A sample talk"
    nobody = replace(many, speakers=())
    mail = composed(replace(one, mail=replace(one.mail, talks=(nobody,))))
    assert mail["Subject"] == "Seminar, Mon 8 Apr: A sample talk"


@pytest.mark.parametrize("kind", KINDS)
def test_answers_always_have_an_address(kind: str) -> None:
    sender = Mailbox(name="Seminar", address="seminar@example.org")
    alone = replace(SERIES, sender=sender, reply_to=sender)
    assert composed(sample(alone, kind))["Reply-To"] == "Seminar <seminar@example.org>"
    office = replace(alone, reply_to=Mailbox(address="office@example.org"))
    assert composed(sample(office, kind))["Reply-To"].addresses[0].addr_spec == "office@example.org"
    message = MailComposer().compose(sample(alone, kind).mail, sample(alone, kind).now)
    silent = replace(
        message,
        content=message.content.replace(b"Reply-To: Seminar <seminar@example.org>\r\n", b""),
    )
    with pytest.raises(VerificationFailed, match="lacks reply-to"):
        verify(silent, sample(alone, kind).mail)
