"""The page from top to bottom: documents, what is wanted, what runs, and the values beside their pages."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client
from docstation.client.extraction_records import Extraction
from docstation.errors import DocStationError, NotFound
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.extract import state
from docstation.web.extract.choosing import choosing, empty, recent
from docstation.web.extract.evidence import evidence
from docstation.web.extract.running import running
from docstation.web.extract.saving import saving
from docstation.web.extract.showing import sides
from docstation.web.extract.wanting import wanting
from docstation.web.service import client as service


def draw() -> None:
    """Draw it."""
    try:
        _draw(service())
    except NotFound as error:
        # An extraction or its document was deleted elsewhere.
        state.begin(None)
        state.show(())
        texts.show(error)
        st.button(translate(N_("Go on")), key="extract_others")
    except DocStationError as error:
        texts.show(error)


def _draw(client: Client) -> None:
    state.show(state.extractions())
    jobs = recent(client)
    if not jobs:
        empty(client)
        return
    begun = bool(state.extractions() or state.run())
    # Under a key of its own for each: one that is there already would not fold away when the values come.
    key = "extract_asked" if begun else "extract_asking"
    with st.expander(translate(N_("What to extract, and from what")), expanded=not begun, key=key):
        documents = choosing(client, jobs)
        wanted = wanting(client)
        # Not by a callback: that would have what the run before knew, without a field written just before the click.
        if st.button(
            translate(N_("Extract")),
            type="primary",
            icon=":material/data_object:",
            shortcut="Ctrl+Enter",
            disabled=not (documents and wanted),
            key="extract_go",
        ):
            state.begin(state.Run(wanted, list(documents)))
            st.rerun()
    if error := state.told():
        texts.show(error)
    running(client)
    _results(client)


def _results(client: Client) -> None:
    shown = [state.get(client, id) for id in state.extractions()]
    for one in shown:
        if one.state == "failed":
            name = texts.plain(one.name)
            st.error(f"**{name}**\n\n{texts.plain(one.problem)}", icon=":material/error:")
    done = [one for one in shown if one.state == "done"]
    if not done:
        return
    extraction = next((one for one in done if one.id == state.opened()), done[0])
    with st.container(horizontal=True, vertical_alignment="center", key="extract_results"):
        _chooser(done, extraction)
        saving([one.id for one in done], done[0].name)
    left, right = st.columns([11, 10], gap="medium")
    with left:
        evidence(client, extraction)
    with right:
        sides(client, extraction, done)


def _chooser(done: list[Extraction], extraction: Extraction) -> None:
    if len(done) < 2:
        st.markdown(f"**{texts.plain(extraction.name)}**", width="stretch")
        return
    labels = words.apart({one.id: one.name for one in done})
    key = "extract_document"
    st.session_state[key] = extraction.id
    st.selectbox(
        translate(N_("Document")),
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: state.open_extraction(st.session_state[key]),
    )
