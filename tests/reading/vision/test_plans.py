"""Plans: nothing ever overflows a window, everything has room for an answer, and pages are asked as they deserve."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.errors import NoEngine
from docstation.inference.grid import LONGEST_SHAPE, fit
from docstation.inference.profile import Task
from docstation.inference.profiles import load_profile, shipped_names
from docstation.reading.vision.estimate import Estimate
from docstation.reading.vision.planner import LEAST_OUTPUT, Ask, Planner


def profile(name):
    """A shipped profile whose layout prompt is as long as the one that dots.ocr was trained on."""
    found = load_profile(name)
    return replace(found, prompts=dict(found.prompts) | {Task.LAYOUT: "Read the page. " * 52}, vocabulary="")


PROFILES = [profile(name) for name in shipped_names()]
DOTS, QWEN, GENERIC = profile("dots-ocr"), profile("qwen3-vl"), profile("generic")
WINDOWS = (4096, 6000, 8192, 16384, 32768)
PAGES = {
    "A4 at 150": ((1240, 1754), 150),
    "A4 at 200": ((1654, 2339), 200),
    "A4 at 300": ((2480, 3508), 300),
    "A3 at 200": ((2339, 3308), 200),
    "A3 at 300": ((3508, 4961), 300),
    "A4 at 2400": ((19840, 28064), 2400),
    "A1 at 300": ((7016, 9933), 300),
    "phone": ((4000, 3000), 300),
    "receipt": ((600, 1600), 200),
    "long receipt": ((600, 8000), 200),
    "ribbon": ((100, 20000), 200),
    "lying ribbon": ((20000, 100), 200),
    "thread": ((2, 30000), 200),
    "dot": ((1, 1), 200),
}
USUAL = Estimate(850, 12, 14.0)
DENSE = Estimate(6000, 86, 11.0)


def check(ask: Ask, planner: Planner) -> None:
    """What holds of every ask."""
    grid = planner.profile.grid
    width, height = ask.sent
    assert ask.total <= planner.window
    assert ask.max_tokens >= LEAST_OUTPUT
    assert ask.image_tokens == width * height / grid.factor**2 > 0
    assert width * height <= (planner.max_pixels or grid.usual_pixels)
    assert max(ask.sent) <= LONGEST_SHAPE * min(ask.sent)
    assert fit(width, height, grid) == ask.sent, "the model would change it again"
    assert ask.region.area > 0


def check_boxes(ask: Ask, planner: Planner, size: tuple[int, int], at: random.Random) -> None:
    """Some box of the region goes to the model and back within a pixel."""
    assert Box(0, 0, *size).intersection(ask.region) == ask.region
    (x0, x1), (y0, y1) = (
        sorted(at.uniform(low, high) for _ in range(2))
        for low, high in ((ask.region.x0, ask.region.x1), (ask.region.y0, ask.region.y1))
    )
    place = ask.placement(planner.profile)
    back = place.to_source().box(place.to_model().box(Box(x0, y0, x1, y1)))
    assert max(abs(back.x0 - x0), abs(back.y0 - y0), abs(back.x1 - x1), abs(back.y1 - y1)) <= 1


def some_case(at: random.Random, number: int):
    planner = Planner(PROFILES[number % 3], at.choice(WINDOWS), at.choice([None, None, 3_211_264, 700_000]))
    if at.random() < 0.5:
        size, dpi = at.choice(list(PAGES.values()))
    else:
        size, dpi = (at.randint(1, 9000), at.randint(1, 9000)), at.choice([72, 150, 200, 300, 600])
    tokens, blocks = at.choice([0, 300, 900, 2000, 4000, 22_000]), at.choice([1, 10, 40, 90])
    return planner, size, dpi, Estimate(tokens, blocks, at.choice([0, 5, 14, 20, 160]))


@pytest.mark.slow
def test_of_a_hundred_thousand_plans_none_overflows_and_all_boxes_come_back():
    at = random.Random(20261125)
    kinds: dict[str, int] = {}
    asked = 0
    for number in range(16_000):
        planner, size, dpi, estimate = some_case(at, number)
        plan = planner.page(size, dpi, estimate)
        kinds[plan.kind] = kinds.get(plan.kind, 0) + 1
        for ask in plan.asks:
            check(ask, planner)
            check_boxes(ask, planner, size, at)
            asked += 1
    assert asked >= 100_000
    assert set(kinds) == {"whole", "two-step", "tiles"}


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("one", PROFILES, ids=lambda one: one.name)
@pytest.mark.parametrize("page", PAGES)
def test_every_kind_of_page_fits_in_every_window(page, one, window):
    size, dpi = PAGES[page]
    for estimate in (USUAL, DENSE, Estimate(0, 1), Estimate(30_000, 200, 9.0)):
        planner = Planner(one, window)
        plan = planner.page(size, dpi, estimate)
        for ask in plan.asks:
            check(ask, planner)
            check_boxes(ask, planner, size, random.Random(1))


@pytest.mark.parametrize("page", PAGES)
def test_tiles_leave_no_pixel_out(page):
    size, dpi = PAGES[page]
    plan = Planner(GENERIC, 8192).page(size, dpi, DENSE)
    regions = [ask.region for ask in plan.asks]
    assert Box.around(regions) == Box(0, 0, *size)
    rows = sorted({(one.y0, one.y1) for one in regions})
    columns = sorted({(one.x0, one.x1) for one in regions})
    assert len(rows) * len(columns) == len(regions)
    for spans in (rows, columns):
        assert all(before[1] > after[0] for before, after in pairwise(spans))


def test_a_usual_page_is_asked_whole_as_sharp_as_the_server_takes_it():
    planner = Planner(DOTS, 8192, 3_211_264)
    (ask,) = planner.page((1654, 2339), 200, USUAL).asks
    assert ask.task is Task.LAYOUT
    assert 3_211_264 * 0.95 < ask.sent[0] * ask.sent[1] <= 3_211_264
    assert ask.max_tokens > 2 * USUAL.layout_tokens


@pytest.mark.parametrize("page", ["A4 at 300", "A3 at 200", "A4 at 2400", "phone"])
def test_a_page_beyond_the_window_is_reduced_and_asked_whole(page):
    size, dpi = PAGES[page]
    plan = Planner(DOTS, 8192).page(size, dpi, Estimate(850, 12, 14 * dpi / 200))
    assert (plan.kind, len(plan.asks)) == ("whole", 1)


def test_a_dense_page_is_read_in_two_steps():
    planner = Planner(DOTS, 8192)
    plan = planner.page((1654, 2339), 200, DENSE)
    assert plan.kind == "two-step"
    (ask,) = plan.asks
    assert ask.task is Task.LAYOUT_ONLY
    assert ask.max_tokens >= DENSE.boxes_tokens


def test_a_wider_window_takes_the_same_page_whole():
    assert Planner(DOTS, 16384).page((1654, 2339), 200, DENSE).kind == "whole"


def test_a_model_that_tells_no_boxes_reads_a_dense_page_in_tiles():
    assert Planner(GENERIC, 8192).page((1654, 2339), 200, DENSE).kind == "tiles"


def test_a_poster_is_cut_into_bands_over_the_whole_width():
    plan = Planner(DOTS, 8192).page((7016, 9933), 300, Estimate(9000, 120, 16.0))
    assert plan.kind == "tiles"
    assert all(ask.region.width == 7016 for ask in plan.asks)


def test_letters_stay_legible_where_a_plan_can_see_to_it():
    for size, dpi in PAGES.values():
        for estimate in (replace(USUAL, letter=14 * dpi / 200), replace(DENSE, letter=11 * dpi / 200)):
            for ask in Planner(DOTS, 8192).page(size, dpi, estimate).asks:
                reduced = (ask.sent[0] * ask.sent[1] / ask.region.area) ** 0.5
                least = 3.5 if ask.task is Task.LAYOUT_ONLY else 7.0
                assert estimate.letter * reduced >= least or min(size) < 28


blocks = st.lists(
    st.tuples(st.sampled_from(list(Category)), st.tuples(*[st.floats(-0.1, 1.1) for _ in range(4)])),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(blocks, st.sampled_from(PROFILES), st.sampled_from(WINDOWS), st.sampled_from(list(PAGES)))
def test_the_second_step_asks_for_every_block_within_the_window(found, one, window, page):
    size, dpi = PAGES[page]
    planner = Planner(one, window)
    regions = [
        (category, Box(min(x0, x1) * size[0], min(y0, y1) * size[1], max(x0, x1) * size[0], max(y0, y1) * size[1]))
        for category, (x0, y0, x1, y1) in found
    ]
    crops = planner.crops(regions, size, dpi, DENSE)
    assert len(crops) == len(regions)
    for (category, box), asks in zip(regions, crops, strict=True):
        assert bool(asks) is (category is not Category.PICTURE)
        for ask in asks:
            check(ask, planner)
        inside = box.clipped(*size)
        if asks and inside.area:
            assert Box.around(ask.region for ask in asks).expanded(1).intersection(inside) == inside


def test_a_block_is_asked_for_what_it_is():
    box = Box(100, 100, 800, 400)
    kinds = [Category.TABLE, Category.FORMULA, Category.TEXT, Category.PICTURE]
    crops = Planner(QWEN, 8192).crops([(kind, box) for kind in kinds], (1654, 2339), 200, DENSE)
    assert [asks[0].task if asks else None for asks in crops] == [Task.TABLE, Task.FORMULA, Task.TEXT, None]


def test_a_table_that_is_too_long_for_one_answer_is_asked_in_bands():
    whole = Box(0, 0, 1654, 2339)
    (asks,) = Planner(DOTS, 4096).crops([(Category.TABLE, whole)], (1654, 2339), 200, Estimate(6000, 1, 12.0))
    assert len(asks) > 1
    assert all(ask.region.width == 1654 for ask in asks)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_region_is_asked_again_in_parts(count):
    planner = Planner(DOTS, 8192)
    (ask,) = planner.page((1654, 2339), 200, USUAL).asks
    parts = planner.parts(ask, count, USUAL)
    assert len(parts) == count
    assert Box.around(part.region for part in parts) == ask.region
    for part in parts:
        check(part, planner)


@pytest.mark.parametrize("scale", [0.5, 0.95, 1.05, 3.0])
@pytest.mark.parametrize("page", PAGES)
def test_a_region_is_asked_again_larger_or_smaller_and_still_fits(page, scale):
    size, dpi = PAGES[page]
    for one in PROFILES:
        planner = Planner(one, 8192)
        for ask in planner.page(size, dpi, USUAL).asks:
            again = planner.resized(ask, scale)
            check(again, planner)
            assert again.region == ask.region


def test_a_picture_can_be_sent_smaller():
    planner = Planner(DOTS, 8192)
    (ask,) = planner.page((1654, 2339), 200, USUAL).asks
    assert planner.resized(ask, 0.95).image_tokens < ask.image_tokens


def test_a_window_without_room_is_refused():
    with pytest.raises(NoEngine, match="no room for a page"):
        Planner(DOTS, 512).page((1654, 2339), 200, USUAL)
