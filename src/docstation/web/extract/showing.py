"""What was extracted: values beside their page, lists as tables, many documents in one table, JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from docstation.client import Client
from docstation.client.extraction_records import Extraction
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.block_list import Item, block_list
from docstation.web.extract import state, values
from docstation.web.extract.editing import editor

TALL, BESIDE_EDITOR = "70vh", "38vh"
HEIGHT = 640


def sides(client: Client, extraction: Extraction, everything: Sequence[Extraction]) -> None:
    """Draw them.

    Args:
        client: of the service.
        extraction: that is looked at.
        everything: all that are over and came to an end, in order.
    """
    _summary(extraction)
    listed = values.lists(extraction)
    titles = [translate(N_("Values")), *(f"{one.title} · {len(one.rows)}" for one in listed)]
    titles += [translate(N_("All documents"))] if len(everything) > 1 else []
    tabs = st.tabs([*titles, "JSON"], key=f"extract_tab_{len(titles)}", on_change="rerun")
    if tabs[0].open:
        with tabs[0]:
            _values(client, extraction)
    for tab, one in zip(tabs[1:], listed, strict=False):
        if tab.open:
            with tab:
                _list(client, extraction, one)
    if len(everything) > 1 and tabs[-2].open:
        with tabs[-2]:
            _table(everything, listed)
    if tabs[-1].open:
        tabs[-1].code(json.dumps(extraction.values, ensure_ascii=False, indent=2), language="json", height=HEIGHT)


def _summary(extraction: Extraction) -> None:
    applied = [one for one in extraction.checks if one.outcome != "not-applicable"]
    bad = [one for one in applied if one.outcome != "ok"]
    by = texts.plain(extraction.model) if extraction.model else translate(N_("by rules"))
    found = sum(one.value is not None for one in extraction.fields)
    parts = [plural("{count} value", "{count} values", found), by]
    if applied and not bad:
        parts.append(plural("{count} check passed", "{count} checks passed", len(applied)))
    st.caption(" · ".join(parts))
    for one in bad:
        show = st.error if one.outcome == "failed" else st.warning
        show(texts.plain(one.message), icon=":material/rule:")
    if extraction.unanswered:
        numbers = ", ".join(map(str, extraction.unanswered))
        st.warning(translate(N_("The model gave no answer for pages {numbers}; rules looked there."), numbers=numbers))


def _values(client: Client, extraction: Extraction) -> None:
    key = f"extract_values_{extraction.id}"

    def chosen() -> None:
        state.choose(st.session_state[key].selected)

    items = []
    for one in values.singles(extraction):
        checks = values.checks_of(extraction, one.path)
        text = values.shown(one.value, one.kind) or "—"
        items.append(Item(one.path, values.title(one), text, values.colour(one, checks), values.remarks(one, checks)))
    field = next((one for one in extraction.fields if one.path == state.chosen()), None)
    block_list(
        items,
        key=key,
        title=translate(N_("Values")),
        selected=state.chosen(),
        link=state.LINK,
        height=TALL if field is None else BESIDE_EDITOR,
        on_selected=chosen,
    )
    if field is not None:
        editor(client, extraction, field)


def _list(client: Client, extraction: Extraction, listed: values.Listed) -> None:
    key = f"extract_list_{extraction.id}_{listed.name}"
    names = dict(zip(values.headings(listed), listed.columns, strict=True))

    def chosen() -> None:
        cells = st.session_state[key].selection.cells
        if not cells:
            return
        row, heading = cells[0]
        column = names.get(heading, listed.columns[0])
        one = listed.cells.get((listed.rows[row], column))
        state.choose(None if one is None else one.path)

    st.dataframe(
        values.grid(listed, extraction),
        hide_index=True,
        width="stretch",
        key=key,
        on_select=chosen,
        selection_mode="single-cell",
    )
    inside = {one.path: one for one in listed.cells.values()}
    field = inside.get(state.chosen() or "")
    if field is None:
        st.caption(translate(N_("Choose a cell to see where it stands and to correct it.")))
    else:
        editor(client, extraction, field)


def _table(everything: Sequence[Extraction], listed: Sequence[values.Listed]) -> None:
    name = ""
    if listed:
        titles = {"": translate(N_("Documents")), **{one.name: one.title for one in listed}}
        name = st.segmented_control(
            translate(N_("Table")),
            list(titles),
            default="",
            required=True,
            format_func=lambda one: titles[one],
            key="extract_table",
            label_visibility="collapsed",
        )
    st.dataframe(values.table(everything, name), hide_index=True, width="stretch", key="extract_all")
