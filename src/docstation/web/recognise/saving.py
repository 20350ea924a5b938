"""The document is taken away: each format made when its button is pressed, and all of them as one archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from docstation.client import Job
from docstation.export import FORMATS
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web.service import client as service

OFFERED = {
    "docx": "Word (.docx)",
    "xlsx": N_("Excel: all tables (.xlsx)"),
    "pdf": N_("PDF with a text layer"),
    "md": "Markdown (.md)",
    "html": "HTML",
    "csv": N_("Tables (.csv)"),
    "json": "JSON",
}
MANY = ("docx", "xlsx", "md", "json")
"""Formats in an archive of many documents."""
MOST = 200
"""Documents in an archive."""


def saving(job: Job, others: Sequence[Job]) -> None:
    """Draw the choice of formats.

    Args:
        job: the open document.
        others: the recent ones.
    """
    ready = job.state == "done"
    with st.popover(
        translate(N_("Download")),
        icon=":material/download:",
        disabled=not ready,
        help=None if ready else translate(N_("Files can be saved once the whole document was read.")),
        key="recognise_saving",
    ):
        for name, label in OFFERED.items():
            _button(translate(label), partial(exported, job.id, name), file_name(job.name, FORMATS[name].suffix), name)
        everything = translate(N_("Everything as a ZIP archive"))
        _button(everything, partial(archive, (job.id,), ()), file_name(job.name, ".zip"), "zip")
        done = [one.id for one in others if one.state == "done"][:MOST]
        if len(done) > 1:
            label = plural("{count} recent document as ZIP", "All {count} recent documents as ZIP", len(done))
            _button(label, partial(archive, done, MANY), "docstation.zip", "many")


def _button(label: str, make: Callable[[], bytes], name: str, key: str) -> None:
    st.download_button(label, make, name, key=f"recognise_save_{key}", on_click="ignore", width="stretch")


def exported(id: str, format: str) -> bytes:
    """The document in that format; made when it is asked for, with the client of that time."""
    return service().export(id, format)


def archive(ids: Sequence[str], formats: Sequence[str]) -> bytes:
    """The documents in these formats, in all where there is none."""
    return service().archive(ids, formats=formats)


def file_name(name: str, suffix: str) -> str:
    """What the browser saves it under."""
    stem = name.rpartition(".")[0] or name
    return "".join("_" if letter in '\\/:*?"<>|' or ord(letter) < 32 else letter for letter in stem)[:120] + suffix
