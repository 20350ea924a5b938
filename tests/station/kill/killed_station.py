"""The station that killed owners leave behind, and what must hold once the next owner has taken it over."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from driver_contract import eventually, stub_checkpoint
from mortal_owner import STORIES, Death, Known, Place, Story, Write, carry_out, is_calm, is_good, live, live_on
from scripted_models import shown_on

from docstation.station.desk import Order, OwnersDesk, Wish
from docstation.station.journal import Record, read_records, replay
from docstation.station.machine import react
from docstation.station.owner import Owner
from docstation.station.records import event_from_json, state_from_json
from docstation.station.words import Ended, Mode, State

Servers = Callable[[int], Sequence[object]]
NURSERY = multiprocessing.get_context("forkserver")
# It knows nothing of the folders of tests, so what it is to have at hand is named by what they import.
NURSERY.set_forkserver_preload([
    "http.client", "pytest", "docstation.station.desk", "docstation.station.drivers.container",
    "docstation.station.drivers.process", "docstation.station.probes", "docstation.station.steps",
    "docstation.testing.model_server_script",
])  # fmt: skip

LONG = 3600.0
KILLED = -signal.SIGKILL
"""Exit code of an owner that died as it should."""

Stations = Callable[[str], "Station"]
"""Gives the station for a story."""


def named(story: str, number: int) -> object:
    """A write of a story as parameters with a name."""
    return pytest.param(story, number, id=f"{story}-{number:02}-{STORIES[story].writes[number - 1].line}")


def stations_in(new_folder: Callable[[], Path], place: Callable[[Path], Place], servers: Servers) -> Iterator[Stations]:
    """A fixture's body: a fresh station for a first start, else the one before, unless a test failed there."""
    made: list[Station] = []

    def station(story: str) -> Station:
        if not made or not made[-1].clean or not STORIES[story].origin:
            if made:
                made.pop().end()
            folder = new_folder()
            stub_checkpoint(folder / "weights")
            made.append(Station(place(folder), servers))
        return made[-1]

    yield station
    for one in made:
        one.end()


class Station:
    """One state folder with its servers.

    Args:
        place: where they run.
        servers: those that serve on a port, whoever started them: not as our driver has it.
    """

    def __init__(self, place: Place, servers: Servers) -> None:
        self.place = place
        self.clean = True
        self._steps = place.steps()
        self._models = place.models()
        self._driver = place.driver()
        self._servers = servers
        self._begun = 0

    def stage(self, story: Story) -> None:
        """Have the model of the story's beginning serve and be good; it does not become clean again by itself."""
        assert self.clean
        self.clean = False
        if story.origin:
            with Owner(self.place.folder, self._steps, stable_seconds=0.0) as owner:
                if owner.state.serving.names != (story.origin,):
                    carry_out(OwnersDesk(owner, Known(self._models)), Order(Wish.SWITCH, (story.origin,)))
                eventually(lambda: is_calm(owner.state) and is_good(owner.state))
        self._begun = max((one.number for one in self.records()), default=0)

    def live(self, story: str, number: int, death: Death, *, seconds: float = 0.0) -> int:
        """Exit code of an owner that lives through a story until it dies, see `mortal_owner.live`."""
        self.stage(STORIES[story])
        return self._exit_code(live, self.place, story, number, death, seconds)

    def live_on(self, number: int) -> int:
        """Exit code of an owner that goes on where the last one ended, see `mortal_owner.live_on`."""
        return self._exit_code(live_on, self.place, number)

    @staticmethod
    def _exit_code(what: Callable[..., None], *arguments: object) -> int:
        child = NURSERY.Process(target=what, args=arguments)
        child.start()
        child.join(60)
        if child.exitcode is None:
            child.kill()
            pytest.fail("the owner neither died nor came to its end")
        return child.exitcode

    def records(self) -> list[Record]:
        """The journal."""
        return list(read_records(self.place.folder))

    def lines(self) -> list[str]:
        """What the story has written, as its `writes` name it."""
        return [_name_of(record) for record in self.records() if record.number > self._begun]

    def running(self) -> dict[str, tuple[int, ...]]:
        """Process ids by the names of the instances that live."""
        return {one.name: one.pids for one in self._driver.instances() if one.running}

    def end(self) -> None:
        """End all servers."""
        for one in self._driver.instances():
            self._driver.stop(one.name, grace=0.0)
        assert not self._servers(self.place.port)

    def taken_over(self, story: Story) -> None:
        """Let the next owner take over, and check that all ends as the story says of its last whole line."""
        lines, survivors, left = self.lines(), self.running(), replay(self.records()).state
        assert lines == [one.line for one in story.writes[: len(lines)]]
        self.calm_with(story.before(len(lines) + 1))
        if left.transaction is None and left.serving:
            assert self.running() == survivors, "what served went on without a break"

    def calm_with(self, expected: Write) -> None:
        """Let the next owner take over, and check that all ends as it should."""
        with Owner(self.place.folder, self._steps, stable_seconds=LONG) as owner:
            eventually(lambda: is_calm(owner.state))
            self._check_what_serves(owner.state, expected)
        self._check_the_journal()
        self.clean = True

    def _check_what_serves(self, state: State, expected: Write) -> None:
        """The state, the driver, the kernel and the server's own words say the same."""
        names = (expected.serves,) if expected.serves else ()
        assert state.serving.members == tuple(self._models[name] for name in names)
        assert state.mode is (Mode.READY if names else Mode.IDLE)
        assert state.last_known_good.names == ((expected.good,) if expected.good else ())
        assert shown_on(self.place.port) == (f"stub/{expected.serves}" if names else "")
        assert list(self.running()) == [one.instance for one in state.serving.members]
        assert len(self._servers(self.place.port)) == len(names), "no server runs twice"

    def _check_the_journal(self) -> None:
        """No line is lost, every transaction has one end, every checkpoint is what the events before it add up to."""
        records = self.records()
        assert [one.number for one in records] == list(range(records[0].number, records[0].number + len(records)))
        state, begun, ended = State(), set(), []
        for record in records:
            if record.kind == "checkpoint":
                assert state_from_json(record.body) == state
            elif record.kind == "event":
                state, effects = react(state, event_from_json(record.body))
                begun |= {state.transaction.id} if state.transaction else set()
                ended += [one.transaction.id for one in effects if isinstance(one, Ended)]
        assert sorted(begun) == sorted(ended)


def _name_of(record: Record) -> str:
    body: dict[str, Any] = record.body
    if record.kind == "checkpoint":
        return record.kind
    if record.kind == "note":
        return f"note {body['note']}"
    wanted = [one["model"] for one in body.get("lineup", {}).get("members", [])]
    return " ".join([body["event"], *wanted, *filter(None, [body.get("step")])])
