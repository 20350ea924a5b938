"""Triage: pages come out upright, level and judged, and every box finds its way back to the page as shown."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from reportlab.pdfgen.canvas import Canvas

from docstation.document.geometry import Box
from docstation.document.model import TextLayer
from docstation.intake.ink import is_blank, merged
from docstation.intake.limits import Limits
from docstation.intake.opening import open_document
from docstation.intake.page import Pixels, PreparedPage
from docstation.intake.skew import skew_of
from docstation.intake.triage import prepare, with_pixels
from docstation.testing.business import draw
from docstation.testing.contract import contract
from docstation.testing.degrade import Condition, degraded, rasterised


@dataclass
class Told:
    """A probe that answers what the test knows, and counts how often it is asked."""

    turn: int = 0
    asked: int = 0

    def quarter_turn(self, pixels: Pixels) -> int:
        self.asked += 1
        return self.turn


def prepared(path: Path, number: int = 1, *, dpi: int = 100, turn: int = 0) -> PreparedPage:
    with open_document(path, name=path.name, limits=Limits()) as source:
        return prepare(source, number, dpi=dpi, probe=Told(turn))


def as_png(pixels: Pixels, path: Path, dpi: float = 100) -> Path:
    Image.fromarray(pixels).save(path, dpi=(dpi, dpi))
    return path


@pytest.fixture(scope="module")
def clean() -> Pixels:
    return rasterised(contract(3), dpi=100).pixels


def test_a_born_digital_page_is_taken_from_its_layer_without_a_raster(tmp_path):
    path = tmp_path / "contract.pdf"
    path.write_bytes(contract(1).pdf)
    page = prepared(path)
    assert (page.verdict, page.pixels, page.unread, page.blank) == (TextLayer.SANE, None, (), False)
    truth = " ".join(word.text for block in contract(1).pages[0].blocks for line in block.lines for word in line.words)
    assert sorted(truth.split()) == sorted(word.text for word in page.words)


def test_a_picture_beside_the_text_is_left_to_be_read(tmp_path):
    canvas = Canvas(str(tmp_path / "mixed.pdf"), pagesize=(400, 400))
    for row in range(6):
        canvas.drawString(40, 360 - 14 * row, "Plain words that the layer holds in full and that are believed")
    picture = Image.new("RGB", (600, 200), "white")
    ImageDraw.Draw(picture).text((20, 60), "a scanned seal", fill="black", font_size=60)
    picture.save(tmp_path / "seal.png")
    canvas.drawImage(str(tmp_path / "seal.png"), 50, 80, 300, 100)
    canvas.save()
    page = prepared(tmp_path / "mixed.pdf")
    assert page.verdict is TextLayer.PARTIAL
    assert page.pixels is not None
    (place,) = page.unread
    assert place.iou(Box(50, 220, 350, 320)) > 0.95
    assert len(page.words) == 72


def test_a_filled_in_form_field_is_left_to_be_read(tmp_path):
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(400, 200))
    for row in range(4):
        canvas.drawString(30, 170 - 14 * row, "Name of the applicant as it stands in the passport")
    field = {"x": 30, "y": 40, "width": 300, "height": 24, "borderWidth": 0, "fontSize": 14}
    canvas.acroForm.textfield(value="Ivan Petrovich Sidorov", **field)
    canvas.save()
    path = tmp_path / "form.pdf"
    path.write_bytes(buffer.getvalue())
    page = prepared(path)
    assert page.verdict is TextLayer.PARTIAL
    assert any(place.overlap_y(Box(0, 136, 1, 160)) > 8 for place in page.unread)


def test_charts_tables_and_logos_drawn_as_lines_are_no_unread_text(tmp_path):
    path = tmp_path / "form.pdf"
    path.write_bytes(draw("torg12", 5).pdf)
    page = prepared(path)
    assert (page.verdict, page.unread) == (TextLayer.SANE, ())
    assert len(page.rulings) > 20


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_of_a_turned_layer_come_upright_and_go_back(tmp_path, turn):
    document = pypdfium2.PdfDocument(contract(2).pdf)
    plain = tmp_path / "plain.pdf"
    document.save(plain)
    upright = prepared(plain)
    document[0].set_rotation(turn)
    turned = tmp_path / "turned.pdf"
    document.save(turned)
    page = prepared(turned)
    assert page.rotation == (360 - turn) % 360
    assert page.size == pytest.approx(upright.size)
    places = sorted((word.text, word.box.rounded(0)) for word in upright.words)
    for (text, box), (same, there) in zip(
        sorted((word.text, word.box.rounded(0)) for word in page.words), places, strict=True
    ):
        assert text == same
        assert box.iou(there) > 0.85
    for word in page.words:
        shown = page.to_page.box(word.box)
        assert Box(0, 0, *page.page_size).expanded(0.5).contains(*shown.center)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_scan_is_set_upright(tmp_path, clean, turn):
    lying = np.ascontiguousarray(np.rot90(clean, turn // 90))
    page = prepared(as_png(lying, tmp_path / "scan.png"), turn=turn)
    assert (page.rotation, page.skew, page.verdict) == (turn, 0.0, TextLayer.ABSENT)
    assert page.unread == (Box(0, 0, *page.size),)
    assert page.pixels is not None
    assert np.abs(page.pixels.astype(int) - clean.astype(int)).mean() < 1


@pytest.mark.parametrize("degrees", [-9.0, -2.3, -0.4, 0.3, 1.6, 6.0])
def test_skew_is_found_to_a_tenth_of_a_degree_and_mended(tmp_path, clean, degrees):
    image = Image.fromarray(clean).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    page = prepared(as_png(np.asarray(image), tmp_path / "skewed.png"))
    assert page.skew == pytest.approx(degrees, abs=0.1)
    assert page.pixels is not None
    assert abs(skew_of(page.pixels)) <= 0.12
    # A point of ink goes back to where it stands on the page as shown.
    assert page.to_page.point(*_middle(page.size)) == pytest.approx(_middle(page.page_size), abs=1)


def _middle(size: tuple[float, float]) -> tuple[float, float]:
    return size[0] / 2, size[1] / 2


@pytest.mark.parametrize("seed", range(6))
def test_scans_of_business_papers_become_level(tmp_path, seed):
    shot = degraded(rasterised(draw(("upd", "torg12", "invoice")[seed % 3], seed), dpi=120), Condition.SCANNED, seed)
    page = prepared(as_png(shot.pixels, tmp_path / "scan.png", 120), dpi=120)
    assert 0.3 <= abs(page.skew) <= 2.3
    assert page.pixels is not None
    assert abs(skew_of(page.pixels)) <= 0.15


def test_a_level_page_and_a_page_without_letters_are_not_turned(clean):
    assert skew_of(clean) == 0
    assert skew_of(np.full((900, 700, 3), 255, np.uint8)) == 0
    slanted = Image.new("RGB", (700, 900), "white")
    ImageDraw.Draw(slanted).line((0, 0, 700, 500), fill="black", width=3)
    assert skew_of(np.asarray(slanted)) == 0


def noisy(level: int, spread: float, seed: int = 0) -> Pixels:
    grain = np.random.default_rng(seed).normal(level, spread, (1100, 800, 1))
    return np.repeat(grain, 3, axis=2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("level", "spread"), [(255, 0), (240, 4), (200, 8), (120, 5), (20, 3)])
def test_empty_paper_is_blank_however_grey_and_grainy(tmp_path, level, spread):
    probe = Told()
    with open_document(as_png(noisy(level, spread), tmp_path / "b.png"), name="b.png", limits=Limits()) as source:
        page = prepare(source, 1, dpi=100, probe=probe)
    assert page.blank
    assert probe.asked == 0


def test_edge_shadows_and_dust_leave_a_page_blank_and_one_short_word_does_not():
    paper = noisy(235, 4)
    paper[:, :9] = 30
    paper[500:502, 300:302] = 0
    assert is_blank(paper)
    image = Image.fromarray(paper)
    ImageDraw.Draw(image).text((390, 540), "12", fill="black", font_size=22)
    assert not is_blank(np.asarray(image))


def test_pixels_for_cut_outs_lie_under_the_words_of_the_layer(tmp_path):
    path = tmp_path / "contract.pdf"
    path.write_bytes(contract(1).pdf)
    with open_document(path, name="contract.pdf", limits=Limits()) as source:
        page = with_pixels(source, prepare(source, 1, dpi=150, probe=Told()), 150)
    assert page.pixels is not None
    assert page.scale == pytest.approx(150 / 72)
    for word in page.words[:40]:
        x0, y0, x1, y1 = (round(value * page.scale) for value in (word.box.x0, word.box.y0, word.box.x1, word.box.y1))
        assert page.pixels[y0:y1, x0:x1].min() < 128


def test_a_stored_raster_is_enlarged_no_more_than_twice(tmp_path):
    small = Image.fromarray(rasterised(contract(1), dpi=50).pixels)
    small.save(tmp_path / "small.pdf", resolution=50)
    page = prepared(tmp_path / "small.pdf", dpi=200)
    assert page.scale == pytest.approx(100 / 72, rel=0.02)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 20), st.integers(1, 20)), max_size=8))
def test_merged_places_hold_all_of_their_parts_and_stand_apart(parts):
    boxes = [Box(x, y, x + w, y + h) for x, y, w, h in parts]
    places = merged(boxes, 2)
    assert all(any(box.share_inside(place) == 1 for place in places) for box in boxes)
    assert not any(one.expanded(2).intersection(two) for one in places for two in places if one is not two)
