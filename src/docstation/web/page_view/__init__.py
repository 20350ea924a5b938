"""The page with its boxes, as a component: what is on it is chosen by a click, and a region of it by drawing.

Boxes go in and come out in page points. Texts of files and models reach the browser as text only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from docstation.document.geometry import Box
from docstation.document.model import Category
from docstation.messages import translate
from docstation.messages.marking import N_

_HERE = Path(__file__).parent

COLOURS = {
    Category.TITLE: "#b3261e",
    Category.SECTION_HEADER: "#c2410c",
    Category.TEXT: "#1d4ed8",
    Category.LIST_ITEM: "#0f766e",
    Category.TABLE: "#15803d",
    Category.FORMULA: "#7e22ce",
    Category.PICTURE: "#a21caf",
    Category.CAPTION: "#0e7490",
    Category.FOOTNOTE: "#57534e",
    Category.PAGE_HEADER: "#64748b",
    Category.PAGE_FOOTER: "#64748b",
}
"""Of categories; each has a contrast of at least 4.5 with the white of labels."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box that is shown.

    Attributes:
        id: what a click on it gives.
        box: in page points.
        label: short, shown with the box.
        colour: ``#rrggbb``.
        title: for screen readers; the label where it is empty.
    """

    id: str
    box: Box
    label: str
    colour: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the user did.

    Attributes:
        selected: id of the mark that was clicked just now, None for none.
        region: a box that was drawn just now, in page points.
        turn: -1 or 1 where the page was turned by a key just now.
    """

    selected: str | None = None
    region: Box | None = None
    turn: int = 0


def page_view(
    image: str,
    size: tuple[float, float] | None,
    marks: Sequence[Mark],
    *,
    key: str,
    alt: str,
    selected: str | None = None,
    drawable: bool = True,
    link: str = "",
    ahead: Sequence[str] = (),
    on_selected: Callable[[], None] | None = None,
    on_turned: Callable[[], None] | None = None,
) -> Seen:
    """Show a page.

    Args:
        image: address of its picture on this server.
        size: width and height in points; None before the page was read, when only its picture is shown.
        marks: in reading order.
        key: of the component.
        alt: what the picture is, for those who do not see it.
        selected: id of the mark that is chosen elsewhere.
        drawable: whether a region may be drawn.
        link: components with the same one mark each other's choice at once, before the next run; empty for none.
        ahead: addresses of pictures that may be wanted next; they are fetched once this one is there.
        on_selected: called before the next run when a mark was chosen; the id is in the session's state under `key`.
        on_turned: the same for `turn`.
    """
    data = {
        "image": image,
        "width": size[0] if size else None,
        "height": size[1] if size else None,
        "boxes": [_drawn(mark) for mark in marks],
        "selected": selected,
        "drawable": drawable and size is not None,
        "alt": alt,
        "link": link,
        "ahead": list(ahead),
        "texts": {name: translate(text) for name, text in _TEXTS.items()},
    }
    seen = _component()(
        data=data,
        key=key,
        on_selected_change=on_selected or _nothing,
        on_region_change=_nothing,
        on_turn_change=on_turned or _nothing,
    )
    region = Box(*seen.region) if seen.region else None
    return Seen(seen.selected, region, seen.turn or 0)


_TEXTS = {
    "tools": N_("Page view"),
    "less": N_("Smaller"),
    "more": N_("Larger"),
    "fit": N_("Fit to width"),
    "draw": N_("Draw a region to read only it"),
}


def _drawn(mark: Mark) -> dict[str, Any]:
    box = mark.box
    return {
        "id": mark.id,
        "box": [box.x0, box.y0, box.x1, box.y1],
        "label": mark.label,
        "colour": mark.colour,
        "title": mark.title or mark.label,
    }


def _nothing() -> None:
    """A state that is read from the component's answer."""


@cache
def _component() -> Any:
    """Registered once in a process, when the first page is shown."""
    return st.components.v2.component(
        "docstation_page_view",
        html='<div class="root"></div>',
        css=(_HERE / "page_view.css").read_text(encoding="utf-8"),
        js=(_HERE / "page_view.js").read_text(encoding="utf-8"),
    )
