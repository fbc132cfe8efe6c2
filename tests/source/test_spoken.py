"""Speakers in the titles of a whole file."""

import pytest

from announcer.source.said import Facts
from announcer.source.spoken import with_speakers

NAMES = ("Ada Kovács", "Béla Nagy", "Chiara Rossi", "Dmitri Ivanov", "Emma Weiß")
TOPICS = ("Dense nets", "On knots", "Moral luck: a view", "Why not?", "Soil and water")


def told(titles: list[str]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    facts = [Facts(place=f"line {n}", titles=(title,)) for n, title in enumerate(titles)]
    return [(found.titles, found.speakers) for found in with_speakers(facts)]


@pytest.mark.parametrize(
    "form",
    [
        "{name} (ETH Zürich): {topic}",
        "{name}: {topic}",
        "Group seminar: {name} - {topic}",
        "{name} – {topic}",
        "{topic} — {name}",
        "{topic} - {name} (University of Bergen)",
        "Seminar | {topic} | {name}",
        "{topic} ({name})",
    ],
)
def test_a_form_that_all_titles_of_a_file_have_tells_who_speaks(form: str) -> None:
    titles = [form.format(name=n, topic=t) for n, t in zip(NAMES, TOPICS, strict=True)]
    assert told(titles) == [((t,), (n,)) for n, t in zip(NAMES, TOPICS, strict=True)]


@pytest.mark.parametrize(
    "titles",
    [
        ["Ada Kovács: Nets", "Béla Nagy: Knots"],
        ["Vision Transformers: a survey", "Swin Windows: shifted", "BERT: pre-training", "On trees", "X: y"],
        [f"Repair Café: {topic}" for topic in TOPICS],
        [f"Repair Café - {topic}" for topic in TOPICS],
        [*(f"{name}: {topic}" for name, topic in zip(NAMES, TOPICS, strict=True)), "Forests", "Rivers"],
        list(TOPICS),
        [],
    ],
)  # fmt: skip
def test_what_may_be_a_title_alone_is_left_as_it_is(titles: list[str]) -> None:
    assert told(titles) == [((title,), ()) for title in titles]


def test_titles_that_are_not_of_the_form_stay_whole_beside_those_that_are() -> None:
    titles = ["Ada Kovács (ETH): Nets", "Béla Nagy (ETH): Knots", "Planning: all of us"]
    assert told(titles)[1:] == [(("Knots",), ("Béla Nagy",)), (("Planning: all of us",), ())]


def test_the_name_of_the_series_before_a_talk_to_be_announced_is_taken_off() -> None:
    titles = [f"Seminar: {n} - {t}" for n, t in zip(NAMES, TOPICS, strict=True)]
    found = told([*titles, "Seminar: TBA", f"Seminar: {NAMES[0]} (ETH)"])
    assert found[-2:] == [(("TBA",), ()), ((), (NAMES[0],))]


def test_a_talk_that_is_off_stays_so() -> None:
    titles = [
        "Ada Kovács (ETH): Nets",
        "CANCELLED: Béla Nagy (ETH): Knots",
        "Chiara Rossi (ETH): X",
    ]
    facts = [Facts(place="", titles=(title,)) for title in titles]
    found = with_speakers(facts)[1]
    assert (found.titles, found.speakers, found.states) == (
        ("Knots",),
        ("Béla Nagy",),
        ("cancelled",),
    )


def test_a_file_that_names_speakers_anywhere_keeps_its_titles() -> None:
    facts = [Facts(place="", titles=(f"{n} (ETH): X",)) for n in NAMES]
    facts[0] = Facts(place="", titles=("Nets",), speakers=("Ada",))
    assert with_speakers(facts) == facts


def test_a_day_without_a_meeting_may_have_the_name_of_the_series_before_it() -> None:
    titles = [f"Reading group: {topic}" for topic in TOPICS]
    assert told([*titles, "Reading group: no meeting"])[-1] == (("no meeting",), ())
    assert told([*titles, "Reading group: TBA"])[:-1] == [((title,), ()) for title in titles]


def test_such_a_day_is_known_where_speakers_are_named_elsewhere_too() -> None:
    titles = [*(f"Reading group: {topic}" for topic in TOPICS), "Reading group: no meeting"]
    facts = [Facts(place="", titles=("Nets",), speakers=("Ada",))]
    facts += [Facts(place="", titles=(title,)) for title in titles]
    assert [found.titles for found in with_speakers(facts)][-1] == ("no meeting",)
    assert with_speakers(facts)[:-1] == facts[:-1]
