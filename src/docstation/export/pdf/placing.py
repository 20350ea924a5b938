"""Where each piece of text is set so that the box a reader finds for it is the box on the page.

Pure. Works in points of the page turned upright by quarter turns, y downwards. Text runs along the line in quarter
turns only: words of a line that leans by the page's skew are set level, each in its own box. Leaning text would follow
the line more smoothly, but Poppler takes a word apart where its letters leave the level by half a point (on a page
that leans by 3 degrees one word in five).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from docstation.document.geometry import Box
from docstation.export.pdf.glyphless import ADVANCE, HAIR_ADVANCE, HAIR_SPACE
from docstation.export.pdf.words import Row

_STRAIGHT = 1.35
"""A line is straight while all of its pieces fit into this many heights of the highest one."""
_TALL, _SEVERAL = 1.7, 3
"""Height over width from which a word of so many letters is written up or down the page; "i," may be as narrow."""
_LEAST = 0.5
"""Points: no text is set smaller or narrower."""
_CLOSEST = 0.15
"""Letters that follow each other more closely, in sizes, are taken for one printed twice (Poppler)."""
_STEP = 0.02
"""Share of the size by which every other piece is moved where PDFium would change their order."""
_LEVEL = 0.1
"""Degrees of skew that do not show."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece of text as it is set.

    Attributes:
        text: its characters and the spaces that part it from its neighbours.
        x: of the left end of its baseline, which is the lower edge of its box, in points of the upright page.
        y: of the same point, downwards.
        turn: direction in which it runs, degrees anticlockwise from rightwards: 0, 90, 180 or 270.
        size: distance from the lower to the upper edge of its box, points.
        stretch: width of its characters as a multiple of the font's.
    """

    text: str
    x: float
    y: float
    turn: int
    size: float
    stretch: float


def placed(rows: Iterable[Row], rotation: int, skew: float) -> Iterator[list[Placed]]:
    """The pieces of each line as they are set, in their order.

    Args:
        rows: the lines of a page, each of at least one piece.
        rotation: degrees clockwise by which the page as shown was turned to stand upright.
        skew: degrees by which the upright page is not level.
    """
    count = 0
    for row in rows:
        turn = _turn(row)
        line = list(_placed(row, turn))
        if abs(skew) > _LEVEL or (turn + rotation) % 360 == 180:
            line = [_kept_in_order(piece, count + index) for index, piece in enumerate(line)]
        count += len(line)
        yield line


def _placed(row: Row, turn: int) -> Iterator[Placed]:
    boxes = _levelled([_turned(piece.box, turn) for piece in row])
    for index, (piece, box) in enumerate(zip(row, boxes, strict=True), 1):
        width = max(box.width, _LEAST)
        size = max(min(box.height, width / (_CLOSEST * len(piece.text))), _LEAST)
        text = piece.text + " " if index < len(row) else piece.text
        x, y = _point(box.x0, box.y1, turn)
        yield Placed(text, x, y, turn, size, width / (ADVANCE * size * len(piece.text)))


def _kept_in_order(piece: Placed, index: int) -> Placed:
    """A piece set so that PDFium leaves it where it stands in the order, between hair spaces.

    PDFium sorts text on one level from left to right as shown. That turns upside-down lines round, and mixes lines that
    lean: the end of one is on the level where another begins. What it takes for one level depends on the widths of the
    characters that meet: with hair spaces there, every other piece moved a little is on a new level.
    """
    letters = ADVANCE * len(piece.text.strip())
    x, y = _point(0, _STEP * piece.size * (index % 2), piece.turn)
    return replace(
        piece,
        text=HAIR_SPACE + piece.text + HAIR_SPACE,
        x=piece.x + x,
        y=piece.y + y,
        stretch=piece.stretch * letters / (letters + HAIR_ADVANCE),
    )


def _turn(row: Row) -> int:
    """0 for a level line; 90 for one that runs up the page, 270 for one that runs down."""
    words = [piece for piece in row if len(piece.text) >= _SEVERAL]
    if not words or any(piece.box.height <= _TALL * piece.box.width for piece in words):
        return 0
    first, last = row[0].box.center, row[-1].box.center
    return 270 if last[1] - first[1] > abs(last[0] - first[0]) else 90


def _turned(box: Box, turn: int) -> Box:
    """The box in the frame of a line that runs in direction `turn`."""
    if turn == 90:
        return Box(-box.y1, box.x0, -box.y0, box.x1)
    return Box(box.y0, -box.x1, box.y1, -box.x0) if turn == 270 else box


def _point(along: float, down: float, turn: int) -> tuple[float, float]:
    """The point of the upright page at this place of a line's frame."""
    if turn == 90:
        return down, -along
    return (-down, along) if turn == 270 else (along, down)


def _levelled(boxes: Sequence[Box]) -> Sequence[Box]:
    """The boxes of a straight line with common upper and lower edges, as in print; of another one as they are."""
    top, bottom = min(box.y0 for box in boxes), max(box.y1 for box in boxes)
    if bottom - top > _STRAIGHT * max(box.height for box in boxes):
        return boxes
    return [Box(box.x0, top, box.x1, bottom) for box in boxes]
