"""What servers say when memory does not suffice: of the GPU, of the host, of /dev/shm. Part of the diagnosis table."""

from __future__ import annotations

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import Place, Rule

_OOM = (
    "CUDA out of memory",
    "CUDA error: out of memory",
    "HIP out of memory",
    "cudaErrorMemoryAllocation",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "Cuda failure 2 'out of memory'",
)
_OOM_FIELDS = (
    r"Tried to allocate (?P<tried>[\d.]+ [KMG]iB)",
    r"of which (?P<left>[\d.]+ [KMG]iB) is free",
    r"with (?P<sequences>\d+) dummy requests",
)

MEMORY = (
    Rule(
        Cause.MEMORY_TAKEN,
        ("Free memory on device … on startup is less than", "Available memory on node … on startup is less than"),
        captures=(
            r"\((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\) on startup",
            r"\([\d.]+, (?P<requested>[\d.]+) GiB\)",
        ),
    ),
    Rule(
        Cause.MEMORY_TAKEN,
        ("Error in memory profiling",),
        captures=(r"Initial free memory (?P<free>[\d.]+) GiB",),
    ),
    Rule(
        Cause.NO_KV_MEMORY,
        (
            "No available memory for the cache blocks",
            "Cannot auto-fit max_model_len",
            "on kv cache allocation is less than requested memory for kv",
        ),
    ),
    Rule(
        Cause.CONTEXT_TOO_LONG,
        (
            "To serve at least one request with the model",
            "larger than the maximum number of tokens that can be stored in KV cache",
        ),
        captures=(
            r"max seq len \((?P<asked>\d+)\)",
            r"\((?P<needed>[\d.]+) GiB KV cache is needed",
            r"available KV cache memory \((?P<available>-?[\d.]+) GiB\)",
            r"estimated maximum model length is (?P<limit>\d+)",
            r"stored in KV cache \((?P<limit>\d+)\)",
        ),
    ),
    Rule(
        Cause.CONTEXT_TOO_LONG,
        ("is greater than the derived max_model_len",),
        captures=(r"max_model_len \((?P<asked>\d+)\)", r"max_position_embeddings=(?P<window>\d+)"),
    ),
    Rule(Cause.OOM_LOAD, ("Failed to load model - not enough GPU memory",), captures=_OOM_FIELDS),
    Rule(Cause.OOM_PROFILE, ("out of memory occurred when warming up",), captures=_OOM_FIELDS),
    Rule(Cause.OOM_WAKE, _OOM, where=frozenset({Place.WAKE}), captures=_OOM_FIELDS),
    Rule(Cause.OOM_REQUEST, _OOM, where=frozenset({Place.SERVE}), captures=_OOM_FIELDS),
    Rule(Cause.OOM_PROFILE, _OOM, where=frozenset({Place.PROFILE}), captures=_OOM_FIELDS),
    Rule(Cause.OOM_LOAD, _OOM, where=frozenset({Place.LOAD}), captures=_OOM_FIELDS),
    # Before anything is loaded there is only the context of CUDA: the card is full of something else.
    Rule(Cause.MEMORY_TAKEN, _OOM, where=frozenset({Place.START}), captures=_OOM_FIELDS),
    Rule(
        Cause.SHARED_MEMORY,
        ("No space left on device", "[Errno 28]", "[Errno 12]", "Cannot allocate memory"),
        near=("/dev/shm", "shared_memory.py", "SharedMemory", "shm_broadcast.py", "shm_open", "psm_"),
    ),
    Rule(
        Cause.SHARED_MEMORY,
        (
            "Bus error",
            "insufficient shared memory",
            "Insufficient space in /dev/shm",
            "unable to open shared memory object",
            "Error while creating shared memory segment",
            "unable to allocate shared memory",
            "unable to write to file </torch_",
        ),
    ),
    Rule(
        Cause.HOST_OOM,
        (
            "Out of memory: Killed process",
            "Memory cgroup out of memory",
            "oom-kill:",
            "invoked oom-killer",
            "Cannot allocate memory",
            "can't allocate memory: you tried to allocate",
            "not enough memory: you tried to allocate",
            "std::bad_alloc",
            "^MemoryError",
        ),
        captures=(r"you tried to allocate (?P<tried>\d+ bytes)", r"process \d+ \((?P<process>[^)]{1,40})\)"),
    ),
)
