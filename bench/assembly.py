"""Tables that go on over pages: which parts are joined, how like the whole they come out, and what assembling costs.

``python bench/assembly.py [CORPUS] [--documents 60] [--layers 20] [--pages 1000]``. Drawn documents of several pages
have three tables that go on and two pairs that do not; they come as a model tells of them, and as the embedded engine
lays out their text layers. Real documents of ``CORPUS`` have the tables told of in ``REAL``.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from ocr_head import CORPUS, head, row

from docstation.document.model import Block, Page
from docstation.reading.assembly import assemble
from docstation.testing.gridding import Ruling
from docstation.testing.long_tables import draw
from docstation.testing.model_view import seen_by_model

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "reading" / "assembly"))
from scoring import Score, read_text_layer, score

REAL = {
    "russian/tables/example_mp_table_with_repeate_header_2.pdf": {(1, 2)},
    "russian/tables/example_mp_table_wo_repeate_header.pdf": {(1, 2)},
    "russian/tables/multipage_table.pdf": {(1, 2), (2, 3)},
    "russian/diploma.pdf": {(51, 52), (52, 53)},
    "gnarly/lots_of_sci_tables.pdf": {(2, 3), (3, 4), (4, 5), (5, 6)},
    "russian/pdf_with_text_layer/VVP_6_tables.pdf": set(),
    "russian/pdf_with_text_layer/with_header_footer_2.pdf": set(),
    "invoices/QualityHosting.pdf": set(),
    "gnarly/form_on_later_pages.pdf": set(),
    "gnarly/repeating_references_on_pg9_pg10.pdf": set(),
    "gnarly/not_parsing.pdf": set(),
    "dots-raw/multi_page.pdf": set(),
}
"""Documents with a text layer → pages over whose end a table goes on, as a person sees them."""


def of_model(documents: int) -> Score:
    """Drawn documents as a model tells of them."""
    total = Score()
    for seed in range(documents):
        drawn = draw(seed)
        score(drawn, seen_by_model(drawn.pages, seed), total)
    return total


def of_layers(documents: int, ruling: Ruling) -> Score:
    """Drawn documents as the embedded engine lays out their text layers."""
    total = Score()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(documents):
            drawn = draw(seed, ruling=ruling)
            path = Path(folder) / f"{drawn.name}.pdf"
            path.write_bytes(drawn.pdf)
            score(drawn, read_text_layer(path), total)
    return total


def of_corpus(corpus: Path) -> Score:
    """Real documents; without TEDS, for nobody has drawn their tables."""
    total = Score()
    for name, truth in REAL.items():
        _, body = assemble(read_text_layer(corpus / name))
        found = {pair for element in body if element.table for pair in pairwise(element.pages)}
        total.right += len(found & truth)
        total.missed += len(truth - found)
        total.wrong += len(found - truth)
    return total


def book(pages: int) -> list[Page]:
    """Drawn pages again and again, each block with words of its own."""
    drawn = [page for seed in range(3) for page in draw(seed).pages]

    def blocks(page: Page, number: int) -> Iterator[Block]:
        for index, block in enumerate(page.blocks, start=1):
            lines = (replace(line, words=tuple(replace(word) for word in line.words)) for line in block.lines)
            yield replace(block, id=f"p{number}-b{index}", lines=tuple(lines))

    return [
        replace(page, number=number, blocks=tuple(blocks(page, number)))
        for number in range(1, pages + 1)
        for page in [drawn[number % len(drawn)]]
    ]


def cost(pages: int) -> tuple[float, float, float]:
    """Processor milliseconds a page, MiB of the result, and MiB needed beside it for a while."""
    read = book(pages)
    begun = time.process_time()
    assemble(read)
    spent = time.process_time() - begun
    tracemalloc.start()
    result = assemble(read)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return 1000 * spent / pages, kept / 2**20, (peak - kept) / 2**20


def show(name: str, documents: int, total: Score) -> None:
    """One row of the table of joins."""
    alike = f"{total.teds:.3f}" if total.alike else "–"
    shares = (f"{share:.3f}" for share in (total.precision, total.recall, total.recall_of_read))
    row(name, documents, total.right + total.missed, total.unread, *shares, alike)


def main() -> None:
    """Run and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", nargs="?", type=Path, default=CORPUS)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--layers", type=int, default=20)
    parser.add_argument("--pages", type=int, default=1000)
    args = parser.parse_args()
    head("Tables over pages")
    print("| pages as | documents | joins | parts not read as tables | precision | recall | of those read | TEDS |")
    print("|---|---|---|---|---|---|---|---|")
    show("a model tells of them", args.documents, of_model(args.documents))
    show("text layers, all lines ruled", args.layers, of_layers(args.layers, Ruling.FULL))
    show("text layers, heads ruled alone", args.layers, of_layers(args.layers, Ruling.ROWS))
    if args.corpus.is_dir():
        show("real documents", len(REAL), of_corpus(args.corpus))
    print("\n| pages | ms a page | result, MiB | beside it, MiB |\n|---|---|---|---|")
    for pages in (args.pages // 4, args.pages, 2 * args.pages):
        spent, kept, beside = cost(pages)
        row(pages, f"{spent:.2f}", f"{kept:.1f}", f"{beside:.1f}")
    print(f"\nLargest process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB.")


if __name__ == "__main__":
    main()
