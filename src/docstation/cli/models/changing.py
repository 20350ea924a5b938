"""One change of what serves, from the order to the exit code: given, shown as it goes on, and told at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docstation.cli.common import current
from docstation.cli.console import ERROR, FIX, say, show, show_json, styled
from docstation.cli.models.asking import LEFT_ALONE_REMEDY, LEFT_REMEDY, Box, Change, listening
from docstation.cli.models.following import state_of
from docstation.cli.models.outcomes import Ending, ending_json
from docstation.cli.models.views import view
from docstation.errors import Busy, ExitCode
from docstation.messages import N_, translate
from docstation.station.control import DistantDesk
from docstation.station.desk import Order
from docstation.station.words import State

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts

OTHER_CHANGE = N_("Another change is under way.")
WHY = N_("why:")
LOG = N_("log:")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a change is asked for.

    Attributes:
        foreground: whether this process owns the station where nobody does, and leaves no manager behind.
        wait: whether to wait for another change that is under way.
        as_json: whether the outcome is told as one JSON document.
    """

    foreground: bool = False
    wait: bool = False
    as_json: bool = False


def the_parts() -> Parts:
    """The parts of the station by the settings of this call."""
    from docstation.bootstrap.parts import Parts

    call = current()
    return Parts(call.settings().settings.station, call.config)


def carry_out(order: Order, manner: Manner) -> int:
    """Have `order` carried out and tell how it ended; the exit code.

    Raises:
        DocStationError: it was not begun, or was left to itself.
    """
    from docstation.bootstrap import station

    parts = the_parts()
    box, shown = Box(), view()
    try:
        with listening(box), station.desk(parts, manager=not manner.foreground) as desk:
            left = LEFT_REMEDY if isinstance(desk, DistantDesk) else LEFT_ALONE_REMEDY
            ending = Change(desk, order, parts.folder, box, shown, left=left).run(wait=manner.wait)
    finally:
        shown.close()
    if ending.end.outcome == "busy":
        raise busy(state_of(parts.folder))
    tell(ending, as_json=manner.as_json)
    return int(ending.exit_code)


def tell(ending: Ending, *, as_json: bool) -> None:
    """Say how a change ended."""
    if ending.exit_code is not ExitCode.OK:
        _tell_failure(ending)
    elif not as_json:
        show(ending.sentence)
    if as_json:
        show_json(ending_json(ending))


def busy(state: State) -> Busy:
    """The refusal of a change while another is under way, by its name."""
    now = state.transaction
    if now is None or not now.wanted:
        return Busy(OTHER_CHANGE)
    return Busy(model=", ".join(now.wanted.names))


def _tell_failure(ending: Ending) -> None:
    say(f"{styled(translate(ERROR), 'red', bold=True)} {ending.sentence}")
    why = ending.reason
    if why is None:
        return
    say(f"  {translate(WHY)} {why.sentence}")
    for line in ending.evidence:
        say(f"  {translate(LOG)} {line}")
    for line in ending.remarks:
        say(f"  {line}")
    if why.remedy:
        say(f"  {styled(translate(FIX), 'cyan')} {why.remedy}")
