from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_opening import Open
from intake_pdfs import SIZE, keys, pdf, text
from PIL import Image
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from docstation.document.geometry import Box
from docstation.errors import TooLarge
from docstation.intake.limits import Limits
from docstation.intake.opening import fitting_scale, open_document

WORD = "Höhbgp"
TURNS = (0, 90, 180, 270)


@dataclass(frozen=True)
class Frame:
    """How a page is shown, in the words of its dictionary; and where user space is then, worked out here anew."""

    box: tuple[float, float, float, float]
    turn: int = 0
    unit: float = 1.0

    @property
    def size(self) -> tuple[float, float]:
        width, height = (self.box[2] - self.box[0]) * self.unit, (self.box[3] - self.box[1]) * self.unit
        return (height, width) if self.turn % 180 else (width, height)

    def shown(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) on the shown page of a rectangle in user space."""
        west, south, east, north = self.box
        shown = {
            0: (left - west, north - top, right - west, north - bottom),
            90: (bottom - south, left - west, top - south, right - west),
            180: (east - right, bottom - south, east - left, top - south),
            270: (north - top, east - right, north - bottom, east - left),
        }[self.turn]
        x0, y0, x1, y1 = (value * self.unit for value in shown)
        return x0, y0, x1, y1


WHOLE = (0.0, 0.0, *map(float, SIZE))
FRAMES = {
    "plain": ({}, Frame(WHOLE)),
    "crop box": ({"CropBox": [30, 20, 330, 270]}, Frame((30, 20, 330, 270))),
    "crop box beyond the sheet": ({"CropBox": [-50, 20, 330, 900]}, Frame((0, 20, 330, 300))),
    "origin elsewhere": ({"MediaBox": [-50, -40, 350, 260]}, Frame((-50, -40, 350, 260))),
    "corners swapped": ({"MediaBox": [400, 300, 0, 0]}, Frame(WHOLE)),
    "user unit": ({"UserUnit": 2}, Frame(WHOLE, unit=2)),
    "all at once": ({"MediaBox": [-9, -9, 391, 291], "CropBox": [1, 2, 380, 270], "UserUnit": 1.5},
                    Frame((1, 2, 380, 270), unit=1.5)),
}  # fmt: skip


def coordinates(box: Box) -> tuple[float, float, float, float]:
    return box.x0, box.y0, box.x1, box.y1


def ink_around(pixels: np.ndarray, box: Box, scale: float, margin: float = 3.0) -> tuple[float, ...]:
    """The box of the dark pixels in and near `box`, in points."""
    x0, y0 = max(int((box.x0 - margin) * scale), 0), max(int((box.y0 - margin) * scale), 0)
    part = pixels[y0 : int((box.y1 + margin) * scale), x0 : int((box.x1 + margin) * scale)].min(axis=2) < 128
    ys, xs = np.nonzero(part)
    found = (xs.min() + x0, ys.min() + y0, xs.max() + 1 + x0, ys.max() + 1 + y0)
    return tuple(float(value) / scale for value in found)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", FRAMES)
def test_words_rulings_and_pictures_lie_where_the_page_shows_them(
    tmp_path: Path, opened: Open, kind: str, turn: int
) -> None:
    boxes, frame = FRAMES[kind]
    frame = Frame(frame.box, turn, frame.unit)

    def draw(canvas: Canvas) -> None:
        text(WORD, 60, 200)(canvas)
        canvas.setLineWidth(0.5)
        canvas.line(70, 120, 250, 120)
        canvas.drawInlineImage(Image.new("RGB", (12, 6), (180, 0, 0)), 100, 40, 120, 60)

    source = opened(pdf(tmp_path / "a.pdf", draw, edit=keys(Rotate=turn, **boxes)))
    raw = source.raw(1)
    assert (raw.width, raw.height) == pytest.approx(frame.size, abs=0.01)

    (word,) = raw.layer.words
    assert word.text == WORD
    assert word.font_size == pytest.approx(12 * frame.unit)
    wide = pdfmetrics.stringWidth(WORD, "Helvetica", 12)
    up, down = pdfmetrics.getAscentDescent("Helvetica", 12)
    assert coordinates(word.box) == pytest.approx(
        frame.shown(60, 200 + down, 60 + wide, 200 + up), abs=1.0 * frame.unit
    )
    assert raw.layer.turn == -turn % 360

    (ruling,) = raw.drawing.rulings
    assert coordinates(ruling) == pytest.approx(frame.shown(70, 120, 250, 120), abs=1.0 * frame.unit)
    (image,) = raw.drawing.images
    assert coordinates(image) == pytest.approx(frame.shown(100, 40, 220, 100), abs=0.01 * frame.unit)

    scale = 3.0
    pixels = source.render(1, scale)
    assert pixels.shape[:2] == pytest.approx((raw.height * scale, raw.width * scale), abs=1)
    assert ink_around(pixels, word.box, scale) == pytest.approx(coordinates(word.box), abs=0.7 * frame.unit)
    x, y = image.center
    assert pixels[int(y * scale), int(x * scale)].tolist() == [180, 0, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(TURNS),
    st.sampled_from(list(FRAMES)),
    st.floats(40, 250),
    st.floats(40, 240),
    st.integers(6, 14),
    st.sampled_from(["total", "Итого", "gyp", "12,5", "A"]),
)
def test_a_word_lies_within_a_point_of_its_place_wherever_it_is_drawn(
    tmp_path_factory: pytest.TempPathFactory, turn: int, kind: str, x: float, y: float, size: int, word: str
) -> None:
    boxes, frame = FRAMES[kind]
    frame = Frame(frame.box, turn, frame.unit)
    draw = text(word, x, y, font="Tinos-Regular", size=size)
    path = pdf(tmp_path_factory.mktemp("pdf") / "a.pdf", draw, edit=keys(Rotate=turn, **boxes))
    with open_document(path, name="a.pdf", limits=Limits()) as source:
        (found,) = source.raw(1).layer.words
    wide = pdfmetrics.stringWidth(word, "Tinos-Regular", size)
    along = frame.shown(x, y, x + wide, y)
    found_box, allowed = coordinates(found.box), frame.unit * max(1.0, 0.09 * size)
    ends = (1, 3) if turn % 180 else (0, 2)
    assert found.text == word
    assert [found_box[i] for i in ends] == pytest.approx([along[i] for i in ends], abs=allowed)
    baseline, (low, high) = along[1 - ends[0]], (found_box[1 - ends[0]], found_box[3 - ends[0]])
    assert low - allowed <= baseline <= high + allowed
    assert 0.6 * size * frame.unit < high - low < 1.1 * size * frame.unit


def test_odd_turns_of_a_page_count_as_none_or_as_a_quarter(tmp_path: Path, opened: Open) -> None:
    for given_turn, size in ((-90, (300, 400)), (450, (300, 400)), (360, (400, 300)), (45, (400, 300))):
        raw = opened(pdf(tmp_path / f"{given_turn}.pdf", text("word"), edit=keys(Rotate=given_turn))).raw(1)
        assert (raw.width, raw.height) == size


@pytest.mark.parametrize("unit", [0, -3, 1e9, pikepdf.Name("/Two")])
def test_a_nonsensical_user_unit_is_one(tmp_path: Path, opened: Open, unit: object) -> None:
    raw = opened(pdf(tmp_path / "a.pdf", text("word"), edit=keys(UserUnit=unit))).raw(1)
    assert (raw.width, raw.height) == SIZE


def test_a_page_without_a_sensible_box_is_still_a_page(tmp_path: Path, opened: Open) -> None:
    for box in ([0, 0, 0, 0], [5, 5, 5, 300], [0, 0, 1e-9, 1e-9]):
        raw = opened(pdf(tmp_path / "a.pdf", text("word"), edit=keys(MediaBox=box))).raw(1)
        assert min(raw.width, raw.height) >= 1


@pytest.mark.parametrize(
    "size", [(1190.55, 1683.78), (14_400.0, 14_400.0), (14_400.0, 3.0), (72.0, 14_400.0), (3.0, 3.0)]
)
def test_pages_of_any_size_are_drawn_within_the_limits(tmp_path: Path, opened: Open, size: tuple[float, float]) -> None:
    limits = Limits(page_pixels=2_000_000, page_side=9_000)
    source = opened(pdf(tmp_path / "a.pdf", text("word"), size=size), limits=limits)
    raw = source.raw(1)
    assert (raw.width, raw.height) == pytest.approx(size, abs=0.01)
    pixels = source.render(1, fitting_scale(raw.width, raw.height, 600 / 72, limits))
    assert pixels.shape[0] * pixels.shape[1] <= 1.02 * limits.page_pixels
    assert max(pixels.shape) <= 1.02 * limits.page_side
    if max(size) > 1000:
        with pytest.raises(TooLarge, match=r"Page 1 of a\.pdf is too large"):
            source.render(1, 600 / 72)


@given(
    st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(0.01, 100),
    st.integers(10_000, 50_000_000), st.integers(100, 40_000),
)  # fmt: skip
def test_a_fitting_scale_keeps_to_both_limits_and_to_the_wish(
    width: float, height: float, wish: float, pixels: int, side: int
) -> None:
    limits = Limits(page_pixels=pixels, page_side=side)
    scale = fitting_scale(width, height, wish, limits)
    assert 0 < scale <= wish
    assert width * height * scale * scale <= pixels * 1.0001
    assert max(width, height) * scale <= side * 1.0001
    grown = scale * 1.001
    if scale < wish:
        assert width * height * grown * grown > pixels or max(width, height) * grown > side
