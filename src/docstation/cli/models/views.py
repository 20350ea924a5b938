"""What a person sees of a change on the standard error: a live line on a terminal, a line a finished step elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from docstation.cli.console import say, styled
from docstation.cli.models.wording import reason, step_end, step_words
from docstation.messages import N_, translate
from docstation.station.telling import StepTold

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

WAY_BACK = N_("Going back to what served before.")


class View(Protocol):
    """Tells of a change as it goes on."""

    def step(self, told: StepTold) -> None:
        """A step began or ended."""

    def doing(self, text: str) -> None:
        """Something goes on that is no step."""

    def tell(self, line: str) -> None:
        """A line that stays."""

    def close(self) -> None:
        """Nothing more comes; a second time does nothing."""


def view() -> View:
    """The view that fits the standard error."""
    return Live() if sys.stderr.isatty() else Lines()


class Lines:
    """A line for each step that ended."""

    def __init__(self) -> None:
        self._back = False

    def step(self, told: StepTold) -> None:
        if told.back and not self._back:
            self._back = True
            self.tell(styled(translate(WAY_BACK), "yellow"))
        if told.moment == "began":
            self.doing(step_words(told.step, told.models))
        else:
            self.tell(step_line(told))

    def doing(self, text: str) -> None:
        pass

    def tell(self, line: str) -> None:
        say(line)

    def close(self) -> None:
        pass


class Live(Lines):
    """Lines of what ended, and below them one that moves: what goes on, and for how long."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = _spinner()
        self._task: TaskID | None = None
        self._progress.start()

    def step(self, told: StepTold) -> None:
        if told.moment != "began":
            self._end_doing()
        super().step(told)

    def doing(self, text: str) -> None:
        self._end_doing()
        self._task = self._progress.add_task(text, total=None)

    def tell(self, line: str) -> None:
        from rich.text import Text

        # Through rich's console, which moves the live line out of the way.
        self._progress.console.print(Text.from_ansi(line), soft_wrap=True)

    def close(self) -> None:
        self._end_doing()
        self._progress.stop()

    def _end_doing(self) -> None:
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


def _spinner() -> Progress:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )


def step_line(told: StepTold) -> str:
    """``✓ dots-ocr: load, 41.3 s``, or why it failed."""
    step = step_words(told.step, told.models)
    if told.cause is None:
        return f"{styled('✓', 'green')} {step_end(step, told.seconds)}"
    why = reason(told.cause, told.detail, model=", ".join(told.models)).sentence
    return f"{styled('✗', 'red')} {step_end(step, told.seconds, told.cause, why)}"
