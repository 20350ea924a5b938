"""Files that are pasted anywhere on a page go to its uploader, as a component without a look.

Streamlit's uploader hears a paste only while it has the focus, which nobody gives it who has just opened the page.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st


def pasting(*, key: str) -> None:
    """Have the first uploader of the page take what is pasted; what is pasted into a text stays there.

    Args:
        key: of the component; one that begins with ``pasting`` takes no room.
    """
    _component()(key=key)


@cache
def _component() -> Any:
    """Registered once in a process, when the first page with an uploader is shown."""
    script = Path(__file__).with_name("pasting.js").read_text(encoding="utf-8")
    return st.components.v2.component("docstation_pasting", html="<span></span>", js=script)
