"""The table itself: every word in it is found, none stands in the shadow of another, and it stays readable."""

import re

import pytest

from docstation.station.diagnosis import diagnose
from docstation.station.diagnosis.lines import Level, read
from docstation.station.diagnosis.rule import Place, Rank, Rule, says
from docstation.station.diagnosis.rules import AFTERMATH, RULES

REPORTS = {
    Place.START: [],
    Place.LOAD: ["Starting to load model x..."],
    Place.PROFILE: ["Starting to load model x...", "Loading weights took 1.0 seconds"],
    Place.SERVE: ["Application startup complete."],
    Place.WAKE: ["Application startup complete.", "It took 0.3 seconds to fall asleep."],
}
WORDS = [(rule, words) for rule in RULES for words in rule.words]


def log_with(rule: Rule, words: str) -> list[str]:
    """A log that says the words where the rule looks for them."""
    said = words.removeprefix("^").replace("…", " x ")
    place = min(rule.where, key=lambda place: (place is Place.START and len(rule.where) == len(Place), place))
    reports = [f"INFO 11-20 09:14:02 [a.py:1] {report}" for report in ("non-default args: {}", *REPORTS[place])]
    frames = [f'  File "/x/{rule.near[0]}", line 1, {rule.near[0]}'] if rule.near else []
    return [*reports, "Traceback (most recent call last):", *frames, said]


@pytest.mark.parametrize(("rule", "words"), WORDS, ids=[f"{rule.cause}-{words}" for rule, words in WORDS])
def test_every_word_of_the_table_is_found(rule, words):
    assert diagnose(log_with(rule, words), exit_code=1).cause is rule.cause


def test_captures_are_regular_expressions_with_names():
    for rule in RULES:
        assert all(re.compile(pattern).groupindex for pattern in rule.captures), rule


def test_aftermath_is_not_taken_for_a_root():
    roots = [words for rule in RULES if rule.rank is Rank.ROOT for words in rule.words]
    assert [words for words in roots if any(after.casefold() in words.casefold() for after in AFTERMATH)] == []


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("free memory on device cuda:0 is less", "Free memory … is LESS", True),
        ("is less, free memory", "Free memory … is less", False),
        ("memoryerror", "^MemoryError", True),
        ("torch.outofmemoryerror", "^MemoryError", False),
    ],
)
def test_words_may_have_gaps_and_a_beginning(text, words, found):
    assert says(text, words) is found


@pytest.mark.parametrize(
    ("raw", "text", "level", "process"),
    [
        ("(EngineCore pid=74) ERROR 11-20 09:14:02 [core.py:1510] Boom", "Boom", Level.ERROR, "EngineCore pid=74"),
        ("(A pid=1) (Worker_TP0 pid=5) WARNING 10-30 17:32:00 [v1/a.py:6] w", "w", Level.WARNING, "Worker_TP0 pid=5"),
        ("(VllmWorker rank=0 pid=1) INFO 05-19 06:58:49 [a.py:4] i", "i", Level.INFO, "VllmWorker rank=0 pid=1"),
        ("\x1b[1;36m(Engine pid=2)\x1b[0;0m INFO 01-01 00:00:00 [a.py:1] x", "x", Level.INFO, "Engine pid=2"),
        ("INFO 01-11 15:51:02 llm_engine.py:70] x", "x", Level.INFO, ""),
        ("ERROR [core.py:1330] EngineCore failed", "EngineCore failed", Level.ERROR, ""),
        ("ERROR:    [Errno 98] error", "[Errno 98] error", Level.ERROR, ""),
        ("INFO:     Started server process [1]", "Started server process [1]", Level.INFO, ""),
        ("[rank0]: ValueError: x", "ValueError: x", Level.BARE, ""),
        ("2026-11-25T18:40:24.1Z stderr F CRITICAL 03-25 16:01:40 [l.py:1] dead", "dead", Level.ERROR, ""),
        ("W1125 18:39:31.716000 31638 torch/_library/triton.py:53] none", "none", Level.WARNING, ""),
        ("[W1120 09:14:31.118 ProcessGroupNCCL.cpp:1524] Warning: x", "Warning: x", Level.WARNING, ""),
        ("/x/y.py:12: UserWarning: CUDA", "/x/y.py:12: UserWarning: CUDA", Level.WARNING, ""),
        ("  File \"a.py\", line 1, in f", "  File \"a.py\", line 1, in f", Level.BARE, ""),
        ("(E pid=7) ERROR 11-20 09:14:02 [c.py:1]     raise E(", "    raise E(", Level.NOISE, "E pid=7"),
        ("           ~~~~~~~^^^^^^", "           ~~~~~~~^^^^^^", Level.NOISE, ""),
        ("Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:02<00:02]", None, Level.NOISE, ""),
        ("a.safetensors:  36%|███▋      | 1.81G/4.97G\ra.safetensors:  40%|████ | 2.0G/4.97G", None, Level.NOISE, ""),
        ("9c70: Extracting [==========>        ]  3.91GB/3.95GB", None, Level.NOISE, ""),
        ("vllm_server  | INFO 04-15 09:10:55 [a.py:1] x", "x", Level.INFO, ""),
        ("", "", Level.NOISE, ""),
    ],
)  # fmt: skip
def test_lines_are_read_in_every_shape(raw, text, level, process):
    (line,) = read([raw])
    assert (line.level, line.process) == (level, process)
    assert text is None or line.text == text
