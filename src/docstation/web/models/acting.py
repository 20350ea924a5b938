"""Clicks that change the station; what is refused is told by the next run."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from docstation.errors import DocStationError
from docstation.web import texts

_REFUSED = "models_refused"


def act(do: Callable[[], object]) -> None:
    """Do it at a click."""
    try:
        do()
    except DocStationError as error:
        st.session_state[_REFUSED] = error


def refused() -> None:
    """Show what was refused, once."""
    error: DocStationError | None = st.session_state.pop(_REFUSED, None)
    if error is not None:
        texts.show(error)


def button(
    label: str,
    icon: str,
    key: str,
    do: Callable[[], object],
    *,
    primary: bool = False,
    disabled: bool = False,
    help: str | None = None,
    shortcut: str | None = None,
) -> None:
    """A button that changes the station; its label is in the active language already."""
    st.button(
        label,
        icon=icon,
        key=key,
        on_click=act,
        args=(do,),
        type="primary" if primary else "secondary",
        disabled=disabled,
        help=help,
        shortcut=shortcut,
    )
