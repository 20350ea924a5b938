"""A memory plan turned into the words after ``vllm serve``, and the variables of the server's environment.

Words are never joined into a shell string, and their order never changes: equal plans give equal words, so that a
deployment can be compared with what runs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal

from docstation.models.entry import ModelEntry
from docstation.models.plan import Item, MemoryPlan

Device = Literal["cuda", "cpu"]

LOOPBACK = "127.0.0.1"


def arguments(
    plan: MemoryPlan,
    *,
    port: int,
    host: str = LOOPBACK,
    revision: str = "",
    model: str = "",
    names: Sequence[str] = (),
    chat_template: str = "",
    device: Device = "cuda",
) -> tuple[str, ...]:
    """The words after ``vllm serve``, the model first.

    Args:
        plan: a plan that fits; its entry has the planned changes applied.
        port: to listen on.
        host: to listen on; ``0.0.0.0`` inside a container whose port is published on the loopback only.
        revision: commit of the weights, empty while none is recorded.
        model: folder of the weights as the server sees it, where that is not the entry's checkpoint.
        names: ids under which it answers, the first of which it shows in answers; none means the entry's id.
        chat_template: to render messages with where the checkpoint's own is not right; an entry that gives one wins.
        device: what the server computes on; on the CPU the plan's KV cache is given in bytes.

    Raises:
        ValueError: the plan does not fit.
    """
    if not plan.fits:
        raise ValueError(f"{plan.entry.name} does not fit")
    entry = plan.entry
    return (
        model or entry.checkpoint,
        *("--served-model-name", *(names or (entry.model_id,))),
        *("--host", host),
        *("--port", str(port)),
        *(("--revision", revision) if revision else ()),
        *_memory(plan, device),
        *_pictures(entry),
        # The watch asks for what is under way: a hung engine's own gauges do not tell.
        "--enable-server-load-tracking",
        *(("--enforce-eager",) if entry.eager else ()),
        *(("--trust-remote-code",) if entry.trust_remote_code else ()),
        *(("--chat-template", chat_template) if chat_template and not _brings_template(entry) else ()),
        *entry.arguments,
    )


def _memory(plan: MemoryPlan, device: Device) -> tuple[str, ...]:
    entry = plan.entry
    kv_bytes = sum(line.bytes for line in plan.bill if line.item is Item.KV_CACHE)
    return (
        *("--max-model-len", str(entry.context)),
        *("--max-num-seqs", str(entry.max_sequences)),
        *("--max-num-batched-tokens", str(entry.batch_tokens)),
        # On the CPU vLLM would take its share of all memory of the machine, which differs from start to start.
        *(("--kv-cache-memory-bytes", str(kv_bytes)) if device == "cpu" else ()),
        *(("--gpu-memory-utilization", str(plan.utilisation)) if device == "cuda" else ()),
        *(("--kv-cache-dtype", entry.kv_cache_type) if entry.kv_cache_type != "auto" else ()),
    )


def _pictures(entry: ModelEntry) -> tuple[str, ...]:
    """One picture a request and no video, so that vLLM keeps work memory for no more."""
    return (
        *("--limit-mm-per-prompt", _json({"image": 1, "video": 0})),
        *("--mm-processor-kwargs", _json({"max_pixels": entry.max_pixels})),
    )


def _brings_template(entry: ModelEntry) -> bool:
    return any(word.partition("=")[0] == "--chat-template" for word in entry.arguments)


def _json(value: dict[str, int]) -> str:
    return json.dumps(value, separators=(",", ":"))


def environment(entry: ModelEntry, *, offline: bool) -> dict[str, str]:
    """Variables of the server: no reports to anybody, no look-ups where the weights are there, then the entry's own."""
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    return quiet | ({"HF_HUB_OFFLINE": "1"} if offline else {}) | entry.environment
