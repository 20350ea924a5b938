"""The chosen value: where it stands, what checks say of it, and a field to say it otherwise."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from docstation.client import Client
from docstation.client.extraction_records import ExtractedField, Extraction
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.extract import state, values

_ROUND = "extract_edits"
"""How often something was saved: the field of the browser begins anew with each."""
ICONS = {"ok": ":green[:material/check_circle:]", "failed": ":red[:material/error:]"}
DOUBT = ":orange[:material/help:]"


def editor(client: Client, extraction: Extraction, one: ExtractedField) -> None:
    """Draw it."""
    place = f"{extraction.id}_{one.path}_{st.session_state.setdefault(_ROUND, 0)}"
    with st.form(f"extract_form_{place}"):
        said = st.text_input(
            values.title(one), values.shown(one.value, one.kind), max_chars=10_000, key=f"extract_value_{place}"
        )
        _facts(extraction, one)
        with st.container(horizontal=True):
            saved = st.form_submit_button(
                translate(N_("Save")),
                icon=":material/save:",
                type="primary",
                shortcut="Ctrl+S",
                key=f"extract_save_{place}",
            )
            undone = st.form_submit_button(
                translate(N_("As it was found")),
                icon=":material/undo:",
                disabled=one.status != "corrected",
                key=f"extract_undo_{place}",
            )
    _others(client, extraction, one, place)
    if saved:
        _done(lambda: client.correct_values(extraction.id, {one.path: said.strip() or None}))
    elif undone:
        _done(lambda: client.uncorrect_values(extraction.id, [one.path]))


def _facts(extraction: Extraction, one: ExtractedField) -> None:
    facts = [translate(values.STATES[one.status]) if one.status in values.STATES else one.status]
    if one.evidence is not None:
        facts.append(translate(N_("p. {number}"), number=one.evidence.page))
        facts.append(f"«{texts.plain(one.evidence.text)}»")
    if one.reason:
        facts.append(texts.plain(one.reason))
    st.caption(" · ".join(facts))
    for check in values.checks_of(extraction, one.path):
        st.markdown(f"{ICONS.get(check.outcome, DOUBT)} {texts.plain(check.message)}")


def _others(client: Client, extraction: Extraction, one: ExtractedField, place: str) -> None:
    """Other values that the pages offer, each a click away."""
    if not one.alternatives:
        return
    st.caption(translate(N_("The pages also say:")))
    with st.container(horizontal=True, gap="small", key=f"extract_others_{place}"):
        for number, other in enumerate(one.alternatives):
            st.button(
                texts.plain(other.printed or values.shown(other.value, one.kind)),
                key=f"extract_other_{place}_{number}",
                on_click=lambda value=other.value: _saved(
                    lambda: client.correct_values(extraction.id, {one.path: value})
                ),
            )


def _done(act: Callable[[], Extraction]) -> None:
    _saved(act)
    st.rerun()


def _saved(act: Callable[[], Extraction]) -> None:
    if state.quietly(lambda: state.keep(act())):
        st.session_state[_ROUND] += 1
