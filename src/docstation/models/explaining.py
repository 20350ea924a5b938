"""Why each line of a bill is what it is, as message ids with numbers; doors translate and show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from docstation.messages.marking import N_
from docstation.models.activations import activations, burst
from docstation.models.checkpoint import Checkpoint
from docstation.models.kv_cache import GPU_BLOCK, blocks_for, bytes_per_token
from docstation.models.learned import NOTHING_LEARNED, Learned
from docstation.models.plan import Item, MemoryPlan
from docstation.models.residual import capture_sizes, step_of
from docstation.models.tensors import parameters
from docstation.models.weights import stored_bytes

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Explanation:
    """One sentence about one line of the bill.

    Attributes:
        item: the line.
        sentence: message id.
        fields: its named fields.
    """

    item: Item
    sentence: str
    fields: dict[str, object]


def explain(plan: MemoryPlan, checkpoint: Checkpoint, learned: Learned = NOTHING_LEARNED) -> Iterator[Explanation]:
    """Sentences about the lines of `plan`, in their order; nothing for what is not planned on a card.

    Args:
        plan: of a model that vLLM serves.
        checkpoint: that it was made with.
        learned: measured starts that it was made with.
    """
    if not plan.cuda_bytes or not plan.bill:
        return
    yield from _weights(plan, checkpoint)
    yield from _kv_cache(plan, checkpoint)
    yield from _work_memory(plan, checkpoint, learned)
    yield _graphs(plan)
    yield from _outside(plan, checkpoint)
    if plan.utilisation:
        yield Explanation(Item.MARGIN, SHARE, {"share": f"{plan.utilisation:.3f}", "offered": _gib(plan.cuda_bytes)})


FILES = N_("{decoder} + {tower} parameters; {stored} GiB by the files at {source}")
ARITHMETIC = N_("{decoder} + {tower} parameters; {stored} GiB by arithmetic, shape from {source}")
BESIDES = N_("the rest: rotary tables, buffers and what the allocator rounds up")
KV_TOKEN = N_(
    "{token} bytes a token: a key and a value of {width} numbers for {heads} heads in each of {layers} layers"
)
KV_NEED = N_("{needed} tokens are needed for {sequences} requests of {context}")
PHASES = N_(
    "at once {pictures} pictures of {tokens} image tokens: vision tower {vision} GiB, decoder {decoder} GiB, "
    "sampler {sampler} GiB; the largest counts, with {kept} GiB that is kept"
)
FACTOR = N_("times {factor}, as earlier starts took more than the arithmetic says")
EARLIER = N_("measured at an earlier start with the same settings")
SIZES = N_("steps of up to {largest} tokens are captured, {count} sizes")
LEFT_OUT = N_("left out: eager")
OUTSIDE = N_("CUDA context, workspaces made later, growth while it serves: what vLLM does not reckon with")
BURST = N_("{burst} GiB of it for steps of {most} image tokens in smaller pictures; vLLM measures {measured}")
SHARE = N_("vLLM gets {share} of the {offered} GiB that CUDA offers: the budget less this and the line above")


def _weights(plan: MemoryPlan, checkpoint: Checkpoint) -> Iterator[Explanation]:
    decoder, tower = parameters(checkpoint.architecture)
    stored = checkpoint.stored_bytes or stored_bytes(checkpoint.architecture, plan.entry.quantisation)
    fields: dict[str, object] = {
        "decoder": f"{decoder:,}",
        "tower": f"{tower:,}",
        "stored": _gib(stored),
        "source": checkpoint.source,
    }
    yield Explanation(Item.WEIGHTS, FILES if checkpoint.stored_bytes else ARITHMETIC, fields)
    yield Explanation(Item.WEIGHTS, EARLIER if _is_measured(plan) else BESIDES, {})


def _kv_cache(plan: MemoryPlan, checkpoint: Checkpoint) -> Iterator[Explanation]:
    shape, entry = checkpoint.architecture.language, plan.entry
    needed = blocks_for(entry.context, entry.max_sequences) * GPU_BLOCK
    fields: dict[str, object] = {
        "token": f"{bytes_per_token(shape, entry.kv_cache_type):,}",
        "width": shape.head_dim,
        "heads": shape.kv_heads,
        "layers": shape.layers,
        "needed": f"{needed:,}",
        "sequences": entry.max_sequences,
        "context": f"{entry.context:,}",
    }
    yield Explanation(Item.KV_CACHE, KV_TOKEN, fields)
    yield Explanation(Item.KV_CACHE, KV_NEED, fields)


def _work_memory(plan: MemoryPlan, checkpoint: Checkpoint, learned: Learned) -> Iterator[Explanation]:
    if _is_measured(plan):
        yield Explanation(Item.ACTIVATIONS, EARLIER, {})
        return
    step = step_of(plan.entry, checkpoint.architecture)
    found = activations(checkpoint.architecture, step)
    fields: dict[str, object] = {
        "pictures": step.pictures,
        "tokens": f"{step.image_tokens:,}",
        "vision": _gib(found.vision),
        "decoder": _gib(found.decoder),
        "sampler": _gib(found.sampler),
        "kept": _gib(found.kept + found.modules),
    }
    yield Explanation(Item.ACTIVATIONS, PHASES, fields)
    factor = learned.factor(checkpoint.architecture.family)
    if factor > 1:
        yield Explanation(Item.ACTIVATIONS, FACTOR, {"factor": f"{factor:.2f}"})


def _graphs(plan: MemoryPlan) -> Explanation:
    if plan.entry.eager:
        return Explanation(Item.CUDA_GRAPHS, LEFT_OUT, {})
    sizes = capture_sizes(plan.entry.max_sequences, plan.entry.batch_tokens)
    return Explanation(Item.CUDA_GRAPHS, SIZES, {"largest": sizes[-1], "count": len(sizes)})


def _outside(plan: MemoryPlan, checkpoint: Checkpoint) -> Iterator[Explanation]:
    yield Explanation(Item.UNCOUNTED, OUTSIDE, {})
    step = step_of(plan.entry, checkpoint.architecture)
    more = burst(checkpoint.architecture, step)
    if more:
        fields: dict[str, object] = {"most": f"{step.most_tokens:,}", "measured": f"{step.encoded_tokens:,}"}
        yield Explanation(Item.UNCOUNTED, BURST, fields | {"burst": _gib(more)})


def _is_measured(plan: MemoryPlan) -> bool:
    return any(line.item is Item.WEIGHTS and line.source == "measured" for line in plan.bill)


def _gib(count: int) -> str:
    return f"{count / GIB:.2f}"
