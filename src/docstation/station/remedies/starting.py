"""Words for what happens while a model is started and loaded."""

from __future__ import annotations

from docstation.messages.marking import N_
from docstation.station.causes import Cause
from docstation.station.remedies.words import Words

STARTING: dict[Cause, tuple[Words, ...]] = {
    Cause.NO_KERNEL_IMAGE: (
        Words(
            N_("This vLLM was built without code for the GPU's architecture ({arch})."),
            N_(
                "Set a newer `image` for {model} in models.toml (cards of the RTX 50 series need vLLM 0.10 or newer), "
                "then run `docstation pull {model}`."
            ),
            needs=("arch",),
        ),
        Words(
            N_("This vLLM was built without code for this GPU."),
            N_(
                "Set a newer `image` for {model} in models.toml (cards of the RTX 50 series need vLLM 0.10 or newer), "
                "then run `docstation pull {model}`."
            ),
        ),
    ),
    Cause.MEMORY_TAKEN: (
        Words(
            N_("Other programs hold the GPU's memory: {requested} GiB are needed, {free} GiB are free."),
            N_("`nvidia-smi` shows them; end what is not needed (games, browsers, other models), then try again."),
            needs=("requested", "free"),
        ),
        Words(
            N_("Other programs hold the GPU's memory."),
            N_("`nvidia-smi` shows them; end what is not needed (games, browsers, other models), then try again."),
        ),
    ),
    Cause.NO_KV_MEMORY: (
        Words(
            N_("With {model} loaded no memory is left for the KV cache."),
            N_(
                "Lower `max_pixels` or `batch_tokens` of {model} in models.toml, or take a smaller variant; "
                "`docstation plan {model}` shows what each needs."
            ),
        ),
    ),
    Cause.CONTEXT_TOO_LONG: (
        Words(
            N_("A context of {asked} tokens is longer than the {window} that {model} was made for."),
            N_("Set `context` of {model} in models.toml to {window} or less."),
            needs=("asked", "window"),
        ),
        Words(
            N_("The memory left for the KV cache holds {limit} tokens, but the context is {asked}."),
            N_(
                "Set `context` of {model} in models.toml to {limit} or less, or free memory with fewer `max_pixels` or "
                '`kv_cache_type = "fp8"`; `docstation plan {model}` shows what each needs.'
            ),
            needs=("asked", "limit"),
        ),
        Words(
            N_("The context needs {needed} GiB of KV cache, and {available} GiB are left."),
            N_(
                "Lower `context` of {model} in models.toml, or free memory with fewer `max_pixels` or "
                '`kv_cache_type = "fp8"`; `docstation plan {model}` shows what each needs.'
            ),
            needs=("needed", "available"),
        ),
        Words(
            N_("The context of {model} is longer than the memory left for the KV cache."),
            N_(
                "Lower `context` of {model} in models.toml, or free memory with fewer `max_pixels` or "
                '`kv_cache_type = "fp8"`; `docstation plan {model}` shows what each needs.'
            ),
        ),
    ),
    Cause.OOM_LOAD: (
        Words(
            N_("The GPU's memory ran out while the weights of {model} were loaded."),
            N_(
                "`docstation plan {model}` shows what fits. If this does, `nvidia-smi` shows what else holds memory; "
                "else take a smaller or quantised variant."
            ),
        ),
    ),
    Cause.OOM_PROFILE: (
        Words(
            N_("The GPU's memory ran out when {sequences} requests at once were tried."),
            N_("Lower `max_sequences` of {model} in models.toml."),
            needs=("sequences",),
        ),
        Words(
            N_("The GPU's memory ran out when the largest picture was tried: {tried} more were wanted."),
            N_(
                "Lower `max_pixels` or `batch_tokens` of {model} in models.toml, or set `eager = true`; "
                "`docstation plan {model}` shows what each saves."
            ),
            needs=("tried",),
        ),
        Words(
            N_("The GPU's memory ran out when the largest picture was tried."),
            N_(
                "Lower `max_pixels` or `batch_tokens` of {model} in models.toml, or set `eager = true`; "
                "`docstation plan {model}` shows what each saves."
            ),
        ),
    ),
    Cause.HOST_OOM: (
        Words(
            N_("The main memory ran out, and the system ended a process of {model}."),
            N_(
                "End other programs or add swap; under WSL raise `memory` in .wslconfig. A smaller "
                "`--mm-processor-cache-gb` in `arguments` of {model} (models.toml) needs less too."
            ),
        ),
    ),
    Cause.SHARED_MEMORY: (
        Words(
            N_("The shared memory of the model server (/dev/shm) is full."),
            N_(
                "A container gets it anew at its next start. Without one `df -h /dev/shm` shows how much there is; "
                "files psm_* of servers that have ended may be deleted."
            ),
        ),
    ),
    Cause.WEIGHTS_CORRUPT: (
        Words(
            N_("Files of {model} are damaged or incomplete."),
            N_("`docstation pull {model}` checks them and fetches again what is wrong."),
        ),
    ),
    Cause.MODEL_UNSUPPORTED: (
        Words(
            N_("This GPU cannot compute with the numbers that {model} is stored in."),
            N_("Choose a variant in another format: `docstation models list` shows them, `docstation plan` what fits."),
            needs=("gpu",),
        ),
        Words(
            N_("This version of vLLM does not know the architecture {architecture}."),
            N_("Set a newer `image` for {model} in models.toml, then run `docstation pull {model}`."),
            needs=("architecture",),
        ),
        Words(
            N_("This version of vLLM cannot run {model}."),
            N_("Set a newer `image` for {model} in models.toml, then run `docstation pull {model}`."),
        ),
    ),
    Cause.REMOTE_CODE: (
        Words(
            N_("{model} brings program code of its own, which is not allowed to run."),
            N_("If you trust its author, set `trust_remote_code = true` for {model} in models.toml."),
        ),
    ),
    Cause.PROCESSOR_BROKEN: (
        Words(
            N_("The program code that {model} brings needs {package}, which is not in its image."),
            N_("Set an `image` for {model} in models.toml that has it, then run `docstation pull {model}`."),
            needs=("package",),
        ),
        Words(
            N_("The program code that {model} brings does not work with the libraries of its image."),
            N_(
                "Set the `image` of {model} in models.toml to the vLLM version named on the model's page, then run "
                "`docstation pull {model}`."
            ),
        ),
    ),
    Cause.START_FAILED: (
        Words(
            N_("{model} could not be started."),
            N_(
                "`docstation models logs` shows the whole answer of what was to start it; `docstation doctor` checks "
                "what it needs."
            ),
        ),
    ),
    Cause.LOAD_TIMEOUT: (
        Words(
            N_("{model} took longer to load than it may."),
            N_(
                "`docstation models logs` shows how far it came. If it was still at work, raise the setting "
                "station.load_seconds; if it was fetching files, run `docstation pull {model}` first."
            ),
        ),
    ),
}
