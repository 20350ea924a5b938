"""Drawn tables that do and do not go on over pages: the thresholds of what is joined."""

from __future__ import annotations

from pathlib import Path

import pytest

from docstation.document.model import FURNITURE
from docstation.reading.assembly import assemble
from docstation.testing.gridding import Ruling
from docstation.testing.long_tables import Gap, Join, draw
from docstation.testing.model_view import seen_by_model
from tests.reading.assembly.scoring import Score, read_text_layer, score

SEEDS = range(100, 114)


@pytest.mark.slow
def test_tables_over_pages_that_a_model_read_are_joined_and_no_others():
    total = Score()
    drawn = [draw(seed) for seed in SEEDS]
    for one in drawn:
        score(one, seen_by_model(one.pages, len(one.name)), total)
    assert {table.kind for one in drawn for table in one.tables} == {*Join, *Gap}
    assert total.precision >= 0.95
    assert total.recall >= 0.95
    assert total.teds >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("ruling", "count"), [(Ruling.FULL, 3), (Ruling.ROWS, 14)])
def test_tables_over_pages_of_a_text_layer_are_joined_and_no_others(tmp_path: Path, ruling: Ruling, count: int):
    total = Score()
    for seed in SEEDS[:count]:
        drawn = draw(seed, ruling=ruling)
        path = tmp_path / f"{drawn.name}.pdf"
        path.write_bytes(drawn.pdf)
        score(drawn, read_text_layer(path), total)
    assert total.precision >= 0.95
    assert total.recall >= 0.95
    assert total.teds >= 0.95


def test_running_headers_that_a_model_called_text_leave_the_body():
    drawn = draw(3)
    pages, body = assemble(seen_by_model(drawn.pages, 8))
    apart = {block.id for page in pages for block in page.blocks if block.category in FURNITURE}
    assert apart == {block.id for page in drawn.pages for block in page.blocks if block.category in FURNITURE}
    assert not apart & {name for element in body for name in element.blocks}
