"""What starts really took, kept by fingerprint, and what that says of starts that have not been made yet.

A start with the fingerprint of an earlier one is planned with its measured figures. Any other start of the same
architecture is planned with the arithmetic times one factor, by which the newest start of that family exceeded it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docstation.models.kv_cache import bytes_per_token
from docstation.models.residual import residual

if TYPE_CHECKING:
    from docstation.models.checkpoint import Checkpoint
    from docstation.models.devices import Device
    from docstation.models.entry import ModelEntry
    from docstation.models.plan import MemoryPlan
    from docstation.models.start_log import StartFigures

FILE = "learned.json"
KEPT = 200
"""Starts that are remembered, the newest."""
LARGEST = 2**50
"""Bytes and seconds beyond this were not written by us."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one start took; all in bytes where nothing else is said.

    Attributes:
        fingerprint: of the start, see `fingerprint`.
        family: of the architecture.
        loaded_bytes: weights and what is built with them.
        residual_bytes: all else that was taken of the request, the KV cache not.
        computed_bytes: what the arithmetic had said of that.
        graph_bytes: CUDA graphs.
        kv_tokens: tokens of the KV cache.
        at: POSIX seconds.
    """

    fingerprint: str
    family: str
    loaded_bytes: int
    residual_bytes: int
    computed_bytes: int
    graph_bytes: int = 0
    kv_tokens: int = 0
    at: float = 0.0

    @property
    def factor(self) -> float:
        """How many times the computed residual was taken.

        Never below 1: the arithmetic lists tensors that are alive at once, so less cannot do. A smaller figure comes
        from a log whose total is not what it was taken for.
        """
        return max(1.0, self.residual_bytes / self.computed_bytes)


@dataclass(frozen=True, slots=True)
class Learned:
    """Measured starts by fingerprint, the newest last."""

    starts: Mapping[str, Measured] = field(default_factory=dict)

    def measured(self, fingerprint: str) -> Measured | None:
        """The start of that fingerprint."""
        return self.starts.get(fingerprint)

    def factor(self, family: str) -> float:
        """What the computed residual of a family is multiplied with: its newest start's, else the worst of others."""
        own = [one.factor for one in self.starts.values() if one.family == family]
        return own[-1] if own else max((one.factor for one in self.starts.values()), default=1.0)


NOTHING_LEARNED = Learned()


def fingerprint(entry: ModelEntry, device: Device, digest: str = "") -> str:
    """Key of all that decides how much memory a start takes: weights, engine, flags, card and driver."""
    parts: dict[str, object] = {
        name: getattr(entry, name)
        for name in (
            "checkpoint",
            "max_pixels",
            "max_sequences",
            "batch_tokens",
            "kv_cache_type",
            "quantisation",
            "eager",
            "arguments",
            "environment",
        )
    }
    parts |= {"image": digest or entry.image, "card": device.name, "driver": device.driver}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def learn(plan: MemoryPlan, figures: StartFigures, checkpoint: Checkpoint, *, at: float) -> Measured | None:
    """What a start by `plan` took, None where its log does not tell enough or contradicts itself.

    Args:
        plan: by which it was started.
        figures: of its log.
        checkpoint: that was loaded.
        at: POSIX seconds.
    """
    kv_bytes = figures.kv_bytes
    if kv_bytes is None and figures.kv_tokens is not None:
        kv_bytes = figures.kv_tokens * bytes_per_token(checkpoint.architecture.language, plan.entry.kv_cache_type)
    if figures.loaded_bytes is None or kv_bytes is None or not plan.utilisation:
        return None
    requested = figures.requested_bytes or round((figures.total_bytes or plan.cuda_bytes) * plan.utilisation)
    rest = requested - figures.loaded_bytes - kv_bytes
    if min(rest, kv_bytes, figures.loaded_bytes) <= 0:
        return None
    return Measured(
        fingerprint=plan.fingerprint,
        family=checkpoint.architecture.family,
        loaded_bytes=figures.loaded_bytes,
        residual_bytes=rest,
        computed_bytes=residual(plan.entry, checkpoint.architecture).inside,
        graph_bytes=figures.graph_bytes or 0,
        kv_tokens=figures.kv_tokens or 0,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class LearnedFile:
    """The measured starts of one folder, which need not exist. One writer at a time: the holder of the lock.

    Attributes:
        folder: the station's state folder.
    """

    folder: Path

    def load(self) -> Learned:
        """All that is remembered. A damaged file counts as empty: its figures are measured again at the next starts."""
        try:
            rows = json.loads((self.folder / FILE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return NOTHING_LEARNED
        found = [one for row in (rows if isinstance(rows, list) else []) if (one := _measured(row)) is not None]
        return Learned({one.fingerprint: one for one in found})

    def record(self, measured: Measured) -> Learned:
        """Remember a start in place of an earlier one of the same fingerprint; what is remembered then.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        starts = dict(self.load().starts)
        starts.pop(measured.fingerprint, None)
        kept = [*starts.values(), measured][-KEPT:]
        self._write(json.dumps([asdict(one) for one in kept], indent=1) + "\n")
        return Learned({one.fingerprint: one for one in kept})

    def _write(self, text: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f".{FILE}.part"
        try:
            with part.open("w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(self.folder / FILE)
        finally:
            part.unlink(missing_ok=True)


def _measured(row: Any) -> Measured | None:
    """A row as it was written, None for anything else; keys of a newer version are passed over."""
    if not isinstance(row, dict):
        return None
    values = {one.name: row.get(one.name, one.default) for one in fields(Measured)}
    if not all(isinstance(values[name], str) for name in ("fingerprint", "family")):
        return None
    numbers = [value for name, value in values.items() if name not in {"fingerprint", "family"}]
    if (
        not all(isinstance(value, int | float) and 0 <= value < LARGEST for value in numbers)
        or not values["computed_bytes"]
    ):
        return None
    return Measured(**values)
