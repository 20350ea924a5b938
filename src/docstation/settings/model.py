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
        engine: Name of the engine that reads.
    """

    languages: Annotated[tuple[str, ...], Len(1)] = ("rus", "eng")
    dpi: Annotated[int, Interval(ge=72, le=1200)] = 200
    jobs: Annotated[int, Interval(ge=0, le=256)] = 0
    engine: Annotated[str, Len(1)] = "embedded"


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
        ui: How DocStation speaks to you.
    """

    reading: Reading = field(default_factory=Reading)
    limits: Limits = field(default_factory=Limits)
    output: Output = field(default_factory=Output)
    ui: Ui = field(default_factory=Ui)
