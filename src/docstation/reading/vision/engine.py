"""The engine that reads pages with a served vision-language model; what it cannot, the embedded engine does.

A page whose own text layer is sane is not asked for: the layer is exact and free. See `docstation.reading.engine`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from docstation.document.geometry import Box
from docstation.document.mapping import map_block
from docstation.document.model import Attempt, Block, Category, Page, PageStatus, Picture, TextLayer
from docstation.errors import MissingDependency, NoEngine
from docstation.inference.completions import Client
from docstation.inference.failures import one_line
from docstation.inference.served import ServedModel
from docstation.intake.page import Pixels, PreparedPage
from docstation.reading.embedded.engine import LEAST_PICTURE, cut
from docstation.reading.engine import PageEngine, ReadPage
from docstation.reading.vision.answers import Asker, End
from docstation.reading.vision.exact import with_exact_text
from docstation.reading.vision.ladder import Step
from docstation.reading.vision.page_reading import Outcome, PageReading
from docstation.reading.vision.places import with_places
from docstation.reading.vision.planner import Planner

USUAL_WINDOW = 8192
"""Of servers that do not tell theirs."""
SHARE_OF_TIME = 0.75
"""Of a page's time that the model may take; the rest is for the embedded engine."""


class VisionEngine:
    """Reads prepared pages with one served model.

    Args:
        model: that serves.
        client: makes a client of its server, given what tells that a question is to be given up.
        embedded: makes the engine that reads what the model does not; called when it is first needed.
        page_seconds: of one page, all told.
        at_once: questions about one page that are under way together.
        clock: seconds.
    """

    def __init__(
        self,
        model: ServedModel,
        client: Callable[[Callable[[], bool]], Client],
        embedded: Callable[[], PageEngine],
        *,
        page_seconds: float = 120.0,
        at_once: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = model.id
        self.model = model
        self._planner = Planner(model.profile, model.context or USUAL_WINDOW)
        self._asker = Asker(model, client, at_once=at_once, clock=clock)
        self._make_embedded = embedded
        self._made: PageEngine | None = None
        self._seconds = page_seconds
        self._clock = clock

    def read(self, page: PreparedPage) -> ReadPage:
        """Read one page; see `docstation.reading.engine.PageEngine.read`."""
        if page.blank or page.pixels is None or page.verdict is TextLayer.SANE:
            return self._embedded.read(page)
        until = self._clock() + SHARE_OF_TIME * self._seconds
        reading = PageReading(
            page,
            page.pixels,
            self._planner,
            self._asker,
            lambda boxes: self._region(page, boxes),
            until=until,
            clock=self._clock,
        )
        try:
            outcome = reading.run()
        except (NoEngine, MissingDependency) as error:
            refused = Attempt(Step.PLANNED.value, End.REFUSED.value, self.name, problem=one_line(str(error)))
            outcome = Outcome((), (refused,), End.REFUSED.value)
        if not outcome.blocks and outcome.reason:
            return self._fallen(page, outcome)
        return self._finished(page, page.pixels, outcome)

    def close(self) -> None:
        """End the connections to the server."""
        self._asker.close()

    @property
    def _embedded(self) -> PageEngine:
        if self._made is None:
            self._made = self._make_embedded()
        return self._made

    def _region(self, page: PreparedPage, boxes: Sequence[Box]) -> tuple[Block, ...]:
        """What the embedded engine reads, shown these boxes; blocks in points of the upright frame."""
        part = replace(page, unread=tuple(boxes), words=(), images=(), verdict=TextLayer.ABSENT)
        read = self._embedded.read(part).page
        back = page.to_page.inverse()
        return tuple(map_block(block, back, *page.size) for block in read.blocks)

    def _fallen(self, page: PreparedPage, outcome: Outcome) -> ReadPage:
        """The page as the embedded engine reads it."""
        began = self._clock()
        read = self._embedded.read(page)
        last = Attempt(
            Step.EMBEDDED.value,
            "stop",
            self._embedded.name,
            len(read.page.blocks),
            seconds=round(self._clock() - began, 2),
        )
        attempts = (*outcome.attempts, last)
        status = PageStatus.FALLBACK if read.page.blocks else PageStatus.FAILED
        return replace(
            read, page=replace(read.page, status=status, reason=f"model-{outcome.reason}", attempts=attempts)
        )

    def _finished(self, page: PreparedPage, pixels: Pixels, outcome: Outcome) -> ReadPage:
        blocks = with_exact_text(outcome.blocks, page.words) if page.words else outcome.blocks
        blocks = with_places(blocks, pixels, page.scale)
        pictures: dict[str, Pixels] = {}
        mapped = tuple(
            map_block(_with_picture(block, pixels, page.scale, pictures), page.to_page, *page.page_size)
            for block in blocks
        )
        mended = bool(outcome.reason)
        read = Page(
            number=page.number,
            width=page.page_size[0],
            height=page.page_size[1],
            blocks=mapped,
            status=PageStatus.REPAIRED if mended else PageStatus.OK,
            reason=f"model-{outcome.reason}" if mended else "",
            rotation=page.rotation,
            skew=page.skew,
            text_layer=page.verdict,
            engine=self.name,
            attempts=outcome.attempts,
        )
        return ReadPage(read, pictures)


def _with_picture(block: Block, pixels: Pixels, scale: float, pictures: dict[str, Pixels]) -> Block:
    """A block of category Picture with its cut-out, which is put among the others."""
    if block.category is not Category.PICTURE:
        return block
    crop = cut(pixels, block.box, scale)
    if min(crop.shape[:2]) < LEAST_PICTURE:
        return block
    file = f"{block.id}.png"
    pictures[file] = crop
    return replace(block, picture=Picture(file, crop.shape[1], crop.shape[0]))
