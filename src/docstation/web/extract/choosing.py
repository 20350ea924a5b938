"""From which documents: those that were read, files that are dropped here, or a sample of ours."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, Job
from docstation.errors import DocStationError
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.pasting import pasting
from docstation.web.recognise import state as recognised

RECENT = 200
_ROUND = "extract_round"
_ADDED = "extract_added"


def recent(client: Client) -> list[Job]:
    """Documents that can be extracted from, or will be, the newest first."""
    return [one for one in client.jobs(RECENT).jobs if one.state not in {"failed", "cancelled"}]


def choosing(client: Client, jobs: Sequence[Job]) -> list[str]:
    """Draw the choice; ids of the chosen documents."""
    # Without their states: a choice is known by its label, and would be lost when that changes.
    labels = words.apart({one.id: one.name for one in jobs})
    key = "extract_documents"
    kept = [one for one in st.session_state.get(key, []) if one in labels]
    added = [one for one in st.session_state.pop(_ADDED, []) if one in labels and one not in kept]
    if key not in st.session_state and not added and labels:
        added = [recognised.document() if recognised.document() in labels else next(iter(labels))]
    st.session_state[key] = [*kept, *added]
    with st.container(horizontal=True, vertical_alignment="bottom", key="extract_from"):
        chosen: list[str] = st.multiselect(
            translate(N_("From documents")),
            list(labels),
            format_func=labels.__getitem__,
            placeholder=translate(N_("Choose documents")),
            key=key,
        )
        with st.popover(translate(N_("Add files")), icon=":material/upload_file:", key="extract_adding"):
            _adding(client)
    return chosen


def _adding(client: Client) -> None:
    number = st.session_state.setdefault(_ROUND, 0)
    files = st.file_uploader(
        translate(N_("Files to extract from")),
        accept_multiple_files=True,
        key=f"extract_files_{number}",
        label_visibility="collapsed",
    )
    pasting(key="pasting_extract")
    label = plural("Read {count} file", "Read {count} files", len(files)) if files else translate(N_("Read"))
    if st.button(label, type="primary", disabled=not files, key="extract_add"):
        take(client, [(one.name, one.getvalue()) for one in files])


def empty(client: Client) -> None:
    """Nothing was read yet: what this page does, and a paper to try it on."""
    with st.container(key="extract_empty"):
        st.subheader(translate(N_("Turn papers into data")), anchor=False)
        st.markdown(
            translate(
                N_("Invoices, acts, receipts: values by name, each with its place on the page. Many files, one table.")
            )
        )
        _adding(client)
        if st.button(translate(N_("Try it on a sample invoice")), icon=":material/draft:", key="extract_sample"):
            take(client, [sample()])


def sample() -> tuple[str, bytes]:
    """Name and content of an invoice that is drawn anew."""
    from docstation.testing import business

    drawn = business.draw(business.Kind.INVOICE, 7)
    return f"{drawn.name}.pdf", drawn.pdf


def take(client: Client, files: Sequence[tuple[str, bytes]]) -> None:
    """Have the files read, and choose them."""
    refused: list[tuple[str, DocStationError]] = []
    taken: list[str] = []
    with st.spinner(translate(N_("The files are being handed over…"))):
        for name, content in files:
            try:
                taken.append(client.submit(content, name=name).id)
            except DocStationError as error:
                refused.append((name, error))
    for name, why in refused:
        texts.show(why, name)
    if taken:
        st.session_state[_ADDED] = taken
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    if taken and not refused:
        st.rerun()
