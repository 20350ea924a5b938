"""What servers say of their flags, ports and disks, and when they die or hang. Part of the diagnosis table."""

from __future__ import annotations

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import ANY_LEVEL, SERVING, STARTING, WARNINGS, Place, Rank, Rule

SERVER = (
    Rule(
        Cause.BAD_FLAG,
        ("unrecognized arguments:", "error: argument", "the following arguments are required"),
        captures=(
            r"unrecognized arguments: (?P<flag>-[\w.-]+)",
            r"error: argument (?P<flag>-[\w-]+)",
            r"arguments are required: (?P<flag>[\w-]+)",
        ),
    ),
    Rule(
        Cause.BAD_FLAG,
        (
            "[type=less_than",
            "[type=greater_than",
            "_parsing, input_value=",
            "_type, input_value=",
            "[type=literal_error",
        ),
        where=STARTING,
        captures=(r"(?m)^(?P<flag>[a-z][a-z0-9_]+)(?:\.\S+)?(?:\n\s+|: )Input should",),
    ),
    Rule(
        Cause.BAD_FLAG,
        ("Sleep mode is not supported",),
        fields=(("flag", "--enable-sleep-mode"),),
    ),
    Rule(
        Cause.BAD_FLAG,
        (
            "is larger than max_num_batched_tokens",
            "max_num_batched_tokens … is smaller than",
            "max_num_batched_tokens … must be greater",
        ),
        where=STARTING,
        fields=(("flag", "--max-num-batched-tokens"),),
    ),
    Rule(
        Cause.BAD_FLAG,
        ("Cannot find the config file for", "does not match the quantization method specified in"),
        where=STARTING,
        fields=(("flag", "--quantization"),),
    ),
    Rule(
        Cause.BAD_FLAG,
        ("larger than the number of available GPUs", "divisible by tensor parallel size"),
        where=STARTING,
        fields=(("flag", "--tensor-parallel-size"),),
    ),
    Rule(Cause.BAD_FLAG, ("No common block size for", "No valid attention backend"), where=STARTING),
    Rule(
        Cause.PORT_TAKEN,
        (
            "address already in use",
            "port is already allocated",
            "error while attempting to bind on address",
            "Only one usage of each socket address",
            "EADDRINUSE",
        ),
        captures=(
            r"(?:\d+|\]|localhost):(?P<port>\d{2,5})(?: failed|: bind|: address)",
            r"\('[^']*', (?P<port>\d{2,5})\)",
            r"port: (?P<port>\d{2,5})",
        ),
    ),
    Rule(
        Cause.DISK_FULL,
        (
            "No space left on device",
            "[Errno 28]",
            "Disk quota exceeded",
            "Not enough free disk space",
            "database or disk is full",
            "There is not enough space on the disk",
        ),
        levels=WARNINGS,
        captures=(r"device: '(?P<path>/[^']{1,200})'", r"write (?P<path>/[^:]{1,200}): no space"),
    ),
    Rule(
        Cause.PROGRAM_MISSING,
        (
            "executable file not found",
            "[FATAL tini … exec … failed: No such file",
            "No module named 'vllm'",
            "vllm: command not found",
            "vllm: not found",
            "No such file or directory: …vllm'",
        ),
        where=frozenset({Place.START}),
    ),
    Rule(
        Cause.PROGRAM_MISSING,
        ("Failed to find C compiler",),
        fields=(("program", "gcc"), ("package", "gcc")),
    ),
    Rule(
        Cause.PROGRAM_MISSING,
        ("Python.h: No such file",),
        fields=(("program", "Python.h"), ("package", "python3-dev")),
    ),
    Rule(
        Cause.PROGRAM_MISSING,
        ("Could not find nvcc",),
        fields=(("program", "nvcc"), ("package", "nvidia-cuda-toolkit")),
    ),
    Rule(
        Cause.LOAD_TIMEOUT,
        ("Timed out waiting for engine", "Timed out waiting for new engine", "did not become ready within"),
    ),
    Rule(
        Cause.ENGINE_HUNG,
        ("RPC call to … timed out", "Watchdog caught collective operation timeout"),
        where=SERVING,
    ),
    Rule(
        Cause.ENGINE_HUNG,
        ("No available shared memory broadcast block found",),
        where=SERVING,
        rank=Rank.SIGN,
        levels=ANY_LEVEL,
    ),
    Rule(Cause.SHARED_MEMORY, ("died unexpectedly (exit code: -7)",), rank=Rank.SIGN),
    Rule(
        Cause.ENGINE_DEAD,
        ("Fatal Python error:", "died unexpectedly (exit code: -", "Segfault encountered"),
        rank=Rank.SIGN,
        captures=(r"exit code: -(?P<number>\d+)", r"Fatal Python error: (?P<signal>[A-Z][\w ]{1,40})"),
    ),
    Rule(
        Cause.ENGINE_DEAD,
        (
            "EngineDeadError",
            "died unexpectedly",
            "engine core exited unexpectedly",
            "EngineCore encountered a fatal error",
            "EngineCore encountered an issue",
            "EngineCore hit an exception",
            "Background loop has errored",
            "Engine loop has died",
            "Engine loop is not running",
            "This should never happen! Please open an issue",
        ),
        rank=Rank.AFTERMATH,
        levels=WARNINGS,
    ),
)
