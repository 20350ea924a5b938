"""Reads one page with a served model: takes the steps of the ladder, keeps the best that came of them, logs all.

Works in pixels of the prepared page where answers are put together, in points of its upright frame otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from docstation.document.geometry import Affine, Box
from docstation.document.model import Attempt, Block, Category, Picture
from docstation.inference import tokens
from docstation.inference.profile import Task
from docstation.intake.page import Pixels, PreparedPage
from docstation.reading.vision import ladder
from docstation.reading.vision.answers import LAYOUTS, Answer, Asker, End, worst
from docstation.reading.vision.blocks import blocks_of
from docstation.reading.vision.checks import Checked, checked
from docstation.reading.vision.estimate import Estimate, of_page
from docstation.reading.vision.fields import ParsedBlock, Quad
from docstation.reading.vision.filling import fitting, inserted, usable, without_astray
from docstation.reading.vision.findings import Kind
from docstation.reading.vision.ladder import Step, Tried
from docstation.reading.vision.planner import Ask, Plan, Planner
from docstation.reading.vision.tiles import Seen, merge

SMALLER = 0.9
LEAST_SECONDS = 5.0
"""That must be left of the page's time for another question."""
PAUSES = {Step.AGAIN: 0.25, Step.WARMER: 1.0, Step.HALVES: 3.0}
"""Seconds before a model is asked again whose engine broke: the station brings it back meanwhile."""
_PARTS = {Step.HTML: 1, Step.HALVES: 2, Step.QUARTERS: 4}
"""In how many parts a page is asked for, whatever the plan was."""
_WITHIN = 0.5
_NOT_MUCH = 0.9
"""Share of the ink from which a page that nothing could be added to counts as read: the rest is specks and stamps."""
_SEEN_PICTURE = 0.25
"""Share of an image that blocks cover for it to be known to the model."""
_LEAST_PICTURE = 36.0
"""Points of a picture's shorter side."""

Region = Callable[[Sequence[Box]], Sequence[Block]]
"""Reads regions, in points of the upright frame, without the model: blocks in the same frame."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a step made of the page; all boxes are points of the upright frame.

    Attributes:
        blocks: in reading order.
        missed: boxes of ink that no block explains.
        silent: places that a model named without saying what is written there, or all of it.
        covered: share of the ink that is explained, 0 to 1.
    """

    blocks: tuple[Block, ...]
    missed: tuple[Box, ...]
    silent: tuple[tuple[Category, Box], ...]
    covered: float

    @property
    def gaps(self) -> tuple[tuple[Category, Box], ...]:
        """What is to be filled in: silent places where no other block speaks, and ink that is in none of them."""
        said = [block.box for block in self.blocks if block.text.strip()]
        silent = [one for one in self.silent if all(box.share_inside(one[1]) < _WITHIN for box in said)]
        ink = (box for box in self.missed if all(box.share_inside(place) < _WITHIN for _, place in silent))
        return (*silent, *((Category.TEXT, box) for box in ink))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the reading of a page ended.

    Attributes:
        blocks: the best that came, points of the upright frame; empty where the model gave nothing.
        attempts: all steps.
        reason: why the page is not simply read: the end of the first answer that was not well; empty otherwise.
    """

    blocks: tuple[Block, ...]
    attempts: tuple[Attempt, ...]
    reason: str


class PageReading:
    """The reading of one page.

    Args:
        page: with pixels.
        planner: for the model that serves.
        asker: of that model.
        region: reads what the model does not.
        until: reading of `clock` at which the page is to be finished.
        clock: seconds.
        pause: waits so many seconds.
    """

    def __init__(
        self,
        page: PreparedPage,
        pixels: Pixels,
        planner: Planner,
        asker: Asker,
        region: Region,
        *,
        until: float,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._page = page
        self._pixels = pixels
        self._planner = planner
        self._asker = asker
        self._region = region
        self._until = until
        self._clock = clock
        self._pause = pause
        self._size = (pixels.shape[1], pixels.shape[0])
        self._estimate: Estimate = of_page(page)
        self._tried: list[Tried] = []
        self._drafts: list[Draft] = []
        self._attempts: list[Attempt] = []
        self._warmth = 0

    def run(self) -> Outcome:
        """Go up the ladder until the page is done or the model has nothing more to say.

        Raises:
            NoEngine: the model has no room for the page, or no words to ask for it.
            MissingDependency: its words are in a library that is not installed.
        """
        while (step := self._next()) not in (Step.DONE, Step.EMBEDDED):
            self._take(step)
        blocks = self._drafts[ladder.best(self._tried)].blocks if step is Step.DONE else ()
        return Outcome(blocks, tuple(self._attempts), self._reason)

    @property
    def _reason(self) -> str:
        unwell = [one.end for one in self._tried if not one.is_whole]
        place = ladder.best(self._tried)
        if not unwell or (place == 0 and unwell[0] is End.STOP and self._tried[0].covered >= _NOT_MUCH):
            return ""
        return next((end.value for end in unwell if end is not End.STOP), "missed-ink")

    def _next(self) -> Step:
        html = self._planner.profile.can(Task.DOCUMENT)
        return ladder.next_step(self._tried, in_time=self._until - self._clock() > LEAST_SECONDS, html=html)

    def _take(self, step: Step) -> None:
        began = self._clock()
        draft, answers = self._filled() if step is Step.FILL else self._asked(step)
        end = worst([one.end for one in answers])
        if end is End.STOP and not draft.blocks and draft.covered < ladder.ENOUGH:
            end = End.GARBLED
        self._tried.append(Tried(step, end, len(draft.blocks), draft.covered, len(draft.gaps)))
        self._drafts.append(draft)
        self._attempts.append(
            Attempt(
                step.value,
                end.value,
                self._asker.model.id,
                len(draft.blocks),
                round(draft.covered, 3),
                sum(one.tokens for one in answers),
                round(self._clock() - began, 2),
                next((one.problem for one in answers if one.problem), ""),
            )
        )

    def _asked(self, step: Step) -> tuple[Draft, list[Answer]]:
        if self._tried and self._tried[-1].end is End.BROKEN:
            self._pause(PAUSES.get(step, 0.0))
        plan = self._planner.page(self._size, 72.0 * self._page.scale, self._estimate)
        plan = self._changed(plan, step)
        answers = self._ask(plan.asks)
        if plan.kind == "two-step":
            items, further = self._second_step(answers[0])
            answers += further
        else:
            items = self._joined(answers)
        return self._draft(items), answers

    def _changed(self, plan: Plan, step: Step) -> Plan:
        if step is Step.WARMER:
            self._warmth += 1
        if step is Step.SMALLER:
            return replace(plan, asks=tuple(self._planner.resized(one, SMALLER) for one in plan.asks))
        if step in _PARTS:
            task = Task.DOCUMENT if step is Step.HTML else self._task
            whole = replace(plan.asks[0], task=task, region=Box(0, 0, *self._size))
            return Plan("tiles", self._planner.parts(whole, _PARTS[step], self._estimate))
        return plan

    @property
    def _task(self) -> Task:
        return Task.LAYOUT if self._planner.profile.can(Task.LAYOUT) else Task.TEXT

    def _ask(self, asks: Sequence[Ask]) -> list[Answer]:
        tokens.unload()
        return self._asker.ask_all(self._pixels, asks, until=self._until, attempt=self._warmth)

    def _joined(self, answers: Sequence[Answer]) -> list[ParsedBlock]:
        """The blocks of all answers, in pixels of the page; those that tiles share once."""
        placed = [self._placed(one) for one in answers]
        if len(placed) == 1:
            return placed[0]
        tiles = [
            (one.ask.region, [Seen(_box(item, one.ask.region), item.category, item.text) for item in items])
            for one, items in zip(answers, placed, strict=True)
        ]
        return [_parsed(seen) for seen in merge(tiles)]

    def _second_step(self, layout: Answer) -> tuple[list[ParsedBlock], list[Answer]]:
        """The texts of the blocks of a layout, each asked for by itself."""
        items = [one for one in self._placed(layout) if one.box is not None]
        texts, answers = self._texts([(one.category, _box(one, layout.ask.region)) for one in items])
        return [replace(item, text=text) for item, text in zip(items, texts, strict=True)], answers

    def _texts(self, places: Sequence[tuple[Category, Box]]) -> tuple[list[str], list[Answer]]:
        """What stands in each place, pixels of the page; empty for pictures and where nothing usable came."""
        groups = self._planner.crops(places, self._size, 72.0 * self._page.scale, self._estimate)
        answers = self._ask([ask for group in groups for ask in group])
        left = iter(answers)
        texts = [
            self._one_text(place, [next(left) for _ in group]) for place, group in zip(places, groups, strict=True)
        ]
        return texts, answers

    def _one_text(self, place: tuple[Category, Box], answers: Sequence[Answer]) -> str:
        """The text of one place from the pieces that it was asked in."""
        category, box = place
        whole = _scaled(box, 1 / self._page.scale)
        said = [(one.ask.region, usable(one, category, whole)) for one in answers]
        if len(said) == 1:
            return said[0][1]
        return "\n".join(one.text for one in merge([(at, [Seen(at, category, text)]) for at, text in said if text]))

    def _filled(self) -> tuple[Draft, list[Answer]]:
        """The best draft with what it missed: asked for by itself, then read without the model."""
        draft = self._drafts[ladder.best(self._tried)]
        places = [(category, _scaled(box, self._page.scale)) for category, box in draft.gaps]
        answers: list[Answer] = []
        if places and len(places) <= ladder.MOST_GAPS and self._may_ask:
            texts, answers = self._texts(places)
            items = [
                ParsedBlock(_quad(box), category, text, 0, len(text))
                for (category, box), text in zip(places, texts, strict=True)
                if text
            ]
            draft = self._checked(inserted(draft.blocks, self._blocks(items)[0]))
        if draft.missed:
            helped = fitting(self._region(draft.missed), draft.missed)
            draft = self._checked(inserted(draft.blocks, helped))
        return draft, answers

    @property
    def _may_ask(self) -> bool:
        return self._until - self._clock() > LEAST_SECONDS and self._tried[-1].end is not End.AWAY

    def _draft(self, items: Sequence[ParsedBlock]) -> Draft:
        return self._checked(*self._blocks([replace(one, text="") if one.partial else one for one in items]))

    def _blocks(self, items: Sequence[ParsedBlock]) -> tuple[tuple[Block, ...], tuple[tuple[Category, Box], ...]]:
        """The blocks that items mean, and the places of those that say nothing."""
        made = blocks_of(
            items,
            number=self._page.number,
            size=self._page.size,
            to_points=Affine.scaling(1 / self._page.scale),
        )
        silent = ((one.detail, one.box) for one in made.findings if one.kind is Kind.NO_TEXT)
        return made.blocks, tuple((Category(category), box) for category, box in silent if box is not None)

    def _checked(self, blocks: Sequence[Block], silent: tuple[tuple[Category, Box], ...] = ()) -> Draft:
        page = self._page
        # Words that stand on an image were looked for by the text layer's judge: its other images are pictures.
        known = tuple(one for one in page.images if page.words and not any(map(one.intersection, page.unread)))
        seen: Checked = checked(blocks, page.size, self._pixels, page.scale, known=known)
        missed = tuple(one.box for one in seen.of(Kind.MISSED_INK) if one.box is not None)
        empty = {one.box for one in seen.of(Kind.EMPTY_BOX) if one.box is not None}
        kept = without_astray(seen.blocks, empty, missing=bool(missed))
        kept = inserted(kept, _pictures(page, kept))
        named = tuple(replace(block, id=f"p{page.number}-b{place}") for place, block in enumerate(kept, start=1))
        return Draft(named, missed, silent, _covered(named, missed))

    def _placed(self, answer: Answer) -> list[ParsedBlock]:
        """The answer's blocks in pixels of the page; a text without boxes is one block as large as what was asked."""
        region = answer.ask.region
        if answer.ask.task not in LAYOUTS:
            text = usable(answer, Category.TEXT, _scaled(region, 1 / self._page.scale))
            return [ParsedBlock(_quad(region), Category.TEXT, text, 0, len(text))] if text else []
        to_source = answer.ask.placement(self._planner.profile).to_source()
        return [
            one if one.box is None else replace(one, box=_quad(to_source.box(Box(*one.box)))) for one in answer.items
        ]


def _pictures(page: PreparedPage, blocks: Sequence[Block]) -> list[Block]:
    """The images of a page with a text layer that no block has: models pass them over."""
    found = []
    for box in page.images if page.words else ():
        seen = sum(common.area for block in blocks if (common := block.box.intersection(box)))
        if min(box.width, box.height) >= _LEAST_PICTURE and seen < _SEEN_PICTURE * box.area:
            found.append(Block("", Category.PICTURE, box, picture=Picture()))
    return found


def _quad(box: Box) -> Quad:
    return box.x0, box.y0, box.x1, box.y1


def _box(item: ParsedBlock, otherwise: Box) -> Box:
    return Box(*item.box) if item.box is not None else otherwise


def _parsed(seen: Seen) -> ParsedBlock:
    return ParsedBlock(_quad(seen.box), seen.category, seen.text, 0, len(seen.text))


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale)


def _covered(blocks: Sequence[Block], missed: Sequence[Box]) -> float:
    """Share of the written area that blocks explain; all of it where nothing is missed."""
    lost = sum(box.area for box in missed)
    kept = sum(block.box.area for block in blocks)
    return kept / (kept + lost) if lost else 1.0
