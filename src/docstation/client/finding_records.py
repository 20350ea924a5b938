"""What the service tells of searches and of how far documents are, as plain frozen values; JSON in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from docstation.client.document_records import ENDED, optional
from docstation.document.json_reader import FormatError, Reader, Value


@dataclass(frozen=True, slots=True)
class Hit:
    """A page on which all was found.

    Attributes:
        page: its number.
        block: the block that holds most of it, empty for the document's name.
        snippet: of that block, on one line.
        marks: begin and end, in the snippet, of each word that was found.
    """

    page: int
    block: str
    snippet: str
    marks: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, one: Reader) -> Hit:
        """From its JSON."""
        block = one.text("block") if one.has("block") else ""
        marks = one.value.get("marks")
        if not isinstance(marks, list):
            raise FormatError(f"{one.place}.marks: a list is expected")
        return cls(one.integer("page"), block, one.text("snippet"), tuple(_mark(each, one.place) for each in marks))


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document in which all was found.

    Attributes:
        id: its id.
        name: as its owner calls the file.
        created: when it was submitted.
        pages: how many of its pages hold all.
        hits: the best of them.
    """

    id: str
    name: str
    created: float
    pages: int
    hits: tuple[Hit, ...]

    @classmethod
    def of(cls, one: Reader) -> FoundDocument:
        """From its JSON."""
        hits = tuple(map(Hit.of, one.children("hits")))
        return cls(one.text("id"), one.text("name"), one.number("created"), one.integer("pages"), hits)


@dataclass(frozen=True, slots=True)
class Found:
    """A part of what was found.

    Attributes:
        documents: the best first.
        total: how many in all.
        next: what to give as `offset` for the next part, None where this is the last.
    """

    documents: tuple[FoundDocument, ...]
    total: int
    next: int | None = None

    @classmethod
    def of(cls, one: Reader) -> Found:
        """From its JSON."""
        documents = tuple(map(FoundDocument.of, one.children("documents")))
        return cls(documents, one.integer("total"), one.integer("next") if one.has("next") else None)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a document is.

    Attributes:
        id: of the document.
        name: as its owner calls the file.
        state: see `docstation.client.Job`.
        done: pages that were read, well or not.
        total: pages asked for, 0 before it was opened.
        failed: of those done, how many could not be read.
        progress: 0 to 1, None before the file was opened.
        eta_seconds: until the document is there, None where that is not known.
        last_news: what to give as `after` the next time.
        pages: number → state of each page that changed.
    """

    id: str
    name: str
    state: str
    done: int
    total: int
    failed: int
    progress: float | None
    eta_seconds: float | None
    last_news: int
    pages: Mapping[int, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ENDED

    @classmethod
    def of(cls, one: Reader) -> Progress:
        """From its JSON."""
        pages = one.child("pages")
        return cls(
            one.text("id"),
            one.text("name"),
            one.text("state"),
            one.integer("done", 0),
            one.integer("total", 0),
            one.integer("failed", 0),
            optional(one, "progress"),
            optional(one, "eta_seconds"),
            one.integer("last_news", 0),
            {int(number): pages.text(number) for number in pages.value if number.isdecimal()},
        )


def _mark(value: Value, place: str) -> tuple[int, int]:
    match value:
        case [int() as begin, int() as end]:
            return begin, end
    raise FormatError(f"{place}.marks: pairs of whole numbers are expected")
