"""The one setting that is needed before anything is loaded: the language to speak.

It is read without checks; whoever loads the settings afterwards reports what is wrong with the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from docstation.settings.folders import config_files


def language_setting(config: str, environ: Mapping[str, str]) -> str:
    """``ui.language`` of the settings files, empty where none says it."""
    chosen = config or environ.get("DOCSTATION_CONFIG", "")
    files = (Path(chosen).expanduser(),) if chosen else config_files(environ)
    return next((language for path in files if (language := _stated(path))), "")


def _stated(path: Path) -> str:
    if not path.is_file():
        return ""
    import tomllib

    try:
        section = tomllib.loads(path.read_text(encoding="utf-8-sig")).get("ui")
    except (OSError, ValueError):
        return ""
    language = section.get("language") if isinstance(section, dict) else ""
    return language if isinstance(language, str) else ""
