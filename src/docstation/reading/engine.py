"""What reading needs from an engine: something that answers a page.

The embedded engine implements it here; engines that speak to a served model implement the same protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from docstation.document.model import Page
from docstation.intake.page import Pixels, PreparedPage


@dataclass(frozen=True, slots=True)
class ReadPage:
    """The outcome of reading one page.

    Attributes:
        page: blocks with boxes in page points.
        pictures: file name → pixels of each picture that a block's `picture.file` names.
    """

    page: Page
    pictures: dict[str, Pixels]


class PageEngine(Protocol):
    """Reads one prepared page.

    Called in a worker process, one page at a time, single-threaded. Raises `docstation.errors.DocStationError` only;
    anything else is a bug and ends as a failed page.
    """

    name: str

    def read(self, page: PreparedPage) -> ReadPage:
        """Recognise what the text layer does not give, lay it out as blocks, and return the page."""
        ...
