"""What was promised, and the names of the figures, as message ids; doors translate them."""

from __future__ import annotations

from docstation.messages.marking import N_
from docstation.station.promises.findings import Promise, Verdict

PROMISED = {
    Promise.IDENTITY: N_(
        "The API shows the id of the active model and its context length, 8192 tokens for dots.ocr as it is shipped."
    ),
    Promise.ONE_SERVER: N_(
        "Exactly one model server of ours runs, or those of an accepted plan for several; no stray."
    ),
    Promise.BUDGET: N_("All GPU memory that our servers hold stays within the budget."),
    Promise.ANSWERS: N_("The server is healthy, and it can answer: it reads a page."),
    Promise.LAST_CHANGE: N_(
        "A change of what serves succeeds, or what served before serves again; no request under way is cut off."
    ),
    Promise.LAST_KNOWN_GOOD: N_("The configuration that last proved itself is on record, to be brought back."),
    Promise.WATCH: N_("One process owns the station and watches what serves."),
    Promise.BOTH_MODELS: N_(
        "Each of both models fits in the budget by its plan; both at once are started only where they fit together."
    ),
    Promise.OFFLINE_START: N_(
        "A model starts without a network: its weights, and for a container the image, are here, and the versions of "
        "what was fetched are recorded."
    ),
    Promise.EMBEDDED: N_("The embedded engine reads pages, whatever becomes of the models."),
    Promise.HOST: N_("Nothing stands in a model server's way here: no WSL 1, no lack of shared memory."),
}

VERDICTS = {
    Verdict.KEPT: N_("kept"),
    Verdict.BROKEN: N_("broken"),
    Verdict.NOT_SEEN: N_("could not be looked at"),
}

FIGURES = {
    "attribution": N_("division into ours and others'"),
    "available_bytes": N_("memory available"),
    "before": N_("served before"),
    "board_bytes": N_("on the board"),
    "budget_bytes": N_("budget"),
    "card": N_("card"),
    "cause": N_("cause"),
    "changes": N_("changes"),
    "checkpoint": N_("checkpoint"),
    "container": N_("container around us"),
    "containers": N_("containers of ours"),
    "cuda_bytes": N_("offered by CUDA"),
    "digest": N_("recorded digest"),
    "drain_limit_seconds": N_("time given to requests under way, in seconds"),
    "driver": N_("driver"),
    "ended": N_("ended"),
    "engine": N_("container engine"),
    "failed_step": N_("step that failed"),
    "free_bytes": N_("free"),
    "gpu_of_windows": N_("GPU lent by Windows"),
    "granted_bytes": N_("granted to vLLM"),
    "host": N_("computer"),
    "http_status": N_("HTTP status"),
    "id": N_("id"),
    "image": N_("image"),
    "image_here": N_("image on this machine"),
    "kernel": N_("kernel"),
    "kind": N_("kind"),
    "kv_tokens": N_("tokens of the KV cache"),
    "listens": N_("answers"),
    "lockable_bytes": N_("memory that may be locked"),
    "max_model_len": N_("context in tokens (max_model_len)"),
    "memory_bytes": N_("memory"),
    "mode": N_("mode"),
    "model": N_("model"),
    "noted_bytes": N_("noted after the start"),
    "noted_of": N_("noted of"),
    "of_other_stations": N_("containers of other state folders"),
    "ours_bytes": N_("held by our servers"),
    "outcome": N_("outcome"),
    "own_folder": N_("a folder of your own"),
    "owner": N_("owner"),
    "pid": N_("process id"),
    "pin_memory": N_("pinned memory"),
    "plan": N_("plan"),
    "planned_bytes": N_("by the plan"),
    "processes": N_("processes of ours"),
    "promised_id": N_("promised id"),
    "promised_max_model_len": N_("promised context in tokens"),
    "reserve_is_estimated": N_("the reserve is estimated"),
    "reserved_bytes": N_("kept by the driver, not counted as in use"),
    "revision": N_("recorded revision"),
    "role": N_("role"),
    "running": N_("runs"),
    "seconds": N_("seconds"),
    "serving": N_("serves"),
    "share_of_words": N_("share of the words found"),
    "shared_memory_bytes": N_("shared memory (/dev/shm)"),
    "since": N_("since"),
    "spec": N_("hash of the configuration"),
    "status": N_("status"),
    "step": N_("step"),
    "swap_bytes": N_("swap"),
    "used_bytes": N_("in use by all"),
    "utilisation": N_("derived --gpu-memory-utilization"),
    "wanted": N_("wanted"),
    "weights": N_("folder of the weights"),
    "words": N_("in its own words"),
    "wsl": N_("WSL version (0: none)"),
    "prepare_seconds": N_("checking, in seconds"),
    "drain_seconds": N_("waiting for open requests, in seconds"),
    "stop_seconds": N_("stopping, in seconds"),
    "reclaim_seconds": N_("waiting for memory of the card, in seconds"),
    "start_seconds": N_("starting, in seconds"),
    "load_seconds": N_("loading, in seconds"),
    "probe_seconds": N_("checking name and context, in seconds"),
    "canary_seconds": N_("test page, in seconds"),
}
"""Names by key. Keys that begin with `BACK` are those of the way back."""

BACK = "back_"
ON_THE_WAY_BACK = N_("{name}, on the way back")
