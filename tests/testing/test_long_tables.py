"""Drawn documents whose tables go on over pages: the truth about them."""

from __future__ import annotations

from docstation.document.model import FURNITURE
from docstation.testing.long_tables import Join, draw
from docstation.testing.model_view import seen_by_model


def test_the_same_seed_draws_the_same_document():
    assert draw(5) == draw(5)
    assert draw(5).pdf != draw(6).pdf


def test_parts_are_blocks_with_grids_on_consecutive_pages():
    drawn = draw(7)
    blocks = {block.id: block for page in drawn.pages for block in page.blocks}
    for table in drawn.tables:
        pages = [int(part.split("-")[0][1:]) for part in table.parts]
        assert pages == list(range(pages[0], pages[0] + len(pages)))
        assert all(blocks[part].table is not None for part in table.parts)
        assert (len(table.parts) > 1) is isinstance(table.kind, Join)


def test_the_whole_holds_the_words_of_its_parts():
    drawn = draw(7)
    blocks = {block.id: block for page in drawn.pages for block in page.blocks}
    for table in drawn.tables:
        words = set(table.whole.to_text().split())
        assert all(set(blocks[part].text.split()) <= words for part in table.parts)


def test_a_model_gives_no_words_and_the_same_blocks():
    drawn = draw(7)
    seen = seen_by_model(drawn.pages, 3)
    assert seen == seen_by_model(drawn.pages, 3)
    assert [len(page.blocks) for page in seen] == [len(page.blocks) for page in drawn.pages]
    assert not any(block.lines for page in seen for block in page.blocks)
    assert not any(block.category in FURNITURE for page in seen_by_model(drawn.pages, 8) for block in page.blocks)
