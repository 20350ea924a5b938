"""From a name to cases: ``generated:SEED:COUNT`` or a folder of documents with their truth.

A folder is walked whole. Understood are ``dataset.jsonl`` with facts about PDFs below ``pdfs/`` (olmOCR-bench), images
with ``.box.csv`` (ICDAR 2019 SROIE: eight corner coordinates and a text a line, pixels), files beside a ``.txt`` or a
``.truth.json`` (our document JSON), and PDFs whose own text layer is prose beyond doubt: those pages are rasterised.
"""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from docstation.document import codec
from docstation.document.geometry import Box
from docstation.document.text import Line, Word
from docstation.errors import DocStationError, NotFound, UsageError
from docstation.evaluation.cases import Case, Truth
from docstation.evaluation.facts import Fact, baseline, read_facts
from docstation.evaluation.layer_truth import prose_language
from docstation.evaluation.rasters import case_of, opened, save, shot_of, without_blocks
from docstation.messages.marking import N_
from docstation.testing.business import papers
from docstation.testing.degrade import Condition, rasterised

GENERATED = "generated"
DPI = 200.0
_IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


def cases(spec: str, scratch: Path) -> Iterator[Case]:
    """The cases that `spec` names; files are written to `scratch`, which must outlive them.

    Raises:
        UsageError: the name of a generated corpus is not understood.
        NotFound: there is no such folder.
    """
    if spec.startswith(f"{GENERATED}:"):
        yield from generated(*_numbers(spec), scratch)
        return
    folder = Path(spec)
    if not folder.is_dir():
        raise NotFound(name=spec)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield from _cases_of(path, folder, scratch)


def _numbers(spec: str) -> tuple[int, int]:
    parts = spec.split(":")[1:]
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise UsageError(N_("A generated corpus is named generated:SEED:COUNT, not {name}."), name=spec)
    return int(parts[0]), int(parts[1])


def generated(seed: int, count: int, scratch: Path) -> Iterator[Case]:
    """`count` business pages, kinds and conditions in turn: clean, scanned, photographed, stamped."""
    conditions = (Condition.CLEAN, Condition.SCANNED, Condition.PHOTOGRAPHED, Condition.STAMPED)
    for drawn, condition in zip(papers(seed, count), islice(cycle(conditions), count), strict=True):
        shot = rasterised(drawn, dpi=DPI)
        yield case_of(shot, f"{drawn.name}-{condition}", f"business-{condition}", scratch, (condition, seed))


def _cases_of(path: Path, root: Path, scratch: Path) -> Iterator[Case]:
    name = "-".join(path.relative_to(root).with_suffix("").parts)
    suffix = path.suffix.lower()
    if path.name == "dataset.jsonl":
        yield from fact_cases(path, scratch)
    elif suffix in _IMAGES and path.with_suffix(".box.csv").is_file():
        yield receipt(path, name, scratch)
    elif suffix in (*_IMAGES, ".pdf") and path.with_suffix(".truth.json").is_file():
        document = codec.from_json(codec.loads(path.with_suffix(".truth.json").read_bytes()))
        yield Case(name, "document", _copied(path, name, scratch), Truth.of_page(document.pages[0]))
    elif suffix in (*_IMAGES, ".pdf") and path.with_suffix(".txt").is_file():
        yield text_case(path, name, "text", scratch)
    elif suffix == ".pdf":
        yield from prose_cases(path, name, scratch)


def _copied(path: Path, name: str, scratch: Path) -> Path:
    target = scratch / f"{name}{path.suffix}"
    shutil.copyfile(path, target)
    return target


def text_case(path: Path, name: str, kind: str, scratch: Path) -> Case:
    """A file beside its text."""
    return Case(name, kind, _copied(path, name, scratch), Truth(path.with_suffix(".txt").read_text("utf-8")))


def prose_cases(
    path: Path,
    name: str,
    scratch: Path,
    *,
    condition: Condition = Condition.CLEAN,
    prefix: str = "digital",
    most: int = 3,
) -> Iterator[Case]:
    """Up to `most` pages of a PDF whose text layers are prose, as pixels under `condition`; no case for others."""
    made = 0
    try:
        with opened(path) as source:
            for number in range(1, source.page_count + 1):
                language = prose_language(source.raw(number))
                if language is None:
                    continue
                shot = shot_of(source, number, DPI)
                case = case_of(
                    shot, f"{name}-{number}-{condition}", f"{prefix}-{language}", scratch, (condition, number)
                )
                yield without_blocks(case)
                made += 1
                if made == most:
                    return
    except DocStationError:
        # A file that cannot be opened, or not without a password, is no truth; how it ends is tested elsewhere.
        return


def receipt(path: Path, name: str, scratch: Path) -> Case:
    """An image with the lines of its ``.box.csv``, which are in capitals; the text of a line may hold commas itself."""
    with opened(path) as source:
        raw = source.raw(1)
        scale = source.native_scale(1) or 1.0
    lines = []
    with path.with_suffix(".box.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, quoting=csv.QUOTE_NONE):
            text = ",".join(row[8:]).strip()
            if text:
                xs, ys = [float(value) for value in row[0:8:2]], [float(value) for value in row[1:8:2]]
                box = Box(min(xs) / scale, min(ys) / scale, max(xs) / scale, max(ys) / scale)
                lines.append(Line((Word(text, box.clipped(raw.width, raw.height)),)))
    return Case(
        name, "receipts", _copied(path, f"receipt-{name}", scratch), replace(Truth.of_lines(lines), any_case=True)
    )


def fact_cases(path: Path, scratch: Path) -> Iterator[Case]:
    """Each PDF of the facts twice: as it is, and as pixels without a text layer."""
    by_page: dict[tuple[str, int], list[Fact]] = defaultdict(list)
    for fact in read_facts(path.read_text("utf-8").splitlines()):
        by_page[fact.file, fact.page].append(fact)
    for (file, page), facts in by_page.items():
        source_path = path.parent / "pdfs" / file
        if not source_path.is_file():
            continue
        truth = Truth(facts=(*facts, baseline(file, page)))
        name = f"facts-{Path(file).stem}-{page}"
        with opened(source_path) as source:
            single = source.page_count == 1
            shot = shot_of(source, page, DPI)
        save(shot, scratch / f"{name}-image.png")
        image = Case(f"{name}-image", "facts-image", scratch / f"{name}-image.png", truth)
        if single:
            yield replace(image, name=name, kind="facts-layer", path=_copied(source_path, name, scratch))
        yield image
