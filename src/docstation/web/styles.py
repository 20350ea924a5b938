"""Our style sheet, put into each run once, and the words of Streamlit's own widgets in the active language.

Streamlit says "Upload" and "1GB per file" in English only; the style sheet hides these and shows ours.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

from docstation.messages import translate
from docstation.messages.marking import N_

_WORDS = {
    "upload": N_("Choose files"),
    "drop": N_("or drop them here, or paste with Ctrl+V"),
}


def style() -> None:
    """Put it into the page; the same text for everybody who speaks the same language."""
    # Strings of JSON are strings of CSS too, as long as nothing in them is escaped but quotes.
    said = {name: json.dumps(translate(word), ensure_ascii=False) for name, word in _WORDS.items()}
    words = "".join(f"--docstation-{name}: {word};" for name, word in said.items())
    st.html(f"<style>:root {{ {words} }}\n{_sheet()}</style>")


@cache
def _sheet() -> str:
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")
