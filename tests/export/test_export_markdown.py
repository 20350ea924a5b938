"""Markdown: a parser finds the same text, headings, lists and tables in it that the document holds."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from export_samples import document_of, element, page_of
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from strategies import LETTERS, MARKS, documents, plain_tables, tables

from docstation.document.model import Category, Document, Element, PageStatus, Picture
from docstation.document.table import Cell, Table
from docstation.export import ExportInput, ExportOptions, write

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# Words that begin lines in dangerous ways are more likely than in plain random text.
LINE_STARTS = [
    "1. ",
    "2) ",
    "- ",
    "+ ",
    "* ",
    "# ",
    "> ",
    "===",
    "---",
    "***",
    "___",
    "```",
    "~~~",
    "    ",
    "| a |",
    "|-|",
]
risky = st.lists(
    st.one_of(
        st.sampled_from(LINE_STARTS),
        st.text(st.sampled_from(LETTERS + MARKS), max_size=8),
        st.sampled_from(["\n", "&amp;", "<b>", "[a](b)", "[^1]", "[a]: b", "![x](y)", "$1$", "**a**", "_a_", "~~a~~"]),
    ),
    max_size=8,
).map("".join)


def markdown(document: Document, options: ExportOptions | None = None) -> str:
    stream = io.BytesIO()
    write(ExportInput(document), "md", stream, options)
    return stream.getvalue().decode()


def squeezed(text: str) -> str:
    return " ".join(text.split())


def inline_text(token: Token) -> str:
    parts = []
    for child in token.children or []:
        assert child.type in ("text", "softbreak", "hardbreak", "em_open", "em_close", "text_special"), child.type
        parts.append("\n" if "break" in child.type else child.content)
    return "".join(parts)


def parsed_texts(source: str) -> list[tuple[str, str]]:
    tokens = PARSER.parse(source)
    return [
        (tokens[index - 1].tag, squeezed(inline_text(token)))
        for index, token in enumerate(tokens)
        if token.type == "inline"
    ]


@given(risky)
@settings(max_examples=400, deadline=None)
def test_a_paragraph_is_never_taken_for_markup(text: str) -> None:
    found = parsed_texts(markdown(document_of(element(Category.TEXT, text))))
    assert found == ([("p", squeezed(text))] if text.strip() else [])


@given(risky, st.integers(1, 6))
@settings(max_examples=200, deadline=None)
def test_a_heading_keeps_its_text_and_level(text: str, level: int) -> None:
    found = parsed_texts(markdown(document_of(element(Category.SECTION_HEADER, text, level=level))))
    assert found == ([(f"h{level}", squeezed(text))] if text.strip() else [])


@given(risky)
@settings(max_examples=200, deadline=None)
def test_a_caption_keeps_its_text(text: str) -> None:
    found = parsed_texts(markdown(document_of(element(Category.CAPTION, text))))
    assert [words for _, words in found] == ([squeezed(text)] if text.strip() else [])


@given(plain_tables)
@settings(max_examples=150, deadline=None)
def test_a_plain_table_comes_back_cell_by_cell(table: Table) -> None:
    tokens = PARSER.parse(markdown(document_of(element(Category.TABLE, "", table=table))))
    cells = [squeezed(inline_text(token)) for token in tokens if token.type == "inline"]
    assert cells == [squeezed(cell.text) for cell in table.cells]
    assert sum(token.type == "tr_open" for token in tokens) == table.rows


@given(tables)
@settings(max_examples=100, deadline=None)
def test_a_table_with_spans_is_one_piece_of_html(table: Table) -> None:
    source = markdown(document_of(element(Category.TABLE, "", table=table), element(Category.TEXT, "после")))
    if any(cell.rowspan > 1 or cell.colspan > 1 for cell in table.cells):
        tokens = PARSER.parse(source)
        assert [token.type for token in tokens] == ["html_block", "paragraph_open", "inline", "paragraph_close"]
        again = Table.from_html(tokens[0].content)
        assert [(c.row, c.column, c.rowspan, c.colspan) for c in again.cells] == [
            (c.row, c.column, c.rowspan, c.colspan) for c in table.cells
        ]


@given(documents())
@settings(max_examples=60, deadline=None)
def test_no_text_of_a_document_is_lost(document: Document) -> None:
    source = markdown(document, ExportOptions(furniture=True))
    shown = squeezed(re.sub(r"<!-- -->|[\\\s]", "", PARSER.render(source)))
    for page in document.pages:
        for block in page.blocks:
            for letters in re.findall(r"[А-Яа-яёЁ]{3,}", block.text):
                assert letters in shown


def items(*texts: str, levels: tuple[int, ...] = ()) -> list[Element]:
    padded = levels or (1,) * len(texts)
    return [element(Category.LIST_ITEM, text, level=level) for text, level in zip(texts, padded, strict=True)]


def test_lists_nest_by_level() -> None:
    source = markdown(document_of(*items("• раз", "— два", "3) три", "- четыре", levels=(1, 2, 3, 1))))
    assert source == "- раз\n  - два\n\n    3) три\n- четыре\n"


def test_numbers_are_shown_as_printed() -> None:
    source = markdown(document_of(*items("3. три", "4. четыре", "7. семь", "1.1. вложен")))
    assert source == "3. три\n4. четыре\n\n<!-- -->\n\n7. семь\n\n1.1. вложен\n"
    starts = [token.attrGet("start") for token in PARSER.parse(source) if token.type == "ordered_list_open"]
    assert starts == [3, 7]


@given(st.lists(st.tuples(risky, st.integers(1, 4)), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_list_items_are_never_taken_for_other_markup(rows: list[tuple[str, int]]) -> None:
    elements = [element(Category.LIST_ITEM, "• " + text, level=level) for text, level in rows]
    tokens = PARSER.parse(markdown(document_of(*elements)))
    assert {token.type for token in tokens} <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "ordered_list_open",
        "ordered_list_close", "paragraph_open", "paragraph_close", "inline",
    }  # fmt: skip
    shown = [squeezed(inline_text(token)) for token in tokens if token.type == "inline"]
    assert "".join(shown).replace(" ", "").count("•") <= sum(text.count("•") for text, _ in rows) + len(rows)


def test_headers_and_footers_are_left_out_unless_asked_for() -> None:
    document = document_of(
        element(Category.TEXT, "Первый абзац"),
        element(Category.TEXT, "Второй абзац"),
        furniture=(("Колонтитул", Category.PAGE_HEADER), ("стр. 1", Category.PAGE_FOOTER)),
    )
    assert markdown(document) == "Первый абзац\n\nВторой абзац\n"
    with_them = markdown(document, ExportOptions(furniture=True))
    assert with_them == "Колонтитул\n\nПервый абзац\n\nВторой абзац\n\nстр\\. 1\n".replace("\\", "")


def test_pages_are_kept_apart_on_request() -> None:
    document = Document(
        document_of().source,
        (
            page_of(1, [("А", Category.TEXT)]),
            page_of(2, [], status=PageStatus.FAILED),
            page_of(3, [("Б", Category.TEXT)]),
        ),
    )
    source = markdown(document, ExportOptions(page_separators=True))
    assert source == "<!-- page 1 -->\n\nА\n\n<!-- page 2: not read -->\n\n<!-- page 3 -->\n\nБ\n"


def test_formulas_stand_between_dollar_signs_once() -> None:
    source = markdown(document_of(element(Category.FORMULA, r"\[ E = mc^2 \]"), element(Category.FORMULA, "$$x_1$$")))
    assert source == "$$\nE = mc^2\n$$\n\n$$\nx_1\n$$\n"


def test_pictures_are_copied_beside_the_file_and_linked(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "p1-1.png").write_bytes(b"picture")
    cut = Picture("p1-1.png", 10, 10)
    document = document_of(element(Category.PICTURE, "Рис [1]", picture=cut), element(Category.CAPTION, "Рисунок 1"))
    target = tmp_path / "out" / "Отчёт 1.md"
    assert write(ExportInput(document, pictures=folder), "md", target) == (target,)
    assert (tmp_path / "out" / "Отчёт 1-pictures" / "p1-1.png").read_bytes() == b"picture"
    tokens = PARSER.parse(target.read_text("utf-8"))
    image = next(child for token in tokens for child in token.children or [] if child.type == "image")
    assert (image.attrGet("src"), image.content) == (
        "%D0%9E%D1%82%D1%87%D1%91%D1%82%201-pictures/p1-1.png",
        r"Рис \[1\]",
    )


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "a/b.png"])
def test_a_picture_outside_its_folder_is_not_followed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "state"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "b.png").write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"x")
    document = document_of(element(Category.PICTURE, "печать", picture=Picture(name, 1, 1)))
    write(ExportInput(document, pictures=folder), "md", tmp_path / "a.md")
    assert (tmp_path / "a.md").read_text("utf-8") == "печать\n"


@pytest.mark.parametrize(
    "text",
    ["snake_case и 5 * 3 = 15", "[1], см. п. 2.1", "цена $5", "АО «Ромашка» (ИНН 7701234567)", "№ 1. Общие", "a < b"],
)
def test_common_text_is_written_without_backslashes(text: str) -> None:
    assert markdown(document_of(element(Category.TEXT, text))) == text + "\n"


def test_line_breaks_in_cells_make_an_html_table() -> None:
    table = Table.of_cells([Cell(0, 0, text="a\n\nb"), Cell(0, 1, text="<script>")])
    source = markdown(document_of(element(Category.TABLE, "", table=table)))
    assert source == "<table>\n<tr><td>a<br><br>b</td><td>&lt;script&gt;</td></tr>\n</table>\n"


def test_words_that_were_taken_for_a_formula_keep_their_spaces() -> None:
    assert markdown(document_of(element(Category.FORMULA, "Итого = цена × 5"))) == "Итого = цена × 5\n"
