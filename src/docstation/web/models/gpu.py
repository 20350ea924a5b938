"""The card: its memory against the budget now, and the last hour as a plot."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, GpuHistory, StationStatus
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.models import wording
from docstation.web.texts import plain

HEIGHT = 160
USED, LOAD, BUDGET = "#2563eb", "#d97706", "#dc2626"
Json = dict[str, object]


def card(client: Client, status: StationStatus) -> None:
    """Draw gauge and plot, or say that there is no card."""
    gpu = status.gpu
    if gpu.absent or not gpu.name:
        sentence, remedy = wording.absence(gpu.absent)
        none = translate(N_("No GPU."))
        st.caption(f":material/developer_board_off: {none} {sentence}", help=remedy or None)
        return
    st.progress(share(gpu.used_bytes, status.budget_bytes), text=gauge(status))
    history = client.gpu_history()
    if len(history.points) > 1:
        title = translate(N_("GPU memory and load in the last hour"))
        st.vega_lite_chart(plot(history), width="stretch", height=HEIGHT, alt=title, key="models_gpu")


def share(used: int, budget: int) -> float:
    """Of the budget, 0 to 1."""
    return min(1.0, used / budget) if budget else 0.0


def gauge(status: StationStatus) -> str:
    """The card now, in a line of Markdown."""
    gpu = status.gpu
    used, budget = wording.gigabytes(gpu.used_bytes), wording.gigabytes(status.budget_bytes)
    parts = [f"**{plain(gpu.name)}**", translate(N_("{used} of the budget of {budget}"), used=used, budget=budget)]
    if gpu.total_bytes:
        parts.append(translate(N_("{size} on the card"), size=wording.gigabytes(gpu.total_bytes)))
    if gpu.load is not None:
        parts.append(translate(N_("load {percent} %"), percent=gpu.load))
    if gpu.temperature is not None:
        parts.append(f"{gpu.temperature} °C")
    return " · ".join(parts)


def plot(history: GpuHistory) -> Json:
    """The last hour as a Vega-Lite chart: memory as an area, load as a line, the budget as a rule."""
    rows = [
        {"at": round(1000 * one.at), "used": round(one.used_bytes / wording.GB, 3), "load": one.load}
        for one in history.points
    ]
    budget = history.budget_bytes / wording.GB
    top = 1.05 * max([budget, *(one.used_bytes / wording.GB for one in history.points)])
    # The axes are given: Streamlit hands the rows over after the chart, which would warn of axes without an extent.
    span = {"domain": [row["at"] for row in (rows[:1] + rows[-1:])]}
    at = {"field": "at", "type": "temporal", "title": None, "axis": {"format": "%H:%M"}, "scale": span}
    memory = {
        "field": "used",
        "type": "quantitative",
        "title": translate(N_("GB")),
        "scale": {"domain": [0, top]},
        "stack": None,
    }
    load = {"field": "load", "type": "quantitative", "title": translate(N_("load, %")), "scale": {"domain": [0, 100]}}
    return {
        "data": {"values": rows},
        "layer": [
            {
                "layer": [
                    {
                        "mark": {"type": "area", "color": USED, "opacity": 0.35, "line": {"color": USED}},
                        "encoding": {"x": at, "y": memory},
                    },
                    {
                        "mark": {"type": "rule", "color": BUDGET, "strokeDash": [4, 3]},
                        "encoding": {"y": {"datum": budget}},
                    },
                ]
            },
            {"mark": {"type": "line", "color": LOAD, "strokeWidth": 1}, "encoding": {"x": at, "y": load}},
        ],
        "resolve": {"scale": {"y": "independent"}},
    }
