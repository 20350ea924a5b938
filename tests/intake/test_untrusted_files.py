"""Damaged files of every kind, read in workers as the product reads them: typed errors or pages.

Decoders are native code and may die of a damaged file, which is what workers are for; but no code of ours may stumble.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from intake_handlers import reader
from intake_offices import docx_file
from intake_pdfs import RUSSIAN, pdf, text
from intake_pictures import HEIC, quarters, saved
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from docstation.errors import InputError
from docstation.intake.limits import Limits
from docstation.intake.sandbox import WorkerPool

VARIANTS = 24


def rich(canvas: Canvas) -> None:
    text("Договор № 5", font=RUSSIAN)(canvas)
    canvas.grid([50, 100, 200], [50, 80, 110])
    canvas.drawInlineImage(quarters(), 220, 50, 100, 75)
    canvas.acroForm.textfield(name="name", x=220, y=200, width=100, height=20, value="value")


def heic(path: Path) -> Path:
    path.write_bytes(HEIC)
    return path


def picture(mode: str = "RGB", **options: object) -> Callable[[Path], Path]:
    return lambda path: saved(quarters().convert(mode), path, **options)


SEEDS: dict[str, Callable[[Path], Path]] = {
    "PDF": lambda path: pdf(path, rich, pages=2, compress_streams=False),
    "PDF packed": lambda path: pdf(path, rich),
    "PNG": picture(format="PNG"),
    "PNG palette": picture(format="PNG", mode="P"),
    "JPEG": picture(format="JPEG", dpi=(300, 300)),
    "TIFF": picture(format="TIFF", save_all=True, append_images=[quarters(9, 9)], compression="tiff_lzw"),
    "fax": picture(format="TIFF", mode="1", compression="group4"),
    "GIF": picture(format="GIF", save_all=True, append_images=[Image.new("RGB", (64, 48))]),
    "WebP": picture(format="WEBP"),
    "BMP": picture(format="BMP"),
    "AVIF": picture(format="AVIF"),
    "HEIC": heic,
    "DOCX": lambda path: docx_file(path, "text"),
}


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """Cut off, overwritten in places or shuffled; the first bytes stay, so that the file is taken for what it was."""
    data = bytearray(whole)
    start = min(16, len(data) // 4)
    match chance.randrange(3):
        case 0:
            return bytes(data[: chance.randrange(start, len(data))])
        case 1:
            for _ in range(chance.choice([1, 4, 30])):
                data[chance.randrange(start, len(data))] = chance.choice(
                    [0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)]
                )
        case _:
            at, to = chance.randrange(start, len(data)), chance.randrange(start, len(data))
            length = chance.randrange(1, 60)
            data[to:to] = data[at : at + length]
    return bytes(data)


def test_damaged_files_end_in_pages_or_typed_errors(tmp_path: Path) -> None:
    chance = random.Random(20)
    files = []
    for kind, make in SEEDS.items():
        whole = make(tmp_path / kind).read_bytes()
        for number in range(VARIANTS):
            files.append(tmp_path / f"{kind} {number}")
            files[-1].write_bytes(damaged(whole, chance))
    limits = Limits(image_pixels=4_000_000)
    with WorkerPool(2, "intake_handlers:reader", limits=limits, initial=(limits,), seconds=30) as pool:
        outcomes = list(pool.run(files))
    failed = [outcome for outcome in outcomes if outcome.error and not isinstance(outcome.error, InputError)]
    assert [(outcome.task.name, outcome.error.fields) for outcome in failed if outcome.error.fields["trace"]] == []
    assert {outcome.error.fields["reason"] for outcome in failed} <= {"crash"}
    assert len(failed) < len(files) // 50
    assert len(outcomes) == len(files)
    assert sum(outcome.error is None for outcome in outcomes) > len(files) // 10


@pytest.mark.parametrize("kind", [kind for kind in SEEDS if kind != "DOCX"])
def test_undamaged_ones_are_read(tmp_path: Path, kind: str) -> None:
    assert reader(Limits())(SEEDS[kind](tmp_path / "file")) >= 1
