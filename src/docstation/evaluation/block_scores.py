"""Blocks against true blocks: text edit distance over matched pairs, and how far their order agrees.

The scheme of OmniDocBench: pair blocks by least normalised edit distance, merge neighbours that were split, then sum
edits over the longer lengths of the pairs. Order is the edit distance between the two sequences of matched blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.evaluation.assignment import assign
from docstation.evaluation.normalising import letters_only
from docstation.evaluation.text_scores import Ratio

_MATCHED_BELOW = 0.7
"""A pair that differs more than this is no match."""


@dataclass(frozen=True, slots=True)
class BlockScore:
    """Text and order.

    Attributes:
        text: edits over the summed longer lengths; unmatched blocks count whole.
        order: edits of the sequence of matched true blocks over their number.
    """

    text: Ratio
    order: Ratio


def compare_blocks(truth: Sequence[str], found: Sequence[str]) -> BlockScore:
    """Score the texts of found blocks against those of true ones, both in reading order."""
    true_texts = [text for text in map(letters_only, truth) if text]
    found_texts = [text for text in map(letters_only, found) if text]
    partners = _matched(true_texts, found_texts)
    groups = _merged(true_texts, found_texts, partners)
    edits, length = 0, 0
    used: set[int] = set()
    for index, text in enumerate(true_texts):
        members = groups.get(index, [])
        used.update(members)
        own = "".join(found_texts[member] for member in members)
        edits += _distance(text, own)
        length += max(len(text), len(own))
    for index, text in enumerate(found_texts):
        if index not in used:
            edits += len(text)
            length += len(text)
    return BlockScore(Ratio(edits, length), _order(groups))


def _distance(first: str, second: str) -> int:
    from rapidfuzz.distance import Levenshtein

    return int(Levenshtein.distance(first, second))


def _matched(truth: list[str], found: list[str]) -> dict[int, int]:
    if not truth or not found:
        return {}
    costs = [[_distance(a, b) / max(len(a), len(b)) for b in found] for a in truth]
    return {row: column for row, column in assign(costs) if costs[row][column] < _MATCHED_BELOW}


def _merged(truth: list[str], found: list[str], partners: dict[int, int]) -> dict[int, list[int]]:
    """True block → found blocks: each free found block joins a neighbour's group where that lowers its distance."""
    groups = {row: [column] for row, column in partners.items()}
    home = {column: row for row, column in partners.items()}
    for index in [*range(len(found)), *reversed(range(len(found)))]:
        if index in home:
            continue
        for neighbour in (index - 1, index + 1):
            row = home.get(neighbour)
            if row is None:
                continue
            joined = sorted([*groups[row], index])
            before = _distance(truth[row], "".join(found[i] for i in groups[row]))
            if _distance(truth[row], "".join(found[i] for i in joined)) < before:
                groups[row] = joined
                home[index] = row
                break
    return groups


def _order(groups: dict[int, list[int]]) -> Ratio:
    from rapidfuzz.distance import Levenshtein

    true_order = sorted(groups)
    found_order = sorted(groups, key=lambda row: groups[row][0])
    return Ratio(Levenshtein.distance(true_order, found_order), len(true_order))
