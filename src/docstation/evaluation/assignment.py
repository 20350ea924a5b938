"""Minimum-cost assignment of rows to columns: the Hungarian method by shortest augmenting paths.

After R. Jonker and A. Volgenant, "A shortest augmenting path algorithm for dense and sparse linear assignment
problems", Computing 38 (1987); O(n²m), enough for the blocks of a page.
"""

from __future__ import annotations

from collections.abc import Sequence

_INFINITY = float("inf")


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost; every row of the shorter side gets one partner."""
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        return sorted((row, column) for column, row in assign(list(zip(*costs, strict=True))))
    return _Solver(costs).pairs()


class _Solver:
    """State of one solution; indices from 1, 0 stands for "none"."""

    def __init__(self, costs: Sequence[Sequence[float]]) -> None:
        self.costs = costs
        self.columns = len(costs[0])
        self.row_price = [0.0] * (len(costs) + 1)
        self.column_price = [0.0] * (self.columns + 1)
        self.owner = [0] * (self.columns + 1)

    def pairs(self) -> list[tuple[int, int]]:
        for row in range(1, len(self.costs) + 1):
            self._add(row)
        return sorted((row - 1, column - 1) for column, row in enumerate(self.owner) if column and row)

    def _add(self, row: int) -> None:
        """Find the cheapest chain of moves that gives `row` a column, and make these moves."""
        self.owner[0] = row
        least = [_INFINITY] * (self.columns + 1)
        came_from = [0] * (self.columns + 1)
        seen = [False] * (self.columns + 1)
        column = 0
        while self.owner[column]:
            seen[column] = True
            column = self._next(column, least, came_from, seen)
        while column:
            self.owner[column] = self.owner[came_from[column]]
            column = came_from[column]

    def _next(self, column: int, least: list[float], came_from: list[int], seen: list[bool]) -> int:
        row, best, chosen = self.owner[column], _INFINITY, 0
        for other in range(1, self.columns + 1):
            if seen[other]:
                continue
            cost = self.costs[row - 1][other - 1] - self.row_price[row] - self.column_price[other]
            if cost < least[other]:
                least[other], came_from[other] = cost, column
            if least[other] < best:
                best, chosen = least[other], other
        for other in range(self.columns + 1):
            if seen[other]:
                self.row_price[self.owner[other]] += best
                self.column_price[other] -= best
            else:
                least[other] -= best
        return chosen
