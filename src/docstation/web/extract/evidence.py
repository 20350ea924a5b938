"""The page of a document with a box around each value that stands on it."""

from __future__ import annotations

import streamlit as st

from docstation.client import Client, Job
from docstation.client.extraction_records import ExtractedField, Extraction
from docstation.messages import translate
from docstation.messages.marking import N_
from docstation.web.extract import state, values
from docstation.web.page_view import Mark, page_view
from docstation.web.recognise.viewer import IMAGE_WIDTH, picture


def evidence(client: Client, extraction: Extraction) -> None:
    """Draw the page of the chosen value, or the one that was turned to."""
    job = client.job(extraction.document)
    number = shown_page(extraction, job)
    if job.total > 1:
        _turning(job, number)
    page = client.page(extraction.document, number)
    key = f"extract_page_{extraction.id}_{number}"

    def chosen() -> None:
        state.choose(st.session_state[key].selected)

    seen = page_view(
        picture(extraction.document, number, IMAGE_WIDTH),
        (page.width, page.height),
        marks(extraction, number),
        key=key,
        alt=translate(N_("Page {number} of {name}"), number=number, name=job.name),
        selected=state.chosen(),
        drawable=False,
        link=state.LINK,
        on_selected=chosen,
    )
    if seen.turn:
        _turn(job, number, seen.turn)
        st.rerun()


def shown_page(extraction: Extraction, job: Job) -> int:
    """The page to be shown: turned to, that of the chosen value, the first with a value, the first."""
    numbers = [one.number for one in job.pages] or [1]
    if state.page() in numbers:
        return state.page()
    places = {one.path: one.evidence.page for one in extraction.fields if one.evidence is not None}
    wanted = places.get(state.chosen() or "") or next(iter(places.values()), numbers[0])
    return wanted if wanted in numbers else numbers[0]


def marks(extraction: Extraction, number: int) -> list[Mark]:
    """The values that stand on a page."""
    return [_mark(one, extraction) for one in extraction.fields if one.evidence and one.evidence.page == number]


def _mark(one: ExtractedField, extraction: Extraction) -> Mark:
    if one.evidence is None:
        raise ValueError(one.path)
    name = values.title(one)
    colour = values.colour(one, values.checks_of(extraction, one.path))
    return Mark(one.path, one.evidence.box, name, colour, f"{name}: {values.shown(one.value, one.kind)}")


def _turning(job: Job, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="extract_turning"):
        _button(N_("Previous page"), ":material/chevron_left:", job, number, -1)
        st.markdown(translate(N_("Page {number} of {total}"), number=number, total=job.total), width="content")
        _button(N_("Next page"), ":material/chevron_right:", job, number, 1)


def _button(label: str, icon: str, job: Job, number: int, step: int) -> None:
    numbers = [one.number for one in job.pages]
    st.button(
        translate(label),
        icon=icon,
        key=f"extract_turn_{step}",
        disabled=numbers[-1 if step > 0 else 0] == number,
        on_click=_turn,
        args=(job, number, step),
    )


def _turn(job: Job, number: int, step: int) -> None:
    numbers = [one.number for one in job.pages]
    place = numbers.index(number) + step
    if 0 <= place < len(numbers):
        state.turn(numbers[place])
