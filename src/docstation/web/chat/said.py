"""The messages of a conversation, what they cite, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from docstation.client import Client
from docstation.document.conversation import Attachment, Message, Role, State
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.chat import state
from docstation.web.chat.wording import attachment_label, citation_label, harmless, numbered

IMAGE_WIDTH = 220
LOOK_SECONDS = 0.5
MOST_CITED = 12
"""Buttons under one answer; the first are those that it says first."""


def said(client: Client, id: str, messages: Sequence[Message], *, able: bool) -> None:
    """Draw them.

    Args:
        client: of the service.
        id: of the conversation.
        messages: oldest first.
        able: whether a model serves that could answer anew.
    """
    names = {one.document: one.name for message in messages for one in message.attachments if one.document}
    last = messages[-1].id if messages else ""
    for one in messages:
        if one.role is Role.USER:
            _question(client, id, one, able=able, last=one.id == last)
        else:
            _answer(client, id, one, names, able=able, last=one.id == last)


def question(client: Client, id: str, asked: state.Asking) -> None:
    """A question that is being asked just now."""
    with st.chat_message("user"):
        _words(asked.text)
        _attachments(client, id, asked.attachments, "now")
        for file in asked.files:
            st.caption(f":material/image: {texts.plain(file.name)}")


def _question(client: Client, id: str, one: Message, *, able: bool, last: bool) -> None:
    with st.chat_message("user"):
        if state.edited() == one.id:
            _editing(one, able=able)
            return
        _words(one.text)
        _attachments(client, id, one.attachments, one.id)
        with st.container(horizontal=True, gap="small", key=f"chat_question_tools_{one.id}"):
            _tool(N_("Edit"), ":material/edit:", f"chat_edit_{one.id}", able=able, act=lambda: state.edit(one.id))
            if last:
                _again(one, able=able)


def _words(text: str) -> None:
    """What the user wrote, with its own line breaks."""
    st.markdown(texts.plain(text).replace("\n", "  \n"))


def _editing(one: Message, *, able: bool) -> None:
    key = f"chat_text_{one.id}"

    def send() -> None:
        text = st.session_state[key].strip()
        if text:
            state.ask(state.Asking(text, one.attachments, instead=one.id))

    st.text_area(
        translate(N_("Question")), one.text, max_chars=100_000, key=key, label_visibility="collapsed", height=120
    )
    st.caption(translate(N_("What was said after it is forgotten.")))
    with st.container(horizontal=True):
        st.button(
            translate(N_("Send again")), type="primary", key=f"chat_send_{one.id}", disabled=not able, on_click=send
        )
        st.button(translate(N_("Close")), key=f"chat_leave_{one.id}", on_click=state.edit, args=("",))


def _attachments(client: Client, id: str, attachments: Sequence[Attachment], key: str) -> None:
    for one in attachments:
        if one.image:
            st.image(_image(client, id, one.image), caption=texts.plain(one.name), width=IMAGE_WIDTH)
    pages = [one for one in attachments if one.document]
    if not pages:
        return
    with st.container(horizontal=True, gap="small", key=f"chat_about_{key}"):
        for place, one in enumerate(pages):
            st.button(
                texts.plain(attachment_label(one)),
                icon=":material/description:",
                key=f"chat_about_{key}_{place}",
                on_click=state.show,
                args=(state.Place(one.document, one.page or 1, attachment=one),),
            )


@st.cache_data(show_spinner=False, max_entries=200, hash_funcs={Client: lambda client: client.base_url})
def _image(client: Client, id: str, image: str) -> bytes:
    return client.chat_image(id, image)


def _answer(client: Client, id: str, one: Message, names: Mapping[str, str], *, able: bool, last: bool) -> None:
    with st.chat_message("assistant"):
        if one.state is State.WRITING:
            st.fragment(run_every=LOOK_SECONDS)(_written)(client, id, one.id)
            return
        if one.text:
            st.markdown(numbered(one.text, one.citations))
        _end(one)
        _cited(one, names)
        if last:
            with st.container(horizontal=True, gap="small", key=f"chat_answer_tools_{one.id}"):
                _again(one, able=able)


def _written(client: Client, id: str, message: str) -> None:
    """An answer that somebody else hears, such as a tab of before, or that is just being stopped."""
    texts.speak()
    try:
        one = next((each for each in client.conversation(id)[1] if each.id == message), None)
    except DocStationError as error:
        texts.show(error)
        return
    if one is None or one.state is not State.WRITING:
        st.rerun()
    st.markdown(harmless(one.text))
    st.caption(translate(N_("The answer is being written…")))


def _end(one: Message) -> None:
    if one.state is State.STOPPED:
        stopped = translate(N_("Stopped. What had come is kept."))
        st.caption(f":material/stop_circle: {stopped}")
    elif one.state is State.BROKEN:
        message = translate(N_("The answer broke off."))
        st.warning(f"{message} {texts.plain(one.problem)}", icon=":material/warning:")


def _cited(one: Message, names: Mapping[str, str]) -> None:
    if not one.citations:
        return
    several = len({each.document for each in one.citations}) > 1
    with st.container(horizontal=True, gap="small", key=f"chat_cited_{one.id}"):
        for place, each in enumerate(one.citations[:MOST_CITED], start=1):
            label = citation_label(place, each, name=names.get(each.document, "") if several else "")
            st.button(
                texts.plain(label),
                icon=":material/my_location:",
                key=f"chat_cite_{one.id}_{place}",
                help=translate(N_("Show on the page")),
                on_click=state.show,
                args=(state.Place(each.document, each.page, one.citations, place - 1),),
            )


def _again(one: Message, *, able: bool) -> None:
    def again() -> None:
        state.ask(state.Asking(again=one.id))

    _tool(N_("Answer again"), ":material/refresh:", f"chat_again_{one.id}", able=able, act=again)


def _tool(label: str, icon: str, key: str, *, able: bool, act: Callable[[], None]) -> None:
    st.button(translate(label), icon=icon, key=key, type="tertiary", disabled=not able, on_click=act)
