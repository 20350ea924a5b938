"""A model server's log, line by line: colours, time stamps and process prefixes taken off, what remains classified.

Knows the shapes of lines (vLLM, uvicorn, Python's tracebacks and warnings, progress bars, Docker's and Compose's
prefixes), not what they mean. A log is untrusted: it may quote pages and prompts, and holds whatever a library prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

LONGEST_LINE = 2000
"""Characters of a line that are looked at; the engine's own messages are far shorter."""


class Level(IntEnum):
    """How a line presents itself."""

    NOISE = 0
    """Progress bars, source code in tracebacks, empty lines: never looked at."""
    INFO = 1
    WARNING = 2
    BARE = 3
    """No level: tracebacks, messages of other programs."""
    ERROR = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log.

    Attributes:
        text: without prefixes, indentation kept; control characters are gone.
        level: how it presents itself.
        process: that wrote it, such as ``EngineCore pid=123``; empty where it does not say.
    """

    text: str
    level: Level
    process: str = ""

    @property
    def is_frame(self) -> bool:
        """Whether it is a traceback's ``File "…", line 1, in name``."""
        return self.text.startswith('  File "')


_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
_STAMP = re.compile(
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?(?: (?:stdout|stderr) [FP])?(?: [-|])? ?"
)
_COMPOSE = re.compile(r"(?!DEBUG|INFO|WARN|ERROR|CRITICAL|FATAL)[\w.-]{1,60} +\| ")
_PROCESS = re.compile(r"\((?P<name>[\w.=: -]{1,60} pid=\d+)(?:, ip=[\d.]+)?\) ?|\[rank\d+\]: ?")
_HEAD = re.compile(
    r"(?P<level>DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)(?::\s*|\s+(?:[-|] )?)"
    r"(?:\d\d-\d\d \d\d:\d\d:\d\d )?(?:\[?[\w./-]+\.\w{1,4}:\d+\] ?)?"
)
_GLOG = re.compile(r"\[?(?P<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +(?:\d+ )?[\w./-]+:\d+\] ?")
_PYTHON_WARNING = re.compile(r"\S+\.py:\d+: \w*Warning: ")
_PROGRESS = re.compile(r"█|\d%\||\d+% Completed \||\d(?:it|B|s)/(?:s|it)\b|\[[=>.# -]{8,}\]")
_CODE = re.compile(r" {4,}|\s*[~^]+\s*$")
_SECRET = re.compile(r"(\bhf_|\bsk-|\bBearer |'api_key': \[')[^\s'\"]{6,}")

_LEVELS = {"D": Level.INFO, "I": Level.INFO, "W": Level.WARNING, "E": Level.ERROR, "C": Level.ERROR, "F": Level.ERROR}


def read(log: Iterable[str]) -> list[Line]:
    """The lines of a log in their order. A line that redraws itself (a carriage return) counts as its last state."""
    return [_line(raw) for raw in log]


def _line(raw: str) -> Line:
    text = _last_state(_SECRET.sub(r"\1…", _COLOURS.sub("", raw[: 2 * LONGEST_LINE])))
    text = _without(_COMPOSE, _without(_STAMP, text))
    text, process = _process(_without(_STAMP, text))
    level, text = _level(text)
    text = text[:LONGEST_LINE].rstrip()
    return Line(text, Level.NOISE if _is_noise(text, level) else level, process)


def _last_state(text: str) -> str:
    states = [state for state in text.rstrip("\r\n").split("\r") if state.strip()]
    return _CONTROLS.sub("", states[-1]).expandtabs(1) if states else ""


def _without(prefix: re.Pattern[str], text: str) -> str:
    found = prefix.match(text)
    return text[found.end() :] if found else text


def _process(text: str) -> tuple[str, str]:
    """The text without the prefixes of processes, of which there may be several, and the last one's name."""
    process = ""
    while found := _PROCESS.match(text):
        process = found["name"] or process
        text = text[found.end() :]
    return text, process


def _level(text: str) -> tuple[Level, str]:
    for head in (_HEAD, _GLOG):
        if found := head.match(text):
            return _LEVELS[found["level"][0]], text[found.end() :]
    return (Level.WARNING if _PYTHON_WARNING.match(text) else Level.BARE), text


def _is_noise(text: str, level: Level) -> bool:
    if not text.strip() or _PROGRESS.search(text):
        return True
    return level in {Level.BARE, Level.ERROR} and _CODE.match(text) is not None
