import os
import re
from datetime import time, timedelta
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from announcer.errors import SettingsError
from announcer.settings import (
    BreaksTable,
    ChangesTable,
    Delivery,
    Fact,
    LedgerTable,
    Limits,
    RuleTable,
    SeriesTable,
    Service,
    Smtp,
    SourceTable,
    load_settings,
)
from announcer.source.fields import FACTS

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"


def test_the_example_is_right_and_says_what_it_seems_to_say() -> None:
    settings = load_settings(EXAMPLE, environ={})
    [asked] = settings.series
    assert asked.series.sender.name == "Geometry Seminar"
    assert asked.series.start == time(15)
    assert [rule.label for rule in asked.cadence] == ["announcement", "reminder"]
    assert asked.cadence[0].days_before == 1
    assert asked.cadence[1].grace == timedelta(hours=4)


def test_the_example_names_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    models = (
        Smtp,
        LedgerTable,
        Limits,
        Delivery,
        Service,
        SourceTable,
        RuleTable,
        ChangesTable,
        BreaksTable,
        SeriesTable,
    )
    names = {name for model in models for name in model.model_fields}
    nested = {
        "source": "[series.source]",
        "cadence": "[[series.cadence]]",
        "changes": "[series.changes]",
        "breaks": "[series.breaks]",
    }
    missing = {n for n in names - {"password"} if nested.get(n, f"{n} = ") not in text}
    assert not missing


def test_six_mistakes_are_all_named_with_their_places(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for right, wrong in (
        ("port = 587", 'port = "many"'),
        ('"Europe/Berlin"', '"Europe/Berln"'),
        ('weekday = "friday"', 'weekday = "fryday"'),
        ('duration = "60 min"', "duration = 60"),
        ('list = "geometry@googlegroups.com"', 'list = "geometry"'),
        ('location = "Main', 'locatoin = "Main'),
    ):
        assert right in text
        text = text.replace(right, wrong, 1)
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    assert sorted(caught.value.mistakes) == [
        'config.toml: series[0].cadence[0].weekday: "fryday" is no weekday; use monday, tuesday, '
        "wednesday, thursday, friday, saturday or sunday",
        'config.toml: series[0].duration: 60 is no duration; write it like "30 s", "90 min", '
        '"4 h" or "2 days"',
        'config.toml: series[0].list: "geometry" is no mail address; write it like '
        '"seminar@example.org"',
        'config.toml: series[0].locatoin: unknown key; did you mean "location"?',
        'config.toml: series[0].timezone: "Europe/Berln" is no time zone; did you mean '
        '"Europe/Berlin"?',
        'config.toml: smtp.port: must be a whole number, not "many"',
    ]


@pytest.mark.parametrize(
    ("variable", "most", "message"),
    [
        (
            "ANNOUNCER_SMTP__TIMEOUT",
            "2 min",
            "is longer than 2 minutes, after which another pass would take a mail for lost",
        ),
        (
            "ANNOUNCER_FETCH__TIMEOUT",
            "5 min",
            "is longer than 5 minutes, for which a series would know nothing of its talks",
        ),
    ],
)
def test_a_time_limit_that_would_outlast_what_depends_on_it_is_refused(
    variable: str, most: str, message: str
) -> None:
    load_settings(EXAMPLE, environ={variable: most})
    with pytest.raises(SettingsError) as caught:
        load_settings(EXAMPLE, environ={variable: f"{int(most[0]) * 60 + 1} s"})
    assert message in str(caught.value)


def test_the_environment_wins_over_secret_files_and_both_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "announcer_smtp__password").write_text("from a file\n")
    (tmp_path / "announcer_smtp__host").write_text("file.example.org\n")
    environ = {
        "ANNOUNCER_SECRETS_DIR": str(tmp_path),
        "ANNOUNCER_SMTP__HOST": "environment.example.org",
        "ANNOUNCER_SMTP__PORT": "465",
        "ANNOUNCER_SMPT__HOST": "x",
    }
    settings = load_settings(EXAMPLE, environ=environ)
    assert settings.smtp.host == "environment.example.org"
    assert settings.smtp.port == 465
    assert settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "from a file"
    assert settings.warnings == (
        "the environment variable ANNOUNCER_SMPT__HOST is no setting of announcer; "
        "did you mean ANNOUNCER_SMTP__HOST?",
    )
    assert load_settings(EXAMPLE, environ=environ, secrets=False).smtp.password is None


OVERRIDES = {
    "ANNOUNCER_SMTP__HOST": "mail.example.org",
    "ANNOUNCER_SMTP__PORT": "465",
    "ANNOUNCER_SMTP__SECURITY": "tls",
    "ANNOUNCER_SMTP__USERNAME": "ada",
    "ANNOUNCER_SMTP__PASSWORD": "hunter2",
    "ANNOUNCER_SMTP__AUTH": "xoauth2",
    "ANNOUNCER_SMTP__CA_FILE": "/etc/ca.pem",
    "ANNOUNCER_SMTP__TIMEOUT": "5 s",
    "ANNOUNCER_SMTP__HELO": "announcer.example.org",
    "ANNOUNCER_SMTP__INSECURE": "true",
    "ANNOUNCER_LEDGER__URL": "postgresql://announcer@db.example.org/announcer",
    "ANNOUNCER_LEDGER__PASSWORD": "hunter3",
    "ANNOUNCER_LIMITS__PER_PASS": "3",
    "ANNOUNCER_LIMITS__PER_DAY": "5",
    "ANNOUNCER_LIMITS__PER_WEEK": "9",
    "ANNOUNCER_DELIVERY__ON_DOUBT": "hold",
    "ANNOUNCER_SERVICE__LISTEN": "0.0.0.0:9000",
}


def test_every_value_outside_the_series_can_come_from_the_environment() -> None:
    tables: dict[str, type[BaseModel]] = {"SMTP": Smtp, "LEDGER": LedgerTable, "LIMITS": Limits, "DELIVERY": Delivery, "SERVICE": Service}  # fmt: skip
    assert set(OVERRIDES) == {
        f"ANNOUNCER_{table}__{field.upper()}"
        for table, model in tables.items()
        for field in model.model_fields
    }
    plain = load_settings(EXAMPLE, environ={})
    settings = load_settings(EXAMPLE, environ=OVERRIDES)
    assert not settings.warnings
    assert settings.service.listen == ("0.0.0.0", 9000)
    assert settings.smtp.timeout == timedelta(seconds=5)
    for name in OVERRIDES:
        table, field = name.removeprefix("ANNOUNCER_").lower().split("__")
        before, after = getattr(plain, table), getattr(settings, table)
        assert getattr(before, field) != getattr(after, field), name


def test_a_wrong_variable_is_named_as_what_it_is() -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(EXAMPLE, environ={"ANNOUNCER_SERVICE__LISTEN": "here"})
    assert error.value.mistakes == (
        'the environment variable ANNOUNCER_SERVICE__LISTEN: "here" is no address to listen at; '
        'write it like "127.0.0.1:8080"',
    )


@pytest.mark.parametrize(
    "name", ["SMTP__HOST", "SMTP__PASSWORD", "LEDGER__URL", "LEDGER__PASSWORD", "SERVICE__LISTEN"]
)
def test_a_variable_that_is_no_text_is_named_and_not_quoted(name: str) -> None:
    value = os.fsdecode(b"Zs3cr3t\xff")  # as Python gives such a variable
    with pytest.raises(SettingsError) as error:
        load_settings(EXAMPLE, environ={f"ANNOUNCER_{name}": value})
    line = f"the environment variable ANNOUNCER_{name} is not text in UTF-8"
    assert error.value.mistakes == (line,)


def test_an_address_of_a_ledger_whose_password_is_no_text_is_a_mistake_of_the_settings() -> None:
    environ = {"ANNOUNCER_LEDGER__URL": "postgresql://ann:Zs3cr3t%FF@db.example.org/announcer"}
    with pytest.raises(SettingsError, match="is not a valid PostgreSQL address"):
        load_settings(EXAMPLE, environ=environ)


def test_an_included_file_keeps_its_own_folder_and_its_own_name(tmp_path: Path) -> None:
    head, mark, series = EXAMPLE.read_text(encoding="utf-8").partition("\n[[series]]\n")
    (tmp_path / "config.toml").write_text('include = ["series/*.toml"]\n' + head, encoding="utf-8")
    (tmp_path / "series").mkdir()
    text = mark + series.replace("https://example.org/seminar/index.md", "index.md")
    (tmp_path / "series" / "a.toml").write_text(text, encoding="utf-8")
    [asked] = load_settings(tmp_path / "config.toml", environ={}).series
    assert asked.sources[0].place == tmp_path / "series" / "index.md"
    (tmp_path / "series" / "a.toml").write_text(text.replace('"Europe/Berlin"', "5"))
    with pytest.raises(SettingsError, match=r"series/a\.toml: series\[0\]\.timezone"):
        load_settings(tmp_path / "config.toml", environ={})


def test_a_missing_file_says_where_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.example\.toml"):
        load_settings(tmp_path / "config.toml", environ={})


def _with(tmp_path: Path, line: str) -> Path:
    """Give the example with another line in place of its language."""
    text = EXAMPLE.read_text(encoding="utf-8")
    [old] = [each for each in text.splitlines() if each.startswith("language = ")]
    path = tmp_path / "config.toml"
    path.write_text(text.replace(old, line), encoding="utf-8")
    return path


def test_one_language_or_several_can_be_asked_for(tmp_path: Path) -> None:
    [asked] = load_settings(_with(tmp_path, 'language = "de"'), environ={}).series
    assert (asked.series.language, asked.series.other_languages) == ("de", ())
    [asked] = load_settings(_with(tmp_path, 'language = ["de", "en"]'), environ={}).series
    assert (asked.series.language, asked.series.other_languages) == ("de", ("en",))


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("language = []", 'is empty; write "en", or ["de", "en"] for both in one mail'),
        ('language = ["de", "de"]', '"de" is named twice; each language stands in a mail once'),
        (
            'language = ["de", "xx"]',
            '"xx" is no language that dates can be written in; use "en" or "de"',
        ),
    ],
)
def test_a_wrong_value_of_a_series_is_named(tmp_path: Path, line: str, mistake: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(_with(tmp_path, line), environ={})
    key = line.partition(" ")[0]
    assert error.value.mistakes == (f"config.toml: series[0].{key}: {mistake}",)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            'kind = "data"\nsections = ["Talks"]',
            'config.toml: series[0].source: kind = "data" takes no sections; leave it out '
            '(sections is for "page")',
        ),
        (
            'kind = "calendar"\nfields = {title = "subtitle"}',
            'config.toml: series[0].source: kind = "calendar" takes no fields; leave it out '
            '(fields is for "page" or "data" or "posts")',
        ),
        (
            'kind = "data"\nfields = {titel = "subtitle"}',
            'config.toml: series[0].source.fields.titel.[key]: "titel" is not known; use ',
        ),
        (
            'kind = "indico"\nyear = 2026',
            'config.toml: series[0].source: kind = "indico" takes no year; leave it out (year is for ',
        ),
        (
            'kind = "moodle"',
            'config.toml: series[0].source.kind: "moodle" is not known; use "page", "data", ',
        ),
    ],
)
def test_a_hint_that_the_kind_of_source_cannot_use_is_a_mistake(
    tmp_path: Path, lines: str, mistake: str
) -> None:
    text = re.sub(
        r'kind = "page" .*', lambda _: lines, EXAMPLE.read_text(encoding="utf-8"), count=1
    )
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path / "config.toml", environ={})
    [line] = caught.value.mistakes
    assert line.startswith(mistake)


@pytest.mark.parametrize(
    ("location", "mistake"),
    [
        ("ftp://example.org/t.md", '"ftp://example.org/t.md" is neither a path nor a web address with http:// or https://'),
        ("data:text/plain,Talks", '"data:text/plain,Talks" is neither a path nor a web address with http:// or https://'),
        ("file:///srv/t.md", '"file:///srv/t.md" is neither a path nor a web address with http:// or https://'),
        ("https:/example.org/t.md", '"https:/example.org/t.md" is neither a path nor a web address with http:// or https://'),
        ("webcal:example.org/t.ics", '"webcal:example.org/t.ics" is neither a path nor a web address with http:// or https://'),
        ("https:///t.md", '"https:///t.md" names no host; write the address whole'),
        ("https://ada:hunter2@example.org/t.md", "the address at example.org holds a user or a password; only what anyone may read is read: name the public address"),
    ],
)  # fmt: skip
def test_nothing_but_files_and_public_web_addresses_is_read(
    tmp_path: Path, location: str, mistake: str
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text = text.replace("https://example.org/seminar/index.md", location)
    text = text.replace('# calendar = "holidays.ics"', f'calendar = "{location}"')
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    assert sorted(caught.value.mistakes) == [
        f"config.toml: series[0].breaks.calendar: {mistake}",
        f"config.toml: series[0].source.location: {mistake}",
    ]


def test_a_site_is_named_by_its_address(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    text = re.sub(r'kind = "page" .*', 'kind = "pretalx"', text, count=1)
    path = tmp_path / "config.toml"
    path.write_text(text.replace("https://example.org/seminar/index.md", "my-event"))
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    assert caught.value.mistakes == (
        'config.toml: series[0].source: kind = "pretalx" is read from the address of its page, like '
        'location = "https://pretalx.example.org/my-event/"',
    )


SECOND = """[[series.source]]
kind = "calendar"
location = "rooms.ics"
every = "5 min"
"""


def test_several_sources_stand_in_the_order_in_which_they_count(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("[series.source]", "[[series.source]]")
    path = tmp_path / "config.toml"
    path.write_text(text.replace("[[series.cadence]]", f"{SECOND}\n[[series.cadence]]", 1))
    [asked] = load_settings(path, environ={}).series
    assert [table.kind for table in asked.sources] == ["page", "calendar"]
    assert asked.sources[1].place == tmp_path / "rooms.ics"
    assert asked.every == timedelta(minutes=5)
    wrong = path.read_text().replace('"rooms.ics"', '"ftp://example.org/rooms.ics"\nyear = 2026')
    path.write_text(wrong.replace('kind = "page" ', 'kind = "pag" '))
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    first, second = sorted(caught.value.mistakes)
    assert first.startswith(
        'config.toml: series[0].source[0].kind: "pag" is not known; use "page", '
    )
    assert second == (
        'config.toml: series[0].source[1].location: "ftp://example.org/rooms.ics" is neither a path '
        "nor a web address with http:// or https://"
    )


@pytest.mark.parametrize(
    ("source", "mistake"),
    [
        ("[]", "is empty; give at least one"),
        ("5", "must be a table [series.source], or several [[series.source]], not 5"),
        ("{}", "is missing; add the page"),
        ("[{}, {}]", "is missing; add the page"),
    ],
)
def test_what_is_no_source_is_named(tmp_path: Path, source: str, mistake: str) -> None:
    path = tmp_path / "config.toml"
    text = re.sub(r"(?s)\n\[series.source\] .*?(?=\n\[\[series.cadence)", "", EXAMPLE.read_text())
    path.write_text(text.replace("[[series]]\n", f"[[series]]\nsource = {source}\n", 1))
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ={})
    place = {"{}": ".location", "[{}, {}]": "[0].location"}.get(source, "")
    assert caught.value.mistakes[0].startswith(f"config.toml: series[0].source{place}: {mistake}")


def test_a_file_whose_name_looks_like_an_address_is_named_with_a_dot(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(text.replace("https://example.org/seminar/index.md", "./talks:new.md"))
    [asked] = load_settings(path, environ={}).series
    assert asked.sources[0].place == tmp_path / "talks:new.md"


def test_the_facts_that_fields_may_name_are_those_that_are_read() -> None:
    assert set(get_args(Fact)) == set(FACTS)
