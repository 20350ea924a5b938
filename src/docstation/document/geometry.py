"""Boxes and affine maps between the frames in which a page is described.

Every box of the vocabulary is in **page points** (1/72 inch), origin top left, x to the right, y downwards, in the
page as a viewer shows it (PDF ``/Rotate`` and EXIF orientation applied). Reading happens in an upright, deskewed
frame; an `Affine` carries boxes between the two and to pixels. Pure arithmetic, standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

POINTS_PER_INCH = 72.0


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """An axis-aligned rectangle ``(x0, y0, x1, y1)`` with ``x0 <= x1`` and ``y0 <= y1``."""

    x0: float
    y0: float
    x1: float
    y1: float

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The smallest box that holds all of `boxes`; raises ValueError when there is none."""
        items = list(boxes)
        if not items:
            raise ValueError("no box to enclose")
        return cls(
            min(b.x0 for b in items), min(b.y0 for b in items), max(b.x1 for b in items), max(b.y1 for b in items)
        )

    @classmethod
    def of_points(cls, points: Iterable[tuple[float, float]]) -> Box:
        """The smallest box that holds all of `points`; raises ValueError when there is none."""
        xs, ys = zip(*points, strict=True)
        return cls(min(xs), min(ys), max(xs), max(ys))

    @property
    def width(self) -> float:
        """Horizontal extent."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Width times height."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """The middle point (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The four corners, clockwise from the top left one."""
        return (self.x0, self.y0), (self.x1, self.y0), (self.x1, self.y1), (self.x0, self.y1)

    def intersection(self, other: Box) -> Box | None:
        """The common part, or None where the boxes do not overlap."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def iou(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        common = self.intersection(other)
        if common is None:
            return 0.0
        return common.area / (self.area + other.area - common.area)

    def share_inside(self, other: Box) -> float:
        """The share of this box's area that lies inside `other`, 0 to 1 (a box without area counts by its middle)."""
        if self.area <= 0:
            return 1.0 if other.contains(*self.center) else 0.0
        common = self.intersection(other)
        return common.area / self.area if common else 0.0

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside or on the edge."""
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def overlap_x(self, other: Box) -> float:
        """Length of the common horizontal extent, 0 where there is none."""
        return max(0.0, min(self.x1, other.x1) - max(self.x0, other.x0))

    def overlap_y(self, other: Box) -> float:
        """Length of the common vertical extent, 0 where there is none."""
        return max(0.0, min(self.y1, other.y1) - max(self.y0, other.y0))

    def expanded(self, dx: float, dy: float | None = None) -> Box:
        """Grown by `dx` left and right and by `dy` (default `dx`) up and down; negative shrinks to the middle."""
        dy = dx if dy is None else dy
        cx, cy = self.center
        return Box(min(self.x0 - dx, cx), min(self.y0 - dy, cy), max(self.x1 + dx, cx), max(self.y1 + dy, cy))

    def clipped(self, width: float, height: float) -> Box:
        """Cut to ``(0, 0, width, height)``; a box wholly outside collapses to the nearest edge."""
        return Box(
            min(max(self.x0, 0.0), width),
            min(max(self.y0, 0.0), height),
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
        )

    def rounded(self, digits: int = 2) -> Box:
        """Coordinates rounded to `digits` decimals, as they are written to files."""
        return Box(round(self.x0, digits), round(self.y0, digits), round(self.x1, digits), round(self.y1, digits))


@dataclass(frozen=True, slots=True)
class Affine:
    """The map ``x' = a x + b y + c``, ``y' = d x + e y + f``."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0
    e: float = 1.0
    f: float = 0.0

    @classmethod
    def scaling(cls, sx: float, sy: float | None = None) -> Affine:
        """Scale about the origin."""
        return cls(a=sx, e=sx if sy is None else sy)

    @classmethod
    def translation(cls, dx: float, dy: float) -> Affine:
        """Shift by (dx, dy)."""
        return cls(c=dx, f=dy)

    @classmethod
    def rotation_about(cls, degrees: float, x: float, y: float) -> Affine:
        """Turn clockwise (on the screen, y down) by `degrees` about the point (x, y)."""
        cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return cls(cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y)

    @classmethod
    def quarter_turns(cls, degrees: int, width: float, height: float) -> Affine:
        """Turn a page of `width` x `height` clockwise by 0, 90, 180 or 270 degrees, its corner back at the origin.

        Raises:
            ValueError: for any other angle.
        """
        match degrees % 360:
            case 0:
                return cls()
            case 90:
                return cls(0, -1, height, 1, 0, 0)
            case 180:
                return cls(-1, 0, width, 0, -1, height)
            case 270:
                return cls(0, 1, 0, -1, 0, width)
        raise ValueError(f"not a quarter turn: {degrees!r}")

    def then(self, after: Affine) -> Affine:
        """The map that applies this one first and `after` second."""
        return Affine(
            after.a * self.a + after.b * self.d,
            after.a * self.b + after.b * self.e,
            after.a * self.c + after.b * self.f + after.c,
            after.d * self.a + after.e * self.d,
            after.d * self.b + after.e * self.e,
            after.d * self.c + after.e * self.f + after.f,
        )

    def inverse(self) -> Affine:
        """The map back; raises ValueError when the map flattens the plane."""
        det = self.a * self.e - self.b * self.d
        if det == 0:
            raise ValueError("the map has no inverse")
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where (x, y) goes."""
        return self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f

    def box(self, box: Box) -> Box:
        """The axis-aligned box around the image of `box`; exact for quarter turns, the enclosing one for others."""
        return Box.of_points(self.point(x, y) for x, y in box.corners)
