"""Talks that have a file each, with front matter: posts and collections of Jekyll, events of Hugo.

The day on which a file was published is not the day of its talk. So what is named for the event
comes first, then a date in the title, then a labelled line of the text; ``date`` and the date in
the path count only where nothing else can be meant.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.source import announced, people, remarks, words
from announcer.source.dates import Written, without_spans, written_dates
from announcer.source.facts import understood
from announcer.source.fetch import Fetcher
from announcer.source.fields import Named, facts_of, labelled, named
from announcer.source.files import File, files
from announcer.source.hints import NO_HINTS, Hints
from announcer.source.known import POINTS, TALKS, fact_of, known_name, label
from announcer.source.markdown import plain, uncommented
from announcer.source.said import Facts
from announcer.source.texts import Texts
from announcer.source.times import written_times
from announcer.source.tree import Table, Value, toml_tree, yaml_tree
from announcer.talks import Reading, Series

SUFFIXES: Final = frozenset({".md", ".markdown", ".mdx", ".qmd", ".html", ".htm"})
_FENCE: Final = re.compile(r"(---|\+\+\+)[ \t]*\n")
_BLOG: Final = frozenset(
    {"_posts", "posts", "post", "blog", "news", "_news", "articles", "aktuelles"}
)
_DRAFTS: Final = frozenset({"_drafts", "drafts"})
_PATH_DAY: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/](\d\d)[-_/](\d\d)(?!\d)")
_PUBLISHING: Final = frozenset({"date", "datum", "day", "dates", "daten"})
_CLOCK: Final = frozenset({"time", "times", "uhrzeit", "zeit", "hour", "hours", "heure", "heures"})
_NUMBERS: Final = frozenset({"number", "nr", "no", "num", "nummer", "numero", "talkid", "eventid"})
_LEAD: Final = re.compile(
    r"^\W*(?:talk|meeting|seminar|vortrag|treffen|exposé)\s*:\s*", re.IGNORECASE
)
_TAIL: Final = re.compile(
    r"(?<![\s,;|:(–—-])[\s,;|:(–—-]++(?:(?:am|on|um|at|le|den)\b[\s,;|:–—-]*+)*+$", re.IGNORECASE
)


class PostsSource:
    """The talks of a folder, or of a pattern, with one file for each."""

    def __init__(
        self,
        location: Path | str,
        series: Series,
        hints: Hints = NO_HINTS,
        texts: Texts | None = None,
    ) -> None:
        self._location = location
        self._series = series
        self._hints = hints
        self._texts = texts or Fetcher()

    async def load(self, now: datetime) -> Reading:
        """Read the files as they stand; a bad one concerns itself, unless all are bad."""
        found = [f for f in files(self._location, SUFFIXES) if _meant(f)]
        posts: list[_Post] = []
        warnings: list[str] = []
        errors: list[SourceUnreadable] = []
        for file in found:
            try:
                post = _post(file, await self._texts.text(file.place), self._hints)
            except SourceUnreadable as error:
                errors.append(error)
                continue
            if isinstance(post, _Post):
                posts.append(post)
            elif post:
                warnings.append(post)
        if errors and not posts:
            raise errors[0]
        folder = _Folder(posts, self._series.language)
        facts = [folder.facts(post) for post in posts]
        strange = [
            f"{post.file.below}: names no day of a talk, so it is not read as one"
            for post, told in zip(posts, facts, strict=True)
            if told is None
        ]
        known = [
            part
            for post, told in zip(posts, facts, strict=True)
            if told is not None
            for part in folder.talks(post, told)
        ]
        unread = tuple(map(str, errors))
        reading = understood(known, self._series, self._hints, now, [*unread, *warnings, *strange])
        return replace(reading, unread=unread, copies=self._texts.taken_copies())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Post:
    """A file: its front matter, its text, and the labelled lines of the text."""

    file: File
    front: Named
    body: str
    labels: Table
    sentence: announced.Announced | None = None  # where no labelled line tells the day

    @property
    def in_blog(self) -> bool:
        """Whether it lies where news are published."""
        parts = {*Path(self.file.folder).parts[-2:], *Path(self.file.below).parts[:-1]}
        return bool({part.lower() for part in parts} & _BLOG)

    def title(self, language: str) -> str:
        """Give the title of the front matter."""
        return next(iter(facts_of(self.front, place="", language=language).titles), "")

    def talks(self) -> list[Table]:
        """Give the talks of an evening with several: a list of tables in the front matter."""
        return [
            part
            for key, value in self.front.table.items()
            if known_name(key) in TALKS | POINTS and isinstance(value, list)
            for part in value
            if isinstance(part, Table) and _is_talk(part, known_name(key))
        ]

    def is_of_a_talk(self) -> bool:
        """Tell whether something but a date says that this is a talk."""
        if self.talks():
            return True
        front = any(
            value
            for fact in ("speakers", "location", "until", "stream", "abstract")
            for name, value in self.front.values.get(fact, ())
            if not name.startswith(("author", "autor", "auteur", "description"))
        )
        return front or any(fact_of(name) in {"speakers", "location"} for name in self.labels)


def _is_talk(part: Table, listed: str) -> bool:
    """Tell whether a part of an evening is a talk: a point of a programme needs a speaker."""
    facts = {fact_of(known_name(key)) for key in part}
    return "speakers" in facts or (listed in TALKS and "title" in facts)


def _meant(file: File) -> bool:
    path = Path(file.below)
    drafts = any(part.lower() in _DRAFTS for part in path.parts[:-1])
    return not drafts and path.stem.lower() != "readme" and not path.stem.startswith("_")


def _post(file: File, text: str, hints: Hints) -> _Post | str:
    """Cut a file into its parts; gives a warning, or nothing to say, where it is no post."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    fence = _FENCE.match(text)
    if fence is None:
        return f"{file.below}: has no front matter, so it is not read"
    end = re.compile(rf"^{re.escape(fence[1])}[ \t]*$", re.MULTILINE).search(text, fence.end())
    if end is None:
        raise SourceUnreadable(
            f"{file.below}, line 1, column 1: the front matter has no closing {fence[1]}"
        )
    reader = yaml_tree if fence[1] == "---" else toml_tree
    tree = reader(text[fence.end() : end.start()], file.below, 2)
    if not isinstance(tree, Table):
        return f"{file.below}: has no front matter, so it is not read"
    if _is(tree.get("draft"), "true") or _is(tree.get("published"), "false"):
        return ""
    tree.line = 1
    body = uncommented(text[end.end() :]).strip()
    post = _Post(file=file, front=named(tree, hints), body=body, labels=labelled(body))
    return _with_sentence(post)


def _with_sentence(post: _Post) -> _Post:
    """Add what a sentence of the text announces, where no field and no labelled line does."""
    if post.labels or post.is_of_a_talk():
        return post
    told = announced.sentence(post.body, _first_day(_plain(post)) or _path_day(post))
    if told is None:
        return post
    lines = {"when": told.when, "speaker": "; ".join(told.speakers), "title": told.title}
    return replace(post, labels=Table(lines.items(), 1), sentence=told)


def _is(value: Value, word: str) -> bool:
    return isinstance(value, str) and value.lower() == word


class _Folder:
    """All posts of a folder: together they tell what ``date``, the path and an author stand for."""

    def __init__(self, posts: Sequence[_Post], language: str) -> None:
        self.language = language
        told = [(post, days) for post in posts if (days := _days(_said(post, language)))]
        self.date_is_published = any(
            (day := _first_day(_plain(post))) is not None and day not in days for post, days in told
        )
        self.path_is_published = any(
            (day := _path_day(post)) is not None and day not in days for post, days in told
        )
        authors = [a for post in posts if (a := _author(post))]
        self.authors_speak = len(set(authors)) * 2 > len(authors)

    def facts(self, post: _Post) -> Facts | None:
        """Give what a post says of its talk; None where it does not speak of one."""
        told = facts_of(
            post.front,
            place=f"{post.file.below}, line 1",
            language=self.language,
            with_authors=self.authors_speak,
        )
        lines = _with_speaker(
            facts_of(named(post.labels, NO_HINTS), place="", language=self.language)
        )
        off = remarks.said_off(_text(post))
        when, doubts = self._when(post)
        if not _names_a_day(when) and not post.is_of_a_talk():
            return None
        titles, speakers = self._who(post, told, lines)
        numbers = [v for n, v in post.front.values.get("id", ()) if n in _NUMBERS]
        return replace(
            told,
            id=next((v for v in numbers if isinstance(v, str)), _path_id(post.file)),
            titles=tuple(titles),
            speakers=speakers,
            when=tuple(when),
            location=told.location or lines.location,
            abstract=_abstract(post) or told.abstract,
            above=tuple(_above(post)),
            states=(*told.states, *(["cancelled"] if off else [])),
            wall=True,
            doubts=(*told.doubts, *doubts, *(() if off else remarks.text_doubts(_text(post)))),
        )

    def _who(self, post: _Post, told: Facts, lines: Facts) -> tuple[list[str], tuple[str, ...]]:
        """Give the titles, the surest first, and the speakers, who may stand in the title alone."""
        dated = bool(written_dates(post.title(self.language)))
        own = list(_shorn(told.titles)) if dated else list(told.titles)
        speakers = self._named(post) or lines.speakers
        by = None if speakers else next((b for title in own if (b := announced.by(title))), None)
        if by is not None:
            own, speakers = [by.title] if by.title else [], by.speakers
        elif post.sentence is not None:
            own = [title for title in own if not any(name in title for name in speakers)]
        first_lines = dated or by is not None or post.sentence is not None
        titles = [*lines.titles, *own] if first_lines else [*own, *lines.titles]
        return titles, speakers or told.speakers

    def _named(self, post: _Post) -> tuple[str, ...]:
        """Give the speakers who are named as such: an author may be whoever wrote the post."""
        return facts_of(post.front, place="", language=self.language, with_authors=False).speakers

    def talks(self, post: _Post, told: Facts) -> Iterator[Facts]:
        """Give the talks of a post: itself, or those of its evening, at its day and place."""
        tables = post.talks()
        for number, table in enumerate(tables, 1):
            place = f"{post.file.below}, line {table.line or 1}"
            own = facts_of(named(table, NO_HINTS), place=place, language=self.language)
            day = _days(told.when)[:1]
            beside = (str(day[0]),) if day else told.when
            own_when = own.when if _names_a_day(own.when) else (*own.when, *beside)
            yield replace(
                own,
                id=f"{told.id}-{number}",
                when=own_when if own.when else told.when,
                until=own.until or (() if own.when else told.until),
                dates=(*told.dates, *own.dates),
                zone=own.zone or told.zone,
                location=own.location or told.location,
                stream=own.stream or told.stream,
                url=own.url or told.url,
                above=told.above,
                states=(*told.states, *own.states),
                tentative=told.tentative or own.tentative,
                wall=told.wall,
                doubts=(*told.doubts, *own.doubts),
            )
        if not tables:
            yield told

    def _when(self, post: _Post) -> tuple[list[str], list[str]]:
        """Choose what tells the day, and say what makes it doubtful."""
        said = _said(post, self.language)
        clock = [] if self.date_is_published else _texts(post.front, _CLOCK)
        if _names_a_day(said):
            return [*clock, *said], list(_typing_error(_days(said), post))
        if post.in_blog and not post.is_of_a_talk():
            return [], []
        dated = [] if self.date_is_published else _plain(post)
        path = _path_day(post)
        if not _days(dated) and path and not self.path_is_published:
            dated = [*dated, str(path)]
        days = _days(dated)
        if not days:
            return [*clock, *said, *dated], []
        others = [w for w in written_dates(post.body) if (d := _on(w, days[0])) and d > days[0]]
        doubts = [f'the file is of {days[0]}, and its text names "{w.words}"' for w in others[:1]]
        return [*clock, *said, *dated], doubts


def _with_speaker(lines: Facts) -> Facts:
    """Read "Thema: Nets (Ada)" as what it is, where no line names a speaker."""
    found = re.fullmatch(
        r"(.*\S)\s+\(([^\W\d][^()\d]{1,60})\)", lines.titles[0] if lines.titles else ""
    )
    if found is None or lines.speakers:
        return lines
    return replace(lines, titles=(found[1],), speakers=people.names(found[2]))


def _said(post: _Post, language: str) -> list[str]:
    """Give the dates and times that can only be the talk's, the surest first."""
    pairs = [n for n, _ in post.front.values.get("when", ()) if n not in _PUBLISHING | _CLOCK]
    named_so = _texts(post.front, frozenset(pairs))
    title = post.title(language)
    in_title = [_moment_of(title)] if written_dates(title) else []
    labelled = [v for n, v in post.labels.items() if fact_of(n) == "when" and isinstance(v, str)]
    return [*named_so, *in_title, *sorted(labelled, key=lambda text: not written_dates(text))]


def _moment_of(title: str) -> str:
    """Give the dates and times of a title without its other words."""
    spans = [*(w.span for w in written_dates(title)), *(t.span for t in written_times(title))]
    return ", ".join(title[start:end].strip() for start, end in sorted(spans))


def _plain(post: _Post) -> list[str]:
    return _texts(post.front, _PUBLISHING)


def _texts(found: Named, names: frozenset[str]) -> list[str]:
    kept = [(n, v) for n, v in found.values.get("when", ()) if n in names]
    only = replace(found, values={"when": kept})
    return list(facts_of(only, place="", language="en").when)


def _days(texts: Sequence[str]) -> list[date]:
    return [day for text in texts if (day := _first_day([text])) is not None]


def _first_day(texts: Sequence[str]) -> date | None:
    """Give the first day that is told with its year."""
    for written in _written(texts):
        if written.year is not None:
            return written.on(written.year)
    return None


def _written(texts: Sequence[str]) -> Iterator[Written]:
    for text in texts:
        iso = re.match(r"(\d{4}-\d\d?-\d\d?)(?!\d)", text)
        yield from written_dates(iso[1] if iso else text)[:1]


def _names_a_day(texts: Sequence[str]) -> bool:
    return any(True for _ in _written(texts))


def _on(written: Written, day: date) -> date | None:
    return written.on(written.year or day.year)


def _above(post: _Post) -> Iterator[str]:
    """Give the names above the talk that may tell its year: that of its file's day is of publishing."""
    for part in reversed(Path(post.file.below).parts):
        if not re.search(r"\d{4}-\d\d", part):
            yield part


def _text(post: _Post) -> str:
    return "\n".join(map(plain, post.body.split("\n")))


def _path_day(post: _Post) -> date | None:
    found = _PATH_DAY.search(post.file.below)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _typing_error(days: Sequence[date], post: _Post) -> Iterator[str]:
    """Doubt a date that is that of the file in another year."""
    path = _path_day(post)
    if path and any(
        (d.month, d.day) == (path.month, path.day) and d.year != path.year for d in days
    ):
        yield f"it says {days[0]}, and the file's name {path}"


def _author(post: _Post) -> str | None:
    found = [v for n, v in post.front.values.get("speakers", ()) if n.startswith(("author", "autor", "auteur"))]  # fmt: skip
    return str(found[0]) if found and found[0] else None


def _path_id(file: File) -> str:
    if isinstance(file.place, str):
        return Path(file.below.rstrip("/")).stem
    path = Path(file.below).with_suffix("")
    inner = path.name.lower() == "index" and path.parent.name
    return (path.parent if inner else path).as_posix()


def _shorn(titles: Sequence[str]) -> Iterator[str]:
    """Take dates and times out of titles, and the words that led to them."""
    for title in titles:
        rest = without_spans(title, written_dates(title), "|")
        rest = without_spans(rest, written_times(rest), "|")
        parts = [_TAIL.sub("", part.strip(" ,;:–—-")) for part in rest.split("|")]
        shorn = _LEAD.sub("", " ".join(part for part in parts if part))
        if re.search(r"\w", words.bare(shorn)):
            yield shorn


def _abstract(post: _Post) -> str | None:
    lines = ((line, label(line)) for line in post.body.split("\n"))
    kept = [line for line, found in lines if found is None or found.name not in post.labels]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or None
