from __future__ import annotations

from collections import Counter

import pypdfium2
import pytest

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.testing.business import Kind, draw, papers
from docstation.testing.drawn import tables_of, words_of
from docstation.testing.gridding import Ruling
from docstation.testing.typefaces import Family

SEEDS = range(12)


@pytest.mark.parametrize("kind", Kind)
def test_the_text_layer_says_what_the_truth_says(kind):
    for seed in (1, 2, 3):
        drawn = draw(kind, seed)
        pdf = pypdfium2.PdfDocument(drawn.pdf)
        # PDFium marks a hyphen at the end of a line by a control character.
        layer = pdf[0].get_textpage().get_text_bounded().replace("\x02", "-")
        pdf.close()
        assert Counter("".join(layer.split())) == Counter("".join(word.text for word in words_of(drawn.pages[0])))


@pytest.mark.parametrize("kind", Kind)
def test_words_stand_where_the_truth_says(kind):
    drawn = draw(kind, 4)
    pdf = pypdfium2.PdfDocument(drawn.pdf)
    text = pdf[0].get_textpage()
    height = drawn.pages[0].height
    for word in words_of(drawn.pages[0]):
        box = word.box.expanded(0.6)
        found = text.get_text_bounded(box.x0, height - box.y1, box.x1, height - box.y0)
        assert word.text in found.replace("\x02", "-")
    pdf.close()


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("family", Family)
def test_everything_fits_on_one_page_and_words_do_not_collide(kind, family):
    for seed in SEEDS:
        drawn = draw(kind, seed, family=family)
        assert len(drawn.pages) == 1
        page = drawn.pages[0]
        frame = Box(0, 0, page.width, page.height)
        words = words_of(page)
        assert all(word.box.share_inside(frame) > 0.999 for word in words)
        for index, word in enumerate(words):
            for other in words[index + 1 :]:
                # Lines may lean into each other by the tail of a letter, words side by side may not touch.
                common = word.box.intersection(other.box)
                assert common is None or common.height < 0.35 * word.box.height, (seed, word, other)


def test_cell_texts_stay_inside_their_cells():
    for seed in SEEDS:
        for kind in (Kind.UPD, Kind.TORG12, Kind.INVOICE, Kind.ACT):
            page = draw(kind, seed).pages[0]
            for block in page.blocks:
                if block.category is not Category.TABLE:
                    continue
                boxes = [cell.box for cell in block.table.cells]
                for line in block.lines:
                    assert any(line.box.share_inside(box.expanded(1.0)) > 0.99 for box in boxes), line.text


def test_totals_add_up_and_fields_are_printed():
    for drawn in papers(0, 15):
        text = " ".join(drawn.pages[0].text.split())
        for key, value in drawn.fields.items():
            assert value in text, (drawn.name, key)
        if {"net", "vat", "total"} <= drawn.fields.keys():
            net, vat, total = (
                int(drawn.fields[key].replace(" ", "").replace(",", "")) for key in ("net", "vat", "total")
            )
            assert net + vat == total


def test_forms_have_merged_heads():
    (_, torg12) = tables_of(draw(Kind.TORG12, 1).pages[0])
    assert torg12.columns == 15
    assert max(cell.colspan for cell in torg12.cells) == 7
    assert torg12.header_row_count() == 3
    upd = tables_of(draw(Kind.UPD, 1).pages[0])[0]
    assert (upd.columns, upd.header_row_count()) == (15, 3)


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_paper():
    assert draw(Kind.UPD, 5).pdf == draw(Kind.UPD, 5).pdf
    assert draw(Kind.UPD, 5).fields != draw(Kind.UPD, 6).fields


def test_ruling_changes_the_lines_and_not_the_truth():
    ruled, bare = draw(Kind.INVOICE, 7, ruling=Ruling.FULL), draw(Kind.INVOICE, 7, ruling=Ruling.NONE)
    assert ruled.pages == bare.pages
    assert ruled.pdf != bare.pdf
