"""Picture sizes: what is sent is left alone by the model, costs what was counted, and boxes come back to a pixel."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.inference.grid import LONGEST_SHAPE, Placement, fit, image_tokens
from docstation.inference.profiles import load_profile, shipped_names

GRIDS = [load_profile(name).grid for name in shipped_names()]
DOTS, QWEN = load_profile("dots-ocr").grid, load_profile("qwen3-vl").grid

side = st.integers(1, 30_000)
shapes = st.tuples(side, side).filter(lambda size: max(size) <= LONGEST_SHAPE * min(size))


@pytest.mark.parametrize(
    ("size", "dots", "qwen"),
    [
        ((1240, 1754), 2772, 2145),
        ((1654, 2339), 4956, 3796),
        ((2067, 2923), 7696, None),
        ((2480, 3508), 11125, 8580),
        ((600, 1600), 1197, None),
        ((911, 1288), 1518, None),
    ],
)
def test_usual_pages_cost_what_the_real_processors_say(size, dots, qwen):
    assert image_tokens(*fit(*size, DOTS), DOTS) == dots
    if qwen:
        assert image_tokens(*fit(*size, QWEN), QWEN) == qwen


@given(shapes, st.sampled_from(GRIDS), st.one_of(st.none(), st.integers(200_000, 12_000_000)))
def test_what_is_sent_needs_no_further_change(size, grid, bound):
    width, height = fit(*size, grid, max_pixels=bound)
    assert width % grid.factor == height % grid.factor == 0
    assert 0 < width * height <= min(grid.max_pixels, bound or grid.max_pixels)
    assert max(width, height) <= LONGEST_SHAPE * min(width, height)
    assert width * height >= grid.min_pixels or width * height > 0.5 * grid.min_pixels
    assert fit(width, height, grid, max_pixels=bound) == (width, height)
    assert image_tokens(width, height, grid) * grid.factor**2 == width * height


@given(st.integers(300, 9000), st.integers(300, 9000), st.sampled_from(GRIDS))
def test_the_shape_is_kept_but_for_the_rounding(wide, high, grid):
    width, height = fit(wide, high, grid)
    rounding = 2 * grid.factor / min(width, height)
    assert math.isclose(width / height, wide / high, rel_tol=rounding)


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (math.nan, 5), (201, 1), (1, 20_000), (math.inf, 3)])
def test_what_is_no_picture_is_refused(size):
    with pytest.raises(ValueError, match=r"no picture|too long"):
        fit(*size, DOTS)


boxes = st.tuples(*[st.floats(0, 1) for _ in range(4)])


@given(shapes, boxes, boxes, st.sampled_from(GRIDS))
def test_a_box_goes_to_the_model_and_back_to_the_pixel(size, cut, box, grid):
    region = _box(cut, Box(0, 0, *size))
    if min(region.width, region.height) < 1 or max(region.width, region.height) > 200 * min(
        region.width, region.height
    ):
        region = Box(0, 0, *size)
    source = _box(box, region)
    place = Placement(region, fit(region.width, region.height, grid), grid.coordinates)
    back = place.to_source().box(place.to_model().box(source))
    assert all(abs(a - b) < 1e-3 for a, b in zip(_numbers(back), _numbers(source), strict=True))


@given(shapes, st.tuples(*[st.integers(0, 1000) for _ in range(4)]), st.sampled_from(GRIDS))
def test_what_the_model_says_in_whole_numbers_comes_back_the_same(size, told, grid):
    place = Placement(Box(0, 0, *size), fit(*size, grid), grid.coordinates)
    said = Box(min(told[0], told[2]), min(told[1], told[3]), max(told[0], told[2]), max(told[1], told[3]))
    back = place.to_model().box(place.to_source().box(said))
    assert [round(one) for one in _numbers(back)] == _numbers(said)


def test_the_corners_of_a_cut_are_the_corners_of_the_picture():
    region = Box(100, 200, 900, 1000)
    absolute = Placement(region, (560, 560), "sent-pixels").to_source()
    thousandths = Placement(region, (560, 560), "thousand").to_source()
    assert absolute.point(0, 0) == thousandths.point(0, 0) == (100, 200)
    assert absolute.point(560, 560) == pytest.approx((900, 1000))
    assert thousandths.point(1000, 500) == pytest.approx((900, 600))


def _box(parts, within):
    x0, x1 = sorted((parts[0], parts[2]))
    y0, y1 = sorted((parts[1], parts[3]))
    wide, high = within.width, within.height
    return Box(within.x0 + x0 * wide, within.y0 + y0 * high, within.x0 + x1 * wide, within.y0 + y1 * high)


def _numbers(box):
    return [box.x0, box.y0, box.x1, box.y1]
