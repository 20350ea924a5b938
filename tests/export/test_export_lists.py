"""List items: every text format shows the same marks as the page, and nests by the same rules."""

from __future__ import annotations

import io

import docx
import pytest
from bs4 import BeautifulSoup, Tag
from docling_core.types.doc.document import DoclingDocument
from export_samples import document_of, element
from html_samples import html, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from docstation.document.model import Category, Document, Element
from docstation.export import ExportInput, write
from docstation.export.list_entries import Lists
from docstation.export.list_marks import Item, Mark, item_of

CLAUSES = (
    "1.1. Поставщик обязуется передать товар.",
    "1.2. Товар поставляется новым.",
    "а) копия устава;",
    "(б) копия приказа;",
)
"""Items whose levels were told by their place on a crooked scan."""


def items(*texts: str, levels: tuple[int, ...] = ()) -> list[Element]:
    padded = levels or (1,) * len(texts)
    return [element(Category.LIST_ITEM, text, level=level) for text, level in zip(texts, padded, strict=True)]


def exported(document: Document, name: str) -> bytes:
    stream = io.BytesIO()
    write(ExportInput(document), name, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("1. раз", Item("раз", Mark.NUMBER, "1.", 1)),
        ("12)\u00a0раз", Item("раз", Mark.NUMBER, "12)", 12)),
        ("• раз", Item("раз")),
        ("\uf0b7 раз", Item("раз")),
        ("раз", Item("раз")),
        ("1.1. раз", Item("раз", Mark.OWN, "1.1.")),
        ("1.1 раз", Item("раз", Mark.OWN, "1.1")),
        ("- 1.1. раз", Item("раз", Mark.OWN, "1.1.")),
        ("• 1.5 мм", Item("1.5 мм")),
        ("а) раз", Item("раз", Mark.OWN, "а)")),
        ("а)раз", Item("раз", Mark.OWN, "а)")),
        ("(ii) раз", Item("раз", Mark.OWN, "(ii)")),
        ("IV. раз", Item("раз", Mark.OWN, "IV.")),
        ("[7] раз", Item("раз", Mark.OWN, "[7]")),
        ("007. раз", Item("раз", Mark.OWN, "007.")),
        ("99999. раз", Item("раз", Mark.OWN, "99999.")),
        ("-5 градусов", Item("-5 градусов")),
        ("f(x) = 1", Item("f(x) = 1")),
        ("3.5", Item("3.5")),
        ("", Item("")),
    ],
)
def test_an_item_is_taken_apart_into_mark_and_rest(text: str, item: Item) -> None:
    assert item_of(text) == item


def test_clauses_are_paragraphs_that_begin_with_their_numbers_at_one_depth() -> None:
    document = document_of(*items(*CLAUSES, levels=(1, 2, 2, 3)))
    assert exported(document, "md").decode() == "\n\n".join(CLAUSES) + "\n"
    parsed = BeautifulSoup(exported(document, "html"), "html.parser")
    assert [tag.get_text() for tag in parsed.select("main > p")] == [*CLAUSES]
    assert parsed.find_all(["ul", "ol", "li"]) == []
    paragraphs = docx.Document(io.BytesIO(exported(document, "docx"))).paragraphs
    assert [(found.text, found.style.name) for found in paragraphs] == [(text, "Normal") for text in CLAUSES]
    made = DoclingDocument.model_validate_json(exported(document, "docling"))
    assert [(item.marker, item.enumerated) for item in made.texts] == [(item_of(text).label, True) for text in CLAUSES]
    assert len(made.groups) == 1


def test_paragraphs_with_marks_of_their_own_stand_within_the_item_above_them() -> None:
    texts = ("1. раз", "а) устав;", "б) приказ.", "2. два")
    document = document_of(*items(*texts, levels=(1, 2, 3, 1)))
    assert exported(document, "md").decode() == "1. раз\n\n   а) устав;\n\n   б) приказ.\n\n2. два\n"
    parsed = BeautifulSoup(exported(document, "html"), "html.parser")
    assert [tag.get_text() for tag in parsed.select("main > ol > li:first-child > p")] == ["а) устав;", "б) приказ."]
    assert len(parsed.select("main > ol > li")) == 2
    paragraphs = docx.Document(io.BytesIO(exported(document, "docx"))).paragraphs
    assert [found.style.name for found in paragraphs] == [
        "List Number", "List Paragraph", "List Paragraph", "List Number",
    ]  # fmt: skip
    assert [found.paragraph_format.left_indent.pt for found in paragraphs[1:3]] == [18, 18]


PRINTED = ["0. z", "1. a", "2. b", "3. c", "1) d", "2) e", "• f", "а) g", "1.1. h", "007. i", "99999. j", "[1] k"]


def shown_in_markdown(source: str) -> list[str]:
    """The items as a Markdown reader shows them, counted numbers before them."""
    shown: list[str] = []
    counts: list[int] = []
    label = ""
    for token in MarkdownIt("commonmark").parse(source):
        match token.type:
            case "ordered_list_open":
                counts.append(int(1 if token.attrGet("start") is None else token.attrGet("start")))
            case "bullet_list_open":
                counts.append(-1)
            case "ordered_list_close" | "bullet_list_close":
                counts.pop()
            case "list_item_open" if counts[-1] >= 0:
                label = f"{counts[-1]}{token.markup} "
                counts[-1] += 1
            case "list_item_open":
                label = ""
            case "inline":
                shown.append(label + token.children[0].content)
                label = ""
    return shown


def shown_in_html(source: bytes) -> list[str]:
    """The items as a browser shows them, counted numbers before them."""
    parsed = BeautifulSoup(source, "html.parser")
    return [_label(tag) + str(next(tag.strings)) for tag in parsed.select("main li, main p")]


def _label(tag: Tag) -> str:
    if tag.name != "li" or tag.parent is None or tag.parent.name != "ol":
        return ""
    number = int(str(tag.parent.get("start", 1))) + len(tag.find_previous_siblings("li"))
    return f"{number}{')' if tag.parent.get('class') else '.'} "


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["1. a", "2. b", "3. c", "1) d", "2) e", "• f", "а) g", "1.1. h", "007. i", "99999. i", "[1] j"]
            ),
            st.integers(1, 4),
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=300, deadline=None)
def test_every_reader_shows_the_marks_that_are_printed(rows: list[tuple[str, int]]) -> None:
    texts = [text for text, _ in rows]
    document = document_of(*items(*texts, levels=tuple(level for _, level in rows)))
    printed = [item_of(text).labelled for text in texts]
    assert shown_in_markdown(exported(document, "md").decode()) == printed
    assert shown_in_html(exported(document, "html")) == printed


def outline(tag: Tag) -> list[object]:
    """Lists as nested Python lists: the tag with its start, then items, each a text or a text with its lists."""
    result: list[object] = [tag.name + str(tag.get("start", ""))]
    for item in tag.find_all("li", recursive=False):
        result.append(shown(item))
        result.extend(outline(inner) for inner in item.find_all(["ul", "ol"], recursive=False))
    return result


def test_lists_nest_and_numbers_are_those_printed() -> None:
    texts = ("3. три", "4. четыре", "• пункт", "— пункт", "5. пять", "7. семь", "1) раз", "1.1. свой знак")
    _, parsed = html(document_of(*items(*texts, levels=(1, 1, 2, 2, 1, 1, 1, 2))))
    assert [outline(tag) for tag in parsed.select("main > ul, main > ol")] == [
        ["ol3", "три", "четыре", ["ul", "пункт", "пункт"], "пять"],
        ["ol7", "семь"],
        ["ol", "раз"],
    ]
    assert [tag.get("class") for tag in parsed.find_all(["ol", "ul"])][-1] == ["parenthesis"]
    assert [shown(tag) for tag in parsed.select("ol > li > p")] == ["1.1. свой знак"]


def test_a_paragraph_between_items_ends_their_list() -> None:
    _, parsed = html(document_of(*items("• раз"), element(Category.TEXT, "Абзац"), *items("• два")))
    assert [tag.name for tag in parsed.select("main > *")] == ["ul", "p", "ul"]


@given(st.lists(st.tuples(st.sampled_from(["1. a", "2. b", "3. c", "1) d", "• e", "а) f", ""]), st.integers(1, 4))))
@settings(max_examples=200, deadline=None)
def test_no_list_item_is_lost_at_any_depth(rows: list[tuple[str, int]]) -> None:
    _, parsed = html(document_of(*items(*(text for text, _ in rows), levels=tuple(level for _, level in rows))))
    lists = Lists()
    entries = [entry for text, level in rows if (entry := lists.add(text, level))]
    tags = parsed.select("li, main p")
    assert [shown(tag) for tag in tags] == [
        entry.item.labelled if entry.paragraph else entry.item.text for entry in entries
    ]
    assert [tag.name for tag in tags] == ["p" if entry.paragraph else "li" for entry in entries]
    assert [len(tag.find_parents("li")) + 1 for tag in tags] == [entry.depth for entry in entries]
