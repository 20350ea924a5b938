"""Reads profiles: the shipped files of ``dialects/``, and over them, key by key, the user's own.

The user's lie in a folder ``profiles`` beside docstation.toml, named like the profile (``dots-ocr.toml``). They may
replace any prompt or number, and describe models that are not known here; they cannot name a library to import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from docstation.errors import SettingsError
from docstation.inference.profile import Profile
from docstation.inference.profile_files import read_profile
from docstation.messages.marking import N_
from docstation.settings.folders import config_files
from docstation.settings.keys import suggestion

GENERIC = "generic"
"""The profile of a model that nothing is known of, and what a user's new profile starts from."""

_SHIPPED = Path(__file__).with_name("dialects")
_TEMPLATES = Path(__file__).with_name("templates")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """The profile of that name, ``dots-ocr`` or ``dots_ocr``.

    Args:
        name: of a shipped profile or of a file in `folder`.
        folder: of the user's files, see `user_folder`; None leaves them out.

    Raises:
        SettingsError: there is no such profile, or a file cannot be used.
    """
    own, name = _own_file(name, folder), _plain(name)
    if name not in shipped_names() and own is None:
        remedy, more = suggestion(name, names(folder))
        raise SettingsError(NO_PROFILE, remedy=remedy, name=name, **more)
    base = _shipped(name if name in shipped_names() else GENERIC)
    return base if own is None else read_profile(own, name, base)


def profile_for(model_id: str, *, named: str = "", folder: Path | None = None) -> Profile:
    """The profile of a served model.

    Args:
        model_id: as ``/v1/models`` shows it; the profile with the longest match in it is taken, else the generic one.
        named: profile that the catalogue names for it, which goes before; empty where none is known.
        folder: of the user's files.

    Raises:
        SettingsError: as `load_profile`.
    """
    if named:
        return load_profile(named, folder)
    lowered = model_id.lower()
    known = [load_profile(name, folder) for name in names(folder)]
    found = [(len(match), one.name) for one in known for match in one.matches if match in lowered]
    return load_profile(max(found)[1] if found else GENERIC, folder)


def names(folder: Path | None = None) -> tuple[str, ...]:
    """Names of all profiles, the shipped ones first."""
    own = sorted(_plain(path.stem) for path in folder.glob("*.toml")) if folder and folder.is_dir() else []
    return tuple(dict.fromkeys((*shipped_names(), *(name for name in own if _NAME.fullmatch(name)))))


@cache
def shipped_names() -> tuple[str, ...]:
    """Names of the shipped profiles."""
    return tuple(sorted(_plain(path.stem) for path in _SHIPPED.glob("*.toml")))


def user_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where the user's profiles lie, beside their docstation.toml; it need not exist."""
    return config_files(environ)[-1].parent / "profiles"


@cache
def chat_template(name: str) -> str:
    """The chat template to serve a model of this shipped profile with, on one line as vLLM takes it for a word.

    Empty for a profile whose checkpoints bring a right one, and for a name that is not shipped.
    """
    file = _shipped(name).chat_template if _plain(name) in shipped_names() else ""
    if not file:
        return ""
    return "".join(line.strip() for line in (_TEMPLATES / f"{file}.jinja").read_text(encoding="ascii").splitlines())


@cache
def _shipped(name: str) -> Profile:
    name = _plain(name)
    return read_profile(_SHIPPED / f"{name.replace('-', '_')}.toml", name)


def _own_file(name: str, folder: Path | None) -> Path | None:
    if folder is None or not _NAME.fullmatch(name):
        return None
    files = (folder / f"{spelt}.toml" for spelt in (_plain(name), name.replace("-", "_")))
    return next((path for path in files if path.is_file()), None)


def _plain(name: str) -> str:
    return name.replace("_", "-")


NO_PROFILE = N_("There is no profile {name}.")
