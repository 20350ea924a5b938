"""A run: one engine over the cases of a corpus, its scores, time and memory; stored as JSON and read back."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from docstation.document.json_reader import JsonObject, Reader
from docstation.evaluation.cases import Case
from docstation.evaluation.memory import PeakMemory
from docstation.evaluation.reading import Reading, ReadsFiles
from docstation.evaluation.scoring import Metric, score
from docstation.evaluation.text_scores import Ratio

_FORMAT = "docstation.evaluation"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case as it went.

    Attributes:
        name: of the case.
        kind: of the case.
        seconds: of work.
        error: code of what went wrong, empty otherwise.
        scores: by metric.
    """

    name: str
    kind: str
    seconds: float
    error: str
    scores: dict[Metric, Ratio]


@dataclass(frozen=True, slots=True)
class Run:
    """One engine over a corpus.

    Attributes:
        engine: its name.
        corpus: as it was named.
        date: UTC, ISO 8601.
        machine: processor and cores.
        seconds: wall time of reading everything.
        peak_process: bytes of the largest process.
        peak_tree: bytes of all processes together.
        results: one per case, in the corpus' order.
    """

    engine: str
    corpus: str
    date: str
    machine: str
    seconds: float
    peak_process: int
    peak_tree: int
    results: tuple[CaseResult, ...]

    @property
    def pages_per_second(self) -> float:
        """Cases over wall time."""
        return len(self.results) / self.seconds if self.seconds else 0.0

    def scores(self, metric: Metric, kind: str = "") -> dict[str, Ratio]:
        """Case name → score, of one kind or of all, where the metric applies."""
        return {
            result.name: result.scores[metric]
            for result in self.results
            if metric in result.scores and kind in ("", result.kind)
        }

    @property
    def kinds(self) -> list[str]:
        """Kinds in the order of their first case."""
        return list(dict.fromkeys(result.kind for result in self.results))


def perform(engine: str, read: ReadsFiles, corpus: str, cases: Sequence[Case]) -> Run:
    """Let `read` read all cases and score what comes back; a file that never comes back counts as not read."""
    by_path = {case.path: case for case in cases}
    started = time.perf_counter()
    with PeakMemory() as memory:
        readings = list(read(list(by_path)))
        seconds = time.perf_counter() - started
    found = {reading.path: reading for reading in readings}
    lost = (Reading(path, None, 0.0, "lost") for path in by_path if path not in found)
    found |= {reading.path: reading for reading in lost}
    results = tuple(_result(case, found[path]) for path, case in by_path.items())
    date = datetime.now(UTC).isoformat(timespec="seconds")
    return Run(engine, corpus, date, machine(), seconds, memory.largest, memory.tree, results)


def _result(case: Case, reading: Reading) -> CaseResult:
    return CaseResult(case.name, case.kind, reading.seconds, reading.error, score(case, reading.document))


def machine() -> str:
    """Processor, cores and Python, for the head of a report."""
    import psutil

    return f"{_processor()}, {psutil.cpu_count()} cores, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def to_json(run: Run) -> JsonObject:
    """The run as a JSON object."""
    return {
        "format": _FORMAT,
        "version": 1,
        "engine": run.engine,
        "corpus": run.corpus,
        "date": run.date,
        "machine": run.machine,
        "seconds": round(run.seconds, 3),
        "peak_process": run.peak_process,
        "peak_tree": run.peak_tree,
        "cases": [_case_json(result) for result in run.results],
    }


def _case_json(result: CaseResult) -> JsonObject:
    scores: JsonObject = {metric.value: [ratio.part, ratio.whole] for metric, ratio in result.scores.items()}
    return {
        "name": result.name,
        "kind": result.kind,
        "seconds": round(result.seconds, 4),
        "error": result.error,
        "scores": scores,
    }


def from_json(text: str) -> Run:
    """The run that `to_json` described; raises `docstation.document.json_reader.FormatError` on anything else."""
    reader = Reader.of(json.loads(text), "run")
    return Run(
        engine=reader.text("engine"),
        corpus=reader.text("corpus"),
        date=reader.text("date"),
        machine=reader.text("machine"),
        seconds=reader.number("seconds"),
        peak_process=reader.integer("peak_process"),
        peak_tree=reader.integer("peak_tree"),
        results=tuple(_read_case(case) for case in reader.children("cases")),
    )


def _read_case(reader: Reader) -> CaseResult:
    scores = reader.child("scores")
    known: Iterable[Metric] = (metric for metric in Metric if scores.has(metric))
    return CaseResult(
        name=reader.text("name"),
        kind=reader.text("kind"),
        seconds=reader.number("seconds"),
        error=reader.text("error"),
        scores={metric: Ratio(*scores.numbers(metric, 2)) for metric in known},
    )
