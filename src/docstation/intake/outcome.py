"""How tasks of worker processes end: their values, the errors of their handlers, and what becomes of lost workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from docstation.errors import DocStationError, InputError, WorkerFailed
from docstation.intake.worker import Answer
from docstation.messages.marking import N_

Reason = Literal["timeout", "memory", "crash"]

_SENTENCES: dict[Reason, str] = {
    "timeout": N_("Reading stopped: it took longer than {seconds} s."),
    "memory": N_("Reading stopped: it needed more memory than allowed."),
    "crash": N_("Reading stopped: the process that read it died."),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one task ended.

    Attributes:
        task: as it was given.
        value: what the handler returned; None when it failed.
        error: None, a DocStationError that the handler raised, or `WorkerFailed` with ``fields["reason"]`` one of
            "timeout", "memory" and "crash", and ``fields["trace"]`` where Python had one.
        seconds: spent on it in the worker.
    """

    task: Any
    value: Any
    error: DocStationError | None
    seconds: float


def is_death(error: DocStationError | None) -> bool:
    """Whether a task failed because its worker died, of the task or of something else.

    Where memory runs out, the system ends a worker before anything else, whoever took the memory.
    """
    return isinstance(error, WorkerFailed) and error.fields.get("reason") == "crash" and not error.fields.get("trace")


def failure(reason: Reason, seconds: float, answer: Answer | None = None) -> DocStationError:
    """Why a task failed: what its worker said, else what became of the worker; `seconds` were allowed."""
    if answer is not None and answer.error is not None:
        return answer.error
    return WorkerFailed(_SENTENCES[reason], reason=reason, seconds=round(seconds), trace=answer.trace if answer else "")


def of_file(error: DocStationError) -> DocStationError:
    """The error of a task that looked at a whole file: one that costs its worker the life is unusable.

    A trace tells of a bug of ours, which the file is not to blame for.
    """
    if isinstance(error, WorkerFailed) and not error.fields.get("trace"):
        return InputError(error.message_id, **error.fields)
    return error
