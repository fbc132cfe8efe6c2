"""Run the command in a process of its own without starting Python and importing it each time.

A server process imports the program once. For each run it forks a process that has the folder, the
environment and the output of the run and then is ``python -m announcer``: nothing is shared between
two runs, and each saves the second that a start costs. Run as a program, this module is the server.
"""

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Final

# What Python itself reads when it starts cannot be changed in a process that is forked.
_READ_AT_START: Final = ("PYTHON", "LC_", "LANG")
_LONGEST_REQUEST: Final = 1 << 20


def run(
    words: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``announcer WORDS`` in a folder and return what it wrote."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(_server()))
            request = {"words": list(words), "folder": str(folder), "environ": dict(environ)}
            socket.send_fds(asked, [b"!"], [out.fileno(), err.fileno()])
            asked.sendall(json.dumps(request).encode())
            asked.shutdown(socket.SHUT_WR)
            status = json.loads(asked.makefile().read())
        command = [sys.executable, "-m", "announcer", *words]
        return subprocess.CompletedProcess(command, status, _written(out), _written(err))


def can_run(environ: Mapping[str, str]) -> bool:
    """Tell whether variables may be changed after Python has started."""
    return not any(name.startswith(_READ_AT_START) for name in environ)


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    # With the line ends that subprocess gives where it is asked for text.
    return file.read().decode().replace("\r\n", "\n").replace("\r", "\n")


@cache
def _server() -> Path:
    """Start the server of this test process; it ends with it, as its standard input does."""
    place = Path(tempfile.mkdtemp(prefix="forked-")) / "socket"
    command = [sys.executable, __file__, str(place)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(_stop, server, place)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return place


def _stop(server: subprocess.Popen[bytes], place: Path) -> None:
    server.communicate()
    shutil.rmtree(place.parent)


def _import_all() -> None:
    package = importlib.import_module("announcer")
    for module in pkgutil.walk_packages(package.__path__, "announcer."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _run_once() -> None:
    """Run the program here, so that schemas, patterns and templates are compiled."""
    from desk import Desk  # noqa: PLC0415 - it imports this module

    with tempfile.TemporaryDirectory() as name:
        Desk(Path(name), 25)
        os.chdir(name)
        sys.argv = ["announcer", "send", "--dry-run", "--now", "2020-04-03T10:00"]
        with (
            contextlib.suppress(SystemExit),
            Path(os.devnull).open("w") as nothing,
            contextlib.redirect_stdout(nothing),
            contextlib.redirect_stderr(nothing),
        ):
            runpy.run_module("announcer", run_name="__main__", alter_sys=True)
        os.chdir("/")


def _serve(place: str) -> None:
    """Fork a process for each run, and return in that process."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process is waited for here
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                os._exit(0)
            asked, _ = listening.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                break
            asked.close()
    _become_the_run(asked)


def _become_the_run(asked: socket.socket) -> None:
    """Fork once more: the parent tells how the run ended, the child is the run."""
    _, (out, err), _, _ = socket.recv_fds(asked, 1, 2)
    request = json.loads(asked.makefile().read(_LONGEST_REQUEST))
    run = os.fork()
    if run:
        _, status = os.waitpid(run, 0)
        asked.sendall(json.dumps(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    asked.close()
    with Path(os.devnull).open("rb") as nothing:
        for source, target in ((nothing.fileno(), 0), (out, 1), (err, 2)):
            os.dup2(source, target)
    os.close(out)
    os.close(err)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environ"])
    time.tzset()
    sys.argv = ["announcer", *request["words"]]


if __name__ == "__main__":
    _, place = sys.argv
    _import_all()
    _run_once()
    sys.path.pop(0)  # the folder of the tests
    _serve(place)
    runpy.run_module("announcer", run_name="__main__", alter_sys=True)
