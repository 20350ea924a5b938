"""The child's side of the sandbox: ``python -m docstation.intake.worker FD LIFELINE``.

Bounds itself, builds the handler that its parent names, and answers one task at a time over an inherited socket. It
dies with its parent: the kernel signals it when the lifeline pipe closes, even inside native code that never returns.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from docstation.errors import DocStationError

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_HEADROOM = 2.0
"""Mapped private memory may be this many times the resident limit: libraries reserve more than they touch."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker is told first.

    Attributes:
        target: ``package.module:function``; called once with `initial`, it returns the handler of tasks.
        initial: its arguments.
        search_path: the parent's `sys.path`.
        memory: resident bytes that the parent will tolerate.
        environment: the parent's variables, as a worker is to have them.
        folder: the parent's working folder, empty where that is gone.
    """

    target: str
    initial: tuple[object, ...]
    search_path: tuple[str, ...]
    memory: int
    environment: dict[str, str]
    folder: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A worker's answer: a value, an error of ours, or the trace of a bug. `starved` means memory ran out.

    With `more` it is none yet: the task under way asks for so many seconds beyond those that it has. The first of all,
    which is none either, tells the worker's `pid`.
    """

    value: object = None
    error: DocStationError | None = None
    trace: str = ""
    starved: bool = False
    more: float = 0.0
    pid: int = 0


class _Parent:
    """The way to the parent, for what is said in the middle of a task; None outside of a worker."""

    connection: Connection | None = None


def ask_for_time(seconds: float) -> None:
    """Have the parent allow the task under way so many more seconds: it waits, and not for its own work.

    Does nothing outside of a worker. The parent grants no more than `docstation.intake.sandbox.MOST_GRANTED` in all.
    """
    if _Parent.connection is not None and seconds > 0:
        _Parent.connection.send(Answer(more=seconds))


def main(arguments: list[str]) -> int:
    """Serve until the parent hangs up."""
    connection = Connection(int(arguments[0]))
    _die_with_parent(int(arguments[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, ConnectionError):
        _serve(connection)
    return 0


def _serve(connection: Connection) -> None:
    connection.send(Answer(pid=os.getpid()))
    hello: Hello = connection.recv()
    # A forked worker has what its nursery was started with.
    os.environ.clear()
    os.environ.update(hello.environment)
    with contextlib.suppress(OSError):
        os.chdir(hello.folder or ".")
    sys.path[:] = hello.search_path
    _bound_memory(hello.memory)
    handler: Callable[[Any], object] | None = None

    def build() -> None:
        nonlocal handler
        handler = resolve(hello.target)(*hello.initial)

    started = _answer(build)
    connection.send(started)
    _Parent.connection = connection
    while handler is not None:
        ready = handler
        task = connection.recv()
        answer = _answer(partial(ready, task))
        _send(connection, answer)


def resolve(target: str) -> Callable[..., Any]:
    """The function that ``package.module:function`` names."""
    module, _, name = target.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _answer(work: Callable[[], object]) -> Answer:
    try:
        return Answer(work())
    except DocStationError as error:
        return Answer(error=error)
    except MemoryError:
        return Answer(starved=True, trace=traceback.format_exc())
    except Exception as error:
        # The worker's loop is one of the two places where everything is caught: the parent makes a status of it.
        return Answer(trace=traceback.format_exc(), starved=_ran_out_of_memory(error))


def _send(connection: Connection, answer: Answer) -> None:
    try:
        connection.send(answer)
    except (EOFError, ConnectionError):
        raise
    except Exception:
        connection.send(Answer(trace=traceback.format_exc()))


def _ran_out_of_memory(error: Exception) -> bool:
    """Native libraries report a failed allocation in words of their own."""
    text = str(error).casefold()
    return any(words in text for words in ("bad_alloc", "insufficient memory", "failed to allocate", "cannot allocate"))


def _die_with_parent(lifeline: int) -> None:
    """Have the kernel end this process when the other end of the pipe closes (SIGIO, whose default is to end)."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    with contextlib.suppress(BlockingIOError):
        if os.read(lifeline, 1) == b"":
            os._exit(0)


def _bound_memory(resident: int) -> None:
    hard = int(resident * _HEADROOM)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        # Where memory runs out altogether, the kernel is to take the worker and not its parent.
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")


if __name__ == "__main__":
    # Under its own name: an answer of a class of `__main__` is of no class that the parent knows.
    from docstation.intake.worker import main as serve

    sys.exit(serve(sys.argv[1:]))
