"""The event loop of the commands: names are looked up where that holds up nothing else.

asyncio looks names up in a few threads that it shares with everything, and that it waits for at the
end. A name server that does not answer would hold up the pages and mails of others, and the end.
"""

import asyncio
import contextlib
import socket
import threading
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """Looks each name up in a thread of its own, which nobody waits for at the end."""

    async def getaddrinfo(
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the library's name
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        """Look up a name, as ``socket.getaddrinfo`` does."""
        found: asyncio.Future[list[Any]] = self.create_future()

        def tell(addresses: list[Any] | None, error: BaseException | None) -> None:
            if found.done():
                return  # nobody waits any more
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(addresses or [])

        def look_up() -> None:
            addresses, failure = None, None
            try:
                addresses = socket.getaddrinfo(host, port, family, type, proto, flags)
            except Exception as error:  # noqa: BLE001 - it is raised where the name is waited for
                failure = error
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self.call_soon_threadsafe(tell, addresses, failure)

        threading.Thread(target=look_up, daemon=True, name="lookup").start()
        return await found
