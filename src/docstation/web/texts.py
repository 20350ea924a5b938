"""The language of a session, and the sentences that several pages say."""

from __future__ import annotations

import streamlit as st

from docstation import messages
from docstation.errors import DocStationError
from docstation.messages import explain, translate
from docstation.messages.marking import N_
from docstation.web.service import settings

LANGUAGE = "language"
"""Of the session's state: the language that was chosen on the settings page."""


def speak() -> str:
    """Choose the session's language for this run: what was chosen, the setting, the browser's, Russian."""
    chosen = st.session_state.get(LANGUAGE, "") or settings().ui.language
    if chosen not in messages.LANGUAGES:
        browser = (st.context.locale or "").split("-")[0].lower()
        chosen = browser if browser in messages.LANGUAGES else messages.LANGUAGES[0]
    messages.use(chosen)
    return chosen


def show(error: DocStationError, name: str = "") -> None:
    """What happened, to the thing of that name, and what to do about it."""
    message, remedy = explain(error)
    parts = (f"**{plain(name)}**" if name else "", plain(message), plain(remedy))
    st.error("\n\n".join(part for part in parts if part), icon=":material/error:")


def bug() -> str:
    """What is said of a failure of ours."""
    return translate(N_("Something went wrong on our side. Reload the page; the log has the details."))


def plain(text: str) -> str:
    """Text that Markdown does not take for markup: names of files are in it."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#$~|:" else letter for letter in text)
