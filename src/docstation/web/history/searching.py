"""Full-text search over documents: where each was found, and the way there."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, FoundDocument, Hit
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.history.opening import open_there
from docstation.web.history.pictures import WIDTH, picture
from docstation.web.models import wording
from docstation.web.texts import plain

PART = 20
MOST = 100
"""Documents that are shown; whoever has more of them looks for more words."""
_SHOWN = "history_found_shown"
_QUESTION = "history_question"


def question() -> str:
    """Draw the field; what is looked for, empty for nothing."""
    asked = st.text_input(
        translate(N_("Search in documents")),
        key=_QUESTION,
        placeholder=translate(N_("Words from the text, in any form; “a phrase” in quotes")),
        label_visibility="collapsed",
        icon=":material/search:",
        max_chars=300,
    )
    return (asked or "").strip()


def found(client: Client, asked: str) -> None:
    """Draw what was found."""
    shown = st.session_state.get(_SHOWN, (asked, PART))
    count = shown[1] if shown[0] == asked else PART
    answer = client.search(asked, limit=count)
    if not answer.documents:
        st.info(
            translate(N_("Nothing was found. All words have to stand on one page; try fewer of them.")),
            icon=":material/search_off:",
        )
        return
    st.caption(plural("{count} document found", "{count} documents found", answer.total))
    for one in answer.documents:
        _document(one)
    if answer.next is not None and count < MOST:
        label = translate(N_("Show more"))
        st.button(label, icon=":material/expand_more:", key="history_found_more", on_click=_more, args=(asked, count))


def _more(asked: str, count: int) -> None:
    st.session_state[_SHOWN] = (asked, min(count + PART, MOST))


def _document(one: FoundDocument) -> None:
    first = one.hits[0].page if one.hits else 1
    with st.container(border=True, horizontal=True, key=f"history_found_{one.id}"):
        st.html(picture(one.id, first, title=one.name), width=WIDTH)
        with st.container(width="stretch", gap="xsmall"):
            said = plural("found on {count} page", "found on {count} pages", one.pages)
            st.markdown(f"**{plain(one.name)}** · {said} · :gray[{wording.at(one.created)}]")
            for place, hit in enumerate(one.hits):
                _hit(one.id, hit, place)


def _hit(id: str, hit: Hit, place: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"history_hit_{id}_{place}"):
        label = translate(N_("Page {number}"), number=hit.page)
        if st.button(label, icon=":material/open_in_new:", key=f"history_open_hit_{id}_{place}"):
            open_there(id, hit.page, hit.block)
        st.markdown(marked(hit))


def marked(hit: Hit) -> str:
    """What stands there, as Markdown, with the words that were found on a coloured ground."""
    parts, last = [], 0
    for begin, end in hit.marks:
        if not last <= begin < end <= len(hit.snippet):
            continue
        parts.append(texts.plain(hit.snippet[last:begin]))
        parts.append(f":orange-background[{texts.plain(hit.snippet[begin:end])}]")
        last = end
    parts.append(texts.plain(hit.snippet[last:]))
    return wording.one_line("".join(parts))
