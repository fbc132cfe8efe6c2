"""Work on foreign input in a process of its own, which ends for certain after a time.

The process and its limits are those of ``parse_server``; here is the program's end of it.
"""

import asyncio
import atexit
import contextlib
import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from announcer.errors import SourceUnreadable
from announcer.source.parse_server import (
    DEATH,
    DIED,
    END,
    LENGTH,
    NO_MEMORY,
    REQUEST,
    serve,
)
from announcer.source.slots import Slots

_GRACE: Final = 5.0  # seconds after which it is given up, should its process not have ended
_END_WITHIN: Final = 0.5  # seconds
_START: Final = (
    "import json, sys\n"
    "sys.path[:] = json.loads(sys.argv.pop(1))\n"
    "from announcer.source.parse_server import main\n"
    "main(sys.argv[1:])\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What understanding one thing may take: seconds, and bytes of memory of its own."""

    seconds: float = 10.0
    memory: int = 256 * 1024 * 1024


class Processes:
    """Starts the processes; the one that they are forked from is started once.

    Args:
        limits: what one of them may take.
        at_once: how many work at once; one that takes long does not count any more.
        server: what they are forked from; the one of this program unless given.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        at_once: int | None = None,
        server: "Server | None" = None,
    ) -> None:
        self._server = server or SERVER
        self._limits = limits or Limits()
        self._slots = Slots(at_once or max(2, os.cpu_count() or 2), patience=2.0)

    async def run(self, name: str, code: int, function: Callable[..., Any], *given: object) -> Any:
        """Call a function in a process of its own, and return what it returns.

        Args:
            name: what it is about, for messages.
            code: what must be loaded for it, an index of ``parse_server.LOADED``.
            function: one of a module.
            given: its arguments.

        Raises:
            SourceUnreadable: it took too long or too much memory, or its process ended otherwise.
        """
        request = pickle.dumps((function, given), protocol=pickle.HIGHEST_PROTOCOL)
        header = REQUEST.pack(len(request), self._limits.seconds, self._limits.memory)
        async with self._slots.one(""):
            answer = await self._asked(name, code, header, request)
            if not answer:  # what it should be forked from had just ended: another takes its place
                answer = await self._asked(name, code, header, request)
        return self._value(name, answer)

    async def _asked(self, name: str, code: int, header: bytes, request: bytes) -> bytearray:
        try:
            talk = self._server.ask(code)
        except OSError as error:
            raise _not_started(name, error.strerror or type(error).__name__) from error
        try:
            async with asyncio.timeout(self._limits.seconds + _GRACE):
                return await _exchanged(talk, header, request)
        except TimeoutError as error:
            raise self._too_long(name) from error
        finally:
            talk.close()  # its process is ended if it has not ended yet

    def _value(self, name: str, answer: bytearray) -> Any:
        if answer.endswith(END) and len(answer) > LENGTH.size:
            [length] = LENGTH.unpack_from(answer)
            if len(answer) == LENGTH.size + length + len(END):
                # From a child of this program, which had what it read as text.
                return pickle.loads(memoryview(answer)[LENGTH.size : -len(END)])  # noqa: S301 - see above
        if len(answer) < DEATH.size:
            raise _died(name, "it ended without an answer")
        how, number = DEATH.unpack_from(answer, len(answer) - DEATH.size)
        if how != DIED:
            raise _not_started(name, os.strerror(number) if number else "not enough memory")
        if number == -signal.SIGALRM:
            raise self._too_long(name)
        if number == NO_MEMORY:
            most = self._limits.memory // (1024 * 1024)
            raise SourceUnreadable(
                f"{name} needs more than {most} MiB of memory to be understood, so it was given up; "
                "that is no list of talks: look at what it holds"
            )
        if number == -signal.SIGKILL:
            raise _died(name, "the system killed it, as it does when memory runs short")
        raise _died(name, f"signal {-number}" if number < 0 else f"status {number}")

    def _too_long(self, name: str) -> SourceUnreadable:
        return SourceUnreadable(
            f"{name} takes longer than {self._limits.seconds:g} seconds to be understood, so it was "
            "given up; that is no list of talks: look at what it holds"
        )


def _not_started(name: str, why: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"{name} was not read, as no process could be started for it ({why}); see to the limits of "
        "this machine on processes and memory"
    )


def _died(name: str, how: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"{name} was not understood: the process that read it ended early ({how}); the next reading "
        "tries again"
    )


async def _exchanged(talk: socket.socket, header: bytes, request: bytes) -> bytearray:
    """Send a request, and give all that comes back: the answer, or how the process died."""
    loop = asyncio.get_running_loop()
    answer = bytearray()
    with contextlib.suppress(ConnectionError):  # what it said before it died is still read
        await loop.sock_sendall(talk, header)
        await loop.sock_sendall(talk, request)
    with contextlib.suppress(ConnectionError):
        while chunk := await loop.sock_recv(talk, 1 << 18):
            answer += chunk
            if answer.endswith(END) and len(answer) == _whole(answer):
                break
    return answer


def _whole(answer: bytearray) -> int:
    return int(LENGTH.unpack_from(answer)[0]) + LENGTH.size + len(END)


class Server:
    """The process that the others are forked from."""

    def __init__(self, executable: str = sys.executable) -> None:
        """Take the Python that it is a program of, where it cannot be forked."""
        self._executable = executable
        self._control: socket.socket | None = None
        self._owner = 0  # the process that has started it
        self._pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self) -> None:
        """Start it, where that is safe: in a program that has no threads yet."""
        self._leave_to_its_owner()
        if self._control is not None or threading.active_count() > 1:
            return
        ours, theirs = socket.socketpair()
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            theirs.close()
            return  # tried again when it is needed, and then said
        if pid == 0:
            ours.close()
            serve(theirs)
        theirs.close()
        self._pid = pid
        self._take(ours)

    def ask(self, code: int) -> socket.socket:
        """Ask for a process, and return a socket to it.

        Raises:
            OSError: there can be none.
        """
        for last in (False, True):
            control = self._started()
            ours, theirs = socket.socketpair()
            try:
                socket.send_fds(control, [bytes([code])], [theirs.fileno()], socket.MSG_DONTWAIT)
            except OSError:
                ours.close()
                self.stop()  # it was killed: another takes its place
                if last:
                    raise
            else:
                ours.setblocking(False)  # noqa: FBT003 - as the library has it
                return ours
            finally:
                theirs.close()
        raise AssertionError  # the loop has returned or raised

    def _started(self) -> socket.socket:
        self._leave_to_its_owner()
        control = self._control
        if control is None:
            control = self._spawned()
            self._take(control)
        return control

    def _leave_to_its_owner(self) -> None:
        """Forget the one of the process that this one was forked from, if it was."""
        if self._owner != os.getpid() and self._control is not None:
            self._control.close()
            self._control, self._process, self._pid = None, None, 0

    def _spawned(self) -> socket.socket:
        """Start it as a new program, as one with threads must not fork."""
        ours, theirs = socket.socketpair()
        loaded = [name for name in sys.modules if name.startswith("announcer.")]
        command = [self._executable, "-P", "-c", _START, json.dumps(sys.path), str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [*command, *(name for name in loaded if name != "announcer.__main__")],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours

    def _take(self, control: socket.socket) -> None:
        self._control = control
        self._owner = os.getpid()
        atexit.register(self.stop)

    def stop(self) -> None:
        """End it, and all that it has started."""
        if self._owner != os.getpid() or self._control is None:
            return
        self._control.close()  # at which it ends
        self._control = None
        atexit.unregister(self.stop)
        if self._process is not None:
            try:
                self._process.wait(_END_WITHIN)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        elif self._pid:
            _bury(self._pid)
            self._pid = 0


def _bury(pid: int) -> None:
    """Wait for a process that is about to end; if it does not, end it."""
    with contextlib.suppress(ChildProcessError):
        end = time.monotonic() + _END_WITHIN
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)


SERVER: Final = Server()
