"""Documents, the newest first: open, read again, take away, delete."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from docstation.client import Client, Job
from docstation.errors import DocStationError
from docstation.messages import active, plural, translate
from docstation.messages.marking import N_
from docstation.web import texts, words
from docstation.web.history.opening import open_there
from docstation.web.history.pictures import WIDTH, nothing, picture
from docstation.web.models import wording
from docstation.web.recognise.taking import sample_file
from docstation.web.texts import plain

PART = 20
LARGEST_PART = 100
LARGEST_ARCHIVE = 200
_SHOWN = "history_shown"
AGAIN, DELETE = "again", "delete"
ACTIONS = {AGAIN: N_("Read again"), DELETE: N_("Delete…")}
COLOURS = {"done": "green", "failed": "red", "cancelled": "gray"}


def listing(client: Client) -> None:
    """Draw them."""
    shown = st.session_state.setdefault(_SHOWN, PART)
    jobs, more = newest(client, shown)
    if not jobs:
        _nothing(client)
        return
    slot = st.container()
    chosen = [one for one in jobs if _row(client, one)]
    with slot:
        _chosen(client, chosen)
    if more:
        st.button(translate(N_("Show more")), icon=":material/expand_more:", key="history_more", on_click=_more)


def newest(client: Client, count: int) -> tuple[list[Job], bool]:
    """So many of the newest documents, and whether there are more."""
    jobs: list[Job] = []
    before = ""
    while len(jobs) < count:
        part = client.jobs(min(count - len(jobs), LARGEST_PART), before)
        jobs += part.jobs
        before = part.next
        if not before:
            return jobs, False
    return jobs, True


def facts(job: Job) -> str:
    """What is known of a document, as Markdown."""
    parts = [words.pages(job.total)] if job.total else []
    parts += [megabytes(job.bytes), wording.at(job.created)]
    if job.failed_pages:
        parts.append(plural("{count} page failed", "{count} pages failed", job.failed_pages))
    badge = (
        "" if job.state == "done" else f" :{COLOURS.get(job.state, 'orange')}-badge[{words.document_state(job.state)}]"
    )
    return f":gray[{' · '.join(parts)}]{badge}"


def megabytes(count: int) -> str:
    """``1.4 MB``, of a file."""
    return translate(N_("{count} MB"), count=words.decimal(max(count, 50_000) / 1e6, 1))


def first_page(job: Job) -> int:
    """Number of the page whose picture stands for it; 0 where none can be shown."""
    if not job.page_count:
        return 0
    asked = (job.options.pages or "1").replace("-", ",").split(",")[0].strip()
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 8 else 1
    return number if 1 <= number <= job.page_count else 1


def _row(client: Client, job: Job) -> bool:
    """Draw a document; whether it is chosen."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"history_row_{job.id}"):
        label = translate(N_("Choose {name}"), name=plain(job.name))
        chosen = st.checkbox(label, key=f"history_choose_{job.id}", label_visibility="collapsed", width="content")
        page = first_page(job)
        st.html(picture(job.id, page, title="") if page else nothing(), width=WIDTH)
        with st.container(width="stretch", gap="xsmall"):
            st.markdown(f"**{plain(job.name)}**  \n{facts(job)}")
            if job.error is not None:
                texts.show(job.error)
        if st.button(translate(N_("Open")), icon=":material/open_in_new:", key=f"history_open_{job.id}"):
            open_there(job.id, page)
        action = st.menu_button(
            translate(N_("More")),
            list(ACTIONS),
            format_func=lambda one: translate(ACTIONS[one]),
            key=f"history_actions_{job.id}",
        )
    if action == AGAIN:
        read_again(client, job)
    elif action == DELETE:
        confirm(client, [job])
    return bool(chosen)


def read_again(client: Client, job: Job) -> None:
    """Have it read again, and go there."""
    try:
        # What was cancelled has pages that are missing; whatever was read whole is read anew, beside the first reading.
        made = client.retry(job.id) if job.state == "cancelled" else client.reread(job.id)
    except DocStationError as error:
        texts.show(error, job.name)
        return
    open_there(made.id)


def _chosen(client: Client, jobs: Sequence[Job]) -> None:
    """What can be done with all that are chosen."""
    if not jobs:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="history_chosen"):
        st.markdown(plural("{count} document chosen", "{count} documents chosen", len(jobs)))
        there = [one.id for one in jobs if one.state == "done"][:LARGEST_ARCHIVE]
        if there:
            st.download_button(
                translate(N_("Everything as a ZIP archive")),
                data=lambda: client.archive(there),
                file_name="docstation.zip",
                mime="application/zip",
                icon=":material/folder_zip:",
                on_click="ignore",
                key="history_archive",
            )
        if st.button(translate(N_("Delete the chosen…")), icon=":material/delete:", key="history_delete_chosen"):
            confirm(client, jobs)


def confirm(client: Client, jobs: Sequence[Job]) -> None:
    """Ask before documents are deleted for good."""

    def asking() -> None:
        texts.speak()
        for one in jobs[:10]:
            st.markdown(f"- {plain(one.name)}")
        if len(jobs) > 10:
            st.caption(plural("and {count} more document", "and {count} more documents", len(jobs) - 10))
        st.markdown(translate(N_("Files, results, corrections and what was extracted go too; this cannot be undone.")))
        with st.container(horizontal=True):
            sure = st.button(
                translate(N_("Delete")), type="primary", icon=":material/delete:", key="history_delete_sure"
            )
            kept = st.button(translate(N_("Keep")), key="history_delete_not")
        if sure:
            _delete(client, jobs)
        if sure or kept:
            st.rerun()

    title = plural("Delete {count} document?", "Delete {count} documents?", len(jobs))
    st.dialog(title)(asking)()


def _delete(client: Client, jobs: Sequence[Job]) -> None:
    for one in jobs:
        try:
            client.delete(one.id)
        except DocStationError as error:
            st.session_state["history_refused"] = error
        st.session_state.pop(f"history_choose_{one.id}", None)


def told() -> None:
    """Show what could not be done, once."""
    error: DocStationError | None = st.session_state.pop("history_refused", None)
    if error is not None:
        texts.show(error)


def _nothing(client: Client) -> None:
    st.subheader(translate(N_("No documents yet")), anchor=False)
    st.markdown(translate(N_("What you have read is kept here: look for words in it, open it again, take it away.")))
    if st.button(translate(N_("Try it on a sample")), type="primary", icon=":material/draft:", key="history_sample"):
        sample = sample_file(active())
        open_there(client.submit(sample.content, name=sample.name).id)


def _more() -> None:
    st.session_state[_SHOWN] += PART
