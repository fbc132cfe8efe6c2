"""What a page makes a parser do ends for certain: in time, in memory, and with the program."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from at_work import (
    answer,
    dies,
    ends_in_c,
    fails,
    ignores_signals,
    leaves,
    never_ends,
    never_ends_and_bears_everything,
    pid,
    says_and_hangs,
    takes,
    takes_all_memory,
    takes_memory_and_bears_it,
)

from announcer.errors import SourceUnreadable
from announcer.source import bounded
from announcer.source.bounded import Limits, Processes, Server

SHORT = Processes(Limits(seconds=0.5))
USUAL = Processes()


def run(function: Callable[..., object], *given: object, processes: Processes | None = None) -> Any:
    return asyncio.run((processes or USUAL).run("page.md", 0, function, *given))


def refused(
    function: Callable[..., object], *given: object, processes: Processes | None = None
) -> str:
    with pytest.raises(SourceUnreadable) as caught:
        run(function, *given, processes=processes)
    return str(caught.value)


def test_what_is_understood_comes_back_from_another_process() -> None:
    assert run(answer, {"a": [1, "ä"]}) == {"a": [1, "ä"]}
    assert run(pid) != os.getpid()


@pytest.mark.parametrize(
    "function", [never_ends, never_ends_and_bears_everything, ends_in_c, ignores_signals]
)
def test_what_does_not_end_is_ended(function: Callable[[], object]) -> None:
    began = time.monotonic()
    assert refused(function, processes=SHORT).startswith(
        "page.md takes longer than 0.5 seconds to be understood"
    )
    assert time.monotonic() - began < 0.5 + bounded._GRACE + 3


def test_the_program_goes_on_while_something_does_not_end() -> None:
    async def work() -> int:
        hangs = asyncio.create_task(SHORT.run("page.md", 0, never_ends))
        turns = 0
        while not hangs.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert isinstance(hangs.exception(), SourceUnreadable)
        return turns

    assert asyncio.run(work()) > 5


def test_what_needs_too_much_memory_is_ended() -> None:
    processes = Processes(Limits(seconds=20, memory=64 * 1024 * 1024))
    assert "page.md needs more than 64 MiB of memory" in refused(
        takes_all_memory, processes=processes
    )
    assert run(takes_memory_and_bears_it, processes=processes) < 5
    assert run(takes, 32, processes=processes) == 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("function", "given", "words"),
    [
        (dies, signal.SIGKILL, "the system killed it, as it does when memory runs short"),
        (dies, signal.SIGSEGV, "signal 11"),
        (leaves, 0, "it ended without an answer"),
        (leaves, 3, "status 3"),
    ],
)
def test_a_process_that_dies_is_told_of(
    function: Callable[..., object], given: int, words: str
) -> None:
    assert words in refused(function, int(given))


def test_what_nobody_foresaw_is_told_of_and_the_next_is_understood() -> None:
    assert "status 1" in refused(fails)
    assert run(answer, 1) == 1


def test_many_are_understood_at_the_same_time() -> None:
    async def work() -> list[object]:
        found = [USUAL.run("page.md", 0, answer, n) for n in range(40)]
        return list(await asyncio.gather(*found))

    assert asyncio.run(work()) == list(range(40))


def test_a_large_text_goes_there_and_back() -> None:
    text = "ä" * (5 * 1024 * 1024)
    assert run(answer, text) == text


def test_where_no_process_can_be_started_that_is_said_and_nothing_is_read_here() -> None:
    processes = Processes(server=Server("/nowhere/python"))
    words = refused(answer, 1, processes=processes)
    assert words.startswith("page.md was not read, as no process could be started for it (No such")


def test_where_a_server_has_no_room_for_another_process_that_is_said() -> None:
    server = run(os.getppid)
    while Path(f"/proc/{server}/fd/3").exists():  # until the last one is buried
        time.sleep(0.01)
    resource.prlimit(server, resource.RLIMIT_NOFILE, (5, 5))
    try:
        words = refused(answer, 1)
        assert "no process could be started for it (Too many open files)" in words
    finally:
        bounded.SERVER.stop()
    assert run(answer, 1) == 1


def test_a_server_that_is_killed_is_replaced() -> None:
    server = run(os.getppid)
    os.kill(server, signal.SIGKILL)
    assert run(answer, 1) == 1
    assert run(os.getppid) != server


def test_what_is_no_longer_waited_for_is_ended_at_once(tmp_path: Path) -> None:
    file = tmp_path / "pid"

    async def work() -> int:
        task = asyncio.create_task(USUAL.run("page.md", 0, says_and_hangs, str(file)))
        while not _said(file):  # noqa: ASYNC110 - as another process writes it
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
        return int(file.read_text())

    assert _ends(asyncio.run(work()))


PROGRAM = """
import asyncio, sys
from announcer.source import bounded
from at_work import says_and_hangs
if sys.argv[2] == "fork":
    bounded.SERVER.fork()
asyncio.run(bounded.Processes().run("page.md", 0, says_and_hangs, sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_no_process_outlives_the_program(tmp_path: Path, how: str) -> None:
    file = tmp_path / "pid"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(file), how], env=environ) as program:
        end = time.monotonic() + 30
        while not _said(file):
            assert time.monotonic() < end
            time.sleep(0.02)
        program.kill()
    assert _ends(int(file.read_text()))


def _said(file: Path) -> bool:
    return file.exists() and bool(file.read_text())


def _ends(child: int) -> bool:
    """Whether a process is gone before its own time would be over."""
    end = time.monotonic() + 8
    while time.monotonic() < end:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False
