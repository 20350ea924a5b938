"""Single settings that are needed before anything is loaded, or faster than everything can be checked.

They are read without checks; whoever loads the settings afterwards reports what is wrong with the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docstation.settings.folders import config_files


def language_setting(config: str, environ: Mapping[str, str]) -> str:
    """``ui.language`` of the settings files, empty where none says it."""
    stated = file_setting("ui", "language", config, environ)
    return stated if isinstance(stated, str) else ""


def setting(section: str, key: str, config: str, environ: Mapping[str, str]) -> object:
    """A setting as its variable or the weightiest file says it, raw; None where neither does."""
    return environ.get(f"DOCSTATION_{section}_{key}".upper()) or file_setting(section, key, config, environ)


def file_setting(section: str, key: str, config: str, environ: Mapping[str, str]) -> object:
    """A setting as the weightiest settings file says it, raw; None where none does."""
    chosen = config or environ.get("DOCSTATION_CONFIG", "")
    files = (Path(chosen).expanduser(),) if chosen else config_files(environ)
    return next((stated for path in files if (stated := _stated(path, section, key)) not in (None, "")), None)


def _stated(path: Path, section: str, key: str) -> object:
    if not path.is_file():
        return None
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig")).get(section)
    except (OSError, ValueError):
        return None
    stated = table.get(key) if isinstance(table, dict) else None
    return tuple(stated) if isinstance(stated, list) else stated
