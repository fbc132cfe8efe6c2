"""What is never announced as a fact: one judgement of every talk, whatever kind of source it is from.

A reader says what it found. Here each talk is looked at once more, alone and beside the others of
its page, for signs that something else than a title or a name was found. A talk that fails is
unclear, with a reason that says what to do; it is listed, and never announced. What only holds a
slot (the name of the series, "Details to come.") is a talk whose title is to be announced.

A question to the organisers costs little, a wrong title in 500 inboxes much: where a rule may be
wrong about a good title, `announcer accept ID` is the answer.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Final

from announcer.quantities import Span
from announcer.source import not_a_title, words
from announcer.source.alike import key, parts, same_speakers, same_talk
from announcer.source.people import AND, PLACE_WORD, nameish, split, with_affiliation
from announcer.talks import Reading, Series, Talk

LONGEST_TITLE: Final = 200  # in characters; a longer one is a paragraph
REPEATED: Final = 3  # dates on which one title makes it a question
_MOST: Final = 0.8  # of the titles that must look like names before all of them are doubted
_FEWEST_TO_COMPARE: Final = 4  # talks from which a habit of weekday and hour can be told


def judge(
    reading: Reading,
    series: Series,
    *,
    breaks: Collection[Span] = (),
    recurring: bool = False,
) -> Reading:
    """Return a reading whose doubtful talks are unclear, each with the reason.

    Args:
        reading: what a source gave; its order and ids stay.
        series: whose talks they are; its name is no title.
        breaks: days without a seminar.
        recurring: whether the source is a calendar, whose recurring entries are what they say, so
            that a title may stand on many days.
    """
    talks = [_slot_or_talk(talk, series) for talk in reading.talks]
    doubts = _doubts_beside_others(talks, reading, series, recurring=recurring)
    judged = []
    for raw, talk in zip(reading.talks, talks, strict=True):
        found = [*_free_slot(raw, talk), *doubts_about(talk, breaks), *doubts.get(talk.id, ())]
        judged.append(_unclear(talk, found))
    return replace(reading, talks=tuple(_with_habits(judged, series)))


def doubts_about(talk: Talk, breaks: Collection[Span] = ()) -> list[str]:
    """Return why a talk, taken alone, is not to be announced as it was read."""
    if talk.cancelled:
        return []
    doubts = []
    if talk.title is not None and (why := why_no_title(talk.title)):
        doubts.append(f'"{_short(talk.title)}" does not look like a title: {why}')
    doubts += [
        f'"{_short(name)}" does not look like the name of a speaker: {why}'
        for name in talk.speakers
        if (why := why_no_name(name))
    ]
    if talk.day is not None and any(talk.day in span for span in breaks):
        doubts.append(f"{talk.day} lies in a break of the series")
    return doubts


def why_no_title(title: str) -> str | None:
    """Return why a text is not a title; None where it may be one."""
    return (
        _why_no_text(title)
        or _why_no_sentence(title)
        or ("it begins in the middle of a sentence" if not_a_title.begins_midway(title) else None)
        or ("it says that there is no talk" if not_a_title.says_no_talk(title) else None)
        or ("it names another fact in brackets" if not_a_title.holds_a_label(title) else None)
    )


def why_no_name(name: str) -> str | None:
    """Return why a text is not the name of a person or a group; None where it may be one."""
    if not_a_title.placeholder(name):
        return "it says that nobody speaks yet"
    if any(c.isdigit() for c in name):
        return "it holds a number"
    if not_a_title.no_person(name):
        return "it is a kind of meeting"
    if not_a_title.runs_into_place(name):
        return "it goes on with something else, an institution perhaps"
    return _why_no_text(name) or _why_no_sentence(name)


def _why_no_text(text: str) -> str | None:
    """Return why a text is neither title nor name, because of what it is made of."""
    plain = not_a_title.without_formulas(text)
    if not_a_title.MARKUP.search(plain):
        return "it holds markup or an address"
    if not not_a_title.balanced(plain):
        return "a bracket or a quotation mark is open"
    if what := not_a_title.only(plain):
        return f"it is only {what}"
    return None


def _why_no_sentence(text: str) -> str | None:
    if len(text) > LONGEST_TITLE:
        return f"it is longer than {LONGEST_TITLE} characters"
    if not_a_title.several_sentences(text):
        return "it is more than one sentence"
    return None


def _slot_or_talk(talk: Talk, series: Series) -> Talk:
    """Take the series' own name out of a title; what only holds a slot is to be announced."""
    named = tuple(name for name in talk.speakers if not not_a_title.everybody(name))
    speakers = tuple(name for name in named if not not_a_title.placeholder(name))
    if named and not speakers and talk.title is not None:
        return talk  # "Unavailable: conference week" is no talk: the organisers are asked
    talk = replace(talk, speakers=speakers)
    if talk.title is None:
        return talk
    title = not_a_title.without_series(talk.title, series.name)
    if title is None or not_a_title.placeholder(title):
        return replace(talk, title=None, tba=True)
    return replace(talk, title=title)


def _free_slot(talk: Talk, judged: Talk) -> list[str]:
    """Return why a talk is none: what stands in place of it says that its slot is free."""
    said = [text for text in (talk.title, *talk.speakers) if text and words.free_slot(text)]
    named = judged.title is not None or judged.speakers
    return (
        [f'"{said[0]}" says that its slot is free, and names no talk'] if said and not named else []
    )


def _unclear(talk: Talk, doubts: Iterable[str]) -> Talk:
    reasons = tuple(dict.fromkeys(doubts))
    if not reasons or talk.cancelled:
        return talk
    answer = f"correct the source, or say `announcer accept {talk.id}` if it is right"
    return replace(talk, unclear="; ".join([*filter(None, [talk.unclear]), *reasons, answer]))


# Beside the other talks of the source


def _doubts_beside_others(
    talks: Sequence[Talk], reading: Reading, series: Series, *, recurring: bool
) -> dict[str, list[str]]:
    """Return by a talk's id what the other talks of its source make doubtful about it."""
    doubts: dict[str, list[str]] = defaultdict(list)
    taking_place = [talk for talk in talks if talk.day is not None and not talk.cancelled]
    rules = [
        _names_as_titles(taking_place),
        _of_one_entry(taking_place, reading),
        _of_one_day(taking_place, series),
    ]
    if not recurring:
        rules.append(_repeated(taking_place))
    for rule in rules:
        for talk, why in rule:
            doubts[talk.id].append(why)
    return doubts


def _repeated(talks: Sequence[Talk]) -> Iterator[tuple[Talk, str]]:
    days: dict[str, set[date]] = defaultdict(set)
    for talk in talks:
        if talk.title is not None and talk.day is not None:
            days[key(talk.title)].add(talk.day)
    for talk in talks:
        if talk.title is not None and len(found := days[key(talk.title)]) >= REPEATED:
            yield talk, f'the title "{_short(talk.title)}" stands on {len(found)} days'


def _names_as_titles(talks: Sequence[Talk]) -> Iterator[tuple[Talk, str]]:
    """Find names of speakers where titles should be: where one is known, or most look so."""
    speakers = {key(name) for talk in talks for name in talk.speakers}
    alone = [talk for talk in talks if talk.title is not None and not talk.speakers]
    alike = [talk for talk in alone if _names(talk.title or "")]
    # "Hidden Fluid Mechanics" looks like a name too, but not all titles of a page do.
    habit = len(alike) > 1 and len(alike) >= _MOST * len(alone)
    for talk in alone:
        title = talk.title or ""
        if (habit and talk in alike) or with_affiliation(title) or key(title) in speakers:
            yield talk, f'"{talk.title}" may be the speaker and not the title'
    both = [talk for talk in talks if talk.title and talk.speakers and _names(talk.title)]
    for talk in both if habit else ():
        yield talk, f'"{talk.title}" may be the speaker, as on the other days'
    for talk in talks:
        at_work = talk.speakers and all(PLACE_WORD.search(name) for name in talk.speakers)
        if at_work and talk.title is not None and nameish(talk.title, whole=True):
            yield talk, f'"{talk.title}" may be the speaker, and "{talk.speakers[0]}" their place'


def _names(title: str) -> bool:
    """Tell whether a title looks like names of people; one of them may be to be announced."""
    known = [name for name in split(title, AND) if not not_a_title.placeholder(name)]
    return bool(known) and all(nameish(name, whole=True) for name in known)


def _of_one_entry(talks: Sequence[Talk], reading: Reading) -> Iterator[tuple[Talk, str]]:
    entries: dict[tuple[str, object], list[Talk]] = defaultdict(list)
    for talk in talks:
        where = reading.origin.get(talk.id)
        if where is not None:
            entries[where, talk.day].append(talk)
    for (where, _), found in entries.items():
        if len(found) > 1 and len({talk.starts_at for talk in found}) == 1:
            for talk in found:
                yield talk, f"one entry ({where}) was read as {len(found)} talks of one time"


def _of_one_day(talks: Sequence[Talk], series: Series) -> Iterator[tuple[Talk, str]]:
    days: dict[date | None, list[Talk]] = defaultdict(list)
    for talk in talks:
        days[talk.day].append(talk)
    for found in days.values():
        for one, other in combinations(found, 2):
            yield from _of_two(one, other, series)


def _of_two(one: Talk, other: Talk, series: Series) -> Iterator[tuple[Talk, str]]:
    nameless = [talk for talk in (one, other) if talk.title is None and not talk.speakers]
    if len(nameless) == 1:
        named = other if nameless[0] is one else one
        yield nameless[0], f'it may be the same as "{_name(named)}" on that day'
        if _clocks(one, other):
            yield named, f"another entry of that day says {_clocks(named, nameless[0])}"
    elif one.speakers and same_speakers(one, other) and _at_once(one, other):
        for talk in (one, other):
            yield talk, f"{', '.join(talk.speakers)} cannot give two talks at one time"
    elif same_talk(one, other) and (clocks := _clocks(one, other, series)):
        for talk in (one, other):
            yield talk, f"two entries of that day may be one talk, at {clocks}"


def _at_once(one: Talk, other: Talk) -> bool:
    """Tell whether two entries are of one time, and not parts of one talk."""
    at_once = one.starts_at is not None and one.starts_at == other.starts_at
    return at_once and parts(one.title or "") == parts(other.title or "")


def _clocks(one: Talk, other: Talk, series: Series | None = None) -> str:
    """Return the two starts of a day in words; empty where they are equal or not both known."""
    starts = [talk.starts_at for talk in (one, other) if talk.starts_at is not None]
    if len(starts) < 2 or starts[0] == starts[1]:
        return ""
    shown = [series.local(at) if series else at for at in starts]
    return " and ".join(f"{at:%H:%M}" for at in shown)


# What holds nothing


def _with_habits(talks: Sequence[Talk], series: Series) -> Iterator[Talk]:
    """Warn of the one talk whose weekday or hour is another than that of all others."""
    known = [talk for talk in talks if talk.starts_at is not None and not talk.cancelled]
    weekdays = Counter(f"{series.local(t.starts_at):%A}" for t in known if t.starts_at)
    hours = Counter(f"{series.local(t.starts_at):%H:%M}" for t in known if t.starts_at)
    for talk in talks:
        odd = [
            f"talk {talk.id} is {on} {mine}, all others {on} {usual}"
            for on, counted, form in (("on a", weekdays, "%A"), ("at", hours, "%H:%M"))
            if talk in known
            and talk.starts_at is not None
            and (mine := f"{series.local(talk.starts_at):{form}}")
            and (usual := _habit(counted, mine))
        ]
        yield replace(talk, warnings=(*talk.warnings, *odd)) if odd else talk


def _habit(counted: Counter[str], mine: str) -> str:
    """Return what all other talks have; empty where this one is not alone, or they differ."""
    others = [value for value in counted if value != mine]
    lonely = counted[mine] == 1 and len(others) == 1
    return others[0] if lonely and counted[others[0]] >= _FEWEST_TO_COMPARE - 1 else ""


def _name(talk: Talk) -> str:
    return talk.title or ", ".join(talk.speakers)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79].rstrip() + "…"
