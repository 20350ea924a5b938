"""Measures a recogniser beside Tesseract on held-out synthetic lines and on lines of real documents.

``python -m training.evaluate synthetic SETS --text TEXT_FOLDER`` and ``... real SETS --corpus CORPUS`` cut the lines;
``... score SETS --model cyrillic_rec.onnx`` reads them and prints the table.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pypdfium2
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from training.alphabet import CYRILLIC_TO_LATIN, TWINS, is_known, normalise, to_latin_twins
from training.degrade import blur, degrade, fit, light, noise
from training.lines import LineMaker
from training.render import render

CONDITIONS = {"clean-200": (200, 0.0), "degraded-200": (200, 0.8), "hard-100": (100, 0.8)}
"""Resolution and severity of the synthetic sets."""

RUSSIAN_PDFS = [
    "russian/diploma.pdf",
    "russian/laws/14_dev_direct.pdf",
    "russian/tz/alpaca_tz.pdf",
    "russian/pdf_with_text_layer/VVP_6_tables.pdf",
    "russian/tables/example_with_table1.pdf",
]
ENGLISH_PDFS = [
    "olmocr-bench/pdfs/earnings.pdf",
    "olmocr-bench/pdfs/multi_column_miss.pdf",
    "invoices/QualityHosting.pdf",
    "invoices/AzureInterior.pdf",
    "invoices/AmazonWebServices.pdf",
]
_FOLD = str.maketrans(
    {"–": "-", "—": "-", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "ё": "е", "Ё": "Е"}
)

Image = NDArray[np.uint8]
Reader = Callable[[list[Image]], list[str]]


@dataclass
class Count:
    """Errors of a reader on a set."""

    characters: int = 0
    errors: int = 0
    folded: int = 0
    exact: int = 0
    lines: int = 0
    twins: int = 0
    swapped: int = 0
    spaces: int = 0
    worst: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, truth: str, read: str) -> None:
        """Counts a line: edits, edits that remain after look-alikes and signs are folded, and swapped look-alikes."""
        edits = Levenshtein.editops(truth, read)
        self.lines += 1
        self.characters += len(truth)
        self.errors += len(edits)
        self.exact += not edits
        self.folded += Levenshtein.distance(fold(truth), fold(read))
        self.twins += sum(char in TWINS or char in CYRILLIC_TO_LATIN for char in truth)
        for edit in edits:
            old = truth[edit.src_pos] if edit.tag != "insert" else ""
            new = read[edit.dest_pos] if edit.tag != "delete" else ""
            self.swapped += bool(old and new and old != new and to_latin_twins(old) == to_latin_twins(new))
            self.spaces += " " in (old, new)
        self.worst.append((len(edits), truth, read))


def fold(text: str) -> str:
    """Writes look-alike letters, dashes and quotation marks one way."""
    return to_latin_twins(text.translate(_FOLD))


def make_synthetic(output: Path, text: Path, fonts: list[Path], count: int) -> None:
    """Writes held-out synthetic lines for each condition and kind of text."""
    maker = LineMaker(text, fonts, 990_017)
    sampler, rng = maker.sampler, maker.rng

    def numbers() -> str:
        return rng.choice([sampler.number_cell, sampler.numbers, sampler.requisites])()

    kinds: dict[str, Callable[[], str]] = {
        "ru": lambda: sampler.prose("ru") if rng.random() < 0.5 else sampler.sentence("ru"),
        "en": lambda: sampler.prose("en") if rng.random() < 0.5 else sampler.sentence("en"),
        "mixed": sampler.mixed,
        "random": sampler.random_string,
        "numbers": numbers,
    }
    for condition, (dpi, severity) in CONDITIONS.items():
        for kind, draw in kinds.items():
            lines = []
            while len(lines) < count:
                truth = normalise(sampler.settle_twins(sampler.cut(normalise(draw()), 60)))
                if not truth or not is_known(truth):
                    continue
                em = rng.uniform(8, 13) * dpi / 72
                rules = severity > 0 and rng.random() < 0.1
                drawing = render(truth, maker.fonts.pick(truth), em, rng, rules=rules)
                lines.append((degrade(drawing, rng, severity), truth))
            save(output / f"synthetic-{condition}-{kind}", lines)


def save(folder: Path, lines: list[tuple[Image, str]]) -> None:
    """Writes the crops of a set and their texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, (image, _) in enumerate(lines):
        cv2.imwrite(str(folder / f"{index:04d}.png"), image)
    (folder / "texts.json").write_text(
        json.dumps([truth for _, truth in lines], ensure_ascii=False, indent=0), encoding="utf-8"
    )


def page_lines(page: pypdfium2.PdfPage) -> Iterator[tuple[tuple[float, float, float, float], str]]:
    """Joins the rectangles of a text layer into lines; yields their boxes in points and their texts."""
    layer = page.get_textpage()
    joined: list[list[float]] = []
    for index in range(layer.count_rects()):
        left, bottom, right, top = layer.get_rect(index)
        last = joined[-1] if joined else None
        if (
            last
            and min(top, last[3]) - max(bottom, last[1]) > 0.6 * min(top - bottom, last[3] - last[1])
            and -2 <= left - last[2] < top - bottom
        ):
            joined[-1] = [last[0], min(bottom, last[1]), max(right, last[2]), max(top, last[3])]
        else:
            joined.append([left, bottom, right, top])
    for left, bottom, right, top in joined:
        text = layer.get_text_bounded(left - 0.5, bottom, right + 0.5, top)
        if "\n" not in text.strip():
            yield (left, bottom, right, top), normalise(text)


def pdf_lines(path: Path, dpi: int, limit: int, rng: random.Random) -> list[tuple[Image, str]]:
    """Rasterises pages and cuts their lines by the text layer, with a small random margin."""
    document = pypdfium2.PdfDocument(path)
    found: list[tuple[Image, str]] = []
    pages = list(range(len(document)))
    rng.shuffle(pages)
    for number in pages[:6]:
        page = document[number]
        if page.get_rotation():
            continue
        scale = dpi / 72
        image = page.render(scale=scale).to_numpy()[:, :, :3]
        for (left, bottom, right, top), text in page_lines(page):
            height = (top - bottom) * scale
            if not text or not is_known(text) or height < 5 or right - left < (top - bottom) * 0.4 or ". . ." in text:
                continue
            pad = [height * rng.uniform(0.05, 0.22) for _ in range(4)]
            y0, y1 = (page.get_height() - top) * scale - pad[0], (page.get_height() - bottom) * scale + pad[1]
            x0, x1 = left * scale - pad[2], right * scale + pad[3]
            part = image[max(0, round(y0)) : round(y1), max(0, round(x0)) : round(x1)]
            if part.size and part.shape[0] >= 5 and int(part.max()) - int(part.min()) > 40:
                found.append((np.ascontiguousarray(part), text))
    rng.shuffle(found)
    return found[:limit]


def photograph(image: Image, rng: random.Random, dpi: int) -> Image:
    """Makes a phone photo of a clean crop: light, focus, noise and JPEG."""
    em = 11 * dpi / 72
    picture = light(image.astype(np.float32), rng)
    picture = blur(picture, rng, em, rng.uniform(0.2, 0.8))
    picture = np.clip(picture + noise(picture.shape, rng) * 0.7, 0, 255).astype(np.uint8)
    return cv2.imdecode(
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(30, 75)])[1], cv2.IMREAD_COLOR
    )


def make_real(output: Path, corpus: Path, count: int) -> None:
    """Writes lines cut from the born-digital PDFs of the corpus, clean and as photos, and from its receipts."""
    rng = random.Random(4)
    for language, names in (("ru", RUSSIAN_PDFS), ("en", ENGLISH_PDFS)):
        for dpi in (200, 150, 100):
            lines = [line for name in names for line in pdf_lines(corpus / name, dpi, count // 3, rng)]
            rng.shuffle(lines)
            lines = lines[:count]
            save(output / f"real-{dpi}-{language}", lines)
            save(output / f"real-photo{dpi}-{language}", [(photograph(image, rng, dpi), text) for image, text in lines])
    receipts = []
    for boxes in sorted((corpus / "receipts").glob("*.box.csv")):
        picture = cv2.imread(str(boxes).replace(".box.csv", ".jpg"))
        for row in csv.reader(boxes.open(encoding="utf-8"), quoting=csv.QUOTE_NONE):
            xs, ys = [int(value) for value in row[0:8:2]], [int(value) for value in row[1:8:2]]
            part = picture[max(0, min(ys) - 1) : max(ys) + 2, max(0, min(xs) - 2) : max(xs) + 3]
            text = normalise(",".join(row[8:]))
            if part.size and text and is_known(text):
                receipts.append((part, text))
    rng.shuffle(receipts)
    save(output / "real-receipts", receipts[:count])


def onnx_reader(path: Path) -> Reader:
    """Reads with an exported model, one line at a time on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    characters = ["", *session.get_modelmeta().custom_metadata_map["character"].split("\n"), " "]

    def read(images: list[Image]) -> list[str]:
        texts = []
        for image in images:
            x = fit(image).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
            best = session.run(None, {"x": x})[0][0].argmax(-1)
            texts.append(
                "".join(
                    characters[value]
                    for value, before in zip(best, [0, *best[:-1]], strict=True)
                    if value and value != before
                )
            )
        return texts

    return read


def tesseract(images: list[Image]) -> list[str]:
    """Reads with Tesseract as single lines, with a white border and at least 48 pixels high."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index, image in enumerate(images):
            factor = max(1.0, 48 / image.shape[0])
            large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
            large = cv2.copyMakeBorder(large, 8, 8, 12, 12, cv2.BORDER_REPLICATE)
            cv2.imwrite(str(folder / f"{index:05d}.png"), large)
        (folder / "list.txt").write_text("\n".join(str(folder / f"{index:05d}.png") for index in range(len(images))))
        subprocess.run(
            ["tesseract", str(folder / "list.txt"), str(folder / "out"), "--psm", "7", "-l", "rus+eng"],
            check=True,
            capture_output=True,
            env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
        )
        pages = (folder / "out.txt").read_text(encoding="utf-8").split("\f")
    return [page.replace("\n", " ") for page in pages[: len(images)]]


def score(sets: Path, model: Path, pattern: str, show: int, cached: bool) -> None:
    """Prints errors per set, for the model and for Tesseract, whose answers are kept beside the crops."""
    readers: dict[str, Reader] = {"model": onnx_reader(model), "tesseract": tesseract}
    measures = ["CER", "folded CER", "exact lines", "look-alikes swapped", "ms a line"]
    head = ["set", "lines", *[f"{measure}: {name}" for measure in measures for name in readers]]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for folder in sorted(sets.glob(pattern)):
        truths = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
        images = [cv2.imread(str(folder / f"{index:04d}.png")) for index in range(len(truths))]
        counts: dict[str, Count] = {}
        times: dict[str, float] = {}
        for name, reader in readers.items():
            kept = folder / f"{name}.json"
            if name == "tesseract" and cached and kept.exists():
                answer = json.loads(kept.read_text(encoding="utf-8"))
            else:
                begin = time.perf_counter()
                texts = reader(images)
                answer = {"texts": texts, "ms": (time.perf_counter() - begin) / len(images) * 1000}
                kept.write_text(json.dumps(answer, ensure_ascii=False, indent=0), encoding="utf-8")
            counts[name], times[name] = Count(), answer["ms"]
            for truth, text in zip(truths, answer["texts"], strict=True):
                read = normalise(text)
                # The receipts were typed in capitals whatever is printed.
                counts[name].add(truth, read) if "receipts" not in folder.name else counts[name].add(
                    truth.upper(), read.upper()
                )
        both = [counts["model"], counts["tesseract"]]
        cells = [folder.name, str(len(truths))]
        cells += [f"{count.errors / count.characters:.2%}" for count in both] + [
            f"{count.folded / count.characters:.2%}" for count in both
        ]
        cells += [f"{count.exact / count.lines:.1%}" for count in both] + [
            f"{count.swapped / max(1, count.twins):.2%}" for count in both
        ]
        print("| " + " | ".join([*cells, f"{times['model']:.1f}", f"{times['tesseract']:.1f}"]) + " |", flush=True)
        for edits, truth, text in sorted(counts["model"].worst, reverse=True)[:show]:
            if edits:
                print(f"    {edits}: {truth}\n       {text}")


def main() -> None:
    """Reads the options and does one of the three jobs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["synthetic", "real", "score"])
    parser.add_argument("sets", type=Path)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--fonts", type=Path, nargs="+", default=[Path("/usr/share/fonts")])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pattern", default="*")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--show", type=int, default=0, help="print this many of the worst lines of each set")
    parser.add_argument("--cached", action="store_true", help="take the answers of Tesseract from the last run")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.job == "synthetic":
        make_synthetic(options.sets, options.text, options.fonts, options.count)
    elif options.job == "real":
        make_real(options.sets, options.corpus, options.count)
    else:
        score(options.sets, options.model, options.pattern, options.show, options.cached)


if __name__ == "__main__":
    main()
