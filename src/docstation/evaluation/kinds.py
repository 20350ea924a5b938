"""The set that the product's goals are measured on: every kind of page, few of each, from a folder of real documents.

Prose pages of born-digital PDFs become four kinds (pixels as they are, scanned, photographed, low resolution) for each
language; beside them stand files with their text, receipts with boxes, and generated business papers. One page a file,
so that no single document decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from docstation.errors import DocStationError, NotFound
from docstation.evaluation.cases import Case
from docstation.evaluation.corpus import DPI, receipt, text_case
from docstation.evaluation.layer_truth import Language, prose_language
from docstation.evaluation.rasters import case_of, opened, shot_of, without_blocks
from docstation.testing.business import papers
from docstation.testing.degrade import Condition, rasterised
from docstation.testing.drawn import Shot

_PROSE = {
    Condition.CLEAN: "digital",
    Condition.SCANNED: "scan",
    Condition.PHOTOGRAPHED: "photo",
    Condition.LOW: "low",
}
_BUSINESS = (Condition.CLEAN, Condition.SCANNED, Condition.PHOTOGRAPHED, Condition.STAMPED)


def goal_cases(folder: Path, scratch: Path, *, quick: bool = False) -> Iterator[Case]:
    """About sixty cases, or about a dozen; raises NotFound when there is no such folder."""
    if not folder.is_dir():
        raise NotFound(name=str(folder))
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for shot, name, language in _prose(files, 1 if quick else 4):
        for condition, kind in _PROSE.items():
            case = case_of(shot, f"{name}-{condition}", f"{kind}-{language}", scratch, (condition, len(name)))
            yield without_blocks(case)
    for path in files:
        if path.suffix == ".png" and path.with_suffix(".txt").is_file():
            yield text_case(path, path.stem, "scan-en", scratch)
    receipts = [path for path in files if path.with_suffix(".box.csv").is_file() and path.suffix == ".jpg"]
    for path in receipts[: 1 if quick else 6]:
        yield receipt(path, path.stem, scratch)
    yield from _business(1 if quick else 5, scratch)


def _prose(files: list[Path], most: int) -> Iterator[tuple[Shot, str, Language]]:
    taken: Counter[Language] = Counter()
    for path in files:
        if path.suffix == ".pdf":
            found = _first_prose(path)
            if found is not None and taken[found[1]] < most:
                taken[found[1]] += 1
                yield found[0], path.stem, found[1]


def _first_prose(path: Path) -> tuple[Shot, Language] | None:
    try:
        with opened(path) as source:
            for number in range(1, min(source.page_count, 8) + 1):
                language = prose_language(source.raw(number))
                if language is not None:
                    return shot_of(source, number, DPI), language
    except DocStationError:
        # Locked and broken files are part of any real folder; they hold no truth.
        return None
    return None


def _business(count: int, scratch: Path) -> Iterator[Case]:
    for drawn in papers(100, count):
        shot = rasterised(drawn, dpi=DPI)
        for condition in _BUSINESS:
            case = case_of(shot, f"{drawn.name}-{condition}", f"business-{condition}", scratch, (condition, 5))
            yield replace(case, name=case.path.stem)
