"""Where on the pages a value stands: found by matching against what was read, never by asking a model for boxes.

Numbers and dates are matched by value, whatever their print; texts by their letters and digits, then fuzzily; always
whole words. Of several equal matches the one nearest to the field's label is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from docstation.document.geometry import Box
from docstation.extraction.folding import compact
from docstation.extraction.labels import Place, distance, places
from docstation.extraction.pages import Token
from docstation.extraction.printed import Scalar, spots
from docstation.extraction.schema import DIGITS, NUMBERS, Field, Kind
from docstation.extraction.streams import PageStreams, Stream

LEAST_SCORE = 0.75
"""A fuzzy match below is none."""
SHORTEST_FUZZY = 5
"""Letters that a text must have to be matched fuzzily."""
_LONGEST_FUZZY = 1500
"""Letters of a longer text are matched exactly or not at all."""
_MOST = 200
"""Matches of one value on one page that are weighed."""
_SHAPED = DIGITS | NUMBERS | {Kind.DATE}


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value stands.

    Attributes:
        page: number, from 1.
        box: around all of it, in page points.
        boxes: a box for each line that it stands on.
        text: the matched words as they were read.
        score: how well they match, 0 to 1.
        block: id of the block with its first word.
        reading: mean confidence of the words, 0 to 1.
    """

    page: int
    box: Box
    boxes: tuple[Box, ...]
    text: str
    score: float
    block: str
    reading: float = 1.0


@dataclass(frozen=True, slots=True)
class Match:
    """Tokens of a page that say a value."""

    tokens: tuple[Token, ...]
    score: float


def evidence_of(page: int, match: Match) -> Evidence:
    """The evidence that a match is."""
    lines: dict[int, list[Token]] = {}
    for token in match.tokens:
        lines.setdefault(token.line, []).append(token)
    boxes = tuple(Box.around(token.box for token in line) for line in lines.values())
    letters = sum(len(token.text) for token in match.tokens) or 1
    reading = sum(token.confidence * len(token.text) for token in match.tokens) / letters
    text = " ".join(token.text for token in match.tokens)
    return Evidence(page, Box.around(boxes), boxes, text, match.score, match.tokens[0].block, reading)


def find(
    field: Field, value: Scalar, printed: str, pages: Sequence[PageStreams], near: Sequence[Token] = ()
) -> Evidence | None:
    """The best evidence for a value on `pages`, None where it stands on none.

    Args:
        field: the value's.
        value: as it is given back.
        printed: as it was said to be printed; may be empty.
        pages: where to look.
        near: tokens of the same table row, which decide between equal matches before labels do.
    """
    best: tuple[float, float, int] | None = None
    chosen: Evidence | None = None
    for streams in pages:
        labelled = places(streams, labels_of(field)) if not near else ()
        for match in matches(field, value, printed, streams):
            far = _far(match, labelled, near)
            rank = (-match.score, far, streams.page.number)
            if best is None or rank < best:
                best, chosen = rank, evidence_of(streams.page.number, match)
    return chosen


def labels_of(field: Field) -> tuple[str, ...]:
    """The words that may stand beside a field's value."""
    own = (field.title, field.name.replace("_", " "))
    return tuple(dict.fromkeys(label for label in (*field.labels, *own) if compact(label)))


def _far(match: Match, labelled: Iterable[Place], near: Sequence[Token]) -> float:
    if near:
        level = match.tokens[0].place
        height = max(level.height, 1.0)
        return min(abs(token.place.center[1] - level.center[1]) / height for token in near)
    place = Box.around(token.place for token in match.tokens)
    return min((distance(label, place) for label in labelled), default=1000.0)


def matches(field: Field, value: Scalar, printed: str, streams: PageStreams) -> Iterator[Match]:
    """Everything on a page that says the value."""
    if value is None or isinstance(value, bool):
        return
    found = _by_value(field, value, streams) if field.kind in _SHAPED else []
    if not found:
        texts = dict.fromkeys(text for text in (printed, value if isinstance(value, str) else "") if compact(text))
        found = next((some for text in texts if (some := _by_letters(text, streams))), [])
    yield from found[:_MOST]


def _by_value(field: Field, value: Scalar, streams: PageStreams) -> list[Match]:
    found: dict[tuple[Token, ...], Match] = {}
    for stream in (streams.rows, streams.reading):
        for spot in spots(field, stream.text, comma=streams.comma):
            if value in spot.values:
                tokens = tuple(stream.tokens[index] for index in stream.between(spot.start, spot.end))
                found.setdefault(tokens, Match(tokens, 1.0 if value == spot.values[0] else 0.95))
    return list(found.values())


def _by_letters(text: str, streams: PageStreams) -> list[Match]:
    """Whole words with the letters of `text`, exactly in either stream, else fuzzily in the better one."""
    found: dict[frozenset[Token], Match] = {}
    for stream in (streams.reading, streams.rows):
        for start, end in stream.words(text):
            match = _said(stream, start, end, 1.0)
            found.setdefault(frozenset(match.tokens), match)
    if found:
        return list(found.values())
    alike = [one for stream in (streams.reading, streams.rows) if (one := _alike(text, stream)) is not None]
    return sorted(alike, key=lambda match: -match.score)[:1]


def _said(stream: Stream, start: int, end: int, score: float) -> Match:
    return Match(tuple(stream.tokens[index] for index in stream.between(start, end)), score)


def _alike(text: str, stream: Stream) -> Match | None:
    """The whole words that are most alike to `text`."""
    wanted = compact(text)
    if not SHORTEST_FUZZY <= len(wanted) <= _LONGEST_FUZZY or not stream.letters:
        return None
    if len(wanted) >= len(stream.letters):
        start, end = 0, len(stream.letters)
    else:
        found = fuzz.partial_ratio_alignment(wanted, stream.letters, score_cutoff=100 * (LEAST_SCORE - 0.1))
        if found is None:
            return None
        start, end = found.dest_start, found.dest_end
    return _snapped(wanted, stream, start, max(end, start + 1))


def _snapped(wanted: str, stream: Stream, start: int, end: int) -> Match | None:
    """The match widened or narrowed to whole words, whichever is more alike."""
    owners = stream.between(stream.place(start), stream.place(end - 1) + 1)
    first, last = owners[0], owners[-1]
    best: tuple[float, int, int] = (0.0, first, last)
    for low in (first - 1, first, first + 1):
        for high in (last - 1, last, last + 1):
            if 0 <= low <= high < len(stream.tokens):
                said = compact("".join(token.text for token in stream.tokens[low : high + 1]))
                best = max(best, (fuzz.ratio(wanted, said) / 100, low, high), key=lambda one: one[0])
    score, low, high = best
    return Match(stream.tokens[low : high + 1], round(score, 4)) if score >= LEAST_SCORE else None
