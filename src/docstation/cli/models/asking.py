"""An order at the desk, heard to its end: told step by step, called off by Ctrl-C, waited for where another goes on.

The change happens in the station's owner; here somebody waits for it. What its end is called is for `outcomes`.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from docstation.cli.models.following import Growth, state_of
from docstation.cli.models.outcomes import Ending
from docstation.cli.models.views import View
from docstation.cli.models.wording import kind_words
from docstation.errors import Interrupted, NoEngine
from docstation.messages import N_, translate
from docstation.station.causes import Cause
from docstation.station.control import OwnerGone
from docstation.station.deployment import Deployment
from docstation.station.desk import Desk, Order
from docstation.station.journal import read_records
from docstation.station.lock import holder_of
from docstation.station.records import event_from_json
from docstation.station.telling import EndTold, StepTold, Told
from docstation.station.words import Requested

CALLING_OFF = N_("Calling it off; what served before comes back. Ctrl-C again leaves it to itself.")
LEFT = N_("The change was left to itself.")
LEFT_REMEDY = N_("`docstation models status` shows how it goes, `docstation models cancel` calls it off.")
LEFT_ALONE_REMEDY = N_("Nobody goes on with it now: `docstation models manage`, or any switch, finishes it.")
NOT_BEGUN = N_("Interrupted; nothing was changed.")
AGAIN = N_("Give the command again to start anew.")
GONE = N_("The manager of the models went away in the middle of the change.")
GONE_REMEDY = N_("`docstation models status` shows what serves; the same command with --wait finishes what was begun.")
LOOK_SECONDS = 0.3
"""Between two looks whether another change has ended."""


class Pressed:
    """Ctrl-C, or SIGTERM."""


Heard = Told | Exception | Pressed
Box = SimpleQueue[Heard]
"""Where everything is heard; a signal handler may put into it at any moment."""


@contextlib.contextmanager
def listening(box: Box) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM put into `box` instead of raising anywhere."""

    def pressed(_number: int, _frame: FrameType | None) -> None:
        box.put(Pressed())

    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        before = [signal.signal(number, pressed) for number in numbers]
    except ValueError:  # not the main thread: a caller that embeds us keeps its own signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Change:
    """One order.

    Args:
        desk: where it is given.
        order: what is wanted; waiting for another change is done here, where it can be given up.
        folder: of the station's state.
        box: where signals are heard, see `listening`.
        view: shows it as it goes on.
        left: message id, what to do once it was left to itself.
    """

    def __init__(
        self, desk: Desk, order: Order, folder: Path, box: Box, view: View, *, left: str = LEFT_REMEDY
    ) -> None:
        self._desk = desk
        self._order = order
        self._folder = folder
        self._box = box
        self._view = view
        self._left = left
        self._asked_off = False
        self._begun = False
        self._steps: list[StepTold] = []

    def run(self, *, wait: bool) -> Ending:
        """Give the order and hear it to its end; with `wait`, as soon as no other change is under way.

        Raises:
            DocStationError: it was refused before it began, left to itself, or its owner went away.
        """
        while True:
            end = self._heard()
            if end.outcome != "busy" or not wait:
                return self._ending(end)
            if self._asked_off:
                raise Interrupted(NOT_BEGUN, remedy=AGAIN)
            self._wait_for_turn()

    def _heard(self) -> EndTold:
        if not self._box.empty():  # until the order is given, only Ctrl-C is heard
            raise Interrupted(NOT_BEGUN, remedy=AGAIN)
        threading.Thread(target=self._give, name="change", daemon=True).start()
        while True:
            match told := self._box.get():
                case Pressed():
                    self._press()
                case OwnerGone():
                    raise NoEngine(GONE, remedy=GONE_REMEDY)
                case Exception():
                    raise told
                case EndTold():
                    return told
                case StepTold():
                    self._step(told)

    def _give(self) -> None:
        try:
            for told in self._desk.change(self._order):
                self._box.put(told)
        except Exception as error:  # carried over to the thread that waits
            self._box.put(error)

    def _step(self, told: StepTold) -> None:
        self._view.step(told)
        if told.moment != "began":
            self._steps.append(told)
        if not self._begun:
            self._begun = True
            if self._asked_off:
                self._call_off()

    def _press(self) -> None:
        """The first time call it off, as soon as it has begun; the second time leave it to itself."""
        if self._asked_off:
            raise Interrupted(LEFT, remedy=self._left)
        self._asked_off = True
        self._view.tell(translate(CALLING_OFF))
        if self._begun:
            self._call_off()

    def _call_off(self) -> None:
        with contextlib.suppress(OwnerGone):  # whoever waits for its words hears of that
            self._desk.cancel()

    def _wait_for_turn(self) -> None:
        """Until no change is under way, or its owner is gone."""
        growth, shown = Growth(self._folder), False
        while (now := state_of(self._folder).transaction) is not None:
            if not shown:
                shown = True
                change = kind_words(now.kind, now.wanted.names)
                self._view.doing(translate(N_("waiting for the end of another change: {change}"), change=change))
            while not growth.seen():
                with contextlib.suppress(Empty):
                    self._box.get(timeout=LOOK_SECONDS)
                    raise Interrupted(NOT_BEGUN, remedy=AGAIN)
                if holder_of(self._folder) is None:
                    return

    def _ending(self, end: EndTold) -> Ending:
        serving = state_of(self._folder).serving.members
        return Ending(self._order.wish, end, tuple(self._steps), self._failed(end), serving)

    def _failed(self, end: EndTold) -> Deployment | None:
        """The deployment that failed going forward, by the journal."""
        if end.cause is None or end.cause is Cause.CANCELLED:
            return None
        names = next((one.models for one in self._steps if one.cause is not None), ())
        wanted = _wanted(self._folder, end.transaction)
        return next((one for one in wanted if not names or one.model in names), None)


def _wanted(folder: Path, transaction: str) -> tuple[Deployment, ...]:
    """What the transaction was to bring up."""
    for record in read_records(folder, notes=False):
        if record.transaction == transaction and record.body.get("event") == Requested.__name__:
            event = event_from_json(record.body)
            if isinstance(event, Requested):
                return event.lineup.members
    return ()
