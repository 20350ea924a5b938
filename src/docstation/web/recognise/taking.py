"""Files are taken in: dropped, picked, pasted, or our own sample; how they are to be read is folded away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import docstation
from docstation.client import Client, JobOptions, ReadingFacts
from docstation.errors import DocStationError
from docstation.messages import active, plural, translate
from docstation.messages.marking import N_
from docstation.web import texts
from docstation.web.pasting import pasting
from docstation.web.recognise import state

SAMPLES = Path(docstation.__file__).parents[2] / "samples"
SAMPLE = {"ru": "dogovor-scan.jpg", "en": "report-mixed.pdf"}
LANGUAGES = {"rus": N_("Russian"), "eng": N_("English")}
_ROUND = "recognise_round"


@dataclass(frozen=True, slots=True)
class File:
    """A file that was given.

    Attributes:
        name: as its owner calls it.
        content: of it.
    """

    name: str
    content: bytes


def row(client: Client, *, first: bool) -> None:
    """The row of files and what is done with them; `first` where nothing was read yet."""
    # A round has an uploader of its own: that is how Streamlit empties one.
    number = st.session_state.setdefault(_ROUND, 0)
    with st.container(key="recognise_empty" if first else "recognise_row", horizontal=not first):
        if first:
            st.subheader(translate(N_("Turn scans into documents")), anchor=False)
            st.markdown(
                translate(N_("Scans, photos, PDF and office files, many at once. Nothing leaves this machine."))
            )
        files = st.file_uploader(
            translate(N_("Files to recognise")),
            accept_multiple_files=True,
            key=f"recognise_files_{number}",
            label_visibility="collapsed",
        )
        pasting(key="pasting_recognise")
        with st.container(horizontal=True, width="stretch" if first else "content", key="recognise_actions"):
            clicked = st.button(
                _promise(len(files)),
                type="primary",
                icon=":material/document_scanner:",
                disabled=not files,
                shortcut="Ctrl+Enter",
                key="recognise_go",
            )
            options = _options(client)
            sample = first and st.button(
                translate(N_("Try it on a sample")), icon=":material/draft:", key="recognise_sample"
            )
    if clicked:
        take(client, [File(one.name, one.getvalue()) for one in files], options)
    elif sample:
        take(client, [sample_file(active())], options)


def sample_file(language: str) -> File:
    """A document of ours in that language; drawn anew where the checkout is not at hand."""
    path = SAMPLES / SAMPLE.get(language, SAMPLE["en"])
    if path.is_file():
        return File(path.name, path.read_bytes())
    from docstation.testing import samples

    return File(path.name, samples.russian_scan()[0] if path.suffix == ".jpg" else samples.english_report()[0])


def take(client: Client, files: Sequence[File], options: JobOptions) -> None:
    """Have them read, and open the first; those that are refused are named with the reason."""
    refused: list[tuple[str, DocStationError]] = []
    taken: list[str] = []
    with st.spinner(translate(N_("The files are being handed over…"))):
        for one in files:
            try:
                taken.append(client.submit(one.content, options, name=one.name).id)
            except DocStationError as error:
                refused.append((one.name, error))
    for name, why in refused:
        texts.show(why, name)
    if taken:
        state.open_document(taken[0])
        st.session_state[_ROUND] += 1
    if taken and not refused:
        st.rerun()


def _promise(count: int) -> str:
    if count < 2:
        return translate(N_("Recognise"))
    return plural("Recognise {count} file", "Recognise {count} files", count)


def _options(client: Client) -> JobOptions:
    with st.popover(translate(N_("Options")), icon=":material/tune:", key="recognise_options"):
        asked = _asked(client.reading())
        open_now = state.document()
        if open_now and st.button(
            translate(N_("Read the open document again this way")), icon=":material/refresh:", key="recognise_reread"
        ):
            state.quietly(lambda: state.open_document(client.reread(open_now, asked).id))
            st.rerun()
        return asked


def _asked(facts: ReadingFacts) -> JobOptions:
    languages = st.multiselect(
        translate(N_("Languages of the text")),
        sorted({*facts.languages, *LANGUAGES}),
        default=list(facts.languages),
        format_func=_language,
        key="recognise_languages",
    )
    pages = st.text_input(
        translate(N_("Pages")), placeholder=translate(N_("all, or such as 1-3, 7")), key="recognise_pages"
    )
    password = st.text_input(
        translate(N_("Password, if the file has one")),
        type="password",
        autocomplete="off",
        key="recognise_password",
    )
    engine = ""
    if len(facts.engines) > 1:
        engine = st.selectbox(
            translate(N_("Engine")),
            facts.engines,
            index=facts.engines.index(facts.engine) if facts.engine in facts.engines else 0,
            key="recognise_engine",
        )
    return JobOptions(pages.strip() or None, password or None, tuple(languages), engine=engine or "")


def _language(code: str) -> str:
    return translate(LANGUAGES.get(code, code))
