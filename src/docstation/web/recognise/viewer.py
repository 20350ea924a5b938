"""A document: the strip of its pages, the open page with its boxes, and beside it what was read there.

All of it is one fragment, so that a click redraws no more than this; it follows by itself while pages are being read.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, Job, JobOptions, JobPage
from docstation.document.model import Block, Page
from docstation.errors import DocStationError, NotReady, PasswordError
from docstation.messages import plural, translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.page_strip import Look, page_strip
from docstation.web.page_view import COLOURS, Mark, page_view
from docstation.web.recognise import regions, sides, state

LOOK_SECONDS = 1.0
IMAGE_WIDTH = 1400
SMALL_WIDTH = 160
READ_OUT = 80
"""Characters of a block that a screen reader says of its box."""


def viewer(client: Client, id: str) -> None:
    """Draw the document of that id."""
    live = not client.job(id).over
    st.fragment(run_every=LOOK_SECONDS if live else None)(_viewer)(client, id, live)


def _viewer(client: Client, id: str, live: bool) -> None:
    texts.speak()
    try:
        _document(client, client.job(id), live)
    except DocStationError as error:
        texts.show(error)


def _document(client: Client, job: Job, live: bool) -> None:
    if live is job.over:
        st.rerun()
    if error := state.told():
        texts.show(error)
    if job.error is not None:
        _failed(client, job, job.error)
        return
    if job.state == "cancelled":
        _cancelled(client, job)
    if not job.pages:
        if job.state == "cancelled":
            return
        st.info(words.document_state(job.state).capitalize() + "…", icon=":material/hourglass_top:")
        return
    numbers = [one.number for one in job.pages]
    number = state.page() if state.page() in numbers else numbers[0]
    _strip(job, number)
    _failed_pages(client, job)
    entry = next(one for one in job.pages if one.number == number)
    page = _read(client, job.id, number)
    left, right = st.columns([11, 10], gap="medium")
    with left:
        if len(numbers) > 1:
            _turning(numbers, number)
        _page(client, job, entry, page)
    with right:
        if error := state.told():
            texts.show(error)
        _trouble(client, job, entry)
        regions.card(client, job.id, number)
        if page is None:
            _no_page(client, job, entry)
        else:
            sides.sides(client, job, page)


def _read(client: Client, id: str, number: int) -> Page | None:
    try:
        return client.page(id, number)
    except NotReady:
        return None


def _strip(job: Job, number: int) -> None:
    if len(job.pages) < 2:
        return
    key = f"recognise_strip_{job.id}"

    def turned() -> None:
        chosen = st.session_state[key].page
        if chosen is not None:
            state.open_page(int(chosen))

    page_strip(
        [(one.number, f"{one.state}:{one.code}") for one in job.pages],
        {f"{kind}:{code}": _look(kind, code) for kind, code in {(one.state, one.code) for one in job.pages}},
        picture(job.id, "{number}", SMALL_WIDTH),
        key=key,
        title=translate(N_("Pages")),
        current=number,
        on_page=turned,
    )


def _look(page_state: str, code: str) -> Look:
    colour = words.PAGE_COLOURS.get(page_state, words.PAGE_COLOURS["waiting"])
    return Look(colour, translate(N_("Page {number}: {state}"), state=words.page_state(page_state, code)))


def picture(id: str, number: int | str, width: int) -> str:
    """Address of a page's picture on this server."""
    return f"/files/{id}/pages/{number}.webp?width={width}"


def _turning(numbers: list[int], number: int) -> None:
    place = numbers.index(number)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="recognise_turning"):
        _turn(N_("Previous page"), ":material/chevron_left:", "Left", numbers[place - 1] if place else None)
        st.markdown(translate(N_("Page {number} of {total}"), number=number, total=numbers[-1]), width="content")
        following = numbers[place + 1] if place + 1 < len(numbers) else None
        _turn(N_("Next page"), ":material/chevron_right:", "Right", following)


def _turn(label: str, icon: str, shortcut: str, target: int | None) -> None:
    st.button(
        # Shown by its icon; the words are for screen readers.
        translate(label),
        icon=icon,
        help=translate(label),
        key=f"recognise_turn_{shortcut}",
        disabled=target is None,
        shortcut=shortcut,
        on_click=state.open_page,
        args=(target or 1,),
    )


def _page(client: Client, job: Job, entry: JobPage, page: Page | None) -> None:
    key = f"recognise_page_{job.id}_{entry.number}"

    def chosen() -> None:
        state.choose(st.session_state[key].selected)

    def turned() -> None:
        target = numbers.index(entry.number) + (st.session_state[key].turn or 0)
        if 0 <= target < len(numbers):
            state.open_page(numbers[target])

    marks = [] if page is None else [_mark(one) for one in page.blocks]
    numbers = [one.number for one in job.pages]
    size = (page.width, page.height) if page is not None else None
    seen = page_view(
        picture(job.id, entry.number, IMAGE_WIDTH),
        size,
        marks,
        key=key,
        alt=translate(N_("Page {number} of {name}"), number=entry.number, name=job.name),
        selected=state.chosen(),
        link=state.LINK,
        ahead=_ahead(job.id, numbers, entry.number),
        on_selected=chosen,
        on_turned=turned,
    )
    if seen.region is not None:
        regions.drawn(client, job.id, entry.number, seen.region)


def _ahead(id: str, numbers: Sequence[int], number: int) -> list[str]:
    place = numbers.index(number)
    return [
        picture(id, one, IMAGE_WIDTH) for one in (*numbers[place + 1 : place + 2], *numbers[max(0, place - 1) : place])
    ]


def _mark(block: Block) -> Mark:
    name = words.category(block.category)
    return Mark(block.id, block.box, name, COLOURS[block.category], f"{name}: {block.text[:READ_OUT]}")


def _trouble(client: Client, job: Job, entry: JobPage) -> None:
    """A page that was not read, or not well: it may hold something all the same."""
    said = words.page_state(entry.state, entry.code).capitalize()
    if entry.state == "failed":
        st.error(said, icon=":material/error:")
        _again(client, job.id, entry.number)
    elif entry.state in {"repaired", "fallback"}:
        st.caption(f":material/info: {said}")


def _no_page(client: Client, job: Job, entry: JobPage) -> None:
    if entry.state == "failed":
        return
    if job.over:
        st.info(translate(N_("This page was not read.")), icon=":material/info:")
        # Of a cancelled document all that is missing is read, by the button above.
        if job.state != "cancelled":
            _again(client, job.id, entry.number)
    else:
        st.info(
            translate(N_("This page is still to be read. It appears here as soon as it is.")),
            icon=":material/hourglass_top:",
        )


def _again(client: Client, id: str, number: int) -> None:
    st.button(
        translate(N_("Read this page again")),
        icon=":material/refresh:",
        key=f"recognise_again_{id}_{number}",
        on_click=lambda: state.quietly(lambda: client.retry_page(id, number)),
    )


def _cancelled(client: Client, job: Job) -> None:
    """What was read is shown below; the rest is a click away."""
    missing = job.total - job.done
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="recognise_cancelled"):
        text = translate(N_("The reading was cancelled before it began."))
        if job.total:
            text = plural(
                "The reading was cancelled: {count} page is missing.",
                "The reading was cancelled: {count} pages are missing.",
                missing,
            )
        st.markdown(f":material/cancel: {text}", width="stretch")
        st.button(
            translate(N_("Read on")),
            icon=":material/play_arrow:",
            key=f"recognise_on_{job.id}",
            on_click=lambda: state.quietly(lambda: client.retry(job.id)),
        )


def _failed_pages(client: Client, job: Job) -> None:
    if not job.failed_pages or not job.over or job.state == "cancelled":
        return
    with st.container(horizontal=True, vertical_alignment="center", key="recognise_failed"):
        st.markdown(
            ":red["
            + plural("{count} page could not be read.", "{count} pages could not be read.", job.failed_pages)
            + "]"
        )
        st.button(
            translate(N_("Read failed pages again")),
            icon=":material/refresh:",
            key=f"recognise_retry_{job.id}",
            on_click=lambda: state.quietly(lambda: client.retry(job.id)),
        )


def _failed(client: Client, job: Job, error: DocStationError) -> None:
    if isinstance(error, PasswordError):
        _locked(client, job)
        return
    texts.show(error, job.name)
    st.button(
        translate(N_("Try again")),
        icon=":material/refresh:",
        key=f"recognise_retry_{job.id}",
        on_click=lambda: state.quietly(lambda: client.retry(job.id)),
    )


def _locked(client: Client, job: Job) -> None:
    st.info(
        translate(N_("{name} is protected. Give its password, and it is read."), name=texts.plain(job.name)),
        icon=":material/lock:",
    )
    with st.form(f"recognise_unlock_{job.id}", width=420):
        password = st.text_input(
            translate(N_("Password of the file")), type="password", autocomplete="off", key=f"recognise_word_{job.id}"
        )
        if st.form_submit_button(translate(N_("Open")), type="primary", key=f"recognise_open_{job.id}") and password:
            opened = client.reread(job.id, JobOptions(password=password))
            client.delete(job.id)
            state.open_document(opened.id)
            st.rerun()
