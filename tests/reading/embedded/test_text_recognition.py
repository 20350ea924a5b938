"""Pages drawn here, read by the real networks: text, word boxes, regions, gutters, languages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from docstation.document.geometry import Affine, Box
from docstation.document.text import Origin
from docstation.errors import MissingDependency
from docstation.intake.page import PreparedPage
from docstation.reading.embedded.languages import data_folder, installed_languages
from docstation.reading.embedded.recognise import TextRecogniser
from docstation.reading.embedded.tesseract import Tesseract

DPI = 200
SCALE = DPI / 72
FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSerif-Regular.ttf",
)

RUSSIAN = [
    "Договор поставки заключён между сторонами",
    "Сумма к оплате составляет 125 400,50 рублей",
    "Подпись и печать",
]
ENGLISH = ["This agreement is made between the parties", "The total amount due is 1,250.00 dollars"]


def font(points: float) -> ImageFont.FreeTypeFont:
    for name in FONTS:
        try:
            return ImageFont.truetype(name, round(points * SCALE))
        except OSError:
            continue
    raise FileNotFoundError("no font with Cyrillic letters is installed")


def drawn(lines, *, points=12.0, left=60.0, size=(595.0, 300.0), dark=False):
    """A page image and each word's true box in points."""
    image = Image.new("RGB", (round(size[0] * SCALE), round(size[1] * SCALE)), "black" if dark else "white")
    pen = ImageDraw.Draw(image)
    face = font(points)
    truth = []
    for row, line in enumerate(lines):
        x, y = left * SCALE, (40 + row * points * 2) * SCALE
        for word in line.split():
            pen.text((x, y), word, font=face, fill="white" if dark else "black")
            box = Box(*(value / SCALE for value in pen.textbbox((x, y), word, font=face)))
            truth.append((word, box))
            x += pen.textlength(word + " ", font=face)
    return image, truth


def prepared(image: Image.Image, **changes) -> PreparedPage:
    size = (image.width / SCALE, image.height / SCALE)
    page = PreparedPage(1, size, size, np.asarray(image.convert("RGB")), SCALE, Affine())
    return replace(page, **changes)


def texts(lines) -> list[str]:
    return [line.text for line in sorted(lines, key=lambda line: line.box.y0)]


@pytest.fixture(scope="module")
def recogniser() -> TextRecogniser:
    return TextRecogniser()


@pytest.mark.parametrize("lines", [RUSSIAN, ENGLISH], ids=["russian", "english"])
def test_drawn_text_is_read_exactly(recogniser, lines):
    image, _ = drawn(lines)
    assert texts(recogniser.recognise(prepared(image))) == lines


def test_words_stand_inside_their_true_boxes(recogniser):
    image, truth = drawn([*RUSSIAN, *ENGLISH])
    found = [word for line in recogniser.recognise(prepared(image)) for word in line.words]
    for text, box in truth:
        hits = [word for word in found if word.text == text and word.box.share_inside(box.expanded(1)) > 0.95]
        assert hits, text
        assert hits[0].box.overlap_x(box) > 0.85 * box.width
        assert hits[0].origin is Origin.ENGINE


def test_confidence_falls_with_the_quality_of_the_picture(recogniser):
    image, _ = drawn(RUSSIAN)
    sharp = recogniser.recognise(prepared(image))
    blurred = recogniser.recognise(prepared(image.filter(ImageFilter.GaussianBlur(5))))
    worst = min((line.confidence for line in blurred), default=0.0)
    assert min(line.confidence for line in sharp) > max(0.9, worst)


def test_light_text_on_a_dark_ground_is_read(recogniser):
    image, _ = drawn(RUSSIAN[1:], dark=True)
    assert texts(recogniser.recognise(prepared(image))) == RUSSIAN[1:]


def test_only_the_regions_asked_for_are_read(recogniser):
    image, truth = drawn(RUSSIAN)
    second = Box.around(box for text, box in truth if text in RUSSIAN[1].split()).expanded(3)
    assert texts(recogniser.recognise(prepared(image), [second])) == [RUSSIAN[1]]
    assert texts(recogniser.recognise(prepared(image, unread=(second,)))) == [RUSSIAN[1]]


def test_a_line_does_not_run_across_a_gutter(recogniser):
    left, _ = drawn(RUSSIAN[2:], size=(595.0, 120.0))
    right, _ = drawn(["Вторая колонка"], left=330, size=(595.0, 120.0))
    both = Image.fromarray(np.minimum(np.asarray(left), np.asarray(right)))
    assert sorted(texts(recogniser.recognise(prepared(both)))) == ["Вторая колонка", "Подпись и печать"]


def test_nothing_is_read_from_an_empty_page_or_a_page_without_pixels(recogniser):
    image = Image.new("RGB", (400, 400), "white")
    assert recogniser.recognise(prepared(image)) == ()
    assert recogniser.recognise(prepared(image, pixels=None)) == ()


def test_noise_is_not_read_as_text(recogniser):
    grains = np.random.default_rng(3).integers(0, 255, (600, 600, 3), dtype=np.uint8)
    assert sum(len(line.text) for line in recogniser.recognise(prepared(Image.fromarray(grains)))) < 10


def test_a_language_without_data_names_the_package_to_install():
    with pytest.raises(MissingDependency) as failure:
        TextRecogniser(("rus", "xxx"))
    assert "tesseract-ocr-xxx" in str(failure.value.fields["command"])


def test_english_alone_reads_no_cyrillic():
    image, _ = drawn(ENGLISH)
    assert texts(TextRecogniser(("eng",)).recognise(prepared(image))) == ENGLISH


def test_a_users_own_language_data_is_used(tmp_path, monkeypatch):
    vendored = data_folder(("eng",))
    (tmp_path / "mine.traineddata").write_bytes((vendored / "eng.traineddata").read_bytes())
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert {"rus", "eng", "mine"} <= set(installed_languages())
    image, _ = drawn(ENGLISH)
    assert texts(TextRecogniser(("mine", "rus")).recognise(prepared(image))) == ENGLISH


def test_tesseract_reads_a_page_with_its_own_segmentation():
    image, _ = drawn(RUSSIAN)
    lines = Tesseract(("rus",)).page(np.asarray(image), DPI)
    assert [" ".join(token.text for token in line) for line in lines] == RUSSIAN


def test_words_keep_together_where_the_light_fades(recogniser):
    image, truth = drawn(RUSSIAN[1:])
    light = np.linspace(1.0, 0.35, image.width)[None, :, None]
    shaded = Image.fromarray((np.asarray(image) * light).astype(np.uint8))
    lines = recogniser.recognise(prepared(shaded))
    assert texts(lines) == RUSSIAN[1:]
    last = max((word for line in lines for word in line.words), key=lambda word: word.box.x1)
    box = next(box for text, box in truth if text == last.text)
    assert last.box.share_inside(box.expanded(1)) > 0.95
