"""The canary: one known page that every model has to read before it may serve.

A server that says 200 may answer with garbage, or never. So it is given a real picture with drawn words, Russian and
English, and a number, and its answer is looked through for them. The page is ``canary_page.png``, drawn by
``tools/draw_canary_page.py`` from the words below.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment
from docstation.station.talk import Answer, GaveUp, TalkError, TimedOut, one_line, post

TITLE = "Акт сверки № 17"
LINES = ("Reconciliation statement",)
ROWS = (("Товар", "Quantity", "Сумма"), ("Бумага писчая", "250", "4830"))

PAGE = Path(__file__).with_name("canary_page.png")

ENOUGH = 0.5
"""Share of the words that must be there: a model without Russian still reads half, another page shares a third."""

LONGEST = 1024
"""Tokens of the answer; the page has some fifty, in a model's most roundabout form some three hundred."""

_LONGEST_TEXT = 20_000
_LARGEST_ANSWER = 1_000_000

_WORD = re.compile(r"\w+")
_WORDS = frozenset(_WORD.findall(" ".join((TITLE, *LINES, *(cell for row in ROWS for cell in row))).casefold()))
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")

_REPEATED = re.compile(r"(.{1,24}?)\1{15,}", re.DOTALL)
_RULING = frozenset(" \t\n-_=.|:*#~")
"""Characters that documents do repeat: rules, leaders, borders of Markdown tables."""

_REFUSALS = (
    (re.compile(r"maximum context length|encoder cache|max_model_len", re.IGNORECASE), Cause.CONTEXT_TOO_LONG),
    (re.compile(r"out of memory", re.IGNORECASE), Cause.OOM_REQUEST),
    (re.compile(r"Failed to (?:apply|load)|multi-?modal|image", re.IGNORECASE), Cause.PROCESSOR_BROKEN),
)


@dataclass(frozen=True, slots=True)
class CanaryAnswer:
    """What a model said of the page, and it was good.

    Attributes:
        text: the answer.
        seconds: from the question to the end of the answer.
    """

    text: str
    seconds: float

    @property
    def digest(self) -> str:
        """Hash of the answer: a model at rest gives the same one again, as after waking from sleep."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_page(
    deployment: Deployment, *, seconds: float, key: str = "", cancelled: Callable[[], bool] | None = None
) -> CanaryAnswer:
    """Have the model of `deployment` read the page.

    Args:
        deployment: whose server runs.
        seconds: for the whole answer.
        key: bearer key of its server, empty for none.
        cancelled: whether nobody wants to know any more; asked while the answer is awaited.

    Raises:
        Fault: ``GARBAGE`` with the answer's first words, ``ENGINE_HUNG`` where none came in time, ``ENGINE_DEAD``,
            ``CANCELLED``, or why the request was refused: ``CONTEXT_TOO_LONG``, ``OOM_REQUEST``, ``PROCESSOR_BROKEN``,
            ``WRONG_MODEL``, ``ENDPOINT_REFUSED``.
    """
    began = time.monotonic()
    url = f"{deployment.address.rstrip('/')}/v1/chat/completions"
    try:
        answer = post(url, question(deployment), read=seconds, key=key, largest=_LARGEST_ANSWER, cancelled=cancelled)
    except GaveUp:
        raise Fault(Cause.CANCELLED) from None
    except TimedOut as error:
        raise Fault(Cause.ENGINE_HUNG, str(error)) from error
    except TalkError as error:
        remote = deployment.driver == "remote"
        raise Fault(Cause.ENDPOINT_UNREACHABLE if remote else Cause.ENGINE_DEAD, str(error)) from error
    if answer.status != 200:
        raise _refused(answer)
    text, finish = _said(answer)
    check(text, finish)
    return CanaryAnswer(text, time.monotonic() - began)


def question(deployment: Deployment) -> dict[str, object]:
    """Body of the request: the page as a picture, then the prompt that the model was made for."""
    picture = base64.b64encode(PAGE.read_bytes()).decode()
    parts = [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}},
        {"type": "text", "text": deployment.canary_prompt},
    ]
    return {
        "model": deployment.served_name,
        "messages": [{"role": "user", "content": parts}],
        "temperature": 0.0,
        "max_tokens": min(LONGEST, deployment.context // 4),
    }


def check(text: str, finish: str) -> None:
    """Check an answer; how it is wrapped, in Markdown, HTML or JSON, does not matter.

    Args:
        text: the answer.
        finish: its ``finish_reason``.

    Raises:
        Fault: ``GARBAGE`` with the answer's first words.
    """
    text = text[:_LONGEST_TEXT]
    if finish not in ("stop", "length") or found(text) < ENOUGH or repeats(text):
        lines = [one_line(line) for line in text.splitlines() if line.strip()]
        raise Fault(Cause.GARBAGE, one_line(text, 120) or finish, tuple(lines[:5]))


def found(text: str) -> float:
    """Share of the page's words that are in `text`."""
    plain = _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text).casefold()
    return len(_WORDS.intersection(_WORD.findall(plain))) / len(_WORDS)


def repeats(text: str) -> bool:
    """Whether something is said over and over, as a model does that has lost its way."""
    return any(not _RULING.issuperset(run[1]) for run in _REPEATED.finditer(text))


def _said(answer: Answer) -> tuple[str, str]:
    """The answer's text and why it ended; both empty where it has another form."""
    content: object = answer.json()
    choices = content.get("choices") if isinstance(content, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    text = message.get("content") if isinstance(message, dict) else None
    return str(text or ""), str(choice.get("finish_reason") or "")


def _refused(answer: Answer) -> Fault:
    words = answer.words
    causes = [cause for pattern, cause in _REFUSALS if pattern.search(words)]
    if answer.status in (401, 403, 429):
        cause = Cause.ENDPOINT_REFUSED
    elif answer.status == 404:
        cause = Cause.WRONG_MODEL
    elif answer.status >= 500:
        cause = Cause.OOM_REQUEST if Cause.OOM_REQUEST in causes else Cause.ENGINE_DEAD
    else:
        cause = next(iter(causes), Cause.UNKNOWN)
    return Fault(cause, f"{answer.status} {words}".rstrip())
