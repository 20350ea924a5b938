"""The table of faults of a switch from dots to qwen, both of them processes of this machine."""

from __future__ import annotations

import injections as inject
from matrix import NO_HOOKS, Case, Hook, Hooks

from docstation.station.causes import Cause
from docstation.station.words import HARMLESS, Outcome, Step

GB = 10**9
REFUSED, ROLLED_BACK, DONE = Outcome.REFUSED, Outcome.ROLLED_BACK, Outcome.DONE


def played(name: str, cause: Cause, log: str) -> Case:
    """A start that fails with the words of a log."""
    how = f"the words and the exit code of {log}.log"
    return Case(name, how, "double", (cause,), ROLLED_BACK, before=inject.wanting(**inject.words_of(log)))


def scripted(name: str, cause: Cause, failure: str, phase: str) -> Case:
    """A start that fails in one of the scripted server's own ways."""
    how = f"vLLM's words and exit code, {phase}"
    return Case(name, how, "double", (cause,), ROLLED_BACK, before=inject.wanting(fail=failure))


def dying(name: str, cause: Cause, log: str) -> Case:
    """An engine that dies of the canary."""
    how = f"at the canary the words of {log}.log, a 500, and the end"
    return Case(name, how, "double", (cause,), ROLLED_BACK, before=inject.dying_with(log))


def cancelled(step: Step, before: Hook | None = None, hooks: Hooks = NO_HOOKS) -> Case:
    """A change that is given up in the midst of a step."""
    outcome = REFUSED if step in HARMLESS else ROLLED_BACK
    hooks = {**hooks, (step, "began"): inject.cancel}
    how = "whoever asked gives up"
    return Case(f"cancelled at {step}", how, "real", (Cause.CANCELLED,), outcome, before, hooks)


SEEN_BEFORE = (
    Case(
        "program missing",
        "vllm is nowhere on the path",
        "real",
        (Cause.PROGRAM_MISSING,),
        REFUSED,
        inject.wanting(variables={"PATH": "/nowhere"}),
    ),
    Case("weights missing", "no such folder", "real", (Cause.WEIGHTS_MISSING,), REFUSED, inject.without_weights),
    Case(
        "weights half loaded",
        "a file that the index names is not there",
        "real",
        (Cause.WEIGHTS_MISSING,),
        REFUSED,
        inject.with_half_the_weights,
    ),
    Case(
        "port taken",
        "a stranger listens there",
        "real",
        (Cause.PORT_TAKEN,),
        REFUSED,
        inject.all_of(inject.on_a_port_of_its_own, inject.somebody_on_its_port),
    ),
    Case("disk full", "more is asked for than any disk has", "double", (Cause.DISK_FULL,), REFUSED, inject.full_disk),
    Case(
        "engine gone before the switch",
        "nobody behind its socket",
        "real",
        (Cause.ENGINE_DOWN,),
        REFUSED,
        inject.engine_gone,
    ),
    Case(
        "no driver of that kind",
        "a container is wanted where only processes are started",
        "real",
        (Cause.ENGINE_DOWN,),
        REFUSED,
        inject.wanting(driver="container", image="scripted:1"),
    ),
    Case(
        "GPU memory taken before the switch",
        "others hold 7 GB, 11 GB are needed",
        "double",
        (Cause.MEMORY_TAKEN,),
        REFUSED,
        inject.all_of(inject.wanting(planned_bytes=11 * GB), inject.others_hold(7 * GB)),
    ),
)

AT_START = (
    scripted("unknown flag", Cause.BAD_FLAG, "bad-flag", "exit 2 at once"),
    scripted("GPU memory taken at the start", Cause.MEMORY_TAKEN, "memory-taken", "free < requested"),
    scripted("weights corrupt", Cause.WEIGHTS_CORRUPT, "weights-corrupt", "while the weights are read"),
    scripted("no memory for the KV cache", Cause.NO_KV_MEMORY, "no-kv-memory", "after profiling"),
    scripted("KV cache shorter than the context", Cause.CONTEXT_TOO_LONG, "context-too-long", "after profiling"),
    scripted("out of GPU memory while profiling", Cause.OOM_PROFILE, "oom", "while profiling"),
    played("out of GPU memory while loading", Cause.OOM_LOAD, "oom-load-v032"),
    played("out of host memory", Cause.HOST_OOM, "host-oom-torch"),
    played("unsupported architecture", Cause.MODEL_UNSUPPORTED, "model-unsupported-old-image"),
    played("unsupported on this GPU", Cause.MODEL_UNSUPPORTED, "model-unsupported-gpu"),
    played("no kernel image for this GPU", Cause.NO_KERNEL_IMAGE, "no-kernel-image-v08"),
    played("driver too old", Cause.DRIVER_TOO_OLD, "driver-too-old-torch"),
    played("GPU not visible", Cause.GPU_NOT_VISIBLE, "gpu-not-visible-torch"),
    played("foreign code refused", Cause.REMOTE_CODE, "remote-code-old"),
    played("processor broken", Cause.PROCESSOR_BROKEN, "processor-broken-str-module"),
    played("shared memory too small", Cause.SHARED_MEMORY, "shared-memory-errno28"),
    played("disk full while compiling", Cause.DISK_FULL, "disk-full-compile-cache"),
    played("program missing inside", Cause.PROGRAM_MISSING, "program-missing-module"),
    Case(
        "port taken in the meantime",
        "a stranger takes it while the old model stops",
        "real",
        (Cause.PORT_TAKEN,),
        ROLLED_BACK,
        inject.on_a_port_of_its_own,
        {(Step.STOP, "began"): inject.somebody_on_its_port},
    ),
    Case(
        "killed while loading",
        "kill -9 from outside",
        "real",
        (Cause.EXITED,),
        ROLLED_BACK,
        inject.wanting(load_seconds=20),
        {(Step.LOAD, "began"): inject.kill("qwen")},
    ),
    Case(
        "ends well while loading",
        "exit code 0",
        "double",
        (Cause.EXITED,),
        ROLLED_BACK,
        inject.wanting(exit_at="weights", exit_code=0),
    ),
    Case(
        "never ready",
        "loads for longer than it may",
        "double",
        (Cause.LOAD_TIMEOUT,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(load_seconds=60), inject.haste(load=0.8)),
    ),
)

ONCE_IT_ANSWERS = (
    Case(
        "dies as soon as it is ready",
        "at the first question for its id, with the words of oom-request-canary.log",
        "double",
        (Cause.OOM_REQUEST,),
        ROLLED_BACK,
        inject.dying_with("oom-request-canary", at="/v1/models"),
    ),
    Case(
        "wrong model", "shows another id", "double", (Cause.WRONG_MODEL,), ROLLED_BACK, inject.wanting(served_name="x")
    ),
    Case("wrong context", "shows 4096", "double", (Cause.WRONG_CONTEXT,), ROLLED_BACK, inject.wanting(context=4096)),
    Case("200, but garbage", "!!!!", "double", (Cause.GARBAGE,), ROLLED_BACK, inject.wanting(trouble="garbage")),
    Case("200, but nothing", "an empty answer", "double", (Cause.GARBAGE,), ROLLED_BACK, inject.wanting(answer="")),
    Case(
        "another page",
        "a fluent answer that is not on the page",
        "double",
        (Cause.GARBAGE,),
        ROLLED_BACK,
        inject.wanting(answer="The quick brown fox jumps over the lazy dog."),
    ),
    Case(
        "ready, then hung",
        "the canary is never answered, /health is well",
        "double",
        (Cause.ENGINE_HUNG,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(trouble="hang"), inject.haste(canary=0.8)),
    ),
    Case(
        "frozen",
        "takes connections and answers nothing",
        "double",
        (Cause.LOAD_TIMEOUT,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(trouble="frozen"), inject.haste(load=0.8)),
    ),
    Case(
        "503 without end",
        "to everything",
        "double",
        (Cause.LOAD_TIMEOUT,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(trouble="unavailable"), inject.haste(load=0.8)),
    ),
    Case(
        "503 for a while",
        "to the first five requests",
        "double",
        (),
        DONE,
        inject.wanting(trouble="unavailable", trouble_requests=5),
        serves="qwen",
    ),
    Case(
        "answer cut off",
        "the connection drops",
        "double",
        (Cause.ENGINE_DEAD,),
        ROLLED_BACK,
        inject.wanting(trouble="cut"),
    ),
    dying("out of GPU memory at the canary", Cause.OOM_REQUEST, "oom-request-canary"),
    dying("engine dies of the canary", Cause.ENGINE_DEAD, "engine-dead-illegal-access"),
    Case(
        "killed at the canary",
        "kill -9 from outside",
        "real",
        (Cause.EXITED, Cause.ENGINE_DEAD),
        ROLLED_BACK,
        inject.wanting(first_seconds=20),
        {(Step.CANARY, "began"): inject.kill("qwen")},
    ),
    Case(
        "a bug of ours",
        "an exception in a step",
        "double",
        (Cause.UNKNOWN,),
        ROLLED_BACK,
        inject.bug_in_the_canary,
    ),
)

OF_THE_STOP = (
    Case(
        "slow to end",
        "SIGTERM takes the old model 60 s, it is given 0.5",
        "double",
        (),
        DONE,
        inject.all_of(inject.control("dots", stop_seconds=60), inject.patience(stop=0.5)),
        serves="qwen",
    ),
    Case(
        "a child outlives the old model",
        "its parent is killed with -9 while it stops",
        "real",
        (),
        DONE,
        inject.all_of(inject.old_one(child=1, stop_seconds=60), inject.patience(stop=20)),
        {(Step.STOP, "began"): inject.kill("dots")},
        serves="qwen",
    ),
    Case(
        "a child outlives the new model",
        "its parent is killed with -9 at the canary",
        "real",
        (Cause.EXITED, Cause.ENGINE_DEAD),
        ROLLED_BACK,
        inject.wanting(child=1, first_seconds=20),
        {(Step.CANARY, "began"): inject.kill("qwen")},
    ),
    Case(
        "outlives even the kill",
        "as in an uninterruptible sleep",
        "double",
        (Cause.STOP_TIMEOUT,),
        ROLLED_BACK,
        inject.immortal,
    ),
    Case(
        "memory never returned",
        "9 GB stay taken after the end of their process; the old model is tried all the same",
        "double",
        (Cause.MEMORY_NOT_RETURNED,),
        ROLLED_BACK,
        inject.patience(reclaim=0.5),
        {(Step.STOP, "began"): inject.leak, (Step.LOAD, "began"): inject.mend_the_leak},
    ),
    Case(
        "memory returned late",
        "9 GB stay taken for 0.5 s",
        "double",
        (),
        DONE,
        hooks={(Step.STOP, "began"): inject.leak, (Step.RECLAIM, "began"): inject.mend_the_leak_late},
        serves="qwen",
    ),
    Case(
        "memory taken by others during the switch",
        "7 GB while the old model stops; 11 GB are needed",
        "double",
        (Cause.MEMORY_NOT_RETURNED,),
        ROLLED_BACK,
        inject.all_of(inject.wanting(planned_bytes=11 * GB), inject.patience(reclaim=0.5)),
        {(Step.STOP, "began"): inject.others_hold(7 * GB)},
    ),
)

CANCELLED = (
    cancelled(Step.PREPARE),
    cancelled(Step.DRAIN, inject.busy_old_one),
    cancelled(Step.STOP, inject.control("dots", stop_seconds=0.3)),
    cancelled(Step.RECLAIM, hooks={(Step.STOP, "began"): inject.leak, (Step.RECLAIM, "failed"): inject.mend_the_leak}),
    cancelled(Step.START),
    cancelled(Step.LOAD, inject.wanting(load_seconds=60)),
    cancelled(Step.PROBE, inject.wanting(first_seconds=60)),
    cancelled(Step.CANARY, inject.wanting(first_seconds=60)),
)

CASES = (*SEEN_BEFORE, *AT_START, *ONCE_IT_ANSWERS, *OF_THE_STOP, *CANCELLED)
