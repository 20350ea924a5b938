"""Searchable PDF: the original pages as they are, with an invisible layer of the text that was read on them.

The layer can be searched, selected and copied; words stand where they are printed. A page whose own text layer is
sane keeps it and gets nothing; beside a partly sane one only the words that were recognised are added; the text of a
broken layer is taken out first (see `docstation.export.pdf.old_text` for what cannot be taken out). A page that could
not be read stays as it is. Of a PDF all that belongs to its pages is kept: drawing, links, bookmarks, form fields,
labels, document information; of a page range see `docstation.export.pdf.subset`. Digital signatures do not survive,
as after any change. The file is written without a password even where the original had one: who gave the password
asked for readable text, and other formats do not keep it either. The same document gives the same bytes.

The original is untrusted, so the work is done in a worker process (`docstation.export.pdf.making`).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import IO

from docstation.errors import BrokenFile, TooLarge, WorkerFailed
from docstation.export.pdf.making import Task
from docstation.export.request import ExportInput, ExportOptions
from docstation.intake.limits import Limits
from docstation.intake.sandbox import call
from docstation.messages.marking import N_

_SECONDS, _SECONDS_PER_PAGE = 60.0, 20.0
"""Time allowed; a page takes some hundredths of a second, one that must be decoded and packed anew some seconds."""


def write(item: ExportInput, options: ExportOptions, target: IO[bytes]) -> None:
    """Write a PDF.

    Raises:
        InputError: the original is missing, damaged, locked, too large, or not the file that was read.
        WorkerFailed: a bug of ours, with its trace.
    """
    name = item.document.source.name
    seconds = _SECONDS + _SECONDS_PER_PAGE * len(item.document.pages)
    with tempfile.TemporaryDirectory(prefix="docstation-") as folder:
        made = Path(folder) / "searchable.pdf"
        task = Task(item, options.language, made)
        try:
            call("docstation.export.pdf.making:worker", task, limits=Limits(), seconds=seconds)
        except WorkerFailed as error:
            match error.fields["reason"]:
                case "timeout":
                    sentence = N_("{name} took longer than {seconds} s to convert.")
                    raise TooLarge(sentence, name=name, seconds=round(seconds)) from error
                case "memory":
                    raise TooLarge(name=name) from error
                case _ if not error.fields["trace"]:
                    raise BrokenFile(name=name) from error
            raise
        with made.open("rb") as result:
            shutil.copyfileobj(result, target)
