"""Rules for single values: by their labels, by their part of the page, by table row and column, by their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from docstation.extraction.candidates import Candidate, Path
from docstation.extraction.capture import Barriers, Captured, captured, shaped
from docstation.extraction.evidence import Match, evidence_of, labels_of
from docstation.extraction.folding import compact
from docstation.extraction.labels import Place, places
from docstation.extraction.printed import parsed
from docstation.extraction.schema import Field, Kind
from docstation.extraction.streams import PageStreams
from docstation.extraction.table_heads import column_of, totals_row

_COMPANY = frozenset(
    map(compact, ("ООО", "АО", "ПАО", "ЗАО", "ИП", "Ltd", "LLC", "Inc", "GmbH", "Bhd", "Enterprise", "Trading", "Co"))
)
GUESSED = 6.0
"""The cost from which a value is no more than a guess: no label says that it is the one."""
_HEAD_ROWS = 5
"""The name of a shop stands in one of so many first rows."""


@dataclass(frozen=True, slots=True)
class PageLabels:
    """The labels of a schema on one page.

    Attributes:
        own: places of each field's labels.
        scopes: places of labels that begin a part of the page, with the words of that part, in order.
    """

    own: dict[Path, tuple[Place, ...]]
    scopes: tuple[tuple[Place, tuple[str, ...]], ...]

    def barriers(self, path: Path) -> Barriers:
        """Where labels of other fields begin that look like labels."""
        mine = {place.start for place in self.own.get(path, ())}
        others = {place.start for places in self.own.values() for place in places if place.opens}
        others |= {place.start for place, _words in self.scopes if place.opens}
        return Barriers(tuple(sorted(others - mine)))

    def within(self, place: Place, words: tuple[str, ...]) -> bool:
        """Whether the last part of the page that began before `place` is the one of these words."""
        before = [scope for begin, scope in self.scopes if begin.start <= place.start]
        return bool(before) and before[-1] == words


def page_labels(fields: Sequence[tuple[Path, Field]], streams: PageStreams) -> PageLabels:
    """Find all labels of a schema's single values on a page; a label inside a longer one is none."""
    own = {path: places(streams, labels_of(field)) for path, field in fields}
    scopes = [
        (place, words)
        for words in dict.fromkeys(field.search.within for _path, field in fields if field.search.within)
        for place in places(streams, words)
        if place.opens
    ]
    every = [*(place for found in own.values() for place in found), *(place for place, _words in scopes)]
    kept = {path: tuple(place for place in found if not _covered(place, every)) for path, found in own.items()}
    return PageLabels(kept, tuple(sorted(scopes, key=lambda scope: scope[0].start)))


def _covered(place: Place, every: Sequence[Place]) -> bool:
    return any(one.start <= place.start and place.end <= one.end and one.letters > place.letters for one in every)


def scalars(path: Path, field: Field, streams: PageStreams, labels: PageLabels) -> tuple[Candidate, ...]:
    """What a page offers for one field, the likeliest first."""
    number = streams.page.number
    if field.search.nth:
        found = list(_nth(field, streams))
    else:
        found = [*_by_table(field, streams), *_by_labels(path, field, streams, labels)]
        if not found and field.search.top:
            found = list(_at_top(field, streams))
        if not found and field.role == "date":
            found = list(_first_date(field, streams))
    if field.search.last:
        found.reverse()
    made = [
        Candidate(one.value, one.printed, number, evidence_of(number, Match(one.tokens, 1.0)), one.cost)
        for one in sorted(found, key=lambda one: round(one.cost, 1))
    ]
    return tuple({(one.value, one.cost): one for one in reversed(made)}.values())[::-1]


def _nth(field: Field, streams: PageStreams) -> Iterator[Captured]:
    stream, nth = streams.rows, field.search.nth
    found = list(shaped(field, streams, 0, len(stream.text)))
    if not field.labels:
        chosen = found
    else:
        ends = [place.end for place in places(streams, field.labels)]
        chosen = [one for one in found if any(0 <= one[0].start - end <= 4 for end in ends)]
    if len(chosen) >= abs(nth):
        spot, value = chosen[nth - 1 if nth > 0 else nth]
        tokens = tuple(stream.tokens[index] for index in stream.between(spot.start, spot.end))
        yield Captured(value, stream.text[spot.start : spot.end], tokens, 0.0)


def _by_labels(path: Path, field: Field, streams: PageStreams, labels: PageLabels) -> Iterator[Captured]:
    barriers = labels.barriers(path)
    for place in labels.own.get(path, ()):
        if field.search.within and not labels.within(place, field.search.within):
            continue
        sure = min(place.letters, 20) / 20 + (2.0 if place.colon else 0.0) + (1.0 if place.opens else 0.0)
        heads = any(streams.rows.tokens[index].heading for index in streams.rows.between(place.start, place.end))
        # A paper says its own number and date in its heading, those of other papers below.
        sure += 4.0 if heads and field.role in ("number", "date") else 0.0
        for one in captured(field, place, streams, barriers):
            yield replace(one, cost=one.cost + 0.5 * place.rank + 4.0 - sure)


def _by_table(field: Field, streams: PageStreams) -> Iterator[Captured]:
    """The cell where a row of totals and the field's column meet."""
    if not field.search.columns:
        return
    for block, table in streams.page.tables:
        column = column_of(table, field.search.columns)
        row = totals_row(table, field.search.rows)
        if column is None or row is None:
            continue
        cell = table.grid[row][column]
        value = parsed(field, cell.text, comma=streams.comma)
        tokens = streams.page.of_cell(block, cell)
        if value is not None and tokens:
            yield Captured(value, cell.text, tokens, -1.0)


def _first_date(field: Field, streams: PageStreams) -> Iterator[Captured]:
    """The first date of a page that labels none: letters and contracts are dated so."""
    stream = streams.rows
    for spot, value in shaped(field, streams, 0, len(stream.text)):
        tokens = tuple(stream.tokens[index] for index in stream.between(spot.start, spot.end))
        yield Captured(value, stream.text[spot.start : spot.end], tokens, GUESSED)
        return


def _at_top(field: Field, streams: PageStreams) -> Iterator[Captured]:
    if field.kind is not Kind.TEXT:
        return
    rows = [row for row in streams.page.rows if sum(len(compact(token.text)) for token in row) > 3][:_HEAD_ROWS]
    for index, row in enumerate(rows):
        text = " ".join(token.text for token in row)
        named = any(compact(token.text) in _COMPANY for token in row)
        yield Captured(text, text, row, GUESSED + index - (4.0 if named else 0.0))
