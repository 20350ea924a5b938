"""Settings: the language of this session, and those of the files, which are shown with the place that each is from."""

from __future__ import annotations

import shutil

import streamlit as st
from babel import Locale

from docstation.errors import DocStationError
from docstation.messages import LANGUAGES, active, translate, use
from docstation.messages.marking import N_
from docstation.settings import Loaded, config_files, load, state_folder
from docstation.web import texts
from docstation.web.models import wording
from docstation.web.texts import LANGUAGE, plain

_CHOICE = "history_language"
TAB = "history_tab"
"""Of the session's state: name of the open tab."""
TITLE = N_("Settings")
ORIGINS = {
    "built-in": N_("built in"),
    "file": N_("file {place}"),
    "environment": N_("variable {place}"),
    "flag": N_("flag {place}"),
}
SHOWN = {
    "service.keep_days": N_("Days for which documents are kept, 0 for ever"),
    "service.documents_bytes": N_("Room for documents on the disk"),
    "limits.file_bytes": N_("Largest file"),
    "limits.pages": N_("Most pages of a document"),
    "reading.languages": N_("Languages of the text"),
    "station.budget": N_("GPU memory that models may take"),
    "station.driver": N_("How models are run"),
    "service.host": N_("Address that the service listens on"),
    "service.port": N_("Port of the service"),
    "service.allow_urls": N_("Whether documents may be fetched from web addresses"),
}
"""Settings that people look for, and what they are."""
SIZES = frozenset({"service.documents_bytes", "limits.file_bytes", "station.budget"})
EXAMPLE = '[service]\nkeep_days = 30\n\n[ui]\nlanguage = "{language}"\n'


def settings() -> None:
    """Draw them."""
    _language()
    try:
        loaded = load()
    except DocStationError as error:
        texts.show(error)
        return
    st.subheader(translate(N_("Documents")), anchor=False)
    st.markdown(retention(loaded.settings.service.keep_days))
    _room(loaded)
    st.subheader(translate(N_("All settings")), anchor=False)
    st.table(rows(loaded), hide_index=True)
    file = config_files()[-1]
    st.markdown(translate(N_("They are changed in the file {file}, and count from the next start:"), file=f"`{file}`"))
    st.code(EXAMPLE.format(language=active()), language="toml")
    st.caption(
        translate(N_("`docstation config show` prints all of them, `docstation config schema` what is allowed."))
    )


def _language() -> None:
    if st.session_state.get(_CHOICE) != active():
        st.session_state[_CHOICE] = active()
    st.segmented_control(
        translate(N_("Language")),
        list(LANGUAGES),
        format_func=own_name,
        required=True,
        key=_CHOICE,
        on_change=_chosen,
    )
    st.caption(translate(N_("Of this window. To keep it, set `language` in the section `[ui]` of the file below.")))


def own_name(language: str) -> str:
    """A language's name in itself: whoever looks for it need not read another."""
    name = Locale(language).get_language_name(language) or language
    return name[:1].upper() + name[1:]


def _chosen() -> None:
    language = st.session_state[LANGUAGE] = st.session_state[_CHOICE]
    # Tabs are known by their names: this one stays open under its other name.
    use(language)
    st.session_state[TAB] = translate(TITLE)


def retention(days: float) -> str:
    """How long documents are kept, as a sentence."""
    if not days:
        return translate(N_("Documents are kept until you delete them."))
    return translate(N_("Documents are deleted {days} days after they were read."), days=f"{days:g}")


def _room(loaded: Loaded) -> None:
    folder = state_folder()
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    limit = loaded.settings.service.documents_bytes
    text = N_("They lie in {folder}: {free} are free on that disk, and documents may take {limit}.")
    said = {"free": wording.gigabytes(free), "limit": wording.gigabytes(limit)}
    st.markdown(translate(text, folder=f"`{folder}`", **said))


def rows(loaded: Loaded) -> list[dict[str, str]]:
    """The settings that are shown, as rows of a table; cells are Markdown."""
    heads = (translate(N_("Setting")), translate(N_("Value")), translate(N_("From")))
    return [dict(zip(heads, _cells(loaded, key), strict=True)) for key in SHOWN if key in loaded.origins]


def _cells(loaded: Loaded, key: str) -> tuple[str, str, str]:
    section, name = key.split(".")
    value = getattr(getattr(loaded.settings, section), name)
    origin = loaded.origins[key]
    place = translate(ORIGINS.get(origin.kind, origin.kind), place=plain(origin.place))
    return f"{translate(SHOWN[key])} (`{key}`)", _value(key, value), place


def _value(key: str, value: object) -> str:
    if key in SIZES and isinstance(value, int):
        return wording.gigabytes(value)
    if isinstance(value, bool):
        return translate(N_("yes")) if value else translate(N_("no"))
    if isinstance(value, float):
        return f"{value:g}"
    return plain(", ".join(map(str, value)) if isinstance(value, tuple) else str(value)) or "–"
