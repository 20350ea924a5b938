from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Affine, Box

coordinate = st.floats(-1e4, 1e4, allow_nan=False)
extent = st.floats(0, 5e3, allow_nan=False)
boxes = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), coordinate, coordinate, extent, extent)
angles = st.floats(-180, 180, allow_nan=False)


def near(one: Box, other: Box, by: float = 1e-6) -> bool:
    pairs = zip((one.x0, one.y0, one.x1, one.y1), (other.x0, other.y0, other.x1, other.y1), strict=True)
    return all(abs(a - b) <= by for a, b in pairs)


@given(boxes, st.sampled_from([0, 90, 180, 270]), st.floats(1, 5e3), st.floats(1, 5e3))
def test_quarter_turns_and_back_give_the_same_box(box: Box, turn: int, width: float, height: float) -> None:
    there = Affine.quarter_turns(turn, width, height)
    assert near(there.inverse().box(there.box(box)), box)


@given(st.sampled_from([0, 90, 180, 270]), st.floats(1, 5e3), st.floats(1, 5e3))
def test_a_turned_page_stays_at_the_origin(turn: int, width: float, height: float) -> None:
    turned = Affine.quarter_turns(turn, width, height).box(Box(0, 0, width, height))
    expected = Box(0, 0, width, height) if turn in (0, 180) else Box(0, 0, height, width)
    assert near(turned, expected)


def test_a_clockwise_turn_takes_the_top_left_corner_to_the_top_right() -> None:
    assert Affine.quarter_turns(90, 100, 200).point(0, 0) == (200, 0)
    x, y = Affine.rotation_about(90, 0, 0).point(1, 0)
    assert (round(x, 9), round(y, 9)) == (0, 1)


def test_only_quarter_turns_are_quarter_turns() -> None:
    with pytest.raises(ValueError, match="45"):
        Affine.quarter_turns(45, 1, 1)


@given(angles, coordinate, coordinate, coordinate, coordinate)
def test_the_inverse_brings_a_point_back(angle: float, cx: float, cy: float, x: float, y: float) -> None:
    there = Affine.rotation_about(angle, cx, cy).then(Affine.scaling(2.5, 0.5)).then(Affine.translation(3, -4))
    back = there.inverse().point(*there.point(x, y))
    assert back == pytest.approx((x, y), abs=1e-5)


def test_a_flattening_map_has_no_inverse() -> None:
    with pytest.raises(ValueError, match="inverse"):
        Affine.scaling(0.0).inverse()


@given(boxes, boxes)
def test_overlap_is_symmetric_and_bounded(one: Box, other: Box) -> None:
    assert one.iou(other) == pytest.approx(other.iou(one))
    assert 0 <= one.iou(other) <= 1 + 1e-9
    assert 0 <= one.share_inside(other) <= 1 + 1e-9


@given(boxes)
def test_a_box_lies_inside_itself(box: Box) -> None:
    assert box.share_inside(box) == pytest.approx(1)
    assert box.contains(*box.center)


@given(st.lists(boxes, min_size=1, max_size=5))
def test_the_enclosing_box_holds_all(items: list[Box]) -> None:
    around = Box.around(items)
    assert all(around.contains(*point) for box in items for point in box.corners)


def test_nothing_encloses_nothing() -> None:
    with pytest.raises(ValueError, match="no box"):
        Box.around([])


@given(boxes, st.floats(1, 5e3), st.floats(1, 5e3))
def test_a_clipped_box_lies_on_the_page(box: Box, width: float, height: float) -> None:
    clipped = box.clipped(width, height)
    assert 0 <= clipped.x0 <= clipped.x1 <= width
    assert 0 <= clipped.y0 <= clipped.y1 <= height


@given(boxes, st.floats(-1e4, 1e3))
def test_shrinking_never_turns_a_box_inside_out(box: Box, by: float) -> None:
    changed = box.expanded(by)
    assert changed.x0 <= changed.x1
    assert changed.y0 <= changed.y1
