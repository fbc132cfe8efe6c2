"""What parsers may do to a process, good and bad; loaded into it, so that it loads little else."""

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Never


def answer(value: object) -> object:
    return value


def pid() -> int:
    return os.getpid()


def never_ends() -> Never:
    while True:
        pass


def never_ends_and_bears_everything() -> Never:
    while True:
        with contextlib.suppress(BaseException):  # which must not help it
            never_ends()


def ends_in_c() -> object:
    return 3 ** (10**9)  # one instruction, which no other thread or handler can interrupt


def ignores_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    time.sleep(60)


def takes_all_memory() -> int:
    return len([bytearray(1024 * 1024) for _ in range(4096)])


def takes_memory_and_bears_it() -> object:
    kept = []
    while True:
        try:
            kept.append(bytearray(16 * 1024 * 1024))
        except MemoryError:
            return len(kept)


def takes(megabytes: int) -> int:
    return len(bytearray(megabytes * 1024 * 1024))


def dies(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def leaves(status: int) -> None:
    os._exit(status)


def fails() -> Never:
    raise LookupError("nobody foresaw it")


def says_and_hangs(file: str) -> Never:
    Path(file).write_text(str(os.getpid()))
    never_ends()
