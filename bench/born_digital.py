"""Pages a second of a born-digital PDF, layout and tables included: ``python bench/born_digital.py [PDF]``."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from ocr_head import CORPUS, head, row
from ocr_own import own

from docstation.evaluation.memory import PeakMemory


def main() -> None:
    """Read the file once and print the row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pdf", nargs="?", type=Path, default=CORPUS / "russian" / "diploma.pdf")
    pdf = parser.parse_args().pdf
    head(f"Born-digital: {pdf.name}")
    started = time.perf_counter()
    with PeakMemory() as memory:
        (reading,) = own([pdf])
    spent = time.perf_counter() - started
    pages = len(reading.document.pages) if reading.document else 0
    row("pages", "s", "pages/s", "largest process, MB", "error")
    row("---", "---", "---", "---", "---")
    row(pages, f"{spent:.1f}", f"{pages / spent:.1f}", f"{memory.largest / 1e6:.0f}", reading.error or "–")


if __name__ == "__main__":
    main()
