"""What a PDF page draws besides text: boxes of raster images, straight rulings, and whether a picture hides the text.

Walks page objects, those inside form XObjects included, up to a cap. Coordinates come in as PDF user space and leave
as points of the shown page.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

from docstation.document.geometry import Affine, Box
from docstation.intake.page import PageDrawing
from docstation.intake.pdfium import Calls, calls

_TEXT, _PATH, _IMAGE, _FORM = 1, 2, 3, 5
_MOVE_TO, _LINE_TO = 2, 0
_DEPTH = 4
_MAX_RULINGS = 4000
_MAX_IMAGES = 400
_MAX_SEGMENTS = 64
_THIN = 3.0
"""Points: a filled or stroked shape no thicker than this is a line."""
_SHORTEST = 4.0
"""Points: shorter strokes are dashes, dots and parts of glyphs."""
_SLOPE = 0.01
_HIDING_SHARE = 0.5
_WHITE = 250


@dataclass(frozen=True, slots=True)
class DrawingReading:
    """What the walk found.

    Attributes:
        drawing: images and rulings.
        text_hidden: whether most text objects lie beneath a later image that covers half of the page or more.
        complete: whether all objects were looked at.
    """

    drawing: PageDrawing
    text_hidden: bool
    complete: bool


def read_drawing(page: int, to_page: Affine, size: tuple[float, float], *, cap: int) -> DrawingReading:
    """Look at no more than `cap` objects of the page.

    Args:
        page: address of PDFium's page.
        to_page: user space → points of the shown page.
        size: (width, height) of the shown page in points.
        cap: objects.
    """
    walk = _Walk(calls(), to_page, size, cap)
    pdfium = walk.pdfium
    walk.visit(((pdfium.object_at(page, i) or 0) for i in range(pdfium.count_objects(page))), to_page, 0)
    return walk.result()


class _Walk:
    """One pass over the objects of one page."""

    def __init__(self, pdfium: Calls, to_page: Affine, size: tuple[float, float], cap: int) -> None:
        self.pdfium = pdfium
        self._size = size
        self._left = cap
        self._images: list[Box] = []
        self._rulings: list[Box] = []
        self._texts = 0
        self._texts_before_cover = 0
        self._floats = (ctypes.c_float * 6)()
        self._at = ctypes.addressof(self._floats)
        self._ints = (ctypes.c_uint * 4)()
        self._ints_at = ctypes.addressof(self._ints)

    def visit(self, objects: Iterator[int], to_page: Affine, depth: int) -> None:
        kind_of = self.pdfium.object_type
        for item in objects:
            if self._left <= 0:
                return
            self._left -= 1
            kind = kind_of(item)
            if kind == _TEXT:
                self._texts += 1
            elif kind == _PATH:
                self._path(item, to_page)
            elif kind == _IMAGE:
                self._image(item, to_page)
            elif kind == _FORM and depth < _DEPTH:
                inner = self._matrix(item).then(to_page)
                children = range(max(self.pdfium.count_in_form(item), 0))
                self.visit(((self.pdfium.object_in_form(item, i) or 0) for i in children), inner, depth + 1)

    def result(self) -> DrawingReading:
        drawing = PageDrawing(tuple(self._images), tuple(self._rulings))
        hidden = self._texts_before_cover * 2 > self._texts > 0
        return DrawingReading(drawing, hidden, complete=self._left > 0)

    def _image(self, item: int, to_page: Affine) -> None:
        box = self._bounds(item, to_page)
        if box is None or box.width < 1 or box.height < 1 or len(self._images) >= _MAX_IMAGES:
            return
        self._images.append(box)
        if box.area >= _HIDING_SHARE * self._size[0] * self._size[1]:
            self._texts_before_cover = self._texts

    def _path(self, item: int, to_page: Affine) -> None:
        if len(self._rulings) >= _MAX_RULINGS:
            return
        box = self._bounds(item, to_page)
        if box is None or max(box.width, box.height) < _SHORTEST:
            return
        if not self._drawn(item):
            return
        if min(box.width, box.height) <= _THIN:
            self._rulings.append(box)
        else:
            self._edges(item, to_page)

    def _drawn(self, item: int) -> bool:
        """Whether the path leaves ink: stroked, or filled with anything but white."""
        if not self.pdfium.draw_mode(item, self._ints_at, self._ints_at + 4):
            return False
        fill, stroke = self._ints[0], self._ints[1]
        if stroke:
            return True
        at = self._ints_at
        if not fill or not self.pdfium.fill_color(item, at, at + 4, at + 8, at + 12):
            return bool(fill)
        red, green, blue, alpha = self._ints
        return alpha > 0 and min(red, green, blue) < _WHITE

    def _edges(self, item: int, to_page: Affine) -> None:
        """The level and upright straight edges of a path of few segments."""
        count = self.pdfium.count_segments(item)
        if not 2 <= count <= _MAX_SEGMENTS:
            return
        place = self._matrix(item).then(to_page)
        start = last = (0.0, 0.0)
        for index in range(count):
            segment = self.pdfium.segment_at(item, index) or 0
            self.pdfium.segment_point(segment, self._at, self._at + 4)
            point = place.point(self._floats[0], self._floats[1])
            kind = self.pdfium.segment_type(segment)
            if kind == _MOVE_TO:
                start = point
            elif kind == _LINE_TO:
                self._edge(last, point)
            last = point
            if self.pdfium.segment_close(segment) == 1:
                self._edge(point, start)
                last = start

    def _edge(self, one: tuple[float, float], other: tuple[float, float]) -> None:
        box = Box.of_points((one, other))
        length = max(box.width, box.height)
        if length < _SHORTEST or min(box.width, box.height) > max(_SLOPE * length, 0.2):
            return
        clipped = box.clipped(*self._size)
        if max(clipped.width, clipped.height) >= _SHORTEST and len(self._rulings) < _MAX_RULINGS:
            self._rulings.append(clipped)

    def _bounds(self, item: int, to_page: Affine) -> Box | None:
        at = self._at
        if not self.pdfium.bounds(item, at, at + 4, at + 8, at + 12):
            return None
        left, bottom, right, top = self._floats[:4]
        box = to_page.box(Box(min(left, right), min(bottom, top), max(left, right), max(bottom, top)))
        clipped = box.clipped(*self._size)
        return clipped if clipped.width > 0 or clipped.height > 0 else None

    def _matrix(self, item: int) -> Affine:
        if not self.pdfium.matrix(item, self._at):
            return Affine()
        a, b, c, d, e, f = self._floats
        # PDF writes x' = a x + c y + e; Affine writes x' = a x + b y + c.
        return Affine(a, c, e, b, d, f)
