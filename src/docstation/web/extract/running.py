"""Extractions under way: begun as soon as their documents are read, followed until all are over."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, Job
from docstation.client.extraction_records import Extraction
from docstation.errors import DocStationError, InputError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.extract import state

LOOK_SECONDS = 0.5
NOT_READ = N_("The document could not be read.")


def advance(client: Client, run: state.Run) -> list[Job]:
    """Begin what can be begun; the documents that are still being read."""
    reading: list[Job] = []
    for id in list(run.waiting):
        job = client.job(id)
        if not job.over:
            reading.append(job)
            continue
        run.waiting.remove(id)
        try:
            if job.state != "done":
                raise job.error or InputError(NOT_READ)
            wanted = run.wanted
            made = client.extract(id, preset=wanted.preset, schema=wanted.schema, fields=wanted.fields)
        except DocStationError as error:
            run.refused[job.name] = error
        else:
            state.keep(made)
            state.show((*state.extractions(), made.id))
    return reading


def running(client: Client) -> bool:
    """Draw how far they are; whether any is under way."""
    now = state.run()
    under_way = [one for id in state.extractions() if not (one := state.get(client, id)).over]
    busy = bool(under_way or (now and now.waiting))
    st.fragment(run_every=LOOK_SECONDS if busy else None)(_strip)(client, busy)
    return busy


def _strip(client: Client, was_busy: bool) -> None:
    texts.speak()
    now = state.run()
    try:
        reading = advance(client, now) if now else []
        under_way = [one for id in state.extractions() if not (one := state.get(client, id)).over]
    except DocStationError as error:
        texts.show(error)
        return
    for name, why in now.refused.items() if now else ():
        texts.show(why, name)
    if bool(reading or under_way) is not was_busy:
        st.rerun()
    for job in reading:
        st.progress(job.progress or 0.0, text=f"**{texts.plain(job.name)}** · {words.document_state(job.state)}")
    for one in under_way:
        _line(client, one)


def _line(client: Client, one: Extraction) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"extract_line_{one.id}"):
        share = one.done / one.total if one.total else 0.0
        st.progress(min(1.0, share), text=line(one))
        st.button(
            translate(N_("Cancel")),
            icon=":material/close:",
            key=f"extract_cancel_{one.id}",
            on_click=_cancel,
            args=(client, one.id),
        )


def line(one: Extraction) -> str:
    """An extraction that is under way, in a sentence of Markdown."""
    parts = [f"**{texts.plain(one.name)}**"]
    if one.total:
        parts.append(translate(N_("{done} of {total} pages"), done=one.done, total=one.total))
    parts.append(texts.plain(one.model) if one.model else translate(N_("by rules")))
    return " · ".join(parts)


def _cancel(client: Client, id: str) -> None:
    if state.quietly(lambda: client.delete_extraction(id)):
        state.show([one for one in state.extractions() if one != id])
