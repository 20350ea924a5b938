"""A block is corrected: its text, its category, the cells of its table. What was read stays kept beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from docstation.client import Client
from docstation.document.model import Block, Category
from docstation.document.table import Table
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import words
from docstation.web.recognise import grids, state

MOST_CELLS = 20_000
"""A table with more is not given to the editor of the browser."""
_ROUND = "recognise_edits"
"""How often something was saved: an editor of the browser begins anew with each."""


def editor(client: Client, id: str, block: Block, *, corrected: bool) -> None:
    """Draw the editor of a block."""
    place = f"{id}_{block.id}_{st.session_state.setdefault(_ROUND, 0)}"
    with st.form(f"recognise_form_{place}"):
        save = _fields(client, id, block, place)
        with st.container(horizontal=True, key=f"recognise_form_buttons_{place}"):
            saved = st.form_submit_button(
                translate(N_("Save")),
                icon=":material/save:",
                type="primary",
                shortcut="Ctrl+S",
                key=f"recognise_save_{place}",
            )
            undone = st.form_submit_button(
                translate(N_("As it was read")),
                icon=":material/undo:",
                disabled=not corrected,
                key=f"recognise_undo_{place}",
            )
    if saved:
        _done(save)
    elif undone:
        _done(lambda: client.uncorrect(id, block.id))


def _fields(client: Client, id: str, block: Block, place: str) -> Callable[[], object]:
    """The fields of the form, and what saves them."""
    table = block.table
    if table is not None and table.rows * table.columns <= MOST_CELLS:
        changed = grids.changed_cells(table, _cells(table, place))
        return lambda: changed and client.correct(id, block.id, cells=changed)
    said, category = _text(block, place)
    text = said if said != block.text else None
    other = category if category is not block.category else None
    return lambda: (text is not None or other) and client.correct(id, block.id, text=text, category=other)


def _done(act: Callable[[], object]) -> None:
    state.quietly(act)
    st.session_state[_ROUND] += 1
    st.rerun()


def _cells(table: Table, place: str) -> list[Sequence[object]]:
    columns = dict(zip(grids.headings(table.columns), map(list, zip(*table.to_rows(), strict=True)), strict=True))
    made = st.data_editor(columns, hide_index=True, key=f"recognise_cells_{place}", width="stretch")
    return list(zip(*made.values(), strict=True))


def _text(block: Block, place: str) -> tuple[str, Category]:
    text = st.text_area(
        translate(N_("Text of the block")),
        block.text,
        key=f"recognise_text_{place}",
        height=min(320, 70 + 24 * (block.text.count("\n") + len(block.text) // 60)),
    )
    # What is no table has no cells to become one.
    categories = [one for one in Category if one is not Category.TABLE or block.category is Category.TABLE]
    category = st.selectbox(
        translate(N_("Kind of block")),
        categories,
        index=categories.index(block.category),
        format_func=words.category,
        key=f"recognise_category_{place}",
    )
    return text, category
