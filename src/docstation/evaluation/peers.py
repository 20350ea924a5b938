"""Named peers, read through the same protocol: the Tesseract command line, PP-OCRv6, and text layers alone.

Each gets the same file as the product's own reader. PDFs are rasterised at 200 dpi for those that read pixels.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import tempfile
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Document, Page, Source
from docstation.document.text import Line, Origin, Word
from docstation.errors import MissingDependency, WorkerFailed
from docstation.evaluation.layer_truth import lines_of
from docstation.evaluation.rasters import opened, save, shot_of
from docstation.evaluation.reading import ReadsFiles, one_by_one
from docstation.testing.drawn import Shot

_DPI = 200.0
_SECONDS = 300


def tesseract(languages: str = "rus+eng") -> ReadsFiles:
    """The ``tesseract`` command with its defaults, one thread."""
    return one_by_one(lambda path: _on_pixels(path, lambda shot: _tesseract_blocks(shot, languages)))


def pp_ocr() -> ReadsFiles:
    """PP-OCRv6 as the rapidocr package ships it, lines in its own order."""
    return one_by_one(lambda path: _on_pixels(path, _pp_ocr_blocks))


def text_layer() -> ReadsFiles:
    """PDFium's text alone; images give nothing."""
    return one_by_one(_layer)


PEERS: dict[str, Callable[[], ReadsFiles]] = {"tesseract": tesseract, "pp-ocrv6": pp_ocr, "text-layer": text_layer}


def _document(path: Path, width: float, height: float, blocks: list[Block], engine: str) -> Document:
    page = Page(1, width, height, tuple(blocks), engine=engine)
    return Document(Source(path.name, "", "", 1), (page,))


def _layer(path: Path) -> Document:
    with opened(path) as source:
        raw = source.raw(1)
    lines = lines_of(raw.layer.words)
    blocks = [_block(index, [line]) for index, line in enumerate(lines, 1)]
    return _document(path, raw.width, raw.height, blocks, "text-layer")


def _on_pixels(path: Path, read: Callable[[Shot], list[Block]]) -> Document:
    with opened(path) as source:
        scale = source.native_scale(1)
        shot = shot_of(source, 1, scale * 72.0 if scale and path.suffix.lower() != ".pdf" else _DPI)
    return _document(path, shot.page.width, shot.page.height, read(shot), "peer")


def _block(index: int, lines: list[Line]) -> Block:
    box = Box.around(line.box for line in lines)
    text = " ".join(line.text for line in lines)
    return Block(f"p1-b{index}", Category.TEXT, box, text, tuple(lines))


def _tesseract_blocks(shot: Shot, languages: str) -> list[Block]:
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "page.png"
        save(shot, image)
        command = ["tesseract", str(image), "-", "-l", languages, "--dpi", str(round(shot.dpi)), "tsv"]
        try:
            done = subprocess.run(command, capture_output=True, env=environment, check=True, timeout=_SECONDS)
        except FileNotFoundError as error:
            raise MissingDependency(name="tesseract", command="sudo apt-get install tesseract-ocr-rus") from error
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise WorkerFailed from error
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8")), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and row["text"].strip()]
    blocks = []
    for index, (_, members) in enumerate(groupby(words, lambda row: (row["block_num"], row["par_num"])), 1):
        lines = [
            Line(tuple(_tesseract_word(row, shot.dpi) for row in line))
            for _, line in groupby(members, lambda row: row["line_num"])
        ]
        blocks.append(_block(index, lines))
    return blocks


def _tesseract_word(row: dict[str, str], dpi: float) -> Word:
    x, y, width, height = (float(row[key]) * 72.0 / dpi for key in ("left", "top", "width", "height"))
    confidence = min(1.0, max(0.0, float(row["conf"]) / 100))
    return Word(row["text"].strip(), Box(x, y, x + width, y + height), confidence, Origin.ENGINE)


def _pp_ocr_blocks(shot: Shot) -> list[Block]:
    result = _pp_ocr_engine()(shot.pixels[:, :, ::-1], use_cls=False)
    if result.boxes is None:
        return []
    blocks = []
    for index, (quad, text) in enumerate(zip(result.boxes, result.txts, strict=True), 1):
        box = Box.of_points([(float(x) * 72.0 / shot.dpi, float(y) * 72.0 / shot.dpi) for x, y in quad])
        words = _spread(text, box)
        if words:
            blocks.append(_block(index, [Line(tuple(words))]))
    return blocks


_ENGINES: dict[str, Callable[..., Any]] = {}


def _pp_ocr_engine() -> Callable[..., Any]:
    if "pp" not in _ENGINES:
        try:
            from rapidocr import RapidOCR
        except ImportError as error:
            raise MissingDependency(name="rapidocr", command="pip install rapidocr") from error
        parameters = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "error"}
        _ENGINES["pp"] = RapidOCR(params=parameters)
    return _ENGINES["pp"]


def _spread(text: str, box: Box) -> list[Word]:
    """Words of a line at the places that even letters would have: enough to find the line that they stand on."""
    words, at = [], 0
    step = box.width / max(len(text), 1)
    for part in text.split(" "):
        if part:
            words.append(Word(part, Box(box.x0 + at * step, box.y0, box.x0 + (at + len(part)) * step, box.y1)))
        at += len(part) + 1
    return words
