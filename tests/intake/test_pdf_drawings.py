from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pikepdf
import pytest
from intake_opening import Open
from intake_pdfs import Edit, content, pdf, text
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from docstation.document.geometry import Box
from docstation.intake.limits import Limits
from docstation.intake.page import PageDrawing

RED = Image.new("RGB", (20, 10), (200, 0, 0))


def drawing_of(opened: Open, path: Path, limits: Limits | None = None) -> PageDrawing:
    return opened(path, limits=limits).raw(1).drawing


def corners(boxes: Iterable[Box]) -> list[tuple[float, ...]]:
    """Boxes to whole points, in order."""
    return sorted(tuple(round(value) for value in (box.x0, box.y0, box.x1, box.y1)) for box in boxes)


def test_the_lines_of_a_grid_are_rulings_in_their_places(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setLineWidth(0.5)
        canvas.grid([50, 100, 200], [50, 80, 110])

    drawing = drawing_of(opened, pdf(tmp_path / "a.pdf", draw))
    assert corners(drawing.rulings) == [
        (50, 190, 50, 250), (50, 190, 200, 190), (50, 220, 200, 220), (50, 250, 200, 250),
        (100, 190, 100, 250), (200, 190, 200, 250),
    ]  # fmt: skip


@pytest.mark.parametrize(("stroke", "fill"), [(1, 0), (0, 1), (1, 1)])
def test_a_rectangle_gives_its_four_edges(tmp_path: Path, opened: Open, stroke: int, fill: int) -> None:
    drawing = drawing_of(
        opened, pdf(tmp_path / "a.pdf", lambda canvas: canvas.rect(220, 50, 100, 60, stroke=stroke, fill=fill))
    )
    edges = [(220, 190, 220, 250), (220, 190, 320, 190), (220, 250, 320, 250), (320, 190, 320, 250)]
    assert corners(drawing.rulings) == edges


def test_a_line_may_be_a_thin_filled_rectangle_or_be_dashed(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(330, 20, 0.5, 200, stroke=0, fill=1)
        canvas.setDash(3, 3)
        canvas.setLineWidth(0.4)
        canvas.line(50, 280, 300, 280)

    assert corners(drawing_of(opened, pdf(tmp_path / "a.pdf", draw)).rulings) == [
        (50, 20, 300, 20),
        (330, 80, 330, 280),
    ]


def test_what_leaves_no_ink_and_what_is_no_straight_line_is_no_ruling(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.circle(100, 100, 40)
        canvas.line(10, 10, 200, 250)
        canvas.line(300, 100, 301, 100)  # a dot
        canvas.setFillGray(1)
        canvas.rect(20, 150, 100, 60, stroke=0, fill=1)
        canvas.rect(250, 150, 100, 60, stroke=0, fill=0)
        canvas.line(450, 10, 600, 10)

    assert drawing_of(opened, pdf(tmp_path / "a.pdf", draw)) == PageDrawing()


def test_pictures_have_boxes_that_are_cut_to_the_page(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawInlineImage(RED, 50, 60, 200, 100)
        canvas.drawInlineImage(RED, 350, 250, 200, 100)
        canvas.drawInlineImage(RED, 500, 50, 50, 50)
        canvas.drawInlineImage(RED, 10, 10, 0.5, 40)
        canvas.translate(300, 100)
        canvas.rotate(90)
        canvas.drawInlineImage(RED, 0, 0, 60, 30)

    drawing = drawing_of(opened, pdf(tmp_path / "a.pdf", draw))
    assert corners(drawing.images) == [(50, 140, 250, 240), (270, 140, 300, 200), (350, 0, 400, 50)]


def nested(levels: int, innermost: bytes, scale: int = 2) -> Edit:
    """Draws `innermost` inside forms of forms, each moved to the right by five and then scaled."""

    def edit(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        stream, resources = innermost, page.Resources
        for _ in range(levels):
            form = document.make_stream(
                stream, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 400, 300],
                Resources=resources, Matrix=[1, 0, 0, 1, 5, 0],
            )  # fmt: skip
            resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))
            stream = b"q %d 0 0 %d 0 0 cm /X Do Q" % (scale, scale)
        page.Resources = resources
        page.Contents = document.make_stream(stream)

    return edit


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_drawings_inside_forms_lie_where_the_forms_put_them(tmp_path: Path, opened: Open, levels: int) -> None:
    path = pdf(tmp_path / "a.pdf", text("x"), edit=nested(levels, b"0.1 w 0 10 m 20 10 l S"))
    left, right, up = 0, 20, 10
    for _ in range(levels):
        left, right, up = 2 * (left + 5), 2 * (right + 5), 2 * up
    (ruling,) = drawing_of(opened, path).rulings
    assert (ruling.x0, ruling.x1) == pytest.approx((left, right), abs=1)
    assert ruling.center[1] == pytest.approx(300 - up, abs=1)


def test_forms_within_forms_are_followed_to_some_depth_only(tmp_path: Path, opened: Open) -> None:
    line = b"0.1 w 0 10 m 20 10 l S"
    for levels, found in ((4, 1), (30, 0)):
        path = pdf(tmp_path / f"{levels}.pdf", text("x"), edit=nested(levels, line, scale=1))
        assert len(drawing_of(opened, path).rulings) == found


def test_a_form_that_draws_itself_is_no_trap(tmp_path: Path, opened: Open) -> None:
    def edit(document: pikepdf.Pdf) -> None:
        nested(1, b"q 1 0 0 1 0 5 cm /X Do Q 0 0 100 50 re S")(document)
        form = document.pages[0].Resources.XObject.X
        form.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=form))

    source = opened(pdf(tmp_path / "a.pdf", text("x"), edit=edit))
    assert 4 <= len(source.raw(1).drawing.rulings) <= 20
    assert source.render(1, 1.0).shape == (300, 400, 3)


def test_a_page_of_100000_objects_is_looked_at_in_part_and_its_text_in_full(tmp_path: Path, opened: Open) -> None:
    boxes = b"\n".join(b"%d %d 5 5 re f" % (number % 390, number // 390) for number in range(100_000))
    path = pdf(
        tmp_path / "a.pdf", text("x"), edit=content(boxes + b" BT /F1 12 Tf 50 280 Td (after all of them) Tj ET")
    )
    source = opened(path)
    raw = source.raw(1)
    assert [word.text for word in raw.layer.words] == ["after", "all", "of", "them"]
    assert 100 < len(raw.drawing.rulings) <= 4000
    few = drawing_of(opened, path, Limits(page_objects=10))
    assert len(few.rulings) == 40


def test_a_page_of_a_thousand_pictures_gives_no_more_than_some_hundreds(tmp_path: Path, opened: Open) -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(1000):
            canvas.drawInlineImage(RED, number % 40 * 10, number // 40 * 10, 9, 9)

    assert len(drawing_of(opened, pdf(tmp_path / "a.pdf", draw)).images) == 400
