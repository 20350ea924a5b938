"""The pages of a document as a strip of small pictures with their states, as a component: a click opens a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Look:
    """How pages in a state are shown.

    Attributes:
        colour: of the mark, ``#rrggbb``.
        title: in words, where ``{number}`` stands for the page's number.
    """

    colour: str
    title: str


def page_strip(
    pages: Sequence[tuple[int, str]],
    looks: Mapping[str, Look],
    image: str,
    *,
    key: str,
    title: str,
    current: int,
    on_page: Callable[[], None] | None = None,
) -> int | None:
    """Show the strip; the number of the page that was clicked just now, None for none.

    Args:
        pages: numbers, ascending, each with its state. They travel at every run, so they say no more.
        looks: of the states.
        image: address of a small picture on this server, where ``{number}`` stands for the page's number.
        key: of the component.
        title: what the strip is, for screen readers.
        current: number of the page that is open.
        on_page: called before the next run when a page was chosen; its number is in the session's state under `key`.
    """
    names = list(looks)
    data = {
        "pages": [[number, names.index(state)] for number, state in pages],
        "looks": [[look.colour, look.title] for look in looks.values()],
        "image": image,
        "current": current,
        "title": title,
    }
    chosen: int | None = _component()(data=data, key=key, on_page_change=on_page or _nothing).page
    return chosen


def _nothing() -> None:
    """A state that is read from the component's answer."""


@cache
def _component() -> Any:
    """Registered once in a process, when the first strip is shown."""
    return st.components.v2.component(
        "docstation_page_strip",
        html='<div class="strip"><div class="long"></div></div>',
        css=(_HERE / "page_strip.css").read_text(encoding="utf-8"),
        js=(_HERE / "page_strip.js").read_text(encoding="utf-8"),
    )
