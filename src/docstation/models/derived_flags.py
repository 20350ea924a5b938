"""Flags of ``vllm serve`` that follow from a model's keys, the memory plan or the station, and so are nobody's to give.

vLLM takes a flag in many guises: with underscores, cut short, negated, with ``=value`` or with ``.part``.
"""

from __future__ import annotations

OURS = ""

DERIVED = {
    "--model": "checkpoint",
    "--served-model-name": "served_name",
    "--max-model-len": "context",
    "--max-num-seqs": "max_sequences",
    "--max-num-batched-tokens": "batch_tokens",
    "--kv-cache-dtype": "kv_cache_type",
    "--mm-processor-kwargs": "max_pixels",
    "--skip-mm-profiling": "max_pixels",
    "--trust-request-mm-kwargs": "max_pixels",
    "--enforce-eager": "eager",
    "--trust-remote-code": "trust_remote_code",
    "--gpu-memory-utilization": "station.budget",
    "--device-memory-utilization": "station.budget",
    "--kv-cache-memory-bytes": "station.budget",
    "--num-gpu-blocks-override": "station.budget",
    "--limit-mm-per-prompt": OURS,
    "--revision": OURS,
    "--host": OURS,
    "--port": OURS,
    "--uds": OURS,
    "--grpc": OURS,
    "--grpc-port": OURS,
    "--headless": OURS,
    "--root-path": OURS,
    "--ssl-keyfile": OURS,
    "--ssl-certfile": OURS,
    "--config": OURS,
    # Its figures show whether the engine still works.
    "--disable-log-stats": OURS,
    "--api-key": OURS,
    "--hf-token": OURS,
}
"""The key to set instead of each flag; `OURS` where the station alone decides."""


def derived_flag(word: str) -> str:
    """The flag of `DERIVED` that vLLM would take `word` for, empty where it is another flag or none."""
    if not word.startswith("--"):
        return ""
    flag = word.partition("=")[0].partition(".")[0].replace("_", "-")
    if flag.startswith("--no-"):
        flag = "--" + flag.removeprefix("--no-")
    if flag in DERIVED:
        return flag
    return next((known for known in DERIVED if len(flag) > 2 and known.startswith(flag)), "")
