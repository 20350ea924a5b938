"""Killable child processes for work on untrusted input: one task at a time each, bounded in time and memory.

A `WorkerPool` keeps `size` workers busy, ends those that hang, outgrow their memory or crash, puts new ones in their
place, and gives every task exactly one outcome. It knows nothing of pages. A thread of its own watches the workers,
so deadlines hold however slowly the caller takes outcomes; callers use the pool from one thread.
"""

from __future__ import annotations

import itertools
import pickle
import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self, cast

from docstation.errors import DocStationError
from docstation.intake.child import Child
from docstation.intake.limits import Limits
from docstation.intake.nursery import NURSERIES
from docstation.intake.outcome import Outcome, Reason, failure
from docstation.intake.worker import Answer

MOST_GRANTED = 900.0
"""Seconds beyond its bound that a task may ask for, all told, while it waits for something that is not its own work."""
BIRTH_PAUSES = (0.2, 1.0, 3.0)
"""Seconds after which a worker is tried again that died before it came up: the system may have had no room for it."""
_TICK = 0.05
_AHEAD = 2
"""Tasks per worker that `run` takes from its iterable ahead of their turn."""


@dataclass(frozen=True, slots=True)
class _Task:
    """A task that was submitted: its number, itself, and as it goes to a worker."""

    number: int
    value: Any
    pickled: bytes


@dataclass(slots=True)
class _Seat:
    """One place of the pool: its worker and what that is doing."""

    child: Child
    ready: bool = False
    task: _Task | None = None
    since: float = 0.0
    allowed: float = 0.0
    granted: float = 0.0
    served: int = 0

    def grant(self, seconds: float) -> None:
        """Allow the task more time, within `MOST_GRANTED`."""
        more = max(0.0, min(seconds, MOST_GRANTED - self.granted))
        self.granted += more
        self.allowed += more


class WorkerPool:
    """A pool of worker processes that all serve the same target.

    ::

        with WorkerPool(4, "docstation.jobs.page_work:make", limits=limits, initial=(options,)) as pool:
            for outcome in pool.run(tasks):     # as they complete; tasks may be a generator
                if outcome.error: ...
        # leaving the block, by any way, kills what still works, at once

    `target` names a function ``package.module:function`` that a worker calls once, with `initial`, and that returns
    the handler: a callable that takes one task and returns one value. Tasks, values and `initial` are pickled. Models
    are loaded in the function; files are best opened by the handler and kept open while tasks name the same file.

    Args:
        size: how many workers; they are started when there are tasks for them.
        target: see above.
        limits: `page_seconds` bounds a task, `start_seconds` a worker's start, `worker_bytes` its memory.
        initial: arguments of the target.
        seconds: bounds a task instead of `limits.page_seconds`.
        recycle_after: tasks after which a worker is replaced by a fresh one, so that leaks stay small.
        preload: ``package.module:function`` that imports what the workers need, called once in a process that forks
            them (`docstation.intake.nursery`); empty: each is started by itself.

    Raises:
        Exception: whatever pickle raises where `initial` cannot be pickled.
    """

    def __init__(
        self,
        size: int,
        target: str,
        *,
        limits: Limits,
        initial: tuple[object, ...] = (),
        seconds: float | None = None,
        recycle_after: int = 500,
        preload: str = "",
    ) -> None:
        self._size = max(size, 1)
        self._target = target
        self._limits = limits
        pickle.dumps(initial)  # here, where the caller learns of it, and not in the thread that starts workers
        self._initial = initial
        self._seconds = limits.page_seconds if seconds is None else seconds
        self._recycle_after = recycle_after
        self._preload = preload
        self._seats: list[_Seat] = []
        self._gone: list[Child] = []
        self._pending: deque[_Task] = deque()
        self._outcomes: queue.SimpleQueue[tuple[int, Outcome]] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._open: set[int] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._stillborn = 0
        self._not_before = 0.0
        if preload:
            NURSERIES.join(preload)
        self._wake_out, self._wake_in = _pipe()
        self._thread = threading.Thread(target=self._watch, name="worker-pool", daemon=True)
        self._thread.start()

    def submit(self, task: Any) -> int:
        """Queue a task; its outcome comes out of `next`. Returns the task's number. Never blocks.

        Raises:
            Exception: whatever pickle raises where the task cannot be pickled; nothing is queued then.
        """
        pickled = pickle.dumps(task)
        number = next(self._numbers)
        with self._lock:
            self._open.add(number)
            self._pending.append(_Task(number, task, pickled))
        self._wake()
        return number

    def next(self, timeout: float | None = None) -> Outcome | None:
        """The next outcome, in order of completion; None when no task is open or after `timeout` seconds.

        Blocks the calling thread only; Ctrl-C gets through.
        """
        while self._open:
            try:
                number, outcome = self._outcomes.get(timeout=timeout)
            except queue.Empty:
                return None
            if number in self._open:  # else it was cancelled while its outcome was on the way
                self._open.discard(number)
                return outcome
        return None

    @property
    def open_tasks(self) -> int:
        """Tasks whose outcome was not taken yet."""
        return len(self._open)

    def run(self, tasks: Iterable[Any]) -> Iterator[Outcome]:
        """Outcomes of all tasks as they complete, each task exactly once.

        `tasks` is consumed lazily, a few per worker ahead. Closing the generator forgets tasks that were not started;
        leaving the pool's block ends those that were.
        """
        source = iter(tasks)
        for task in itertools.islice(source, self._size * _AHEAD):
            self.submit(task)
        try:
            while (outcome := self.next()) is not None:
                for task in itertools.islice(source, 1):
                    self.submit(task)
                yield outcome
        finally:
            self._forget_pending()

    def cancel(self) -> None:
        """Drop all queued tasks and kill all workers now; the pool can be used again."""
        self._forget_pending()
        with self._lock:
            seats, self._seats = self._seats, []
            for seat in seats:
                if seat.task is not None:
                    self._open.discard(seat.task.number)
                seat.child.kill()
                self._gone.append(seat.child)
        self._wake()

    def close(self) -> None:
        """End the pool: workers are killed at once, whatever they do."""
        if self._closed:
            return
        self._closed = True
        self.cancel()
        self._thread.join()
        self._close_gone()
        if self._preload:
            NURSERIES.leave(self._preload)
        self._wake_in.close()
        self._wake_out.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _forget_pending(self) -> None:
        with self._lock:
            self._open.difference_update(task.number for task in self._pending)
            self._pending.clear()

    def _wake(self) -> None:
        try:
            self._wake_in.send_bytes(b"1")
        except OSError:
            return

    def _watch(self) -> None:
        """The pool's thread: hands out tasks, takes answers, ends what went wrong."""
        while not self._closed:
            with self._lock:
                self._close_gone()
                self._hand_out()
                heard = {seat.child.connection: seat for seat in self._seats}
            busy = bool(self._pending) or any(seat.task is not None or not seat.ready for seat in heard.values())
            for connection in wait([self._wake_out, *heard], _TICK if busy else None):
                if connection is self._wake_out:
                    _drain(self._wake_out)
                else:
                    self._hear(heard[cast(Connection, connection)])
            for seat in heard.values():
                self._check(seat)

    def _hand_out(self) -> None:
        for seat in self._seats:
            if seat.ready and seat.task is None and self._pending:
                self._give(seat, self._pending.popleft())
        if time.monotonic() < self._not_before:
            return
        starting = sum(not seat.ready for seat in self._seats)
        while len(self._pending) > starting and len(self._seats) < self._size and not self._closed:
            try:
                child = Child(self._target, self._initial, memory=self._limits.worker_bytes, preload=self._preload)
            except OSError:
                if self._seats or self._may_try_again():
                    return  # the workers that are there do it all, or the next try
                # No process to be had at all: a task pays for the try, as for a worker that never came up.
                task = self._pending.popleft()
                error = failure("crash", 0.0, Answer(trace=traceback.format_exc()))
                self._outcomes.put((task.number, Outcome(task.value, None, error, 0.0)))
                continue
            self._seats.append(_Seat(child, since=time.monotonic(), allowed=self._limits.start_seconds))
            starting += 1

    def _give(self, seat: _Seat, task: _Task) -> None:
        seat.task, seat.since, seat.allowed, seat.granted = task, time.monotonic(), self._seconds, 0.0
        try:
            seat.child.connection.send_bytes(task.pickled)
        except OSError:
            # It died between two tasks; `_hear` sees the closed socket and settles the task.
            return

    def _hear(self, seat: _Seat) -> None:
        try:
            answer = _unpickled(seat.child.connection.recv_bytes())
        except (EOFError, OSError):
            self._settle_failure(seat, "memory" if seat.child.peak > self._limits.worker_bytes else "crash")
            return
        if answer.pid:
            seat.child.pid = answer.pid
            return
        if not seat.ready:
            seat.ready = answer.error is None and not answer.trace
            if seat.ready:
                self._stillborn = 0
            else:
                self._settle_failure(seat, "memory" if answer.starved else "crash", answer)
            return
        if answer.more:
            seat.grant(answer.more)
            return
        if answer.starved or answer.trace:
            self._settle_failure(seat, "memory" if answer.starved else "crash", answer)
            return
        self._settle(seat, answer.value, answer.error)
        seat.served += 1
        if seat.served >= self._recycle_after:
            self._dismiss(seat)

    def _check(self, seat: _Seat) -> None:
        if seat.child.killed or (seat.ready and seat.task is None):
            return
        if time.monotonic() - seat.since > seat.allowed:
            self._settle_failure(seat, "timeout")
        elif seat.child.resident() > self._limits.worker_bytes:
            self._settle_failure(seat, "memory")

    def _settle_failure(self, seat: _Seat, reason: Reason, answer: Answer | None = None) -> None:
        """The seat's task fails, and so does one waiting task when the worker never came up, however often tried."""
        if seat.child.killed:
            return
        if not seat.ready and reason == "crash" and answer is None and self._may_try_again():
            self._dismiss(seat)
            return
        error = failure(reason, seat.allowed, answer)
        with self._lock:
            if seat.task is None and not seat.ready and self._pending:
                seat.task = self._pending.popleft()
        self._settle(seat, None, error)
        self._dismiss(seat)

    def _may_try_again(self) -> bool:
        """Whether a worker that could not be had is tried again, after a pause."""
        if self._stillborn >= len(BIRTH_PAUSES):
            return False
        self._not_before = time.monotonic() + BIRTH_PAUSES[self._stillborn]
        self._stillborn += 1
        return True

    def _settle(self, seat: _Seat, value: object, error: DocStationError | None) -> None:
        task, seat.task = seat.task, None
        if task is not None:
            seconds = time.monotonic() - seat.since
            self._outcomes.put((task.number, Outcome(task.value, value, error, seconds)))

    def _dismiss(self, seat: _Seat) -> None:
        with self._lock:
            if seat in self._seats:
                self._seats.remove(seat)
                seat.child.kill()
                self._gone.append(seat.child)

    def _close_gone(self) -> None:
        while self._gone:
            self._gone.pop().close()


def call(target: str, task: Any, *, limits: Limits, initial: tuple[object, ...] = (), seconds: float) -> Any:
    """Do one task in a worker of its own and return its value.

    Raises:
        WorkerFailed: it hung, outgrew its memory or crashed; ``fields["reason"]`` says which.
        DocStationError: whatever the handler raised.
    """
    with WorkerPool(1, target, limits=limits, initial=initial, seconds=seconds) as pool:
        pool.submit(task)
        outcome = pool.next()
    if outcome is None or outcome.error is not None:
        raise outcome.error if outcome and outcome.error else failure("crash", seconds)
    return outcome.value


def _unpickled(data: bytes) -> Answer:
    """The answer; one that cannot be read here is a bug of the handler's, and its trace says so.

    Anything may be raised by the pickled classes themselves, and the pool's thread has to outlive it.
    """
    try:
        answer: Answer = pickle.loads(data)
    except Exception:
        return Answer(trace=traceback.format_exc())
    return answer


def _pipe() -> tuple[Connection, Connection]:
    from multiprocessing import Pipe

    return Pipe(duplex=False)


def _drain(connection: Connection) -> None:
    while connection.poll():
        connection.recv_bytes()
