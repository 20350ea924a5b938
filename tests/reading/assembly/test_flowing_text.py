"""Paragraphs, footnotes and captions that go on: over pages, columns, and lines that a reader parted."""

from __future__ import annotations

from docstation.document.geometry import Box
from docstation.document.model import Block, Category, Page, PageStatus
from docstation.document.text import Line, Word
from docstation.reading.assembly import assemble
from tests.reading.assembly.drawing import SENTENCE, block, pages_of, said

UNFINISHED = "Исполнитель обязан выполнить работы в срок и сдать их заказчику по акту, который стороны"


def texts(*contents: list[Block]) -> list[str]:
    return [element.text for element in assemble(pages_of(*contents))[1]]


def lines_block(page: int, index: int, lines: list[str], y: float, category: Category = Category.TEXT) -> Block:
    """Lines that all reach the same right edge."""
    drawn = [
        Line((Word(text, Box(50, y + 14 * step, 500, y + 14 * step + 10), font_size=10),))
        for step, text in enumerate(lines)
    ]
    box = Box(50, y, 500, y + 14 * len(lines))
    return Block(f"p{page}-b{index}", category, box, " ".join(lines), tuple(drawn))


def test_lines_that_a_reader_parted_are_one_paragraph():
    parts = ["Все документы", "свидетельствуют о высоком", "интересе правительства."]
    blocks = [lines_block(1, index, [text], 100 + 14 * index) for index, text in enumerate(parts, start=1)]
    assert texts(blocks) == [" ".join(parts)]


def test_a_parted_line_that_fills_its_column_goes_on_with_a_capital():
    first = lines_block(1, 1, ["интерес правительства Российской"], 100)
    assert len(texts([first, lines_block(1, 2, ["Федерации в контексте развития"], 114)])) == 1
    label = block(1, 2, "Подпись", 114, right=120)
    assert len(texts([block(1, 1, "Руководитель", 100, right=120), label])) == 2


def test_a_paragraph_below_a_gap_is_another():
    assert len(texts([lines_block(1, 1, ["Первая строка"], 100), lines_block(1, 2, ["вторая строка"], 160)])) == 2


def test_a_small_letter_that_marks_a_note_goes_on_with_nothing():
    assert (
        len(texts([lines_block(1, 1, ["see the table"], 100)], [lines_block(2, 1, ["aNorethisterone daily"], 60)])) == 2
    )


def test_a_models_paragraph_goes_on_over_the_page_with_a_capital():
    assert texts([said(1, 1, UNFINISHED, 700)], [said(2, 1, f"Подрядчика и {SENTENCE}", 60)]) == [
        f"{UNFINISHED} Подрядчика и {SENTENCE}"
    ]


def test_a_models_label_is_no_unfinished_paragraph():
    assert len(texts([said(1, 1, "Подпись", 700)], [said(2, 1, f"Подрядчика и {SENTENCE}", 60)])) == 2


def test_a_paragraph_goes_on_past_a_page_of_pictures():
    middle = [block(2, 1, "", 100, Category.PICTURE), block(2, 2, "Рисунок 1 – Схема", 700, Category.CAPTION)]
    found = texts([block(1, 1, "Мысль, которая", 700)], middle, [block(3, 1, "кончается позже.", 60)])
    assert found[0] == "Мысль, которая кончается позже."


def test_nothing_goes_on_past_a_page_that_is_missing_or_failed():
    first, last = pages_of([block(1, 1, "Мысль, которая", 700)], [block(2, 1, "кончается позже.", 60)])
    missing = [first, Page(3, 595, 842, (block(3, 1, "кончается позже.", 60),))]
    failed = [first, Page(2, 595, 842, status=PageStatus.FAILED), missing[1]]
    assert [len(assemble(pages)[1]) for pages in (missing, failed, [first, last])] == [2, 2, 1]


def test_a_word_of_a_narrow_cell_is_not_the_begin_of_a_wide_paragraph():
    cell = block(1, 1, "No differences in groups", 700, right=150)
    wide = lines_block(2, 1, ["often reported to have low mass", "when age matched."], 60)
    assert len(texts([cell], [wide])) == 2


def test_the_pieces_of_a_footnote_are_one_and_leave_the_text_alone():
    notes = [
        block(1, 2, "1 Годовой отчёт агентства. – URL: https://a.org/o-", 600, Category.FOOTNOTE, size=8),
        block(1, 3, "differentsiatsii-regionov (дата обращения: 24.12.2020).", 612, size=8),
    ]
    found = texts([block(1, 1, "Мысль Агаевой,", 500), *notes], [block(2, 1, "которая кончается позже.", 60)])
    assert found == [
        "Мысль Агаевой, которая кончается позже.",
        "1 Годовой отчёт агентства. – URL: https://a.org/o-differentsiatsii-regionov (дата обращения: 24.12.2020).",
    ]


def test_a_footnote_goes_on_at_the_foot_of_the_next_page():
    first = [block(1, 1, SENTENCE, 500), block(1, 2, "1 Примечание, которое не", 780, Category.FOOTNOTE, size=8)]
    second = [block(2, 1, SENTENCE, 60), block(2, 2, "уместилось на странице.", 780, Category.FOOTNOTE, size=8)]
    assert texts(first, second)[1] == "1 Примечание, которое не уместилось на странице."


def test_a_caption_goes_on_in_the_next_column():
    left = block(1, 1, "Fig. 3. The numbers on the left give the", 300, Category.CAPTION, size=8, right=280)
    right = block(1, 2, "orientation of the nucleotides.", 300, x=310, size=8)
    assert texts([left, right]) == ["Fig. 3. The numbers on the left give the orientation of the nucleotides."]


def test_notes_in_small_type_do_not_keep_a_paragraph_apart():
    note = block(1, 2, "The numbers are those of lanes", 720, size=7)
    found = texts([block(1, 1, "producing polyketides, which are sec-", 700), note], [block(2, 1, "ondary ones.", 60)])
    assert found[0].endswith("secondary ones.")
