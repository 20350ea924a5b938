"""Character errors by kind of page beside the Tesseract command line (rus+eng) on the same pixels, in one run.

``python bench/ocr_quality.py [CORPUS] [--quick] [--kind KIND] [--peers tesseract,pp-ocrv6] [--json FOLDER]``. Receipts
are read by PP-OCRv6 as well. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ocr_head import CORPUS, head, row
from ocr_own import own

from docstation.evaluation.cases import Case
from docstation.evaluation.intervals import interval
from docstation.evaluation.kinds import goal_cases
from docstation.evaluation.peers import PEERS
from docstation.evaluation.report import report
from docstation.evaluation.runs import Run, perform, to_json
from docstation.evaluation.scoring import Metric


def main() -> None:
    """Read the set with every engine and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--quick", action="store_true", help="about a dozen pages")
    parser.add_argument("--kind", default="", help="only kinds that begin so")
    parser.add_argument("--peers", default="tesseract")
    parser.add_argument("--json", type=Path, help="folder for the runs")
    parser.add_argument("--full", action="store_true", help="print every metric with its interval")
    chosen = parser.parse_args()
    head("Quality by kind of page")
    with TemporaryDirectory() as scratch:
        cases = [
            c for c in goal_cases(chosen.corpus, Path(scratch), quick=chosen.quick) if c.kind.startswith(chosen.kind)
        ]
        runs = [perform("docstation", own, str(chosen.corpus), cases)]
        runs += [perform(name, PEERS[name](), str(chosen.corpus), cases) for name in chosen.peers.split(",")]
        receipts = [case for case in cases if case.kind == "receipts"]
        compare(runs)
        if receipts:
            print("\nReceipts beside PP-OCRv6:\n")
            compare([_only(runs[0], receipts), perform("pp-ocrv6", PEERS["pp-ocrv6"](), "receipts", receipts)])
    if chosen.full:
        print(report(runs))
    if chosen.json:
        chosen.json.mkdir(parents=True, exist_ok=True)
        for run in runs:
            (chosen.json / f"{run.engine}.json").write_text(json.dumps(to_json(run), ensure_ascii=False, indent=1))


def _only(run: Run, cases: list[Case]) -> Run:
    names = {case.name for case in cases}
    results = tuple(result for result in run.results if result.name in names)
    return Run(run.engine, run.corpus, run.date, run.machine, run.seconds, run.peak_process, run.peak_tree, results)


def compare(runs: list[Run]) -> None:
    """CER in reading order and by place, per cent, of the first run and of each peer with the ratio."""
    metrics = (Metric.CER, Metric.CER_PLACED)
    row("kind", "pages", *(f"{run.engine} {metric}" for metric in metrics for run in runs), "ratio cer", "ratio placed")
    row(*["---"] * (4 + len(metrics) * len(runs)))
    for kind in runs[0].kinds:
        values: list[str] = []
        ratios: list[str] = []
        for metric in metrics:
            found = [list(run.scores(metric, kind).values()) for run in runs]
            rates = [interval(scores).value if scores else None for scores in found]
            values += [f"{100 * rate:.2f}" if rate is not None else "–" for rate in rates]
            ours, peer = rates[0], rates[1]
            ratios.append(f"{ours / peer:.2f}" if ours is not None and peer else "–")
        row(kind, sum(result.kind == kind for result in runs[0].results), *values, *ratios)
    print()
    for run in runs:
        failed = [f"{result.name}: {result.error}" for result in run.results if result.error]
        print(
            f"{run.engine}: {run.pages_per_second:.2f} pages/s, largest process {run.peak_process / 1e6:.0f} MB",
            *failed,
        )


if __name__ == "__main__":
    main()
