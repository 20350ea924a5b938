"""Where DocStation keeps its state and looks for its settings; pure functions of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

NAME = "docstation"
FILE = "docstation.toml"


def state_folder(environ: Mapping[str, str] | None = None) -> Path:
    """The folder for kept pages, reports and the database: DOCSTATION_HOME, else the platform's state folder.

    The folder need not exist.
    """
    home = _home(environ)
    if home is not None:
        return home
    from platformdirs import user_state_path

    return user_state_path(NAME, appauthor=False)


def config_files(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> tuple[Path, ...]:
    """Where settings files are looked for, the weightiest first; they need not exist.

    The working folder's file outweighs the user's, which lies in DOCSTATION_HOME, else in the platform's folder for
    settings.
    """
    return ((cwd or Path.cwd()) / FILE, _config_folder(environ) / FILE)


def _config_folder(environ: Mapping[str, str] | None) -> Path:
    home = _home(environ)
    if home is not None:
        return home
    from platformdirs import user_config_path

    return user_config_path(NAME, appauthor=False)


def _home(environ: Mapping[str, str] | None) -> Path | None:
    folder = (os.environ if environ is None else environ).get("DOCSTATION_HOME", "")
    return Path(folder).expanduser().absolute() if folder else None
