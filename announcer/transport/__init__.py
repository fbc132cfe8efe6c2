"""How a mail leaves: the port; each sibling is one way out."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from announcer.message import Message

# Raises what ends an attempt whose content has been asked for, and of which nothing is out.
BeforeContent = Callable[[], None]
BeforeData = Callable[[], Awaitable[BeforeContent | None]]


class Transport(Protocol):
    """Takes mails one at a time; whoever opened it closes it."""

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        """Hand one mail over, and give the server's words for having taken it.

        ``before_data`` is awaited once, after the recipient was accepted and before anything of
        the content is sent; whatever it raises ends the attempt there, with no copy made, and is
        raised on. So does what it gives, if the server had to be waited for since: it is called right
        before the first byte of the content. When this returns, the mail is taken, and nothing has been said to the server
        since (QUIT comes with the next delivery, or with ``close``): the caller records it first.

        If it is cancelled after ``before_data`` has returned, a copy may have been made, unless this
        then says that it is deferred.

        Raises:
            DeliveryDeferred: no copy was made; again later.
            DeliveryRefused: no copy was made, and none will be.
            DeliveryInDoubt: a copy may have been made.
        """
        ...

    async def close(self) -> None:
        """Take leave of the server, if there is one; raises nothing."""
        ...
