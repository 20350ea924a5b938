"""Words about the station that several commands share: steps, causes, sizes and times, in the active language.

It is loaded by ``status``, so what is heavy is imported where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from docstation.messages import N_, translate
from docstation.station.causes import Cause
from docstation.station.deployment import Deployment
from docstation.station.words import Kind, Step

STEPS = {
    Step.PREPARE: N_("check"),
    Step.DRAIN: N_("open requests"),
    Step.STOP: N_("stop"),
    Step.RECLAIM: N_("memory of the card"),
    Step.START: N_("start"),
    Step.LOAD: N_("load"),
    Step.PROBE: N_("name and context"),
    Step.CANARY: N_("test page"),
}
KINDS = {
    Kind.SWITCH: N_("switch to {models}"),
    Kind.RESTART: N_("restart of {models}"),
    Kind.SHRINK: N_("restart of {models} with less memory"),
    Kind.STOP: N_("stop of everything"),
}
WITHOUT_MODEL = N_("The embedded engine reads pages. Chat and answers by schema need a model.")
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something failed and what to do about it, in the active language; the remedy may be empty."""

    sentence: str
    remedy: str


def reason(cause: Cause, detail: str = "", deployment: Deployment | None = None, model: str = "") -> Reason:
    """The words for a cause.

    Args:
        cause: of the failure.
        detail: its own words.
        deployment: that failed, where it is known.
        model: its name, where only that is known.
    """
    from docstation.station.remedies import advise

    known = {"model": model} | _known(deployment)
    advice = advise(cause, detail, **known)
    # Fields may come from the log of a server.
    return Reason(plain(translate(advice.sentence, **advice.fields)), plain(translate(advice.remedy, **advice.fields)))


def _known(deployment: Deployment | None) -> dict[str, str]:
    if deployment is None:
        return {}
    return {
        "model": deployment.model,
        "name": deployment.instance,
        "image": deployment.image,
        "endpoint": deployment.endpoint,
        "variable": deployment.key_variable,
        "port": str(deployment.port or ""),
    }


def step_words(step: Step, models: Sequence[str] = ()) -> str:
    """``dots-ocr: load``."""
    name = translate(STEPS[step])
    return f"{', '.join(models)}: {name}" if models else name


def step_end(told: str, seconds: float, cause: Cause | None = None, why: str = "") -> str:
    """How a step ended: ``dots-ocr: load, 41.3 s``, or that it failed and `why`."""
    time = duration(seconds)
    if cause is None:
        return f"{told}, {time}"
    if cause is Cause.CANCELLED:
        return translate(N_("{step}: called off after {time}"), step=told, time=time)
    return translate(N_("{step}: failed after {time}. {reason}"), step=told, time=time, reason=why)


def kind_words(kind: Kind, models: Sequence[str]) -> str:
    """``switch to dots-ocr``."""
    return translate(KINDS[kind], models=", ".join(models))


def gigabytes(count: int) -> str:
    """``9.54 GB``, in powers of ten as the budget."""
    return translate(N_("{count} GB"), count=f"{count / 10**9:.2f}")


def duration(seconds: float) -> str:
    """How long, in the one or two units that matter: ``2.3 s``, ``17 min``, ``3 h 05 min``, ``2 d 4 h``."""
    whole = max(0, int(seconds))
    if seconds < 10:
        return translate(N_("{count} s"), count=f"{max(0.0, seconds):.1f}")
    if whole < 120:
        return translate(N_("{count} s"), count=whole)
    if whole < 7200:
        return translate(N_("{count} min"), count=whole // 60)
    if whole < 2 * DAY:
        return translate(N_("{hours} h {minutes} min"), hours=whole // 3600, minutes=f"{whole % 3600 // 60:02}")
    return translate(N_("{days} d {hours} h"), days=whole // DAY, hours=whole % DAY // 3600)


def local_time(at: float) -> str:
    """``2026-02-03 18:42:10`` in local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def iso_time(at: float) -> str:
    """The moment for programs, in local time with its offset: ``2026-02-03T18:42:10+0300``."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(at))


def plain(text: str) -> str:
    """Text from outside on one line and without control characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
