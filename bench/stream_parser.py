"""How long the parser of layout answers takes, by length of the answer and by the size of the pieces that come.

``python bench/stream_parser.py``. Answers are layouts of ever more blocks. Linear means that the time
for a thousand characters does not grow with the answer. Beside it the standard library's ``json.loads`` of the whole
answer, and a reader that parses all that has come again whenever a piece comes (with the same library, as long as that
can be borne).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

from ocr_head import head, row

from docstation.reading.vision.stream import StreamParser

BLOCKS = (20, 200, 2_000, 20_000)
PIECES = (4, 64)
LONGEST_AGAIN = 100_000
"""Characters up to which the reader that begins anew is tried."""
ROUNDS = 3


def answer(blocks: int) -> str:
    """A layout with sentences, a formula and a table in turns."""
    texts = (
        "Настоящий договор составлен в двух экземплярах, имеющих одинаковую юридическую силу.",
        r"$$E = mc^2 \\ \frac{a}{b}$$",
        '<table><tr><td>1</td><td>Болт М8 "А"</td></tr><tr><td>2</td><td>Гайка</td></tr></table>',
    )
    kinds = ("Text", "Formula", "Table")
    items = [
        {"bbox": [10, 20 * place, 900, 20 * place + 18], "category": kinds[place % 3], "text": texts[place % 3]}
        for place in range(blocks)
    ]
    return json.dumps(items, ensure_ascii=False)


def streamed(text: str, piece: int) -> int:
    """Blocks found by the parser, fed piece by piece."""
    parser = StreamParser()
    found = sum(len(parser.feed(text[at : at + piece])) for at in range(0, len(text), piece))
    return found + (parser.close() is not None)


def loaded(text: str) -> int:
    """Blocks of the whole answer, parsed once."""
    return len(json.loads(text))


def anew(text: str, piece: int) -> int:
    """Blocks found by parsing all that has come, closed where it stands, whenever a piece comes."""
    found = 0
    for end in range(piece, len(text) + piece, piece):
        try:
            found = len(json.loads(text[:end].rstrip(", ") + ("]" if end < len(text) else "")))
        except ValueError:
            continue
    return found


def seconds(work: Callable[[], int], expected: int) -> float:
    """The best of some rounds; the work must find all blocks."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        if work() != expected:
            raise SystemExit("blocks are missing")
        best = min(best, time.perf_counter() - began)
    return best


def main() -> None:
    """Print the table."""
    head("The stream parser: time by length of the answer")
    row(
        "characters",
        "pieces of",
        "parser, ms",
        "ms for 1,000 characters",
        "json.loads, ms",
        "parsed anew each time, ms",
    )
    row(*["---"] * 6)
    for blocks in BLOCKS:
        text = answer(blocks)
        whole = seconds(partial(loaded, text), blocks)
        for piece in PIECES:
            ours = seconds(partial(streamed, text, piece), blocks)
            again = "not tried"
            if len(text) <= LONGEST_AGAIN and piece == PIECES[-1]:
                again = f"{1000 * seconds(partial(anew, text, piece), blocks):.1f}"
            shown = f"{1000 * ours:.1f}", f"{1e6 * ours / len(text):.3f}", f"{1000 * whole:.1f}", again
            row(f"{len(text):,}", piece, *shown)


if __name__ == "__main__":
    main()
