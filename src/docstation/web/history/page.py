"""The page from top to bottom."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.history import listing, searching
from docstation.web.history.about import about
from docstation.web.history.keys import keys
from docstation.web.history.settings import TAB, TITLE, settings
from docstation.web.models.looks import style
from docstation.web.service import client as service


def draw() -> None:
    """Draw it."""
    try:
        _draw(service())
    except DocStationError as error:
        texts.show(error)
        st.button(translate(N_("Try again")), key="history_again")


def _draw(client: Client) -> None:
    style()
    names = (N_("Documents"), TITLE, N_("API keys"), N_("About"))
    documents, chosen, secrets, itself = st.tabs([translate(one) for one in names], key=TAB, on_change="rerun")
    if documents.open:
        with documents:
            _documents(client)
    elif chosen.open:
        with chosen:
            settings()
    elif secrets.open:
        with secrets:
            keys(client)
    elif itself.open:
        with itself:
            about(client)


def _documents(client: Client) -> None:
    listing.told()
    asked = searching.question()
    if asked:
        searching.found(client, asked)
    else:
        listing.listing(client)
