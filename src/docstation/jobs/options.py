"""What a reader of files may choose; doors fill it from flags and settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from docstation.intake.limits import Limits

EMBEDDED = "embedded"
"""Name of the engine that needs no model, whatever serves."""
NO_RESERVE = "none"
"""Asked for in place of a reserve model where there is to be none, whatever the settings say."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read.

    Attributes:
        pages: a page range such as ``1-3,7,-2``, None for all.
        password: opens protected files.
        languages: Tesseract language codes, the main one first.
        dpi: resolution at which pages are rasterised; lowered for huge pages.
        jobs: worker processes, 0 for one per core.
        engine: name of the engine.
        limits: bounds on files, pages and workers; None for the defaults.
        reserve: catalogue name of the model that may be switched to for pages that the active one fails at, empty for
            none; only the service has a station to switch.
    """

    pages: str | None = None
    password: str | None = None
    languages: tuple[str, ...] = ("rus", "eng")
    dpi: int = 200
    jobs: int = 0
    engine: str = "auto"
    limits: Limits | None = None
    reserve: str = ""


class Choices(TypedDict, total=False):
    """`ReadOptions` as keyword arguments."""

    pages: str | None
    password: str | None
    languages: tuple[str, ...]
    dpi: int
    jobs: int
    engine: str
    limits: Limits | None
