"""How a change ended: its exit code, the error that says it, and the document for programs.

The one place where causes become exit codes; docs/errors.md promises what the codes mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docstation.cli.console import JsonValue
from docstation.cli.models.wording import WITHOUT_MODEL, Reason, plain, reason
from docstation.errors import ExitCode
from docstation.messages import N_, translate
from docstation.station.causes import Cause
from docstation.station.deployment import Deployment
from docstation.station.desk import Wish
from docstation.station.telling import EndTold, StepTold
from docstation.station.words import HARMLESS, Outcome

REFUSALS: dict[Cause, ExitCode] = {
    Cause.BUDGET: ExitCode.BUDGET,
    Cause.MEMORY_TAKEN: ExitCode.BUDGET,
    Cause.PROGRAM_MISSING: ExitCode.MISSING,
    Cause.IMAGE_MISSING: ExitCode.MISSING,
    Cause.IMAGE_PULL: ExitCode.MISSING,
    Cause.WEIGHTS_MISSING: ExitCode.MISSING,
    Cause.HUB_GATED: ExitCode.MISSING,
    Cause.HUB_UNREACHABLE: ExitCode.MISSING,
    Cause.ENGINE_DOWN: ExitCode.NO_ENGINE,
    Cause.ENGINE_DENIED: ExitCode.NO_ENGINE,
    Cause.ENGINE_UNSUPPORTED: ExitCode.NO_ENGINE,
    Cause.GPU_NOT_VISIBLE: ExitCode.NO_ENGINE,
    Cause.DRIVER_TOO_OLD: ExitCode.NO_ENGINE,
    Cause.ENDPOINT_UNREACHABLE: ExitCode.NO_ENGINE,
    Cause.ENDPOINT_REFUSED: ExitCode.NO_ENGINE,
    Cause.NAME_TAKEN: ExitCode.LOCKED,
    Cause.PORT_TAKEN: ExitCode.LOCKED,
    Cause.BAD_FLAG: ExitCode.USAGE,
}
"""Exit codes of what was refused before anything was touched; every other refusal counts as a failed switch."""

SERVES = N_("{models} serves at {address}")
ALREADY = N_("{models} serves already; nothing was changed.")
NOTHING_SERVES_ALREADY = N_("Nothing serves; nothing was changed.")
READS = N_("The embedded engine serves: it reads pages. Chat and answers by schema need a model.")
FAILURES = {
    Outcome.REFUSED: N_("The switch to {models} was refused; {serving} serves on."),
    Outcome.ROLLED_BACK: N_("The switch to {models} failed; {serving} serves again."),
    Outcome.FELL_BACK: N_("The switch to {models} failed; only the embedded engine serves."),
}
RESTARTS = {
    Outcome.REFUSED: N_("The restart of {models} was refused; {serving} serves on."),
    Outcome.ROLLED_BACK: N_("The restart of {models} failed; {serving} serves again."),
    Outcome.FELL_BACK: N_("The restart of {models} failed; only the embedded engine serves."),
}
STOP_FAILED = N_("Not everything could be stopped.")
CANCELLED = N_("Called off; {serving} serves.")
CANCELLED_TO_NOTHING = N_("Called off; only the embedded engine serves.")


@dataclass(frozen=True, slots=True)
class Ending:
    """A change that is over, or was not begun.

    Attributes:
        wish: what was asked for.
        end: what was told last.
        steps: that ended, in their order.
        failed: deployment that failed going forward, where the journal knows it.
        serving: what serves now, by the journal.
    """

    wish: Wish
    end: EndTold
    steps: tuple[StepTold, ...] = ()
    failed: Deployment | None = None
    serving: tuple[Deployment, ...] = ()

    @property
    def untouched(self) -> bool:
        """Whether it ended before anything that served was touched."""
        return all(one.step in HARMLESS for one in self.steps)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code."""
        end = self.end
        if end.outcome in {"already", Outcome.DONE}:
            return ExitCode.OK
        if end.outcome == "busy":
            return ExitCode.LOCKED
        if end.cause is Cause.CANCELLED:
            return ExitCode.INTERRUPTED
        if self.untouched and end.cause in REFUSALS:
            return REFUSALS[end.cause]
        return ExitCode.NO_ENGINE if end.outcome == Outcome.FELL_BACK else ExitCode.ROLLED_BACK

    @property
    def reason(self) -> Reason | None:
        """Why it failed; None where it did not, and where somebody called it off."""
        cause = self.end.cause
        if cause is None or cause is Cause.CANCELLED or self.exit_code is ExitCode.OK:
            return None
        return reason(cause, self.end.detail, self.failed, ", ".join(self.end.wanted))

    @property
    def sentence(self) -> str:
        """What it came to, in the active language."""
        end = self.end
        fields = {"models": ", ".join(end.wanted), "serving": ", ".join(end.serving)}
        if end.outcome == "already":
            return translate(ALREADY, models=fields["serving"]) if end.serving else translate(NOTHING_SERVES_ALREADY)
        if end.outcome == Outcome.DONE:
            return self._serves()
        if end.cause is Cause.CANCELLED:
            return translate(CANCELLED if end.serving else CANCELLED_TO_NOTHING, **fields)
        if self.wish is Wish.STOP:
            return translate(STOP_FAILED)
        sentences = RESTARTS if self.wish is Wish.RESTART else FAILURES
        return translate(sentences[Outcome(end.outcome)], **fields)

    def _serves(self) -> str:
        models = [one for one in self.serving if one.driver != "embedded"]
        if not models:
            return translate(READS)
        return "\n".join(translate(SERVES, models=one.model, address=f"{one.address.rstrip('/')}/v1") for one in models)

    @property
    def remarks(self) -> list[str]:
        """What else is worth saying of a failure, a line each."""
        only_embedded = self.end.outcome == Outcome.FELL_BACK and self.wish is not Wish.STOP
        return [translate(WITHOUT_MODEL)] if only_embedded else []

    @property
    def evidence(self) -> list[str]:
        """Lines of the log that show the reason; the detail where there are none."""
        lines = self.end.evidence or ((self.end.detail,) if self.end.detail else ())
        return [plain(line) for line in lines]


def ending_json(ending: Ending) -> dict[str, JsonValue]:
    """The whole change for programs."""
    end, why = ending.end, ending.reason
    return {
        "outcome": str(end.outcome),
        "wish": ending.wish.value,
        "transaction": end.transaction,
        "wanted": list(end.wanted),
        "serving": [
            {"model": one.model, "id": one.served_name, "context": one.context, "address": one.address}
            for one in ending.serving
        ],
        "engine": "vllm" if any(one.driver != "embedded" for one in ending.serving) else "embedded",
        "seconds": end.seconds,
        "steps": steps_json(ending.steps),
        "message": ending.sentence,
        "cause": end.cause.value if end.cause else None,
        "reason": why.sentence if why else None,
        "remedy": why.remedy if why else None,
        "detail": end.detail,
        "evidence": list(end.evidence),
        "exit_code": int(ending.exit_code),
    }


def steps_json(steps: Sequence[StepTold]) -> list[JsonValue]:
    """Steps that ended, in their order."""
    return [
        {
            "step": one.step.value,
            "models": list(one.models),
            "back": one.back,
            "ok": one.moment == "done",
            "seconds": one.seconds,
            "cause": one.cause.value if one.cause else None,
        }
        for one in steps
    ]
