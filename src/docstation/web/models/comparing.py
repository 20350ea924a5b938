"""Two models on one page: its readings side by side, and the buttons that have it read by what serves now.

On one card models serve one after the other, so a comparison is made of readings that are kept: read the page, switch,
read it again.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, Job, JobOptions, StationStatus
from docstation.document.model import Page
from docstation.errors import DocStationError
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.models import wording
from docstation.web.models.acting import act
from docstation.web.models.differences import compared
from docstation.web.texts import plain

RECENT = 100
LOOK_SECONDS = 0.7


def comparing(client: Client, status: StationStatus) -> None:
    """Draw it."""
    jobs = client.jobs(RECENT).jobs
    files = by_file(jobs)
    if not files:
        st.info(
            translate(N_("Have a document read on the Recognition page first; its page can then be compared here.")),
            icon=":material/info:",
        )
        return
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    sha = left.selectbox(
        translate(N_("Document")),
        list(files),
        format_func=lambda one: files[one][0].name,
        key="models_compare_file",
    )
    readings = files[sha]
    most = max(one.page_count for one in readings)
    number = int(right.number_input(translate(N_("Page")), 1, max(most, 1), key="models_compare_page"))
    _reading_anew(client, status, readings[-1], number)
    st.fragment(run_every=LOOK_SECONDS if _pending(readings) else None)(_follow)(client, _pending(readings))
    pages = {one.id: page for one in readings if (page := _page(client, one, number)) is not None}
    have = [one for one in readings if one.id in pages]
    if len(have) < 2:
        st.info(
            translate(
                N_(
                    "There is one reading of this page. Have it read again by another engine, or switch to another "
                    "model and have it read by that; both readings are then shown side by side."
                )
            ),
            icon=":material/info:",
        )
        return
    _sides(have, pages)


def by_file(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Readings that are there or under way, by the digest of their file; the newest first."""
    files: dict[str, list[Job]] = {}
    for one in jobs:
        if one.sha256 and (one.page_count or not one.over) and one.state not in {"failed", "cancelled"}:
            files.setdefault(one.sha256, []).append(one)
    return files


def reader(page: Page) -> str:
    """What read a page: the model that answered last, else the engine, else its own text."""
    model = next((one.model for one in reversed(page.attempts) if one.model), "")
    return model or page.engine or translate(N_("its own text layer"))


def _reading_anew(client: Client, status: StationStatus, job: Job, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="models_compare_readers"):
        for one in status.serving[:1]:
            label = translate(N_("Read it with {model}"), model=one.model)
            _button(client, job, number, "served", label, ":material/memory:")
        _button(
            client, job, number, "embedded", translate(N_("Read it with the embedded engine")), ":material/computer:"
        )


def _button(client: Client, job: Job, number: int, engine: str, label: str, icon: str) -> None:
    options = JobOptions(pages=str(number), engine=engine)
    key = f"models_compare_{engine}"
    st.button(label, icon=icon, key=key, on_click=act, args=(lambda: client.reread(job.id, options),))


def _pending(readings: Sequence[Job]) -> tuple[str, ...]:
    return tuple(one.id for one in readings if not one.over)


def _follow(client: Client, known: tuple[str, ...]) -> None:
    """Look until what is being read is there, then draw the page anew."""
    texts.speak()
    if not known:
        return
    try:
        pending = tuple(one.id for one in client.active() if one.id in known)
    except DocStationError as error:
        texts.show(error)
        return
    if pending != known:
        st.rerun()
    said = translate(N_("The page is being read…"))
    st.caption(f":material/hourglass_top: {said}")


def _page(client: Client, job: Job, number: int) -> Page | None:
    try:
        return client.page(job.id, number, corrected=False)
    except DocStationError:
        # Not of this reading, or not yet.
        return None


def _sides(have: Sequence[Job], pages: dict[str, Page]) -> None:
    by_id = {one.id: one for one in have}
    chosen = []
    for place, column in enumerate(st.columns(2, gap="medium")):
        key = f"models_compare_side_{place}"
        if st.session_state.get(key) not in by_id:
            st.session_state[key] = have[place].id
        label = translate(N_("Left")) if place == 0 else translate(N_("Right"))
        chosen.append(
            column.selectbox(label, list(by_id), format_func=lambda id: _label(by_id[id], pages[id]), key=key)
        )
    left, right = (pages[one] for one in chosen)
    found = compared(left.text, right.text)
    alike = translate(N_("Alike by words: {percent} %"), percent=words.decimal(100 * found.alike, 1))
    places = plural("{count} place differs", "{count} places differ", found.places)
    st.markdown(f"**{alike}** · {places}")
    texts_beside = st.columns(2, gap="medium")
    for place, text in enumerate((found.left, found.right)):
        id = chosen[place]
        with texts_beside[place], st.container(border=True, key=f"models_compare_text_{place}"):
            st.caption(_facts(pages[id]))
            st.markdown(text or translate(N_("Nothing is on this page.")))


def _label(job: Job, page: Page) -> str:
    return f"{reader(page)} · {wording.at(job.created)}"


def _facts(page: Page) -> str:
    parts = [plain(reader(page)), plural("{count} block", "{count} blocks", len(page.blocks))]
    if seconds := sum(one.seconds for one in page.attempts):
        parts.append(wording.took_seconds(seconds))
    return " · ".join(parts)
