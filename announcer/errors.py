"""What can go wrong, named by what to do next.

Errors are translated once, in the adapter that meets them, and caught in the pass, the alarm and
the command line only. The message of each is written for the person who reads it: it names the
file, the key or the address, what was expected, and what to do::

    AnnouncerError
    ├── UsageError              exit 2   say it differently: unknown key, unknown series
    ├── SettingsError           exit 2   mend the settings; all mistakes at once
    ├── LedgerError             exit 2   nothing may be sent
    │   ├── LedgerMissing                adopt one
    │   ├── LedgerForeign                it belongs to other series or lists
    │   ├── LedgerDamaged                restore it, or adopt anew
    │   ├── LedgerNewer                  update the program
    │   └── LedgerBusy                   it is locked, or its server is away: later again
    ├── SourceError             exit 3   the talks are not known
    │   ├── SourceUnreadable             it could not be fetched or parsed
    │   └── SourceUntrusted              it was read, and is not believed
    ├── CompositionError        exit 1   this mail is held; the others go
    │   ├── TemplateFailed               mend the template: file, line, variable
    │   └── VerificationFailed           the composed mail breaks a rule
    ├── InternalError           exit 1   an exception nobody foresaw, kept to one series or mail
    ├── ClaimLost               exit 0   another process has taken this mail over: leave it alone
    ├── PlanOutdated            exit 1   decided anew before the mail was claimed: plan again
    ├── MailExpired             exit 1   the mail's time was over before it could go: plan again
    ├── NotSent                 exit 1   a mail that a person wants to go now cannot go
    ├── TooLate                 exit 1   a decision about a mail that is being sent right now
    ├── NotRecorded             exit 1   the ledger does not know yet what the server answered
    └── DeliveryError           exit 1
        ├── DeliveryDeferred             no copy was made: again later
        ├── DeliveryRefused              no copy was made: never
        └── DeliveryInDoubt              a copy may have been made
"""

from typing import ClassVar, Literal


class AnnouncerError(Exception):
    """The root of all errors that a user may meet; ``str()`` is the whole message.

    ``series`` is the id of the one that it concerns, where it is noted in a report; None for all.
    """

    exit_status: ClassVar[int] = 1
    series: str | None = None


class UsageError(AnnouncerError):
    """What was asked for cannot be asked for."""

    exit_status = 2


class SettingsError(AnnouncerError):
    """The settings hold mistakes; ``mistakes`` has one line for each, with its place."""

    exit_status = 2

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class LedgerError(AnnouncerError):
    """The ledger cannot be used, so nothing may be sent."""

    exit_status = 2


class LedgerMissing(LedgerError):
    """There is no ledger, or it is empty."""


class LedgerForeign(LedgerError):
    """The ledger is not of these series or lists."""


class LedgerDamaged(LedgerError):
    """The ledger cannot be read, or a row of it was changed from outside."""


class LedgerNewer(LedgerError):
    """The ledger was written by a newer program."""


class LedgerBusy(LedgerError):
    """The ledger is locked by another process for too long, its disk is full, or its server is away."""


class SourceError(AnnouncerError):
    """The talks are not known."""

    exit_status = 3


class SourceUnreadable(SourceError):
    """The source could not be fetched or parsed."""


class SourceUntrusted(SourceError):
    """The source was read, and what it says is not believed."""


class CompositionError(AnnouncerError):
    """A mail could not be made; it is held, and the others go."""


class TemplateFailed(CompositionError):
    """A template could not be found or rendered."""


class VerificationFailed(CompositionError):
    """A composed mail breaks a rule, so it must not go."""


class InternalError(AnnouncerError):
    """An exception that nobody foresaw, contained in one series or one mail."""


class ClaimLost(AnnouncerError):
    """Another process has taken this mail over."""

    exit_status = 0


class PlanOutdated(AnnouncerError):
    """The series has changed since the plan was made, so what the plan says may not be done."""


class MailExpired(AnnouncerError):
    """The time at which a mail may still go was over before it went."""


class NotSent(AnnouncerError):
    """A mail that a person wants to go now cannot go, or has gone; the message says why."""


class TooLate(AnnouncerError):
    """A decision is about a mail that is being sent right now."""


class NotRecorded(AnnouncerError):
    """The ledger does not know what the server answered; the message says where that is kept."""


class DeliveryError(AnnouncerError):
    """A mail was not taken for sure; ``reply`` is the server's last word, or what happened to it."""

    def __init__(self, reply: str) -> None:
        super().__init__(reply)
        self.reply = reply


class DeliveryDeferred(DeliveryError):
    """No copy was made, and it may be tried again.

    ``about`` tells whose trouble it is: of this mail (a 4xx to MAIL, RCPT, DATA or the dot), or of
    the server or the account (no connection, a bad certificate, a refused login, a quota).
    """

    def __init__(self, reply: str, *, about: Literal["mail", "account"] = "mail") -> None:
        super().__init__(reply)
        self.about = about


class DeliveryRefused(DeliveryError):
    """No copy was made, and trying again would not help (5xx to MAIL, RCPT, DATA or the dot)."""


class DeliveryInDoubt(DeliveryError):
    """From the first byte after 354 on there was no definite answer: a copy may exist (RFC 1047)."""
