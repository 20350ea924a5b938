"""Drawn lines of a raster page: thin dark or light strokes, on white and on tinted ground, faint and broken ones too.

A morphological closing across a line's direction shows what is thin and darker than its surroundings, whatever the
ground; smoothing along the direction strengthens lines against noise and bridges their gaps. Returns strokes in points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from docstation.document.geometry import Box
from docstation.intake.page import Pixels
from docstation.reading.embedded.tables.grid import ends_meet
from docstation.reading.embedded.tables.strokes import Stroke, Strokes

Gray = npt.NDArray[np.uint8]

RESOLUTION = 150 / 72
"""Pixels per point at which lines are looked for; finer rasters are reduced to it."""
SHORTEST = 9.0
"""Points: shorter pieces are letters or noise."""
THICKEST = 5.5
"""Points: what is thicker is a bar and not a line."""
_CONTRAST = 14
_LONGEST_ARC, _BEND = 150, 0.6
"""Pixels: longer pieces are not asked whether they bend; a straight one bends less than this."""
_SMOOTHED = 5.0
_CALMED = 1.0
_STEADY, _STEADIER = 0.35, 0.5
"""Least darkness of the faint parts over the usual one, for long strokes and for the shortest."""
_INSIDE, _INSIDE_SHORT = (-0.05, 0.6), (-0.05, 0.4)
_OF_TWO_LINES = 40.0
"""Points that two lines of small type are high, with the space around them."""
_AT_EDGE = (0.1, 0.85)
_SHORT = 32.0
"""Points: a shorter ruling always reaches from one longer ruling to another."""
_BETWEEN, _FEWEST_BETWEEN = 0.7, 4
"""Share of the white between words in which a ruling is seen, and pixels of white that tell."""
_SCALES = (72.0, 30.0, SHORTEST)


@dataclass(frozen=True, slots=True)
class LineImage:
    """How strongly each pixel looks like part of a thin line, per direction, at `scale` pixels per point.

    The image of vertical lines is stored turned (rows and columns exchanged), so that both are searched alike.
    """

    horizontal: Gray
    vertical: Gray
    scale: float


def line_image(pixels: Pixels, scale: float) -> LineImage:
    """Line strength of a page raster of `scale` pixels per point."""
    import cv2

    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    if scale > RESOLUTION * 1.2:
        factor = RESOLUTION / scale
        gray = cv2.resize(gray, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        scale = gray.shape[0] / pixels.shape[0] * scale
    level = _strength(gray, scale)
    upright = _strength(np.ascontiguousarray(gray.T), scale)
    return LineImage(level, upright, scale)


def _strength(gray: Gray, scale: float) -> Gray:
    """How much darker a pixel is than what lies above and below it within a line's thickness, noise levelled."""
    import cv2

    across = 2 * round(THICKEST * scale / 2) + 3
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (1, across))
    # Averaged along the line first: the closing then answers to lines and hardly to grain.
    calm = cv2.blur(gray, (2 * round(_CALMED * scale / 2) + 1, 1))
    strength: Gray = cv2.subtract(cv2.morphologyEx(calm, cv2.MORPH_CLOSE, kernel), calm)
    floor = int(np.median(strength))
    return cv2.subtract(strength, (floor,)) if floor else strength


def strokes_of(image: LineImage, words: Sequence[Box] = ()) -> Strokes:
    """Strokes of at least `SHORTEST` points; those that are letters of `words` are left out.

    What runs along the edge of words is a ruling only where it ends at rulings of the other direction.
    """
    turned = [Box(box.y0, box.x0, box.y1, box.x1) for box in words]
    level = _chained_clear_of(words, _strokes(image.horizontal, image.scale))
    upright = _chained_clear_of(turned, _strokes(image.vertical, image.scale))
    return Strokes(
        tuple(s for s in level if _is_ruling(s, upright, words, image.horizontal, image.scale)),
        tuple(s for s in upright if _is_ruling(s, level, turned, image.vertical, image.scale)),
    )


def _chained_clear_of(words: Sequence[Box], pieces: Sequence[Stroke]) -> list[Stroke]:
    """Pieces that are no letters, joined; ends that run on through a word, where its letters stood in line, cut off."""
    clear = chained([piece for piece in pieces if not _is_letters(piece, words)])
    cut = (_cut_at_words(stroke, words) for stroke in clear)
    return [stroke for stroke in cut if stroke.length >= SHORTEST]


def _is_letters(piece: Stroke, words: Sequence[Box]) -> bool:
    """Whether a piece is made of letters: stems that stand over one another in two short lines look like a ruling."""
    return _along_words(piece, words, *(_INSIDE if piece.length >= _OF_TWO_LINES else _INSIDE_SHORT))


def _cut_at_words(stroke: Stroke, words: Sequence[Box]) -> Stroke:
    """The stroke less ends that pass through the middle of a word and end soon behind it."""
    start, end = stroke.start, stroke.end
    for box in words:
        depth = (stroke.at - box.y0) / (box.height or 1)
        if not 0.12 < depth < 0.88 or box.x1 <= start or box.x0 >= end:
            continue
        behind = 1.2 * box.width
        if box.x0 - stroke.start <= behind:
            start = max(start, box.x1)
        elif stroke.end - box.x1 <= behind:
            end = min(end, box.x0)
    if end <= start:
        return Stroke(start, start, stroke.at, stroke.at)
    return Stroke(start, end, stroke.at_position(start), stroke.at_position(end))


def _is_ruling(stroke: Stroke, across: Sequence[Stroke], words: Sequence[Box], strength: Gray, scale: float) -> bool:
    """Whether a stroke is no row of letters: clear of words, or between rulings and seen in the white between words."""
    if stroke.length < _SHORT and not ends_meet(
        stroke, [other for other in across if other.length > 2 * stroke.length]
    ):
        # What leads from nowhere to nowhere, or from one letter to another, is a piece of a stamp or of a word.
        return False
    if not _along_words(stroke, words, *_AT_EDGE):
        return True
    return ends_meet(stroke, across) and _seen_between(stroke, words, strength, scale)


def _seen_between(stroke: Stroke, words: Sequence[Box], strength: Gray, scale: float) -> bool:
    """Whether the stroke is there in the white between the words that it runs along."""
    columns = np.arange(int(stroke.start * scale) + 1, int(stroke.end * scale))
    free = np.ones(len(columns), dtype=bool)
    for box in words:
        if box.y0 - 0.3 * box.height < stroke.at < box.y1 + 0.3 * box.height:
            free &= (columns < box.x0 * scale - 2) | (columns > box.x1 * scale + 2)
    if free.sum() < _FEWEST_BETWEEN:
        return False
    rows = np.array([round(stroke.at_position(column / scale) * scale) for column in columns[free]])
    near = np.clip(rows + np.array([[-1], [0], [1]]), 0, strength.shape[0] - 1)
    seen = strength[near, np.clip(columns[free], 0, strength.shape[1] - 1)].max(axis=0) > _CONTRAST
    return bool(seen.mean() >= _BETWEEN)


def _strokes(strength: Gray, scale: float) -> list[Stroke]:
    """Strokes found from the longest scale to the shortest: what touches a long line does not hide it."""
    import cv2

    smooth = cv2.blur(strength, (max(3, round(_SMOOTHED * scale)), 1))
    mask = (smooth > _CONTRAST).astype(np.uint8)
    # Thickened by a pixel, a slightly tilted line holds together under the opening along its direction.
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_RECT, (1, 3)))
    found = []
    for shortest in _SCALES:
        length = round(shortest * scale)
        opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, (length, 1)))
        for component in _components(opened, length, round(THICKEST * scale) + 2):
            stroke = _without_blur(strength, component, SHORTEST * scale)
            if stroke is not None and _is_steady(strength, stroke, _STEADY if shortest > SHORTEST else _STEADIER):
                found.append(stroke.scaled(1 / scale))
                _erase(mask, component)
    return found


def _components(mask: Gray, shortest: int, thickest: int) -> list[Stroke]:
    """Strokes through the connected parts of a mask, in pixels; parts too short or too thick are left out."""
    import cv2

    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found = []
    for label in range(1, count):
        x, y, width, height, area = (int(v) for v in stats[label])
        if width < shortest or area / width > thickest or height > 0.1 * width + thickest:
            continue
        piece = labels[y : y + height, x : x + width] == label
        if not _is_arc(piece):
            found.append(_fitted(piece, x, y))
    return found


def _is_arc(piece: npt.NDArray[np.bool_]) -> bool:
    """Whether a piece bends, as the rings of a stamp do: its middle lies to one side of both of its ends."""
    width = piece.shape[1]
    if width > _LONGEST_ARC:
        return False
    rows = np.arange(piece.shape[0])[:, None]
    path = (piece * rows).sum(axis=0) / np.maximum(piece.sum(axis=0), 1)
    end = max(1, width // 6)
    bend = float(path[width // 3 : -(width // 3)].mean() - (path[:end].mean() + path[-end:].mean()) / 2)
    return abs(bend) > _BEND


def _erase(mask: Gray, stroke: Stroke) -> None:
    import cv2

    ends = [(round(stroke.start), round(stroke.at_start)), (round(stroke.end), round(stroke.at_end))]
    cv2.line(mask, ends[0], ends[1], (0,), 5)


def _fitted(piece: npt.NDArray[np.bool_], x: int, y: int) -> Stroke:
    """The stroke through a component, in pixels: its middle row at both ends, by the means of its end parts."""
    width = piece.shape[1]
    part = max(1, width // 4)
    rows = np.arange(piece.shape[0])[:, None]
    first = float((piece[:, :part] * rows).sum() / piece[:, :part].sum())
    last = float((piece[:, -part:] * rows).sum() / piece[:, -part:].sum())
    slope = (last - first) / max(1, width - part)
    return Stroke(x, x + width, y + 0.5 + first - slope * part / 2, y + 0.5 + last + slope * part / 2)


def _without_blur(strength: Gray, stroke: Stroke, shortest: float) -> Stroke | None:
    """The stroke less what smoothing added to its ends; None where less than `shortest` pixels are left."""
    columns, along = _profile(strength, stroke)
    seen = np.flatnonzero(along > _CONTRAST / 2)
    if seen.size == 0:
        return None
    start, end = float(columns[seen[0]]), float(columns[seen[-1]] + 1)
    if end - start < shortest:
        return None
    return Stroke(start, end, stroke.at_position(start), stroke.at_position(end))


def _is_steady(strength: Gray, stroke: Stroke, least: float) -> bool:
    """Whether the stroke is about equally dark all along its middle; a row of letters, smoothed to a band, is not."""
    weak, usual = np.percentile(_profile(strength, stroke)[1], (20, 60))
    return bool(usual > 0 and weak >= least * usual)


def _profile(strength: Gray, stroke: Stroke) -> tuple[npt.NDArray[np.int64], Gray]:
    """The columns of a stroke, in pixels, and how strong it is in each."""
    columns = np.arange(int(stroke.start), max(int(stroke.start) + 1, int(stroke.end)))
    middle = stroke.at_start + stroke.slope * (columns + 0.5 - stroke.start)
    rows = np.clip(middle.astype(int) + np.array([[-1], [0], [1]]), 0, strength.shape[0] - 1)
    return columns, strength[rows, np.clip(columns, 0, strength.shape[1] - 1)].max(axis=0)


def _along_words(stroke: Stroke, words: Sequence[Box], margin: float, share: float) -> bool:
    """Whether at least `share` of the stroke runs through words' boxes, `margin` box heights wider on both sides."""
    covered = 0.0
    for box in words:
        depth = (stroke.at - box.y0) / (box.height or 1)
        if -margin < depth < 1 + margin:
            covered += max(0.0, min(stroke.end, box.x1 + 1) - max(stroke.start, box.x0 - 1))
    return covered >= share * stroke.length


def drawn_share(image: LineImage, start: tuple[float, float], end: tuple[float, float], *, upright: bool) -> float:
    """Share of the way between two points (page points) on which a line is seen, within a point to either side."""
    strength = image.vertical if upright else image.horizontal
    points = np.array([start, end]) * image.scale
    if upright:
        points = points[:, ::-1]
    (along0, at0), (along1, at1) = points
    columns = np.arange(round(along0), round(along1) + 1)
    if len(columns) < 3:
        return 0.0
    middle = at0 + (at1 - at0) * (columns - along0) / (along1 - along0)
    reach = max(1, round(image.scale))
    rows = np.clip(np.rint(middle).astype(int) + np.arange(-reach, reach + 1)[:, None], 0, strength.shape[0] - 1)
    seen = strength[rows, np.clip(columns, 0, strength.shape[1] - 1)].max(axis=0) > _CONTRAST
    return float(seen.mean())


def chained(strokes: Sequence[Stroke], *, gap: float = 14.0, apart: float = 1.5) -> list[Stroke]:
    """Join pieces that continue one another: one begins soon after, and where the other, prolonged, passes.

    A gap is bridged up to `gap` points and to half the longer piece: letters one above the other are no line. Longer
    pieces give the direction, shorter ones only prolong them.
    """
    runs: list[Stroke] = []
    for piece in sorted(strokes, key=lambda s: -s.length):
        for i, run in enumerate(runs):
            if _continues(run, piece, gap, apart):
                runs[i] = _prolonged(run, piece)
                break
        else:
            runs.append(piece)
    return runs


def _continues(run: Stroke, piece: Stroke, gap: float, apart: float) -> bool:
    missing = max(piece.start - run.end, run.start - piece.end)
    # A short piece beyond a wide gap is a letter under or over the line.
    if missing > min(gap, run.length / 2, piece.length / 2):
        return False
    allowed = apart + max(0.0, missing) * 0.01
    return all(abs(run.at_position(x) - at) <= allowed for x, at in _ends(piece))


def _ends(stroke: Stroke) -> tuple[tuple[float, float], tuple[float, float]]:
    return (stroke.start, stroke.at_start), (stroke.end, stroke.at_end)


def _prolonged(run: Stroke, piece: Stroke) -> Stroke:
    """`run` up to the outer ends of both; a piece of some length bends it to where its own end lies."""
    start, end = min(run.start, piece.start), max(run.end, piece.end)
    weight = min(1.0, 2 * piece.length / run.length)
    at_start, at_end = run.at_position(start), run.at_position(end)
    if piece.start < run.start:
        at_start += weight * (piece.at_start - at_start)
    if piece.end > run.end:
        at_end += weight * (piece.at_end - at_end)
    return Stroke(start, end, at_start, at_end)
