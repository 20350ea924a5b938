"""What the workers of the tests do: a handler that obeys, well or badly, and one that reads files to the end."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from docstation.errors import BrokenFile, MissingDependency
from docstation.intake.limits import Limits
from docstation.intake.opening import fitting_scale, open_document
from docstation.intake.turns import turn
from docstation.intake.worker import ask_for_time


class Unreadable:
    """Can be pickled, but not unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


def obedient(*initial: Any) -> Callable[[tuple[Any, ...]], object]:
    """A handler of tasks ``(what, *arguments)``; see `ORDERS`."""
    return lambda task: ORDERS[task[0]](initial, *task[1:])


def loaded() -> None:
    """What a nursery loads: here, this module alone."""


def not_loadable() -> None:
    raise ImportError


def _surroundings(initial: tuple[Any, ...]) -> tuple[str, str | None, str | None]:
    return str(Path.cwd()), os.environ.get("DOCSTATION_READING_ENDPOINT"), os.environ.get("HOME")


def _takes_a_turn(initial: tuple[Any, ...], folder: Path, name: str) -> str:
    """How many were at work at the same time, as far as this one saw."""
    with turn():
        mine = folder / name
        mine.touch()
        time.sleep(0.1)  # so that others would be there, if they might
        there = len(list(folder.iterdir()))
        mine.unlink()
    return str(there)


def _dies_in_a_turn(initial: tuple[Any, ...]) -> NoReturn:
    with turn():
        os._exit(3)


def _breaks(initial: tuple[Any, ...], name: str) -> NoReturn:
    raise BrokenFile(name=name)


def _has_a_bug(initial: tuple[Any, ...]) -> NoReturn:
    raise KeyError("a bug")


def _dies(initial: tuple[Any, ...]) -> NoReturn:
    os._exit(3)


def _segfaults(initial: tuple[Any, ...]) -> None:
    ctypes.string_at(0)


def _hangs(initial: tuple[Any, ...]) -> None:
    while True:
        signal.pause()


def _hangs_holding_all_locks(initial: tuple[Any, ...], fifo: Path | None = None) -> None:
    """As a decoder in an endless loop does: native code that never comes back and lets no Python run."""
    if fifo is not None:
        fifo.write_text(str(os.getpid()))
    libc = ctypes.PyDLL(None)
    while True:
        libc.pause()


def _grows(initial: tuple[Any, ...], size: int) -> None:
    block = bytearray(os.urandom(1)) * size
    while block:
        signal.pause()


def _asks_for_more_than_there_is(initial: tuple[Any, ...]) -> int:
    return len(bytearray(1 << 40))


def _waits_for(initial: tuple[Any, ...], fifo: Path) -> str:
    return fifo.read_text()


def _asks_for_time(initial: tuple[Any, ...], asked: float, spent: float) -> str:
    ask_for_time(asked)
    time.sleep(spent)
    return "done"


ORDERS: dict[str, Callable[..., object]] = {
    "return": lambda initial, value: value,
    "initial": lambda initial: initial,
    "who": lambda initial: (os.getpid(), os.getsid(0)),
    "threads": lambda initial: os.environ.get("OMP_NUM_THREADS"),
    "break": _breaks,
    "bug": _has_a_bug,
    "die": _dies,
    "segfault": _segfaults,
    "hang": _hangs,
    "hang hard": _hangs_holding_all_locks,
    "grow": _grows,
    "ask for too much": _asks_for_more_than_there_is,
    "wait for": _waits_for,
    "ask for time": _asks_for_time,
    "lambda": lambda initial: lambda: None,
    "unreadable": lambda initial: Unreadable(),
    "surroundings": _surroundings,
    "take a turn": _takes_a_turn,
    "die in a turn": _dies_in_a_turn,
}


def unable() -> NoReturn:
    """A target that cannot start for a reason of ours."""
    raise MissingDependency(name="model", command="fetch it")


def stillborn(folder: Path) -> Callable[[tuple[Any, ...]], object]:
    """Dies while it comes up, as often as there are files in the folder, one fewer each time."""
    for path in folder.iterdir():
        path.unlink()
        os._exit(1)
    return obedient()


def slow_to_start() -> NoReturn:
    """A target that never comes up."""
    while True:
        signal.pause()


def reader(limits: Limits) -> Callable[[Path], int]:
    """Opens a file, looks at each page and draws it small; the number of pages."""

    def read(path: Path) -> int:
        with open_document(path, name=path.name, limits=limits) as source:
            for number in range(1, min(source.page_count, 5) + 1):
                raw = source.raw(number)
                source.native_scale(number)
                source.render(number, fitting_scale(raw.width, raw.height, 0.5, limits))
            return source.page_count

    return read
