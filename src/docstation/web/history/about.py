"""What runs here, and the report for whoever is to help."""

from __future__ import annotations

import platform

import streamlit as st

from docstation import __version__
from docstation.client import Client
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.settings import state_folder
from docstation.web import texts
from docstation.web.history.diagnosis import report

_REPORT = "history_report"


def about(client: Client) -> None:
    """Draw it."""
    st.markdown("\n".join(f"- {name}: {value}" for name, value in facts(client)))
    st.subheader(translate(N_("Diagnostics")), anchor=False)
    st.markdown(
        translate(
            N_(
                "The report tells what is installed, what works, and whether every promise about models is kept. It is "
                "sent to nobody: read it, then copy it or save it."
            )
        )
    )
    if st.button(translate(N_("Make the report")), type="primary", icon=":material/troubleshoot:", key="history_make"):
        _make()
    made: str = st.session_state.get(_REPORT, "")
    if made:
        st.download_button(
            translate(N_("Save the report")),
            data=made,
            file_name="docstation-report.md",
            mime="text/markdown",
            icon=":material/download:",
            on_click="ignore",
            key="history_save",
        )
        st.caption(translate(N_("The button in its corner copies the report.")))
        st.code(made, language="markdown", wrap_lines=True, height=480)


def facts(client: Client) -> list[tuple[str, str]]:
    """Names and values, as Markdown."""
    reading = client.reading()
    return [
        ("DocStation", __version__),
        (translate(N_("Service")), f"{texts.plain(client.version())}, `{client.base_url}`"),
        (translate(N_("Engines")), texts.plain(", ".join(reading.engines))),
        (translate(N_("Pages read at once")), str(reading.workers)),
        (translate(N_("State folder")), f"`{state_folder()}`"),
        ("Python", platform.python_version()),
        ("Streamlit", st.__version__),
    ]


def _make() -> None:
    with st.spinner(translate(N_("Looking at everything that was promised…")), show_time=True):
        try:
            st.session_state[_REPORT] = report()
        except DocStationError as error:
            texts.show(error)
