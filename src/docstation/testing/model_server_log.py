"""What vLLM says while it starts, phase by phase, and what it says when it fails: lines for the scripted model server.

The wording is that of vLLM 0.32 on a GPU. Nothing here starts or ends anything.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Steps of a start, in their order."""

    CONFIG = "config"
    ENGINE = "engine"
    WEIGHTS = "weights"
    PROFILE = "profile"
    KV_CACHE = "kv-cache"
    GRAPHS = "graphs"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Figures:
    """What the log of a start says of the GPU, in GiB and tokens; of dots.ocr within 12 GB."""

    weights: float = 5.72
    kv_cache: float = 2.31
    kv_tokens: int = 86_496
    graphs: float = 0.31


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a start fails.

    Attributes:
        phase: in which it ends.
        code: exit code.
        process: who says it: APIServer, EngineCore or Worker.
        lines: of the log, the telling one first.
    """

    phase: Phase
    code: int
    process: str
    lines: tuple[str, ...]


_ENGINE_FAILED = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"

FAILURES = {
    "bad-flag": Failure(Phase.CONFIG, 2, "", ("vllm: error: unrecognized arguments: --no-such-flag 1",)),
    "memory-taken": Failure(
        Phase.ENGINE,
        1,
        "Worker",
        (
            "ValueError: Free memory on device cuda:0 (3.42/15.51 GiB) on startup is less than desired GPU memory"
            " utilization (0.69, 10.7 GiB). Decrease GPU memory utilization or reduce GPU memory used by other"
            " processes.",
            _ENGINE_FAILED,
        ),
    ),
    "weights-corrupt": Failure(
        Phase.WEIGHTS,
        1,
        "Worker",
        (
            "safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file not fully"
            " covered",
            _ENGINE_FAILED,
        ),
    ),
    "oom": Failure(
        Phase.PROFILE,
        1,
        "Worker",
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.89 GiB. GPU 0 has a total capacity of"
            " 15.51 GiB of which 953.94 MiB is free. Including non-PyTorch memory, this process has 14.53 GiB memory in"
            " use.",
            _ENGINE_FAILED,
        ),
    ),
    "no-kv-memory": Failure(
        Phase.KV_CACHE,
        1,
        "EngineCore",
        (
            "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when"
            " initializing the engine.",
            _ENGINE_FAILED,
        ),
    ),
    "context-too-long": Failure(
        Phase.KV_CACHE,
        1,
        "EngineCore",
        (
            "ValueError: To serve at least one request with the model's max seq len (8192), (0.22 GiB KV cache is"
            " needed, which is larger than the available KV cache memory (0.1 GiB). Based on the available memory, the"
            " estimated maximum model length is 3744.",
            _ENGINE_FAILED,
        ),
    ),
}
"""Ways to fail by name; each name is that of a cause, but for ``oom``."""


def lines_of(phase: Phase, model: str, address: str, context: int, figures: Figures) -> list[str]:
    """What is printed in a phase.

    Args:
        phase: which.
        model: name or folder of the weights.
        address: where it will serve.
        context: in tokens.
        figures: of the GPU.
    """
    worker = "Worker"
    match phase:
        case Phase.CONFIG:
            return [
                said("APIServer", f"non-default args: {{'model_tag': '{model}', 'max_model_len': {context}}}"),
                said("APIServer", "Resolved architecture: DotsOCRForCausalLM"),
                said("APIServer", f"Using max model len {context}"),
            ]
        case Phase.ENGINE:
            return [said("EngineCore", f"Initializing a V1 LLM engine (v0.32.0) with config: model='{model}'")]
        case Phase.WEIGHTS:
            return [
                said(worker, f"Starting to load model {model}..."),
                "Loading safetensors checkpoint shards: 100% Completed | 2/2 [00:01<00:00,  1.40it/s]",
                said(worker, "Loading weights took 1.43 seconds"),
                said(worker, f"Model loading took {figures.weights} GiB memory and 2.110000 seconds"),
            ]
        case Phase.PROFILE:
            budget = (
                "Encoder cache will be initialized with a budget of 8192 tokens, and profiled with 2 image items of"
            )
            return [said(worker, f"{budget} the maximum feature size.")]
        case Phase.KV_CACHE:
            tokens, times = f"{figures.kv_tokens:,}", figures.kv_tokens / context
            return [
                said(worker, f"Available KV cache memory: {figures.kv_cache} GiB"),
                said(
                    "EngineCore",
                    f"GPU KV cache size: {tokens} tokens, Maximum concurrency for {context:,} tokens per request:"
                    f" {times:.2f}x",
                ),
            ]
        case Phase.GRAPHS:
            return [
                said(worker, f"Graph capturing finished in 3 secs, took {figures.graphs} GiB"),
                said("EngineCore", "init engine (profile, create kv cache, warmup model) took 9.61 s"),
            ]
        case Phase.SERVER:
            return [
                said("APIServer", f"Starting vLLM server on {address}"),
                f"INFO:     Started server process [{os.getpid()}]",
                "INFO:     Waiting for application startup.",
                "INFO:     Application startup complete.",
            ]


def said(process: str, text: str, level: str = "INFO") -> str:
    """A line as one of vLLM's processes logs it; as it is where no process is named."""
    if not process:
        return text
    return f"({process} pid={os.getpid()}) {level} {time.strftime('%m-%d %H:%M:%S')} [{process.lower()}.py:42] {text}"
