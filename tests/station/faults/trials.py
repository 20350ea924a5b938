"""One fault tried: the change asked for with the fault in its way, and what holds whatever the fault was."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from matrix import Case, Row
from proving_ground import PULSE_SECONDS, Ground
from scripted_models import shown_on
from seeing import Seen

from docstation.station.words import HARMLESS, Mode, State


@dataclass(frozen=True)
class Trial:
    """A fault that has been tried.

    Attributes:
        seen: from outside.
        state: that it ended in.
        shown: what the server that serves says that it is; empty where none does.
    """

    seen: Seen
    state: State
    shown: str

    def row(self, ground: str, number: int, case: Case) -> Row:
        """The matrix's row of it."""
        return Row(
            number=number,
            ground=ground,
            fault=case.name,
            injected=case.injected,
            reality=case.reality,
            cause=str(self.seen.end.cause or ""),
            old="untouched" if case.harmless else "stopped",
            ended=str(self.seen.end.outcome),
            serves=self.shown,
            most=self.seen.most,
            seconds=round(self.seen.seconds, 2),
        )


def tried(ground: Ground, case: Case, *, every: float = PULSE_SECONDS) -> Trial:
    """Switch from dots to qwen with the fault in the way; AssertionError unless it ends as the table says.

    Our servers are counted every so many seconds meanwhile.
    """
    ground.want("qwen")
    if case.before is not None:
        case.before(ground)
    old = ground.servers(ground.names.known["dots"].port)
    with ground.watched(every=every) as seen:
        seen.told = ground.change("qwen", hooks={when: partial(do, ground) for when, do in case.hooks.items()})
    assert seen.end.outcome == case.outcome, seen.end
    assert seen.end.cause in (case.causes or (None,)), seen.end
    assert seen.end.serving == (case.serves,)
    if case.harmless:
        assert set(seen.steps) <= HARMLESS
        assert seen.silences == [], "the old model answered all the time"
        assert ground.servers(ground.names.known["dots"].port) == old
    assert seen.most == 1, "never two at once"
    return Trial(seen, ground.owner.state, check_what_serves(ground, case.serves))


def check_what_serves(ground: Ground, model: str) -> str:
    """The state, the driver, the kernel and the server itself name the same model; what the server says."""
    state = ground.owner.state
    assert (state.mode, state.serving) == (Mode.READY, ground.names.lineup([model]))
    (serving,) = state.serving.members
    assert [one.spec for one in ground.instances() if one.running] == [serving.spec]
    assert len(ground.servers(serving.port)) == 1
    shown = shown_on(serving.port)
    assert shown == serving.served_name
    return shown


def check_that_nothing_serves(ground: Ground) -> None:
    """The state says that the embedded engine serves, and no server of ours lives."""
    assert not ground.owner.state.serving
    assert ground.living() == 0
    assert [ground.servers(one.port) for one in ground.names.known.values()] == [[], []]
