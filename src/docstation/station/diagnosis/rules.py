"""The diagnosis table, whole: which words of a log mean which cause.

Words are short fragments that have stayed the same over many versions of vLLM, PyTorch and Docker, old wordings beside
new ones. docs/diagnosis.md is written from this table.
"""

from __future__ import annotations

from docstation.station.diagnosis.container_rules import CONTAINER
from docstation.station.diagnosis.gpu_rules import GPU
from docstation.station.diagnosis.memory_rules import MEMORY
from docstation.station.diagnosis.model_rules import MODEL
from docstation.station.diagnosis.server_rules import SERVER

RULES = (*CONTAINER, *MEMORY, *GPU, *MODEL, *SERVER)
"""Of two rules that match one line the earlier counts."""

AFTERMATH = (
    "Engine core initialization failed",
    "EngineCore failed to start",
    "EngineCore hit an exception",
    "EngineCore encountered",
    "EngineDeadError",
    "Engine process failed to start",
    "WorkerProc failed to start",
    "WorkerProc hit an exception",
    "WorkerProc initialization failed",
    "Worker failed with error",
    "died unexpectedly",
    "exited unexpectedly",
    "RuntimeError: Executor failed",
    "See root cause above",
    "See stack trace",
    "Exception in ASGI application",
    "AsyncLLM output_handler failed",
    "Error executing method",
    "Dumping input data",
    "Dumping scheduler",
    "validation error for",
    "validation errors for",
    "The above exception was the direct cause",
    "During handling of the above exception",
    "process group has NOT been destroyed",
    "resource_tracker",
    "CancelledError",
    "KeyboardInterrupt",
    "SystemExit",
    "BrokenPipeError",
    "zmq.error",
    "For further information visit",
)
"""Errors that only follow others, or belong to every shutdown: shown as the cause only where there is no other line."""


def follows(text: str) -> bool:
    """Whether a line only says that something failed before, or that a server ends."""
    return any(words in text for words in AFTERMATH)
