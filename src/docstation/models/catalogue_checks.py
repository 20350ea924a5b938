"""What no entry may ask for: combinations that cannot work, secrets in a file, and flags that belong to the station.

Types and ranges have been checked before (`catalogue_types`). Every refusal names the key, the file and the way out; a
value that may be a secret is not repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from docstation.errors import SettingsError
from docstation.messages.marking import N_
from docstation.models.catalogue_files import refuse, refuse_name
from docstation.models.derived_flags import DERIVED, derived_flag
from docstation.models.entry import Alias, ModelEntry
from docstation.settings.keys import suggestion

VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
KEY_VARIABLE = r"[A-Z_][A-Z0-9_]*"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SECRET_WORDS = frozenset({"KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "CREDENTIALS"})
_PLACE_WORDS = frozenset({"PATH", "FILE", "DIR"})


def check_entry(entry: ModelEntry, place: str, names: tuple[str, ...]) -> None:
    """Refuse an entry that cannot work with a SettingsError; `place` is its file, `names` are those of all entries."""
    _check_texts(entry, place)
    _check_engine(entry, place, names)
    _check_figures(entry, place)
    _check_endpoint(entry, place)
    _check_environment(entry, place)
    _check_arguments(entry, place)


def check_alias(alias: Alias, place: str, names: tuple[str, ...]) -> None:
    """Refuse an alias of nothing, of unknown entries, or under the name of an entry."""
    if alias.name in names:
        remedy = N_("Choose a name that no model has.")
        refuse(f"aliases.{alias.name}", alias.name, place, remedy)
    if not alias.candidates:
        refuse(f"aliases.{alias.name}.candidates", (), place, N_("Give at least one."))
    for one in alias.candidates:
        if one not in names:
            refuse_name(f"aliases.{alias.name}.candidates", one, place, names)


def _key(entry: ModelEntry, key: str) -> str:
    return f"models.{entry.name}.{key}"


def _check_texts(entry: ModelEntry, place: str) -> None:
    for key, text in _texts(entry):
        if _CONTROL.search(text):
            refuse(_key(entry, key), text, place, N_("Leave out line breaks and other control characters."))
    for key in ("checkpoint", "served_name", "image"):
        text = getattr(entry, key)
        if text.startswith("-"):
            refuse(_key(entry, key), text, place, N_("It must not begin with a dash."))


def _texts(entry: ModelEntry) -> Iterator[tuple[str, str]]:
    """Texts of one line that become words, headers or names elsewhere; a prompt may have several lines."""
    for key in ("title", "checkpoint", "licence", "served_name", "image", "profile", "figures", "endpoint"):
        yield key, getattr(entry, key)
    yield from (("arguments", word) for word in entry.arguments)


def _check_engine(entry: ModelEntry, place: str, names: tuple[str, ...]) -> None:
    if entry.engine == "vllm" and not entry.checkpoint:
        others = tuple(name for name in names if name != entry.name)
        remedy, more = suggestion(entry.name, others)
        if "suggestion" not in more:
            remedy = N_("Give its checkpoint: the repository or the folder of the weights.")
        raise SettingsError(
            N_("The model {name} in {place} has no checkpoint."), remedy=remedy, name=entry.name, place=place, **more
        )
    if entry.engine == "remote" and not entry.endpoint:
        remedy = N_('Give the address of the server, such as endpoint = "http://192.168.0.5:8000".')
        refuse(_key(entry, "engine"), entry.engine, place, remedy)
    if entry.engine != "remote" and entry.endpoint:
        refuse(_key(entry, "engine"), entry.engine, place, N_('Set it to "remote", or leave out the endpoint.'))


def _check_figures(entry: ModelEntry, place: str) -> None:
    """Whether the largest picture fits into one step and into the context, where the architecture is known.

    vLLM has crashed on a picture of more tokens than a step holds, and answers 400 to one that fills the context.
    """
    from docstation.models.architecture import shipped_figures

    if entry.engine != "vllm" or not entry.figures:
        return
    if entry.figures not in shipped_figures():
        refuse_name(_key(entry, "figures"), entry.figures, place, tuple(shipped_figures()))
    known = shipped_figures()[entry.figures]
    tokens = known.image_tokens(entry.max_pixels)
    remedy = N_("Give at least {ge}, for the image tokens of the largest picture, or lower max_pixels.")
    if entry.batch_tokens < tokens:
        refuse(_key(entry, "batch_tokens"), entry.batch_tokens, place, remedy, ge=tokens)
    if entry.context <= tokens:
        refuse(_key(entry, "context"), entry.context, place, remedy, ge=tokens + 1)
    if entry.context > known.language.positions:
        refuse(_key(entry, "context"), entry.context, place, N_("Give at most {le}."), le=known.language.positions)


def _check_endpoint(entry: ModelEntry, place: str) -> None:
    if entry.endpoint and not _is_plain_address(entry.endpoint):
        remedy = N_("Write it like http://192.168.0.5:8000, without a user name, a password or a query.")
        shown = "…" if re.search("[@?#]", entry.endpoint) else entry.endpoint
        refuse(_key(entry, "endpoint"), shown, place, remedy)
    if entry.key_variable and not re.fullmatch(KEY_VARIABLE, entry.key_variable):
        remedy = N_("Name a variable in capitals, such as SERVER_KEY; the key itself is never written in a file.")
        refuse(_key(entry, "key_variable"), "…", place, remedy)


def _is_plain_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and port != 0
        and "@" not in parts.netloc
        and not parts.query
        and not parts.fragment
        and " " not in text
    )


def _check_environment(entry: ModelEntry, place: str) -> None:
    for name, value in entry.environment.items():
        key = _key(entry, f"environment.{name}")
        if not re.fullmatch(VARIABLE, name):
            refuse(key, name, place, N_("Use Latin letters, digits and underscores."))
        if value and is_secret(name):
            remedy = N_("Name the variable of a remote server's key in key_variable; keys are never written in files.")
            raise SettingsError(N_("{key} in {file} looks like a secret."), remedy=remedy, key=key, file=place)
        if "\x00" in value:
            refuse(key, "…", place, N_("Leave out line breaks and other control characters."))


def is_secret(name: str) -> bool:
    """Whether a variable of that name would hold a secret: HF_TOKEN does, HF_TOKEN_PATH and MAX_TOKENS do not."""
    words = name.upper().split("_")
    return not _SECRET_WORDS.isdisjoint(words) and words[-1] not in _PLACE_WORDS


def _check_arguments(entry: ModelEntry, place: str) -> None:
    key = _key(entry, "arguments")
    if entry.arguments and not entry.arguments[0].startswith("-"):
        remedy = N_("Begin with a flag, and give each word as a text by itself.")
        refuse(key, entry.arguments[0], place, remedy)
    for word in entry.arguments:
        flag = derived_flag(word)
        if flag and DERIVED[flag]:
            refuse(key, flag, place, N_("Set {other} instead."), other=DERIVED[flag])
        if flag:
            refuse(key, flag, place, N_("Leave it out: the station sets it itself."))
