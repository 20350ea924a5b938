"""The labelled logs of tests/station/logs: what each is a log of, and what is to be found in it.

A file begins with lines ``# key: value`` and an empty line. Keys: cause (the right answer), phase, exit, oom, observed
(what the caller of the diagnosis knows), fields (figures that must be read from it, parted by `; `), origin (``run``
stands for a real start of vLLM, whose tracebacks were shortened) and set (``held-out``: written after the rules).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docstation.station.causes import Cause
from docstation.station.diagnosis import Diagnosis, diagnose

LOGS = Path(__file__).parent / "logs"


@dataclass(frozen=True, slots=True)
class LabelledLog:
    """One log with its labels."""

    name: str
    lines: tuple[str, ...]
    labels: dict[str, str]

    @property
    def cause(self) -> Cause:
        return Cause(self.labels["cause"])

    @property
    def fields(self) -> dict[str, str]:
        return dict(pair.split("=", 1) for pair in self.labels.get("fields", "").split("; ") if pair)

    @property
    def held_out(self) -> bool:
        return self.labels.get("set") == "held-out"

    def diagnosed(self) -> Diagnosis:
        exit_code = self.labels.get("exit", "")
        return diagnose(
            self.lines,
            exit_code=int(exit_code) if exit_code else None,
            oom_killed=self.labels.get("oom") == "yes",
            phase=self.labels.get("phase", ""),
            observed=Cause(self.labels.get("observed", "unknown")),
        )


def labelled_logs() -> Iterator[LabelledLog]:
    """Every log of the corpus, by name."""
    for path in sorted(LOGS.glob("*.log")):
        head, _, body = path.read_text(encoding="utf-8").partition("\n\n")
        labels = dict(line.removeprefix("# ").split(": ", 1) for line in head.splitlines())
        yield LabelledLog(path.stem, tuple(body.splitlines()), labels)
