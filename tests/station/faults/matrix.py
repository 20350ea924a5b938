"""The fault matrix: what a fault is, how it is to end, and the table of how it did.

Every test writes the row of its fault under build/faults/. ``python tests/station/faults/matrix.py`` prints the rows
of all grounds as one Markdown table with the counts; the tests leave the same in build/faults.md.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from docstation.station.causes import Cause
from docstation.station.words import Outcome, Step

BUILD = Path(__file__).parents[3] / "build"
ROWS = BUILD / "faults"

Hook = Callable[[Any], object]
"""Something done to the ground."""
Hooks = Mapping[tuple[Step, str], Hook]
"""What is done when a step ``began``, is ``done`` or ``failed``; each is done once."""
NO_HOOKS: Hooks = {}
Reality = Literal["real", "double"]
"""Whether the fault happens (a port is taken, a process is killed, an engine is gone) or is played: the scripted server
says and does what vLLM was seen to, a hook of ours refuses for NVIDIA's, the scripted card shows the figures."""


@dataclass(frozen=True)
class Case:
    """One fault.

    Attributes:
        name: of the fault.
        injected: how, in words.
        reality: see `Reality`.
        causes: of which one must be found; none where the switch is to succeed all the same.
        outcome: of the transaction.
        before: what is done to the ground before the change is asked for.
        hooks: what is done in the midst of it.
        serves: model that serves at the end; empty: only the embedded engine.
    """

    name: str
    injected: str
    reality: Reality
    causes: tuple[Cause, ...]
    outcome: Outcome
    before: Hook | None = None
    hooks: Hooks = field(default_factory=dict)
    serves: str = "dots"

    @property
    def harmless(self) -> bool:
        """Whether it must be seen before the old model is touched."""
        return self.outcome is Outcome.REFUSED


@dataclass(frozen=True)
class Row:
    """One fault as it ended.

    Attributes:
        number: its place in the table of its ground.
        ground: what the servers run on.
        fault: its name.
        injected: how.
        reality: see `Reality`.
        cause: that was found.
        old: what became of the model that served before: ``untouched``, ``stopped``; empty where it is itself at fault.
        ended: outcome of the transaction.
        serves: what serves afterwards, by its own words over HTTP.
        most: servers of ours that lived at once.
        seconds: from the request to the end.
    """

    number: int
    ground: str
    fault: str
    injected: str
    reality: Reality
    cause: str
    old: str
    ended: str
    serves: str
    most: int
    seconds: float

    def save(self) -> None:
        """Keep it, and write the whole table anew."""
        ROWS.mkdir(parents=True, exist_ok=True)
        _replace(ROWS / f"{self.ground}-{self.number:03}.json", json.dumps(asdict(self), ensure_ascii=False))
        _replace(BUILD / "faults.md", markdown())


def markdown() -> str:
    """The table of all rows that are kept, with the counts above it."""
    rows = [Row(**json.loads(path.read_bytes())) for path in sorted(ROWS.glob("*.json"))]
    kinds, grounds = Counter(row.reality for row in rows), Counter(row.ground for row in rows)
    harmless = sum(row.old == "untouched" for row in rows)
    places = ", ".join(f"{count} on {ground}" for ground, count in sorted(grounds.items()))
    lines = [
        f"{len(rows)} faults ({places}): {kinds['real']} real, {kinds['double']} played by a double; {harmless} seen"
        " before the old model was touched.",
        "",
        "| # | ground | fault | how | real | cause found | old model | ended | serves | most at once | s |",
        "|--:|---|---|---|---|---|---|---|---|--:|--:|",
    ]
    for number, row in enumerate(rows, 1):
        cells = [str(number), row.ground, row.fault, row.injected, "yes" if row.reality == "real" else "double"]
        cells += [
            row.cause or "none",
            row.old or "-",
            row.ended,
            row.serves or "embedded",
            str(row.most),
            f"{row.seconds:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _replace(path: Path, text: str) -> None:
    """Write a file at one stroke, for tests run side by side."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    print(markdown())
