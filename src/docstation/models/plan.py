"""The memory plan as data: an itemised bill against a budget in bytes, and what follows from it.

`docstation.models.planning` makes plans; doors show them; the station obeys them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from docstation.models.entry import ModelEntry


class Item(StrEnum):
    """Lines of a bill, in the order in which they are shown."""

    WEIGHTS = "weights"
    KV_CACHE = "kv-cache"
    ACTIVATIONS = "activations"
    CUDA_GRAPHS = "cuda-graphs"
    UNCOUNTED = "uncounted"
    MARGIN = "margin"


class Verdict(StrEnum):
    """What the plan says of a model."""

    FITS = "fits"
    FITS_WITH_CHANGES = "fits-with-changes"
    DOES_NOT_FIT = "does-not-fit"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bill.

    Attributes:
        item: what the memory is for.
        bytes: how much.
        source: ``computed`` from the architecture, ``measured`` at an earlier start, or ``set``.
    """

    item: Item
    bytes: int
    source: str = "computed"


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that was changed so that the model fits.

    Attributes:
        key: key of the entry, such as ``max_pixels``.
        before: value asked for.
        after: value of the plan.
        cost: message id that says what it costs in quality or speed.
    """

    key: str
    before: str
    after: str
    cost: str


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What a model needs, and how it is started so that the budget holds.

    Attributes:
        entry: the entry as it is to be served, `changes` applied.
        verdict: whether it fits.
        bill: lines that sum up to `total_bytes`.
        budget_bytes: all that the card may show for us.
        cuda_bytes: what CUDA offers of the card, which is less than its size.
        utilisation: ``--gpu-memory-utilization``, a share of `cuda_bytes`; 0 where nothing fits.
        kv_tokens: tokens that the KV cache holds.
        changes: what had to be changed, the cheapest first.
        reason: message id, why this verdict; with `reason_fields`.
        fingerprint: key of what was and will be measured at its starts.
    """

    entry: ModelEntry
    verdict: Verdict
    bill: tuple[Line, ...]
    budget_bytes: int
    cuda_bytes: int
    utilisation: float
    kv_tokens: int
    changes: tuple[Change, ...] = ()
    reason: str = ""
    reason_fields: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""

    @property
    def total_bytes(self) -> int:
        """All that the card will show for this model, the margin included."""
        return sum(line.bytes for line in self.bill)

    @property
    def fits(self) -> bool:
        """Whether the model may be started."""
        return self.verdict is not Verdict.DOES_NOT_FIT
