"""Settings: flag > environment > docstation.toml > built-in, each value with the place that it came from.

The rest of the package gets frozen dataclasses; pydantic checks types and ranges here and nowhere else, and is loaded
only when settings are. Nothing here knows how a setting is used.
"""

from __future__ import annotations

from docstation.settings.folders import config_files, state_folder
from docstation.settings.loading import Loaded, load
from docstation.settings.model import Output, Reading, Settings, Station, Ui

__all__ = ["Loaded", "Output", "Reading", "Settings", "Station", "Ui", "config_files", "load", "state_folder"]
