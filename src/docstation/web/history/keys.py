"""API keys: who has one and for what, a new one that is shown this once, and taking one back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from docstation.client import ApiKey, Client, NewApiKey
from docstation.errors import DocStationError
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.models import wording
from docstation.web.texts import plain

SCOPES = {
    "read": N_("read: look at everything"),
    "write": N_("write: give documents, ask models"),
    "station": N_("station: switch models"),
    "admin": N_("admin: make keys and take them back"),
}
USUAL = ("read", "write")
LONGEST_NAME = 100
COMMAND = "docstation keys"
_MADE = "history_key_made"
_ROUND = "history_key_round"
_REFUSED = "history_key_refused"


def keys(client: Client) -> None:
    """Draw them."""
    st.markdown(
        translate(
            N_(
                "Programs that ask the service over the network bring a key. Without keys the service serves this "
                "machine alone and asks nobody; as soon as there is one, everybody is asked. These pages need none."
            )
        )
    )
    error: DocStationError | None = st.session_state.pop(_REFUSED, None)
    if error is not None:
        texts.show(error)
    known = client.api_keys()
    _made()
    for one in known:
        _row(client, one, last=len(known) == 1)
    _adding(client, first=not known)
    st.caption(translate(N_("The same in a terminal: {command}"), command=f"`{COMMAND}`"))


def _made() -> None:
    """A key that was just made; it is forgotten as soon as it is put away."""
    made: NewApiKey | None = st.session_state.get(_MADE)
    if made is None:
        return
    with st.container(border=True, key="history_key_new"):
        title = translate(N_("The key {name} is made. It is shown this once: copy it now."), name=plain(made.key.name))
        st.markdown(f":material/key: **{title}**")
        st.code(made.secret, language=None, wrap_lines=True)
        how = N_("The button in its corner copies it. Clients send it as {header}; docstation finds it in {variable}.")
        st.caption(translate(how, header="`Authorization: Bearer …`", variable="`DOCSTATION_KEY`"))
        st.button(
            translate(N_("I have it")),
            icon=":material/check:",
            type="primary",
            key="history_key_away",
            on_click=lambda: st.session_state.pop(_MADE, None),
        )


def _row(client: Client, one: ApiKey, *, last: bool) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"history_key_{one.id}"):
        st.markdown(f"**{plain(one.name)}**  \n{facts(one)}", width="stretch")
        if st.button(translate(N_("Take back…")), icon=":material/key_off:", key=f"history_revoke_{one.id}"):
            confirm(client, one, last=last)


def facts(one: ApiKey) -> str:
    """What is known of a key, as Markdown."""
    used = translate(N_("last used {time}"), time=wording.at(one.used)) if one.used else translate(N_("never used"))
    parts = [", ".join(one.scopes), translate(N_("made {time}"), time=wording.at(one.created)), used]
    return f":gray[{' · '.join(parts)}]"


def confirm(client: Client, one: ApiKey, *, last: bool) -> None:
    """Ask before a key is taken back for good."""

    def asking() -> None:
        texts.speak()
        st.markdown(translate(N_("Whoever has it is refused within two seconds. This cannot be undone.")))
        if last:
            st.warning(translate(N_("It is the last key: then nobody on this machine is asked for one.")))
        with st.container(horizontal=True):
            label = translate(N_("Take back"))
            sure = st.button(label, type="primary", icon=":material/key_off:", key="history_revoke_sure")
            kept = st.button(translate(N_("Keep")), key="history_revoke_not")
        if sure:
            _tried(lambda: client.revoke_key(one.id))
        if sure or kept:
            st.rerun()

    st.dialog(translate(N_("Take the key {name} back?"), name=plain(one.name)))(asking)()


def _adding(client: Client, *, first: bool) -> None:
    """A form for a new key; after one was made it begins anew."""
    place = st.session_state.setdefault(_ROUND, 0)
    with st.form(f"history_key_form_{place}"):
        title = translate(N_("New key"))
        st.markdown(f"**{title}**")
        if first:
            sentence = N_("It will be the first: from then on every program is asked for a key, on this machine too.")
            st.info(translate(sentence), icon=":material/info:")
        name = st.text_input(
            translate(N_("Who gets it")),
            placeholder=translate(N_("such as laptop or prometheus")),
            max_chars=LONGEST_NAME,
            key=f"history_key_name_{place}",
        )
        scopes = st.multiselect(
            translate(N_("What it is good for")),
            list(SCOPES),
            default=list(USUAL),
            format_func=lambda scope: translate(SCOPES[scope]),
            key=f"history_key_scopes_{place}",
        )
        wanted = st.form_submit_button(
            translate(N_("Make the key")), type="primary", icon=":material/add:", key="history_key_add"
        )
    if wanted:
        _add(client, name, scopes)


def _add(client: Client, name: str, scopes: Sequence[str]) -> None:
    def add() -> None:
        st.session_state[_MADE] = client.add_key(name, scopes or USUAL)
        st.session_state[_ROUND] += 1

    _tried(add)
    st.rerun()


def _tried(act: Callable[[], object]) -> None:
    """Do it; what is refused is shown by the next run."""
    try:
        act()
    except DocStationError as error:
        st.session_state[_REFUSED] = error
