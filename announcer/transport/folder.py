"""Mail into a folder: for rehearsals, where nothing may leave the machine."""

from pathlib import Path

from announcer.errors import DeliveryDeferred
from announcer.message import Message
from announcer.private_files import write_into
from announcer.transport import BeforeData


class FolderTransport:
    """Writes each mail as an ``.eml`` file named by its key; without a folder it keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def deliver(self, message: Message, *, before_data: BeforeData) -> str:
        """Write the mail, and give the words of a rehearsal."""
        await before_data()
        if self._folder is not None:
            write(self._folder, message.key, ".eml", message.content)
        return "a rehearsal: nothing was sent"

    async def close(self) -> None:
        """Nothing is open."""


def write(folder: Path, key: str, ending: str, content: bytes) -> Path:
    """Write a file named by a key, which only its owner can read, and give its path.

    Raises:
        DeliveryDeferred: the folder cannot be written.
    """
    name = key.replace("/", "_") + ending
    try:
        return write_into(folder, name, content)
    except OSError as error:
        words = f"{folder / name} cannot be written: {error.strerror}"
        raise DeliveryDeferred(words) from error
