"""What is open on the chat page: the conversation in the address, what is about to be asked in the session."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from docstation.document.conversation import Attachment, Citation
from docstation.errors import DocStationError

CONVERSATION = "chat"
_LAST = "chat_last"
_WAITING = "chat_waiting"
_ATTACHED = "chat_attached"
_EDITED = "chat_edited"
_PLACE = "chat_place"
_ERROR = "chat_error"


@dataclass(frozen=True, slots=True)
class File:
    """A file that was dropped or pasted into the question.

    Attributes:
        name: as its owner calls it.
        content: of it.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """What this run is to ask.

    Attributes:
        text: of the question; empty where `again` is asked.
        attachments: what it is about.
        files: images that are uploaded first.
        instead: id of the message that it stands instead of.
        again: id of the message that is answered anew.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    files: tuple[File, ...] = ()
    instead: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A page that is shown beside the conversation.

    Attributes:
        document: id.
        page: number.
        citations: of one answer, those on other pages too.
        chosen: which of them; -1 for none.
        attachment: that is shown instead of citations.
    """

    document: str
    page: int
    citations: tuple[Citation, ...] = ()
    chosen: int = -1
    attachment: Attachment | None = None


def conversation() -> str:
    """Id of the open conversation, as the address says it or as it was when this page was left; empty for a new one."""
    return str(st.query_params.get(CONVERSATION, "") or st.session_state.get(_LAST, ""))


def open_conversation(id: str) -> None:
    """Open it; empty for a new one."""
    if id != conversation():
        edit("")
        show(None)
    remember(id)


def remember(id: str) -> None:
    """Say in the address that it is open."""
    st.session_state[_LAST] = id
    if id:
        st.query_params[CONVERSATION] = id
    else:
        st.query_params.pop(CONVERSATION, None)


def ask(asked: Asking) -> None:
    """Have the next run ask it."""
    st.session_state[_WAITING] = asked
    edit("")


def asking() -> Asking | None:
    """What this run is to ask, once: a run that is broken off asks nothing again."""
    waiting: Asking | None = st.session_state.pop(_WAITING, None)
    return waiting


def attached() -> tuple[Attachment, ...]:
    """What the next question is about, as far as it was chosen."""
    return tuple(st.session_state.get(_ATTACHED, ()))


def attach(one: Attachment) -> None:
    """Have the next question be about this, too."""
    if one not in attached():
        st.session_state[_ATTACHED] = (*attached(), one)


def detach(one: Attachment | None = None) -> None:
    """Have it not be about this, or about nothing."""
    st.session_state[_ATTACHED] = tuple(each for each in attached() if one is not None and each != one)


def edit(message: str) -> None:
    """Edit the question of that id; empty for none."""
    st.session_state[_EDITED] = message


def edited() -> str:
    """Id of the question that is being edited."""
    return str(st.session_state.get(_EDITED, ""))


def show(place: Place | None) -> None:
    """Show a page beside the conversation, or none."""
    st.session_state[_PLACE] = place


def shown() -> Place | None:
    """The page that is shown."""
    place: Place | None = st.session_state.get(_PLACE)
    return place


def tell(error: DocStationError) -> None:
    """Have the next run show it."""
    st.session_state[_ERROR] = error


def told() -> DocStationError | None:
    """What is to be shown, once."""
    error: DocStationError | None = st.session_state.pop(_ERROR, None)
    return error
