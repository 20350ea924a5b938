"""What is being read just now, as a strip that follows by itself and is gone when nothing is."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from docstation.client import Client, Progress
from docstation.errors import DocStationError
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.recognise import state

LOOK_SECONDS = 0.5
SHOWN = 4
"""Documents that are shown one by one; of more only the count is told."""


def queue(client: Client) -> bool:
    """Draw it; whether there is anything in it."""
    running = under_way(client)
    follow = st.fragment(run_every=LOOK_SECONDS if running else None)(_strip)
    follow(client, bool(running))
    return bool(running)


def under_way(client: Client) -> list[Progress]:
    """Documents to which something more will happen, in the order in which they are taken up."""
    return list(reversed(client.active()))


def _strip(client: Client, was_running: bool) -> None:
    texts.speak()
    try:
        running = under_way(client)
    except DocStationError as error:
        texts.show(error)
        return
    if bool(running) is not was_running:
        st.rerun()
    if not running:
        return
    with st.container(border=True, key="recognise_queue"):
        for place, one in enumerate(running[:SHOWN]):
            _line(client, one, first=place == 0)
        if len(running) > SHOWN:
            rest = len(running) - SHOWN
            st.caption(plural("and {count} more document", "and {count} more documents", rest))


def _line(client: Client, job: Progress, *, first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"recognise_line_{job.id}"):
        st.progress(job.progress or 0.0, text=line(job))
        if job.state == "paused":
            _button(N_("Go on"), ":material/play_arrow:", f"recognise_resume_{job.id}", lambda: client.resume(job.id))
        else:
            _button(N_("Pause"), ":material/pause:", f"recognise_pause_{job.id}", lambda: client.pause(job.id))
        # Esc may be pressed by mistake: what was read stays, and the document offers to go on.
        _button(
            N_("Cancel"),
            ":material/close:",
            f"recognise_cancel_{job.id}",
            lambda: client.cancel(job.id),
            shortcut="Escape" if first else None,
        )


def line(job: Progress) -> str:
    """The document in a sentence of Markdown: its name, how far it is, and how long it will take."""
    parts = [f"**{texts.plain(job.name)}**"]
    if job.total:
        parts.append(translate(N_("{done} of {total} pages"), done=job.done, total=job.total))
    if job.state != "reading":
        parts.append(words.document_state(job.state))
    elif job.eta_seconds is not None:
        parts.append(translate(N_("{span} left"), span=words.span(job.eta_seconds)))
    if job.failed:
        parts.append(plural("{count} page failed", "{count} pages failed", job.failed))
    return " · ".join(parts)


def _button(label: str, icon: str, key: str, act: Callable[[], object], shortcut: str | None = None) -> None:
    st.button(
        translate(label),
        icon=icon,
        key=key,
        on_click=state.quietly,
        args=(act,),
        shortcut=shortcut,
    )
