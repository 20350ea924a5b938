"""What the documents API says and hears: its JSON shapes, its own errors, and how they stand in the OpenAPI.

Values of the queue come in, shapes go out; nothing here reads a file or waits.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from docstation.errors import DocStationError, UsageError
from docstation.export import FORMATS
from docstation.export.cleaning import one_line
from docstation.jobs.options import NO_RESERVE, ReadOptions
from docstation.jobs.queue_records import JobNews, JobRecord, JobState, NewsKind, PageRecord, PageState
from docstation.messages import explain
from docstation.messages.marking import N_
from docstation.service.invalid import problem

LONGEST_NAME = 255
SEE = N_("See /openapi.json.")


def _known_format(name: str) -> str:
    if name not in FORMATS:
        raise ValueError(f"not one of {', '.join(FORMATS)}")
    return name


def _as_list(value: object) -> object:
    """A form gives lists as one text."""
    return [word for word in re.split(r"[,+\s]+", value) if word] if isinstance(value, str) else value


def _language(code: str) -> str:
    if not _LANGUAGE.fullmatch(code):
        raise ValueError("not a Tesseract code such as rus or eng")
    return code


_LANGUAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,31}")
FormatName = Annotated[str, AfterValidator(_known_format), Field(json_schema_extra={"enum": list(FORMATS)})]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": f"^{_LANGUAGE.pattern}$"})]


class ReadAsked(BaseModel):
    """How a document is to be read; what is left out is as the settings say.

    Attributes:
        pages: a page range such as ``1-3,7,-2``; all where it is left out.
        password: opens a protected file.
        languages: Tesseract codes, the main one first; a form gives them with commas between.
        dpi: resolution at which pages are rasterised.
        engine: name of the engine.
        reserve: model that may be switched to for pages that the active one fails at; ``none`` for none. One that the
            settings do not name needs a key that may switch models.
        formats: made in advance as soon as the document is there; others are made when they are asked for.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    pages: Annotated[str, Field(max_length=1000)] | None = None
    password: Annotated[str, Field(max_length=1000)] | None = None
    languages: Annotated[list[Language], BeforeValidator(_as_list), Field(min_length=1, max_length=8)] | None = None
    dpi: Annotated[int, Field(ge=72, le=1200)] | None = None
    engine: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    reserve: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    formats: Annotated[list[FormatName], BeforeValidator(_as_list), Field(max_length=len(FORMATS))] = []

    def options(self, defaults: ReadOptions) -> ReadOptions:
        """As the reader takes them."""
        reserve = self.reserve or defaults.reserve
        return ReadOptions(
            pages=self.pages or defaults.pages,
            password=self.password or None,
            languages=tuple(self.languages) if self.languages else defaults.languages,
            dpi=self.dpi or defaults.dpi,
            engine=self.engine or defaults.engine,
            reserve="" if reserve == NO_RESERVE else reserve,
        )


class UrlAsked(ReadAsked):
    """A document that is to be fetched.

    Attributes:
        url: an http or https address that everybody can reach.
    """

    url: Annotated[str, Field(min_length=8, max_length=4096)]


class ErrorBody(BaseModel):
    """What went wrong.

    Attributes:
        code: a stable word.
        message: a sentence in the service's language.
        remedy: what to do about it.
        exit_code: of the command line for the same error.
    """

    code: str
    message: str
    remedy: str
    exit_code: int


class ErrorShown(BaseModel):
    """The one shape of errors."""

    error: ErrorBody


class OptionsShown(BaseModel):
    """How a document is read."""

    pages: str | None
    languages: list[str]
    dpi: int
    engine: str
    reserve: str


class Links(BaseModel):
    """Where to go on; paths on the same host."""

    document: str
    events: str
    pages: str
    exports: dict[str, str]


class Submitted(BaseModel):
    """A document that was taken in."""

    id: str
    state: JobState
    links: Links


class PageShown(BaseModel):
    """A page as it stands; `code` says why it is not ok."""

    number: int
    state: PageState
    attempts: int
    seconds: float
    code: str
    changed: float


class DocumentShown(BaseModel):
    """A document as it stands.

    Attributes:
        id: of the document.
        name: as its owner calls the file.
        state: where its reading stands.
        media_type: found by content.
        sha256: of the file.
        bytes: of the file.
        options: how it is read.
        created: seconds of the epoch, and so are the other times.
        started: when it was taken up first.
        ended: when its reading came to its end.
        page_count: pages of the file, 0 before it was opened.
        total: pages that are asked for, 0 before it was opened.
        done: of these, the pages that were read, well or not.
        counts: how many pages are in each state.
        progress: 0 to 1, null before the file was opened.
        eta_seconds: until the document is there, null where that is not known.
        error: why there is no document.
        last_news: number of its newest event.
        links: where to go on.
    """

    id: str
    name: str
    state: JobState
    media_type: str
    sha256: str
    bytes: int
    options: OptionsShown
    created: float
    started: float | None
    ended: float | None
    page_count: int
    total: int
    done: int
    counts: dict[PageState, int]
    progress: float | None
    eta_seconds: float | None
    error: ErrorBody | None
    last_news: int
    links: Links


class DocumentWithPages(DocumentShown):
    """A document and its pages."""

    pages: list[PageShown]


class DocumentList(BaseModel):
    """Documents, the newest first; `next` is the ``before`` of the next part, null where this is the last."""

    documents: list[DocumentShown]
    next: str | None


class NewsShown(BaseModel):
    """Something that happened to a document; `number` is what to go on after."""

    number: int
    at: float
    kind: NewsKind
    state: JobState
    done: int
    total: int
    page: int | None
    page_state: PageState | None
    seconds: float | None
    code: str


class NewsList(BaseModel):
    """Events after the number asked for; `ended` says that no more will come by themselves."""

    events: list[NewsShown]
    last: int
    ended: bool


def links(id: str) -> Links:
    """Where to go on with a document."""
    here = f"/documents/{id}"
    exports = {name: f"{here}/export?format={name}" for name in FORMATS}
    return Links(document=here, events=f"{here}/events", pages=f"{here}/pages/{{number}}", exports=exports)


def document_shape(record: JobRecord) -> dict[str, Any]:
    """The fields of `DocumentShown`."""
    own = record.options
    return {
        "id": record.id,
        "name": record.name,
        "state": record.state,
        "media_type": record.media_type,
        "sha256": record.sha256,
        "bytes": record.bytes,
        "options": {
            "pages": own.pages,
            "languages": list(own.languages),
            "dpi": own.dpi,
            "engine": own.engine,
            "reserve": own.reserve,
        },
        "created": record.created,
        "started": record.started,
        "ended": record.ended,
        "page_count": record.page_count,
        "total": record.total,
        "done": record.done,
        "counts": dict(record.counts),
        "progress": round(record.done / record.total, 4) if record.total else None,
        "eta_seconds": record.eta_seconds,
        "error": error_shape(record.error) if record.error else None,
        "last_news": record.last_news,
        "links": links(record.id),
    }


def page_shape(page: PageRecord) -> dict[str, Any]:
    """The fields of `PageShown`."""
    names = ("number", "state", "attempts", "seconds", "code", "changed")
    return {name: getattr(page, name) for name in names}


def news_shape(news: JobNews) -> dict[str, Any]:
    """The fields of `NewsShown`."""
    names = ("number", "at", "kind", "state", "done", "total", "page", "page_state", "seconds", "code")
    return {name: getattr(news, name) for name in names}


def error_shape(error: DocStationError) -> dict[str, Any]:
    """The fields of `ErrorBody`."""
    message, remedy = explain(error)
    return {"code": error.code, "message": message, "remedy": remedy, "exit_code": int(error.exit_code)}


def misunderstood(error: ValidationError) -> UsageError:
    """The first thing that a body has wrong; what was given is not repeated, it may be a password."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "body"
    return UsageError(N_("{place}: {problem}"), place=one_line(place)[:100], problem=problem(first), remedy=SEE)


def shown_name(name: str, default: str = "document") -> str:
    """A name that came from outside: its last part, on one line, not too long. It is shown and never used as a path."""
    last = re.split(r"[/\\]", one_line(name))[-1].strip()
    return (last if last.strip(".") else default)[:LONGEST_NAME]


_EXAMPLES = {
    400: ("usage", "dpi: Input should be less than or equal to 1200", 2),
    401: ("password", "contract.pdf is protected by a password.", 9),
    403: ("address-refused", "10.0.0.1 is not an address that everybody can reach.", 3),
    404: ("not-found", "There is no job 0650f2c1d35a8b00a1b2c3d4.", 3),
    408: ("upload-stalled", "The upload stopped: nothing came for 60 s.", 3),
    409: ("not-ready", "The document is not there yet: it is reading.", 3),
    413: ("too-large", "contract.pdf is larger than the limit allows.", 3),
    415: ("unsupported-format", "notes.exe is not a document that can be read.", 3),
    422: ("broken-file", "contract.pdf is damaged or has no page.", 3),
    503: ("overloaded", "Too many requests of this kind are waiting.", 8),
    504: ("deadline", "contract.pdf was not read within 300 s.", 4),
    507: ("no-room", "The disk is nearly full: 1000000 bytes are left.", 3),
}


def typed_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its OpenAPI; every other one has the same shape."""
    found: dict[int | str, dict[str, Any]] = {"default": {"model": ErrorShown, "description": "Any other error."}}
    for status in statuses:
        code, message, exit_code = _EXAMPLES[status]
        example = {"error": {"code": code, "message": message, "remedy": "…", "exit_code": exit_code}}
        content = {"application/json": {"example": example}}
        found[status] = {"model": ErrorShown, "description": code, "content": content}
    return found


def _files(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """The good answers of a route that gives a file of one of these kinds."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {kind: {"schema": {"type": "object"}} if kind == "application/json" else binary for kind in media_types}
    there = {"description": "The file.", "content": content}
    return {200: there, 304: {"description": "The client has it already."}}


EXPORTS = _files(*{made.media_type: None for made in FORMATS.values()})
IMAGES = _files("image/png", "image/webp")
_TEXT = {"type": "string"}
_STREAM = {
    "schema": {"type": "object", "properties": {"id": _TEXT, "event": _TEXT, "data": _TEXT, "retry": _TEXT}},
    "example": 'id: 3\nevent: page\ndata: {"number": 3, "page": 1}\n\n',
}
EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Events.", "content": {"text/event-stream": _STREAM}},
    204: {"description": "The document has ended and all was told."},
}


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a body that is read by hand, without references to elsewhere."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            return resolved(parts[value["$ref"].rpartition("/")[2]])
        return {key: resolved(one) for key, one in value.items() if key != "discriminator"}

    found: dict[str, Any] = resolved(schema)
    return found


def _form() -> dict[str, Any]:
    schema = inlined(ReadAsked)
    listed = {name: {"type": "string", "description": "with commas between"} for name in ("languages", "formats")}
    file = {"type": "string", "format": "binary"}
    return {"type": "object", "properties": {"file": file} | schema["properties"] | listed, "required": ["file"]}


_URL = {"url": "https://example.org/contract.pdf", "pages": "1-3", "formats": ["docx"]}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _form() | {"additionalProperties": False}},
            "application/json": {"schema": inlined(UrlAsked), "example": _URL},
        },
    }
}
"""What `POST /documents` takes, for its OpenAPI: the body is read by hand, as it comes."""
