"""Pages as image files that carry their resolution, so that every engine reads the same pixels in the same points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from docstation.document.model import Block, Category, Page
from docstation.evaluation.cases import Case, Truth
from docstation.evaluation.layer_truth import lines_of
from docstation.intake.limits import Limits
from docstation.intake.opening import PageSource, open_document
from docstation.testing.degrade import Condition, degraded
from docstation.testing.drawn import Shot


@contextmanager
def opened(path: Path) -> Iterator[PageSource]:
    """The file's pages, with the usual limits."""
    with open_document(path, name=path.name, limits=Limits()) as source:
        yield source


def shot_of(source: PageSource, number: int, dpi: float) -> Shot:
    """A page as clean pixels with the lines of its text layer as truth, one block a line."""
    raw = source.raw(number)
    blocks = tuple(
        Block(f"p1-b{index}", Category.TEXT, line.box, line.text, (line,))
        for index, line in enumerate(lines_of(raw.layer.words), 1)
    )
    return Shot(source.render(number, dpi / 72.0), dpi, Page(1, raw.width, raw.height, blocks))


def case_of(shot: Shot, name: str, kind: str, folder: Path, how: tuple[Condition, int]) -> Case:
    """Degrade a shot by (condition, seed), write it to `folder` and state what is true about it."""
    made = degraded(shot, *how)
    path = folder / f"{name}.png"
    save(made, path)
    return Case(name, kind, path, Truth.of_page(made.page))


def without_blocks(case: Case) -> Case:
    """The case with nothing said about blocks: the truth knows lines only."""
    return replace(case, truth=replace(case.truth, blocks=()))


def save(shot: Shot, path: Path) -> None:
    """Write the pixels as PNG with their resolution."""
    from PIL import Image

    Image.fromarray(shot.pixels).save(path, dpi=(shot.dpi, shot.dpi), compress_level=1)
