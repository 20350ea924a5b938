"""Picture sizes as a model sees them: the size to send, its cost in tokens, and boxes there and back.

A model cuts a picture into squares of `Grid.factor` pixels, one token each, after it has brought both sides to
multiples of it and the area within bounds. What is sent here has such a size already, so the model leaves it as it is,
and boxes in its pixels are boxes in the pixels that were sent. Pure arithmetic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from docstation.document.geometry import Affine, Box
from docstation.inference.profile import Coordinates, Grid

LONGEST_SHAPE = 200
"""Times that the longer side may be the shorter one; models refuse more."""

_ROUNDING = 1e-9

Size = tuple[int, int]


def fit(width: float, height: float, grid: Grid, *, max_pixels: int | None = None) -> Size:
    """The (width, height) to send a picture of this size in: multiples of the factor, nearest to it within the bounds.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
        grid: of the model.
        max_pixels: a lower bound than the model's own, such as the server's or what a window leaves room for.

    Raises:
        ValueError: no area, a shape longer than `LONGEST_SHAPE`, or a bound below what that shape needs.
    """
    if not (width > 0 and height > 0 and math.isfinite(width) and math.isfinite(height)):
        raise ValueError(f"no picture: {width} x {height}")
    if max(width, height) > LONGEST_SHAPE * min(width, height) * (1 + _ROUNDING):
        raise ValueError(f"too long a shape: {width} x {height}")
    cells = max_cells(grid, max_pixels)
    columns, rows = _cells(width, grid.factor), _cells(height, grid.factor)
    if columns * rows > cells:
        columns, rows = _reduced(width / height, cells)
    if columns * rows * grid.factor**2 < grid.min_pixels:
        columns, rows = _enlarged(width / height, grid, cells)
    columns, rows = _in_shape(columns, rows)
    if columns * rows > cells:
        raise ValueError(f"{width} x {height} does not fit in {cells} tokens")
    return columns * grid.factor, rows * grid.factor


def max_cells(grid: Grid, max_pixels: int | None = None) -> int:
    """Tokens of the largest picture within the grid's bound and `max_pixels`."""
    bound = grid.max_pixels if max_pixels is None else min(max_pixels, grid.max_pixels)
    return bound // grid.factor**2


def least_cells(width: float, height: float, grid: Grid) -> int:
    """Tokens of the smallest picture of this shape that the model does not enlarge any more."""
    columns, rows = _in_shape(*_least(width / height, grid))
    return columns * rows


def image_tokens(width: int, height: int, grid: Grid) -> int:
    """Tokens of a picture that is sent in this size, one of `fit`."""
    return (width // grid.factor) * (height // grid.factor)


def _cells(side: float, factor: int) -> int:
    return max(1, round(side / factor))


def _reduced(shape: float, cells: int) -> Size:
    """Columns and rows of about this shape (width by height), no more than `cells` together."""
    columns = max(1, math.floor(math.sqrt(cells * shape)))
    rows = max(1, math.floor(math.sqrt(cells / shape)))
    return min(columns, max(1, cells // rows)), min(rows, max(1, cells // columns))


def _enlarged(shape: float, grid: Grid, cells: int) -> Size:
    """Columns and rows of about this shape that reach the smallest area, or the bound where that comes first."""
    columns, rows = _least(shape, grid)
    return (columns, rows) if columns * rows <= cells else _reduced(shape, cells)


def _least(shape: float, grid: Grid) -> Size:
    least = math.ceil(grid.min_pixels / grid.factor**2)
    return math.ceil(math.sqrt(least * shape)), math.ceil(math.sqrt(least / shape))


def _in_shape(columns: int, rows: int) -> Size:
    """Rounding to whole squares may stretch a narrow picture beyond what models take; the longer side gives way."""
    return min(columns, LONGEST_SHAPE * rows), min(rows, LONGEST_SHAPE * columns)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture was cut from, and in which size it was sent.

    Attributes:
        region: in pixels of the source picture.
        sent: (width, height) in pixels.
        coordinates: in which the model tells boxes.
    """

    region: Box
    sent: Size
    coordinates: Coordinates

    def to_source(self) -> Affine:
        """The model's coordinates → pixels of the source picture."""
        width, height = self.sent if self.coordinates == "sent-pixels" else (1000, 1000)
        scaled = Affine.scaling(self.region.width / width, self.region.height / height)
        return scaled.then(Affine.translation(self.region.x0, self.region.y0))

    def to_model(self) -> Affine:
        """Pixels of the source picture → the model's coordinates; raises ValueError for a region without area."""
        return self.to_source().inverse()
