"""Labels on a page: where their words stand, and how far a value is from them in the way people print forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from docstation.document.geometry import Box
from docstation.extraction.folding import compact
from docstation.extraction.streams import PageStreams, Stream

_FUZZY = 88.0
_SHORTEST_FUZZY = 6
_MOST_ALIKE = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A label on a page.

    Attributes:
        start: in the text of the stream of rows.
        end: behind its last letter, and the colon after it.
        box: on the upright page.
        rank: of the label among those of its field, 0 is the likeliest.
        opens: whether it opens a row or a column, as labels do.
        colon: whether a colon follows.
        letters: how many it has; a long label is less likely chance.
    """

    start: int
    end: int
    box: Box
    rank: int
    opens: bool
    colon: bool
    letters: int


def places(streams: PageStreams, labels: Iterable[str]) -> list[Place]:
    """All places of `labels`, in the order of the page; of labels that begin at one place the longest."""
    found: dict[int, Place] = {}
    for rank, label in enumerate(labels):
        for start, end in _whole(streams.rows, label):
            place = _place(streams.rows, start, end, rank)
            if start not in found or place.letters > found[start].letters:
                found[start] = place
    kept = sorted(found.values(), key=lambda place: place.start)
    return [place for place in kept if not any(_inside(place, other) for other in kept)]


def _inside(place: Place, other: Place) -> bool:
    return other is not place and other.start <= place.start and place.end <= other.end


def _whole(stream: Stream, label: str) -> Iterator[tuple[int, int]]:
    """Where the label stands in one row; when nowhere exactly, where nearly."""
    exact = [span for span in stream.words(label) if "\n" not in stream.text[slice(*span)]]
    yield from exact
    wanted = compact(label)
    if exact or len(wanted) < _SHORTEST_FUZZY:
        return
    for start, row in _rows(stream.text):
        plain = compact(row)
        if len(plain) < len(wanted) - 1 or fuzz.partial_ratio(wanted, plain, score_cutoff=_FUZZY) < _FUZZY:
            continue
        yield from _nearly(stream, wanted, start, row)


def _rows(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for row in text.split("\n"):
        yield start, row
        start += len(row) + 1


def _nearly(stream: Stream, wanted: str, start: int, row: str) -> Iterator[tuple[int, int]]:
    """The words of a row that are most alike to the label, where they are alike enough."""
    indexes = stream.between(start, start + len(row))
    best = (0.0, 0, 0)
    for low in range(min(len(indexes), _MOST_ALIKE)):
        said = ""
        for high in range(low, min(len(indexes), low + 8)):
            said += compact(stream.tokens[indexes[high]].text)
            if len(said) > len(wanted) + 3:
                break
            best = max(best, (fuzz.ratio(wanted, said), low, high))
    if best[0] >= _FUZZY:
        last = indexes[best[2]]
        yield stream.starts[indexes[best[1]]], stream.starts[last] + len(stream.tokens[last].text.rstrip(":"))


def _place(stream: Stream, start: int, end: int, rank: int) -> Place:
    text = stream.text
    opens = start == 0 or text[start - 1] in "\n\t" or text[:start].rstrip(' «"(')[-1:] in "\n\t,;:"
    tail = text[end:].lstrip(" .№)")
    colon = tail.startswith(":")
    if colon:
        end += text[end:].index(":") + 1
    box = Box.around(stream.tokens[index].place for index in stream.between(start, end))
    return Place(start, end, box, rank, opens, colon, len(compact(text[start:end])))


def distance(label: Place, value: Box) -> float:
    """How far a value is from a label, in heights: to the right is nearest, then below, then above, then elsewhere."""
    height = max(label.box.height, 1.0)
    dy = value.center[1] - label.box.center[1]
    dx = max(value.x0 - label.box.x1, 0.0)
    if abs(dy) < 0.6 * height and value.x1 > label.box.x1:
        return dx / height / 4
    over = label.box.overlap_x(value) > 0
    if over and dy > 0:
        return 4 + dy / height
    if over:
        return 12 - dy / height
    return 40 + (abs(dy) + dx + max(label.box.x0 - value.x1, 0.0)) / height
