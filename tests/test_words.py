"""The mails speak each language whole: every word of the templates, in every catalogue."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_from_file
from babel.messages.pofile import read_po
from desk import Desk
from test_compose import NOW, mail

from announcer.announcement import Announcement
from announcer.compose import MailComposer
from announcer.errors import VerificationFailed
from announcer.message import Message
from announcer.quantities import Span
from announcer.verify import verify
from announcer.words import LOCALE, has_words, words

ROOT = Path(__file__).parents[1]
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/announcer.po"))
KINDS = ("announcement", "reminder", "update", "cancellation", "no-seminar")
Id = str | tuple[str, ...]


def _asked() -> Iterator[Id]:
    """Find what the templates and the modules ask a catalogue for."""
    for path in sorted((ROOT / "templates").rglob("*.*")):
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
            for _, id_, _, _ in extract("jinja2", file, options=options):
                yield id_
    for path in sorted((ROOT / "announcer").glob("*.py")):
        for _, id_, _, _ in extract_from_file("python", path):
            yield id_


def _names(text: str) -> list[str]:
    return sorted(re.findall(r"%(?:\(\w+\))?.", text))


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def _in(language: str, announcement: Announcement) -> Announcement:
    return replace(announcement, series=replace(announcement.series, language=language))


def texts(message: Message) -> tuple[str, str, str]:
    """Give the text, the HTML and the first invite."""
    parsed = message_from_bytes(message.content, policy=SMTP)
    plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert plain is not None
    assert html is not None
    return (
        plain.get_content().replace("\r\n", "\n"),
        html.get_content().replace("\r\n", "\n"),
        next((part.get_content() for part in parsed.iter_attachments()), ""),
    )


def _several(kind: str, number: int) -> Announcement:
    """Give a mail of a kind about so many talks, the last of them without a title."""
    announcement = mail(abstract="Some *words*.")
    [talk] = announcement.talks
    assert talk.starts_at is not None
    assert talk.ends_at is not None
    talks = [
        replace(
            talk,
            id=f"{n}",
            stream="https://stream.example/1",
            day=date(2026, 4, 7 + n),
            starts_at=talk.starts_at + timedelta(days=n),
            ends_at=talk.ends_at + timedelta(days=n),
        )
        for n in range(number)
    ]
    if number > 1:
        talks[-1] = replace(talks[-1], title=None, tba=True)
    without = (
        Span(first=date(2026, 3, 31), last=date(2026, 3, 31)) if kind == "no-seminar" else None
    )
    return replace(
        announcement, key=f"s/{kind}/x", kind=kind, rule=kind, talks=tuple(talks), without=without
    )


def test_german_and_french_are_built_in() -> None:
    assert {path.parts[-3] for path in CATALOGUES} >= {"de", "fr"}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_has_all_words_of_the_templates_and_no_others(path: Path) -> None:
    asked = set(_asked())
    assert len(asked) > 40
    catalogue = _catalogue(path)
    assert {message.id for message in catalogue if message.id} == asked
    assert not catalogue.obsolete


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_every_word_is_translated_for_sure_and_keeps_its_placeholders(path: Path) -> None:
    catalogue = _catalogue(path)
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        ids, said = (
            (text,) if isinstance(text, str) else tuple(text or ())
            for text in (message.id, message.string)
        )
        assert len(said) == (catalogue.num_plurals if len(ids) > 1 else 1), message.id
        for text in said:
            assert text.strip(), message.id
            assert _names(text) == _names(ids[-1]), message.id


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_mail_of_every_kind_holds_in_every_language(
    language: str, kind: str, number: int
) -> None:
    announcement = _in(language, _several(kind, number))
    told = MailComposer().compose(_in(language, _several("announcement", number)), NOW).said
    moved = tuple(replace(t, location="Room 9", stream=None) for t in announcement.talks)
    if kind == "update":
        announcement = replace(announcement, talks=moved, told=told, previous=told)
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    text, html, _ = texts(message)
    assert max(map(len, text.splitlines())) <= 76
    assert f'<html lang="{language}">' in html
    assert "%(" not in message.subject + text + html


@pytest.mark.parametrize("language", ["de", "fr"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_english_word_is_left_in_a_mail_of_another_language(language: str, kind: str) -> None:
    announcement = _in(language, _several(kind, 2))
    message = MailComposer().compose(announcement, NOW)
    said = " ".join((message.subject, *texts(message)))
    said = re.sub(r"<style>.*?</style>|<[^>]*>|https?://\S+", " ", said, flags=re.DOTALL)
    found = set(re.findall(r"[a-z]+", said.lower()))
    assert not found & {
        "what", "who", "when", "where", "the", "next", "talk", "talks", "reminder", "please",
        "attached", "join", "announced", "more", "today", "tuesday", "live",
    }  # fmt: skip


def test_a_german_mail_reads_as_a_german_wrote_it() -> None:
    announcement = _in("de", _several("announcement", 1))
    message = MailComposer().compose(announcement, NOW)
    text, html, invite = texts(message)
    assert message.subject == "Seminar, Di. 7. Apr.: Größen"
    assert text == (
        "Seminar: der nächste Vortrag\n"
        "\n"
        "Was:    Größen\n"
        "Wer:    Emmy\n"
        "Wann:   Dienstag, 7. April 2026, 15:00–16:00 Uhr (CEST, UTC+2)\n"
        "Wo:     Room 2\n"
        "Livestream:\n"
        "  https://stream.example/1\n"
        "\n"
        "Some words.\n"
        "\n"
        "Mit der beigefügten Kalenderdatei übernehmen Sie den Vortrag in Ihren\n"
        "Kalender.\n"
        "\n"
        "Seminar\n"
        "Mailingliste abonnieren oder abbestellen:\n"
        "https://groups.example/s\n"
    )
    assert "Di. 7. Apr., 15:00 · Room 2 und Livestream</div>" in html
    assert "Livestream: https://stream.example/1" in invite.replace("\r\n ", "")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(hours=2, minutes=40), {
            "en": "Reminder: today, Tuesday, April 7, 2026, 15:00",
            "de": "Erinnerung: heute, Dienstag, 7. April 2026, 15:00 Uhr",
            "fr": "Rappel : aujourd’hui, mardi 7 avril 2026, 15:00",
        }),
        (timedelta(hours=16), {
            "en": "Reminder: tomorrow, Tuesday, April 7, 2026, 15:00",
            "de": "Erinnerung: morgen, Dienstag, 7. April 2026, 15:00 Uhr",
            "fr": "Rappel : demain, mardi 7 avril 2026, 15:00",
        }),
        (timedelta(days=2), {
            "en": "Reminder: Tuesday, April 7, 2026, 15:00",
            "de": "Erinnerung: Dienstag, 7. April 2026, 15:00 Uhr",
            "fr": "Rappel : mardi 7 avril 2026, 15:00",
        }),
    ],
)  # fmt: skip
def test_a_reminder_says_today_or_tomorrow_in_every_language(
    before: timedelta, said: dict[str, str]
) -> None:
    announcement = _several("reminder", 1)
    [talk] = announcement.talks
    assert talk.starts_at is not None
    now = talk.starts_at - before
    found = {}
    for language in said:
        mail_ = _in(language, replace(announcement, due_at=talk.starts_at - timedelta(days=5)))
        message = MailComposer().compose(mail_, now)
        verify(message, mail_)
        found[language] = texts(message)[0].partition("\n")[0]
        mark = said[language].partition(":")[0]
        assert message.subject.startswith(f"{mark}:"), message.subject
    assert found == said


def test_a_reminder_that_says_today_of_another_day_or_has_no_mark_is_held() -> None:
    announcement = _several("reminder", 1)
    [talk] = announcement.talks
    assert talk.starts_at is not None
    announcement = replace(announcement, talks=(replace(talk, title="Rings"),))
    message = MailComposer().compose(announcement, talk.starts_at - timedelta(hours=2))
    stale = re.sub(
        rb"\r\nDate: [^\r]*", b"\r\nDate: Mon, 06 Apr 2026 09:00:00 +0200", message.content
    )
    with pytest.raises(VerificationFailed, match="does not say “Reminder: tomorrow, Tuesday"):
        verify(replace(message, content=stale), announcement)
    plain = message.subject.removeprefix("Reminder: ")
    bare = message.content.replace(b"Subject: Reminder: ", b"Subject: ")
    bare_message = replace(message, content=bare, subject=plain)
    with pytest.raises(VerificationFailed, match="does not begin with “Reminder:”"):
        verify(bare_message, announcement)
    verify(bare_message, announcement, own=["reminder/subject.txt"])


def test_a_zone_half_an_hour_off_is_named_by_its_true_distance() -> None:
    announcement = _several("announcement", 1)
    there = replace(announcement.series, timezone=ZoneInfo("America/St_Johns"))
    text, _, _ = texts(MailComposer().compose(replace(announcement, series=there), NOW))
    assert "10:30–11:30 (NDT, UTC-2:30)" in text


def test_a_language_as_it_is_spoken_somewhere_has_the_words_of_the_language() -> None:
    assert words("de-AT").gettext("Where:") == words("de").gettext("Where:") == "Wo:"
    assert [has_words(spoken) for spoken in ("en", "en-GB", "de_CH", "nl")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_a_language_without_a_catalogue_is_english_with_dates_of_its_own() -> None:
    announcement = _in("nl", _several("announcement", 1))
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    text, _, _ = texts(message)
    assert "When:    dinsdag 7 april 2026, 15:00–16:00 (CEST, UTC+2)" in text


@pytest.mark.parametrize(("language", "warned"), [("de", 0), ("fr-CA", 0), ("nl", 1)])
def test_check_warns_of_a_language_only_where_it_has_no_catalogue(
    desk: Desk, language: str, warned: int
) -> None:
    config = desk.folder / "config.toml"
    config.write_text(
        config.read_text().replace('id = "ml"', f'id = "ml"\nlanguage = "{language}"')
    )
    done = desk.run("check", "--now", "2020-04-03T10:00")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("there is no catalogue") == warned


def test_a_template_of_a_user_that_knows_no_catalogue_goes_on_working(tmp_path: Path) -> None:
    (tmp_path / "announcement").mkdir()
    (tmp_path / "announcement" / "subject.txt").write_text("Kolloquium: {{ talks[0].heading }}")
    (tmp_path / "_parts.txt").write_text(
        "{% macro facts(talk) -%}\nWas: {{ talk.heading | hang(5) }}, {{ talk.when }}, "
        "{{ talk.location }}, {{ talk.speakers | join(' und ') }}, {{ talk.stream }}\n{% endmacro %}\n"
    )
    announcement = _in("de", _several("announcement", 1))
    message = MailComposer(tmp_path).compose(announcement, NOW)
    verify(message, announcement)
    assert message.subject == "Kolloquium: Größen"
    assert "Was: Größen, Dienstag" in texts(message)[0]


def _in_both(announcement: Announcement) -> Announcement:
    series = replace(announcement.series, language="de", other_languages=("en",))
    return replace(announcement, series=series)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2])
def test_two_languages_in_one_mail_hold_for_every_kind(kind: str, number: int) -> None:
    announcement = _in_both(_several(kind, number))
    message = MailComposer().compose(announcement, NOW)
    verify(message, announcement)
    assert message == MailComposer().compose(announcement, NOW)
    for part in texts(message)[:2]:
        assert part.index("Dienstag, 7. April 2026") < part.index("Tuesday, April 7, 2026")
        assert part.count("English version below") == 1
        # Each abstract once; of what does not take place, none.
        assert part.count("words") == (0 if kind == "cancellation" else number)


def test_the_second_language_repeats_the_facts_below_a_rule() -> None:
    message = MailComposer().compose(_in_both(_several("announcement", 1)), NOW)
    text, html, invite = texts(message)
    assert message.subject == "Seminar, Di. 7. Apr.: Größen"
    assert text == (
        "(English version below)\n"
        "\n"
        "Seminar: der nächste Vortrag\n"
        "\n"
        "Was:    Größen\n"
        "Wer:    Emmy\n"
        "Wann:   Dienstag, 7. April 2026, 15:00–16:00 Uhr (CEST, UTC+2)\n"
        "Wo:     Room 2\n"
        "Livestream:\n"
        "  https://stream.example/1\n"
        "\n"
        "Some words.\n"
        "\n"
        "Mit der beigefügten Kalenderdatei übernehmen Sie den Vortrag in Ihren\n"
        "Kalender.\n"
        "\n"
        f"{'-' * 72}\n"
        "\n"
        "Seminar: the next talk\n"
        "\n"
        "What:    Größen\n"
        "Who:     Emmy\n"
        "When:    Tuesday, April 7, 2026, 15:00–16:00 (CEST, UTC+2)\n"
        "Where:   Room 2\n"
        "Stream:\n"
        "  https://stream.example/1\n"
        "\n"
        "The attached calendar file brings the talk into your own calendar.\n"
        "\n"
        "Seminar\n"
        "Mailingliste abonnieren oder abbestellen:\n"
        "To join or leave the list:\n"
        "https://groups.example/s\n"
    )
    assert html.count('<tbody lang="en">') == 1
    assert "Livestream: https://stream.example/1" in invite.replace("\r\n ", "")


def test_what_changed_is_told_in_both_languages() -> None:
    told = MailComposer().compose(_in_both(_several("announcement", 1)), NOW).said
    update = _in_both(_several("update", 1))
    moved = tuple(replace(talk, location="Room 9") for talk in update.talks)
    update = replace(update, talks=moved, told=told, previous=told)
    text, _, _ = texts(MailComposer().compose(update, NOW))
    assert "Wo\n  bisher: Room 2\n  jetzt:  Room 9\n" in text
    assert "Where\n  was: Room 2\n  now: Room 9\n" in text


def test_a_frame_of_a_user_that_knows_one_language_where_two_were_promised_is_held(
    tmp_path: Path,
) -> None:
    (tmp_path / "_layout.txt").write_text(
        "{% import '_parts.txt' as parts -%}\n{{ first_line }}\n\n"
        "{% for talk in talks %}\n{{ parts.facts(talk) }}\n{% endfor %}\n"
    )
    announcement = _in_both(_several("announcement", 1))
    message = MailComposer(tmp_path).compose(announcement, NOW)
    with pytest.raises(
        VerificationFailed, match="of talk 0, “Größen”, in its text in the language en"
    ):
        verify(message, announcement)
    alone = _in("de", announcement)
    alone = replace(alone, series=replace(alone.series, other_languages=()))
    verify(MailComposer(tmp_path).compose(alone, NOW), alone)


def test_what_an_inbox_shows_of_a_cancellation_says_that_it_is_one() -> None:
    hidden = {}
    for language in ("en", "de", "fr"):
        message = MailComposer().compose(_in(language, _several("cancellation", 1)), NOW)
        hidden[language] = re.findall(r"mso-hide:all;\">(.*)</div>", texts(message)[1])
    assert hidden == {
        "en": ["Cancelled: Tue 7 Apr, 15:00 · Room 2"],
        "de": ["Entfällt: Di. 7. Apr., 15:00 · Room 2"],
        "fr": ["Annulé : mar. 7 avr., 15:00 · Room 2"],
    }


def test_talks_are_said_to_be_today_only_where_all_of_them_are() -> None:
    today = NOW + timedelta(days=4)
    said = {
        number: texts(MailComposer().compose(_several("announcement", number), today))[0]
        for number in (1, 2)
    }
    both = _several("announcement", 2)
    [first, second] = both.talks
    second = replace(second, day=first.day, starts_at=first.ends_at)
    same = texts(MailComposer().compose(replace(both, talks=(first, second)), today))[0]
    assert [text.partition("\n")[0] for text in (said[1], said[2], same)] == [
        "Seminar: the next talk, today",
        "Seminar: the next talks, the first of them today",
        "Seminar: the next talks, today",
    ]
