"""Pages a second on the same scans: this product, ``ocrmypdf --force-ocr`` and plain Tesseract, in one run.

``python bench/ocr_speed.py [--pages 8]``. The scans are generated contracts and business papers at 200 dpi; every tool
may use two processes of one thread each.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ["OMP_THREAD_LIMIT"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

from ocr_head import head, row
from ocr_own import own

from docstation.evaluation.rasters import save
from docstation.testing.business import papers
from docstation.testing.contract import contract
from docstation.testing.degrade import Condition, degraded, rasterised

_JOBS = 2


def scans(folder: Path, count: int) -> list[Path]:
    """Half contracts (prose), half forms."""
    drawn = [*(contract(seed) for seed in range(count - count // 2)), *papers(3, count // 2)]
    paths = []
    for index, document in enumerate(drawn):
        path = folder / f"scan-{index}.png"
        save(degraded(rasterised(document), Condition.SCANNED, index), path)
        paths.append(path)
    return paths


def as_pdf(paths: list[Path], folder: Path) -> Path:
    """One PDF of all scans, for the tool that wants one."""
    from PIL import Image

    first, *others = [Image.open(path).convert("RGB") for path in paths]
    target = folder / "scans.pdf"
    first.save(target, save_all=True, append_images=others, resolution=200, quality=90)
    return target


def plain_tesseract(paths: list[Path]) -> None:
    """The command on each scan, two at a time."""

    def run(path: Path) -> None:
        subprocess.run(["tesseract", path, "-", "-l", "rus+eng", "--dpi", "200"], check=True, capture_output=True)

    with ThreadPoolExecutor(_JOBS) as pool:
        list(pool.map(run, paths))


def ocrmypdf(pdf: Path) -> None:
    """Text layer over all pages, whatever they hold."""
    command = ["ocrmypdf", "--force-ocr", "-l", "rus+eng", "--jobs", str(_JOBS), "--output-type", "pdf", "-q"]
    subprocess.run([*command, pdf, pdf.with_suffix(".out.pdf")], check=True, capture_output=True)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of `work`."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Time every tool once, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=8)
    count = parser.parse_args().pages
    head(f"Speed on {count} scanned pages at 200 dpi, two processes")
    with TemporaryDirectory() as name:
        folder = Path(name)
        paths = scans(folder, count)
        pdf = as_pdf(paths, folder)
        tools: dict[str, Callable[[], object]] = {"docstation": lambda: list(own(paths))}
        if shutil.which("ocrmypdf"):
            tools["ocrmypdf --force-ocr"] = lambda: ocrmypdf(pdf)
        if shutil.which("tesseract"):
            tools["tesseract"] = lambda: plain_tesseract(paths)
        times = {tool: seconds(work) for tool, work in tools.items()}
    row("tool", "s", "pages/s", "docstation is faster by")
    row("---", "---", "---", "---")
    for tool, spent in times.items():
        row(tool, f"{spent:.1f}", f"{count / spent:.2f}", f"{spent / times['docstation']:.2f}")


if __name__ == "__main__":
    main()
