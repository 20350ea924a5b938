"""A region that was drawn on the page is read alone, and put in as blocks where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from docstation.client import Client
from docstation.document.geometry import Box
from docstation.document.model import Block
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import words
from docstation.web.recognise import state

_KEPT = "recognise_region"


@dataclass(frozen=True, slots=True)
class Region:
    """What was read of a part of a page.

    Attributes:
        document: id.
        number: of the page.
        blocks: of the part alone.
    """

    document: str
    number: int
    blocks: tuple[Block, ...]


def drawn(client: Client, id: str, number: int, box: Box) -> None:
    """Read the region, and keep what is there for `card`."""
    with st.spinner(translate(N_("The region is being read…")), show_time=True):
        try:
            read = client.read_region(id, number, box)
        except DocStationError as error:
            state.tell(error)
            return
    st.session_state[_KEPT] = Region(id, number, read.page.blocks)


def card(client: Client, id: str, number: int) -> None:
    """Show what was read of a region of this page, if one was."""
    kept: Region | None = st.session_state.get(_KEPT)
    if kept is None or (kept.document, kept.number) != (id, number):
        return
    with st.container(border=True, key="recognise_region_card"):
        title = translate(N_("What the region says"))
        st.markdown(f"**{title}**")
        if kept.blocks:
            for one in kept.blocks:
                st.caption(words.category(one.category))
                st.code(one.text, language=None, wrap_lines=True)
        else:
            st.info(translate(N_("Nothing is there.")))
        with st.container(horizontal=True):
            st.button(
                translate(N_("Put in as a block")),
                icon=":material/add:",
                disabled=not kept.blocks,
                key="recognise_region_add",
                on_click=lambda: state.quietly(lambda: _add(client, id, number, kept.blocks)),
            )
            st.button(translate(N_("Close")), icon=":material/close:", key="recognise_region_close", on_click=_forget)


def _add(client: Client, id: str, number: int, blocks: Sequence[Block]) -> None:
    for one in blocks:
        client.add_block(id, number, one.box, category=one.category, text=one.text, level=one.level, table=one.table)
    _forget()


def _forget() -> None:
    st.session_state.pop(_KEPT, None)
