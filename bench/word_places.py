"""Where the words of a model's blocks stand: words in their place, beside spreading them evenly over the block.

``python bench/word_places.py [CORPUS] [--tables 12]``. Pages of ``CORPUS`` with sane text layers are turned to scans; a
model's answer is their blocks without places of words or cells, boxes off by up to 1.5 points. The peer is what is
usual where a model gives no places: lines and words spread over the block by their letters. Drawn tables besides.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pypdfium2
from ocr_head import CORPUS, head, row

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page
from docstation.document.text import Line, Origin, Word
from docstation.extraction.pages import read_page
from docstation.intake.page import Pixels
from docstation.reading.vision.places import with_places
from docstation.testing.degrade import Condition

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reading" / "vision" / "places"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reading" / "embedded" / "tables"))
from drawn_tables import random_page
from placing_score import Tally, scans, score
from worn_tables import worn

FILES = {
    "russian/diploma.pdf": (5, 9, 12, 17, 20, 25, 30, 51, 52),
    "russian/laws/ukodeksrf.pdf": (1, 2),
    "russian/pdf_with_text_layer/VVP_6_tables.pdf": (1,),
    "russian/pdf_with_text_layer/cp1251.pdf": (1,),
    "russian/pdf_with_text_layer/with_header_footer_2.pdf": (1,),
    "olmocr-bench/pdfs/earnings.pdf": (1,),
    "olmocr-bench/pdfs/olmo2-pg4.pdf": (1,),
    "olmocr-bench/pdfs/discoverworld_crazy_table4.pdf": (1,),
    "invoices/AmazonWebServices.pdf": (1,),
    "invoices/AzureInterior.pdf": (1,),
    "invoices/QualityHosting.pdf": (1,),
    "invoices/coolblue1.pdf": (1,),
}
CONDITIONS = tuple(Condition)


def spread(blocks: Sequence[Block], pixels: Pixels, scale: float) -> list[Block]:
    """The peer: words spread over their block or grid by their letters."""
    height, width = pixels.shape[:2]
    page = read_page(Page(1, width / scale, height / scale, tuple(blocks)))
    result = []
    for block in blocks:
        words = tuple(Word(one.text, one.box, origin=Origin.ENGINE) for one in page.tokens if one.block == block.id)
        result.append(replace(block, lines=(Line(words),) if words else ()))
    return result


def real(corpus: Path, condition: Condition) -> None:
    """One condition over all files."""
    with tempfile.TemporaryDirectory() as folder:
        shown = [
            one
            for name, numbers in FILES.items()
            for one in scans(corpus / name, [n for n in numbers if n <= _pages(corpus / name)], condition, Path(folder))
        ]
    cells: list[str] = []
    for places in (with_places, spread):
        texts, tables = Tally(), Tally()
        began = time.perf_counter()
        for page, blocks in shown:
            for tally, more in zip((texts, tables), score(page, blocks, places), strict=True):
                tally.words += more.words
                tally.right += more.right
        took = (time.perf_counter() - began) / len(shown)
        cells += [f"{100 * texts.share:.1f} %", f"{100 * tables.share:.1f} %", f"{took:.2f}"]
        lost = 1 - (texts.right + tables.right) / (texts.words + tables.words)
        cells.append(f"{100 * lost:.1f} %")
    ratio = float(cells[3][:-2]) / float(cells[7][:-2])
    row(condition.value, texts.words, tables.words, *cells[:3], *cells[4:6], f"{ratio:.2f}")


def _pages(path: Path) -> int:
    with pypdfium2.PdfDocument(path) as pdf:
        return len(pdf)


def drawn(kind: str, condition: str, seeds: int) -> None:
    """Cells of drawn tables that hold their words."""
    cells = right = 0
    took = 0.0
    for seed in range(seeds):
        made = random_page(seed, kind)
        made = made if condition == "clean" else worn(made, seed, condition)
        bare = replace(made.table, cells=tuple(replace(cell, box=None) for cell in made.table.cells))
        block = Block("p1-b1", Category.TABLE, made.box, bare.to_text(), table=bare)
        began = time.perf_counter()
        (found,) = with_places([block], made.page.pixels, made.page.scale)  # type: ignore[arg-type]
        took += time.perf_counter() - began
        places: dict[tuple[int, int], Box | None] = {(one.row, one.column): one.box for one in found.table.cells}  # type: ignore[union-attr]
        for cell in made.table.cells:
            own = [w for line in made.lines for w in line.words if cell.box and cell.box.contains(*w.box.center)]
            place = places[cell.row, cell.column]
            cells += bool(own)
            right += bool(own) and place is not None and all(place.expanded(0.5).contains(*w.box.center) for w in own)
    row(kind, condition, cells, f"{100 * right / cells:.1f} %", f"{took / seeds:.2f}")


def main() -> None:
    """Run and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, nargs="?", default=CORPUS)
    parser.add_argument("--tables", type=int, default=12)
    args = parser.parse_args()
    head("Places of words in a model's blocks")
    row(
        "pages as",
        "words of texts",
        "of tables",
        "texts",
        "tables",
        "s/page",
        "spread: texts",
        "tables",
        "wrong",
    )
    row(*["---"] * 9)
    for condition in CONDITIONS:
        real(args.corpus, condition)
    print()
    row("drawn tables", "as", "cells", "hold their words", "s/page")
    row(*["---"] * 5)
    for kind in ("ruled", "booktabs", "plain"):
        for how in ("clean", "skewed", "photo", "hard"):
            drawn(kind, how, args.tables)


if __name__ == "__main__":
    main()
