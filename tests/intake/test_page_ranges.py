from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.errors import ExitCode, PageRangeError
from docstation.intake.ranges import parse_pages

counts = st.integers(1, 60)


@pytest.mark.parametrize(
    ("pages", "numbers"),
    [
        ("", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ("  ", (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
        ("1-3,7,-2", (1, 2, 3, 7, 9)),
        ("7;1-3", (1, 2, 3, 7)),
        ("3,3,2-3", (2, 3)),
        ("8-", (8, 9, 10)),
        ("-3-", (8, 9, 10)),
        ("-3--1", (8, 9, 10)),
        ("8--2", (8, 9)),
        ("-10", (1,)),
        ("9-400", (9, 10)),
        ("-400-2", (1, 2)),
        (" 1 - 3 , 7 ", (1, 2, 3, 7)),
        ("1–3", (1, 2, 3)),
        ("−1", (10,)),
        ("007", (7,)),
    ],
)
def test_ranges_name_pages_of_ten(pages: str, numbers: tuple[int, ...]) -> None:
    assert parse_pages(pages, 10) == numbers


@pytest.mark.parametrize(
    "pages",
    [
        *("11", "-11", "0", "0-3", "2-0", "5-3", "-2--4", "11-12", "-400--11"),
        *("1,", ",1", "1,,2", "a", "1-b", "1..3", "--1", "1---1", "-", "1 0", "1-2-3", "1.5", "+1", "1" * 4000),
    ],
)
def test_what_names_no_page_is_an_error_that_shows_it(pages: str) -> None:
    with pytest.raises(PageRangeError) as caught:
        parse_pages(pages, 10, name="letter.pdf")
    assert caught.value.fields == {"pages": pages, "name": "letter.pdf"}
    assert caught.value.exit_code is ExitCode.INPUT


@given(st.text(st.sampled_from("0123456789-,; –"), max_size=14), counts)
def test_any_text_gives_sorted_pages_of_the_file_or_the_typed_error(pages: str, count: int) -> None:
    try:
        numbers = parse_pages(pages, count)
    except PageRangeError:
        return
    assert numbers
    assert list(numbers) == sorted(set(numbers))
    assert set(numbers) <= set(range(1, count + 1))


@given(counts, st.data())
def test_a_written_out_choice_comes_back(count: int, data: st.DataObject) -> None:
    chosen = data.draw(st.sets(st.integers(1, count), min_size=1))
    counted_from_end = data.draw(st.sets(st.sampled_from(sorted(chosen))))
    parts = [str(n - count - 1) if n in counted_from_end else str(n) for n in data.draw(st.permutations(list(chosen)))]
    assert parse_pages(", ".join(parts), count) == tuple(sorted(chosen))


@given(counts, counts, counts)
def test_a_range_is_all_pages_between_its_ends(count: int, one: int, other: int) -> None:
    first, last = sorted((min(one, count), min(other, count)))
    expected = tuple(range(first, last + 1))
    assert parse_pages(f"{first}-{last}", count) == expected
    assert parse_pages(f"{first - count - 1}-{last - count - 1}", count) == expected
