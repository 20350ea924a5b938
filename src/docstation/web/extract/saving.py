"""The values are taken away: all documents as one table, made when a button is pressed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.recognise.saving import file_name
from docstation.web.service import client as service

Format = Literal["xlsx", "csv", "jsonl", "json"]
OFFERED: dict[Format, str] = {
    "xlsx": N_("Excel: values and lists (.xlsx)"),
    "csv": N_("Table (.csv)"),
    "jsonl": N_("JSON, a line a document (.jsonl)"),
    "json": N_("JSON with places and checks"),
}


def saving(ids: Sequence[str], name: str) -> None:
    """Draw the choice of formats.

    Args:
        ids: of the extractions.
        name: of the first document.
    """
    with st.popover(translate(N_("Download")), icon=":material/download:", disabled=not ids, key="extract_saving"):
        for format, label in OFFERED.items():
            st.download_button(
                translate(label),
                partial(exported, tuple(ids), format),
                file_name(name, f".{format}") if len(ids) == 1 else f"docstation.{format}",
                key=f"extract_export_{format}",
                on_click="ignore",
                width="stretch",
            )


def exported(ids: Sequence[str], format: Format) -> bytes:
    """The file; made when it is asked for, with the client of that time."""
    return service().export_extractions(ids, format)
