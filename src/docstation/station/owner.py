"""The owner of the station: it holds the lock, writes the journal, asks the machine and has its effects performed.

One thread decides; steps run in a thread of their own, one at a time, and their outcomes come back as events. Whoever
wants something posts an event. After the owner's death, however it came, the next owner goes on from the journal.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from docstation.station.causes import Cause, Fault
from docstation.station.driver import Driver
from docstation.station.journal import Journal, Record
from docstation.station.lock import StationLock
from docstation.station.machine import react
from docstation.station.records import Json
from docstation.station.steps import Steps
from docstation.station.words import (
    Abort,
    Declined,
    Effect,
    Ended,
    Event,
    Hold,
    Perform,
    Recovered,
    RetryDue,
    Serve,
    Settled,
    State,
    StepDone,
    StepFailed,
    WaitToRetry,
    WaitToSettle,
)

ENGINE_PATIENCE = 2.0
"""Seconds between two looks for an engine that was away when the owner took over."""

JOURNAL_PATIENCE = 1.0
"""Seconds between two tries to write what the disk did not take."""

STRAY_GRACE = 5.0
"""Seconds that a server of ours which the journal does not know gets to stop."""

Listener = Callable[[Record, State, tuple[Effect, ...]], None]


class Owner:
    """Owns one state folder; see the module.

    Args:
        folder: of the station's state.
        steps: performs what the machine wants.
        stable_seconds: how long a lineup must serve to become the last known good.
        wall: POSIX seconds, for the journal.

    Raises:
        HeldByOther: another process owns the folder.
        OSError: the folder cannot be written.
    """

    def __init__(
        self, folder: Path, steps: Steps, *, stable_seconds: float = 60.0, wall: Callable[[], float] = time.time
    ) -> None:
        self._lock = StationLock(folder)
        self._journal = Journal(folder)
        self._steps = steps
        self._stable_seconds = stable_seconds
        self._wall = wall
        self._inbox: queue.Queue[Event | _Note | None] = queue.Queue()
        self._listeners: list[Listener] = []
        self._guard = threading.Lock()
        self._closing = threading.Event()
        self._cancelled = threading.Event()
        self._timers: dict[str, float] = {}
        self._thread = threading.Thread(target=self._decide, name="station", daemon=True)
        self._performing: threading.Thread | None = None

    @property
    def state(self) -> State:
        """The state now; a frozen value."""
        return self._journal.state

    def now(self) -> float:
        """POSIX seconds, by the journal's clock."""
        return self._wall()

    def start(self) -> None:
        """Take over what runs and begin to decide."""
        self._journal.checkpoint(self._wall())
        self._take_over()
        self._thread.start()

    def close(self) -> None:
        """Stop deciding and give the lock back; what serves goes on serving."""
        self._closing.set()
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join()
        if self._performing is not None:
            self._cancelled.set()
            self._performing.join()
        self._journal.close()
        self._lock.release()

    def __enter__(self) -> Owner:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have every record told, from the deciding thread; calling the answer ends it."""
        with self._guard:
            self._listeners.append(listener)

        def leave() -> None:
            with self._guard, contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return leave

    def post(self, event: Event) -> None:
        """Say what happened; from any thread."""
        self._inbox.put(event)

    def note(self, name: str, **fields: Json) -> None:
        """Have something written that is worth knowing and changes nothing; from any thread."""
        self._inbox.put(_Note(name, fields))

    # The deciding thread.

    def _decide(self) -> None:
        while True:
            try:
                event = self._inbox.get(timeout=self._until_next_timer())
            except queue.Empty:
                self._ring()
                continue
            if event is None:
                return
            if isinstance(event, _Note):
                self._take_note(event)
            else:
                self._take(event)

    def _take(self, event: Event) -> None:
        state, effects = react(self._journal.state, event)
        if state == self._journal.state and not effects:
            return
        record = self._written(lambda: self._journal.append(event, state))
        if record is None:
            return
        for effect in effects:
            self._perform(effect)
        self._tell(record, effects)

    def _take_note(self, note: _Note) -> None:
        record = self._written(lambda: self._journal.note(self._wall(), note.name, note.fields, self._transaction()))
        if record is not None:
            self._tell(record, ())

    def _written(self, write: Callable[[], Record]) -> Record | None:
        """What `write` writes; None when this owner ends before that was possible.

        On a full disk nothing is decided until there is room: what is not written must not be done.
        """
        while True:
            try:
                return write()
            except OSError:
                if threading.current_thread() is not self._thread:
                    raise
                if self._closing.wait(JOURNAL_PATIENCE):
                    return None

    def _tell(self, record: Record, effects: tuple[Effect, ...]) -> None:
        with self._guard:
            listeners = tuple(self._listeners)
        for listener in listeners:
            # Whoever only listens must not be able to stop who decides.
            with contextlib.suppress(Exception):
                listener(record, self._journal.state, effects)

    def _transaction(self) -> str:
        now = self._journal.state.transaction
        return now.id if now else ""

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Perform():
                self._timers.pop("settle", None)
                self._timers.pop("retry", None)
                self._begin(effect)
            case Abort():
                self._cancelled.set()
            case Serve():
                self._steps.gate.serve(effect.lineup)
            case Hold():
                self._steps.gate.hold()
            case WaitToSettle():
                self._timers["settle"] = time.monotonic() + self._stable_seconds
            case WaitToRetry():
                self._timers["retry"] = time.monotonic() + effect.seconds
            case Ended():
                with contextlib.suppress(OSError):  # the events that it sums up are there
                    self._journal.checkpoint(self._wall())
            case Declined():
                pass  # listeners see it

    def _begin(self, effect: Perform) -> None:
        self._cancelled = threading.Event()
        self._performing = threading.Thread(
            target=self._run, args=(effect, self._cancelled), name=f"station-{effect.step}", daemon=True
        )
        self._performing.start()

    def _run(self, effect: Perform, cancelled: threading.Event) -> None:
        try:
            self._steps.perform(effect, cancelled)
        except Fault as fault:
            if fault.evidence:
                self.note("evidence", cause=fault.cause, lines=list(fault.evidence))
            self.post(StepFailed(self._wall(), effect.id, effect.step, fault.cause, fault.detail))
        except Exception as error:  # whatever goes wrong in a step, the switch must come to an end
            said = f"{type(error).__name__}: {error}"
            self.note("bug", step=effect.step, error=said)
            self.post(
                StepFailed(self._wall(), effect.id, effect.step, Cause.UNKNOWN, f"{type(error).__name__}: {error}")
            )
        else:
            self.post(StepDone(self._wall(), effect.id, effect.step))

    # Timers.

    def _until_next_timer(self) -> float | None:
        return max(0.0, min(self._timers.values()) - time.monotonic()) if self._timers else None

    def _ring(self) -> None:
        now = time.monotonic()
        for name in [name for name, at in self._timers.items() if at <= now]:
            del self._timers[name]
            if name == "settle":
                self._take(Settled(self._wall(), self._journal.state.since))
            elif name == "retry":
                self._take(RetryDue(self._wall(), new_id()))
            else:
                self._take_over()

    # Taking over.

    def _take_over(self) -> None:
        """Look at what runs, end what is ours and no longer known, and tell the machine."""
        try:
            alive = [spec for driver in self._steps.drivers.values() for spec in self._seen(driver)]
        except Fault as fault:
            self._journal.note(self._wall(), "engine-away", {"cause": fault.cause, "detail": fault.detail})
            self._timers["take-over"] = time.monotonic() + ENGINE_PATIENCE
            return
        self._take(Recovered(self._wall(), tuple(sorted(alive))))

    def _seen(self, driver: Driver) -> Iterator[str]:
        """Specs of the driver's running servers, after those that the journal does not know were ended."""
        known = {one.spec for one in self._journal.state.present}
        for instance in driver.instances():
            if instance.spec not in known:
                self._journal.note(self._wall(), "stray-ended", {"name": instance.name, "model": instance.model})
                driver.stop(instance.name, grace=STRAY_GRACE)
            elif instance.running:
                yield instance.spec


class _Note:
    """A note on its way to the deciding thread."""

    def __init__(self, name: str, fields: dict[str, Json]) -> None:
        self.name = name
        self.fields = fields


def new_id() -> str:
    """An id for a transaction."""
    return secrets.token_hex(4)
