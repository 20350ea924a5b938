"""Extraction with a model: a prompt and a schema for each page, its answer made candidates with evidence.

The model is behind the small `Asker`; which one serves, how it is reached and how images are sent is its matter.
Answers are untrusted: only what the schema names is taken, and nothing of them is run or looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from docstation.extraction.candidates import Candidate, PageAnswer, Path
from docstation.extraction.evidence import Evidence, find
from docstation.extraction.json_schema import Json, to_asked_schema
from docstation.extraction.pages import Token
from docstation.extraction.printed import Scalar, parsed
from docstation.extraction.rules import lists, singles
from docstation.extraction.schema import Field, Kind, Schema
from docstation.extraction.streams import PageStreams
from docstation.inference.failures import AskFailed

MAX_ROWS = 2_000
"""Rows of one list that are taken from an answer."""
MOST_IN_VAIN = 2
"""After so many pages in a row without an answer no further one is asked about."""

_PROMPT = """Extract data from page {page} of a document into JSON.
Copy every value exactly as it is printed, with its signs, spaces and units; do not translate, convert or calculate.
A value that is not on this page is null; a list without rows on this page is empty. Rows keep their order.
Fields:
{fields}"""
READ = "\nThe text of the page, as it was read:\n"
"""What a page's text stands behind; an asker may cut the text at its end."""


class Asker(Protocol):
    """A model that answers with JSON."""

    @property
    def model(self) -> str:
        """Its id."""

    @property
    def text_characters(self) -> int:
        """How much of a page's read text may go into a prompt; 0 for a model that is shown the page alone."""

    def ask(self, pages: Sequence[int], prompt: str, schema: Mapping[str, Json]) -> Mapping[str, Json]:
        """One answer that meets `schema`, about the pages of these numbers.

        Raises:
            DocStationError: when there is no answer, or it is no JSON object.
        """


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model was asked, page by page.

    Attributes:
        answers: of the pages that it answered.
        unanswered: the other pages.
    """

    answers: tuple[PageAnswer, ...]
    unanswered: tuple[PageStreams, ...] = ()


def by_asking(
    schema: Schema,
    pages: Sequence[PageStreams],
    asker: Asker,
    told: Callable[[int, int], None] = lambda _done, _all: None,
) -> Asked:
    """What a model says of each page, and where it stands on it; a model that is gone is not asked on and on.

    Args:
        schema: what is wanted.
        pages: to ask about.
        asker: the model.
        told: is called before the first page and after each, with how many are done and how many there are.

    Raises:
        DocStationError: what the asker raises, but for an `AskFailed`.
    """
    wanted = to_asked_schema(schema.fields)
    answers, unanswered = list[PageAnswer](), list[PageStreams]()
    in_vain = 0
    told(0, len(pages))
    for number, streams in enumerate(pages, 1):
        try:
            if in_vain < MOST_IN_VAIN:
                said = asker.ask([streams.page.number], prompt(schema, streams, asker.text_characters), wanted)
                answers.append(answered(schema, streams, said))
                in_vain = 0
            else:
                unanswered.append(streams)
        except AskFailed:
            unanswered.append(streams)
            in_vain += 1
        told(number, len(pages))
    return Asked(tuple(answers), tuple(unanswered))


def prompt(schema: Schema, streams: PageStreams, characters: int) -> str:
    """What a model is asked about a page; with as much of its read text as `characters` allow."""
    text = _PROMPT.format(page=streams.page.number, fields="\n".join(_described(schema.fields)))
    return text + READ + streams.page.text[:characters] if characters > 0 else text


def _described(fields: Sequence[Field], depth: int = 0) -> Iterator[str]:
    for field in fields:
        about = "; ".join(filter(None, (field.title if field.title != field.name else "", field.description)))
        beside = ", ".join(f"“{label}”" for label in field.labels[:3])
        parts = [about, f"usually beside {beside}" if beside else "", "a list" if field.many else ""]
        said = "; ".join(filter(None, parts))
        yield f"{'  ' * depth}- {field.name}" + (f": {said}" if said else "")
        yield from _described(field.fields, depth + 1)


def answered(schema: Schema, streams: PageStreams, said: Mapping[str, Json]) -> PageAnswer:
    """An answer as candidates; what the schema does not name, and what is of another shape, is left out."""
    scalars: dict[Path, tuple[Candidate, ...]] = {}
    for path, field in singles(schema.fields):
        made = _candidate(field, _at(said, path), streams)
        if made is not None:
            scalars[path] = (made,)
    rows = {path: tuple(_rows(field, path, _at(said, path), streams)) for path, field in lists(schema.fields)}
    return PageAnswer(streams.page.number, scalars, rows, frozenset(scalars) | frozenset(rows))


def _at(said: Any, path: Path) -> Any:
    for part in path:
        said = said.get(part) if isinstance(said, Mapping) else None
    return said


def _rows(field: Field, path: Path, said: Any, streams: PageStreams) -> Iterator[dict[Path, Candidate]]:
    for one in (said if isinstance(said, list) else [])[:MAX_ROWS]:
        if field.kind is not Kind.OBJECT:
            made = _candidate(field, one, streams)
            if made is not None and made.value is not None:
                yield {path: made}
        elif isinstance(one, Mapping):
            row = _row(field, path, one, streams)
            if row:
                yield row


def _row(field: Field, path: Path, said: Mapping[str, Any], streams: PageStreams) -> dict[Path, Candidate]:
    """One row: its longest value is found first, the others beside it; lists within it by their numbers."""
    below = [(one_path, one, _at(said, one_path)) for one_path, one in singles(field.fields)]
    below.sort(key=lambda item: -len(str(item[2] or "")))
    row: dict[Path, Candidate] = {}
    near: tuple[Token, ...] = ()
    for one_path, one, value in below:
        made = _candidate(one, value, streams, near)
        if made is None:
            continue
        row[(*path, *one_path)] = made
        if not near and made.evidence is not None:
            near = _tokens_in(streams, made.evidence)
    for list_path, one in lists(field.fields):
        above = (*path, *list_path)
        for number, inner in enumerate(_rows(one, above, _at(said, list_path), streams)):
            row |= {(*above, number, *key[len(above) :]): made for key, made in inner.items()}
    return row


def _tokens_in(streams: PageStreams, evidence: Evidence) -> tuple[Token, ...]:
    return tuple(token for token in streams.page.tokens if evidence.box.contains(*token.box.center))


def _candidate(field: Field, said: Any, streams: PageStreams, near: Sequence[Token] = ()) -> Candidate | None:
    """What was said of one value, None where nothing was; a value of another kind is kept as refused."""
    if said is None or isinstance(said, Mapping | list):
        return None
    printed = str(said).strip()
    if not printed:
        return None
    value: Scalar = (
        said if isinstance(said, bool) and field.kind is Kind.BOOL else parsed(field, printed, comma=streams.comma)
    )
    evidence = find(field, value, printed, [streams], near) if value is not None else None
    return Candidate(value, printed, streams.page.number, evidence, refused=value is None)
