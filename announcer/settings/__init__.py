"""What the organisers ask for: one file, read once, and every mistake in it reported at once.

pydantic checks the tables as they are written; what comes out are the core's own values. The
environment and secret files override what stands outside ``[[series]]``.
"""

from announcer.settings.broken import BrokenSeries, all_mistakes, refuse_broken
from announcer.settings.last_good import with_last_good
from announcer.settings.loading import (
    SeriesSettings,
    Settings,
    find_settings,
    load_settings,
    read_settings,
)
from announcer.settings.schema import (
    BreaksTable,
    ChangesTable,
    Delivery,
    Fact,
    Fetch,
    LedgerTable,
    Limits,
    Operator,
    RuleTable,
    SeriesTable,
    Service,
    Smtp,
    SourceTable,
)

__all__ = [
    "BreaksTable",
    "BrokenSeries",
    "ChangesTable",
    "Delivery",
    "Fact",
    "Fetch",
    "LedgerTable",
    "Limits",
    "Operator",
    "RuleTable",
    "SeriesSettings",
    "SeriesTable",
    "Service",
    "Settings",
    "Smtp",
    "SourceTable",
    "all_mistakes",
    "find_settings",
    "load_settings",
    "read_settings",
    "refuse_broken",
    "with_last_good",
]
