"""The head of every benchmark's output: date, machine, command."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from docstation.evaluation.runs import machine

CORPUS = Path(os.environ.get("DOCSTATION_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
"""The folder of real documents, where it lies beside the checkout; each benchmark takes another as its argument."""


def head(title: str) -> None:
    """Print it as Markdown."""
    command = " ".join(["python", f"bench/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    print(f"## {title}\n")
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {machine()} · `{command}`\n")


def row(*cells: object) -> None:
    """Print one row of a Markdown table."""
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)
