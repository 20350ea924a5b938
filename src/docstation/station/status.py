"""What the station is doing now, put together from the journal and two quick looks; read-only and never waiting long.

No lock is taken, no engine is asked and nothing heavy is imported: it must answer in an instant, also while a switch is
under way and also when everything else is broken.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from docstation.station.deployment import Deployment
from docstation.station.gpu import Absence, Gpu, GpuReading, NoReading
from docstation.station.journal import Record, newest_records, replay
from docstation.station.lock import Holder, holder_of
from docstation.station.records import state_from_json
from docstation.station.words import State

PATIENCE = 0.12
"""Seconds that a look may take where an answer is wanted in an instant."""
LAST_EVENTS = 8

Shown = tuple[str, int]
"""Model id and context length that a server shows."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A model that serves, as deployed and as it shows itself.

    Attributes:
        deployment: what was started.
        shown_id: model id that its API shows now; empty when it did not answer in time.
        shown_context: ``max_model_len`` that it shows, 0 likewise.
        measured_bytes: GPU memory that was measured after its last start, 0 where none was.
    """

    deployment: Deployment
    shown_id: str = ""
    shown_context: int = 0
    measured_bytes: int = 0

    @property
    def answers(self) -> bool:
        """Whether it showed what was deployed."""
        return (self.shown_id, self.shown_context) == (self.deployment.served_name, self.deployment.context)


@dataclass(frozen=True, slots=True)
class Status:
    """The station at one moment.

    Attributes:
        state: as the journal has it.
        serving: the models that serve; none means the embedded engine.
        owner: process that holds the station, None where none does: then nothing is watched.
        gpu: reading of the card, or why there is none.
        budget_bytes: of all our models together.
        events: last records of the journal, oldest first.
    """

    state: State
    serving: tuple[Serving, ...]
    owner: Holder | None
    gpu: GpuReading | NoReading
    budget_bytes: int
    events: tuple[Record, ...]


def look(
    folder: Path,
    *,
    budget_bytes: int,
    gpu: Gpu,
    shown: Callable[[Deployment, float], Shown | None],
    patience: float = PATIENCE,
) -> Status:
    """Put the status together.

    Args:
        folder: of the station's state; need not exist.
        budget_bytes: from the settings.
        gpu: the card.
        shown: asks a server for its model id and context, within so many seconds; None when it does not answer.
        patience: seconds that the looks at servers and card may take together.
    """
    records = _needed(folder)
    state = replay(records).state
    looks = _Looks()
    for one in state.serving.members:
        looks.take(one.model, partial(shown, one, patience))
    looks.take("", gpu.read)
    answers = looks.wait(patience)
    reading = answers.get("")
    measured = _measured(records)
    serving = []
    for one in state.serving.members:
        answer = answers.get(one.model)
        name, context = answer if isinstance(answer, tuple) else ("", 0)
        serving.append(Serving(one, name, context, measured.get(one.spec, 0)))
    return Status(
        state,
        tuple(serving),
        holder_of(folder),
        reading if isinstance(reading, GpuReading | NoReading) else NoReading(Absence.HUNG),
        budget_bytes,
        tuple(deque((one for one in records if one.kind == "event"), LAST_EVENTS)),
    )


def _needed(folder: Path) -> list[Record]:
    """The newest records, oldest first: as many as tell the state, the last events and what the serving models hold."""
    found: list[Record] = []
    events, checkpoint, unmeasured = 0, False, set[str]()
    for record in newest_records(folder):
        found.append(record)
        events += record.kind == "event"
        unmeasured.discard(str(record.body.get("spec")))
        if record.kind == "checkpoint":
            if not checkpoint:
                unmeasured = _planned(replay(reversed(found)).state) - set(_measured(found))
            checkpoint = True
            # What did not serve yet at a checkpoint was started later, and measured later if at all.
            unmeasured &= _planned(state_from_json(record.body))
        if checkpoint and events >= LAST_EVENTS and not unmeasured:
            break
    return found[::-1]


def _planned(state: State) -> set[str]:
    """Specs of the serving models that take GPU memory."""
    return {one.spec for one in state.serving.members if one.planned_bytes}


def _measured(records: list[Record]) -> dict[str, int]:
    """GPU bytes by spec, from the notes that the owner writes after a start."""
    found: dict[str, int] = {}
    for record in records:
        spec, measured = record.body.get("spec"), record.body.get("bytes")
        if record.body.get("note") == "measured" and isinstance(spec, str) and isinstance(measured, int):
            found[spec] = measured
    return found


class _Looks:
    """Several things looked at at once, each in a thread that nobody waits for longer than the patience."""

    def __init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._answers: dict[str, object] = {}

    def take(self, name: str, look: Callable[[], object]) -> None:
        def run() -> None:
            self._answers[name] = look()

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self, seconds: float) -> dict[str, object]:
        last = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, last - time.monotonic()))
        return dict(self._answers)
