"""Settings: flag > environment > docstation.toml > built-in, each value with the place that it came from.

The rest of the package gets frozen dataclasses; pydantic checks types and ranges here and nowhere else, and is loaded
only when settings are. Nothing here knows how a setting is used. Names are loaded when first used: much needs only the
state folder.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docstation.settings.folders import config_files, state_folder
    from docstation.settings.loading import Loaded, load
    from docstation.settings.model import Output, Reading, Service, Settings, Station, Ui

__all__ = [
    "Loaded",
    "Output",
    "Reading",
    "Service",
    "Settings",
    "Station",
    "Ui",
    "config_files",
    "load",
    "state_folder",
]

_LAZY = {
    **dict.fromkeys(("config_files", "state_folder"), "docstation.settings.folders"),
    **dict.fromkeys(("Loaded", "load"), "docstation.settings.loading"),
    **dict.fromkeys(("Output", "Reading", "Service", "Settings", "Station", "Ui"), "docstation.settings.model"),
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
