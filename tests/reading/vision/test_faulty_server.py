"""A server that fails every fifth request, in ten ways in turn: every page comes back whole, once, and says its own.

300 pages of a PDF go through the pool of worker processes as in a run of the product, with its ladder, its embedded
engine and its store; only the model is scripted: it reads the lines by the colour of their paper.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from docstation.document.model import Document, PageStatus
from docstation.intake.limits import Limits
from docstation.intake.sandbox import WorkerPool
from docstation.intake.sources import expand
from docstation.jobs.events import FileRead
from docstation.jobs.options import ReadOptions
from docstation.jobs.run import Run
from docstation.testing import marked_pages as marked
from docstation.testing.model_server import running
from docstation.testing.model_server_api import Said
from docstation.testing.model_server_script import Trouble

PAGES = 300
EVERY = 5
PROCESSES = 2
SECONDS = 24.0
"""Of a page: a request that hangs costs a sixth of it."""
FAULTS = ("error", "reset", "event", "truncated", "loop", "garbage", "slow", "empty", "wrong-boxes", "overflow")


class Faulty:
    """Answers as a model that never errs, and then spoils every fifth answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = itertools.count(1)
        self._random = random.Random(5)
        self.requests = 0
        self.failed: Counter[str] = Counter()

    def __call__(self, body: Mapping[str, object]) -> Said:
        good = marked.answer(body)
        with self._lock:
            number = next(self._count)
            self.requests = number
            if number % EVERY:
                return Said(good)
            fault = FAULTS[number // EVERY % len(FAULTS)]
            self.failed[fault] += 1
            where = self._random.uniform(0.2, 0.9)
        return spoilt(fault, good, where)


def spoilt(fault: str, good: str, where: float) -> Said:
    """What comes instead of a good answer; `where` is a share of it."""
    begun = good[: int(where * len(good))]
    by_fault: dict[str, Callable[[], Said]] = {
        "error": lambda: Said(good, Trouble.ERROR),
        "reset": lambda: Said(good, Trouble.CUT),
        "event": lambda: Said(good, Trouble.BREAKS),
        "truncated": lambda: Said(begun, finish="length"),
        "loop": lambda: Said(begun + " и сумма к оплате" * 2000),
        "garbage": lambda: Said("", Trouble.GARBAGE),
        "slow": lambda: Said(good, piece_seconds=60.0),
        "empty": lambda: Said(""),
        "wrong-boxes": lambda: Said(astray(good)),
        "overflow": lambda: Said(good, Trouble.OVERFLOW),
    }
    return by_fault[fault]()


def astray(good: str) -> str:
    """The layout with each block in a narrow strip at the left edge of the page."""
    if not good.startswith("["):
        return good[::-1]
    blocks = json.loads(good)
    return json.dumps([{**one, "bbox": [1, one["bbox"][1], 9, one["bbox"][3]]} for one in blocks], ensure_ascii=False)


def read(address: str, folder: Path) -> Document:
    pdf = folder / "marked.pdf"
    pdf.write_bytes(marked.pdf_of(range(1, PAGES + 1)))
    limits = Limits(page_seconds=SECONDS)
    (folder / "state").mkdir()
    (folder / "scratch").mkdir()
    options = ReadOptions(dpi=marked.DPI, jobs=PROCESSES, limits=limits)
    found = expand([str(pdf)], limits=limits, scratch=folder / "scratch")
    with WorkerPool(PROCESSES, "marked_worker:make", limits=limits, initial=(address, limits)) as pool:
        run = Run(
            found,
            options,
            pool,
            processes=PROCESSES,
            state=folder / "state",
            scratch=folder / "scratch",
            resume=False,
        )
        return next(event.document for event in run.events() if isinstance(event, FileRead))


def letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


@pytest.mark.slow
def test_every_page_comes_back_whole_and_once_from_a_server_that_fails_every_fifth_request(tmp_path: Path) -> None:
    faulty = Faulty()
    with running(name="rednote-hilab/dots.ocr") as server:
        server.api.says = faulty
        document = read(server.address, tmp_path)
    statuses = Counter(page.status.value for page in document.pages)
    reasons = Counter(page.reason for page in document.pages if page.reason)
    steps = Counter(one.step for page in document.pages for one in page.attempts)
    told = f"{faulty.requests} requests, failed {dict(faulty.failed)}, {statuses}, {reasons}, {steps}"
    print(told)

    assert sum(faulty.failed.values()) == faulty.requests // EVERY
    assert set(faulty.failed) == set(FAULTS)
    assert [page.number for page in document.pages] == list(range(1, PAGES + 1))
    assert statuses[PageStatus.FAILED.value] == 0, told
    whole, doubled = [], []
    for page in document.pages:
        text = letters(page.text)
        times = [text.count(letters(line.text)) for line in marked.lines_of(page.number)]
        if page.status is not PageStatus.FALLBACK and all(times):
            whole.append(page.number)
        if max(times) > 1:
            doubled.append(page.number)
    assert not doubled, told
    valid = [page for page in document.pages if page.blocks and all(block.text for block in page.blocks)]
    assert len(valid) >= 0.995 * PAGES, told
    # What the embedded engine reads instead has its own mistakes; pages that it had to read are few.
    assert len(whole) >= 0.97 * PAGES, (told, sorted(set(range(1, PAGES + 1)) - set(whole)))
