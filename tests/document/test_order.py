"""Reading order of boxes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.order import flows, reading_order, rows


def column(x0: float, x1: float, top: float, count: int, pitch: float = 12) -> list[Box]:
    return [Box(x0, top + i * pitch, x1, top + i * pitch + 10) for i in range(count)]


def test_two_columns_under_a_spanning_heading_are_read_one_after_the_other():
    boxes = [Box(50, 20, 500, 40), *column(50, 260, 60, 5), *column(290, 500, 60, 7)]
    assert flows(boxes) == ((0,), (1, 2, 3, 4, 5), (6, 7, 8, 9, 10, 11, 12))


def test_a_full_width_line_between_two_column_parts_divides_them():
    boxes = [
        *column(50, 260, 60, 4),
        *column(290, 500, 63, 4),
        Box(50, 130, 500, 140),
        *column(50, 260, 160, 3),
        *column(290, 500, 166, 3),
    ]
    assert reading_order(boxes) == tuple(range(len(boxes)))


def test_three_columns():
    boxes = [*column(290, 400, 60, 6), *column(50, 160, 60, 6), *column(170, 280, 64, 6)]
    assert reading_order(boxes) == (*range(6, 12), *range(12, 18), *range(6))


def test_parts_of_one_line_stay_in_the_flow_around_it():
    boxes = [Box(50, 60, 500, 70), Box(50, 75, 100, 85), Box(400, 75, 500, 85), Box(50, 90, 500, 100)]
    assert flows(boxes) == ((0, 1, 2, 3),)


def test_a_thin_column_of_amounts_is_read_row_by_row():
    labels = column(50, 300, 60, 5)
    amounts = column(480, 500, 60, 5)
    assert reading_order([*labels, *amounts]) == (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)


def test_text_around_a_picture_reads_from_the_top():
    boxes = [*column(50, 500, 20, 2), Box(50, 50, 200, 120), *column(220, 500, 48, 6), *column(50, 500, 124, 3)]
    order = reading_order(boxes)
    assert order[:2] == (0, 1)
    assert order[-3:] == (9, 10, 11)


def test_no_boxes_have_no_order():
    assert reading_order([]) == ()


def test_rows_are_grouped_by_height_and_sorted_from_left_to_right():
    boxes = [Box(100, 10, 120, 20), Box(10, 11, 30, 21), Box(10, 30, 30, 40)]
    assert rows(boxes, range(3)) == [[1, 0], [2]]


coordinates = st.floats(0, 600, allow_nan=False, width=32)
any_box = st.builds(
    lambda x, y, w, h: Box(x, y, x + w, y + h), coordinates, coordinates, st.floats(0, 300), st.floats(0, 80)
)


@given(st.lists(any_box, max_size=60))
def test_the_order_is_a_permutation_of_any_boxes(boxes: list[Box]):
    assert sorted(reading_order(boxes)) == list(range(len(boxes)))
