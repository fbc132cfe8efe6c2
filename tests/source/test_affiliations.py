"""The affiliations of speakers, from whatever kind of source."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk import SETTINGS

from announcer.ledger.codec import talks_of, text_of_talks
from announcer.settings import load_settings
from announcer.shapes import talk_shape
from announcer.source.affiliations import beside
from announcer.source.texts import Given
from announcer.sources import _talks
from announcer.talks import Talk

NAME = "Emmy Noether"
NOW = datetime(2020, 4, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("Emmy Noether (Göttingen)", "Göttingen"),
        ("Speaker: **[Emmy Noether](https://x.example)** (Bryn Mawr College)", "Bryn Mawr College"),
        ("Emmy Noether [TU Berlin]", "TU Berlin"),
        ("Emmy Noether (ETH Zürich & CNRS)", "ETH Zürich & CNRS"),
        ("Emmy Noether (Universität des Saarlandes)", "Universität des Saarlandes"),
        ("Emmy Noether, University of Göttingen: Rings", "University of Göttingen"),
        ("Emmy Noether, MIT", "MIT"),
        ("| 07.04.2020 | Emmy Noether (Erlangen) | Rings |", "Erlangen"),
        ("Emmy Noether, Université de Paris and Emil Artin", "Université de Paris"),
        ("Emmy Noether", None),
        ("Emmy Noether (online)", None),
        ("Emmy Noether (she/her)", None),
        ("Emmy Noether (joint work with E. Artin, Universität Hamburg)", None),
        ("Emmy Noether (Emil Artin)", None),
        ("Emmy Noether (PhD student)", None),
        ("Emmy Noether (slides)", None),
        ("Emmy Noether (Room 5)", None),
        ("Emmy Noether (cancelled)", None),
        ("Emmy Noether (see https://uni.example)", None),
        ("Emmy Noether, Rings and universal ideals", None),
        ("Emmy Noether: Rings (University of Göttingen)", None),
        ("Emmy Noetherian (Göttingen)", None),
    ],
)
def test_an_affiliation_stands_behind_its_name_and_is_surely_a_place(
    line: str, place: str | None
) -> None:
    assert dict(beside([NAME], [line], "Rings")).get(NAME) == place


def test_a_title_is_no_affiliation() -> None:
    assert beside([NAME], ["Emmy Noether, Colleges of France"], "Colleges of France") == ()


PAGES = {
    "index.md": '## Future\n### 3. "Rings" 07.04.2020\nSpeaker: Emmy Noether (Göttingen)\n',
    "table.md": "| Date | Speaker | Title |\n|---|---|---|\n| 07.04.2020 | Emmy Noether (Göttingen) | Rings |\n"
    "| 14.04.2020 | Emil Artin (Hamburg) | Braids |\n| 21.04.2020 | É. Galois (Paris) | Fields |\n",
    "talks.json": json.dumps(
        [{"date": "2020-04-07", "title": "Rings", "speaker": NAME, "affiliation": "Göttingen"}]
    ),
    "persons.json": json.dumps(
        [{"date": "2020-04-07", "title": "Rings", "speakers": [{"name": NAME, "institution": "Göttingen"}]}]
    ),
    "field.json": json.dumps(
        [{"date": "2020-04-07", "title": "Rings", "speaker": "Emmy Noether (Göttingen)"}]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_a_talk_carries_the_affiliation_of_its_source(tmp_path: Path, name: str) -> None:
    kind = "data" if name.endswith(".json") else "page"
    settings = SETTINGS.format(port=1).replace(
        'location = "index.md"', f'kind = "{kind}"\nlocation = "{name}"'
    )
    (tmp_path / "config.toml").write_text(settings, encoding="utf-8")
    (tmp_path / name).write_text(PAGES[name], encoding="utf-8")
    [series] = load_settings(tmp_path / "config.toml").series
    talk, *_ = asyncio.run(_talks(series, Given({}, {}), NOW, ())).talks
    assert (talk.speakers, talk.people) == ((NAME,), ("Emmy Noether (Göttingen)",))
    shape = talk_shape(talk, series.series)
    assert shape["speakers"] == [NAME]
    assert shape["affiliations"] == [{"name": NAME, "affiliation": "Göttingen"}]
    assert talks_of(text_of_talks([talk])) == (talk,)


def test_a_talk_of_an_older_ledger_has_no_affiliations() -> None:
    talk = Talk(id="3", title="Rings", speakers=(NAME,))
    old = json.loads(text_of_talks([talk]))
    del old[0]["affiliations"], old[0]["why_cancelled"]
    assert talks_of(json.dumps(old)) == (talk,)


def test_an_affiliation_of_nobody_is_dropped() -> None:
    talk = Talk(
        id="3",
        title="Rings",
        speakers=(NAME,),
        affiliations=(("Emil Artin", "Hamburg"), (NAME, "\x00")),
    )
    assert talk.affiliations == ()
