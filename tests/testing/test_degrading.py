from __future__ import annotations

import numpy as np
import pytest

from docstation.testing.business import Kind, draw
from docstation.testing.degrade import Condition, degraded, rasterised, shots
from docstation.testing.drawn import words_of


@pytest.fixture(scope="module")
def clean():
    return rasterised(draw(Kind.INVOICE, 2), dpi=120)


@pytest.mark.parametrize("condition", Condition)
def test_ink_stays_under_the_true_boxes(clean, condition):
    shot = degraded(clean, condition, seed=3)
    scale = shot.dpi / 72
    grey = shot.pixels.mean(axis=2)
    words = [word for word in words_of(shot.page) if len(word.text) > 3]
    hits = 0
    for word in words:
        box = word.box
        patch = grey[int(box.y0 * scale) : int(box.y1 * scale) + 1, int(box.x0 * scale) : int(box.x1 * scale) + 1]
        # Letters are darker than the paper right around them.
        hits += patch.min() < np.percentile(patch, 90) - 25
    assert hits >= 0.98 * len(words)


@pytest.mark.parametrize("condition", Condition)
def test_the_raster_has_the_size_of_its_page(clean, condition):
    shot = degraded(clean, condition, seed=1)
    height, width = shot.pixels.shape[:2]
    assert shot.pixels.dtype == np.uint8
    assert abs(width - shot.page.width * shot.dpi / 72) <= 1.5
    assert abs(height - shot.page.height * shot.dpi / 72) <= 1.5


def test_the_same_seed_gives_the_same_pixels(clean):
    first = degraded(clean, Condition.STAMPED, 5)
    assert np.array_equal(first.pixels, degraded(clean, Condition.STAMPED, 5).pixels)
    assert not np.array_equal(first.pixels, degraded(clean, Condition.STAMPED, 6).pixels)


def test_bilevel_has_two_levels_and_stamps_are_blue(clean):
    assert set(np.unique(degraded(clean, Condition.BILEVEL).pixels)) == {0, 255}
    red, _, blue = np.moveaxis(degraded(clean, Condition.STAMPED).pixels.astype(int), 2, 0)
    assert ((blue - red) > 40).sum() > 500


def test_low_resolution_halves_the_pixels_and_keeps_the_page():
    drawn = draw(Kind.ACT, 1)
    (low,) = shots(drawn, Condition.LOW, dpi=200)
    assert low.dpi == 100
    assert low.page.width == drawn.pages[0].width
