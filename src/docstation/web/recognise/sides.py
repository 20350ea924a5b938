"""What was read on the open page, in four ways: blocks, Markdown, tables, JSON. Only the one that is open is made."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, Job
from docstation.document.model import FURNITURE, Block, Category, Page
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import words
from docstation.web.block_list import Item, block_list
from docstation.web.page_view import COLOURS
from docstation.web.recognise import editing, lone_page, state

DOUBTFUL = 0.75
"""Blocks that were read with less confidence say so."""
CELLS_APART = " | "
HEIGHT = 640
TALL, BESIDE_EDITOR = "78vh", "36vh"
"""Heights of the list, alone and above the editor of a block."""


def sides(client: Client, job: Job, page: Page) -> None:
    """Draw them."""
    blocks, text, tables, value = st.tabs(
        [translate(one) for one in (N_("Blocks"), "Markdown", N_("Tables"), "JSON")],
        key="recognise_tab",
        on_change="rerun",
    )
    if blocks.open:
        with blocks:
            _blocks(client, job, page)
    elif text.open:
        text.code(lone_page.markdown(page), language="markdown", wrap_lines=True, height=HEIGHT)
    elif tables.open:
        with tables:
            _tables(client, job, page)
    elif value.open:
        value.code(lone_page.as_json(page), language="json", height=HEIGHT)


def _blocks(client: Client, job: Job, page: Page) -> None:
    if not page.blocks:
        st.info(translate(N_("Nothing is on this page.")), icon=":material/info:")
        return
    key = f"recognise_blocks_{job.id}_{page.number}"

    def chosen() -> None:
        state.choose(st.session_state[key].selected)

    corrected = client.corrections(job.id, page.number).blocks
    items = [item(one, corrected=one.id in corrected) for one in page.blocks]
    block = next((one for one in page.blocks if one.id == state.chosen()), None)
    block_list(
        items,
        key=key,
        title=translate(N_("Blocks of the page")),
        selected=block.id if block else None,
        link=state.LINK,
        height=TALL if block is None else BESIDE_EDITOR,
        on_selected=chosen,
    )
    if block is not None:
        editing.editor(client, job.id, block, corrected=block.id in corrected)


def item(block: Block, *, corrected: bool) -> Item:
    """A block in the list."""
    flags = []
    if corrected:
        flags.append(translate(N_("corrected")))
    elif block.confidence < DOUBTFUL and block.text:
        flags.append(translate(N_("to be checked: {percent} %"), percent=round(100 * block.confidence)))
    heading = block.category in {Category.TITLE, Category.SECTION_HEADER}
    shown = block.text if block.table is None else block.text.replace("\t", CELLS_APART)
    text = shown or (translate(N_("no text")) if block.category in FURNITURE else "")
    return Item(block.id, words.category(block.category), text, COLOURS[block.category], tuple(flags), heading)


def _tables(client: Client, job: Job, page: Page) -> None:
    found = [one for one in page.blocks if one.table is not None]
    if not found:
        st.info(translate(N_("There is no table on this page.")), icon=":material/info:")
    corrected = client.corrections(job.id, page.number).blocks
    for place, one in enumerate(found, start=1):
        if len(found) > 1:
            title = translate(N_("Table {number}"), number=place)
            st.markdown(f"**{title}**")
        editing.editor(client, job.id, one, corrected=one.id in corrected)
