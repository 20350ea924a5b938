"""How the newest change ended: in a line where it went well, with cause, remedy and log where it did not."""

from __future__ import annotations

import time
from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, StationEvent
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.models import wording
from docstation.web.models.acting import button
from docstation.web.models.story import Story, newest_story

FRESH_SECONDS = 3600.0
"""For so long what failed stands on top; later it is in the list of events."""
_SEEN = "models_seen"


def ending(client: Client, events: Sequence[StationEvent], *, busy: bool) -> None:
    """Draw it, unless it was put away or something new is under way."""
    story = newest_story(events)
    if busy or story is None or not worth_telling(story, time.time()) or story.id in _seen():
        return
    with st.container(key="models_ending"):
        if story.failed:
            _failure(story)
        else:
            st.info(wording.ending(story), icon=":material/check_circle:")
            return
        with st.container(horizontal=True, key="models_ending_buttons"):
            models = story.models
            if models and story.kind != "stop":
                again = translate(N_("Try again"))
                button(again, ":material/refresh:", "models_again", lambda: client.switch(*models))
            st.button(
                translate(N_("Put away")),
                icon=":material/close:",
                key="models_away",
                on_click=_put_away,
                args=(story.id,),
            )


def worth_telling(story: Story, now: float) -> bool:
    """Whether it ended lately: what failed is told for an hour, the rest for a minute."""
    if story.ended is None:
        return False
    return now - story.ended < (FRESH_SECONDS if story.failed else FRESH_SECONDS / 60)


def _failure(story: Story) -> None:
    failure = story.failure
    parts = [f"**{wording.ending(story)}**"]
    if failure is not None:
        parts += wording.cause(failure.cause, failure.detail, ", ".join(story.models))
    st.error("\n\n".join(one for one in parts if one), icon=":material/undo:")
    if story.log:
        with st.expander(translate(N_("Last lines of the server's log")), key="models_evidence"):
            st.code("\n".join(wording.one_line(one) for one in story.log), language=None, wrap_lines=True)


def _seen() -> set[str]:
    seen: set[str] = st.session_state.setdefault(_SEEN, set())
    return seen


def _put_away(id: str) -> None:
    _seen().add(id)
