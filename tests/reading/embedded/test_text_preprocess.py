"""Faint and specked pages are mended, good ones are left alone."""

from __future__ import annotations

import numpy as np

from docstation.reading.embedded.preprocess import measure, mended
from docstation.reading.embedded.recognise import TextRecogniser
from tests.reading.embedded.test_text_recognition import RUSSIAN, drawn, prepared, texts


def page() -> np.ndarray:
    return np.asarray(drawn(RUSSIAN)[0])


def test_a_good_page_is_left_as_it_is():
    good = page()
    assert mended(good) is good


def test_a_blank_page_is_left_as_it_is():
    blank = np.full((300, 300, 3), 250, np.uint8)
    assert mended(blank) is blank


def test_faint_ink_gets_its_contrast_back():
    faint = (200 + page() * 0.12).astype(np.uint8)
    before, after = measure(faint), measure(mended(faint))
    assert before.light - before.dark < 60 < 200 < after.light - after.dark


def test_specks_are_taken_out_and_the_text_is_read():
    from PIL import Image

    chance = np.random.default_rng(5)
    specked = np.where(chance.random(page().shape[:2])[:, :, None] < 0.03, np.uint8(0), page())
    assert measure(mended(specked)).specks < 0.2 * measure(specked).specks
    assert texts(TextRecogniser().recognise(prepared(Image.fromarray(specked)))) == RUSSIAN


def test_grain_is_not_smoothed():
    chance = np.random.default_rng(5)
    grainy = np.clip(page() + chance.normal(0, 40, page().shape[:2])[:, :, None], 0, 255).astype(np.uint8)
    assert mended(grainy) is grainy


def test_a_page_with_ink_at_its_top_only_is_measured_there():
    tall = np.full((3600, page().shape[1], 3), 250, np.uint8)
    tall[: page().shape[0]] = page()
    assert measure(tall).dark < 60
    assert mended(tall) is tall
