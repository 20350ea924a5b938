"""Plans what to ask of a page so that picture, words and answer fit in the model's window, whatever page and window.

A page is asked whole where its letters stay legible beside the answer that is expected; a dense one in two steps, its
layout first and then its blocks; one that is too large for either in tiles that overlap. Every ask leaves room for an
answer. Pure arithmetic: nothing is rendered or sent here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.errors import NoEngine
from docstation.inference.grid import LONGEST_SHAPE, Placement, Size, fit, image_tokens, least_cells, max_cells
from docstation.inference.profile import Profile, Task
from docstation.inference.window import prompt_tokens, room
from docstation.messages.marking import N_
from docstation.reading.vision.estimate import Estimate
from docstation.reading.vision.tiles import cover, grown, parted

LEAST_OUTPUT = 256
"""Tokens that every ask keeps for its answer."""
USUAL_SHARE = 3 / 8
"""Share of the window kept for the answer where the picture does not need it: guesses may be too low."""
SAFETY = 1.25
"""Times the guess that must fit for a page to be asked whole."""
LEGIBLE = 8.0
"""Pixels of usual letters in the picture that is sent, below which models misread."""
LEGIBLE_DPI = 110.0
"""The same where the height of the letters is not known."""
_FOR_BOXES = 0.5
"""Share of the legible size that is enough to see where blocks are."""
_MOST_TILES = 64
_MANY_TILES = 48
"""From which tiles may be as narrow as they come."""
_COARSE = 6
"""Above so many tiles not every number is tried."""
_LONGEST_TILE = 8.0
"""Times that a page's longer side may be the shorter one before it is cut up."""
_CROP_MARGIN = 0.6
"""Letters around a block that are sent with it: boxes are tight, and a cut letter is lost."""
_USUAL_LETTER = 14.0
_UNEVEN = 1.2

Kind = Literal["whole", "two-step", "tiles"]

CROP_TASKS = {Category.TABLE: Task.TABLE, Category.FORMULA: Task.FORMULA}
"""What a block is asked for in the second step; every other one for its text, a picture for nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about one part of a page.

    Attributes:
        task: what is asked.
        region: the part, in pixels of the prepared page.
        sent: (width, height) that it is sent in, pixels.
        prompt: words, without the profile's prefix.
        prompt_tokens: of words and template.
        image_tokens: of the picture.
        max_tokens: bound on the answer.
    """

    task: Task
    region: Box
    sent: Size
    prompt: str
    prompt_tokens: int
    image_tokens: int
    max_tokens: int

    @property
    def total(self) -> int:
        """What it may take of the window."""
        return self.prompt_tokens + self.image_tokens + self.max_tokens

    def placement(self, profile: Profile) -> Placement:
        """Where its picture was cut from, for carrying boxes back."""
        return Placement(self.region, self.sent, profile.grid.coordinates)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask of a page.

    Attributes:
        kind: ``whole``: one ask. ``two-step``: one for the layout, then `Planner.crops` of the blocks that it finds.
            ``tiles``: several, row by row, to be merged by `docstation.reading.vision.tiles`.
        asks: in their order.
    """

    kind: Kind
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans for one model.

    Attributes:
        profile: its dialect.
        window: its context in tokens.
        max_pixels: largest picture that its server takes; None for the profile's usual bound.
    """

    profile: Profile
    window: int
    max_pixels: int | None = None

    def page(self, size: Size, dpi: float, estimate: Estimate) -> Plan:
        """The plan of a whole page.

        Args:
            size: (width, height) of the prepared page, pixels.
            dpi: of these pixels.
            estimate: of what it will make the model say.

        Raises:
            NoEngine: the window has no room for any page, or the profile has no words for one.
            MissingDependency: its words are in a library that is not installed.
        """
        region = Box(0, 0, *size)
        legible = _legible(dpi, estimate)
        fallen = _shape(region) > _LONGEST_TILE
        task = Task.LAYOUT if self.profile.can(Task.LAYOUT) else Task.TEXT
        if not fallen and (ask := self._whole(task, region, estimate, legible)):
            return Plan("whole", (ask,))
        if not fallen and self.profile.can(Task.LAYOUT_ONLY) and (ask := self._boxes(region, estimate, legible)):
            return Plan("two-step", (ask,))
        return Plan("tiles", self._tiles(task, region, estimate, legible))

    def crops(
        self, blocks: Sequence[tuple[Category, Box]], size: Size, dpi: float, estimate: Estimate
    ) -> tuple[tuple[Ask, ...], ...]:
        """The second step: for each block, in order, the asks for its text; none for pictures.

        Args:
            blocks: category and box, in pixels of the prepared page.
            size: of the prepared page.
            dpi: of its pixels.
            estimate: of the whole page.

        Returns:
            one tuple a block: empty, one ask, or several from top to bottom with overlap.
        """
        whole = sum(box.area for category, box in blocks if category is not Category.PICTURE) or 1.0
        legible = _legible(dpi, estimate)
        return tuple(
            ()
            if category is Category.PICTURE
            else self._crop(category, box, size, estimate.share(box.area / whole), legible)
            for category, box in blocks
        )

    def parts(self, ask: Ask, count: int, estimate: Estimate) -> tuple[Ask, ...]:
        """The region of `ask` again, in `count` parts that overlap, for an answer that went wrong as a whole."""
        pieces = parted(ask.region, count, _overlap(estimate))
        return tuple(self._forced(ask.task, piece, estimate.share(1 / count)) for piece in pieces)

    def resized(self, ask: Ask, scale: float) -> Ask:
        """`ask` with its picture sent larger or smaller, as far as window and server allow."""
        cells = self._cells(ask.region, ask.prompt_tokens, LEAST_OUTPUT)
        wide, high = ask.sent[0] * scale, ask.sent[1] * scale
        return self._made(ask.task, ask.region, (wide, high), ask.prompt, ask.prompt_tokens, cells)

    def _whole(self, task: Task, region: Box, estimate: Estimate, legible: float) -> Ask | None:
        """The region in one ask; None where letters would be too small beside the answer that is expected."""
        words = self.profile.prompt(task)
        taken = prompt_tokens(self.profile, words)
        needed = max(LEAST_OUTPUT, int(SAFETY * estimate.layout_tokens))
        for kept in dict.fromkeys((max(needed, int(USUAL_SHARE * self.window)), needed)):
            cells = self._cells(region, taken, kept)
            if cells and _scale(region, cells * self.profile.grid.factor**2) >= legible:
                return self._made(task, region, (region.width, region.height), words, taken, cells)
        return None

    def _boxes(self, region: Box, estimate: Estimate, legible: float) -> Ask | None:
        words = self.profile.prompt(Task.LAYOUT_ONLY)
        taken = prompt_tokens(self.profile, words)
        cells = self._cells(region, taken, max(LEAST_OUTPUT, int(SAFETY * estimate.boxes_tokens)))
        if not cells or _scale(region, cells * self.profile.grid.factor**2) < _FOR_BOXES * legible:
            return None
        return self._made(Task.LAYOUT_ONLY, region, (region.width, region.height), words, taken, cells)

    def _tiles(self, task: Task, region: Box, estimate: Estimate, legible: float) -> tuple[Ask, ...]:
        """About the fewest tiles that are legible each; the most there may be where none are."""
        tiles: tuple[Box, ...] = ()
        for count in _counts(region):
            tiles = cover(region, *count, _overlap(estimate))
            if len(tiles) < _MANY_TILES and _shape(tiles[0]) > _LONGEST_TILE:
                continue
            if asks := self._each(task, tiles, estimate, legible):
                return asks
        share = _shared(estimate, tiles)
        return tuple(self._forced(task, tile, share) for tile in tiles)

    def _crop(self, category: Category, box: Box, size: Size, estimate: Estimate, legible: float) -> tuple[Ask, ...]:
        task = CROP_TASKS.get(category, Task.TEXT)
        task = task if self.profile.can(task) else Task.TEXT
        margin = _CROP_MARGIN * (estimate.letter or _USUAL_LETTER)
        region = grown(box.expanded(margin).clipped(*size), size, LONGEST_SHAPE / 2)
        for count in (1, 2, 4, 8, 16):
            pieces = parted(region, count, _overlap(estimate), downwards=True)
            if asks := self._each(task, pieces, estimate, legible):
                return asks
        share = _shared(estimate, pieces)
        return tuple(self._forced(task, piece, share) for piece in pieces)

    def _each(self, task: Task, regions: Sequence[Box], estimate: Estimate, legible: float) -> tuple[Ask, ...]:
        """One legible ask for each region; none at all where one of them cannot have it."""
        share, asks = _shared(estimate, regions), []
        for region in sorted(regions, key=lambda one: -one.area)[:1] + list(regions):
            ask = self._whole(task, region, share, legible)
            if ask is None:
                return ()
            asks.append(ask)
        return tuple(asks[1:])

    def _forced(self, task: Task, region: Box, estimate: Estimate) -> Ask:
        """An ask that fits, legible or not; what is expected of the answer counts up to half the window."""
        words = self.profile.prompt(task)
        taken = prompt_tokens(self.profile, words)
        needed = min(self.window // 2, max(LEAST_OUTPUT, int(SAFETY * estimate.layout_tokens)))
        cells = self._cells(region, taken, needed) or self._cells(region, taken, LEAST_OUTPUT)
        return self._made(task, region, (region.width, region.height), words, taken, cells)

    def _cells(self, region: Box, taken: int, kept: int) -> int:
        """Tokens that its picture may have beside so many of words and answer; 0 where not even the smallest fits."""
        grid = self.profile.grid
        most = max_cells(grid, grid.usual_pixels if self.max_pixels is None else self.max_pixels)
        left = min(most, room(self.window, taken, kept))
        return left if left >= min(most, least_cells(*_squeezed(region.width, region.height), grid)) else 0

    def _made(self, task: Task, region: Box, size: tuple[float, float], words: str, taken: int, cells: int) -> Ask:
        grid = self.profile.grid
        if not cells:
            raise NoEngine(NO_ROOM, model=self.profile.title, window=self.window)
        sent = fit(*_squeezed(*size), grid, max_pixels=cells * grid.factor**2)
        tokens = image_tokens(*sent, grid)
        return Ask(task, region, sent, words, taken, tokens, room(self.window, tokens, taken))


def _legible(dpi: float, estimate: Estimate) -> float:
    """The smallest scale at which the page's letters can be read; its own size is always enough."""
    return min(1.0, LEGIBLE / estimate.letter if estimate.letter else LEGIBLE_DPI / dpi)


def _shared(estimate: Estimate, regions: Sequence[Box]) -> Estimate:
    """Of one of several regions about alike; more than its part, for text is not spread evenly."""
    return estimate.share(min(1.0, _UNEVEN / len(regions)))


def _scale(region: Box, pixels: float) -> float:
    """How far the region must be reduced to have no more than so many pixels."""
    return float(min(1.0, pixels / region.area) ** 0.5)


def _squeezed(width: float, height: float) -> tuple[float, float]:
    """A size in a shape that models take; what is longer is sent squeezed."""
    return max(width, height / LONGEST_SHAPE), max(height, width / LONGEST_SHAPE)


def _shape(region: Box) -> float:
    return max(region.width, region.height) / max(1.0, min(region.width, region.height))


def _overlap(estimate: Estimate) -> float:
    """Pixels that tiles share: some lines of text, so that no line is cut in both."""
    return 4.0 * (estimate.letter or _USUAL_LETTER)


def _counts(region: Box) -> Iterator[tuple[int, int]]:
    """Columns and rows to try, ever more: bands over the whole width, for a cut from top to bottom goes through lines.

    Only a band that would be much wider than high is cut in two.
    """
    count = 2
    while count <= _MOST_TILES:
        columns = max(1, math.ceil(math.sqrt(count * region.width / region.height / _LONGEST_TILE)))
        yield columns, math.ceil(count / columns)
        count += max(1, count // _COARSE)


NO_ROOM = N_("The window of {model}, {window} tokens, has no room for a page.")
