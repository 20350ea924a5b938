"""The style sheet of the pages of models and of the history."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import streamlit as st


def style() -> None:
    """Put it into the page."""
    st.html(f"<style>{_sheet()}</style>")


@cache
def _sheet() -> str:
    return Path(__file__).with_name("models.css").read_text(encoding="utf-8")
