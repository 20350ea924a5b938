"""Why weights or an image could not be had, as errors with a remedy: the words are the station's where it has them."""

from __future__ import annotations

import errno
from pathlib import Path

from docstation.errors import MissingDependency
from docstation.messages.marking import N_
from docstation.models.hub import Unfetched
from docstation.station.causes import Cause, Fault
from docstation.station.remedies import advise

GIGABYTE = 10**9
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_OWN_WORDS = {
    "weights-corrupt": (
        N_("What the hub sends for {detail} of {repository} is not what it announces."),
        N_("Run `docstation pull {model}` once more; if it stays so, a proxy on the way changes files."),
    ),
    "hub-offline": (
        N_("The variable HF_HUB_OFFLINE forbids asking the hub for {repository}."),
        N_("Run `HF_HUB_OFFLINE=0 docstation pull {model}`."),
    ),
    "hub-failed": (
        N_("The hub did not answer as it should for {repository}: {detail}"),
        N_("Try again later; what was loaded is kept. If the variable HF_ENDPOINT is set, check the address in it."),
    ),
    "revision-gone": (
        N_("The hub no longer has the recorded revision of {repository}."),
        N_("Take the newest with `docstation pull {model} --upgrade`."),
    ),
    "no-weights": (
        N_("{repository} holds no weights that vLLM could load (*.safetensors, *.bin or *.pt)."),
        N_("Correct `checkpoint` of {model} in models.toml."),
    ),
}
"""Sentence and remedy for reasons that are no cause of the station's."""

NO_ROOM = N_(
    "{needed} GB ({needed_bytes} bytes) are to be loaded, and the disk of {folder} has {free} GB free. "
    "Nothing was begun."
)
NO_ROOM_REMEDY = N_("Free {lacking} GB there, or name a folder on another disk with the setting station.cache.")
UNWRITABLE = N_("{folder} cannot be written: {problem}.")
UNWRITABLE_REMEDY = N_(
    "If another user made it: `sudo chown -R $USER {folder}`. Or name another folder with the setting station.cache."
)


def weights_failure(problem: Unfetched | OSError, *, model: str, hub: Path, address: str) -> MissingDependency:
    """The error for weights.

    Args:
        problem: what was raised.
        model: name of the entry, for the remedy.
        hub: folder of downloaded checkpoints.
        address: of the hub.
    """
    if isinstance(problem, OSError):
        return disk_failure(problem, model, hub)
    fields = {"model": model, "repository": problem.repository, "detail": problem.detail}
    if problem.reason in _OWN_WORDS:
        sentence, remedy = _OWN_WORDS[problem.reason]
        return MissingDependency(sentence, **fields | {"remedy": remedy, "cause": problem.reason})
    if problem.reason == "hub-denied":
        # The words with a repository tell of terms that were not accepted; those without one tell of any refusal.
        return _advised(Cause.HUB_GATED, problem.detail, model=model)
    return _advised(Cause(problem.reason), problem.detail, model=model, repository=problem.repository, address=address)


def image_failure(fault: Fault, *, model: str, image: str) -> MissingDependency:
    """The error for an image; `fault.detail` holds the engine's or the registry's own words."""
    return _advised(fault.cause, fault.detail, model=model, image=image)


def weights_absent(model: str) -> MissingDependency:
    """There is nothing of the model's weights on this machine."""
    return _advised(Cause.WEIGHTS_MISSING, "", model=model)


def no_room(hub: Path, *, needed: int, free: int, reserve: int) -> MissingDependency:
    """The disk has less than is needed; all in bytes."""
    return MissingDependency(
        NO_ROOM,
        remedy=NO_ROOM_REMEDY,
        cause=Cause.DISK_FULL.value,
        folder=str(hub),
        needed=f"{needed / GIGABYTE:.2f}",
        needed_bytes=needed,
        free=f"{free / GIGABYTE:.2f}",
        free_bytes=free,
        lacking=f"{(needed + reserve - free) / GIGABYTE:.2f}",
    )


def disk_failure(problem: OSError, model: str, hub: Path) -> MissingDependency:
    """The error for a file that could not be written; `hub` is the folder to name where the problem names none."""
    if problem.errno in _FULL:
        return _advised(Cause.DISK_FULL, "", model=model, path=str(hub))
    folder = Path(problem.filename).parent if isinstance(problem.filename, str) else hub
    known = {"folder": str(folder), "problem": problem.strerror or type(problem).__name__}
    return MissingDependency(UNWRITABLE, **known | {"remedy": UNWRITABLE_REMEDY, "cause": "unwritable"})


def _advised(cause: Cause, detail: str, **known: str) -> MissingDependency:
    advice = advise(cause, detail, **known)
    fields = {"detail": detail, "remedy": advice.remedy, "cause": cause.value}
    return MissingDependency(advice.sentence, **dict(advice.fields) | fields)
