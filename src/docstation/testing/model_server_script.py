"""What the scripted model server is to do: one set of knobs, from variables, flags, or a request while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from docstation.station.canary import LINES, ROWS, TITLE

VARIABLE = "MODEL_SERVER_"
FLAG = "--double-"

READING = "\n".join((f"# {TITLE}", *LINES, *(f"| {' | '.join(row)} |" for row in ROWS)))
"""The answer unless another is given: what the canary page says."""


class Trouble(StrEnum):
    """Ways to be of no use once it serves."""

    NONE = ""
    HANG = "hang"
    """Chat requests are taken and never answered, streams stand still; everything else answers, as in a hung engine."""
    FROZEN = "frozen"
    """Connections are taken, nothing is answered."""
    GARBAGE = "garbage"
    """The answer is one sign over and over."""
    UNAVAILABLE = "unavailable"
    """Everything is answered with 503."""
    CUT = "cut"
    """The connection drops in the middle of an answer."""
    ERROR = "error"
    """Chat requests are answered with 500."""
    BREAKS = "breaks"
    """An answer ends in the middle with an error event, as when the engine dies under it."""
    OVERFLOW = "overflow"
    """Chat requests are refused as too long for the window."""
    DEAD = "dead"
    """The engine died: 503 and 500 for a moment, streams end with an error, then it exits with code 0, as vLLM does."""


@dataclass(frozen=True, slots=True)
class Script:
    """The knobs. Times are in seconds.

    Attributes:
        load_seconds: from the start until the port opens.
        fail: name of a failed start, see `model_server_log.FAILURES`.
        exit_at: phase in which it exits, with `exit_code` after printing `exit_text`.
        exit_code: negative is a signal that it sends to itself.
        exit_text: may have several lines.
        served_name: model id that it shows, where not the one asked for.
        context: ``max_model_len`` that it shows, where not the one asked for.
        answer: of every chat request.
        first_seconds: before the first piece of an answer.
        piece_seconds: before every further one; a piece is four characters and counts as a token.
        trouble: see `Trouble`.
        trouble_requests: requests after which the trouble is over; 0 means never.
        dead_seconds: between the engine's death and the exit.
        stop_seconds: it goes on serving for so long after SIGTERM.
        child: whether it has a child process that outlives it if it is killed.
    """

    load_seconds: float = 0.0
    fail: str = ""
    exit_at: str = ""
    exit_code: int = 1
    exit_text: str = ""
    served_name: str = ""
    context: int = 0
    answer: str = READING
    first_seconds: float = 0.0
    piece_seconds: float = 0.0
    trouble: str = Trouble.NONE
    trouble_requests: int = 0
    dead_seconds: float = 0.3
    stop_seconds: float = 0.0
    child: bool = False

    @classmethod
    def of(cls, variables: Mapping[str, str], flags: Mapping[str, str]) -> Script:
        """The script that variables and flags give; flags count more. ValueError for what is no such value."""
        names = [each.name for each in fields(cls)]
        set_by = {name: variables[key] for name in names if (key := VARIABLE + name.upper()) in variables}
        return cls().changed({**set_by, **flags})

    def changed(self, news: Mapping[str, object]) -> Script:
        """The script with some knobs set anew; unknown ones are passed over."""
        kinds = {each.name: type(getattr(Script(), each.name)) for each in fields(self)}
        return replace(self, **{name: _as(kinds[name], value) for name, value in news.items() if name in kinds})


def _as(kind: Any, value: object) -> Any:
    return str(value).lower() in ("1", "true", "yes") if kind is bool else kind(value)
