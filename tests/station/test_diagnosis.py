"""The diagnosis on the labelled logs, whole and disturbed, and on logs that nobody wrote."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from log_corpus import LabelledLog, labelled_logs

from docstation.station.causes import Cause
from docstation.station.diagnosis import diagnose, fields_of
from docstation.station.diagnosis.shown import LINES, LONGEST_DETAIL

CORPUS = list(labelled_logs())
EACH_LOG = pytest.mark.parametrize("log", CORPUS, ids=lambda log: log.name)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e]")
DEMANDED = 0.95
FIRST_WORDS = {"driver-updated-first-words"}


def disturbed(log: LabelledLog, lines: list[str]) -> Cause:
    return LabelledLog(log.name, tuple(lines), log.labels).diagnosed().cause


@EACH_LOG
def test_each_log_is_diagnosed_as_labelled(log):
    found = log.diagnosed()
    assert found.cause is log.cause, found.detail
    assert {name: found.fields.get(name) for name in log.fields} == log.fields


@EACH_LOG
def test_each_log_is_shown_in_its_own_words(log):
    found = log.diagnosed()
    assert 1 <= len(found.evidence) <= LINES
    assert len(set(found.evidence)) == len(found.evidence)
    for line in (found.detail, *found.evidence):
        assert not CONTROLS.search(line)
        assert "Completed |" not in line
        assert len(line) <= LONGEST_DETAIL + 100


@pytest.mark.parametrize("held_out", [True, False])
def test_accuracy_is_as_demanded(held_out):
    logs = [log for log in CORPUS if log.held_out or not held_out]
    right = sum(log.diagnosed().cause is log.cause for log in logs)
    assert right / len(logs) >= DEMANDED


def test_the_corpus_is_large_and_varied():
    causes = Counter(log.cause for log in CORPUS)
    assert len(CORPUS) >= 70
    assert sum(log.held_out for log in CORPUS) >= 20
    assert sum(log.name.startswith("run-") for log in CORPUS) >= 20
    several = "memory-taken no-kv-memory context-too-long oom-load oom-profile oom-request oom-wake host-oom"
    several += " no-kernel-image driver-too-old gpu-not-visible port-taken hub-gated hub-unreachable disk-full"
    several += " shared-memory bad-flag weights-corrupt engine-dead engine-hung garbage-after-wake model-unsupported"
    several += " remote-code processor-broken weights-missing unknown exited"
    assert [cause for cause in several.split() if causes[Cause(cause)] < 2] == []


def in_docker(line: str) -> str:
    return f"2026-11-25T18:40:24.123456789Z {line}"


def in_compose(line: str) -> str:
    return f"vllm-1  | {line}"


def coloured(line: str) -> str:
    return re.sub(r"^(\([^)]*\))", "\x1b[1;36m\\1\x1b[0;0m", line)


def on_windows(line: str) -> str:
    return line + "\r\n"


@pytest.mark.parametrize("shape", [in_docker, in_compose, coloured, on_windows])
def test_the_shape_of_lines_does_not_matter(shape):
    assert [log.name for log in CORPUS if disturbed(log, [shape(line) for line in log.lines]) is not log.cause] == []


def test_another_process_between_the_lines_does_not_matter():
    noise = '(APIServer pid=7) INFO:     127.0.0.1:40001 - "GET /health HTTP/1.1" 200 OK'
    between = {log.name: [line for own in log.lines for line in (own, noise)] for log in CORPUS}
    assert [log.name for log in CORPUS if disturbed(log, between[log.name]) is not log.cause] == []


def test_an_earlier_start_in_the_same_log_does_not_matter():
    earlier = next(log for log in CORPUS if log.name == "run-weights-truncated").lines
    # Words before the introduction that carry no level cannot be told from the end of the earlier start.
    complete = [
        log for log in CORPUS if "non-default args:" in " ".join(log.lines[:10]) and log.name not in FIRST_WORDS
    ]
    assert len(complete) > 20
    assert [log.name for log in complete if disturbed(log, [*earlier, *log.lines]) is not log.cause] == []


def test_a_log_without_any_error_is_not_explained_by_its_words():
    log = ["INFO 11-20 09:14:02 [core.py:1] CUDA out of memory. Tried to allocate 2.00 GiB", "INFO:     all is well"]
    assert diagnose(log, phase="ready").cause is Cause.UNKNOWN


def test_what_a_client_sent_does_not_hide_what_the_engine_says():
    log = [
        "(APIServer pid=1) INFO:     Application startup complete.",
        "(APIServer pid=1) ERROR 11-20 09:14:02 [serving.py:3] ValueError: bad part: No space left on device",
        "(EngineCore pid=9) ERROR 11-20 09:14:09 [core.py:1512] torch.OutOfMemoryError: CUDA out of memory.",
    ]
    assert diagnose(log, phase="ready").cause is Cause.OOM_REQUEST


@pytest.mark.parametrize(
    ("exit_code", "oom_killed", "cause"),
    [
        (137, False, Cause.EXITED),
        (-9, False, Cause.EXITED),
        (137, True, Cause.HOST_OOM),
        (0, True, Cause.HOST_OOM),
        (143, False, Cause.EXITED),
        (130, False, Cause.EXITED),
        (0, False, Cause.EXITED),
        (132, False, Cause.ENGINE_DEAD),
        (-4, False, Cause.ENGINE_DEAD),
        (139, False, Cause.ENGINE_DEAD),
        (134, False, Cause.ENGINE_DEAD),
        (135, False, Cause.SHARED_MEMORY),
        (127, False, Cause.PROGRAM_MISSING),
        (1, False, Cause.UNKNOWN),
        (255, False, Cause.UNKNOWN),
        (None, False, Cause.UNKNOWN),
    ],
)
def test_an_exit_code_alone_tells_this(exit_code, oom_killed, cause):
    assert diagnose([], exit_code=exit_code, oom_killed=oom_killed).cause is cause
    assert diagnose(["INFO:     Started server process [1]"], exit_code=exit_code, oom_killed=oom_killed).cause is cause


@pytest.mark.parametrize(
    ("observed", "phase", "exit_code", "cause"),
    [
        (Cause.GARBAGE, "canary", None, Cause.GARBAGE),
        (Cause.GARBAGE, "wake", None, Cause.GARBAGE_AFTER_WAKE),
        (Cause.WRONG_MODEL, "probe", None, Cause.WRONG_MODEL),
        (Cause.LOAD_TIMEOUT, "load", None, Cause.LOAD_TIMEOUT),
        (Cause.ENGINE_HUNG, "ready", 137, Cause.ENGINE_HUNG),
        (Cause.EXITED, "ready", 1, Cause.EXITED),
    ],
)
def test_what_was_observed_stands_where_the_log_says_nothing(observed, phase, exit_code, cause):
    assert diagnose(["INFO:     fine"], phase=phase, exit_code=exit_code, observed=observed).cause is cause


def test_a_symptom_gives_way_to_its_cause():
    log = ["(EngineCore pid=2) ERROR 11-20 09:14:02 [core.py:1] ValueError: No available memory for the cache blocks."]
    assert diagnose(log, observed=Cause.LOAD_TIMEOUT).cause is Cause.NO_KV_MEMORY
    assert diagnose(log, observed=Cause.GARBAGE).cause is Cause.GARBAGE


def test_an_unknown_failure_shows_its_last_errors_once():
    log = [
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in f',
        "    g()",
        "ValueError: the moon is full",
    ]
    found = diagnose(
        [*log, *log, "RuntimeError: Engine core initialization failed. See root cause above."], exit_code=1
    )
    assert (found.cause, found.detail, found.evidence) == (
        Cause.UNKNOWN,
        "ValueError: the moon is full",
        ("ValueError: the moon is full",),
    )


def test_a_bare_exception_is_shown_with_the_function_that_raised_it():
    log = ["Traceback (most recent call last):", '  File "a.py", line 1, in unpack', "    assert x", "AssertionError"]
    assert diagnose(log, exit_code=1).detail == "AssertionError in unpack"


def test_secrets_are_not_shown():
    found = diagnose(
        ["ERROR: no access with hf_abcdefghijklmnopqrstuvwx", "INFO 'api_key': ['letmein123']"], exit_code=1
    )
    assert "hf_…" in " ".join(found.evidence)
    assert "abcdefgh" not in " ".join(found.evidence)


@pytest.mark.parametrize(
    ("cause", "detail", "fields"),
    [
        (Cause.PORT_TAKEN, "8101 (docstation-qwen3-vl)", {"port": "8101"}),
        (Cause.NAME_TAKEN, "docstation-dots-ocr (vllm/vllm-openai:v0.32.0)", {"name": "docstation-dots-ocr"}),
        (Cause.IMAGE_MISSING, "vllm/vllm-openai:v0.32.0", {"image": "vllm/vllm-openai:v0.32.0"}),
        (Cause.DISK_FULL, "/srv/cache: 1.2 GB", {"path": "/srv/cache"}),
        (Cause.BAD_FLAG, "gpu_memory_utilization: Input should be less", {}),
        (
            Cause.BAD_FLAG,
            "max_num_seqs: Input should be greater than 0 [type=greater_than, input_value=0]",
            {"flag": "--max-num-seqs"},
        ),
        (Cause.UNKNOWN, "anything", {}),
    ],
)
def test_a_detail_alone_is_read_again(cause, detail, fields):
    assert fields_of(cause, detail) == fields


@EACH_LOG
def test_no_field_is_lost_that_the_detail_says(log):
    found = log.diagnosed()
    assert fields_of(found.cause, found.detail).items() <= found.fields.items()


lines = st.lists(
    st.one_of(
        st.text(max_size=80),
        st.sampled_from([line for log in CORPUS for line in log.lines]),
        st.sampled_from(
            ["Traceback (most recent call last):", '  File "x", line 1, in load_model', "\x1b[0m", "\r", ""]
        ),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(
    lines,
    st.one_of(st.none(), st.integers(-300, 300)),
    st.booleans(),
    st.sampled_from(["", "start", "load", "probe", "canary", "ready", "wake", "prepare"]),
    st.sampled_from(list(Cause)),
)
def test_any_log_is_answered_in_bounds(log, exit_code, oom_killed, phase, observed):
    found = diagnose(log, exit_code=exit_code, oom_killed=oom_killed, phase=phase, observed=observed)
    assert isinstance(found.cause, Cause)
    assert len(found.evidence) <= LINES
    assert not any(CONTROLS.search(text) for text in (found.detail, *found.evidence, *found.fields.values()))
    assert all(found.fields.values())
