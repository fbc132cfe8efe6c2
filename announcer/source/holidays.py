"""Days without seminar from a calendar (.ics), as states and universities publish them."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from announcer.errors import SourceUnreadable
from announcer.quantities import Span
from announcer.source.fetch import fetch

_YEARS: Final = timedelta(days=2 * 366)


async def holidays(location: Path | str, now: datetime) -> tuple[Span, ...]:
    """Read the days that a calendar's entries cover, a year back and two years ahead.

    Raises:
        SourceUnreadable: it could not be fetched, or is no calendar.
    """
    from dateutil.rrule import rrulestr  # noqa: PLC0415 - only who names a calendar pays
    from icalendar import Calendar  # noqa: PLC0415 - as above

    text = await fetch(location)
    try:
        calendar = Calendar.from_ical(text)
        events = calendar.walk("VEVENT")
        spans = []
        for event in events:
            first = _day(event.decoded("dtstart"))
            last = _day(event.decoded("dtend")) - timedelta(days=1) if "dtend" in event else first
            length = max(last - first, timedelta(0))
            starts = [first]
            if "rrule" in event:
                words = event["rrule"].to_ical()
                rule = rrulestr(
                    words if isinstance(words, str) else words.decode(),
                    dtstart=datetime.combine(first, _MIDNIGHT),
                )
                since = datetime.combine(now.date() - _YEARS / 2, _MIDNIGHT)
                starts = [at.date() for at in rule.between(since, since + 2 * _YEARS)]
            spans += [Span(first=start, last=start + length) for start in starts]
    except (ValueError, KeyError) as error:
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
