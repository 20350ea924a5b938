"""What is shown of a log: the lines that look like errors, each once, without what only follows from others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docstation.station.diagnosis.lines import Level, Line
from docstation.station.diagnosis.rules import follows

LONGEST_DETAIL = 500
LINES = 5
NEAR = 60

_ERROR = re.compile(
    r"(?:[\w.]+\.)?[A-Za-z]\w*(?:Error|Exception|Failure|Fault|Expired|NotFound)\b(?:\s*:|\s*$|\()"
    r"|\s*Value error,|.*\b(?:error|fatal|fatal error|failed|panic):\s",
    re.IGNORECASE,
)
_TAIL = re.compile(r" \[type=\w+, input_value=.*$")


def detail(line: Line, frames: Sequence[str] = ()) -> str:
    """The line's own words, short enough for a sentence; a bare exception gets the function that raised it."""
    text = " ".join(_TAIL.sub("", line.text).split())
    if frames and text.removesuffix(":").isidentifier():
        text = f"{text.removesuffix(':')} in {frames[-1].rpartition(', in ')[2]}"
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def errors(lines: Sequence[Line]) -> list[Line]:
    """The last lines that look like errors and name something, each once, oldest first; none where there are none."""
    return _last([line for line in lines if _names_an_error(line)])


def last_errors(lines: Sequence[Line]) -> list[Line]:
    """The last errors, those that only follow others among them only when there are no others."""
    return errors(lines) or _last([line for line in lines if _is_error(line)])


def last_lines(lines: Sequence[Line]) -> list[Line]:
    """Simply the last lines, without what every shutdown prints."""
    return _last(
        [line for line in lines if line.level is not Level.NOISE and not line.is_frame and not follows(line.text)]
    )


def around(lines: Sequence[Line], at: int, told: str) -> tuple[str, ...]:
    """`told`, which says what line `at` says, between the errors that stand nearest to it."""
    before = _last([line for line in lines[max(0, at - NEAR) : at] if _names_an_error(line)])
    after = _last([line for line in lines[at + 1 : at + NEAR] if _names_an_error(line)])
    same = lines[at].text.strip()
    shown = (*texts(before[-1:]), told, *texts([line for line in after if line.text.strip() != same][:2]))
    return tuple(dict.fromkeys(shown))


def texts(lines: Sequence[Line]) -> tuple[str, ...]:
    """What the lines say, each cut to a length that can be shown."""
    return tuple(detail(line) for line in lines)


def _last(lines: Sequence[Line]) -> list[Line]:
    once = {line.text.strip(): line for line in lines}
    return list(once.values())[-LINES:]


def _is_error(line: Line) -> bool:
    if line.is_frame or line.level < Level.BARE or line.text.startswith("Traceback "):
        return False
    return line.level is Level.ERROR or _ERROR.match(line.text) is not None


def _names_an_error(line: Line) -> bool:
    return _is_error(line) and not follows(line.text)
