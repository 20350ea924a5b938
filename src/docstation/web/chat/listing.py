"""Conversations at the side: a new one, search in all that was said, and what is done with the open one."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client
from docstation.document.conversation import Conversation
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.chat import state

SHOWN = 100


def listing(client: Client) -> None:
    """Draw the list."""
    with st.sidebar:
        st.button(
            translate(N_("New conversation")),
            icon=":material/add:",
            shortcut="Ctrl+Shift+O",
            key="chat_new",
            width="stretch",
            on_click=state.open_conversation,
            args=("",),
        )
        words = st.text_input(
            translate(N_("Search")),
            placeholder=translate(N_("Search in conversations")),
            label_visibility="collapsed",
            icon=":material/search:",
            key="chat_search",
        )
        found = client.conversations(words.strip(), SHOWN)
        for one in found:
            _entry(one)
        if not found:
            st.caption(translate(N_("Nothing was found.") if words.strip() else N_("There is no conversation yet.")))


def _entry(one: Conversation) -> None:
    st.button(
        texts.plain(title(one)),
        key=f"chat_open_{one.id}",
        type="secondary" if one.id == state.conversation() else "tertiary",
        width="stretch",
        on_click=state.open_conversation,
        args=(one.id,),
    )


def title(one: Conversation) -> str:
    """A conversation's title."""
    return one.title or translate(N_("New conversation"))


def heading(client: Client, one: Conversation) -> None:
    """The title of the open conversation, and what is done with it."""
    with st.container(horizontal=True, vertical_alignment="center", key="chat_heading"):
        st.markdown(f"**{texts.plain(title(one))}**", width="stretch")
        with st.popover(translate(N_("Rename")), icon=":material/edit:", key=f"chat_renaming_{one.id}"):
            _renaming(client, one)
        if st.button(translate(N_("Delete")), icon=":material/delete:", key=f"chat_delete_{one.id}"):
            _deleting(client, one)


def _renaming(client: Client, one: Conversation) -> None:
    with st.form(f"chat_rename_form_{one.id}", border=False):
        name = st.text_input(translate(N_("Title")), title(one), max_chars=200, key=f"chat_title_{one.id}")
        if st.form_submit_button(translate(N_("Save")), type="primary", key=f"chat_rename_{one.id}"):
            client.rename_conversation(one.id, name.strip())
            st.rerun()


def _deleting(client: Client, one: Conversation) -> None:
    """Ask once more, in a window whose title is of the session's language."""

    def ask() -> None:
        texts.speak()
        st.markdown(texts.plain(title(one)))
        st.caption(translate(N_("All that was said in it is deleted for good.")))
        with st.container(horizontal=True):
            if st.button(translate(N_("Delete")), type="primary", key=f"chat_delete_yes_{one.id}"):
                client.delete_conversation(one.id)
                state.open_conversation("")
                st.rerun()
            if st.button(translate(N_("Keep it")), key=f"chat_delete_no_{one.id}"):
                st.rerun()

    st.dialog(translate(N_("Delete the conversation?")))(ask)()
