"""The blocks of a page as a list, as a component: a click chooses one, and the chosen one is scrolled to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
LONGEST = 4_000
"""Characters of a block's text that are shown in the list."""


@dataclass(frozen=True, slots=True)
class Item:
    """A block in the list.

    Attributes:
        id: what a click on it gives.
        label: name of its category.
        text: of the block.
        colour: of its category, ``#rrggbb``.
        flags: short remarks, such as that it was corrected.
        heading: whether it is one.
    """

    id: str
    label: str
    text: str
    colour: str
    flags: tuple[str, ...] = ()
    heading: bool = False


def block_list(
    items: Sequence[Item],
    *,
    key: str,
    title: str,
    selected: str | None = None,
    height: str = "70vh",
    link: str = "",
    on_selected: Callable[[], None] | None = None,
) -> str | None:
    """Show the list; the id that was clicked just now, None for none.

    Args:
        items: in reading order.
        key: of the component.
        title: what the list is, for screen readers.
        selected: id of the one that is chosen elsewhere.
        height: that it takes at most, as CSS says it.
        link: as for `page_view`.
        on_selected: called before the next run when one was chosen; the id is in the session's state under `key`.
    """
    shown = [asdict(item) | {"text": item.text[:LONGEST]} for item in items]
    data = {"items": shown, "selected": selected, "title": title, "height_css": height, "link": link}
    selected_now: str | None = _component()(data=data, key=key, on_selected_change=on_selected or _nothing).selected
    return selected_now


def _nothing() -> None:
    """A state that is read from the component's answer."""


@cache
def _component() -> Any:
    """Registered once in a process, when the first list is shown."""
    return st.components.v2.component(
        "docstation_block_list",
        html="<ol></ol>",
        css=(_HERE / "block_list.css").read_text(encoding="utf-8"),
        js=(_HERE / "block_list.js").read_text(encoding="utf-8"),
    )
