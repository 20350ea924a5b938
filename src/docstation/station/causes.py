"""Why something failed: one slug for each cause that has a remedy of its own, and the fault that carries it.

`docstation.station.diagnosis` finds causes in exit codes and logs; `docstation.station.remedies` has the words.
"""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    """A cause with its own remedy; the value is stable and appears in JSON, the journal and metrics."""

    # Seen before the old model is touched.
    BUDGET = "budget"
    ENGINE_DOWN = "engine-down"
    ENGINE_DENIED = "engine-denied"
    ENGINE_UNSUPPORTED = "engine-unsupported"
    PROGRAM_MISSING = "program-missing"
    IMAGE_MISSING = "image-missing"
    IMAGE_PULL = "image-pull"
    WEIGHTS_MISSING = "weights-missing"
    HUB_GATED = "hub-gated"
    HUB_UNREACHABLE = "hub-unreachable"
    DISK_FULL = "disk-full"
    PORT_TAKEN = "port-taken"
    NAME_TAKEN = "name-taken"
    BAD_FLAG = "bad-flag"
    GPU_NOT_VISIBLE = "gpu-not-visible"
    DRIVER_TOO_OLD = "driver-too-old"
    ENDPOINT_UNREACHABLE = "endpoint-unreachable"
    ENDPOINT_REFUSED = "endpoint-refused"
    # At start and while loading.
    NO_KERNEL_IMAGE = "no-kernel-image"
    MEMORY_TAKEN = "memory-taken"
    NO_KV_MEMORY = "no-kv-memory"
    CONTEXT_TOO_LONG = "context-too-long"
    OOM_LOAD = "oom-load"
    OOM_PROFILE = "oom-profile"
    OOM_REQUEST = "oom-request"
    OOM_WAKE = "oom-wake"
    HOST_OOM = "host-oom"
    SHARED_MEMORY = "shared-memory"
    WEIGHTS_CORRUPT = "weights-corrupt"
    MODEL_UNSUPPORTED = "model-unsupported"
    REMOTE_CODE = "remote-code"
    PROCESSOR_BROKEN = "processor-broken"
    START_FAILED = "start-failed"
    LOAD_TIMEOUT = "load-timeout"
    # Once it answers, or should.
    WRONG_MODEL = "wrong-model"
    WRONG_CONTEXT = "wrong-context"
    GARBAGE = "garbage"
    GARBAGE_AFTER_WAKE = "garbage-after-wake"
    ENGINE_DEAD = "engine-dead"
    ENGINE_HUNG = "engine-hung"
    EXITED = "exited"
    OVER_BUDGET = "over-budget"
    # Of the switch itself.
    STOP_TIMEOUT = "stop-timeout"
    MEMORY_NOT_RETURNED = "memory-not-returned"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


class Fault(Exception):
    """A step failed for a known cause.

    Attributes:
        cause: the slug that has a remedy.
        detail: the engine's or the log's own words, one line; empty where there are none.
        evidence: last lines of the log that show it, oldest first.
    """

    def __init__(self, cause: Cause, detail: str = "", evidence: tuple[str, ...] = ()) -> None:
        super().__init__(cause, detail, evidence)
        self.cause = cause
        self.detail = detail
        self.evidence = evidence

    def __str__(self) -> str:
        return f"{self.cause}: {self.detail}" if self.detail else str(self.cause)
