"""The product's words in Russian and English: catalogues, the choice of language, and their use at the doors.

Sentences are written in English where they arise and marked with `N_`; here they are looked up in the compiled
catalogues under ``locale/``. The language belongs to the running context (a command, a session of the page), so two
sessions of one process may speak different languages. Nothing here knows what a sentence is about.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docstation.messages.marking import N_, NP_, Word

if TYPE_CHECKING:
    from docstation.errors import DocStationError

__all__ = [
    "DOMAIN",
    "LANGUAGES",
    "LOCALE",
    "NP_",
    "N_",
    "Word",
    "accepted",
    "active",
    "choose",
    "explain",
    "plural",
    "translate",
    "use",
]

DOMAIN = "docstation"
LANGUAGES = ("ru", "en")
LOCALE = Path(__file__).with_name("locale")

_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_active: ContextVar[str] = ContextVar("docstation_language", default="en")


def choose(option: str = "", environ: Mapping[str, str] | None = None, setting: str = "") -> str:
    """The language to speak: option, then DOCSTATION_UI_LANGUAGE, then the setting, then the locale variables.

    ``auto`` and languages that we do not speak pass the choice on; English is the last resort.
    """
    environ = os.environ if environ is None else environ
    for wish in (option, environ.get("DOCSTATION_UI_LANGUAGE", ""), setting):
        if (language := _spoken(wish)) != "":
            return language
    locale = next((environ[name] for name in _LOCALE_VARIABLES if environ.get(name)), "")
    if _is_plain(locale):
        return "en"
    return next(
        (spoken for wish in [*environ.get("LANGUAGE", "").split(":"), locale] if (spoken := _spoken(wish))), "en"
    )


def _spoken(wish: str) -> str:
    """``ru_RU.UTF-8`` → ``ru``; empty for a language without a catalogue."""
    language = wish.strip().lower().replace("-", "_").split("_")[0].split(".")[0]
    return language if language in LANGUAGES else ""


def accepted(header: str) -> str:
    """The first language of an Accept-Language that is spoken here, empty for none.

    Weights are passed over: clients name what they like best first (RFC 9110, 12.5.4).
    """
    languages = (part.partition(";")[0].strip().lower().partition("-")[0] for part in header.split(","))
    return next((one for one in languages if one in LANGUAGES), "")


def _is_plain(locale: str) -> bool:
    return locale.split(".", maxsplit=1)[0] in {"", "C", "POSIX"}


def active() -> str:
    """The language of the running context, ``ru`` or ``en``."""
    return _active.get()


def use(language: str) -> None:
    """Speak `language` in the running context from now on."""
    _active.set(language if language in LANGUAGES else "en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE, languages=[language], fallback=True)


def translate(message: str, /, **fields: object) -> str:
    """`message` in the active language with its ``{named}`` fields filled; a field without a value stays as it is."""
    text = _catalogue(active()).gettext(message) if message else ""
    return text.format_map(_Forgiving(fields)) if fields else text


def plural(one: str, many: str, count: int, /, **fields: object) -> str:
    """The form of a counted sentence that the active language wants; ``{count}`` is filled in.

    `one` and `many` are the English forms; Russian has three.
    """
    text = _catalogue(active()).ngettext(one, many, count)
    return text.format_map(_Forgiving({"count": count} | fields))


def explain(error: DocStationError) -> tuple[str, str]:
    """What happened and what to do about it, in the active language."""
    return _filled(error.message_id, error), _filled(error.remedy_id, error)


def _filled(message: str, error: DocStationError) -> str:
    said = {name: translate(value) if isinstance(value, Word) else value for name, value in error.fields.items()}
    return translate(message).format_map(_Forgiving(said))


class _Forgiving(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
