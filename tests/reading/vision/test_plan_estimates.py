"""Guesses of what a page makes a model say: near the truth, and rather too much than too little."""

from __future__ import annotations

import numpy as np
import pytest

from docstation.document.geometry import Affine
from docstation.document.model import TextLayer
from docstation.intake.page import PreparedPage
from docstation.reading.vision.estimate import Estimate, from_ink, from_words, of_page, text_tokens
from docstation.testing.contract import contract
from docstation.testing.degrade import rasterised
from docstation.testing.drawn import Drawn, words_of
from docstation.testing.report import report

DRAWN = {"Russian contract": contract, "English report": report}


@pytest.fixture(scope="module", params=DRAWN)
def drawn(request: pytest.FixtureRequest) -> Drawn:
    return DRAWN[request.param]()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("12345", 5),
        # Counts of Qwen's vocabulary.
        ("Извещение о проведении открытого аукциона в электронной форме", 15),
        ("The quick brown fox jumps over the lazy dog", 9),
        ("第三届全国人民代表大会", 6),
    ],
)
def test_a_text_is_not_guessed_shorter_than_it_is(text, tokens):
    assert tokens <= text_tokens(text) <= 2.5 * tokens


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_ink_tells_about_as_much_as_the_words_that_it_draws(drawn, dpi):
    written = text_tokens(" ".join(word.text for word in words_of(drawn.pages[0])))
    seen = from_ink(rasterised(drawn, 0, dpi).pixels)
    assert 0.7 * written <= seen.tokens <= 2.5 * written


def test_letters_are_measured_in_pixels_of_the_page(drawn):
    heights = {dpi: from_ink(rasterised(drawn, 0, dpi).pixels).letter for dpi in (150, 300)}
    assert 7 <= heights[150] <= 18
    assert 1.6 <= heights[300] / heights[150] <= 2.4


def test_words_and_ink_agree_on_the_size_of_letters(drawn):
    shot = rasterised(drawn, 0, 200)
    layer = from_words(words_of(drawn.pages[0]), 200 / 72)
    assert layer.letter == pytest.approx(from_ink(shot.pixels).letter, rel=0.5)


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 4000, 3), (2000, 2, 3), (400, 400, 3)])
@pytest.mark.parametrize("grey", [0, 255])
def test_an_empty_page_of_any_shape_is_expected_to_say_nothing(shape, grey):
    assert from_ink(np.full(shape, grey, np.uint8)) == Estimate(0, 1)


def test_noise_is_no_error():
    pixels = np.random.default_rng(1).integers(0, 255, (500, 700, 3), np.uint8)
    assert from_ink(pixels).tokens >= 0


def page(**about) -> PreparedPage:
    return PreparedPage(1, (595, 842), (595, 842), scale=200 / 72, to_page=Affine(), **({"pixels": None} | about))


def test_a_page_without_pixels_is_known_by_its_words(drawn):
    words = words_of(drawn.pages[0])
    assert of_page(page(words=words, verdict=TextLayer.SANE)) == from_words(words, 200 / 72)
    assert of_page(page()) == Estimate(0, 1)


def test_of_words_and_ink_the_greater_counts(drawn):
    pixels = rasterised(drawn, 0, 200).pixels
    words = words_of(drawn.pages[0])[:5]
    both = of_page(page(words=words, pixels=pixels, verdict=TextLayer.PARTIAL))
    assert both.tokens == from_ink(pixels).tokens > from_words(words, 200 / 72).tokens


def test_a_share_has_a_block_at_least():
    assert Estimate(1000, 10, 9.0).share(0.25) == Estimate(250, 3, 9.0)
    assert Estimate(0, 1).share(0.1) == Estimate(0, 1)


def test_boxes_cost_what_they_cost():
    estimate = Estimate(1000, 10)
    assert estimate.boxes_tokens > 10 * 35
    assert estimate.layout_tokens == estimate.tokens + estimate.boxes_tokens
