"""What happened at the station, the newest first: changes with their steps, crashes, measurements."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import StationEvent
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.models import wording
from docstation.web.models.story import Story, stories

PART = 15
_SHOWN = "models_events_shown"


def timeline(events: Sequence[StationEvent]) -> None:
    """Draw it."""
    told = stories(events)
    if not told:
        st.info(translate(N_("Nothing happened yet. Changes of what serves are listed here.")), icon=":material/info:")
        return
    shown = st.session_state.setdefault(_SHOWN, PART)
    for place, one in enumerate(told[:shown]):
        if isinstance(one, Story):
            _story(one, place)
        else:
            st.markdown(f":gray[{wording.at(one.at)}] {wording.remark(one)}")
    if len(told) > shown:
        st.button(translate(N_("Show more")), icon=":material/expand_more:", key="models_events_more", on_click=_more)


def _story(story: Story, place: int) -> None:
    took = "" if story.ended is None else f" · {wording.took_seconds(story.ended - story.began)}"
    title = (
        f":gray[{wording.at(story.began)}] {wording.change(story.kind, story.models)} {wording.outcome(story)}{took}"
    )
    with st.expander(title, expanded=place == 0 and story.failed, key=f"models_event_{story.id}"):
        st.markdown("  \n".join(steps(story)) or "–")
        if story.log:
            st.code("\n".join(wording.one_line(one) for one in story.log), language=None, wrap_lines=True)


def steps(story: Story) -> list[str]:
    """Each step as a line of Markdown, what failed with its cause and remedy."""
    lines = []
    for one in story.steps:
        took = wording.took_seconds(one.seconds)
        if not one.cause:
            lines.append(f":green[:material/check:] {wording.step(one.step)} · {took}")
            continue
        why, remedy = wording.cause(one.cause, one.detail, ", ".join(story.models))
        lines.append(f":red[:material/close:] {wording.step(one.step)} · {took} · {why}")
        if remedy:
            lines.append(f":material/build: {remedy}")
    return lines


def _more() -> None:
    st.session_state[_SHOWN] += PART
