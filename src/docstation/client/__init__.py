"""The typed client of the service: what doors import, never the service itself.

>>> from docstation.client import Client
>>> client = Client()
>>> job = client.submit(Path("scan.pdf"))                              # doctest: +SKIP
>>> for event in client.follow(job.id): print(event.page, event.done)  # doctest: +SKIP
>>> print(client.export(job.id, "md").decode())                        # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from docstation.client.calls import Client
from docstation.client.chat_calls import ChatBegun, ChatEnded, ChatPiece, ChatTold
from docstation.client.document_records import Job, JobEvent, JobOptions, JobPage, JobPart, ReadingFacts, Submitted
from docstation.client.finding_records import Found, FoundDocument, Hit, Progress
from docstation.client.key_calls import ApiKey, NewApiKey
from docstation.client.model_records import Catalogue, CatalogueEntry, Model, Plan, PlanChange
from docstation.client.refusals import ServiceAway
from docstation.client.station_records import (
    Change,
    Gpu,
    GpuHistory,
    GpuPoint,
    Health,
    Phase,
    Serving,
    StationEvent,
    StationStatus,
    Transaction,
)

if TYPE_CHECKING:
    from docstation.client.comparison_records import ComparedPage, Comparison
    from docstation.client.correction_records import Corrected, Correction, Corrections, RegionRead
    from docstation.client.extraction_records import Evidence, ExtractedField, Extraction, ExtractionCheck, Preset

__all__ = [
    "ApiKey",
    "Catalogue",
    "CatalogueEntry",
    "Change",
    "ChatBegun",
    "ChatEnded",
    "ChatPiece",
    "ChatTold",
    "Client",
    "ComparedPage",
    "Comparison",
    "Corrected",
    "Correction",
    "Corrections",
    "Evidence",
    "ExtractedField",
    "Extraction",
    "ExtractionCheck",
    "Found",
    "FoundDocument",
    "Gpu",
    "GpuHistory",
    "GpuPoint",
    "Health",
    "Hit",
    "Job",
    "JobEvent",
    "JobOptions",
    "JobPage",
    "JobPart",
    "Model",
    "NewApiKey",
    "Phase",
    "Plan",
    "PlanChange",
    "Preset",
    "Progress",
    "ReadingFacts",
    "RegionRead",
    "ServiceAway",
    "Serving",
    "StationEvent",
    "StationStatus",
    "Submitted",
    "Transaction",
]

_LATE = (
    dict.fromkeys(("Corrected", "Correction", "Corrections", "RegionRead"), "correction_records")
    | dict.fromkeys(("Evidence", "ExtractedField", "Extraction", "ExtractionCheck", "Preset"), "extraction_records")
    | dict.fromkeys(("ComparedPage", "Comparison"), "comparison_records")
)
"""Loaded when they are asked for: they need pages and tables, which most callers do not."""


def __getattr__(name: str) -> object:
    if name in _LATE:
        return getattr(import_module(f"docstation.client.{_LATE[name]}"), name)
    raise AttributeError(name)
