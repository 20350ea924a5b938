"""What a writer is given: the document with its files, and how it is to be written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from docstation.document.model import Document


@dataclass(frozen=True, slots=True)
class ExportInput:
    """A read document and the files that belong to it.

    Attributes:
        document: what was read.
        original: the file that it was read from, for formats that keep its pages.
        pictures: folder with the files that pictures name.
        password: opens `original`, None where it needs none.
    """

    document: Document
    original: Path | None = None
    pictures: Path | None = None
    password: str | None = None


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a document is to be written; formats pass over what does not concern them.

    Attributes:
        furniture: whether running headers, footers and page numbers are written too.
        page_separators: whether text is given page by page with a mark between pages, instead of the assembled flow.
        language: of the text, such as ``ru-RU``; None: by its letters, paragraph by paragraph.
        picture_links: what stands before a picture's file name in links, such as ``scan-pictures/``; None: pictures
            are not linked. `write` sets it when it writes to a path.
    """

    furniture: bool = False
    page_separators: bool = False
    language: str | None = None
    picture_links: str | None = None
