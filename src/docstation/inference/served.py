"""What serves at an address now: the id to ask for, its window, its profile. Asked anew before each piece of work."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from docstation.errors import NoEngine
from docstation.inference.failures import AskFailed, EngineFailed, Refused, one_line
from docstation.inference.profile import Profile
from docstation.inference.profiles import profile_for
from docstation.inference.questions import get_json
from docstation.messages.marking import N_, Word

_OWN_GATEWAY = "docstation"
_VERSION = re.compile(r"(\d+)\.(\d+)")
_DETECTS_SINCE = (0, 17)


@dataclass(frozen=True, slots=True)
class Features:
    """What the server can do beyond the OpenAI interface.

    Attributes:
        version: of vLLM, empty where the server does not tell.
        repetition_detection: whether it ends answers that go round in circles.
    """

    version: str = ""
    repetition_detection: bool = False


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The model to ask.

    Attributes:
        id: to name in requests.
        context: its window in tokens, pictures and answer together; 0 where the server does not tell.
        profile: its dialect.
        features: of its server.
        base_url: of its server, without ``/v1``.
        names: under which the server knows it as well.
        sequences: requests that the server answers together; 0 where it does not tell, as vLLM itself does not.
    """

    id: str
    context: int
    profile: Profile
    features: Features
    base_url: str
    names: tuple[str, ...] = ()
    sequences: int = 0


def active(
    base_url: str, key: str = "", *, named: str = "", folder: Path | None = None, timeout: float = 5.0
) -> ServedModel:
    """The model that serves at `base_url`: DocStation's own gateway, vLLM, or another server of the OpenAI interface.

    Args:
        base_url: without ``/v1``.
        key: bearer token, empty for none.
        named: profile that the catalogue names for this server's model, empty to go by its id.
        folder: of the user's profiles.
        timeout: seconds for each question.

    Raises:
        NoEngine: nothing serves there but the embedded engine, which reads pages itself and is not asked.
        EngineFailed, Overdue, Refused: the server gave no list of models.
    """
    listed = get_json(base_url, "/v1/models", key=key, timeout=timeout)
    cards = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(cards, list):
        raise EngineFailed(problem=Word(N_("no list of models came")))
    card = _active_card([one for one in cards if isinstance(one, dict)])
    model_id = str(card["id"])
    return ServedModel(
        id=model_id,
        context=_count(card, "max_model_len"),
        profile=profile_for(_known_by(card), named=named, folder=folder),
        features=_features(base_url, card, key, timeout),
        base_url=base_url.rstrip("/"),
        names=_names(card),
        sequences=_count(card, "max_num_seqs"),
    )


def _count(card: dict[str, object], name: str) -> int:
    told = card.get(name)
    return told if isinstance(told, int) and not isinstance(told, bool) else 0


def _names(card: dict[str, object]) -> tuple[str, ...]:
    """The entry's name and aliases, which the gateway tells."""
    aliases = card.get("aliases")
    told = [card.get("entry"), *(aliases if isinstance(aliases, list) else ())]
    return tuple(one for one in told if isinstance(one, str))


def _active_card(cards: list[dict[str, object]]) -> dict[str, object]:
    """The first model that serves; a server that lists others too says of each whether it does."""
    for card in cards:
        if isinstance(card.get("id"), str) and card.get("active", True):
            if card.get("chat", True) is False:
                raise NoEngine(EMBEDDED_SERVES, remedy=SWITCH)
            return card
    raise NoEngine(NOTHING_SERVES, remedy=SWITCH)


def _known_by(card: dict[str, object]) -> str:
    """All names under which a profile may know the model: its id, and the weights behind a name of one's own."""
    return one_line(" ".join(str(card.get(name, "")) for name in ("id", "root", "entry")), 1000)


def _features(base_url: str, card: dict[str, object], key: str, timeout: float) -> Features:
    if card.get("owned_by") == _OWN_GATEWAY:
        # It passes requests on as they are, to a vLLM of the catalogue.
        return Features(repetition_detection=True)
    try:
        told = get_json(base_url, "/version", key=key, timeout=timeout)
    except (AskFailed, Refused):
        return Features()
    version = told.get("version") if isinstance(told, dict) else None
    match = _VERSION.match(version) if isinstance(version, str) and card.get("owned_by") == "vllm" else None
    if match is None:
        return Features()
    return Features(one_line(match.string, 40), (int(match[1]), int(match[2])) >= _DETECTS_SINCE)


EMBEDDED_SERVES = N_("The embedded engine serves now, and it reads pages but answers no questions.")
NOTHING_SERVES = N_("No model serves now.")
SWITCH = N_("Switch to a model with `docstation models switch`.")
