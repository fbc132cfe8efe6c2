"""What an organiser decides: on one mail, by its key, or on one talk, by its id.

A decision binds the talks that the key names at that time, for that rule, wherever they move.
"""

import getpass
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from announcer import app as parts
from announcer.announcer import Clock, adopted
from announcer.belief import accepted
from announcer.console import begun, each, planned
from announcer.display import say
from announcer.errors import SettingsError, TooLate, UsageError
from announcer.ledger import Decision, Ledger, Row, State, What
from announcer.past import Standing
from announcer.settings import BrokenSeries, SeriesSettings, Settings, refuse_broken
from announcer.talks import Talk

_DONE = {
    "hold": "held until `announcer release`",
    "skip": "will not be sent",
    "note": "will carry your paragraph",
    "release": "released; it goes at its moment, or with the next pass if that has come",
}


class Office:
    """Takes an organiser's word into the ledger."""

    def __init__(
        self,
        settings: Settings,
        chosen: tuple[SeriesSettings, ...],
        clock: Clock,
        *,
        broken: tuple[BrokenSeries, ...] = (),
    ) -> None:
        """Take the series in service, and those that are out of service."""
        self._broken = broken
        self._settings = settings
        self._chosen = {asked.series.id: asked for asked in chosen}
        self._clock = clock

    @property
    def status(self) -> int:
        """The exit status of what is asked of all series, while some are out of service."""
        return SettingsError.exit_status if self._broken else 0

    async def decide(self, key: str, what: What, words: str) -> int:
        """Take a word on one mail.

        Raises:
            TooLate: it is being sent right now.
            UsageError: there is no such mail, or it was sent already.
        """
        async with parts.current_ledger(self._settings) as ledger:
            await self._decide(ledger, key, what, words)
        return 0

    async def _decide(self, ledger: Ledger, key: str, what: What, words: str) -> None:
        asked = self._series_of(key)
        row = next((row for row in await ledger.rows() if row.key == key), None)
        rule, talks = _named(row) if row else await self._planned(ledger, asked, key)
        decisions = self._decisions(asked, rule, talks, what, words)
        await ledger.decide(decisions, key=key, now=self._clock(asked.series))
        done = "will carry no paragraph of yours" if (what, words) == ("note", "") else _DONE[what]
        say(f"{key}: {done}")

    async def _planned(
        self, ledger: Ledger, asked: SeriesSettings, key: str
    ) -> tuple[str, list[str]]:
        """Give the rule and the talks that a key of the plan names."""
        plan, _ = await planned(asked, self._settings, ledger, self._clock)
        for mail in plan.announcements:
            if mail.key == key:
                return mail.rule, [talk.identity for talk in mail.talks]
        known = [m.key for m in plan.announcements if m.standing is not Standing.MISSED]
        raise UsageError(f"there is no mail {key}; known are: {', '.join(known[-12:]) or 'none'}")

    async def release(self, key: str, why: str) -> int:
        """Let one mail go.

        Raises:
            TooLate: it is being sent right now.
            UsageError: there is no such mail, or nothing keeps it.
        """
        asked = self._series_of(key)
        async with parts.current_ledger(self._settings) as ledger:
            row = next((row for row in await ledger.rows() if row.key == key), None)
            plan, _ = await planned(asked, self._settings, ledger, self._clock)
            held = {mail.key for mail in plan.standing(Standing.HELD)}
            held |= {mail.key for mail in plan.standing(Standing.SKIPPED)}
            if row is None and key not in held:
                await self._planned(ledger, asked, key)
                raise UsageError(f"{key} is not held, so there is nothing to release")
            if row is not None and (row.state is not State.IN_DOUBT or key not in held):
                decisions = self._decisions(asked, *_named(row), "release", why)
                now = self._clock(asked.series)
                await ledger.release(key, decisions=decisions, now=now)
                say(f"{key}: {_DONE['release']}")
            else:
                await self._decide(ledger, key, "release", why)
            # A person who lets it go has mended what was wrong with the account.
            await ledger.resume(self._settings.smtp.account)
        return 0

    async def release_all(self) -> int:
        """Let all go that caps hold."""
        async with parts.current_ledger(self._settings) as ledger:
            rows = [row for name in self._chosen for row in (await ledger.history(name)).rows]
            held = [row for row in rows if row.state is State.HELD]
            for row in held:
                await ledger.release(row.key, now=self._clock(self._chosen[row.series].series))
                say(f"{row.key}: {_DONE['release']}")
        if not held:
            say("Nothing is held by caps.")
        return 0

    async def settle(self, key: str, *, arrived: bool) -> int:
        """End the doubt about one mail.

        Raises:
            UsageError: it is not in doubt, or shall never be sent again.
        """
        async with parts.current_ledger(self._settings) as ledger:
            row = await self._row(ledger, key)
            now = self._clock(self._chosen[row.series].series)
            await ledger.expire(row.series, now=now)
            await ledger.settle(key, arrived=arrived, now=now)
        words = "counts as sent" if arrived else "goes once more with the next pass"
        say(f"{key}: {words}")
        return 0

    async def cancel(self, talk_id: str, why: str, *, tell: bool = False) -> int:
        """Take a person's word that a talk is cancelled; with ``tell`` the list hears why.

        Raises:
            TooLate: it is recorded, but a mail about the talk is being sent right now.
            UsageError: there is no such talk, several series have one, or no reason is given to tell.
        """
        if tell and not why.strip():
            raise UsageError('--tell tells the list the reason; give it by --why "…"')
        async with parts.current_ledger(self._settings) as ledger:
            asked, talk = await self._talk(ledger, talk_id)
            late = await self._decide_talks(
                ledger, asked, [talk.identity], "cancel", why, tell=tell
            )
        reason = f' The list hears the reason "{" ".join(why.split())}".' if tell else ""
        say(
            f"{asked.series.id}: talk {talk_id} is cancelled; if the list heard of it, it is told in "
            f"{_minutes(asked.changes.quiet)}, or at once where the talk is near.{reason} "
            f"`announcer accept {talk_id}` takes that back"
        )
        _not_too_late(late)
        return 0

    async def accept(self, talk_id: str | None) -> int:
        """Take a person's word that a page, or one talk of it, is right as it stands."""
        if talk_id == "":
            raise UsageError(
                "say which talk: `announcer accept ID`; without ID it is the whole page"
            )
        async with parts.current_ledger(self._settings) as ledger:
            if talk_id is not None and len(self._chosen) + len(self._broken) > 1:
                raise UsageError(f"name the series of talk {talk_id} by --series")

            async def take(asked: SeriesSettings) -> None:
                history = await ledger.history(asked.series.id)
                adopted(asked.series, history.adoption)
                reading, now = await readings.of(asked), self._clock(asked.series)
                last = history.believed
                only = [talk_id] if talk_id else []
                found = accepted(last, reading, asked.series, now, only)
                accepted_talks = [t for t in found.talks if talk_id in (None, t.id)]
                if talk_id and not accepted_talks:
                    raise UsageError(
                        f"the page of {asked.series.id} has no talk {talk_id}; `announcer cancel "
                        f"{talk_id}` calls it off, and `announcer accept` without an id forgets it"
                    )
                await ledger.believe(found)
                answers = talk_id is not None
                late = await self._accept(ledger, asked, accepted_talks, answers=answers)
                ahead = sum(t.starts_at is not None and t.starts_at > now for t in found.talks)
                what = f"talk {talk_id}" if talk_id else "the page"
                for talk in last.gone if last else ():
                    if talk not in found.gone and talk.identity not in {
                        t.identity for t in found.talks
                    }:
                        say(f"{asked.series.id}: forgotten: {talk.id}, {talk.title} on {talk.day}")
                say(
                    f"{asked.series.id}: {what} is believed as it stands; {len(found.talks)} talks, "
                    f"{ahead} ahead with a time"
                )
                _not_too_late(late)

            chosen = tuple(self._chosen.values())
            async with begun(self._settings, chosen, self._clock) as readings:
                return await each(chosen, take)

    async def _accept(
        self, ledger: Ledger, asked: SeriesSettings, talks: list[Talk], *, answers: bool
    ) -> tuple[str, ...]:
        """Record that talks are right, and return the mails about them that are being sent.

        With ``answers`` this also ends what is unclear about them. Who accepts a whole page has
        not looked at every talk of it, so that no doubt ends by that.
        """
        late: list[str] = []
        for talk in talks:
            doubt = talk.unclear if answers else None
            identities = [talk.identity]
            late += await self._decide_talks(ledger, asked, identities, "accept", doubt or "")
        return tuple(dict.fromkeys(late))

    async def _decide_talks(
        self,
        ledger: Ledger,
        asked: SeriesSettings,
        talks: list[str],
        what: What,
        words: str,
        *,
        tell: bool = False,
    ) -> tuple[str, ...]:
        """Record a decision about talks, and give the mails about them that are being sent."""
        decisions = self._decisions(asked, "", talks, what, words)
        decisions = [replace(decision, tell=tell) for decision in decisions]
        now = self._clock(asked.series)
        return await ledger.decide(decisions, key=asked.series.id, now=now)

    def _decisions(
        self, asked: SeriesSettings, rule: str, talks: list[str], what: What, words: str
    ) -> list[Decision]:
        at = self._clock(asked.series)
        return [
            Decision(
                series=asked.series.id,
                rule=rule,
                talk=talk,
                what=what,
                words=" ".join(words.split()),
                who=_who(),
                at=at,
            )
            for talk in talks
        ]

    def _series_of(self, key: str) -> SeriesSettings:
        name = key.partition("/")[0]
        if name not in self._chosen:
            refuse_broken(self._broken, name)
            raise UsageError(
                f"there is no mail {key}; a key begins with the id of a series: "
                f"{', '.join(sorted(self._chosen))}"
            )
        return self._chosen[name]

    async def _row(self, ledger: Ledger, key: str) -> Row:
        for row in await ledger.rows():
            if row.key == key and row.series in self._chosen:
                return row
        if key.partition("/")[0] in self._chosen:
            await ledger.history(key.partition("/")[0])  # which refuses what it cannot read
        refuse_broken(self._broken, key.partition("/")[0])
        raise UsageError(f"the ledger knows no mail {key}; `announcer log` lists them")

    async def _talk(self, ledger: Ledger, talk_id: str) -> tuple[SeriesSettings, Talk]:
        if self._broken:
            names = ", ".join(broken.name for broken in self._broken)
            raise UsageError(
                f"name the series of talk {talk_id} by --series, as one that is out of service may have "
                f"such a talk too: {names}"
            )
        found = []
        for asked in self._chosen.values():
            believed = (await ledger.history(asked.series.id)).believed
            talks = (*believed.talks, *believed.gone) if believed else ()
            found += [(asked, talk) for talk in talks if talk.id == talk_id]
        if not found:
            raise UsageError(f"no talk {talk_id} is known; `announcer talks` lists them")
        if len({asked.series.id for asked, _ in found}) == 1 < len(found):
            readings = " and ".join(f'"{talk.title}" on {talk.day}' for _, talk in found)
            raise UsageError(
                f"{talk_id} can be two talks, {readings}, one of which has gone from the page or is "
                "not known for sure; put it on the page with a number of its own, marked as cancelled"
            )
        if len(found) > 1:
            names = ", ".join(asked.series.id for asked, _ in found)
            raise UsageError(
                f"several series have a talk {talk_id} ({names}); name one by --series"
            )
        return found[0]


def _named(row: Row) -> tuple[str, list[str]]:
    """Give the rule and the talks that a mail of the ledger names."""
    return row.rule, [said.identity for said in row.said]


def _not_too_late(keys: Sequence[str]) -> None:
    """Say which mails about a talk are on their way already, though the decision is recorded.

    Raises:
        TooLate: there are some.
    """
    if keys:
        are, it = ("is", "it") if len(keys) == 1 else ("are", "them")
        raise TooLate(
            f"{', '.join(keys)} {are} being sent right now, as composed before this decision; if the "
            f"server takes {it}, the list hears of the change by a mail of its own. "
            "`announcer log KEY` shows it"
        )


def _minutes(length: timedelta) -> str:
    """Say a short span of the settings."""
    return f"{length / timedelta(minutes=1):g} min"


def _who() -> str:
    """Name who decides: the user of this machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
