"""Compares recognisers on pages with exact truth: ``python -m bench.recognition CORPUS --engines cli,ours``.

Prints character error rates, words in place and pages a second for each engine, language and condition; the pages are
those of `bench.recognition_pages`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2

from bench.recognition_pages import CONDITIONS, ENGLISH, RUSSIAN, BenchPage, pages, receipts
from bench.recognition_score import Found, Score, judged, reliability, score
from docstation.document.geometry import Affine, Box
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.ctc import CtcRecogniser
from docstation.reading.embedded.detection import Detector
from docstation.reading.embedded.line_reading import LineRecogniser
from docstation.reading.embedded.models import CYRILLIC, LATIN, model_file
from docstation.reading.embedded.recognise import TextRecogniser
from docstation.reading.embedded.strips import cut
from docstation.reading.embedded.tesseract import Tesseract
from docstation.reading.embedded.words import tokens

Reader = Callable[[BenchPage], list[Found]]


@dataclass(slots=True)
class Run:
    """What one engine did on one set of pages."""

    total: Score = field(default_factory=Score)
    seconds: float = 0.0
    pages: int = 0
    judged: list[tuple[float, bool]] = field(default_factory=list)


def command_line(page: BenchPage) -> list[Found]:
    """The words that the Tesseract command line finds."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.png"
        cv2.imwrite(str(file), page.image[:, :, ::-1])
        command = ["tesseract", str(file), "-", "-l", "rus+eng", "--dpi", str(page.dpi), "tsv"]
        done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "OMP_THREAD_LIMIT": "1"})
    return list(_tsv(done.stdout.decode()))


def _tsv(text: str) -> Iterator[Found]:
    for row in csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip():
            x, y, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
            yield Found(row["text"], Box(x, y, x + width, y + height), float(row["conf"]) / 100)


def ours() -> Reader:
    """Our recogniser as the engine uses it."""
    recogniser = TextRecogniser()

    def read(page: BenchPage) -> list[Found]:
        return [
            Found(word.text, Affine.scaling(page.dpi / 72).box(word.box), word.confidence)
            for line in recogniser.recognise(prepared(page))
            for word in line.words
        ]

    return read


def prepared(page: BenchPage) -> PreparedPage:
    """The bench page as intake would hand it over."""
    scale = page.dpi / 72
    size = (page.image.shape[1] / scale, page.image.shape[0] / scale)
    return PreparedPage(1, size, size, page.image, scale, Affine())


def detected(recogniser: LineRecogniser, longest_side: int) -> Reader:
    """Detection and one line recogniser, nothing else."""
    detector = Detector(longest_side)

    def read(page: BenchPage) -> list[Found]:
        strips = [cut(page.image, quad) for quad in detector.lines(page.image)]
        return [
            Found(token.text, token.box, token.confidence)
            for strip, line in zip(strips, recogniser.read(strips), strict=True)
            for token in tokens(strip, line)
        ]

    return read


ENGINES: dict[str, Callable[[], Reader]] = {
    "cli": lambda: command_line,
    "ours": ours,
    "tessline": lambda: detected(Tesseract(("rus", "eng")), 1280),
    "tessline1600": lambda: detected(Tesseract(("rus", "eng")), 1600),
    "latin": lambda: detected(CtcRecogniser(model_file(LATIN)), 1280),
    "latin960": lambda: detected(CtcRecogniser(model_file(LATIN)), 960),
    "latin1600": lambda: detected(CtcRecogniser(model_file(LATIN)), 1600),
    "cyrillic960": lambda: detected(CtcRecogniser(model_file(CYRILLIC)), 960),
    "cyrillic": lambda: detected(CtcRecogniser(model_file(CYRILLIC)), 1280),
}


def cached(reader: Reader, folder: Path) -> Callable[[BenchPage], tuple[list[Found], float]]:
    """The reader with its answers kept in `folder`, for baselines that do not change between runs."""

    def read(page: BenchPage) -> tuple[list[Found], float]:
        file = folder / f"{page.name.replace('/', '_')}.json"
        if not file.exists():
            start = time.perf_counter()
            found = reader(page)
            took = time.perf_counter() - start
            rows = [[word.text, word.box.x0, word.box.y0, word.box.x1, word.box.y1, word.confidence] for word in found]
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps([took, rows]))
        took, rows = json.loads(file.read_text())
        return [Found(text, Box(*box), confidence) for text, *box, confidence in rows], took

    return read


def timed(reader: Reader) -> Callable[[BenchPage], tuple[list[Found], float]]:
    """The reader with the seconds that it took."""

    def read(page: BenchPage) -> tuple[list[Found], float]:
        start = time.perf_counter()
        found = reader(page)
        return found, time.perf_counter() - start

    return read


def sets(corpus: Path, wanted: list[str]) -> Iterator[tuple[str, list[BenchPage]]]:
    """The named sets of pages: ``ru-200`` … ``en-photo`` and ``receipts``."""
    for language, sources in (("ru", RUSSIAN), ("en", ENGLISH)):
        for condition in CONDITIONS:
            name = f"{language}-{condition}"
            if not wanted or name in wanted:
                yield name, list(pages(corpus, sources, condition))
    if not wanted or "receipts" in wanted:
        yield "receipts", list(receipts(corpus))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--engines", default="cli,ours")
    parser.add_argument("--sets", default="")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "recognition-bench")
    parser.add_argument("--each", action="store_true", help="print every page")
    parser.add_argument("--confidence", action="store_true", help="print how often words of a confidence are right")
    options = parser.parse_args()
    readers = {name: ENGINES[name]() for name in options.engines.split(",")}
    for name, items in sets(options.corpus, [part for part in options.sets.split(",") if part]):
        for engine, reader in readers.items():
            read = cached(reader, options.cache / engine) if engine == "cli" else timed(reader)
            run = Run()
            for page in items:
                found, took = read(page)
                if name == "receipts":
                    # Their truth was typed in capitals.
                    found = [replace(word, text=word.text.upper()) for word in found]
                result = score(page.words, found)
                run.total.add(result)
                run.seconds += took
                run.pages += 1
                run.judged.extend(judged(page.words, found))
                if options.each:
                    print(f"   {page.name:40} {result.row()}  {took:5.2f} s")
            print(f"{name:10} {engine:10} {run.total.row()}  {run.pages / run.seconds:5.2f} pages/s", flush=True)
            if options.confidence:
                print(f"   words right by confidence: {reliability(run.judged)}")


if __name__ == "__main__":
    main()
