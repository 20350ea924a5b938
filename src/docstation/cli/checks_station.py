"""What ``docstation doctor`` looks at of the station: GPU, container engine, vLLM, weights, what serves, the host.

Quick looks: nothing is started, no server is waited for longer than an instant. The embedded engine does without all of
it, so a lack is ``missing`` only where the settings ask for what lacks.
"""

from __future__ import annotations

import shutil
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from docstation.cli.common import Call
from docstation.messages import N_, translate

if TYPE_CHECKING:
    from docstation.bootstrap.at_hand import FoundEngine
    from docstation.settings import Station
    from docstation.station.promises.seen import BundleSeen, Said, Trouble
    from docstation.station.status import Serving, Status

State = Literal["ok", "missing", "optional"]
Finding = tuple[State, str, str]
"""State, what was found and what to do, both in the active language."""

GPU_SECONDS = 1.5
"""In which a card tells about itself; the first time its driver may have to wake it."""
GIB = 2**30

DOES_WITHOUT = N_("The embedded engine does without.")
ON_PROCESSOR = N_("The embedded engine reads on the processor; a GPU is not used by it.")
GPU_FOUND = N_("{name}, driver {driver}, {board} GiB, {free} GiB free.")


def _call() -> Call:
    """The call that is being answered; outside of a command the built-in one."""
    context = click.get_current_context(silent=True)
    return context.ensure_object(Call) if context else Call()


def _settings() -> Station:
    return _call().settings().settings.station


@cache
def engine() -> FoundEngine:
    """The container engine; looked for once, until `forget`."""
    from docstation.bootstrap.at_hand import find_engine

    return find_engine()


def forget() -> None:
    """Look anew from now on."""
    engine.cache_clear()


def gpu() -> Finding:
    """The card as the driver shows it."""
    from docstation.station.gpu import GpuReading
    from docstation.station.nvml import NvmlGpu

    settings = _settings()
    found = NvmlGpu(settings.gpu, deadline=GPU_SECONDS).read()
    if isinstance(found, GpuReading):
        board, free = (f"{size / GIB:.1f}" for size in (found.board_bytes, found.free_bytes))
        said = translate(GPU_FOUND, name=found.name, driver=found.driver, board=board, free=free)
        return "ok", f"{said} {translate(ON_PROCESSOR)}", ""
    said = translate(found.absence.sentence, detail=found.detail)
    remedy = translate(found.absence.remedy, detail=found.detail)
    if settings.device == "cuda":
        return "missing", said, remedy
    return "optional", f"{said} {translate(ON_PROCESSOR)}", remedy


def container_engine() -> Finding:
    """Whether the container engine answers, and can give a GPU away."""
    found, settings = engine().seen, _settings()
    wanted = settings.driver == "container"
    if found.trouble is not None:
        return _lacking(found.trouble, found.version, needed=wanted)
    if found.gpu_trouble is not None and settings.device != "cpu" and gpu()[0] == "ok":
        return _lacking(found.gpu_trouble, found.version, needed=wanted)
    return "ok", f"{found.version}, {found.address}", ""


def vllm() -> Finding:
    """The vllm command."""
    found = shutil.which("vllm")
    if found:
        return "ok", f"{found} {_version_beside(Path(found))}".rstrip(), ""
    said = translate(N_("There is no command vllm; containers bring their own."))
    if _settings().driver == "process":
        return "missing", said, translate(N_("Install vLLM so that `vllm --version` works."))
    return "optional", f"{said} {translate(DOES_WITHOUT)}", ""


def _version_beside(program: Path) -> str:
    """Version of the vLLM in the environment of `program`; to ask the program itself takes many seconds."""
    folders = [str(one) for one in program.resolve().parent.parent.glob("lib/python3*/site-packages")]
    found: Distribution | None = next(iter(distributions(name="vllm", path=folders)), None)
    return found.version if found else ""


def models() -> Finding:
    """Weights and image of the models that are meant when none is named."""
    from docstation.bootstrap.at_hand import default_bundle
    from docstation.bootstrap.parts import Parts, catalogue
    from docstation.models.pins import Pins

    call, settings = _call(), _settings()
    parts, known = Parts(settings, call.config), catalogue(call.config)
    contained = settings.driver == "container" or (settings.driver == "auto" and engine().client is not None)
    pins = Pins(parts.folder)
    kind: Literal["container", "process"] = "container" if contained else "process"
    found = [default_bundle(known.resolve(name), kind, pins, parts.hub, engine()) for name in settings.models]
    lacks = [trouble for one in found for trouble in (one.weights_trouble, one.image_trouble) if trouble]
    if not lacks:
        return "ok", "; ".join(map(_bundle_words, found)), ""
    said = " ".join(dict.fromkeys(_said(one.said) for one in lacks))
    advice = " ".join(dict.fromkeys(_said(one.remedy) for one in lacks))
    if settings.driver in {"container", "process"}:
        return "missing", said, advice
    return "optional", f"{said} {translate(DOES_WITHOUT)}", advice


def _bundle_words(one: BundleSeen) -> str:
    return ", ".join(word for word in (one.deployment.model, one.weights, one.image) if word)


def station() -> Finding:
    """What serves, and who looks after it."""
    from docstation.bootstrap.station import status
    from docstation.station.promises.state import NO_MODEL, UNDER_WAY

    found = status(_call().config)
    if found.state.transaction is not None:
        return "ok", translate(UNDER_WAY, step=found.state.transaction.step.value), ""
    lacks = _not_serving(found)
    if lacks is not None:
        return lacks
    servers = [one for one in found.serving if one.deployment.driver != "embedded"]
    if not servers:
        return "ok", translate(NO_MODEL), ""
    return _serving(found, servers)


def _not_serving(found: Status) -> Finding | None:
    """What should serve and does not."""
    from docstation.station.promises.state import doubts_of_state

    doubts = doubts_of_state(found.state)
    if not doubts.broken:
        return None
    advice = " ".join(map(_said, doubts.remedies))
    return "optional", " ".join([*map(_said, doubts.broken), translate(DOES_WITHOUT)]), advice


def _serving(found: Status, servers: list[Serving]) -> Finding:
    from docstation.station.promises.history import START_MANAGER

    owner = found.owner
    holder = f"{owner.command} (pid {owner.pid})" if owner else translate(N_("nobody"))
    said = translate(
        N_("serving: {models}; owner: {owner}"), models=", ".join(one.deployment.model for one in servers), owner=holder
    )
    silent = [one.deployment.model for one in servers if not one.answers]
    if silent:
        words = translate(N_("Does not answer at this moment as it should: {models}."), models=", ".join(silent))
        return (
            "optional",
            f"{said}. {words}",
            translate(N_("See `docstation models status` and `docstation models logs`.")),
        )
    if owner is None:
        return "optional", said, translate(START_MANAGER)
    return "ok", said, ""


def host() -> Finding:
    """What kind of machine this is, and what its user should know of it."""
    from docstation.station.host import look

    found = look()
    kinds = [found.kernel, f"WSL {found.wsl}" if found.wsl else "", found.container]
    shared = "-" if found.shared_bytes is None else f"{found.shared_bytes / GIB:.1f}"
    locked = "∞" if found.locked_bytes is None else f"{found.locked_bytes / GIB:.2f}"
    said = translate(
        N_("{system}; shared memory {shared} GiB, memory that may be locked {locked} GiB"),
        system=", ".join(kind for kind in kinds if kind),
        shared=shared,
        locked=locked,
    )
    notes = " ".join(translate(note.message, **dict(note.fields)) for note in found.notes)
    return ("optional" if notes else "ok"), said, notes


def _lacking(trouble: Trouble, version: str, *, needed: bool) -> Finding:
    said = f"{version}: {_said(trouble.said)}" if version else _said(trouble.said)
    if needed:
        return "missing", said, _said(trouble.remedy)
    return "optional", f"{said} {translate(DOES_WITHOUT)}", _said(trouble.remedy)


def _said(one: Said) -> str:
    return translate(one.message, **dict(one.fields))
