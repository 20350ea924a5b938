"""The page from top to bottom."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client
from docstation.errors import DocStationError, NotFound
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.recognise import state
from docstation.web.recognise.choosing import chooser
from docstation.web.recognise.queue import queue
from docstation.web.recognise.saving import saving
from docstation.web.recognise.taking import row
from docstation.web.recognise.viewer import viewer
from docstation.web.service import client as service

RECENT = 100


def draw() -> None:
    """Draw it."""
    try:
        _draw(service())
    except NotFound as error:
        # The document was deleted elsewhere; the page without it is there at the next look.
        state.open_document("")
        texts.show(error)
        st.button(translate(N_("Show other documents")), key="recognise_others")
    except DocStationError as error:
        texts.show(error)


def _draw(client: Client) -> None:
    state.keep()
    jobs = client.jobs(RECENT).jobs
    row(client, first=not jobs)
    if not jobs:
        return
    # In a place of its own: what follows stays where it is when the queue comes and goes. Fragments are known by their
    # place, and a click on one that has moved meanwhile would be lost.
    with st.container(key="recognise_waiting"):
        queue(client)
    if not state.document():
        state.open_document(jobs[0].id)
    with st.container(horizontal=True, vertical_alignment="center", key="recognise_open"):
        chooser(jobs, state.document())
        open_now = next((one for one in jobs if one.id == state.document()), None)
        saving(open_now or client.job(state.document()), jobs)
    viewer(client, state.document())
