"""The settings themselves, in sections; the docstrings are what the schema and docs/settings.md say of each key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Interval, Len

from docstation.intake.limits import Limits


@dataclass(frozen=True, slots=True)
class Reading:
    """How pages are read.

    Attributes:
        languages: Languages of the documents, as Tesseract codes, the main one first.
        dpi: Resolution at which pages are rasterised for recognition, in dots per inch.
        jobs: Worker processes; 0 means one for each core.
        engine: What reads; auto is the served model where one serves, else the embedded engine.
        endpoint: Address of the model server that pages are read with; empty means the service's own gateway.
        at_once: Pages under way while a served model reads; 0 means a few more than it answers together.
        reserve: Model that the service may switch to, once for each document, for pages that the active one fails at,
            and back; a catalogue name, empty for none.
    """

    languages: Annotated[tuple[str, ...], Len(1)] = ("rus", "eng")
    dpi: Annotated[int, Interval(ge=72, le=1200)] = 200
    jobs: Annotated[int, Interval(ge=0, le=256)] = 0
    engine: Annotated[str, Len(1)] = "auto"
    endpoint: str = ""
    at_once: Annotated[int, Interval(ge=0, le=64)] = 0
    reserve: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """What is written, and where.

    Attributes:
        formats: Formats to write, by their names in `docstation formats`.
        furniture: Whether running headers, footers and page numbers stay in the text.
        folder: Folder for the results; empty means the standard output.
    """

    formats: Annotated[tuple[str, ...], Len(1)] = ("md",)
    furniture: bool = False
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Station:
    """How models are run on the GPU, and how they are switched.

    Attributes:
        budget: GPU memory that all of our models together may take, CUDA context included, like 12 GB (powers of ten)
            or 12 GiB (powers of two); where the card offers less, that less a margin is the budget.
        models: What serves when nothing else was chosen; several run together where the plan shows that they fit.
        driver: What starts vLLM. Auto takes the container engine, else a vllm command, else the embedded engine.
        device: What vLLM computes on. Auto takes the card where there is one, else the processor if vLLM is a command.
        port: Port of the model server on 127.0.0.1, behind the service's; a second model takes the next one.
        gpu: The card, by number or UUID; empty means the first.
        mounts: Further folders that model servers in containers see, read-only, at the same path.
        drain_seconds: How long requests that are under way may go on when a switch begins.
        stop_seconds: How long a server may take to stop before it is killed.
        reclaim_seconds: How long to wait for a stopped model's GPU memory to come back.
        load_seconds: How long a model may take from start to its first sign of life.
        canary_seconds: How long the answer to the test page may take.
        stable_seconds: How long a model must serve without failure to become the last known good.
        hang_seconds: How long requests may wait without a token before the server counts as hung.
        catalog: A catalogue file of your own beside the shipped one; empty means models.toml beside docstation.toml.
        cache: Folder of weights and compiled kernels; empty means the usual Hugging Face cache for weights.
    """

    budget: Annotated[int, Interval(gt=0)] = 12 * 10**9
    models: Annotated[tuple[str, ...], Len(1)] = ("dots-ocr",)
    driver: Literal["auto", "container", "process", "embedded"] = "auto"
    device: Literal["auto", "cuda", "cpu"] = "auto"
    port: Annotated[int, Interval(ge=1024, le=65_000)] = 8001
    gpu: str = ""
    mounts: tuple[str, ...] = ()
    drain_seconds: Annotated[float, Interval(ge=0, le=3600)] = 30.0
    stop_seconds: Annotated[float, Interval(ge=1, le=600)] = 20.0
    reclaim_seconds: Annotated[float, Interval(ge=1, le=600)] = 30.0
    load_seconds: Annotated[float, Interval(ge=5, le=7200)] = 900.0
    canary_seconds: Annotated[float, Interval(ge=1, le=600)] = 120.0
    stable_seconds: Annotated[float, Interval(ge=0, le=86_400)] = 60.0
    hang_seconds: Annotated[float, Interval(ge=5, le=600)] = 20.0
    catalog: str = ""
    cache: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """How the service is reached.

    Attributes:
        host: Address that the gateway listens on; one that others can reach needs keys.
        port: Port of the gateway: the OpenAI interface, the documents and the station.
        hosts: Names beside localhost under which clients may address it, against DNS rebinding.
        on_other: What becomes of a request for another known model than the active one; refuse says how to switch.
        waiting: Requests that may wait for their turn or for the end of a switch.
        waiting_seconds: How long a request may wait.
        body_bytes: Size of one request's body.
        allow_urls: Whether documents may be fetched from web addresses; never from private networks.
        database: Address of a PostgreSQL database, postgresql://…; empty means a file in the state folder.
        keep_days: Days after which finished documents are deleted; 0 keeps them.
        documents_bytes: What all documents together may take on the disk.
        log_format: How the log is written; json is one object a line.
    """

    host: Annotated[str, Len(1)] = "127.0.0.1"
    port: Annotated[int, Interval(ge=1, le=65_535)] = 8000
    hosts: tuple[str, ...] = ()
    on_other: Literal["refuse", "switch"] = "refuse"
    waiting: Annotated[int, Interval(ge=0, le=10_000)] = 64
    waiting_seconds: Annotated[float, Interval(ge=1, le=3600)] = 300.0
    body_bytes: Annotated[int, Interval(gt=0)] = 64_000_000
    allow_urls: bool = False
    database: str = ""
    keep_days: Annotated[float, Interval(ge=0, le=36_500)] = 0.0
    documents_bytes: Annotated[int, Interval(gt=0)] = 100 * 10**9
    log_format: Literal["text", "json"] = "text"


@dataclass(frozen=True, slots=True)
class Ui:
    """How DocStation speaks to you.

    Attributes:
        language: Language of messages; auto follows the system's locale.
    """

    language: Literal["auto", "ru", "en"] = "auto"


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked and complete.

    Attributes:
        reading: How pages are read.
        limits: How much a file may ask of us. Sizes may be written like 200 MB or 1.4 GB.
        output: What is written, and where.
        station: How models are run on the GPU, and how they are switched.
        service: How the service is reached.
        ui: How DocStation speaks to you.
    """

    reading: Reading = field(default_factory=Reading)
    limits: Limits = field(default_factory=Limits)
    output: Output = field(default_factory=Output)
    station: Station = field(default_factory=Station)
    service: Service = field(default_factory=Service)
    ui: Ui = field(default_factory=Ui)
