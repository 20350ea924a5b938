"""What several pages show: names of categories of blocks and of states, spans of time, numbers."""

from __future__ import annotations

from docstation.document.model import Category
from docstation.messages import active, plural, translate
from docstation.messages.marking import N_

CATEGORIES = {
    Category.TITLE: N_("Title"),
    Category.SECTION_HEADER: N_("Heading"),
    Category.TEXT: N_("Text"),
    Category.LIST_ITEM: N_("List item"),
    Category.TABLE: N_("Table"),
    Category.FORMULA: N_("Formula"),
    Category.PICTURE: N_("Picture"),
    Category.CAPTION: N_("Caption"),
    Category.FOOTNOTE: N_("Footnote"),
    Category.PAGE_HEADER: N_("Page header"),
    Category.PAGE_FOOTER: N_("Page footer"),
}

DOCUMENT_STATES = {
    "waiting": N_("in the queue"),
    "opening": N_("being opened"),
    "reading": N_("being read"),
    "reserve": N_("with the reserve model"),
    "paused": N_("paused"),
    "assembling": N_("being put together"),
    "done": N_("done"),
    "failed": N_("could not be read"),
    "cancelled": N_("cancelled"),
}

PAGE_STATES = {
    "waiting": N_("in the queue"),
    "reading": N_("being read"),
    "ok": N_("read"),
    "repaired": N_("mended"),
    "fallback": N_("read in part"),
    "failed": N_("failed"),
}
PAGE_COLOURS = {
    "waiting": "#94a3b8",
    "reading": "#2563eb",
    "ok": "#16a34a",
    "repaired": "#ca8a04",
    "fallback": "#ea580c",
    "failed": "#dc2626",
}
PAGE_REASONS = {
    "timeout": N_("it took too long"),
    "memory": N_("it needed more memory than allowed"),
    "crash": N_("the process that read it died"),
    "unexpected": N_("a bug in DocStation"),
    "broken-file": N_("it is damaged"),
    "too-large": N_("it is too large"),
}


def category(one: Category) -> str:
    """Its name in the active language."""
    return translate(CATEGORIES[one])


def document_state(state: str) -> str:
    """In the active language; the word itself where a newer service knows more of them."""
    return translate(DOCUMENT_STATES.get(state, state))


def page_state(state: str, code: str = "") -> str:
    """The state of a page in the active language, with the reason where there is one."""
    said = translate(PAGE_STATES.get(state, state))
    return f"{said}: {translate(PAGE_REASONS.get(code, code))}" if code else said


def pages(count: int) -> str:
    """Such as ``5 pages``."""
    return plural("{count} page", "{count} pages", count)


def apart(labels: dict[str, str]) -> dict[str, str]:
    """Labels of things by id, the newest first, no two the same: of those that are, the newer ones are numbered.

    A choice of Streamlit's is known by its label alone; of two that are the same it takes the last.
    """
    made: dict[str, str] = {}
    taken: set[str] = set()
    for id, label in reversed(labels.items()):
        number, own = 1, label
        while own in taken:
            number += 1
            own = f"{label} ({number})"
        taken.add(own)
        made[id] = own
    return {id: made[id] for id in labels}


def decimal(value: float, digits: int) -> str:
    """A number with so many digits behind its point, which is a comma in Russian."""
    written = f"{value:.{digits}f}"
    return written.replace(".", ",") if active() == "ru" else written


def span(seconds: float) -> str:
    """A span of time for people, such as ``40 s``, ``3 min`` or ``2 h 5 min``."""
    whole = max(1, round(seconds))
    if whole < 60:
        return translate(N_("{seconds} s"), seconds=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return translate(N_("{minutes} min"), minutes=minutes)
    return translate(N_("{hours} h {minutes} min"), hours=minutes // 60, minutes=minutes % 60)
