import asyncio
from datetime import date
from pathlib import Path

import pytest
from terms import NOW, local, series

from announcer.errors import SourceUnreadable
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.posts import PostsSource
from announcer.talks import Reading, Talk


def reading(folder: Path, files: dict[str, str], *, hints: Hints = NO_HINTS) -> Reading:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return asyncio.run(PostsSource(folder, series(), hints).load(NOW))


def read(folder: Path, files: dict[str, str]) -> tuple[Talk, ...]:
    return reading(folder, files).talks


def test_a_file_is_a_talk_and_its_path_the_id(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nspeaker: Ada Kovács\nstart: 2026-04-07 16:00\n---\nHow *dense*?\n"
    [talk] = read(tmp_path, {"2026/nets.md": text})
    assert (talk.id, talk.given_id, talk.title) == ("2026/nets", True, "Nets")
    assert (talk.speakers, local(talk), talk.abstract) == (("Ada Kovács",), "16:00-17:00", "How *dense*?")  # fmt: skip


def test_front_matter_may_be_toml_with_a_table_for_the_theme(tmp_path: Path) -> None:
    text = '+++\ntitle = "Nets"\ndate = 2026-04-07T16:00:00\n[extra]\nauthor = "Ada"\n+++\n'
    [talk] = read(tmp_path, {"talks/nets/index.md": text})
    assert (talk.id, talk.speakers, local(talk)) == ("talks/nets", ("Ada",), "16:00-17:00")


def test_an_event_of_an_academic_theme_keeps_the_clock_that_its_site_shows(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Nets\nauthors: [Ada]\nlocation: R 1\ndate: '2026-04-07T16:00:00Z'\n"
        "date_end: '2026-04-07T17:30:00Z'\npublishDate: '2026-01-01T00:00:00Z'\n---\n"
    )
    [talk] = read(tmp_path, {"nets/index.md": text})
    assert (local(talk), talk.unclear) == ("16:00-17:30", None)
    assert any("the time is taken as theirs" in warning for warning in talk.warnings)


@pytest.mark.parametrize(
    "front",
    [
        "date: 2026-03-20 09:00:11\nevent_date: 2026-04-07",
        "date: 2026-03-20 09:00:11\nstart: 2026-04-07",
        "date: 2026-03-20\nsubtitle: Nets\ntitle: 7th April 2026",
        "date: 2026-03-20\ntime: 09:00:11\ntitle: Nets, 7 April 2026",
    ],
)
def test_the_day_of_publishing_is_never_the_talks(tmp_path: Path, front: str) -> None:
    title = "" if "title" in front else "title: Nets\n"
    [talk] = read(tmp_path, {"_posts/2026-03-20-nets.md": f"---\n{title}{front}\n---\n"})
    assert (talk.day, talk.title, local(talk)) == (date(2026, 4, 7), "Nets", "15:00-16:00")


def test_labelled_lines_of_the_text_tell_what_the_front_matter_does_not(tmp_path: Path) -> None:
    text = (
        "---\ntitle: Treffen im April\nauthor: Webmaster\ndate: 2026-03-20\ntime: 09:00:11\n---\n"
        "Hallo!\n\nThema:\n\n* Nets (Ada)\n\nZeit: 07.04.2026, 20:30 Uhr\n\nOrt: [Saal 2][map]\n"
    )
    [talk] = read(tmp_path, {"posts/03-20-april.md": text})
    assert (talk.day, local(talk), talk.location) == (date(2026, 4, 7), "20:30-21:30", "Saal 2")


def test_a_post_of_a_blog_that_names_no_talk_is_not_read_as_one_and_says_so(tmp_path: Path) -> None:
    news = "---\ntitle: We have a new logo\nauthor: Bo\ndate: 2026-04-07\n---\nSee it.\n"
    talk = "---\ntitle: Nets\nspeaker: Ada\nwhen: 2026-04-14\n---\n"
    found = reading(tmp_path, {"_posts/2026-04-07-logo.md": news, "_posts/2026-04-01-n.md": talk})
    assert [t.title for t in found.talks] == ["Nets"]
    [warning] = found.warnings
    assert warning.startswith("_posts/2026-04-07-logo.md: names no day of a talk")


def test_where_nothing_else_can_be_meant_the_path_tells_the_day(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nspeaker: Ada\n---\n"
    deep, dated = read(tmp_path, {"talks/2026-04-07-nets.md": text, "talks/2026/04/14/n.md": text})
    assert (dated.day, deep.day) == (date(2026, 4, 7), date(2026, 4, 14))


def test_a_date_that_is_the_day_of_publishing_elsewhere_in_the_folder_tells_nothing(
    tmp_path: Path,
) -> None:
    both = "---\ntitle: Nets\nspeaker: Ada\ndate: 2026-04-05\nevent_date: 2026-04-14\n---\n"
    one = "---\ntitle: Knots\nspeaker: Bo\ndate: 2026-04-06\n---\n"
    known, unknown = read(tmp_path, {"a.md": both, "b.md": one})
    assert (known.day, unknown.day) == (date(2026, 4, 14), None)


def test_a_text_that_names_a_later_day_than_its_file_makes_the_talk_unclear(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nspeaker: Ada\ndate: 2026-04-05\n---\nWe meet on 14 April.\n"
    [talk] = read(tmp_path, {"_posts/2026-04-05-nets.md": text})
    assert talk.unclear is not None
    assert "14 April" in talk.unclear


def test_a_year_that_is_not_that_of_the_file_makes_the_talk_unclear(tmp_path: Path) -> None:
    [talk] = read(tmp_path, {"news/2026-04-07-n.md": '+++\ntitle = "2027-04-07 Talk: Nets"\n+++\n'})
    assert (talk.title, talk.unclear is not None) == ("Nets", True)


def test_an_author_of_many_posts_is_not_their_speaker(tmp_path: Path) -> None:
    text = "---\ntitle: Nets {n}\nauthor: Bo\nevent_date: 2026-04-0{n}\n---\n"
    files = {f"{n}.md": text.format(n=n) for n in (7, 8, 9)}
    assert {talk.speakers for talk in read(tmp_path, files)} == {()}


def test_drafts_and_the_pages_of_the_folder_itself_are_not_read(tmp_path: Path) -> None:
    talk = "---\ntitle: {}\ndate: 2026-04-07\n{}\n---\n"
    files = {
        "a.md": talk.format("A", ""),
        "b.md": talk.format("B", "draft: true"),
        "c.md": talk.format("C", "published: false"),
        "_drafts/d.md": talk.format("D", ""),
        "_index.md": talk.format("E", ""),
    }
    assert [t.title for t in read(tmp_path, files)] == ["A"]


def test_one_bad_file_concerns_that_file_and_if_all_are_bad_it_is_an_error(tmp_path: Path) -> None:
    bad = "---\ntitle: Nets: and more\n---\n"
    with pytest.raises(SourceUnreadable, match=r"b\.md, line 2, column 12: this is not valid YAML"):
        reading(tmp_path, {"b.md": bad})
    found = reading(tmp_path, {"a.md": "---\ntitle: A\ndate: 2026-04-07\n---\n"})
    assert [talk.title for talk in found.talks] == ["A"]
    assert found.warnings[0].startswith("b.md, line 2, column 12")


def test_a_title_in_several_languages_is_read_in_that_of_the_series(tmp_path: Path) -> None:
    text = "---\ntitle:\n  de: Netze\n  en: Nets\ndate: 2026-04-07\n---\n"
    assert [t.title for t in read(tmp_path, {"a.md": text})] == ["Nets"]


def test_an_impossible_day_is_never_announced(tmp_path: Path) -> None:
    [talk] = read(tmp_path, {"a.md": "---\ntitle: A\nspeaker: B\nplanned: 2026-06-31\n---\n"})
    assert (talk.day, talk.unclear is not None) == (None, True)


def test_an_evening_with_several_talks_is_that_many(tmp_path: Path) -> None:
    text = (
        "---\ntitle: April meetup\ndate: 2026-04-07\nstartTime: '18:30'\nendTime: '21:00'\nvenue: R 2\n"
        "talks:\n  - title: Nets\n    speaker: Ada\n  - title: TBA\n    speaker: TBA\n"
        "  - {title: Knots, speaker: Bo, time: '20:00-20:30'}\n---\nDoors open at 18:00.\n"
    )
    talks = read(tmp_path, {"2026-04.md": text})
    assert [(t.id, t.title, t.speakers, local(t)) for t in talks] == [
        ("2026-04-1", "Nets", ("Ada",), "18:30-21:00"),
        ("2026-04-2", None, (), "18:30-21:00"),
        ("2026-04-3", "Knots", ("Bo",), "20:00-20:30"),
    ]
    assert {(t.day, t.location, t.unclear) for t in talks} == {(date(2026, 4, 7), "R 2", None)}


@pytest.mark.parametrize("name", ["event_time", "talk_time", "start_time"])
def test_a_time_that_is_named_for_the_event_is_its_start(tmp_path: Path, name: str) -> None:
    text = (
        f"---\ntitle: Nets\ndate: 2026-03-20 09:30\nevent_date: 2026-04-07\n{name}: '16:30'\n---\n"
    )
    [talk] = read(tmp_path, {"_posts/2026-03-20-nets.md": text})
    assert (local(talk), talk.unclear) == ("16:30-17:30", None)


@pytest.mark.parametrize(("told", "title"), [("Nets", "Nets"), ("", None), ("TBA", None)])
def test_the_title_of_the_talk_counts_and_not_that_of_the_post(
    tmp_path: Path, told: str, title: str | None
) -> None:
    text = f'---\ntitle: "Next seminar: see below"\ntalk_title: "{told}"\nwhen: 2026-04-07\n---\n'
    [talk] = read(tmp_path, {"a.md": text})
    assert talk.title == title


def test_a_template_among_the_talks_is_no_talk(tmp_path: Path) -> None:
    text = "---\ntitle: {}\nspeaker: NAME\nwhen: 2026-04-07\n---\n"
    files = {"_template.md": text.format("TITLE"), "nets.md": text.format("Nets")}
    assert [t.title for t in read(tmp_path, files)] == ["Nets"]


@pytest.mark.parametrize(
    ("text", "title", "span"),
    [
        ("On Thursday, April 9, 2026 at 3:15 pm, Ada Kovács (Szeged) will speak about **Nets** in the *Aula*.", "Nets", "15:15-16:15"),
        ("Am 9. April 2026 um 16 Uhr spricht Ada Kovács über „Nets“.", "Nets", "16:00-17:00"),
        ("Le 9 avril 2026 à 16h, Ada Kovács (Szeged) parlera de « Nets ».", "Nets", "16:00-17:00"),
        ("On April 9, 2026, Ada Kovács will give a talk (title to be announced) in the *Aula*.", None, "15:00-16:00"),
    ],
)  # fmt: skip
def test_a_sentence_that_announces_a_talk_is_read(
    tmp_path: Path, text: str, title: str | None, span: str
) -> None:
    post = f'---\ntitle: "Announcement: Ada Kovács"\ndate: 2026-04-01\nauthor: Bo\n---\n{text}\n\nThe talk of Thursday, March 26 was recorded.\n'
    [talk] = read(tmp_path, {"blog/2026-04-01-ada.md": post})
    assert (talk.title, talk.speakers, talk.unclear) == (title, ("Ada Kovács",), None)
    assert (talk.day, local(talk)) == (date(2026, 4, 9), span)


@pytest.mark.parametrize(
    "text",
    [
        "On March 9, 2026, Ada Kovács will speak about **Nets**.",  # before it was published
        "On April 9, 2026, Ada Kovács spoke about **Nets**.",
        "On April 9, Ada Kovács will speak about **Nets**.",
        "On April 9, 2026, we will speak about **Nets**.",
        "Since April 9, 2026, Ada Kovács will speak about **Nets**.",
        "On April 9, 2026, Ada Kovács will speak.\n\nOn April 16, 2026, Bo Lind will speak.",
    ],
)
def test_a_sentence_that_may_mean_another_day_is_not_read(tmp_path: Path, text: str) -> None:
    post = f"---\ntitle: News\ndate: 2026-04-01\nauthor: Bo\n---\n{text}\n"
    assert read(tmp_path, {"blog/2026-04-01-ada.md": post}) == ()


@pytest.mark.parametrize(
    ("title", "line", "told"),
    [
        ("Talk by Ada Kovács on April 7", "Title: Nets\n\nDate: 7 April 2026", "Nets"),
        ("Vortrag von Ada Kovács: Nets", "Zeit: 7. April 2026", "Nets"),
        ("Seminar by Ada Kovács", "Date: 7 April 2026", None),
    ],
)
def test_a_title_may_say_who_speaks(
    tmp_path: Path, title: str, line: str, told: str | None
) -> None:
    [talk] = read(tmp_path, {"a.md": f'---\ntitle: "{title}"\n---\n{line}\n'})
    assert (talk.title, talk.speakers, talk.unclear) == (told, ("Ada Kovács",), None)


def test_a_talk_by_nobody_who_is_named_keeps_its_title(tmp_path: Path) -> None:
    [talk] = read(tmp_path, {"a.md": "---\ntitle: Talk by the organisers\nwhen: 2026-04-07\n---\n"})
    assert (talk.title, talk.speakers) == ("Talk by the organisers", ())


def test_a_speaker_who_is_named_counts_more_than_an_author(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nauthor: Bo Lind\nwhen: 2026-04-07\n---\nSpeaker: Ada Kovács\n"
    [talk] = read(tmp_path, {"a.md": text})
    assert talk.speakers == ("Ada Kovács",)


@pytest.mark.parametrize(
    ("front", "body"),
    [
        ("cancelled: true", ""),
        ("tags: [seminar, cancelled]", ""),
        ("note: Talk cancelled", ""),
        ("x: y", "**Update: this talk has been cancelled.**\n\nHow dense?"),
        ("x: y", "How dense?\n\nLeider entfällt der Vortrag."),
    ],
)
def test_a_post_may_say_in_its_front_or_its_text_that_the_talk_is_off(
    tmp_path: Path, front: str, body: str
) -> None:
    text = f"---\ntitle: Nets\nspeaker: Ada\nwhen: 2026-04-07\n{front}\n---\n{body}\n"
    [talk] = read(tmp_path, {"a.md": text})
    assert (talk.title, talk.cancelled) == ("Nets", True)


@pytest.mark.parametrize(
    ("front", "body"),
    [
        ("tags: [cancelled orders]", ""),
        ("x: y", "How orders are\ncancelled because of rain.\n"),
        ("x: y", "The coffee before the talk is cancelled."),
    ],
)
def test_what_a_talk_is_about_does_not_cancel_it(tmp_path: Path, front: str, body: str) -> None:
    text = f"---\ntitle: Nets\nspeaker: Ada\nwhen: 2026-04-07\n{front}\n---\n{body}\n"
    [talk] = read(tmp_path, {"a.md": text})
    assert (talk.cancelled, talk.unclear) == (False, None)


def test_a_day_without_a_year_takes_it_from_a_folder_or_is_unclear(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nspeaker: Ada\ndate: April 7\n---\n"
    [alone] = read(tmp_path / "a", {"talks/1.md": text})
    assert "neither a year nor a weekday" in (alone.unclear or "")
    [told] = read(tmp_path / "b", {"talks/2026-spring/1.md": text})
    assert (told.day, told.unclear) == (date(2026, 4, 7), None)


def test_the_event_may_have_a_table_of_its_own(tmp_path: Path) -> None:
    text = "---\ntitle: Nets\nevent: {date: 2026-04-07, start: '16:00', venue: R 9}\n---\n"
    [talk] = read(tmp_path, {"a.md": text})
    assert (talk.title, talk.day, talk.location) == ("Nets", date(2026, 4, 7), "R 9")
    assert local(talk) == "16:00-17:00"
