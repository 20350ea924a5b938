"""Which of the recent documents is open."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Job
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import words
from docstation.web.recognise import state


def chooser(jobs: Sequence[Job], open_now: str) -> None:
    """Draw the choice of recent documents."""
    labels = words.apart({one.id: label(one) for one in jobs})
    key = "recognise_document"
    st.session_state[key] = open_now if open_now in labels else None

    def chosen() -> None:
        # A browser that has not heard yet of a document's new state gives its old label, which is no id.
        if st.session_state[key] in labels:
            state.open_document(st.session_state[key])

    st.selectbox(
        translate(N_("Document")),
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        on_change=chosen,
        label_visibility="collapsed",
        placeholder=translate(N_("Choose a document")),
    )


def label(job: Job) -> str:
    """A document in a list."""
    parts = [job.name]
    if job.total:
        parts.append(words.pages(job.total))
    if job.state != "done":
        parts.append(words.document_state(job.state))
    return " · ".join(parts)
