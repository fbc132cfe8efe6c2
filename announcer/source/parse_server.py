"""The process that starts a process of its own for each thing that is to be understood.

What a page makes a parser do cannot be foreseen, and nothing in the same process could stop it for
certain. So it is done in a child that the kernel ends when its time is over (``setitimer``, with
the default action of SIGALRM) and that cannot have more memory than it is allowed (``setrlimit``).
Both hold whatever runs in the child, and need nobody who watches it.

Children are forked from a small process that is itself forked before the program has threads or a
loop: that is cheap, as everything is loaded already, and it is safe. It ends as soon as the
program does, and its children with it.

A request is one byte on the control socket, an index of ``LOADED``, with a socket for the child. On
that one go the request (``REQUEST``, then a pickled function and its arguments), and back the
answer (its length, a pickled value, ``END``); where the child dies, how it died stands last.
"""

import contextlib
import gc
import logging
import os
import pickle
import resource
import select
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

REQUEST: Final = struct.Struct("!Qdq")  # the length of what follows, seconds, bytes of memory
LENGTH: Final = struct.Struct("!Q")
DEATH: Final = struct.Struct("!ci")  # DIED and the status of a child, or NOT_BORN and an errno
DIED: Final = b"D"
NOT_BORN: Final = b"N"
END: Final = b"\0complete"
NO_MEMORY: Final = 77  # the exit status of a child that needs more memory than it may have
LARGEST_ANSWER: Final = 64 * 1024 * 1024
# What kinds of sources need beside what every command has loaded: loaded once, before the fork.
LOADED: Final = (
    (),
    ("announcer.source.calendar", "announcer.source.holidays", "icalendar"),
    ("announcer.source.data", "announcer.source.posts", "yaml"),
)
_UNKNOWN_SIZE: Final = 1024 * 1024 * 1024  # of the program, where the system does not tell it


def main(arguments: Iterable[str]) -> NoReturn:
    """Serve on a descriptor, for a program that could not fork any more: it has threads.

    The arguments are the descriptor, and the modules that what is asked for will need.
    """
    descriptor, *modules = arguments
    for name in modules:
        import_module(name)
    serve(socket.socket(fileno=int(descriptor)))


def serve(control: socket.socket) -> NoReturn:
    """Serve requests until the other end of the control socket is closed."""
    status = 1
    try:
        _become_a_server()
        _Server(control).run()
        status = 0
    finally:
        os._exit(status)


def _become_a_server() -> None:
    """Leave to the program what is the program's: its signals, its terminal, its log."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the program has ended
    for number in (signal.SIGALRM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    logging.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if nothing > 2:
        os.close(nothing)
    gc.freeze()


class _Child:
    """A child: its number, the socket of its request, and a pipe that ends when it does."""

    def __init__(self, pid: int, talk: socket.socket, life: int) -> None:
        self.pid = pid
        self.talk = talk
        self.life = life


class _Server:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, _Child] = {}  # by the descriptors of both
        self._poll = select.poll()

    def run(self) -> None:
        """Start children and bury them; end those whose answer nobody waits for."""
        self._poll.register(self._control, select.POLLIN)
        try:
            while True:
                for descriptor, _ in self._poll.poll():
                    child = self._children.get(descriptor)
                    if descriptor == self._control.fileno():
                        if not self._take_request():
                            return
                    elif child is not None and descriptor == child.life:
                        self._bury(child)
                    elif child is not None:
                        self._poll.unregister(descriptor)
                        os.kill(child.pid, signal.SIGKILL)
        finally:
            for child in set(self._children.values()):
                os.kill(child.pid, signal.SIGKILL)
                os.waitpid(child.pid, 0)

    def _take_request(self) -> bool:
        code, descriptors, _, _ = socket.recv_fds(self._control, 1, 1)
        if not code:
            return False
        for descriptor in descriptors:
            self._start(socket.socket(fileno=descriptor), code[0])
        return True

    def _start(self, talk: socket.socket, code: int) -> None:
        try:
            for name in LOADED[code]:
                import_module(name)
            life, held = os.pipe()
        except (OSError, ImportError, MemoryError) as error:
            _refuse(talk, error)
            return
        try:
            pid = os.fork()
        except OSError as error:
            os.close(life)
            os.close(held)
            _refuse(talk, error)
            return
        if pid == 0:
            self._leave(life)
            _work(talk)
        os.close(held)
        child = _Child(pid, talk, life)
        for descriptor in (life, talk.fileno()):
            self._children[descriptor] = child
            self._poll.register(descriptor, 0)  # tells of the end of the other side alone

    def _leave(self, life: int) -> None:
        """Close, in a child, what belongs to the server and to other children."""
        os.close(life)
        self._control.close()
        for child in set(self._children.values()):
            os.close(child.life)
            child.talk.close()

    def _bury(self, child: _Child) -> None:
        os.kill(child.pid, signal.SIGKILL)  # whatever has closed the pipe, it must not go on
        _, status = os.waitpid(child.pid, 0)
        for descriptor in (child.life, child.talk.fileno()):
            del self._children[descriptor]
            with contextlib.suppress(KeyError):
                self._poll.unregister(descriptor)
        os.close(child.life)
        code = os.waitstatus_to_exitcode(status)
        if code:
            _say(child.talk, DEATH.pack(DIED, code))
        child.talk.close()


def _refuse(talk: socket.socket, error: BaseException) -> None:
    number = error.errno if isinstance(error, OSError) and error.errno else 0
    _say(talk, DEATH.pack(NOT_BORN, number))
    talk.close()


def _say(talk: socket.socket, words: bytes) -> None:
    with contextlib.suppress(OSError):  # it may be that nobody listens
        talk.send(words, socket.MSG_DONTWAIT)


def _work(talk: socket.socket) -> NoReturn:
    status = 1
    try:
        status = _answer(talk)
    finally:
        os._exit(status)


def _answer(talk: socket.socket) -> int:
    """Read a request, and answer it within the limits that it names."""
    length, seconds, room = REQUEST.unpack(_received(talk, REQUEST.size))
    request = _received(talk, length)
    _limit(seconds, room)
    try:
        function, arguments = pickle.loads(request)  # noqa: S301 - from the program itself
        del request
        answer = pickle.dumps(function(*arguments), protocol=pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        return NO_MEMORY
    if len(answer) > LARGEST_ANSWER:
        return NO_MEMORY
    talk.sendall(LENGTH.pack(len(answer)))
    talk.sendall(answer)
    talk.sendall(END)
    return 0


def _received(talk: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        got = talk.recv_into(view)
        if not got:
            os._exit(1)  # nobody waits for an answer any more
        view = view[got:]
    return content


def _limit(seconds: float, room: int) -> None:
    """Let the kernel end this process after some time, and give it no more memory than some."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    size = data = _UNKNOWN_SIZE
    with contextlib.suppress(OSError, ValueError, IndexError):
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()
        size, data = (int(pages[field]) * resource.getpagesize() for field in (0, 5))
    for limit, base in ((resource.RLIMIT_AS, size), (resource.RLIMIT_DATA, data)):
        _, most = resource.getrlimit(limit)
        most = base + room if most == resource.RLIM_INFINITY else min(base + room, most)
        resource.setrlimit(limit, (most, most))
    # Where the machine has too little memory all the same, this process goes and not the program.
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1:])
