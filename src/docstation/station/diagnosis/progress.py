"""How far a server had come at each line of its log: by its own reports, and by the functions in tracebacks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docstation.station.diagnosis.lines import Level, Line
from docstation.station.diagnosis.rule import Place, says
from docstation.station.diagnosis.rules import follows

BANNERS = ("^non-default args:", "^vLLM API server version", "^args: Namespace(")
"""What a server says first: a log may hold several starts, and only the last one counts."""

MARKERS = (
    ("^Starting to load model", Place.LOAD),
    ("^Loading weights took", Place.PROFILE),
    ("^Loading model weights took", Place.PROFILE),
    ("^Model loading took", Place.PROFILE),
    ("^Application startup complete", Place.SERVE),
    ("^Uvicorn running on", Place.SERVE),
    ("^It took … seconds to fall asleep", Place.WAKE),
    ("^wake up the engine", Place.WAKE),
    ("^It took … seconds to wake up", Place.SERVE),
)
"""Progress that servers report at level INFO."""

STOP = "^[shutdown] API server: shutdown triggered"
"""A stop that was asked for; the errors of an engine that is torn down follow."""

FRAMES = (
    (Place.WAKE, {"wake_up"}),
    (Place.LOAD, {"load_model", "get_model", "initialize_model", "load_weights", "process_weights_after_loading"}),
    (
        Place.PROFILE,
        {
            "profile_run",
            "determine_available_memory",
            "determine_num_available_blocks",
            "_initialize_kv_caches",
            "initialize_from_config",
            "initialize_cache",
            "compile_or_warm_up_model",
            "capture_model",
            "_dummy_run",
            "_dummy_sampler_run",
        },
    ),
    (Place.SERVE, {"run_busy_loop", "worker_busy_loop", "execute_model", "run_engine_loop"}),
    (Place.START, {"init_device", "create_engine_config"}),
)
"""Functions in tracebacks that tell the place, the most telling first."""

LONGEST_TRACEBACK = 150

_THROUGHPUT = re.compile(
    r"prompt throughput: (?P<prompt>\d+\.\d+) tokens/s, Avg generation throughput: (?P<answer>\d+\.\d+) tokens/s, "
    r"Running: (?P<running>\d+) reqs"
)
_ANSWER = re.compile(r'\S+ - "POST /v1/\S* HTTP/1\.[01]" 200\b')
_FUNCTION = re.compile(r", in ([\w<>]+)$")
_PHASES = {
    "load": Place.LOAD,
    "probe": Place.SERVE,
    "canary": Place.SERVE,
    "ready": Place.SERVE,
    "wake": Place.SERVE,
}


def last_start(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines of the last start that the log holds, with what was printed just before it introduced itself."""
    starts = [at for at, line in enumerate(lines) if _is_banner(line)]
    if not starts or not _holds_another(lines[: starts[-1]]):
        return lines
    first = starts[-1]
    while first and (lines[first - 1].level <= Level.WARNING or lines[first - 1].text.startswith(" ")):
        first -= 1
    return lines[first:]


def _holds_another(lines: Sequence[Line]) -> bool:
    """Whether the lines before a server's introduction are of an earlier one, and not its own first words."""
    marks = (at for at, line in enumerate(lines) if _is_banner(line) or _marked(line) is not None or follows(line.text))
    earlier = next(marks, len(lines))
    return any(line.level >= Level.BARE for line in lines[earlier:])


def _marked(line: Line) -> Place | None:
    """The place that a line reports."""
    if line.level is not Level.INFO:
        return None
    folded = line.text.casefold()
    return next((place for words, place in MARKERS if says(folded, words)), None)


def before_stop(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines until the server was asked to stop, that one included; all where it was not asked."""
    return lines[: next((at + 1 for at, line in enumerate(lines) if says(line.text.casefold(), STOP)), len(lines))]


def places(lines: Sequence[Line], phase: str) -> list[Place]:
    """The place of every line, by what the server had reported until then.

    Where the beginning of the log is lost, the phase that the caller saw tells where it begins.
    """
    whole = any(_is_banner(line) for line in lines)
    now = Place.START if whole else _PHASES.get(phase, Place.START)
    found = []
    for line in lines:
        marked = _marked(line)
        now = now if marked is None else marked
        found.append(now)
    return found


def traceback(lines: Sequence[Line], at: int) -> list[str]:
    """The frames of the traceback that ends with line `at`, the outermost first; empty where it ends none."""
    frames: list[str] = []
    process = lines[at].process
    for line in reversed(lines[max(0, at - LONGEST_TRACEBACK) : at]):
        if line.process != process or line.level is Level.NOISE:
            continue
        if line.text.startswith("Traceback (most recent call last)"):
            break
        if line.is_frame:
            frames.append(line.text)
        elif frames or line.level < Level.BARE:
            break
    return frames[::-1]


def place_by_frames(frames: Sequence[str]) -> Place | None:
    """The place that the functions of a traceback tell, if they tell one."""
    names = {found[1] for frame in frames if (found := _FUNCTION.search(frame))}
    return next((place for place, functions in FRAMES if names & functions), None)


def stalled(lines: Sequence[Line]) -> bool:
    """Whether the last two reports of throughput say that requests are under way and no token moves."""
    reports = [found for line in lines if line.level is Level.INFO and (found := _THROUGHPUT.search(line.text))]
    return len(reports) >= 2 and all(
        float(one["prompt"]) == float(one["answer"]) == 0 and int(one["running"]) > 0 for one in reports[-2:]
    )


def is_answer(line: Line) -> bool:
    """Whether the line is the access log of an answered request."""
    return line.level is Level.INFO and _ANSWER.match(line.text) is not None


def _is_banner(line: Line) -> bool:
    return line.level is Level.INFO and any(says(line.text.casefold(), words) for words in BANNERS)
