"""A line of a server's log as people may see it: whatever it holds, a terminal is not moved by it."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-_])")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")


def readable(line: bytes) -> str:
    """One line as text: of a progress bar that overwrites itself the last state, without colours and controls."""
    text = line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2]
    return _CONTROLS.sub("", _ESCAPES.sub("", text))
