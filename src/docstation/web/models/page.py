"""The page from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, StationEvent, StationStatus
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.models.acting import refused
from docstation.web.models.cards import cards
from docstation.web.models.comparing import comparing
from docstation.web.models.ending import ending
from docstation.web.models.looks import style
from docstation.web.models.now import now
from docstation.web.models.timeline import timeline
from docstation.web.service import client as service


def draw() -> None:
    """Draw it."""
    try:
        _draw(service())
    except DocStationError as error:
        texts.show(error)
        st.button(translate(N_("Try again")), key="models_look_again")


def _draw(client: Client) -> None:
    style()
    status, events = client.status(), client.station_history()
    # What is under way stands beside the cards and stays in sight: whoever clicks far below sees what comes of it.
    beside, rest = st.columns([2, 3], gap="medium")
    with beside, st.container(key="models_beside"):
        # A place of its own, there or not: what stands below is not to move from one run to the next.
        with st.container(key="models_told"):
            refused()
            ending(client, events, busy=status.transaction is not None)
        now(client, status)
    with rest:
        _parts(client, status, events)


def _parts(client: Client, status: StationStatus, events: Sequence[StationEvent]) -> None:
    names = (N_("Models"), N_("Events"), N_("Comparison"))
    catalogue, happened, compared = st.tabs([translate(one) for one in names], key="models_tab", on_change="rerun")
    if catalogue.open:
        with catalogue:
            cards(client, status, client.catalogue())
    elif happened.open:
        with happened:
            timeline(events)
    elif compared.open:
        with compared:
            comparing(client, status)
