"""From parsed blocks to blocks of the document: boxes, plain texts, grids, lists, doubles."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.geometry import Affine, Box
from docstation.document.model import Category
from docstation.document.table import Table
from docstation.reading.vision.blocks import Converted, blocks_of
from docstation.reading.vision.fields import Note, ParsedBlock
from docstation.reading.vision.findings import Kind
from docstation.reading.vision.grids import read_table
from docstation.reading.vision.plain import latex, list_items, plain_text
from docstation.reading.vision.stream import parse

OWN = Path(__file__).with_name("answers") / "act.json"
SIZE = (600.0, 800.0)


def item(
    text: str = "Слово", box: tuple[float, ...] | None = (10, 20, 110, 40), category: Category = Category.TEXT, **rest
) -> ParsedBlock:
    return ParsedBlock(box, category, text, 0, 0, **rest)


def converted(*items: ParsedBlock, to_points: Affine | None = None) -> Converted:
    return blocks_of(items, number=3, size=SIZE, to_points=to_points or Affine())


def kinds(result: Converted) -> list[Kind]:
    return [finding.kind for finding in result.findings]


def test_an_answer_becomes_blocks_of_the_page():
    result = blocks_of(parse(OWN.read_text("utf-8")), number=1, size=(595.0, 842.0), to_points=Affine.scaling(72 / 200))
    assert result.findings == ()
    assert [block.id for block in result.blocks] == [f"p1-b{n}" for n in range(1, 15)]
    by_category = {block.category: block for block in result.blocks}
    assert by_category[Category.TITLE].text == "АКТ № 17 от 12.03.2024"
    assert by_category[Category.TITLE].level == 1
    assert by_category[Category.TITLE].box == Box(144.72, 60.48, 450.36, 77.04)
    assert by_category[Category.SECTION_HEADER].level == 2
    text = by_category[Category.TEXT].text
    assert "передал, а Заказчик принял" in text
    assert "выполненные в срок" in text
    assert by_category[Category.FORMULA].text == (
        r"S = \sum_{i=1}^{n} p_i \cdot \left(1 + \frac{r}{100}\right)"
    )  # fmt: skip
    items = [(block.text, block.level) for block in result.blocks if block.category is Category.LIST_ITEM]
    assert items == [("Работы выполнены полностью;", 1), ("Претензий нет:", 1), ("по срокам;", 2), ("по качеству.", 2)]
    table = by_category[Category.TABLE].table
    assert table is not None
    assert (table.rows, table.columns, table.header_row_count()) == (5, 4, 2)
    assert table.to_rows()[3] == ["2", "Настройка & пуск", "0,00", "0,00"]
    assert by_category[Category.TABLE].text == table.to_text()
    assert by_category[Category.PICTURE].picture is not None
    assert by_category[Category.CAPTION].text == "Рис. 1. Печать исполнителя"


def test_boxes_are_carried_and_cut_to_the_page():
    result = converted(item(box=(-5, 100, 5000, 140)), to_points=Affine.scaling(0.5))
    assert result.blocks[0].box == Box(0, 50, 600, 70)


@pytest.mark.parametrize(("others", "box"), [
    ((item("а", (10, 20, 110, 40)), item("б", (20, 90, 300, 99))), Box(10, 40, 300, 90)),
    ((item("а", (10, 20, 110, 40)), item("б", (300, 10, 400, 60))), Box(10, 20, 110, 40)),
    ((item("а", (10, 20, 110, 40)),), Box(10, 40, 110, 800)),
    ((None, item("б", (20, 90, 300, 99))), Box(20, 0, 300, 90)),
    ((), Box(0, 0, 600, 800)),
])  # fmt: skip
@pytest.mark.parametrize("lost", [None, (50, 50, 50, 70), (700, 900, 800, 1000)])
def test_a_block_without_a_place_on_the_page_stands_between_its_neighbours(others, box, lost):
    before, after = [*others, None, None][:2]
    items = [each for each in (before, item("потерян", lost), after) if each is not None]
    result = converted(*(i if i.box else item(i.text, None, notes=(Note.NO_BOX,)) for i in items))
    found = next(block for block in result.blocks if block.text == "потерян")
    assert found.box == box
    assert found.confidence < 0.9
    assert Kind.NO_BOX in kinds(result)


def test_doubles_are_dropped_and_told():
    result = converted(item("Раз"), item("Раз"), item("Раз два"), item("Другое", category=Category.CAPTION))
    assert [block.text for block in result.blocks] == ["Раз", "Другое"]
    assert kinds(result) == [Kind.DUPLICATE, Kind.DUPLICATE]


def test_what_is_said_five_times_over_the_page_is_kept_once_but_short_answers_stay():
    def times(text: str, count: int) -> list[ParsedBlock]:
        return [item(text, (10, 30 * n, 90, 30 * n + 20)) for n in range(count)]

    assert len(converted(*times("Подпись", 5)).blocks) == 1
    assert len(converted(*times("Подпись", 4)).blocks) == 4
    assert len(converted(*times("Да", 9)).blocks) == 9


def test_a_place_without_words_is_told_and_no_block():
    result = converted(item(""), item("**", (10, 50, 90, 60)), item("", (10, 70, 90, 80), Category.TABLE))
    assert [block.text for block in result.blocks] == ["**"]
    assert kinds(result) == [Kind.NO_TEXT, Kind.NO_TEXT]


def test_a_cut_block_is_kept_with_doubt():
    result = converted(item("Нача", notes=(Note.CUT,), partial=True))
    assert result.blocks[0].text == "Нача"
    assert result.blocks[0].confidence == 0.5
    assert kinds(result) == [Kind.CUT]


def test_a_cut_table_keeps_its_rows():
    answer = OWN.read_text("utf-8")
    (table,) = [
        block.table
        for block in blocks_of(
            parse(answer[: answer.index("Настройка") + 9]), number=1, size=SIZE, to_points=Affine.scaling(0.36)
        ).blocks
        if block.table
    ]
    assert table.to_rows()[2:] == [["1", "Монтаж кабеля {3×2,5}", "10 000,00", "12 000,00"], ["2", "Настройка", "", ""]]


@pytest.mark.parametrize(("text", "rows", "ragged"), [
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", [["a", "b"], ["c", ""]], True),
    ("<table><tr><td colspan=3>a</td></tr><tr><td>b</td><td>c</td></tr></table>", [["a", ""], ["b", "c"]], True),
    ("<table><tr><td>a</td><td></td></tr><tr><td>c</td><td></td></tr></table>", [["a", ""], ["c", ""]], False),
    ("<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr></table>", [["a", "b"], ["", "c"]], False),
    ("<tr><td>**a**</td><td>x<br>y</td></tr>", [["a", "x\ny"]], False),
    ("| a | b |\n|---|:-:|\n| c | d \\| e |", [["a", "b"], ["c", "d | e"]], False),
    ("| a | b |\n|---|---|\n| - | - |", [["a", "b"], ["-", "-"]], False),
    ("| a | b |\n|---|---|\n| c |", [["a", "b"], ["c", ""]], True),
    ("<table><tr><td>a<table><tr><td>b</td></tr></table></td></tr></table>", [["ab"]], True),
    ('<table><tr><td onclick="x()">&lt;script&gt;</td></tr></table><script>y()</script>', [["<script>"]], False),
])  # fmt: skip
def test_tables_become_rectangles(text, rows, ragged):
    read = read_table(text)
    assert read is not None
    assert read.table.to_rows() == rows
    assert read.is_ragged is ragged


@pytest.mark.parametrize("text", ["", "Просто текст", "<table></table>", "a | b", "<td " * 600_000])
def test_what_is_no_table_stays_text(text):
    assert read_table(text) is None
    result = converted(item(text, category=Category.TABLE))
    assert all(block.table is None for block in result.blocks)


def test_an_absurd_table_is_refused_and_its_text_kept():
    rows = 999 * '<tr><td rowspan="999" colspan="999">a</td></tr>'
    result = converted(item(f"<table>{rows}</table>", category=Category.TABLE))
    assert kinds(result) == [Kind.UNREADABLE_TABLE]
    assert result.blocks[0].category is Category.TEXT


@pytest.mark.parametrize(("text", "plain"), [
    ("## **Раздел** 1 ##", "Раздел 1"),
    ("*Курсив*, __жирный__, ~~старый~~, `код`", "Курсив, жирный, старый, код"),
    ("***оба*** и **жирный *курсив***", "оба и жирный курсив"),
    ("2 * 3 * 4 = 2*3*4 и a_b_c и ____ и ФИО ___________", "2 * 3 * 4 = 2*3*4 и a_b_c и ____ и ФИО ___________"),
    ("[сайт](https://example.org) и [1]", "сайт и [1]"),
    ("Сумма 5 $ и $x_1 * y_2 * z$", "Сумма 5 $ и $x_1 * y_2 * z$"),
    ("H<sub>2</sub>O и a<b", "H2O и a<b"),
    ("1\\. Пункт \\* и &laquo;да&raquo;", "1. Пункт * и «да»"),
    ("- 5 -", "- 5 -"),
    ("— Реплика", "— Реплика"),
    ("Длинная строка прозы, которая кончается перено-\nсом", "Длинная строка прозы, которая кончается переносом"),
    ("г. Москва\nул. Ленина", "г. Москва\nул. Ленина"),
    ("а\x00б\u200bв\r\nГ\u2028Д", "абв\nГ\nД"),
    ("И\u0306", "Й"),
    ("```\nтекст\n```", "текст"),
])  # fmt: skip
def test_markdown_goes_and_words_stay(text, plain):
    assert plain_text(text) == plain


@pytest.mark.parametrize(("text", "formula"), [
    ("$$x^2$$", "x^2"), ("\\[ x \\]", "x"), ("\\(x\\)", "x"), ("$x$", "x"), ("```latex\n$$\nx\n+ y\n$$\n```", "x\n+ y"),
    ("\\begin{equation*}\nx \\tag{1}\n\\end{equation*}", "x \\tag{1}"),
    ("\\begin{align}x &= 1\\end{align}", "\\begin{align}x &= 1\\end{align}"),
    ("$a$ and $b$", "$a$ and $b$"), ("$$", "$$"),
])  # fmt: skip
def test_formulas_lose_what_sets_them_apart(text, formula):
    assert latex(text) == formula


def test_items_keep_printed_marks_and_lose_those_of_markdown():
    text = "1. Первый\n   * вложенный\n     ещё его строка\n2) Второй\n• Точка\nа) буква"
    assert list_items(text) == [
        (1, "1. Первый"), (2, "вложенный\nещё его строка"), (1, "2) Второй"), (1, "• Точка"), (1, "а) буква"),
    ]  # fmt: skip


MARKUP = st.text(st.sampled_from("аб *_~`#[]()<>$\\|-+1.\n&;!\"'/td"), max_size=60)
ITEMS = st.builds(
    ParsedBlock,
    st.none()
    | st.tuples(*(st.floats(-2000, 4000),) * 4).map(lambda b: (*map(min, b[:2], b[2:]), *map(max, b[:2], b[2:]))),
    st.sampled_from(Category),
    MARKUP,
    st.just(0),
    st.just(0),
    st.lists(st.sampled_from(Note), max_size=2, unique=True).map(tuple),
)


@given(st.lists(ITEMS, max_size=8))
def test_blocks_are_well_formed_whatever_the_model_says(items):
    result = converted(*items)
    assert [block.id for block in result.blocks] == [f"p3-b{n}" for n in range(1, len(result.blocks) + 1)]
    for block in result.blocks:
        assert block.box == block.box.clipped(*SIZE)
        assert block.text or block.picture is not None or block.table is not None
        assert "\r" not in block.text
        if block.table is not None:
            assert (
                sum(cell.rowspan * cell.colspan for cell in block.table.cells) == block.table.rows * block.table.columns
            )
            assert Table.of_cells(block.table.cells) == block.table
