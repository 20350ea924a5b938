"""What a server's end tells where its log names no cause: that its engine died, hung, or was ended from outside."""

from __future__ import annotations

from collections.abc import Sequence

from docstation.station.causes import Cause
from docstation.station.diagnosis.lines import Line
from docstation.station.diagnosis.progress import stalled

SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    15: "SIGTERM",
}
"""Linux's numbers: that is where servers run, wherever their logs are read."""
FROM_OUTSIDE = frozenset({"SIGHUP", "SIGINT", "SIGKILL", "SIGTERM"})


def signal_of(number: int) -> dict[str, str]:
    """The field ``signal`` with the name of a signal; empty for a number that is none."""
    return {"signal": SIGNALS[number]} if number in SIGNALS else {}


def by_the_end(
    lines: Sequence[Line], exit_code: int | None, phase: str, *, broke: bool
) -> tuple[Cause, dict[str, str]]:
    """The cause and its fields by the exit code and the last reports.

    Args:
        lines: of the log.
        exit_code: see `docstation.station.diagnosis.diagnose`.
        phase: likewise.
        broke: whether the engine is known to have broken while it served, or without any error of its own.
    """
    if broke:
        return Cause.ENGINE_DEAD, {}
    if exit_code is None:
        return (Cause.ENGINE_HUNG if stalled(lines) and phase not in {"start", "load"} else Cause.UNKNOWN), {}
    if exit_code in {126, 127}:
        return Cause.PROGRAM_MISSING, {}
    ended_by = signal_of(-exit_code if exit_code < 0 else exit_code - 128)
    if not ended_by:
        return (Cause.EXITED, {"code": "0"}) if exit_code == 0 else (Cause.UNKNOWN, {})
    if ended_by["signal"] == "SIGBUS":
        return Cause.SHARED_MEMORY, ended_by
    return (Cause.EXITED if ended_by["signal"] in FROM_OUTSIDE else Cause.ENGINE_DEAD), ended_by
