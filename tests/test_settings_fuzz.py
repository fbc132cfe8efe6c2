"""Whatever stands in the settings, the answer is a value, or a line for each mistake with its place.

A few hundred mutated files in every run; 20,000 with TORTURE=1.
"""

import json
import os
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

from announcer import app
from announcer.errors import SettingsError
from announcer.settings import Settings, read_settings

COUNT: Final = 20_000 if os.environ.get("TORTURE") else 300
EXAMPLE: Final = Path(__file__).parents[1] / "config.example.toml"
MINIMAL: Final = """
[smtp]
host = "smtp.example.org"
[[series]]
id = "algebra"
name = "Algebra"
list = "algebra@groups.example"
sender = "seminar@example.org"
organisers = ["anna@example.org"]
timezone = "Europe/Berlin"
source = {location = "index.md"}
cadence = [{kind = "reminder", days_before = 0, at = "09:00"}]
"""
FULL: Final = """
include = ["series/*.toml"]
smtp = {host = "smtp.example.org", port = 465, security = "tls", username = "ada", auth = "xoauth2", ca_file = "ca.pem", timeout = "5 s", insecure = true}
ledger = {url = "sqlite:///announcer.db"}
limits = {per_pass = 1, per_day = 2, per_week = 3}
delivery = {on_doubt = "hold"}
service = {listen = "[::1]:8080"}
[[series]]
id = "geometry"
name = "Geometry"
list = "geometry@groups.example"
sender = "Geometry <seminar@example.org>"
organisers = ["anna@example.org", "ben@example.org"]
reply_to = "seminar@example.org"
list_page = "https://groups.example/geometry"
timezone = "Europe/Berlin"
also_times = ["America/New_York"]
language = ["de", "en"]
start = "15:00"
duration = "90 min"
location = "Room 2"
stream = "https://video.example/geometry"
website = "https://example.org"
accent = "#1a4f9c"
footer = ["one", "two"]
logo = "https://example.org/logo.png"
feed_url = "https://example.org/geometry.ics"
templates = "templates"
announce_tba = true
auto_submitted = false
source = [{kind = "page", location = "index.md", every = "5 min", date_order = "dmy", year = 2026, sections = ["Talks"], skip_sections = ["Old"], cancel_words = ["off"], tba_words = ["soon"], fields = {title = "subtitle"}}, {kind = "calendar", location = "https://example.org/t.ics"}]
cadence = [{kind = "announcement", name = "weekly", weekday = "friday", at = "10:00", days_before = 1}, {kind = "reminder", before = "1 h", grace = "4 h"}]
changes = {update = "hold", cancellation = "off", quiet = "5 min", update_on = ["start"]}
breaks = {dates = ["2026-12-21/2027-01-06"], calendar = "holidays.ics", say = true}
"""
DEEP: Final[list[Any]] = [[[[[[[[{"a": [1]}]]]]]]]]
VALUES: Final[tuple[Any, ...]] = (
    "", " ", "x", "~", "~nobody/x", "~/x", ".", "..", "/", "//", "a\0b", "x" * 5000, "é" * 300, "a\nb", "\x7f\x1b[2J", "[", "**x", "*/..", "http://[", "https://", "http://a:b@c/", "://", "https://:1",
    "sqlite:///", "sqlite:///.", "sqlite:///..", "sqlite:////tmp", "sqlite:///" + "y" * 5000, "postgresql://[", "postgresql://u:p@h/d", "#fff", "#000000", "25:00", "99999999 weeks", "999999 weeks", "0 s", "٣ h", "friday", "10:00", "Europe", "Europe/Berlin", "/etc/passwd", "en", "root", "x/de", "de_", "zz",
    "2026-12-24/2026-12-21", "0001-01-01/9999-12-31", "a@b", "a@b.c", "<a@b.c>", "A <a@b.c> <d@e.f>", "\u202e", "\ufeff", "127.0.0.1:99999", "x:1", "announcement", "update", "page", "data", "calendar", "indico", "_env_file", "true", "0",
    0, 1, -1, 2**63, 16**5000, 587, 1.5, -0.0, float("inf"), float("nan"), True, False, date(2026, 1, 1), date(1, 1, 1), time(10), datetime(2026, 1, 1, 10), datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    [], {}, [[]], [{}], [1, "a"], ["", "x" * 5000], ["x", "x"], {"a": 1}, {"": {}}, {"_variables": 1}, DEEP, [None.__class__.__name__] * 50,
)  # fmt: skip
KEYS: Final = ("x", "", "id", "kind", "smtp", "series", "include", "_variables", "_env_file", "_cli_parse_args", "self", "__class__", "model_config", "a.b", "a\nb", "k" * 5000, "hôst", "list", "location", "password")  # fmt: skip
Node = dict[str, Any] | list[Any]


def toml(value: Any) -> str:
    """Write a value inline, in TOML."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return hex(value) if value > 2**63 else str(value)
        case float():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case date() | time():
            return value.isoformat()
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            inside = ", ".join(f"{toml(name)} = {toml(v)}" for name, v in value.items())
            return f"{{{inside}}}"


def written(tables: dict[str, Any]) -> str:
    return "".join(f"{toml(name)} = {toml(value)}\n" for name, value in tables.items())


def places(node: Any) -> Iterator[tuple[Node, Any]]:
    """Find every place in a tree: what holds it, and its key or number there."""
    steps = node.items() if isinstance(node, dict) else enumerate(node)
    for step, value in list(steps):
        yield node, step
        if isinstance(value, dict | list):
            yield from places(value)


def put(rng: random.Random, tree: dict[str, Any]) -> None:
    node, step = rng.choice(list(places(tree)))
    node[step] = deepcopy(rng.choice(VALUES))


def wrap(rng: random.Random, tree: dict[str, Any]) -> None:
    node, step = rng.choice(list(places(tree)))
    node[step] = rng.choice(([node[step]], {"x": node[step]}, [node[step], deepcopy(node[step])]))


def remove(rng: random.Random, tree: dict[str, Any]) -> None:
    node, step = rng.choice(list(places(tree)))
    del node[step]


def add(rng: random.Random, tree: dict[str, Any]) -> None:
    inner = [node[step] for node, step in places(tree) if isinstance(node[step], dict)]
    rng.choice([tree, *inner])[rng.choice(KEYS)] = deepcopy(rng.choice(VALUES))


def copy_there(rng: random.Random, tree: dict[str, Any]) -> None:
    node, step = rng.choice(list(places(tree)))
    other, there = rng.choice(list(places(tree)))
    node[step] = deepcopy(other[there])


MUTATIONS: Final[tuple[Callable[[random.Random, dict[str, Any]], None], ...]] = (
    put, put, put, wrap, remove, add, copy_there,
)  # fmt: skip


def harmed(rng: random.Random, text: str) -> str:
    """Return a text of which some letters are others, gone, or there twice."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text))
        new = rng.choice(
            ["", '"', "'", "[", "]]", "{", "=", "\n", "\\", "#", ",", "\ud7ff", "x" * 9]
        )
        text = text[:at] + new + text[at + rng.randint(0, 3) :]
    return text


def mutated(rng: random.Random, text: str) -> str:
    tree = tomllib.loads(text)
    for _ in range(rng.randint(1, 3)):
        if list(places(tree)):
            rng.choice(MUTATIONS)(rng, tree)
    text = written(tree)
    return harmed(rng, text) if text and rng.random() < 0.15 else text


PLACE: Final = re.compile(
    r"(?:config\.toml|series/a\.toml|/etc/passwd)(?:: | is not valid TOML)|the environment variable ANNOUNCER_\w+: "
)


def used(settings: Settings) -> None:
    """Ask for what every command asks for."""
    assert settings.ledger_path.name
    assert settings.ledger_name
    assert settings.smtp.account
    for asked in app.chosen(settings, ()):
        app.programme(asked)


def test_no_settings_end_in_anything_but_values_or_mistakes_with_their_places(
    tmp_path: Path, figures: Callable[[str], None]
) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "templates").mkdir()
    include = 'include = ["series/*.toml"]\n'
    texts = [include + MINIMAL, FULL, include + EXAMPLE.read_text(encoding="utf-8")]
    counted: Counter[str] = Counter()
    for seed in range(COUNT):
        rng = random.Random(seed)
        included = MINIMAL.replace('[smtp]\nhost = "smtp.example.org"\n', "")
        included = included.replace('"algebra"', '"logic"')
        main = mutated(rng, rng.choice(texts))
        other = mutated(rng, included) if rng.random() < 0.5 else included
        (tmp_path / "config.toml").write_text(main, encoding="utf-8")
        (tmp_path / "series" / "a.toml").write_text(other, encoding="utf-8")
        environ = {"ANNOUNCER_SMTP__HOST": "mail.example.org"} if rng.random() < 0.3 else {}
        try:
            settings = read_settings(tmp_path / "config.toml", environ=environ)
            mistakes, outcome = settings.mistakes, "broken" if settings.broken else "right"
            if settings.series:
                used(settings)
        except SettingsError as error:
            mistakes, outcome = error.mistakes, "refused"
        except Exception as error:
            raise AssertionError(f"seed {seed}: {main}\n---\n{other}") from error
        counted[outcome] += 1
        assert (not mistakes) is (outcome == "right"), f"seed {seed}"
        for line in mistakes:
            relative = line.removeprefix(f"{tmp_path}/")
            assert PLACE.match(relative), f"seed {seed}: {line}"
            assert len(line.splitlines()) == 1, f"seed {seed}: {line}"
            assert len(line) < 1200, f"seed {seed}: {line}"
    figures(f"settings: {COUNT} mutated files: {dict(counted)}")
    assert set(counted) == {"right", "broken", "refused"}
    assert min(counted.values()) > COUNT / 100
