"""The value beside a label: to its right, below or above it, as far as the field's shape, stops and gaps reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docstation.extraction.folding import folded
from docstation.extraction.labels import Place
from docstation.extraction.pages import Token, gap
from docstation.extraction.printed import Scalar, Spot, outer, parsed, spots
from docstation.extraction.schema import Field, Kind
from docstation.extraction.streams import PageStreams, Stream

_COLUMN_GAP = 2.0
"""A gap of more heights ends a text."""
_LINE_GAP = 5.0
"""So does one of so many within a line that was read as one: justified lines have wide gaps."""
_FAR_BELOW = 3.0
"""Heights between a label and a value below or above it."""
_MOST_LINES = 6
_MOST_WORDS = 120
_LONG_CODE = re.compile("[0-9]{9,}")
_PERCENT = re.compile(r"[ \u00a0]?%")
_LEADING = re.compile(r"^[\s:№.,;_\-–—|)]+")
_TRAILING = re.compile(r"[\s,;:_|(]+$|\s*[\[(][0-9]{1,2}[а-яa-z]?[\])]\s*$")
_DATED = re.compile(r"\s*(?:от|dated|from)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Captured:
    """A value beside a label; `cost` says how far it is from where values usually stand."""

    value: Scalar
    printed: str
    tokens: tuple[Token, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Barriers:
    """Where on the page other labels begin: a value ends before them. Places in the text of the rows."""

    starts: tuple[int, ...]

    def next(self, start: int, end: int) -> int:
        """The first barrier between two places, else `end`."""
        return next((at for at in self.starts if start <= at < end), end)


def captured(field: Field, label: Place, streams: PageStreams, barriers: Barriers) -> Iterator[Captured]:
    """What stands beside a label and may be the field's value."""
    stream = streams.rows
    row_end = _row_end(stream, label.end)
    end = barriers.next(label.end, row_end)
    if field.search.code:
        end = min(end, _run_end(stream.text, label.end, end))
    if _stopped_at_once(field, stream.text[label.end : end]):
        return
    if field.search.above:
        yield from _beyond(field, label, streams, barriers, -1)
        return
    found = list(_right(field, label.end, end, streams, barriers))
    if not found and end == row_end and has_shape(field):
        found = list(_wrapped(field, label, row_end, streams, barriers))
    yield from found or _beyond(field, label, streams, barriers, 1)


def _run_end(text: str, start: int, end: int) -> int:
    """Where the first words after `start` end at a wide gap: a number of a paper does not stand further off."""
    begun = start + len(text[start:end]) - len(text[start:end].lstrip(" \t:№"))
    gap_at = text.find("\t", begun, end)
    return end if gap_at < 0 else gap_at


def _wrapped(field: Field, label: Place, row_end: int, streams: PageStreams, barriers: Barriers) -> Iterator[Captured]:
    """The value that opens the next row, where the label is the last of its own."""
    text = streams.rows.text
    if text[label.end : row_end].strip(" :№.") or row_end + 1 >= len(text):
        return
    for one in _right(
        field, row_end + 1, barriers.next(row_end + 1, _row_end(streams.rows, row_end + 1)), streams, barriers
    ):
        if one.tokens[0] is streams.rows.tokens[streams.rows.owners[row_end + 1]]:
            yield replace(one, cost=one.cost + 1.0)


def _row_end(stream: Stream, start: int) -> int:
    end = stream.text.find("\n", start)
    return len(stream.text) if end < 0 else end


def shaped(field: Field, streams: PageStreams, start: int, end: int) -> Iterator[tuple[Spot, Scalar]]:
    """Values of the field's kind between two places; percentages are no money, parts of numbers no numbers."""
    text = streams.rows.text
    for spot in outer(spots(field, text[start:end], comma=streams.comma)):
        moved = Spot(spot.start + start, spot.end + start, spot.values)
        fits = next((value for value in spot.values if _fits(field, value)), None)
        if fits is None:
            continue
        if field.kind is not Kind.MONEY or _is_money(text, moved):
            yield moved, fits


def _is_money(text: str, spot: Spot) -> bool:
    """Whether a number may be a sum: no percentage, and no code of many digits."""
    return not _PERCENT.match(text, spot.end) and not _LONG_CODE.fullmatch(text[spot.start : spot.end])


def _fits(field: Field, value: Scalar) -> bool:
    return not field.search.prefixes or str(value).startswith(field.search.prefixes)


def has_shape(field: Field) -> bool:
    """Whether values of the field are known by their shape alone; texts end where something else begins."""
    return field.kind not in (Kind.TEXT, Kind.BOOL) or field.search.code


def _right(field: Field, start: int, end: int, streams: PageStreams, barriers: Barriers) -> Iterator[Captured]:
    if not has_shape(field):
        yield from _text(field, start, end, streams, barriers)
        return
    stream = streams.rows
    found = list(shaped(field, streams, start, end))
    # A row of totals ends with the grandest one.
    ordered = found[::-1] if field.role == "total" else found
    for number, (spot, value) in enumerate(ordered):
        printed = stream.text[spot.start : spot.end]
        tokens = tuple(stream.tokens[index] for index in stream.between(spot.start, spot.end))
        yield Captured(value, printed, tokens, _shape_cost(field, printed, stream.text, spot) + 0.3 * number)


def _shape_cost(field: Field, printed: str, text: str, spot: Spot) -> float:
    if field.kind is Kind.MONEY:
        return 0.0 if re.search(r"[.,=-][0-9]{2}$", printed) else 1.5
    if field.search.code:
        return 0.0 if _DATED.match(text, spot.end) else 2.5
    return 0.0


def _beyond(field: Field, label: Place, streams: PageStreams, barriers: Barriers, way: int) -> Iterator[Captured]:
    """The value in the nearest row below the label, or above it with `way` -1, that stands over or under it."""
    stream = streams.rows
    height = max(label.box.height, 1.0)
    for row in _rows_beyond(streams.page.rows, label, way):
        apart = abs(row[0].place.center[1] - label.box.center[1]) / height
        if apart > _FAR_BELOW + (_MOST_LINES if way < 0 else 0):
            return
        wide = label.box.expanded(height, 0)
        under = [token for token in row if token.place.overlap_x(wide) > 0]
        if not under:
            continue
        first = stream.tokens.index(under[0])
        start = stream.starts[_row_part_start(stream, first)]
        end = barriers.next(start, _row_end(stream, start))
        if end <= start:
            return
        for one in _right(field, start, end, streams, barriers):
            yield replace(one, cost=one.cost + 2.0 + 0.2 * apart)
        return


def _row_part_start(stream: Stream, index: int) -> int:
    """The first token of the part of a row, between wide gaps, that the token at `index` stands in."""
    while index > 0:
        before, token = stream.tokens[index - 1], stream.tokens[index]
        same = before.place.overlap_y(token.place) > 0.4 * token.place.height and before.place.x0 < token.place.x0
        if not same or gap(before, token) > _COLUMN_GAP / 2:
            break
        index -= 1
    return index


def _rows_beyond(rows: Sequence[tuple[Token, ...]], label: Place, way: int) -> Iterator[tuple[Token, ...]]:
    level = label.box.center[1]
    for row in rows[::way]:
        if way * (row[0].place.center[1] - level) > 0.5 * label.box.height:
            yield row


def _text(field: Field, start: int, end: int, streams: PageStreams, barriers: Barriers) -> Iterator[Captured]:
    """A text from `start` to the next stop, gap or barrier, going on in the lines below where the field says so."""
    stream = streams.rows
    tokens, stopped = _run(field, stream, start, end)
    stopped = stopped or end < _row_end(stream, start)
    if tokens and field.search.lines and not stopped:
        more = _further(field, streams, tokens, barriers)
        tokens = [*more, *tokens] if field.search.above else [*tokens, *more]
    printed = _tidy(" ".join(token.text for token in tokens), field)
    value = parsed(field, printed, comma=streams.comma) if any(map(str.isalnum, printed)) else None
    if value is not None:
        yield Captured(value, printed, _trimmed(tokens, printed), 0.0)


def _run(field: Field, stream: Stream, start: int, end: int) -> tuple[list[Token], bool]:
    """Tokens of one row from `start`, and whether a stop ended them rather than the row."""
    lead = _LEADING.match(stream.text[start:end])
    start += lead.end() if lead else 0
    plain = folded(stream.text[start:end])
    stops = [at.start() for stop in field.search.stop for at in _stop(stop).finditer(plain)]
    cut = start + min(stops, default=end - start)
    kept: list[Token] = []
    for index in stream.between(start, cut):
        token = stream.tokens[index]
        if kept and gap(kept[-1], token) > (_COLUMN_GAP if kept[-1].line != token.line else _LINE_GAP):
            return kept, False
        kept.append(token)
    return kept, bool(stops)


def _stop(stop: str) -> re.Pattern[str]:
    edge = r"(?<!\w)" if stop[:1].isalnum() else ""
    return re.compile(edge + re.escape(folded(stop)) + (r"(?!\w)" if stop[-1:].isalnum() else ""))


def _further(field: Field, streams: PageStreams, begun: Sequence[Token], barriers: Barriers) -> list[Token]:
    """The lines above or below that begin where the text began."""
    stream, lines = streams.rows, list[Token]()
    first, level = begun[0], begun[0].place
    way = -1 if field.search.above else 1
    for row in streams.page.rows[::way]:
        apart = way * (row[0].place.center[1] - level.center[1])
        if apart <= 0.5 * level.height:
            continue
        aligned = next((token for token in row if abs(token.place.x0 - first.place.x0) < row[0].place.height), None)
        tall = max(token.place.height for token in (*row, *begun))
        if aligned is None or apart > 2.2 * tall or len(lines) > _MOST_WORDS:
            break
        start = stream.starts[stream.tokens.index(aligned)]
        row_end = _row_end(stream, start)
        end = barriers.next(start, row_end)
        more, stopped = _run(field, stream, start, end)
        stopped = stopped or end < row_end
        lines = [*more, *lines] if way < 0 else [*lines, *more]
        level = aligned.place
        if stopped or not more:
            break
    return lines


def _tidy(text: str, field: Field) -> str:
    plain = folded(text)
    stops = [at.start() for stop in field.search.stop for at in _stop(stop).finditer(plain) if at.start() > 0]
    text = text[: min(stops, default=len(text))]
    return _TRAILING.sub("", _TRAILING.sub("", _LEADING.sub("", text)))


def _trimmed(tokens: Sequence[Token], printed: str) -> tuple[Token, ...]:
    """The tokens that `printed` is made of: it may begin and end within them."""
    text = " ".join(token.text for token in tokens)
    start = text.find(printed)
    kept, at = [], 0
    for token in tokens:
        if at < start + len(printed) and at + len(token.text) > start:
            kept.append(token)
        at += len(token.text) + 1
    return tuple(kept) or tuple(tokens)


def _stopped_at_once(field: Field, text: str) -> bool:
    plain = folded(text).lstrip(" :\t")
    return any(plain.startswith(folded(stop)) for stop in field.search.stop if stop[:1].isalpha()) and has_shape(field)
