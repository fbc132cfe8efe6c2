"""What is never announced as a fact, and that good titles pass."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from announcer.errors import SourceUnreadable
from announcer.quantities import Span
from announcer.source.gate import judge, why_no_name, why_no_title
from announcer.source.judged import JudgedSource
from announcer.talks import Mailbox, Reading, Series, Status, Talk

SERIES = Series(
    id="lattice",
    name="Lattice Seminar",
    list="lattice@groups.example",
    sender=Mailbox(address="seminar@example.org"),
    organisers=("anna@example.org",),
    reply_to=Mailbox(address="seminar@example.org"),
    timezone=ZoneInfo("Europe/Berlin"),
    start=time(15),
)
NO_TITLES = {
    "it holds markup or an address": [
        "Nets and knots](slides/nets.pdf)",
        "<b>Nets and knots</b>",
        "Nets https://example.org/nets",
        "See www.example.org",
        "Nets, by ada@example.org",
        "**Nets** and knots",
        "Knots&nbsp;and nets",
        "Nets <br/> and knots",
        "[Nets][1] and knots",
    ],
    "a bracket or a quotation mark is open": [
        ") (SGS",
        "Nets and knots (with",
        'Nets and "knots',
        "Knots” and nets",
        "« Nets » et « knots",
        "Nets and knots]",
        "„Netze und Knoten",
        "Les réseaux » (sur Youtube)",
    ],
    "it is only a date or a time": [
        "1:30 PM EST",
        "16:00–17:00 Uhr",
        "Tuesday",
        "7 April 2026",
        "Tue 7 April, 15:00",
        "2026-04-07",
        "August",
        "at 16:00",
        "15 h",
    ],
    "it is only the words of a link": [
        "pdf",
        "on [Google Meet]",
        "Zoom",
        "here",
        "Slides and video",
        "via Zoom",
        "Folien",
        "Join the livestream",
    ],
    "it is only a place": ["Room 5", "in Room 2.04", "Hörsaal 3", "Seminarraum 1.12", "Salle 12", "im Raum 4"],
    "it is only the name of an institution": ["IBM Research", "University of Hamburg", "Technical University of Delft"],
    "it is only a number or signs": ["—", "41:", "?!", "1984"],
    "it begins in the middle of a sentence": [
        "im IT Zentrum, CoWorking Space",
        "bei der LANDWEHR Akademie",
        "and what follows from it",
        "which is joint work with Ada",
        "; a survey",
        "kl. Siv Dal - Skyer",
        "avec Anne Martin",
    ],
    "it is longer than 200 characters": ["Nets " * 41],
    "it is more than one sentence": [
        "We show that nets are knots. This answers a question of Ada Kovács.",
        "The talk is about lattices of nets. Everybody is welcome",
        "Wir zeigen, dass Netze Knoten sind. Danach gibt es Kaffee.",
    ],
}  # fmt: skip
TITLES = [
    "Nets, and the Self-Attention Principle",
    "Don't Fear the Sphere",
    "P ≠ NP & friends",
    "$a<b$ and other inequalities",
    "What is a knot? A survey",
    "Internet. Wofür es war und warum es kaputt ist.",
    "Is x < y decidable?",
    "Keeping your secrets (in a) safe",
    "The “large” and the ‘small’",
    "„Netze“ und »Knoten«",
    "« Nets » et nœuds",
    "Room for improvement",
    "Time and space",
    "Tuesday's child",
    "June in January: anomalies of climate",
    "Slides of glaciers",
    "Video coding with transformers",
    "On the cohomology of nets",
    "p-adic numbers",
    "git Teil III: Arbeiten in Teams",
    "eBPF",
    "R",
    "2048: solving a game",
    "24/7 observation of stars",
    "C*-algebras [after Connes]",
    "a) nets b) knots",
    "Dr. Strangelove and the theory of games",
    "Energy levels of Mr. Tompkins' atom",
    "U.S. elections: what polls can and can't say",
    "Universities of the future",
    "Research software",
    "雲と網",
    "Облака и сети",
    "عقد وشباك",
    "From nets to knots",
    "Für und wider die Netze",
    "Free groups",
    "Open problems",
    "Available energy",
    "Title IX and its consequences",
]


@pytest.mark.parametrize(("why", "text"), [(why, text) for why in NO_TITLES for text in NO_TITLES[why]])  # fmt: skip
def test_a_text_that_is_no_title_is_told_by_its_kind(why: str, text: str) -> None:
    assert why_no_title(text) == why


@pytest.mark.parametrize("title", TITLES)
def test_a_title_that_people_give_passes(title: str) -> None:
    assert why_no_title(title) is None
    assert judged(talk("1", title=title))[0].title == title
    assert judged(talk("1", title=title))[0].unclear is None


@pytest.mark.parametrize(
    "name",
    ["https://people.example/holm", "<a>Ada", "Ada (Univ.", "Zoom", "Tuesday", "August", "vacant", "Room 5", "TBA soon to be announced. We are sorry about that. Please wait"],
)  # fmt: skip
def test_a_text_that_is_no_name_is_not_announced_as_one(name: str) -> None:
    assert why_no_name(name) is not None


@pytest.mark.parametrize(
    "name",
    ["Ada Kovács", "Prof. Dr. Béla Bartók", "J. R. R. Tolkien", "Jens Sjölund", "山田太郎", "Everybody", "Ada Kovács (Szeged)", "van der Waerden", "D'Arcy Thompson"],
)  # fmt: skip
def test_a_name_passes(name: str) -> None:
    assert why_no_name(name) is None


def test_what_fails_is_unclear_and_says_what_to_do() -> None:
    [one] = judged(talk("on-google-meet", title="on [Google Meet]"))

    assert one.unclear == (
        '"on [Google Meet]" does not look like a title: it is only the words of a link; correct the '
        "source, or say `announcer accept on-google-meet` if it is right"
    )


@pytest.mark.parametrize(
    "title",
    ["Lattice Seminar", "LATTICE SEMINAR", "Lattice Seminar: TBA", "Lattice Seminar - TBA", "Lattice Seminar (weekly)", "Lattice Seminar 05/26", "Lattice Seminar #12", "Lattice Seminar, April meeting",
     "Details to come.", "open slot", "Available", "Unavailable", "free", "Title to follow", "No presenter", "Thema folgt"],
)  # fmt: skip
def test_what_only_holds_a_slot_is_a_title_to_be_announced(title: str) -> None:
    [one] = judged(talk("1", title=title, speakers=("Ada Kovács",)))

    assert (one.title, one.tba, one.unclear) == (None, True, None)


def test_the_name_of_the_series_is_taken_off_in_front_of_a_title() -> None:
    titles = ["Lattice Seminar: Nets and knots", "Lattice Seminar – Nets and knots", "Lattice seminars in history"]  # fmt: skip

    assert [judged(talk("1", title=title))[0].title for title in titles] == [
        "Nets and knots",
        "Nets and knots",
        "Lattice seminars in history",
    ]


def test_a_speaker_who_is_not_known_yet_is_none() -> None:
    [one] = judged(talk("1", speakers=("vacant",)))

    assert (one.speakers, one.tba) == ((), True)


def test_a_slot_that_is_unavailable_is_asked_about() -> None:
    [one] = judged(talk("1", title="conference week", speakers=("Unavailable",)))

    assert one.unclear is not None


def test_a_title_on_three_days_of_a_page_is_asked_about_and_on_two_is_not() -> None:
    three = [talk(str(n), title="Meta-cognition", week=n) for n in (1, 2, 3)]

    assert all("stands on 3 days" in (one.unclear or "") for one in judged(*three))
    assert all(one.unclear is None for one in judged(*three[:2]))


def test_a_recurring_entry_of_a_calendar_is_what_it_says() -> None:
    three = [talk(str(n), title="Lab meeting", week=n) for n in (1, 2, 3)]

    found = judge(Reading(talks=tuple(three)), SERIES, recurring=True).talks

    assert [one.unclear for one in found] == [None, None, None]


def test_names_where_titles_should_be_are_asked_about_if_the_page_has_no_others() -> None:
    names = ["Calvin Preston", "Susan Pyne and TBA", "Alex Amon and Ada Quill", "Frank Qu"]
    titles = ["Calvin Preston", "Nets and knots", "Rings", "What is a field?"]

    of_names = judged(*(talk(str(n), title=t, week=n) for n, t in enumerate(names)))
    of_titles = judged(*(talk(str(n), title=t, week=n) for n, t in enumerate(titles)))

    assert all("may be the speaker" in (one.unclear or "") for one in of_names)
    assert [one.unclear for one in of_titles] == [None, None, None, None]


def test_a_name_that_speaks_elsewhere_on_the_page_is_no_title() -> None:
    found = judged(
        talk("1", title="Nets", speakers=("Ada Kovács",)), talk("2", title="Ada Kovács", week=1)
    )

    assert [one.unclear is None for one in found] == [True, False]


def test_a_name_with_its_institution_is_asked_about() -> None:
    [alone] = judged(talk("1", title="Mara Holm (Institut des Lacs)"))
    [swapped] = judged(talk("1", title="Atul Mantri", speakers=("University of Szeged",)))

    assert alone.unclear is not None
    assert swapped.unclear is not None


def test_one_entry_that_was_read_as_two_talks_of_one_time_is_asked_about() -> None:
    both = (talk("1", title="Nets"), talk("2", title="Knots"))
    origin = {"1": "index.md, line 7", "2": "index.md, line 7"}
    apart = {"1": "index.md, line 7", "2": "index.md, line 9"}

    together = judge(Reading(talks=both, origin=origin), SERIES).talks
    alone = judge(Reading(talks=both, origin=apart), SERIES).talks

    assert all("index.md, line 7" in (one.unclear or "") for one in together)
    assert [one.unclear for one in alone] == [None, None]


@pytest.mark.parametrize(
    ("first", "second"),
    [("Nets and knots", "Nets and knots"), ("Nets and knots", "Nets & Knots"), ("Nets and knots", "Nets and knots: an introduction"), (None, "Nets and knots")],
)  # fmt: skip
def test_one_talk_on_two_clocks_is_asked_about(first: str | None, second: str) -> None:
    found = judged(
        talk("1", title=first, speakers=("Ada Kovács",)),
        talk("2", title=second, speakers=("Ada Kovács",), hour=16),
    )

    assert all("15:00 and 16:00" in (one.unclear or "") for one in found)


def test_two_parts_of_one_day_are_two_talks() -> None:
    found = judged(
        talk("1", title="Nets, part I", speakers=("Ada Kovács",)),
        talk("2", title="Nets, part II", speakers=("Ada Kovács",), hour=16),
    )

    assert [one.unclear for one in found] == [None, None]


def test_a_nameless_entry_beside_a_talk_of_that_day_is_asked_about() -> None:
    found = judged(talk("1", title="Nets"), talk("2"))
    elsewhen = judged(talk("1", title="Nets"), talk("2", hour=18))

    assert [one.unclear is None for one in found] == [True, False]
    assert [one.unclear is None for one in elsewhen] == [False, False]


def test_a_talk_in_a_break_is_asked_about() -> None:
    week = Span(first=date(2026, 4, 6), last=date(2026, 4, 10))

    found = judge(Reading(talks=(talk("1", title="Nets"), talk("2", title="Knots", week=1))), SERIES, breaks=[week]).talks  # fmt: skip

    assert "2026-04-07 lies in a break of the series" in (found[0].unclear or "")
    assert found[1].unclear is None


def test_another_weekday_or_hour_than_all_others_is_a_warning_and_holds_nothing() -> None:
    usual = [talk(str(n), title=f"Nets of order {n}", week=n) for n in range(4)]
    odd = talk("9", title="Knots", week=5, weekday=2, hour=10)

    found = judged(*usual, odd)

    assert [one.warnings for one in found[:4]] == [(), (), (), ()]
    assert found[4].warnings == (
        "talk 9 is on a Thursday, all others on a Tuesday",
        "talk 9 is at 10:00, all others at 15:00",
    )
    assert found[4].unclear is None


def test_a_cancelled_talk_is_never_doubted() -> None:
    off = replace(talk("1", title="on [Google Meet]"), status=Status.CANCELLED)

    assert judged(off) == (off,)


def test_a_calendar_of_breaks_that_cannot_be_read_is_a_warning() -> None:
    class Fixed:
        async def load(self, now: datetime) -> Reading:
            return Reading(talks=(talk("1", title="Nets"),))

    async def broken(now: datetime) -> tuple[Span, ...]:
        raise SourceUnreadable("holidays.ics is not there")

    source = JudgedSource(Fixed(), SERIES, broken, recurring=False)
    reading = asyncio.run(source.load(datetime(2026, 4, 1, tzinfo=UTC)))

    assert reading.talks[0].unclear is None
    assert reading.warnings == (
        "holidays.ics is not there; so it is not known which talks lie in a break",
    )


def judged(*talks: Talk) -> tuple[Talk, ...]:
    return judge(Reading(talks=talks), SERIES).talks


def talk(
    name: str,
    *,
    title: str | None = None,
    speakers: tuple[str, ...] = (),
    week: int = 0,
    weekday: int = 0,
    hour: int = 15,
) -> Talk:
    """A talk on a Tuesday at three, unless it is said otherwise."""
    day = date(2026, 4, 7) + timedelta(weeks=week, days=weekday)
    start = datetime.combine(day, time(hour), SERIES.timezone).astimezone(UTC)
    return Talk(
        id=name,
        title=title,
        tba=title is None,
        speakers=speakers,
        day=day,
        starts_at=start,
        ends_at=start + timedelta(hours=1),
    )
