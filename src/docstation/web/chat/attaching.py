"""Choosing what a question is about: a document, a page of it, or a region that is drawn on the page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, Job
from docstation.document.conversation import Attachment
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.chat import state
from docstation.web.chat.place import WIDTH, size_of
from docstation.web.chat.wording import attachment_label
from docstation.web.page_view import page_view
from docstation.web.recognise import state as recognised
from docstation.web.recognise.viewer import picture

RECENT = 100


def readable(client: Client) -> list[Job]:
    """Recent documents of which something can be asked, the newest first."""
    return [one for one in client.jobs(RECENT).jobs if one.page_count and one.state not in {"failed", "cancelled"}]


def attached() -> None:
    """Draw what the next question is about, each with a way to take it away."""
    for place, one in enumerate(state.attached()):
        st.button(
            texts.plain(attachment_label(one)),
            icon=":material/close:",
            icon_position="right",
            key=f"chat_attached_{place}_{one.document}",
            help=translate(N_("Take it away")),
            on_click=state.detach,
            args=(one,),
        )


def choosing(client: Client, jobs: Sequence[Job], *, disabled: bool) -> None:
    """Draw the buttons that attach."""
    if st.button(
        translate(N_("Attach a page")), icon=":material/attach_file:", key="chat_attach", disabled=disabled or not jobs
    ):
        _window(client, jobs)
    current = _current(jobs)
    if current is not None and current not in state.attached():
        st.button(
            texts.plain(attachment_label(current)),
            icon=":material/add:",
            key="chat_attach_current",
            type="tertiary",
            disabled=disabled,
            help=translate(N_("Attach the page that is open under Recognition")),
            on_click=state.attach,
            args=(current,),
        )


def _current(jobs: Sequence[Job]) -> Attachment | None:
    """The page that is open on the recognition page."""
    job = next((one for one in jobs if one.id == recognised.document()), None)
    if job is None:
        return None
    return Attachment(job.id, min(max(1, recognised.page()), job.page_count), name=job.name)


def _window(client: Client, jobs: Sequence[Job]) -> None:
    def choose() -> None:
        texts.speak()
        try:
            _choose(client, jobs)
        except DocStationError as error:
            texts.show(error)

    st.dialog(translate(N_("What the question is about")), width="large")(choose)()


def _choose(client: Client, jobs: Sequence[Job]) -> None:
    by_id = {one.id: one for one in jobs}
    labels = words.apart({one.id: f"{one.name} · {words.pages(one.page_count)}" for one in jobs})
    current = recognised.document()
    left, right = st.columns([3, 1])
    id = left.selectbox(
        translate(N_("Document")),
        list(labels),
        index=list(labels).index(current) if current in labels else 0,
        format_func=labels.__getitem__,
        key="chat_attach_document",
    )
    job = by_id[id]
    number = int(right.number_input(translate(N_("Page")), 1, job.page_count, key=f"chat_attach_page_{id}"))
    with st.container(horizontal=True):
        page, whole = Attachment(id, number, name=job.name), Attachment(id, name=job.name)
        _choice(N_("Attach this page"), page, "page", primary=True)
        _choice(N_("Attach the whole document"), whole, "whole")
    st.caption(translate(N_("Or draw a region on the page: the question is about it alone.")))
    seen = page_view(
        picture(id, number, WIDTH),
        size_of(client, id, number),
        [],
        key=f"chat_attach_view_{id}_{number}",
        alt=translate(N_("Page {number} of {name}"), number=number, name=job.name),
    )
    if seen.region is not None:
        state.attach(Attachment(id, number, seen.region, name=job.name))
        st.rerun()


def _choice(label: str, one: Attachment, key: str, *, primary: bool = False) -> None:
    if st.button(translate(label), type="primary" if primary else "secondary", key=f"chat_attach_{key}"):
        state.attach(one)
        st.rerun()
