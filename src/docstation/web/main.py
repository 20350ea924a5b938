"""The script that Streamlit runs: language, navigation, header, and the page that was chosen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.header import header
from docstation.web.service import client
from docstation.web.styles import style

HERE = Path(__file__).parent
PAGES = (
    ("recognise", N_("Recognition"), ":material/document_scanner:"),
    ("extract", N_("Extraction"), ":material/data_object:"),
    ("chat", N_("Chat"), ":material/forum:"),
    ("models", N_("Models"), ":material/memory:"),
    ("history", N_("History and settings"), ":material/history:"),
)


def main() -> None:
    """One run."""
    st.set_page_config(page_title="DocStation", page_icon=str(HERE / "icon.png"), layout="wide")
    texts.speak()
    style()
    pages = [
        st.Page(str(HERE / "app_pages" / f"{name}.py"), title=translate(title), icon=icon, url_path=name)
        for name, title, icon in PAGES
    ]
    page = st.navigation(pages, position="top")
    try:
        with st.spinner(translate(N_("The service is being started…")), show_time=True):
            found = client()
    except DocStationError as error:
        texts.show(error)
        st.button(translate(N_("Try again")), key="main_again")
        return
    header(found)
    page.run()


main()
