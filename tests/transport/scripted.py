"""An SMTP server that does what its script says, and knows what it has really taken."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import trustme

PAUSE = 0.02  # between the pieces of a server that is slow, and yet ends in time
CRLF = b"\r\n"
END = b"\r\n.\r\n"


class Then(Enum):
    """What a server does once it has said what it has to say."""

    GO_ON = auto()
    CLOSE = auto()
    RESET = auto()
    HANG = auto()
    DRIP = auto()  # a byte more now and then, and never the end of the line


@dataclass(frozen=True, kw_only=True)
class Act:
    """What the server does when its turn comes.

    ``says`` are its bytes, None for the usual ones; ``cut`` leaves their first half; ``pieces``
    are how many it takes to send them; a ``late`` answer comes when the client has given up.
    ``takes`` tells whether it has the mail then; None: if it says 2xx.
    """

    says: bytes | None = None
    cut: bool = False
    pieces: int = 1
    late: bool = False
    then: Then = Then.GO_ON
    takes: bool | None = None


CLOSE = Act(says=b"", then=Then.CLOSE)
RESET = Act(says=b"", then=Then.RESET)
HANG = Act(says=b"", then=Then.HANG)

USUAL = {
    "banner": b"220 ready",
    "STARTTLS": b"220 go on",
    "AUTH": b"235 welcome",
    "password": b"235 welcome",
    "DATA": b"354 go on",
    "body": b"",
    "dot": b"250 2.0.0 queued",
    "QUIT": b"221 bye",
}


def line(words: str, *, takes: bool | None = None) -> Act:
    """Say one line, or several; a server that says 421 closes (RFC 5321, 3.8)."""
    then = Then.CLOSE if words.startswith("421") else Then.GO_ON
    return Act(says=words.encode() + CRLF, then=then, takes=takes)


@dataclass(frozen=True)
class Certificate:
    """One that is issued for 127.0.0.1, and the authority that stands for it."""

    server: ssl.SSLContext
    authority: trustme.CA


def certificate() -> Certificate:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return Certificate(context, authority)


class _Over(Exception):
    """The server has nothing more to do with this client."""


class Wire:
    """One connection, byte by byte; TLS is worked out here, so that a handshake can go wrong."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self.secured = False

    async def more(self) -> None:
        """Wait for more from the client.

        Raises:
            ConnectionError: it is gone.
        """
        data = await self._raw()
        if not self.secured:
            self._buffer += data
            return
        self._incoming.write(data)
        self._decrypt()

    async def until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            await self.more()
        end = self._buffer.index(mark) + len(mark)
        found = bytes(self._buffer[:end])
        del self._buffer[:end]
        return found

    async def begun(self) -> None:
        if not self._buffer:
            await self.more()

    async def gone(self, within: float | None = None) -> bool:
        """Wait until the client has left, or for a while."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self.more()
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    async def say(self, data: bytes) -> None:
        if self.secured and data:
            assert self._tls is not None
            self._tls.write(data)
            data = self._outgoing.read()
        self._writer.write(data)
        await self._writer.drain()

    async def hello(self, context: ssl.SSLContext) -> bytes:
        """Read the client's hello, and give what answers it."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while not self._outgoing.pending:
            self._incoming.write(await self._raw())
            self._shaken()
        return self._outgoing.read()

    async def shake(self) -> None:
        """Bring the handshake to its end."""
        while not self._shaken():
            self._incoming.write(await self._raw())
        await self.say(self._outgoing.read())
        self.secured = True
        self._decrypt()

    def reset(self) -> None:
        linger_no_time = struct.pack("ii", 1, 0)  # closing then sends RST, not FIN
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_no_time)
        self._writer.transport.abort()

    async def _raw(self) -> bytes:
        data = await self._reader.read(2**16)
        if not data:
            raise ConnectionResetError
        return data

    def _shaken(self) -> bool:
        assert self._tls is not None
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def _decrypt(self) -> None:
        assert self._tls is not None
        try:
            while data := self._tls.read(2**16):
                self._buffer += data
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            raise ConnectionResetError from error
        raise ConnectionResetError


async def _nobody_looks(_: str) -> None:
    return


@dataclass
class Scripted:
    """Does as it is told; ``taken`` holds what it has really taken.

    ``script`` names phases: connect, banner, EHLO, STARTTLS, TLS, "EHLO again", AUTH, password,
    MAIL, RCPT, DATA, body (once something of it has come), dot, QUIT. With a ``certificate`` it
    wants STARTTLS and a login. ``look`` is awaited at each command, before it is answered.
    """

    script: Mapping[str, Act | str]
    certificate: ssl.SSLContext | None = None
    login: str = "PLAIN"
    look: Callable[[str], Awaitable[None]] = _nobody_looks
    window: int | None = None
    taken: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    content_came: bool = False
    _talks: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Be there, on the port that this gives."""
        with socket.socket() as listener:
            if self.window is not None:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.window)
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            match self._act("connect").then:
                case Then.RESET:
                    yield port  # bound, and nobody listens: the kernel refuses
                case Then.HANG:
                    with _full(listener):
                        yield port
                case _:
                    async with self._serving(listener):
                        yield port

    @asynccontextmanager
    async def _serving(self, listener: socket.socket) -> AsyncIterator[None]:
        def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._talks.add(asyncio.create_task(self._talk(Wire(reader, writer), writer)))

        server = await asyncio.start_server(meet, sock=listener)
        try:
            yield
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)
            self._talks.clear()

    async def ended(self) -> None:
        """Wait until all that the clients have sent is read to its end."""
        await asyncio.gather(*self._talks)

    async def _talk(self, wire: Wire, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._perform("banner", wire)
            while await self._obey(wire):
                pass
        except (_Over, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _obey(self, wire: Wire) -> bool:
        """Answer one command; False after the last."""
        words = (await wire.until(b"\n")).split() or [b""]
        verb = words[0].decode("latin-1").upper().partition(":")[0]
        self.commands.append(verb)
        await self.look(verb)
        said = await self._perform("EHLO again" if verb == "EHLO" and wire.secured else verb, wire)
        if verb == "STARTTLS" and said.startswith(b"220") and self.certificate is not None:
            await self._perform("TLS", wire, usual=await wire.hello(self.certificate))
            await wire.shake()
        if verb == "AUTH" and said.startswith(b"334"):
            await wire.until(b"\n")
            await self._perform("password", wire)
        if verb == "DATA" and said.startswith(b"354"):
            await self._receive(wire)
        return verb != "QUIT"

    async def _receive(self, wire: Wire) -> None:
        await wire.begun()
        self.content_came = True
        early = await self._perform("body", wire)
        content = await wire.until(END)
        if self._takes("body" if early else "dot", early):
            self.taken.append(content[: -len(b".\r\n")])
        if not early:
            await self._perform("dot", wire)

    def _takes(self, phase: str, said: bytes) -> bool:
        act = self._act(phase)
        if act.takes is not None:
            return act.takes
        return (act.says or said or USUAL[phase]).startswith(b"2")

    def _act(self, phase: str) -> Act:
        act = self.script.get(phase, Act())
        return line(act) if isinstance(act, str) else act

    async def _perform(self, phase: str, wire: Wire, usual: bytes | None = None) -> bytes:
        """Do what the script has for a phase, and give what was said."""
        act = self._act(phase)
        if usual is None:
            usual = self._usual(phase, wire)
        says = usual if act.says is None else act.says
        if act.cut:
            says = says[: len(says) // 2]
        if act.late:
            await wire.gone()
        for piece in _pieces(says, act.pieces):
            await wire.say(piece)
            if act.pieces > 1:
                await asyncio.sleep(PAUSE)
        match act.then:
            case Then.RESET:
                wire.reset()
                raise _Over
            case Then.CLOSE:
                raise _Over
            case Then.HANG:
                await wire.gone()
                raise _Over
            case Then.DRIP:
                while not await wire.gone(within=PAUSE):
                    await wire.say(b"x")
                raise _Over
        return says

    def _usual(self, phase: str, wire: Wire) -> bytes:
        if phase == "EHLO" and self.certificate is not None:
            return b"250-scripted\r\n250 STARTTLS\r\n"
        if phase == "EHLO again":
            return b"250-scripted\r\n250 AUTH " + self.login.encode() + CRLF
        words = USUAL.get(phase, b"250 ok")
        return words + CRLF if words else b""


def _pieces(data: bytes, count: int) -> Iterator[bytes]:
    size = -(-len(data) // count) or 1
    return (data[at : at + size] for at in range(0, len(data), size))


@contextmanager
def _full(listener: socket.socket) -> Iterator[None]:
    """Fill the queue of those who wait to be accepted: whoever comes now gets no answer at all."""
    listener.listen(0)
    with ExitStack() as waiting:
        for _ in range(4):
            client = waiting.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex(listener.getsockname())
        yield
