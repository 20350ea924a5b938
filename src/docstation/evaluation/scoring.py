"""All scores of one reading of one case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from docstation.document.model import FURNITURE, Document, Page
from docstation.document.table import Table
from docstation.document.text import Word
from docstation.evaluation.block_scores import compare_blocks
from docstation.evaluation.cases import Case, Truth
from docstation.evaluation.facts import Verdict, judge
from docstation.evaluation.placed_scores import characters_in_place
from docstation.evaluation.table_scores import compare_tables
from docstation.evaluation.text_scores import Ratio, characters, look_alikes, word_f1, words


class Metric(StrEnum):
    """Names of scores as they stand in run files and reports; errors are better low, the others better high."""

    CER = "cer"
    CER_PLACED = "cer-placed"
    WER = "wer"
    LOOK_ALIKES = "look-alikes"
    TEXT_EDIT = "text-edit"
    ORDER_EDIT = "order-edit"
    WORD_F1 = "word-f1"
    TEDS = "teds"
    TEDS_S = "teds-s"
    CELL_F1 = "cell-f1"
    FACTS = "facts"
    FACTS_SKIPPED = "facts-skipped"


def score(case: Case, document: Document | None) -> dict[Metric, Ratio]:
    """Scores of whatever the case's truth knows; a file that was not read scores as an empty page."""
    page = document.pages[0] if document is not None and document.pages else Page(1, 1, 1)
    tables = [block.table for block in page.blocks if block.table is not None]
    scores = dict(_text_scores(case.truth, page))
    if case.truth.tables:
        scores |= _table_scores(case.truth.tables, tables)
    if case.truth.facts:
        scores |= _fact_scores(case.truth, _body(document, page), tables)
    return scores


def _text_scores(truth: Truth, page: Page) -> Mapping[Metric, Ratio]:
    scores: dict[Metric, Ratio] = {}
    found, read = page.text, _words(page)
    if truth.any_case:
        found, read = found.upper(), [replace(word, text=word.text.upper()) for word in read]
    if truth.text:
        scores[Metric.CER] = characters(truth.text, found)
        scores[Metric.WER] = words(truth.text, found)
        scores[Metric.WORD_F1] = Ratio(word_f1(truth.text, found), 1)
        scores[Metric.LOOK_ALIKES] = look_alikes(truth.text, found)
    if truth.lines:
        scores[Metric.CER_PLACED] = characters_in_place(truth.lines, read)
    if truth.blocks:
        compared = compare_blocks(truth.blocks, [block.text for block in page.blocks if block.text])
        scores[Metric.TEXT_EDIT], scores[Metric.ORDER_EDIT] = compared.text, compared.order
    return scores


def _words(page: Page) -> list[Word]:
    """All words of the page; of a block that kept no lines its text, spread over its box's middle."""
    found: list[Word] = []
    for block in page.blocks:
        found.extend(word for line in block.lines for word in line.words)
        if not block.lines and block.table is not None:
            cells = (cell for cell in block.table.cells if cell.text and cell.box is not None)
            found.extend(Word(cell.text, cell.box) for cell in cells if cell.box is not None)
    return found


def _table_scores(truth: Sequence[Table], found: Sequence[Table]) -> dict[Metric, Ratio]:
    compared = compare_tables(truth, found)
    return {
        Metric.TEDS: Ratio(sum(item.teds for item in compared), len(compared)),
        Metric.TEDS_S: Ratio(sum(item.teds_structure for item in compared), len(compared)),
        Metric.CELL_F1: Ratio(sum(item.cell_f1 for item in compared), len(compared)),
    }


def _body(document: Document | None, page: Page) -> str:
    """The page's text without what runs around it, as exports give it."""
    if document is not None and document.body:
        return "\n\n".join(element.text for element in document.body if element.text)
    return "\n\n".join(block.text for block in page.blocks if block.text and block.category not in FURNITURE)


def _fact_scores(truth: Truth, text: str, tables: Sequence[Table]) -> dict[Metric, Ratio]:
    verdicts = [judge(fact, text, tables) for fact in truth.facts]
    skipped = verdicts.count(Verdict.SKIPPED)
    return {
        Metric.FACTS: Ratio(verdicts.count(Verdict.PASSED), len(verdicts) - skipped),
        Metric.FACTS_SKIPPED: Ratio(skipped, len(verdicts)),
    }
