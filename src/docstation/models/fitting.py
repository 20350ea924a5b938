"""One entry against one card and budget: what it takes, what is left for the KV cache, and whether that is enough.

vLLM gets a share of the card ("utilisation") and gives to the KV cache what weights and work memory leave of it. What
it takes besides is ours to reckon with: the CUDA context, workspaces made later, growth while it serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from docstation.models.checkpoint import Checkpoint
from docstation.models.devices import Device
from docstation.models.entry import ModelEntry
from docstation.models.kv_cache import CPU_BLOCK, GPU_BLOCK, blocks_for, bytes_per_token
from docstation.models.learned import NOTHING_LEARNED, Learned, fingerprint
from docstation.models.plan import Item, Line
from docstation.models.residual import Residual, residual
from docstation.models.weights import loaded_bytes

MIB = 2**20
CONTEXT = 256 * MIB
"""CUDA context and the workspaces of FlashAttention or Triton: 0.12 GiB over the request was seen on an RTX 5070 Ti."""
GROWTH = 128 * MIB
"""First long requests on the same card: 124 to 142 MiB."""
FLASHINFER = 358 * MIB
"""What FlashInfer's workspaces take more than the others': 0.47 GiB over the request instead of 0.12."""
MARGIN = 128 * MIB
"""Left free on top of all that is known."""
STEPS = 1000
"""vLLM is given its share in thousandths."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What all candidates of one plan share.

    Attributes:
        budget_bytes: all that the card may show for us.
        device: the card.
        checkpoint: of the model.
        learned: measured starts.
        margin_bytes: left free.
        digest: of the container image, empty while none is recorded.
    """

    budget_bytes: int
    device: Device
    checkpoint: Checkpoint
    learned: Learned = NOTHING_LEARNED
    margin_bytes: int = MARGIN
    digest: str = ""

    @property
    def allowed_bytes(self) -> int:
        """The budget, or what is free where that is less."""
        return min(self.budget_bytes, self.device.free_bytes)


@dataclass(frozen=True, slots=True)
class Fitting:
    """One entry under `Terms`; all in bytes where nothing else is said.

    Attributes:
        entry: as it would be served.
        weights: loaded.
        residual: work memory and CUDA graphs.
        uncounted: outside the engine's request, see `docstation.models.residual.Residual.outside` too.
        margin: left free.
        thousandths: of the card that may be requested.
        requested: the same in bytes.
        token: of the KV cache.
        needed_blocks: of the KV cache for all requests at once, each of full length.
        measured: whether weights and residual are those of an earlier start.
        fingerprint: key of that start.
    """

    entry: ModelEntry
    weights: int
    residual: Residual
    uncounted: int
    margin: int
    thousandths: int
    requested: int
    token: int
    needed_blocks: int
    measured: bool
    fingerprint: str

    @property
    def room(self) -> int:
        """What the engine has left for the KV cache; negative where weights and work memory alone are too much."""
        return self.requested - self.weights - self.residual.inside

    @property
    def kv_blocks(self) -> int:
        """Blocks of the KV cache."""
        return max(0, self.room // (self.token * GPU_BLOCK))

    @property
    def fits(self) -> bool:
        """Whether all requests find room at once."""
        return self.thousandths > 0 and self.kv_blocks >= self.needed_blocks

    @property
    def needed(self) -> int:
        """The least that the card has to give for it, margin included."""
        return self.weights + self.residual.inside + self.needed_kv + self.uncounted + self.margin

    @property
    def needed_kv(self) -> int:
        """KV cache for all requests at once."""
        return self.needed_blocks * self.token * GPU_BLOCK

    def bill(self, kv_bytes: int) -> tuple[Line, ...]:
        """The bill with a KV cache of that size."""
        source = "measured" if self.measured else "computed"
        outside = self.uncounted - (0 if self.residual.graphs_counted else self.residual.graphs)
        return (
            Line(Item.WEIGHTS, self.weights, source),
            Line(Item.KV_CACHE, kv_bytes),
            Line(Item.ACTIVATIONS, self.residual.activations, source),
            Line(Item.CUDA_GRAPHS, self.residual.graphs, source),
            Line(Item.UNCOUNTED, outside),
            Line(Item.MARGIN, self.margin, "set"),
        )


def fitting(entry: ModelEntry, terms: Terms) -> Fitting:
    """What `entry` takes under `terms`, and what is left."""
    key = fingerprint(entry, terms.device, terms.digest)
    weights, rest, measured = _demand(entry, terms, key)
    uncounted = uncounted_bytes(entry) + rest.outside
    thousandths, requested = share(terms.allowed_bytes - uncounted - terms.margin_bytes, terms.device.cuda_bytes)
    return Fitting(
        entry=entry,
        weights=weights,
        residual=rest,
        uncounted=uncounted,
        margin=terms.margin_bytes,
        thousandths=thousandths,
        requested=requested,
        token=bytes_per_token(terms.checkpoint.architecture.language, entry.kv_cache_type),
        needed_blocks=blocks_for(entry.context, entry.max_sequences),
        measured=measured,
        fingerprint=key,
    )


def share(wanted: int, cuda_bytes: int) -> tuple[int, int]:
    """The largest share of the card, in thousandths, that asks for no more than `wanted`, and what it asks for."""
    thousandths = min(max(0, wanted) * STEPS // cuda_bytes, STEPS) if cuda_bytes else 0
    return thousandths, -(-cuda_bytes * thousandths // STEPS)


def uncounted_bytes(entry: ModelEntry) -> int:
    """What every server takes outside its request."""
    return CONTEXT + GROWTH + (FLASHINFER if _uses_flashinfer(entry) else 0)


def kv_on_cpu(entry: ModelEntry, terms: Terms) -> tuple[int, int]:
    """Tokens and bytes of the KV cache on the processor, for all requests at once."""
    tokens = blocks_for(entry.context, entry.max_sequences, CPU_BLOCK) * CPU_BLOCK
    return tokens, tokens * bytes_per_token(terms.checkpoint.architecture.language, entry.kv_cache_type)


def _demand(entry: ModelEntry, terms: Terms, key: str) -> tuple[int, Residual, bool]:
    architecture = terms.checkpoint.architecture
    computed = residual(entry, architecture)
    known = terms.learned.measured(key)
    if known is not None:
        graphs = min(known.graph_bytes, known.residual_bytes) if computed.graphs_counted else known.graph_bytes
        rest = known.residual_bytes - (graphs if computed.graphs_counted else 0)
        return known.loaded_bytes, replace(computed, activations=rest, graphs=graphs), True
    weights = loaded_bytes(
        architecture, entry.quantisation, batch_tokens=entry.batch_tokens, stored=terms.checkpoint.stored_bytes
    )
    return weights, computed.scaled(terms.learned.factor(architecture.family)), False


def _uses_flashinfer(entry: ModelEntry) -> bool:
    """Whether its attention is FlashInfer's: asked for, or taken because FlashAttention 2 has no fp8 cache."""
    return entry.kv_cache_type == "fp8" or any("FLASHINFER" in word.upper() for word in _attention_words(entry))


def _attention_words(entry: ModelEntry) -> Iterator[str]:
    yield entry.environment.get("VLLM_ATTENTION_BACKEND", "")
    for flag, value in pairwise((*entry.arguments, "")):
        if flag.partition("=")[0].replace("_", "-") == "--attention-backend":
            yield flag + value
