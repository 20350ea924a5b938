"""Tiles: together they are the page, and what is read in them is put together without doubles and without losses."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.reading.vision.tiles import Seen, cover, grown, merge, parted

LINE = 20.0
OVERLAP = 80.0


@settings(deadline=None)
@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 12), st.integers(1, 12), st.floats(0, 200))
def test_tiles_cover_the_region_and_share_the_overlap(wide, high, columns, rows, overlap):
    region = Box(7, 11, 7 + wide, 11 + high)
    tiles = cover(region, columns, rows, overlap)
    assert Box.around(tiles) == region
    assert len(tiles) <= columns * rows
    for spans in ({(one.x0, one.x1) for one in tiles}, {(one.y0, one.y1) for one in tiles}):
        for before, after in pairwise(sorted(spans)):
            assert before[1] - after[0] >= overlap - 1e-6
            assert before[0] < after[0]
            assert before[1] < after[1]


def test_parts_lie_along_the_longer_side_or_downwards():
    assert {one.width for one in parted(Box(0, 0, 100, 900), 3, 10)} == {100}
    assert {one.height for one in parted(Box(0, 0, 900, 100), 3, 10)} == {100}
    assert {one.width for one in parted(Box(0, 0, 900, 300), 2, 10, downwards=True)} == {900}


@given(st.floats(0, 900), st.floats(0, 900), st.floats(0, 100), st.floats(0, 100), st.floats(1, 100))
def test_a_thin_box_grows_within_the_page(x, y, wide, high, shape):
    box = Box(x, y, x + wide, y + high)
    result = grown(box, (1000, 1000), shape)
    assert Box(0, 0, 1000, 1000).intersection(result) == result
    assert result.expanded(1e-6).intersection(box) == box or box.area == 0
    assert max(result.width, result.height) <= shape * min(result.width, result.height) * (1 + 1e-6)


def paragraph(box: Box, start: int, tile: Box) -> Seen | None:
    """A paragraph of numbered words, a line every `LINE` pixels, as it is read in a tile: its whole lines there."""
    lines = []
    for number in range(round(box.height / LINE)):
        top = box.y0 + number * LINE
        if tile.y0 <= top and top + LINE <= tile.y1:
            lines.append((top, " ".join(f"слово{start + 5 * number + n}" for n in range(5))))
    if not lines:
        return None
    seen = Box(box.x0, lines[0][0], box.x1, lines[-1][0] + LINE)
    return Seen(seen, Category.TEXT, " ".join(text for _, text in lines))


paragraphs = st.lists(st.integers(1, 30), min_size=1, max_size=25)


@settings(deadline=None)
@given(paragraphs, st.integers(1, 8), st.integers(0, 60))
def test_no_word_of_a_page_read_in_bands_is_lost_or_doubled(heights, bands, gap):
    boxes, top, start = [], 30.0, 0
    for height in heights:
        boxes.append((Box(50, top, 950, top + height * LINE), start))
        top, start = top + height * LINE + gap, start + 5 * height
    tiles = cover(Box(0, 0, 1000, top + 30), 1, bands, OVERLAP)
    read = [(tile, [seen for box, at in boxes if (seen := paragraph(box, at, tile))]) for tile in tiles]
    words = Counter(" ".join(seen.text for seen in merge(read)).split())
    assert words == Counter(f"слово{n}" for n in range(start))


@settings(deadline=None)
@given(paragraphs, st.integers(2, 6))
def test_paragraphs_come_back_whole_and_in_their_order(heights, bands):
    boxes, top, start = [], 30.0, 0
    for height in heights:
        boxes.append((Box(50, top, 950, top + height * LINE), start))
        top, start = top + height * LINE + 30, start + 5 * height
    tiles = cover(Box(0, 0, 1000, top), 1, bands, OVERLAP)
    merged = merge([(tile, [seen for box, at in boxes if (seen := paragraph(box, at, tile))]) for tile in tiles])
    assert [seen.box for seen in merged] == [box for box, _ in boxes]


blocks = st.lists(st.tuples(st.integers(0, 1900), st.integers(0, 1900)), min_size=1, max_size=40)


@settings(deadline=None)
@given(blocks, st.integers(1, 4), st.integers(1, 4))
def test_of_small_blocks_in_tiles_side_by_side_each_is_kept_once(places, columns, rows):
    taken: list[Box] = []
    for x, y in places:
        box = Box(x, y, x + 70, y + 40)
        if not any(box.expanded(3).intersection(other) for other in taken):
            taken.append(box)
    tiles = cover(Box(0, 0, 2000, 2000), columns, rows, OVERLAP)

    def seen(tile: Box) -> list[Seen]:
        return [Seen(box, Category.TEXT, f"блок{n}") for n, box in enumerate(taken) if tile.intersection(box) == box]

    merged = merge([(tile, seen(tile)) for tile in tiles])
    assert Counter(one.text for one in merged) == Counter(f"блок{n}" for n in range(len(taken)))


def tables(*rows: range) -> list[tuple[Box, list[Seen]]]:
    """A table of 20 rows, 40 pixels each, as two bands read it: the rows that each holds."""
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    read = []
    for tile, numbers in zip(tiles, rows, strict=True):
        cells = "".join(f"<tr><td>{n}</td><td>Товар {n}</td><td>0</td></tr>" for n in numbers)
        box = Box(50, 40 * numbers[0], 950, 40 * (numbers[-1] + 1))
        read.append((tile, [Seen(box, Category.TABLE, f"<table>{cells}</table>")]))
    return read


def test_a_table_that_is_cut_is_joined_at_its_rows():
    (table,) = merge(tables(range(11), range(9, 20)))
    assert table.text.count("<table>") == table.text.count("</table>") == 1
    numbers = [cell.partition("<")[0] for cell in table.text.split("<tr><td>")[1:]]
    assert numbers == [str(n) for n in range(20)]


def test_a_half_read_row_at_the_cut_gives_way_to_the_whole_one():
    upper, lower = tables(range(11), range(9, 20))
    broken = upper[1][0].text.replace("<td>10</td><td>Товар 10</td><td>0</td>", "<td>1O</td><td>Тов</td><td></td>")
    upper[1][0] = Seen(upper[1][0].box, Category.TABLE, broken)
    (table,) = merge([upper, lower])
    assert "Тов</td>" not in table.text
    assert table.text.count("Товар 10<") == 1


def test_a_half_read_line_at_the_cut_gives_way_to_the_whole_one():
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    upper = Seen(Box(0, 100, 1000, 440), Category.TEXT, "раз два три четыре пять шесть семь восемь дevят десягь")
    lower = Seen(Box(0, 360, 1000, 700), Category.TEXT, "wecтb семь восемь девять десять одиннадцать двенадцать")
    (whole,) = merge([(tiles[0], [upper]), (tiles[1], [lower])])
    assert whole.text == "раз два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать"


def test_what_has_no_seam_is_kept_twice_rather_than_lost():
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    upper = Seen(Box(0, 100, 1000, 440), Category.TEXT, "альфа бета")
    lower = Seen(Box(0, 360, 1000, 700), Category.TEXT, "гамма дельта")
    assert [one.text for one in merge([(tiles[0], [upper]), (tiles[1], [lower])])] == ["альфа бета", "гамма дельта"]


def test_neighbours_in_one_tile_are_never_joined():
    one, two = (
        Seen(Box(0, 10, 100, 60), Category.TEXT, "равный текст"),
        Seen(Box(0, 40, 100, 90), Category.TEXT, "равный текст"),
    )
    assert merge([(Box(0, 0, 500, 500), [one, two])]) == [one, two]


def test_a_picture_seen_twice_is_one():
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    upper, lower = (
        Seen(Box(100, 300, 400, 440), Category.PICTURE, ""),
        Seen(Box(100, 360, 400, 640), Category.PICTURE, ""),
    )
    merged = merge([(tiles[0], [upper]), (tiles[1], [lower])])
    assert len(merged) == 1
    assert merged[0].box == Box(100, 300, 400, 640)


def test_of_two_readings_of_one_block_the_fuller_one_is_kept():
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    part = Seen(Box(100, 380, 400, 440), Category.TEXT, "Итого:")
    whole = Seen(Box(100, 380, 400, 430), Category.SECTION_HEADER, "Итого: 4830")
    (kept,) = merge([(tiles[0], [part]), (tiles[1], [whole])])
    assert (kept.text, kept.category) == ("Итого: 4830", Category.SECTION_HEADER)


def test_long_texts_are_joined_quickly():
    tiles = [Box(0, 0, 1000, 10_000), Box(0, 9000, 1000, 20_000)]
    words = [f"w{n % 97}x{n}" for n in range(40_000)]
    upper = Seen(Box(0, 0, 1000, 10_000), Category.TEXT, " ".join(words[:21_000]))
    lower = Seen(Box(0, 9000, 1000, 20_000), Category.TEXT, " ".join(words[19_000:]))
    (whole,) = merge([(tiles[0], [upper]), (tiles[1], [lower])])
    assert whole.text.split() == words


@pytest.mark.parametrize("text", ["", "<table>", "<tr>" * 500, "</tr>" * 500, "<" * 2000])
def test_broken_tables_are_no_error(text):
    tiles = [Box(0, 0, 1000, 440), Box(0, 360, 1000, 800)]
    table = Seen(Box(0, 300, 1000, 500), Category.TABLE, text)
    assert merge([(tiles[0], [table]), (tiles[1], [table])])
