"""What the organisers must hear: a cause, and the words for it. Never goes to the list."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from announcer.announcement import Announcement, Plan
from announcer.belief import STANDS_FOR, TOLD_AFTER, to_plan
from announcer.errors import AnnouncerError, InternalError, SourceError
from announcer.flicker import alternates, unsettled
from announcer.flicker import described as described_state
from announcer.instants import elapsed, known
from announcer.ledger import Believed, History, InDoubt, Refused, Row, State, Watch
from announcer.overdue import was_missed
from announcer.past import Past, Standing
from announcer.plan import as_decided
from announcer.report import Delivery, Fate
from announcer.spool import Unrecorded
from announcer.talks import Series, Talk
from announcer.unsettled import BY_RULE

# After so many attempts the organisers hear of a mail that is deferred again and again.
MANY_ATTEMPTS: Final = 5
# From so long before its mail on a doubt is told every day, and before that once.
DAILY_FROM: Final = timedelta(days=7)
# From so long before its mail on what is missing is told: before, it is usual that it is not there.
MISSING_FROM: Final = timedelta(days=2)
MOST_NAMED: Final = 5  # of the talks far ahead that are unclear
_TO_COME: Final = frozenset({Standing.UPCOMING, Standing.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that needs a person, or that a person should know.

    A cause is told once a day at most; ``once`` says that once is enough, as nothing can be done
    about it, or nothing has to be done yet. Of many that are ``far`` ahead a few are named.
    """

    cause: str
    words: str
    once: bool = False
    far: bool = False


def _of_mail(mail: Announcement, what: str, words: str, *, once: bool = False) -> Concern:
    """Give the concern about one mail; ``what`` became of it.

    The cause is named neither by the key nor by the talks' ids, which may change.
    """
    day = mail.series.local(mail.due_at).date()
    about = " ".join(talk.identity for talk in mail.talks)
    return Concern(
        cause=f"{what}: {mail.series.id}/{mail.rule}/{day} {about}",
        words=f"{described(mail)}: {words}",
        once=once,
    )


def of_lost_sender(row: Row) -> Concern:
    """Give the concern about a mail whose sender ended before it could record an answer."""
    return Concern(
        cause=f"in doubt: {row.key}",
        words=f"{row.key}, {row.subject}: {row.reply}; {_settle(row.key)}",
        once=True,
    )


def of_late_answer(entry: Unrecorded) -> Iterator[Concern]:
    """Give the concern about an answer that the ledger could not record when it came."""
    match entry.outcome:
        case Refused(reply=reply):
            again = f"`announcer release {entry.key}` tries it again"
            words = f"{entry.key}: the server refused it: {reply}; {again}"
            yield Concern(cause=f"refused: {entry.key} {entry.claim.fence}", words=words, once=True)
        case InDoubt(reply=reply):
            words = (
                f"{entry.key}: the server may have taken it or not: {reply}; {_settle(entry.key)}"
            )
            yield Concern(cause=f"in doubt: {entry.key}", words=words, once=True)


def _settle(key: str) -> str:
    return f"`announcer settle {key} --as sent` or `--as resend` ends the doubt"


def described(mail: Announcement) -> str:
    """Name a mail for a person: its key, and the talks it is about."""
    return f"{mail.key}, about {'; '.join(_talk(talk, mail.series) for talk in mail.talks)}"


def _talk(talk: Talk, series: Series) -> str:
    start = talk.starts_at and f"{series.local(talk.starts_at):%a %Y-%m-%d %H:%M}"
    when = start or (f"{talk.day:%a %Y-%m-%d}" if talk.day else "no date")
    return f"{talk.title or 'to be announced'} ({when})"


def of_plan(plan: Plan, believed: Believed | None, now: datetime) -> Iterator[Concern]:
    """Give what a plan shows that the organisers must hear: mails missed, and mails held too late.

    A talk that first stood on the page when its time was over already was not missed.
    """
    for mail in plan.announcements:
        if mail.by_choice:
            continue
        if mail.standing is Standing.MISSED and was_missed(mail, believed, now):
            again = mail.row is not None and mail.row.state is State.RETRY
            last = f" (the last answer: {mail.row.reply})" if again and mail.row else ""
            ahead = all(talk.starts_at and talk.starts_at > now for talk in mail.talks)
            still = f"; `announcer send {mail.key}` still sends it" if ahead else ""
            words = f"it was missed: {mail.reason}{last}{still}"
            yield _of_mail(mail, "missed", words, once=True)
        elif mail.standing is Standing.HELD and mail.row is None and mail.overdue:
            lost = {talk.identity for talk in believed.gone} if believed else set()
            if {talk.identity for talk in mail.talks} <= lost:
                continue  # of what has gone the organisers hear at once
            words = f"it is due, and held: {mail.reason}"
            yield _of_mail(mail, "held", f"{words}; `announcer plan` tells more")


def worded(concerns: Iterable[Concern], causes: Collection[str]) -> list[str]:
    """Give the sentences about these causes, with what is near first, and of what is far a few."""
    told = {concern.cause: concern for concern in concerns if concern.cause in causes}
    near = [concern.words for concern in told.values() if not concern.far]
    far = [concern.words for concern in told.values() if concern.far]
    if len(far) > MOST_NAMED:
        more = len(far) - MOST_NAMED
        far[MOST_NAMED:] = [f"and {more} more talks are unclear; `announcer talks` shows them all"]
    return near + far


def soon(plan: Plan, now: datetime) -> frozenset[str]:
    """Name the talks of which a mail is held that is due within the week, or by now."""
    return frozenset(
        talk.identity
        for mail in plan.standing(Standing.HELD)
        if mail.due_at <= now + DAILY_FROM
        for talk in mail.talks
    )


def of_facts(
    series: Series, plan: Plan, history: History, now: datetime, quiet: timedelta
) -> Iterator[Concern]:
    """Give the concerns about facts of the page that are wrong, and of those that are missing.

    What is unclear is told once it has stood for the quiet time, and then daily from a week before
    a mail about it. What is missing is normal until two days before the mail that needs it.
    """
    if history.believed is None:
        return
    past, believed = Past(history, now), history.believed
    near = soon(plan, now)
    told = {t.identity for m in plan.announcements if _is_told(m) for t in m.talks}
    talks = [as_decided(talk, past) for talk in believed.talks]
    new = {
        name
        for name, at in believed.clear.items()
        if (since := known(at, now)) and since + quiet > now
    }
    for talk in talks:
        if talk.identity not in new | told | believed.unsure and _asks(talk, series, now):
            far = talk.identity not in near
            yield Concern(
                cause=f"unclear: {series.id} {talk.identity} {talk.unclear}",
                words=f"{_talk(talk, series)}: it is unclear: {talk.unclear}. Mend the page, or say "
                f"`announcer accept {talk.id}` if it is right; until then nothing goes out about it",
                once=far,
                far=far,
            )
    for mail in plan.announcements:
        if mail.kind in BY_RULE and mail.standing in _TO_COME and now + MISSING_FROM >= mail.due_at:
            settled = [talk for talk in mail.talks if talk.identity not in new]
            yield from _of_missing(mail, settled, talks, past)


def _is_told(mail: Announcement) -> bool:
    """Return whether the organisers hear of a mail itself, and so of its talks."""
    return mail.standing is Standing.HELD and mail.overdue


def _asks(talk: Talk, series: Series, now: datetime) -> bool:
    """Return whether a talk is unclear, and not over."""
    if not talk.unclear or talk.cancelled:
        return False
    if talk.starts_at is not None:
        return talk.starts_at > now
    return talk.day is None or talk.day >= series.local(now).date()


def _of_missing(
    mail: Announcement, about: Iterable[Talk], talks: Collection[Talk], past: Past
) -> Iterator[Concern]:
    """Give the concern about what is not known of the talks of a mail that comes soon."""
    for talk in about:
        word = past.decision("", talk)
        accepted = word is not None and word.what == "accept"
        lacking = _lacking(talk, mail.series, talks)
        if accepted or talk.unclear or talk.cancelled or not lacking:
            continue
        verb = "is" if len(lacking) == 1 else "are"
        when = f"{mail.series.local(mail.due_at):%a %Y-%m-%d %H:%M %Z}"
        yield Concern(
            cause=f"missing: {mail.series.id} {talk.identity} {' '.join(lacking)}",
            words=f"{_talk(talk, mail.series)}: its {' and its '.join(lacking)} {verb} not known; "
            f"{mail.key}, of {when}, is about it. Add it to the page, or say "
            f"`announcer accept {talk.id}` if there is none",
        )


def _lacking(talk: Talk, series: Series, talks: Collection[Talk]) -> list[str]:
    """Name what is not known of a talk, as far as this series usually has it."""
    with_speaker = sum(bool(other.speakers) for other in talks)
    with_place = sum(bool(other.location or other.stream) for other in talks)
    lacks = {
        "title": (talk.tba or not talk.title) and not series.announce_tba,
        "start": talk.starts_at is None,
        "speaker": not talk.speakers and 2 * with_speaker > len(talks),
        "place": not (talk.location or talk.stream) and 2 * with_place > len(talks),
    }
    return [name for name, is_missing in lacks.items() if is_missing]


def of_gone(
    series: Series, believed: Believed | None, now: datetime, near: Collection[str] = ()
) -> Iterator[Concern]:
    """Give the concern about talks that went from the page before their day.

    It is told at once, and daily of those that are ``near``.
    """
    if believed is None:
        return
    unsure = {talk.id for talk in believed.talks if talk.identity in believed.unsure}
    listed = {talk.identity for talk in believed.talks}
    for talk in to_plan(believed, series, now):
        asked_otherwise = talk.id in unsure or talk.cancelled
        if talk.identity in listed or talk.unclear is None or asked_otherwise:
            continue
        yield Concern(
            cause=f"gone: {series.id} {talk.identity} {believed.since.get(talk.identity)}",
            words=f"{_talk(talk, series)}: {talk.unclear}. Until then its mails are held",
            once=talk.identity not in near,
        )
    for talk in believed.talks:
        if talk.identity in believed.unsure:
            yield Concern(
                cause=f"unsure: {series.id} {talk.identity} {believed.since.get(talk.identity)}",
                words=f"{talk.unclear}. Until then the mails about both are held",
                once=talk.identity not in near,
            )


def of_copies(series: Series, believed: Believed | None, now: datetime) -> Iterator[Concern]:
    """Give the concerns about a page of which old copies are served: now and then, or for a day."""
    if believed is None:
        return
    talks = {talk.identity: talk for talk in (*believed.gone, *believed.talks)}
    alternating = {
        name: watch
        for name, watch in unsettled(believed).items()
        if alternates(watch) and name in talks
    }
    if alternating:
        parts = [_alternation(talks[name], watch, series) for name, watch in alternating.items()]
        ids = " or ".join(f"`announcer accept {talks[name].id}`" for name in alternating)
        yield Concern(
            cause=f"flicker: {series.id}",
            words=f"the page of {series.id} flickers: {'; '.join(parts)}. No mail about it goes out "
            "until the page has read the same three times in a row, or most readings of an hour "
            "agree. A cache, a CDN or one of several servers may hold an old copy: empty the cache, "
            f"and look at the page through each of them; {ids} takes what the page says now",
        )
    outdated = elapsed(believed.outdated_since, now)
    if outdated is not None and outdated >= TOLD_AFTER:
        since = series.local(now - outdated)
        yield Concern(
            cause=f"old copy: {series.id}",
            words=f"the page of {series.id} has been served since {since:%a %Y-%m-%d %H:%M} as a copy "
            "that is older than one that was read before (by Last-Modified or Age), so what it says "
            "is not taken. Empty the cache or CDN in front of it, or put the page up anew; "
            f"`announcer accept --series {series.id}` takes it as it stands",
        )


def _alternation(talk: Talk, watch: Watch, series: Series) -> str:
    texts = dict.fromkeys((described_state(talk, series), *watch.shown.values()))
    sayings = " and then ".join(f'"{text}"' for text in texts)
    return f"of talk {talk.id} it says now {sayings}"


def of_source(
    series: Series, trouble: AnnouncerError, last: Believed, now: datetime
) -> Iterator[Concern]:
    """Give the concern about a source that could not be read, or believed, for a day."""
    ago = elapsed(last.read_at, now)
    if ago is not None and ago < TOLD_AFTER:
        return
    until = series.local(last.read_at + STANDS_FOR)
    yield Concern(
        cause=f"source: {series.id}",
        words=f"{trouble}. The talks as they were last read, on "
        f"{series.local(last.read_at):%a %Y-%m-%d %H:%M}, stand until {until:%a %Y-%m-%d %H:%M}; "
        "after that nothing goes out",
    )


def of_delivery(delivery: Delivery) -> Iterator[Concern]:
    """Give the concern about a mail that was not sent."""
    mail, reply = delivery.announcement, delivery.reply or ""
    match delivery.fate:
        case Fate.REFUSED:
            tries, words = _refused(mail, reply)
            yield _of_mail(mail, f"refused after {tries} attempts", words)
        case Fate.IN_DOUBT:
            words = f"the server may have taken it or not: {reply}; {_settle(mail.key)}"
            yield _of_mail(mail, "in doubt", reply if "announcer settle" in reply else words)
        case Fate.FAILED:
            yield _of_mail(mail, "failed", reply)
        case Fate.HELD if mail.standing is Standing.DUE or mail.row is not None:
            if delivery.trouble is not None:
                yield _of_mail(mail, "failed", reply)
        case Fate.DEFERRED if mail.row is not None and mail.row.attempts >= MANY_ATTEMPTS:
            words = f"it could not be sent {mail.row.attempts} times, and is tried again: {reply}"
            yield _of_mail(mail, "deferred", words)


def _refused(mail: Announcement, reply: str) -> tuple[int, str]:
    """Give how often a mail was tried until it was refused, and what to say of that."""
    before = mail.row.attempts if mail.row else 0
    if mail.standing is not Standing.DUE:  # an earlier pass was refused it
        return before, reply
    again = f"`announcer release {mail.key}` tries it again"
    return before + 1, f"the server refused it: {reply}; {again}"


def of_unknown(series: Series, problem: SourceError) -> Concern:
    """Give the concern about a source of which nothing is known that still stands."""
    words = f"{problem}. Nothing goes out until the talks can be read again"
    return Concern(cause=f"source: {series.id}", words=words)


def of_internal(series: Series, problem: InternalError) -> Concern:
    """Give the concern about a failure of the program itself, while it worked on a series."""
    return Concern(
        cause=f"internal: {series.id}",
        words=f"announcer itself failed while it worked on {series.name}, so a mail of it may be late or "
        f"missing; it tries again with each pass. `announcer plan --series {series.id}` shows what "
        f"is due. Please show this to whoever runs announcer: {problem}",
    )
