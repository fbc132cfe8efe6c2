"""Days without seminar from a calendar (.ics), as states and universities publish them."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from announcer.errors import SourceUnreadable
from announcer.quantities import Span
from announcer.source.fetch import Fetcher
from announcer.source.recurrence import Allowance, TooMuchWork, occurrences, parsed
from announcer.source.texts import Texts

_YEARS: Final = timedelta(days=2 * 366)
_MOST_DAYS: Final = 400_000  # that the rules of all its entries may look at


async def holidays(
    location: Path | str, now: datetime, texts: Texts | None = None
) -> tuple[Span, ...]:
    """Read the days that a calendar's entries cover, a year back and two years ahead.

    Raises:
        SourceUnreadable: it could not be fetched, or is no calendar.
    """
    from icalendar import Calendar  # noqa: PLC0415 - only who names a calendar pays

    text = await (texts or Fetcher()).text(location)
    try:
        calendar = Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
        spans = []
        allowance = Allowance(_MOST_DAYS)
        for event in events:
            first = _day(event.decoded("dtstart"))
            last = _day(event.decoded("dtend")) - timedelta(days=1) if "dtend" in event else first
            length = max(last - first, timedelta(0))
            starts = [first]
            if "rrule" in event:
                since = datetime.combine(now.date() - _YEARS / 2, _MIDNIGHT)
                begin = datetime.combine(first, _MIDNIGHT)
                rules: Any = event["rrule"]
                starts = [
                    at.date()
                    for rule in (rules if isinstance(rules, list) else [rules])
                    for at in occurrences(parsed(rule), begin, since, since + 2 * _YEARS, allowance)
                ]
            spans += [Span(first=start, last=start + length) for start in starts]
    except (ValueError, KeyError, TooMuchWork) as error:
        raise SourceUnreadable(
            f"{location} is no calendar that can be read ({error}); name an .ics file in "
            "breaks.calendar"
        ) from error
    if not spans:
        raise SourceUnreadable(f"{location} has no entries; name an .ics file in breaks.calendar")
    return tuple(spans)


_MIDNIGHT: Final = datetime.min.time()


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
