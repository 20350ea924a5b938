"""TEDS, the tree-edit-distance similarity of two tables, and TEDS-S, that of their structure alone.

As published by Zhong, ShafieiBavani and Jimeno Yepes, "Image-based table recognition: data, model, and evaluation",
2020: a table is a tree of rows and cells, and what counts is the least cost of turning one tree into the other, over
the nodes of the larger. APTED finds that cost. Knows no normal form: texts are compared as they are given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from docstation.document.table import Cell, Table
from docstation.errors import MissingDependency


def similarity(first: Table, second: Table, *, structure_only: bool = False) -> float:
    """TEDS, or TEDS-S with `structure_only`: 1 for equal tables, 0 where nothing agrees; symmetric.

    Heading cells count as any others. The published value falls below 0 where the edits cost more than the larger
    tree has nodes; it is 0 here.

    Raises:
        MissingDependency: APTED is not installed.
    """
    from rapidfuzz.distance import Levenshtein

    try:
        from apted import APTED
    except ImportError as error:
        raise MissingDependency(name="apted", command="pip install 'docstation[eval]'") from error
    trees = [_tree(table, with_texts=not structure_only) for table in (first, second)]
    cost = APTED(*trees, _Costs(Levenshtein.normalized_distance)).compute_edit_distance()
    return max(0.0, 1.0 - float(cost) / max(tree.size for tree in trees))


@dataclass(frozen=True, slots=True)
class _Node:
    tag: Literal["table", "tr", "td"]
    children: tuple[_Node, ...] = ()
    rowspan: int = 1
    colspan: int = 1
    text: str = ""

    @property
    def size(self) -> int:
        """How many nodes the tree has, this one among them."""
        return 1 + sum(child.size for child in self.children)


def _tree(table: Table, *, with_texts: bool) -> _Node:
    rows: list[list[_Node]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(_leaf(cell, with_texts=with_texts))
    return _Node("table", tuple(_Node("tr", tuple(row)) for row in rows))


def _leaf(cell: Cell, *, with_texts: bool) -> _Node:
    return _Node("td", (), cell.rowspan, cell.colspan, cell.text if with_texts else "")


class _Costs:
    """What APTED asks of a cost model: 1 to insert or delete a node, at most 1 to rename it."""

    valuecls = float

    def __init__(self, text_distance: Callable[[str, str], float]) -> None:
        self._text_distance = text_distance

    @staticmethod
    def children(node: _Node) -> tuple[_Node, ...]:
        return node.children

    @staticmethod
    def insert(_node: _Node) -> float:
        return 1.0

    @staticmethod
    def delete(_node: _Node) -> float:
        return 1.0

    def rename(self, one: _Node, other: _Node) -> float:
        """1 where tag or spans differ, else the edits between the texts over the longer of them."""
        if (one.tag, one.rowspan, one.colspan) != (other.tag, other.rowspan, other.colspan):
            return 1.0
        return self._text_distance(one.text, other.text)
