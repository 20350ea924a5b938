"""Makes a clean page look scanned, photographed, stamped or small, and moves the truth along with the ink.

Every condition is a pure function of a clean shot and a seed. OpenCV is loaded when something is degraded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.document.model import FURNITURE, Block, TextLayer
from docstation.document.table import Cell
from docstation.document.text import Line, Word
from docstation.intake.page import Pixels
from docstation.testing import camera, stamp
from docstation.testing.drawn import Drawn, Shot

Matrix = npt.NDArray[np.float64]
"""3 x 3 homography in pixels."""


class Condition(StrEnum):
    """How a page came to be pixels."""

    CLEAN = "clean"
    SCANNED = "scanned"
    BILEVEL = "bilevel"
    PHOTOGRAPHED = "photographed"
    STAMPED = "stamped"
    LOW = "low"


def rasterised(drawn: Drawn, index: int = 0, dpi: float = 200.0) -> Shot:
    """Page `index` of a drawn document as clean pixels; the truth is about a raster, so it has no text layer."""
    import pypdfium2

    pdf = pypdfium2.PdfDocument(drawn.pdf)
    try:
        bitmap = pdf[index].render(scale=dpi / 72.0, rev_byteorder=True)
        pixels: Pixels = np.array(bitmap.to_numpy()[:, :, :3], copy=True)
    finally:
        pdf.close()
    page = replace(drawn.pages[index], number=1, text_layer=TextLayer.ABSENT)
    return Shot(pixels, dpi, page)


def degraded(shot: Shot, condition: Condition, seed: int = 0) -> Shot:
    """The shot under `condition`; the same seed gives the same pixels."""
    return _CONDITIONS[condition](shot, np.random.default_rng(seed))


def shots(drawn: Drawn, condition: Condition, seed: int = 0, dpi: float = 200.0) -> list[Shot]:
    """All pages of a drawn document under `condition`; low resolution is half of `dpi`."""
    pages = range(len(drawn.pages))
    return [degraded(rasterised(drawn, index, dpi), condition, seed + index) for index in pages]


def _clean(shot: Shot, _: np.random.Generator) -> Shot:
    return shot


def _scanned(shot: Shot, random: np.random.Generator) -> Shot:
    """An office scanner: slight skew, soft focus, grey paper with grain, JPEG."""
    turned = _turned(shot, random.uniform(0.4, 2.2) * random.choice((-1, 1)))
    pixels = camera.blurred(turned.pixels, random.uniform(0.5, 0.9))
    pixels = camera.toned(pixels, ink=random.uniform(20, 60), paper=random.uniform(222, 246))
    pixels = camera.grained(pixels, random, random.uniform(4, 9))
    return replace(turned, pixels=camera.jpeg(pixels, int(random.integers(45, 75))))


def _bilevel(shot: Shot, random: np.random.Generator) -> Shot:
    """A fax or a black-and-white scan: skew, noise, one threshold, specks."""
    turned = _turned(shot, random.uniform(-1.5, 1.5))
    pixels = camera.grained(camera.blurred(turned.pixels, 0.7), random, 22)
    return replace(turned, pixels=camera.speckled(camera.thresholded(pixels, int(random.integers(120, 170))), random))


def _photographed(shot: Shot, random: np.random.Generator) -> Shot:
    """A phone: perspective over a table top, uneven light with a shadow, lens blur, JPEG."""
    height, width = shot.pixels.shape[:2]
    margin = 0.05 * width
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], dtype=np.float64)
    moved = corners + random.uniform(-0.028, 0.028, (4, 2)) * (width, height) + margin
    size = (int(width + 2 * margin), int(height + 2 * margin))
    pixels = camera.warped(shot.pixels, camera.homography(corners, moved), size, colour=(96, 82, 70))
    pixels = camera.lit(pixels, random)
    pixels = camera.grained(camera.blurred(pixels, random.uniform(0.6, 1.0)), random, random.uniform(3, 7))
    pixels = camera.jpeg(pixels, int(random.integers(50, 80)))
    return moved_truth(shot, pixels, camera.homography(corners, moved))


def _stamped(shot: Shot, random: np.random.Generator) -> Shot:
    """A round blue stamp and a signature over the lower text, then the scanner."""
    printed = [block.box.y1 for block in shot.page.blocks if block.category not in FURNITURE]
    bottom = int(max(printed, default=shot.page.height / 2) * shot.dpi / 72.0)
    return _scanned(replace(shot, pixels=stamp.stamped(shot.pixels, shot.dpi, bottom, random)), random)


def _low(shot: Shot, random: np.random.Generator) -> Shot:
    """Half the resolution, soft, JPEG: what mail programs and old scanners make."""
    pixels = camera.shrunk(shot.pixels, 0.5)
    pixels = camera.grained(pixels, random, 3)
    scale = np.diag([pixels.shape[1] / shot.pixels.shape[1], pixels.shape[0] / shot.pixels.shape[0], 1.0])
    half = moved_truth(shot, camera.jpeg(pixels, 60), scale)
    # The page keeps its size in points: only its resolution is lower.
    return Shot(half.pixels, shot.dpi / 2, shot.page)


_CONDITIONS: Mapping[Condition, Callable[[Shot, np.random.Generator], Shot]] = {
    Condition.CLEAN: _clean,
    Condition.SCANNED: _scanned,
    Condition.BILEVEL: _bilevel,
    Condition.PHOTOGRAPHED: _photographed,
    Condition.STAMPED: _stamped,
    Condition.LOW: _low,
}


def _turned(shot: Shot, degrees: float) -> Shot:
    height, width = shot.pixels.shape[:2]
    angle = math.radians(degrees)
    cos, sin, cx, cy = math.cos(angle), math.sin(angle), width / 2, height / 2
    matrix = np.array([[cos, -sin, cx - cos * cx + sin * cy], [sin, cos, cy - sin * cx - cos * cy], [0, 0, 1]])
    pixels = camera.warped(shot.pixels, matrix, (width, height), colour=(255, 255, 255))
    return moved_truth(shot, pixels, matrix)


def moved_truth(shot: Shot, pixels: Pixels, matrix: Matrix) -> Shot:
    """A shot with new pixels, each true box moved by the homography between the old pixels and the new ones."""
    scale = shot.dpi / 72.0

    def move(box: Box) -> Box:
        corners = np.array([(x * scale, y * scale, 1.0) for x, y in box.corners]) @ matrix.T
        points = corners[:, :2] / corners[:, 2:] / scale
        return Box.of_points([(float(x), float(y)) for x, y in points])

    height, width = pixels.shape[:2]
    blocks = tuple(_moved_block(block, move) for block in shot.page.blocks)
    page = replace(shot.page, width=width / scale, height=height / scale, blocks=blocks)
    return Shot(pixels, shot.dpi, page)


def _moved_block(block: Block, move: Callable[[Box], Box]) -> Block:
    lines = tuple(Line(tuple(_moved_word(word, move) for word in line.words)) for line in block.lines)
    table = block.table
    if table is not None:
        table = replace(table, cells=tuple(_moved_cell(cell, move) for cell in table.cells))
    return replace(block, box=move(block.box), lines=lines, table=table)


def _moved_word(word: Word, move: Callable[[Box], Box]) -> Word:
    return replace(word, box=move(word.box))


def _moved_cell(cell: Cell, move: Callable[[Box], Box]) -> Cell:
    return replace(cell, box=move(cell.box)) if cell.box is not None else cell
