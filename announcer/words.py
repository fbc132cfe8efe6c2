"""The words of the mails in each language: gettext catalogues, read as they are written.

A language is one file, ``locale/de/LC_MESSAGES/announcer.po``. English stands in the templates
themselves and needs none. Nothing is compiled before it is installed, so that no catalogue can
be older than its source.
"""

from datetime import date, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

LOCALE: Final = Path(__file__).parent / "locale"


def has_words(language: str) -> bool:
    """Say whether the built-in templates speak a language."""
    return _is_english(language) or _catalogue(language) is not None


@cache
def words(language: str) -> NullTranslations:
    """Give the words of a language: its own, else those of English."""
    path = None if _is_english(language) else _catalogue(language)
    if path is None:
        return NullTranslations()
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - English does without
    from babel.messages.pofile import read_po  # noqa: PLC0415 - as above

    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)


def dated(day: date, form: str, language: str) -> str:
    """Write a day in a language, in a form of Babel's: "full", or a pattern."""
    from babel.dates import format_date  # noqa: PLC0415 - only who composes pays

    return format_date(day, form, locale=language.replace("-", "_"))


def span(length: timedelta, language: str) -> str:
    """Say a span in hours and minutes; nothing for none."""
    spoken = words(language)
    number, rest = divmod(round(length / timedelta(minutes=1)), 60)
    hours = spoken.ngettext("%(num)s hour", "%(num)s hours", number) % {"num": number}
    minutes = spoken.ngettext("%(num)s minute", "%(num)s minutes", rest) % {"num": rest}
    if number and rest:
        both = spoken.gettext("%(hours)s and %(minutes)s")
        return both % {"hours": hours, "minutes": minutes}
    return hours if number else minutes if rest else ""


def _is_english(language: str) -> bool:
    return language.replace("-", "_").partition("_")[0] == "en"


def _catalogue(language: str) -> Path | None:
    """Find the catalogue of a language as it is spoken somewhere, else of the language."""
    spoken = language.replace("-", "_")
    paths = (
        LOCALE / name / "LC_MESSAGES" / "announcer.po" for name in (spoken, spoken.split("_")[0])
    )
    return next((path for path in paths if path.is_file()), None)
