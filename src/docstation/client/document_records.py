"""What the service tells of documents and their reading, as plain frozen values; JSON in, values out.

Words such as states are kept as text: a client is not to fail because a newer service knows one more. Times are
seconds of the epoch, sizes bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from docstation.client.refusals import error_of
from docstation.document.json_reader import Reader
from docstation.errors import DocStationError

ENDED = frozenset({"done", "failed", "cancelled"})
"""States of a job to which nothing more happens by itself."""
PAGE_ENDED = frozenset({"ok", "repaired", "fallback", "failed"})
"""States of a page that was read, well or not."""


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How a document is to be read; what is left empty is as the service's settings say.

    Attributes:
        pages: a page range such as ``1-3,7,-2``, None for all.
        password: opens a protected file.
        languages: Tesseract codes, the main one first.
        dpi: resolution at which pages are rasterised, 0 for the service's own.
        engine: name of the engine.
        reserve: model that may be switched to for pages that the active one fails at; ``none`` for none.
        formats: exports that are made as soon as the document is there.
    """

    pages: str | None = None
    password: str | None = field(default=None, repr=False)
    languages: tuple[str, ...] = ()
    dpi: int = 0
    engine: str = ""
    formats: tuple[str, ...] = ()
    reserve: str = ""

    def fields(self) -> dict[str, str]:
        """As the fields of a form; what is empty is left out."""
        given = {
            "pages": self.pages or "",
            "password": self.password or "",
            "languages": ",".join(self.languages),
            "dpi": str(self.dpi or ""),
            "engine": self.engine,
            "reserve": self.reserve,
            "formats": ",".join(self.formats),
        }
        return {name: value for name, value in given.items() if value}

    def asked(self) -> dict[str, object]:
        """As a JSON object; what is empty is left out."""
        listed: dict[str, object] = {"languages": list(self.languages), "formats": list(self.formats)}
        return self.fields() | {name: value for name, value in (listed | {"dpi": self.dpi}).items() if value}


@dataclass(frozen=True, slots=True)
class Submitted:
    """A document that was taken in.

    Attributes:
        id: of the document.
        state: as it stands; one that the same key gave before may be at any, also at its end.
    """

    id: str
    state: str

    @classmethod
    def of(cls, one: Reader) -> Submitted:
        """From its JSON."""
        return cls(one.text("id"), one.text("state"))


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page as it stands.

    Attributes:
        number: in the file, from 1.
        state: ``waiting``, ``reading``, ``ok``, ``repaired``, ``fallback`` or ``failed``.
        attempts: how often its reading was begun.
        seconds: spent on the last attempt that ended.
        code: why it is not ok, empty otherwise.
        changed: when it came into its state.
    """

    number: int
    state: str
    attempts: int
    seconds: float
    code: str
    changed: float

    @property
    def ended(self) -> bool:
        """Whether it was read, well or not."""
        return self.state in PAGE_ENDED

    @classmethod
    def of(cls, one: Reader) -> JobPage:
        """From its JSON."""
        return cls(
            one.integer("number"),
            one.text("state"),
            one.integer("attempts", 0),
            one.number("seconds", 0.0),
            one.text("code", ""),
            one.number("changed", 0.0),
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A document as it stands.

    Attributes:
        id: of the document.
        name: as its owner calls the file.
        state: ``waiting``, ``opening``, ``reading``, ``reserve`` (some pages are with the reserve model), ``paused``,
            ``assembling``, ``done``, ``failed`` or ``cancelled``.
        media_type: found by content.
        sha256: of the file.
        bytes: of the file.
        options: how it is read; no password is in it.
        created: when it was submitted.
        started: when it was taken up first, None before.
        ended: when it came to its end, None before.
        page_count: pages of the file, 0 before it was opened.
        total: pages that are asked for, 0 before it was opened.
        done: of these, the pages that were read, well or not.
        counts: how many pages are in each state.
        progress: 0 to 1, None before the file was opened.
        eta_seconds: until the document is there, None where that is not known.
        error: why there is no document, for ``failed``.
        last_news: number of its newest event.
        pages: of the document; empty in lists.
    """

    id: str
    name: str
    state: str
    media_type: str
    sha256: str
    bytes: int
    options: JobOptions
    created: float
    started: float | None
    ended: float | None
    page_count: int
    total: int
    done: int
    counts: Mapping[str, int]
    progress: float | None
    eta_seconds: float | None
    error: DocStationError | None
    last_news: int
    pages: tuple[JobPage, ...] = ()

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.state in ENDED

    @property
    def failed_pages(self) -> int:
        """How many pages could not be read."""
        return self.counts.get("failed", 0)

    @classmethod
    def of(cls, one: Reader) -> Job:
        """From its JSON."""
        counts = one.child("counts")
        return cls(
            id=one.text("id"),
            name=one.text("name"),
            state=one.text("state"),
            media_type=one.text("media_type", ""),
            sha256=one.text("sha256", ""),
            bytes=one.integer("bytes", 0),
            options=_options(one.child("options")),
            created=one.number("created"),
            started=optional(one, "started"),
            ended=optional(one, "ended"),
            page_count=one.integer("page_count", 0),
            total=one.integer("total", 0),
            done=one.integer("done", 0),
            counts={name: counts.integer(name) for name in counts.value},
            progress=optional(one, "progress"),
            eta_seconds=optional(one, "eta_seconds"),
            error=error_of(one.child("error")) if one.has("error") else None,
            last_news=one.integer("last_news", 0),
            pages=tuple(JobPage.of(page) for page in one.children("pages")),
        )


@dataclass(frozen=True, slots=True)
class JobPart:
    """A part of the list of documents.

    Attributes:
        jobs: the newest first.
        next: what to give as `before` for the next part, empty where this is the last.
    """

    jobs: tuple[Job, ...]
    next: str = ""

    @classmethod
    def of(cls, one: Reader) -> JobPart:
        """From its JSON."""
        return cls(tuple(map(Job.of, one.children("documents"))), one.text("next") if one.has("next") else "")


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a document.

    Attributes:
        number: from 1, without gaps in the document; `follow` goes on after it.
        at: when.
        kind: ``submitted``, ``opened``, ``page``, ``paused``, ``resumed``, ``retried``, ``reserve``, ``done``,
            ``failed`` or ``cancelled``.
        state: of the document, after it.
        done: pages that were read by then.
        total: pages asked for, 0 before the file was opened.
        page: number of the page, for ``page`` and for ``retried`` of a single one.
        page_state: of that page, empty for none.
        seconds: spent on that page, where it ended.
        code: of the page, of the document's error, or what became of the reserve model.
    """

    number: int
    at: float
    kind: str
    state: str
    done: int
    total: int
    page: int | None = None
    page_state: str = ""
    seconds: float | None = None
    code: str = ""

    @property
    def page_ended(self) -> bool:
        """Whether a page was read, well or not."""
        return self.page_state in PAGE_ENDED

    @classmethod
    def of(cls, one: Reader) -> JobEvent:
        """From its JSON."""
        return cls(
            one.integer("number"),
            one.number("at"),
            one.text("kind"),
            one.text("state"),
            one.integer("done", 0),
            one.integer("total", 0),
            one.integer("page") if one.has("page") else None,
            one.text("page_state") if one.has("page_state") else "",
            optional(one, "seconds"),
            one.text("code", ""),
        )


@dataclass(frozen=True, slots=True)
class ReadingFacts:
    """How the service reads where an order says nothing else, and what it refuses.

    Attributes:
        languages: Tesseract codes.
        dpi: resolution at which pages are rasterised.
        engine: name of the engine.
        engines: names that may be asked for.
        workers: pages that are read at once.
        limits: bounds on files, pages and workers, by the keys of the settings' section ``limits``.
    """

    languages: tuple[str, ...]
    dpi: int
    engine: str
    engines: tuple[str, ...]
    workers: int
    limits: Mapping[str, float]

    @classmethod
    def of(cls, one: Reader) -> ReadingFacts:
        """From its JSON."""
        limits = one.child("limits")
        return cls(
            tuple(one.texts("languages")),
            one.integer("dpi"),
            one.text("engine"),
            tuple(one.texts("engines")),
            one.integer("workers"),
            {name: limits.number(name) for name in limits.value},
        )


def optional(one: Reader, key: str) -> float | None:
    """A number, or None where there is none."""
    return one.number(key) if one.has(key) else None


def _options(one: Reader) -> JobOptions:
    return JobOptions(
        pages=one.text("pages") if one.has("pages") else None,
        languages=tuple(one.texts("languages")),
        dpi=one.integer("dpi", 0),
        engine=one.text("engine", ""),
        reserve=one.text("reserve", ""),
    )
