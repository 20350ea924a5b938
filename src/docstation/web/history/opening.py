"""From the history to the recognition page, with a document open there."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import streamlit as st

from docstation.web.recognise import state

RECOGNISE = str(Path(__file__).parents[1] / "app_pages" / "recognise.py")


def open_there(id: str, page: int = 1, block: str = "") -> NoReturn:
    """Go there; at that page, with that block chosen."""
    state.open_document(id)
    state.open_page(max(page, 1))
    if block:
        state.choose(block)
    st.switch_page(RECOGNISE, query_params={state.DOCUMENT: id, state.PAGE: str(max(page, 1))})
