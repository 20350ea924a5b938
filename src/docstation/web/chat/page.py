"""The page from top to bottom: conversations at the side, what was said, a cited page, and the next question."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from docstation.client import Client
from docstation.document.conversation import Message
from docstation.errors import DocStationError, NoEngine, NotFound
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.chat import state
from docstation.web.chat.answering import answer
from docstation.web.chat.attaching import attached, choosing, readable
from docstation.web.chat.listing import heading, listing
from docstation.web.chat.place import place
from docstation.web.chat.said import question, said
from docstation.web.service import client as service

MODELS = str(Path(__file__).parents[1] / "app_pages" / "models.py")
RECOGNISE = str(Path(__file__).parents[1] / "app_pages" / "recognise.py")
LONGEST = 100_000
HEIGHT = 500
IMAGE_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "heic", "pdf"]
IMAGE_MEGABYTES = 50
SUGGESTIONS = (
    N_("What is this document about?"),
    N_("List all names, dates and sums, with the place of each."),
    N_("Which obligations and deadlines are there?"),
)


def draw() -> None:
    """Draw it."""
    style = Path(__file__).with_name("chat.css").read_text(encoding="utf-8")
    st.html(f"<style>{style}</style>")
    try:
        _draw(service())
    except NotFound as error:
        # The conversation was deleted elsewhere.
        state.open_conversation("")
        texts.show(error)
        st.button(translate(N_("New conversation")), key="chat_other")
    except DocStationError as error:
        texts.show(error)


def _draw(client: Client) -> None:
    asked = state.asking()
    if asked is not None and not state.conversation():
        state.remember(client.begin_conversation().id)
    id = state.conversation()
    state.remember(id)
    listing(client)
    able = bool(client.status().serving)
    shown = state.shown()
    left, right = st.columns([3, 2], gap="medium") if shown is not None else (st.container(), None)
    with left:
        messages, slot = _conversation(client, id, asked, able=able)
    if shown is not None and right is not None:
        with right:
            place(client, shown)
    _composer(client, asked is not None, able=able, begun=bool(messages))
    if asked is not None:
        with slot:
            _ask(client, id, asked)


def _conversation(
    client: Client, id: str, asked: state.Asking | None, *, able: bool
) -> tuple[tuple[Message, ...], DeltaGenerator]:
    """Draw what was said so far, without what is being asked anew; with the place where more is to be drawn."""
    messages: tuple[Message, ...] = ()
    if not able:
        _no_model()
    elif not id:
        st.subheader(translate(N_("Ask about your pages")), anchor=False)
        st.markdown(
            translate(N_("Attach a page or drop an image, and ask. The answer shows where it stands on the page."))
        )
    if not id:
        _told()
        return messages, st.container()
    conversation, messages = client.conversation(id)
    heading(client, conversation)
    # It scrolls by itself and keeps to the newest; its height is in the style sheet.
    thread = st.container(height=HEIGHT, border=False, autoscroll=True, key="chat_thread")
    messages = _kept(messages, asked)
    with thread:
        said(client, id, messages, able=able and asked is None)
        _told()
    return messages, thread


def _told() -> None:
    if error := state.told():
        texts.show(error)
        if isinstance(error, NoEngine):
            _to_models("chat_models_error")


def _kept(messages: tuple[Message, ...], asked: state.Asking | None) -> tuple[Message, ...]:
    """The messages that stay: those before the one that is edited, those up to the question that is answered anew."""
    if asked is None or not (asked.instead or asked.again):
        return messages
    place = next((place for place, one in enumerate(messages) if one.id == (asked.instead or asked.again)), None)
    if place is None:
        return messages
    return messages[: place + 1] if asked.again and messages[place].role == "user" else messages[:place]


def _no_model() -> None:
    with st.container(border=True, key="chat_no_model"):
        title = translate(N_("No model that answers questions is running"))
        st.markdown(f"**{title}**")
        st.markdown(
            translate(
                N_(
                    "The embedded engine reads pages but answers no questions. Switch to a model on the Models page; "
                    "conversations of before stay readable here."
                )
            )
        )
        _to_models("chat_models")


def _to_models(key: str) -> None:
    if st.button(translate(N_("Choose a model")), type="primary", icon=":material/memory:", key=key):
        st.switch_page(MODELS)


def _ask(client: Client, id: str, asked: state.Asking) -> None:
    if not asked.again:
        question(client, id, asked)
    try:
        answer(client, id, asked)
    except DocStationError as error:
        state.tell(error)
    st.rerun()


def _composer(client: Client, asking: bool, *, able: bool, begun: bool) -> None:
    key = "chat_question"
    jobs = readable(client) if able else []

    def send() -> None:
        given = st.session_state[key]
        text = given.text.strip()
        files = tuple(state.File(one.name, one.getvalue()) for one in given.files)
        if text or files:
            words = text or translate(N_("What is on this image?"))
            state.ask(state.Asking(words, state.attached(), files))
            state.detach()

    with st.bottom:
        tools = st.empty()
        if asking:
            # Not within the row of the other tools: a container that stays would keep showing them beside it, paler,
            # until the answer is there. The click ends the run in which that comes; the next shows what is kept of it.
            tools.button(
                translate(N_("Stop")), icon=":material/stop_circle:", type="primary", shortcut="Escape", key="chat_stop"
            )
        else:
            with tools.container(horizontal=True, vertical_alignment="center", gap="small", key="chat_tools"):
                choosing(client, jobs, disabled=not able)
                attached()
        if able and not begun and not asking and state.attached():
            _suggestions()
        st.chat_input(
            translate(N_("Ask a question")) if able else translate(N_("There is no model to ask")),
            accept_file="multiple",
            file_type=IMAGE_TYPES,
            max_chars=LONGEST,
            max_upload_size=IMAGE_MEGABYTES,
            disabled=not able,
            on_submit=send,
            key=key,
        )


def _suggestions() -> None:
    def send(text: str) -> None:
        state.ask(state.Asking(text, state.attached()))
        state.detach()

    with st.container(horizontal=True, gap="small", key="chat_suggestions"):
        for place, one in enumerate(SUGGESTIONS):
            text = translate(one)
            st.button(text, key=f"chat_suggestion_{place}", on_click=send, args=(text,))
