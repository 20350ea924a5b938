"""The quarter turn of pages: drawn ones in both languages, and real ones."""

from __future__ import annotations

import numpy as np
import pytest

from docstation.reading.embedded.orientation import OrientationFinder
from tests.reading.embedded.test_text_recognition import ENGLISH, RUSSIAN, drawn


@pytest.fixture(scope="module")
def finder() -> OrientationFinder:
    return OrientationFinder()


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("lines", [RUSSIAN, ENGLISH], ids=["russian", "english"])
def test_a_turned_page_is_turned_back(finder, lines, turn):
    page = np.asarray(drawn(lines)[0])
    lying = np.ascontiguousarray(np.rot90(page, turn // 90))
    assert finder.quarter_turn(lying) == turn


def test_blank_and_noisy_pictures_stay_as_they_are(finder):
    assert finder.quarter_turn(np.full((500, 400, 3), 255, np.uint8)) == 0
    assert finder.quarter_turn(np.random.default_rng(1).integers(0, 255, (500, 400, 3), dtype=np.uint8)) == 0


@pytest.mark.parametrize(
    ("file", "turn"), [("orient_1.png", 270), ("orient_5.png", 180), ("scan_orient_1.jpg", 0), ("example.png", 0)]
)
def test_the_pixels_of_real_scans_are_set_upright(finder, corpus, file, turn):
    from PIL import Image

    with Image.open(corpus / "russian" / "scanned" / file) as image:
        assert finder.quarter_turn(np.asarray(image.convert("RGB"))) == turn
