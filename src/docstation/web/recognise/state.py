"""What is open: document and page in the address, so that a closed tab comes back; the block in the session."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from docstation.errors import DocStationError

DOCUMENT = "doc"
PAGE = "page"
LINK = "recognise"
"""Of the page and the list of its blocks."""
_LAST = "recognise_last"
_CHOSEN = "recognise_chosen"
_ERROR = "recognise_error"


def document() -> str:
    """Id of the open document, as the address says it or as it was when this page was left; empty for none."""
    return str(st.query_params.get(DOCUMENT, "") or st.session_state.get(_LAST, ""))


def page() -> int:
    """Number of the open page, as the address says it: it need not exist."""
    number = str(st.query_params.get(PAGE, "") or st.session_state.get(_LAST + PAGE, ""))
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 8 else 1


def chosen() -> str | None:
    """Id of the chosen block."""
    block: str | None = st.session_state.get(_CHOSEN)
    return block


def open_document(id: str) -> None:
    """Open it at its first page."""
    st.session_state[_LAST] = id
    if id:
        st.query_params[DOCUMENT] = id
    else:
        st.query_params.pop(DOCUMENT, None)
    open_page(1)


def open_page(number: int) -> None:
    """Turn to it."""
    st.query_params[PAGE] = str(number)
    st.session_state[_LAST + PAGE] = str(number)
    choose(None)


def keep() -> None:
    """Say in the address what is open: it was forgotten there when another page was visited."""
    if document():
        st.session_state[_LAST] = st.query_params[DOCUMENT] = document()
        st.session_state[_LAST + PAGE] = st.query_params[PAGE] = str(page())


def choose(block: str | None) -> None:
    """Choose a block, or none."""
    st.session_state[_CHOSEN] = block


def tell(error: DocStationError) -> None:
    """Have the next run show it."""
    st.session_state[_ERROR] = error


def told() -> DocStationError | None:
    """What is to be shown, once."""
    error: DocStationError | None = st.session_state.pop(_ERROR, None)
    return error


def quietly(act: Callable[[], object]) -> None:
    """Do it at a click; what is refused, such as a change of mind that comes too late, is shown by the next run."""
    try:
        act()
    except DocStationError as error:
        tell(error)
