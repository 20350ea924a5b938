"""The life signs of model servers over HTTP: health and counters for the watch, a small question where in doubt."""

from __future__ import annotations

import os
from collections.abc import Mapping

from docstation.station.causes import Fault
from docstation.station.deployment import Deployment
from docstation.station.liveness import LifeSign
from docstation.station.probes import is_healthy, key_of, progress, served_models
from docstation.station.talk import TalkError, get, post

QUICK = 1.0
"""Seconds in which a living server tells how it is."""


class HttpSigns:
    """See `docstation.station.watch.LifeSigns`.

    Args:
        environ: where keys are looked up; None means this process's environment.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ

    def life_sign(self, deployment: Deployment, at: float) -> LifeSign:
        """Health and counters; the embedded engine is always well, and of a remote server only health is asked."""
        if deployment.driver == "embedded":
            return LifeSign(at, True, 0, 0)
        healthy = is_healthy(deployment.address, seconds=QUICK)
        if deployment.driver == "remote" or healthy is not True:
            return LifeSign(at, healthy)
        seen = progress(deployment.address, seconds=QUICK)
        # The gauges of a hung engine are as old as its last step; only its API server knows what came since.
        return LifeSign(at, healthy, seen.running, seen.waiting, seen.steps, server_load(deployment))

    def small_question(self, deployment: Deployment, *, seconds: float) -> bool:
        """Whether one token comes in time."""
        body: dict[str, object] = {
            "model": deployment.served_name,
            "messages": [{"role": "user", "content": "1"}],
            "max_tokens": 1,
            "temperature": 0.0,
        }
        url = f"{deployment.address.rstrip('/')}/v1/chat/completions"
        try:
            return post(url, body, read=seconds, key=key_of(deployment, self._environ)).status < 500
        except TalkError:
            return False


def server_load(deployment: Deployment) -> int | None:
    """Requests that the API server has not answered yet (``/load``); None where it does not count them."""
    try:
        content = get(f"{deployment.address}/load", connect=QUICK, read=QUICK).json()
    except TalkError:
        return None
    load = content.get("server_load") if isinstance(content, dict) else None
    return load if isinstance(load, int) else None


def under_way(deployment: Deployment) -> int:
    """Requests that a server works on or has waiting; 0 where it does not say."""
    if deployment.driver in {"embedded", "remote"}:
        return 0
    seen = progress(deployment.address, seconds=QUICK)
    return max((seen.running or 0) + (seen.waiting or 0), server_load(deployment) or 0)


def shown(deployment: Deployment, seconds: float) -> tuple[str, int] | None:
    """Model id and context that its server shows within so many seconds; None when it does not answer."""
    if deployment.driver == "embedded":
        return deployment.served_name, deployment.context
    try:
        found = served_models(deployment, key=key_of(deployment, os.environ), seconds=seconds)
    except Fault:
        return None
    served = next((one for one in found if one.id == deployment.served_name), found[0] if found else None)
    return (served.id, served.context or 0) if served else None
