"""What is learnt from every start: vLLM's own memory figures for the next plan, and what the card showed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from docstation.models.learned import LearnedFile, learn
from docstation.models.start_log import read_start_log
from docstation.station.deployment import Deployment
from docstation.station.gpu import Gpu, GpuReading
from docstation.station.resolving import Resolver

Note = Callable[[str, dict[str, int | float | str]], None]


class LearningWitness:
    """See `docstation.station.steps.Witness`.

    Args:
        file: where figures are kept.
        resolver: knows the plans behind deployments.
        gpu: the card.
        pids: processes of the instances of these names.
        note: writes to the journal.
        proven: told the time at which a model passed its canary.
    """

    def __init__(
        self,
        file: LearnedFile,
        resolver: Resolver,
        gpu: Gpu,
        pids: Callable[[Collection[str]], set[int]],
        note: Note,
        proven: Callable[[float], None],
    ) -> None:
        self._file = file
        self._resolver = resolver
        self._gpu = gpu
        self._pids = pids
        self._note = note
        self._proven = proven

    def answered(self, deployment: Deployment, log: Sequence[str]) -> None:
        """Keep the figures of the start, where its log tells them and its plan was made here."""
        planned = self._resolver.planned.get(deployment.spec)
        if planned is None:
            return
        plan, checkpoint = planned
        measured = learn(plan, read_start_log(log), checkpoint, at=time.time())
        if measured is not None:
            self._file.record(measured)

    def passed(self, deployment: Deployment) -> None:
        """Note what the card shows for us now that a page was read."""
        self._proven(time.time())
        if not deployment.planned_bytes:
            return
        reading = self._gpu.read(self._pids([deployment.instance]) or None)
        if isinstance(reading, GpuReading):
            held = reading.ours_bytes if reading.ours_bytes is not None else reading.used_bytes
            exact = "ours" if reading.ours_bytes is not None else "card"
            self._note("measured", {"spec": deployment.spec, "bytes": held, "of": exact})
