"""The page that an answer cites or a question is about, beside the conversation."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client
from docstation.document.conversation import Attachment
from docstation.errors import DocStationError, NotReady
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.chat import state
from docstation.web.chat.wording import citation_label
from docstation.web.page_view import Mark, page_view
from docstation.web.recognise.viewer import picture

WIDTH = 1400
CITED = "#b45309"


def place(client: Client, shown: state.Place) -> None:
    """Draw it."""
    with st.container(key="chat_place"):
        try:
            _place(client, shown)
        except DocStationError as error:
            texts.show(error)
            _close()


def _place(client: Client, shown: state.Place) -> None:
    job = client.job(shown.document)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            texts.plain(translate(N_("{name}, p. {number}"), name=job.name, number=shown.page)), width="stretch"
        )
        _close()
    marks = _marks(shown)
    key = f"chat_page_{shown.document}_{shown.page}"

    def chosen() -> None:
        found = st.session_state[key].selected
        if found and found.isdecimal():
            state.show(state.Place(shown.document, shown.page, shown.citations, int(found)))

    seen = page_view(
        picture(shown.document, shown.page, WIDTH),
        size_of(client, shown.document, shown.page),
        marks,
        key=key,
        alt=translate(N_("Page {number} of {name}"), number=shown.page, name=job.name),
        selected=str(shown.chosen) if shown.chosen >= 0 else None,
        drawable=False,
        on_selected=chosen,
    )
    target = shown.page + seen.turn
    if seen.turn and 1 <= target <= job.page_count:
        state.show(state.Place(shown.document, target, shown.citations, -1, shown.attachment))
        st.rerun()


def _close() -> None:
    st.button(
        translate(N_("Close")), icon=":material/close:", key="chat_place_close", on_click=state.show, args=(None,)
    )


def _marks(shown: state.Place) -> list[Mark]:
    marks = [
        Mark(str(place), one.box, str(place + 1), CITED, citation_label(place + 1, one))
        for place, one in enumerate(shown.citations)
        if (one.document, one.page) == (shown.document, shown.page)
    ]
    region = shown.attachment
    if isinstance(region, Attachment) and region.box is not None and region.page == shown.page:
        marks.append(Mark("region", region.box, translate(N_("The region asked about")), CITED))
    return marks


def size_of(client: Client, id: str, number: int) -> tuple[float, float] | None:
    """Width and height of a page in points; None before it was read."""
    try:
        page = client.page(id, number)
    except NotReady:
        return None
    return page.width, page.height
