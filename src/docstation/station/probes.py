"""What is asked of a model server over HTTP: whether it answers, what it serves, whether it moves, whether it reads.

The switch asks through `HttpProbes`, the watch through the functions. Nothing here starts or stops a server.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event as Flag

from docstation.station.canary import CanaryAnswer, read_page
from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.talk import Answer, TalkError, TimedOut, Unreachable, get

EVERY = 0.05
"""Seconds between two looks at a server that loads."""

ANSWER_SECONDS = 5.0
"""In which a server that works answers a question that its engine has no part in."""

_RUNNING = "vllm:num_requests_running"
_WAITING = "vllm:num_requests_waiting"
_STEPS = "vllm:iteration_tokens_total_count"
_TOKENS = "vllm:generation_tokens_total"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One entry of ``/v1/models``.

    Attributes:
        id: name to ask for.
        context: ``max_model_len`` in tokens; None where the server does not say.
    """

    id: str
    context: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What ``/metrics`` tells of an engine at one moment; None is: not known.

    Attributes:
        running: requests that it works on.
        waiting: requests that wait in it.
        steps: counter that moves with every step of it.
        tokens: counter of tokens that it made.
    """

    running: int | None = None
    waiting: int | None = None
    steps: int | None = None
    tokens: int | None = None


def key_of(deployment: Deployment, environ: Mapping[str, str]) -> str:
    """The bearer key of a deployment, empty where it names none.

    Raises:
        Fault: ``ENDPOINT_REFUSED`` where the variable named is not set, or holds what is no key.
    """
    variable = deployment.key_variable
    key = environ.get(variable, "").strip() if variable else ""
    if variable and not (key and key.isascii() and key.isprintable()):
        raise Fault(Cause.ENDPOINT_REFUSED, variable)
    return key


def is_healthy(address: str, *, seconds: float = 1.0) -> bool | None:
    """What ``/health`` says; None when nothing comes in `seconds`. A server that is not there is not healthy."""
    try:
        return get(f"{address}/health", connect=seconds, read=seconds).status == 200
    except TimedOut:
        return None
    except TalkError:
        return False


def wait_until_answers(
    address: str,
    *,
    deadline: float,
    still_running: Callable[[], bool],
    cancelled: Flag,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Return at the first healthy answer, or when `still_running` says no: the caller knows what to make of an exit.

    While vLLM loads it refuses connections.

    Args:
        address: of the server, without ``/v1``.
        deadline: moment of `clock` at which the waiting ends.
        still_running: whether the server's process lives; asked every time.
        cancelled: set by who no longer wants it.
        clock: seconds of any steady clock.

    Raises:
        Fault: ``LOAD_TIMEOUT`` or ``CANCELLED``.
    """
    while not is_healthy(address):
        if not still_running():
            return
        if clock() >= deadline:
            raise Fault(Cause.LOAD_TIMEOUT)
        if cancelled.wait(EVERY):
            raise Fault(Cause.CANCELLED)


def models_in(answer: Answer) -> list[ServedModel]:
    """The models that an answer of ``/v1/models`` lists; nothing where it lists none."""
    content = answer.json()
    entries = content.get("data") if isinstance(content, dict) else None
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            context = entry.get("max_model_len")
            found.append(ServedModel(entry["id"], context if isinstance(context, int) else None))
    return found


def served_models(deployment: Deployment, *, key: str = "", seconds: float | None = None) -> list[ServedModel]:
    """What the server of `deployment` says that it serves, within `seconds` (`ANSWER_SECONDS`).

    Raises:
        Fault: ``ENGINE_DEAD`` or ``ENGINE_HUNG``, of a remote server ``ENDPOINT_UNREACHABLE`` or ``ENDPOINT_REFUSED``.
    """
    remote = deployment.driver == "remote"
    try:
        answer = get(f"{deployment.address.rstrip('/')}/v1/models", read=seconds or ANSWER_SECONDS, key=key)
    except Unreachable as error:
        raise Fault(Cause.ENDPOINT_UNREACHABLE if remote else Cause.ENGINE_DEAD, str(error)) from error
    except TalkError as error:
        raise Fault(Cause.ENDPOINT_UNREACHABLE if remote else Cause.ENGINE_HUNG, str(error)) from error
    if answer.status != 200:
        raise Fault(Cause.ENDPOINT_REFUSED if remote else Cause.ENGINE_DEAD, f"{answer.status} {answer.words}")
    return models_in(answer)


def check_identity(deployment: Deployment, *, key: str = "") -> None:
    """Check that the server shows the model and the context that were deployed.

    A remote server need not say its context, and may have more of it.

    Raises:
        Fault: ``WRONG_MODEL`` or ``WRONG_CONTEXT``, the detail is what it shows; or as `served_models`.
    """
    models = served_models(deployment, key=key)
    served = next((model for model in models if model.id == deployment.served_name), None)
    if served is None:
        raise Fault(Cause.WRONG_MODEL, ", ".join(model.id for model in models)[:300])
    if deployment.driver == "remote":
        enough = served.context is None or served.context >= deployment.context
    else:
        enough = served.context == deployment.context
    if not enough:
        raise Fault(Cause.WRONG_CONTEXT, str(served.context))


def progress(address: str, *, seconds: float = 2.0) -> Progress:
    """How far the engine is; nothing is known where the metrics do not come or lack a figure."""
    try:
        answer = get(f"{address}/metrics", connect=seconds, read=seconds)
    except TalkError:
        return Progress()
    sums = _sums(answer.body.decode("utf-8", "replace")) if answer.status == 200 else {}
    return Progress(sums.get(_RUNNING), sums.get(_WAITING), sums.get(_STEPS), sums.get(_TOKENS))


def _sums(metrics: str) -> dict[str, int]:
    """The figures that matter, summed over the engines of one server."""
    sums: dict[str, int] = {}
    for line in metrics.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if name in (_RUNNING, _WAITING, _STEPS, _TOKENS):
            try:
                sums[name] = sums.get(name, 0) + int(float(line.rpartition(" ")[2]))
            except (ValueError, OverflowError):
                continue
    return sums


class HttpProbes:
    """The probes of `docstation.station.steps`. The embedded engine needs none and passes all.

    Args:
        environ: where keys are looked up; None means this process's environment, as it is at each call.

    Attributes:
        answers: the last answer of each spec to the canary page, to be compared with the next.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self.answers: dict[str, CanaryAnswer] = {}

    def wait_until_answers(
        self, deployment: Deployment, *, seconds: float, still_running: Callable[[], bool], cancelled: Flag
    ) -> None:
        """Return at the first healthy answer, or when `still_running` says no; a remote server was seen answering.

        Raises:
            Fault: ``LOAD_TIMEOUT`` or ``CANCELLED``.
        """
        if deployment.driver in ("process", "container"):
            deadline = time.monotonic() + seconds
            wait_until_answers(deployment.address, deadline=deadline, still_running=still_running, cancelled=cancelled)

    def check_identity(self, deployment: Deployment) -> None:
        """As the function of this name, with the deployment's key."""
        if deployment.driver != "embedded":
            check_identity(deployment, key=key_of(deployment, self._environ))

    def canary(self, deployment: Deployment, *, seconds: float, cancelled: Flag) -> None:
        """As `docstation.station.canary.read_page`, with the deployment's key; the answer is kept."""
        if deployment.driver != "embedded":
            key = key_of(deployment, self._environ)
            self.answers[deployment.spec] = read_page(deployment, seconds=seconds, key=key, cancelled=cancelled.is_set)
