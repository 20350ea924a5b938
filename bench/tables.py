"""Score table finding on drawn Russian tables: TEDS, cell-F1, tables found and invented, seconds a page.

Usage: python bench/tables.py [--seeds 0-12] [--kinds ruled,booktabs,plain] [--conditions clean,skewed,…] [--text true]
Text is the drawn words (``true``, boxes jittered on worn pages) or what the engine recognises (``engine``).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from docstation.document.table import Table
from docstation.document.text import Line
from docstation.evaluation.teds import similarity
from docstation.reading.embedded.tables import FoundTable, TableFinder

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reading" / "embedded" / "tables"))
from drawn_tables import Drawn, random_page
from worn_tables import worn

CONDITIONS = ("digital", "clean", "skewed", "noisy", "broken", "stamped", "photo", "coarse", "hard")


def cell_f1(found: Table, truth: Table, *, exact: float = 0.999) -> float:
    """F1 of cells that have the same position, spans and text (similarity at least `exact`, spaces aside)."""
    mine = {(c.row, c.column, c.rowspan, c.colspan): "".join(c.text.split()) for c in found.cells}
    right = {(c.row, c.column, c.rowspan, c.colspan): "".join(c.text.split()) for c in truth.cells}
    hits = sum(
        Levenshtein.normalized_similarity(text, right[key]) >= exact for key, text in mine.items() if key in right
    )
    return 2 * hits / (len(mine) + len(right))


def best(found: Sequence[FoundTable], drawn: Drawn) -> FoundTable | None:
    """The found table that lies on the drawn one."""
    on_it = [t for t in found if t.box.iou(drawn.box) > 0.4]
    return max(on_it, key=lambda t: t.box.iou(drawn.box), default=None)


def lines_for(drawn: Drawn, text: str, recogniser: object) -> Sequence[Line]:
    """The page's lines, true or recognised."""
    return drawn.lines if text == "true" else recogniser.recognise(drawn.page)  # type: ignore[attr-defined]


def main() -> None:
    """Run and print one row per kind and condition."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0-12")
    parser.add_argument("--kinds", default="ruled,booktabs,plain")
    parser.add_argument("--conditions", default=",".join(CONDITIONS))
    parser.add_argument("--text", default="true", choices=("true", "engine"))
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    first, last = (int(part) for part in args.seeds.split("-"))
    recogniser: object = None
    if args.text == "engine":
        from docstation.reading.embedded.recognise import TextRecogniser

        recogniser = TextRecogniser()
    finder = TableFinder()
    print(
        f"{'kind':9} {'condition':9} {'n':>3} {'found':>5} {'extra':>5} "
        f"{'TEDS':>6} {'TEDS>.9':>7} {'cellF1':>6} {'s/page':>7}"
    )
    for kind in args.kinds.split(","):
        for condition in args.conditions.split(","):
            scores, f1s, extra, spent = [], [], 0, 0.0
            for seed in range(first, last):
                drawn = random_page(seed, kind)
                page = drawn.born_digital
                if condition != "digital":
                    drawn = worn(drawn, seed, condition)
                    page = drawn.page
                lines = lines_for(drawn, args.text, recogniser)
                start = time.perf_counter()
                found = finder.find(page, lines)
                spent += time.perf_counter() - start
                table = best(found, drawn)
                extra += len(found) - (table is not None)
                scores.append(similarity(table.table, drawn.table) if table else 0.0)
                f1s.append(cell_f1(table.table, drawn.table) if table else 0.0)
                if args.verbose and scores[-1] < 0.95:
                    shape = f"{table.table.rows}x{table.table.columns}" if table else "none"
                    print(
                        f"   {kind} {condition} seed {seed}: {scores[-1]:.3f} {shape} for "
                        f"{drawn.table.rows}x{drawn.table.columns} {drawn.style}"
                    )
            n = last - first
            print(
                f"{kind:9} {condition:9} {n:3} {sum(s > 0 for s in scores):5} {extra:5} {sum(scores) / n:6.3f} "
                f"{sum(s > 0.9 for s in scores) / n:7.2f} {sum(f1s) / n:6.3f} {spent / n:7.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
