"""Words for what happens to a model that serves or should, and for the switch itself."""

from __future__ import annotations

from docstation.messages.marking import N_
from docstation.station.causes import Cause
from docstation.station.remedies.words import Words

RUNNING: dict[Cause, tuple[Words, ...]] = {
    Cause.OOM_REQUEST: (
        Words(
            N_("The GPU's memory ran out while {model} answered a request."),
            N_(
                "`nvidia-smi` shows what else holds memory. If nothing does, lower `max_pixels` or `max_sequences` of "
                "{model} in models.toml."
            ),
        ),
    ),
    Cause.OOM_WAKE: (
        Words(
            N_("There was not enough GPU memory to wake {model}."),
            N_("`nvidia-smi` shows what took it meanwhile; end that, then `docstation models restore`."),
        ),
    ),
    Cause.WRONG_MODEL: (
        Words(
            N_("The server on the port of {model} serves another model."),
            N_("`ss -ltnp` shows what listens there; end it, or choose another port with the setting station.port."),
        ),
    ),
    Cause.WRONG_CONTEXT: (
        Words(
            N_("{model} serves another context length than was planned."),
            N_("Remove flags and variables that change it from the entry of {model} in models.toml; set `context`."),
        ),
    ),
    Cause.GARBAGE: (
        Words(
            N_("{model} did not read the test page right."),
            N_(
                "`docstation pull {model}` checks the weights. If they are sound, set another `image` for {model} in "
                "models.toml; `docstation models restore` brings back what worked."
            ),
        ),
    ),
    Cause.GARBAGE_AFTER_WAKE: (
        Words(
            N_("{model} did not read the test page right after it was woken."),
            N_("`docstation models restore` starts it anew; leave sleep mode off for this `image`."),
        ),
    ),
    Cause.ENGINE_DEAD: (
        Words(
            N_("A picture had more tokens than vLLM takes in one step, and the engine of {model} broke."),
            N_("Raise `batch_tokens` of {model} in models.toml to at least the tokens of `max_pixels`."),
            needs=("pictures",),
        ),
        Words(
            N_("The GPU reported an error, and the engine of {model} broke."),
            N_(
                "If it happens again, look for Xid in `sudo dmesg`: with it the card or "
                "its driver is to blame, without it try another `image` for {model} in models.toml."
            ),
            needs=("gpu",),
        ),
        Words(
            N_("A process of {model} was ended by {signal}."),
            N_("If it happens again, `docstation models logs` shows what came before; look there for the first error."),
            needs=("signal",),
        ),
        Words(
            N_("The engine of {model} broke."),
            N_("If it happens again, `docstation models logs` shows what came before; look there for the first error."),
        ),
    ),
    Cause.ENGINE_HUNG: (
        Words(
            N_("{model} took requests and answered none."),
            N_(
                "If it happens again with FP8 weights, give {model} the variable "
                'VLLM_USE_DEEP_GEMM = "0" in `environment` (models.toml), or a newer `image`.'
            ),
        ),
    ),
    Cause.EXITED: (
        Words(
            N_("{model} was ended from outside ({signal})."),
            N_(
                "If it was not you, `sudo dmesg` and `docker events` tell who; `docstation models restore` starts it "
                "again."
            ),
            needs=("signal",),
        ),
        Words(
            N_("{model} ended."),
            N_("`docstation models logs` shows its last lines; `docstation models restore` starts it again."),
        ),
    ),
    Cause.OVER_BUDGET: (
        Words(
            N_("{model} took more GPU memory than the budget allows."),
            N_(
                "`docstation plan {model}` now counts with what was measured; lower `max_pixels` or `max_sequences` in "
                "models.toml until it fits."
            ),
        ),
    ),
    Cause.STOP_TIMEOUT: (
        Words(
            N_("{model} does not end, not even when it is killed."),
            N_(
                "Restart the container engine (`sudo systemctl restart docker`); if `nvidia-smi` still shows its "
                "process, restart the machine."
            ),
        ),
    ),
    Cause.MEMORY_NOT_RETURNED: (
        Words(
            N_("The GPU memory of the stopped model did not come back."),
            N_("`nvidia-smi` shows the process that holds it; end it with `kill`, then `docstation models restore`."),
        ),
    ),
    Cause.CANCELLED: (
        Words(
            N_("The change was called off."),
            N_("What served before serves on; `docstation models status` shows it."),
        ),
    ),
    Cause.INTERRUPTED: (
        Words(
            N_("The manager itself was ended during a change."),
            N_("`docstation models status` shows what serves; `docstation models restore` brings back what worked."),
        ),
    ),
    Cause.UNKNOWN: (
        Words(
            N_("{model} failed, and its log does not say why in words that are known."),
            N_(
                "Its last errors are shown; `docstation models logs` has all, `docstation doctor` checks what it "
                "needs, `docstation models restore` brings back what worked."
            ),
        ),
    ),
}
