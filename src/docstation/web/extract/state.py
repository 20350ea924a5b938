"""What the extraction page works on: documents and extractions in the address, the chosen value in the session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from docstation.client import Client
from docstation.client.extraction_records import Extraction
from docstation.errors import DocStationError

EXTRACTIONS = "values"
"""Of the address: ids of the extractions that are shown."""
LINK = "extract"
"""Of the page and the list of values."""
MOST_SHOWN = 200
_LAST = "extract_last"
_KNOWN = "extract_known"
_RUN = "extract_run"
_OPEN = "extract_open"
_CHOSEN = "extract_chosen"
_PAGE = "extract_page"
_ERROR = "extract_error"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be extracted, in one of three ways.

    Attributes:
        preset: name of a preset.
        schema: a JSON Schema.
        fields: one line of fields.
    """

    preset: str = ""
    schema: Mapping[str, object] | None = None
    fields: str = ""

    def __bool__(self) -> bool:
        return bool(self.preset or self.schema or self.fields)


@dataclass(slots=True)
class Run:
    """Documents that are still to be extracted from.

    Attributes:
        wanted: from each.
        waiting: ids of those not begun: they may still be being read.
        refused: why there is nothing, by the names of documents.
    """

    wanted: Wanted
    waiting: list[str]
    refused: dict[str, DocStationError] = field(default_factory=dict)


def extractions() -> tuple[str, ...]:
    """Ids of the extractions that are shown, as the address says them or as it was when this page was left."""
    said = str(st.query_params.get(EXTRACTIONS, "") or st.session_state.get(_LAST, ""))
    return tuple(one for one in said.split(",") if one.isalnum() and len(one) <= 64)[:MOST_SHOWN]


def show(ids: Sequence[str]) -> None:
    """Show these, and say so in the address."""
    said = ",".join(ids)
    st.session_state[_LAST] = said
    if said:
        st.query_params[EXTRACTIONS] = said
    else:
        st.query_params.pop(EXTRACTIONS, None)


def get(client: Client, id: str) -> Extraction:
    """An extraction; one that is over is asked for once."""
    known: dict[str, Extraction] = st.session_state.setdefault(_KNOWN, {})
    if id not in known or not known[id].over:
        keep(client.extraction(id))
    return known[id]


def keep(one: Extraction) -> None:
    """Keep it as it is now."""
    st.session_state.setdefault(_KNOWN, {})[one.id] = one


def run() -> Run | None:
    """What is still to be begun."""
    now: Run | None = st.session_state.get(_RUN)
    return now


def begin(now: Run | None) -> None:
    """Have it begun; what was shown before is not any more."""
    st.session_state[_RUN] = now
    if now is not None:
        show(())
        open_extraction("")


def open_extraction(id: str) -> None:
    """Look at it."""
    st.session_state[_OPEN] = id
    st.session_state[_PAGE] = 0
    st.session_state[_CHOSEN] = None


def opened() -> str:
    """Id of the extraction that is looked at; empty for the first."""
    return str(st.session_state.get(_OPEN, ""))


def choose(path: str | None) -> None:
    """Choose a value; its page is shown."""
    st.session_state[_CHOSEN] = path
    st.session_state[_PAGE] = 0


def chosen() -> str | None:
    """Path of the chosen value."""
    path: str | None = st.session_state.get(_CHOSEN)
    return path


def turn(page: int) -> None:
    """Turn to a page whatever value is chosen; 0: to that of the chosen value."""
    st.session_state[_PAGE] = page


def page() -> int:
    """The page that was turned to, 0 for none."""
    return int(st.session_state.get(_PAGE, 0))


def tell(error: DocStationError) -> None:
    """Have the next run show it."""
    st.session_state[_ERROR] = error


def told() -> DocStationError | None:
    """What is to be shown, once."""
    error: DocStationError | None = st.session_state.pop(_ERROR, None)
    return error


def quietly(act: Callable[[], object]) -> bool:
    """Do it; whether it was done. What is refused is shown by the next run."""
    try:
        act()
    except DocStationError as error:
        tell(error)
        return False
    return True
