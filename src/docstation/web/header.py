"""Above every page: the active model, its state, and the GPU memory against the budget."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, StationStatus
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts, words

GB = 1e9
QUIET_SECONDS = 5.0
BUSY_SECONDS = 1.0

STATES = {
    "ready": (N_("ready"), "green"),
    "switching": (N_("switching"), "orange"),
    "waiting": (N_("does not answer"), "red"),
    "embedded": (N_("without a GPU"), "blue"),
}


def header(client: Client) -> None:
    """Draw it; it looks again by itself."""
    busy = st.session_state.get("header_busy", False)
    st.fragment(run_every=BUSY_SECONDS if busy else QUIET_SECONDS)(_header)(client)


def _header(client: Client) -> None:
    texts.speak()
    try:
        status = client.status()
    except DocStationError as error:
        texts.show(error)
        return
    st.session_state["header_busy"] = status.transaction is not None
    name, memory = st.columns([3, 2], vertical_alignment="center")
    name.markdown(model_line(status))
    line = memory_line(status)
    if line:
        share, text = line
        memory.progress(share, text=text)


def state_of(status: StationStatus) -> str:
    """One of `STATES`."""
    if status.transaction is not None:
        return "switching"
    if status.serving:
        return "ready" if all(one.answers for one in status.serving) else "waiting"
    return "waiting" if status.mode == "waiting" else "embedded"


def model_line(status: StationStatus) -> str:
    """What serves or is to, and how it is, as Markdown of our own words and catalogue names."""
    word, colour = STATES[state_of(status)]
    return f"**{_names(status)}** :{colour}-badge[{translate(word)}]"


def _names(status: StationStatus) -> str:
    serving = ", ".join(one.model for one in status.serving)
    wanted = ", ".join(status.transaction.wanted) if status.transaction is not None else ""
    names = [one for one in dict.fromkeys((serving, wanted)) if one]
    return " → ".join(names) or translate(N_("Embedded engine"))


def memory_line(status: StationStatus) -> tuple[float, str] | None:
    """The share of the budget that is used, from 0 to 1, and a sentence; None where there is no card."""
    gpu = status.gpu
    if gpu is None or gpu.absent or gpu.used_bytes is None:
        return None
    used, budget = gpu.used_bytes, status.budget_bytes
    text = translate(N_("GPU: {used} of {budget} GB"), used=words.decimal(used / GB, 1), budget=f"{budget / GB:.0f}")
    return min(1.0, used / budget) if budget else 0.0, text
