from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docstation.document.table import Cell, Table
from docstation.evaluation.assignment import assign
from docstation.evaluation.block_scores import compare_blocks
from docstation.evaluation.facts import Verdict, baseline, judge, read_facts
from docstation.evaluation.intervals import difference, interval
from docstation.evaluation.table_facts import TableFact, holds_in
from docstation.evaluation.table_scores import MISSED, cell_f1, compare_tables, teds
from docstation.evaluation.text_scores import Ratio

COSTS = st.integers(1, 5).flatmap(
    lambda n: st.integers(1, 5).flatmap(
        lambda m: st.lists(st.lists(st.integers(0, 9), min_size=m, max_size=m), min_size=n, max_size=n)
    )
)


@given(COSTS)
def test_the_assignment_is_the_cheapest(costs):
    pairs = assign(costs)
    rows, columns = len(costs), len(costs[0])
    small, large = min(rows, columns), max(rows, columns)
    assert len(pairs) == small == len({r for r, _ in pairs}) == len({c for _, c in pairs})
    wide = costs if rows <= columns else list(zip(*costs, strict=True))
    best = min(sum(wide[i][c] for i, c in enumerate(choice)) for choice in permutations(range(large), small))
    assert sum(costs[r][c] for r, c in pairs) == best


def test_blocks_by_hand():
    score = compare_blocks(["первый абзац", "второй абзац", "третий"], ["второй абзац", "первый абзац", "третий"])
    assert score.text.value == 0
    # Sequence 2 1 3 against 1 2 3: two substitutions.
    assert score.order == Ratio(2, 3)


def test_a_split_block_is_put_together_again_and_missing_ones_cost_their_length():
    assert compare_blocks(["начало и конец абзаца"], ["начало и", "конец абзаца"]).text.value == 0
    assert compare_blocks(["абв", "гдежз"], ["абв"]).text == Ratio(5, 8)
    assert compare_blocks(["абв"], ["абв", "мусор"]).text == Ratio(5, 8)


TABLE = Table.of_cells([Cell(0, 0, 1, 2, "Сумма", True), Cell(1, 0, text="а"), Cell(1, 1, text="1,00")])


def test_table_scores_by_hand():
    assert compare_tables([TABLE], [TABLE])[0].teds == 1.0
    other = Table.of_cells([Cell(0, 0, 1, 2, "Cумма"), Cell(1, 0, text="а"), Cell(1, 1, text="1,00")])
    # One letter of five in one of six nodes (table, two rows, three cells).
    assert teds(TABLE, other) == pytest.approx(1 - 0.2 / 6)
    assert teds(TABLE, other, structure_only=True) == 1.0
    assert cell_f1(TABLE, other) == pytest.approx(2 / 3)
    flat = Table.from_rows([["Сумма", ""], ["а", "1,00"]])
    assert teds(TABLE, flat, structure_only=True) < 1.0


def test_missing_tables_score_zero_and_order_does_not_matter():
    second = Table.from_rows([["x", "y"], ["z", "w"]])
    assert compare_tables([TABLE, second], [second])[0] == MISSED
    assert [score.cell_f1 for score in compare_tables([TABLE, second], [second, TABLE])] == [1.0, 1.0]
    assert compare_tables([TABLE], []) == [MISSED]


def _facts(*values):
    common = {"pdf": "a.pdf", "page": 1, "id": "x"}
    return read_facts(json.dumps({**common, **value}) for value in values)


def test_facts_about_text():
    text = "Заголовок «Отчёта». Первая часть, затем вторая часть."
    for value, verdict in (
        ({"type": "present", "text": 'Заголовок "Отчёта"'}, Verdict.PASSED),
        ({"type": "present", "text": "заголовок"}, Verdict.FAILED),
        ({"type": "present", "text": "заголовок", "case_sensitive": False}, Verdict.PASSED),
        ({"type": "present", "text": "Пермая часть", "max_diffs": 1}, Verdict.PASSED),
        ({"type": "present", "text": "Пермая часть"}, Verdict.FAILED),
        ({"type": "absent", "text": "Страница 5"}, Verdict.PASSED),
        ({"type": "absent", "text": "вторая часть", "first_n": 20}, Verdict.PASSED),
        ({"type": "absent", "text": "вторая часть", "last_n": 20}, Verdict.FAILED),
        ({"type": "order", "before": "Первая", "after": "вторая"}, Verdict.PASSED),
        ({"type": "order", "before": "вторая", "after": "Первая"}, Verdict.FAILED),
        ({"type": "math", "math": "x^2"}, Verdict.SKIPPED),
    ):
        (fact,) = _facts(value)
        assert judge(fact, text, []) is verdict, value


def test_a_page_that_is_empty_or_loops_fails_the_baseline():
    fact = baseline("a.pdf", 1)
    assert judge(fact, "слово", []) is Verdict.PASSED
    assert judge(fact, " .. ", []) is Verdict.FAILED
    assert judge(fact, "начало " + "да нет " * 31, []) is Verdict.FAILED
    assert judge(fact, "начало " + "да нет " * 30, []) is Verdict.PASSED


def test_facts_about_tables():
    table = Table.from_rows([["Год", "Доход"], ["2024", "10"], ["2025", "12"]])
    assert holds_in(TableFact("12", up="10", left="2025"), table)
    assert holds_in(TableFact("12", top_heading="Доход", left_heading="2025"), table)
    assert not holds_in(TableFact("12", up="Доход"), table)
    assert not holds_in(TableFact("13"), table)
    (fact,) = _facts({"type": "table", "cell": "10", "down": "12"})
    assert judge(fact, "", [table]) is Verdict.PASSED
    assert judge(fact, "10 12", []) is Verdict.FAILED


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=9))
def test_intervals_hold_their_value(pairs):
    scores = [Ratio(a, b) for a, b in pairs]
    result = interval(scores, rounds=200)
    assert min(a / b for a, b in pairs) - 1e-9 <= result.low <= result.high <= max(a / b for a, b in pairs) + 1e-9
    same = difference(scores, scores, rounds=50)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_a_plain_gain_is_beyond_doubt():
    result = difference([Ratio(5, 10)] * 20, [Ratio(1, 10)] * 20, rounds=100)
    assert result.high < 0
    assert result.value == pytest.approx(-0.4)
