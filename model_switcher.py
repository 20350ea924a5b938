"""Change the model that serves; what `docstation models` does, for people who type the file's name.

python model_switcher.py                     what serves now
python model_switcher.py MODEL [MODEL...]    switch, with the options of `docstation models switch`
python model_switcher.py COMMAND [...]       status, list, restore, restart, stop, cancel, logs, events, manage
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().with_name(".venv")
NOT_SET_UP = (
    "DocStation is not set up yet: say `make run` in {folder} first.\n"
    "DocStation ещё не установлена: сначала выполните `make run` в {folder}.\n"
)
MISSING = 5


def hand_over() -> None:
    """Where this Python does not have DocStation, go on in the one that `make run` sets up; all scripts here do so."""
    if find_spec("docstation") and find_spec("click"):
        return
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists() or Path(sys.prefix) == ENVIRONMENT:
        sys.stderr.write(NOT_SET_UP.format(folder=ENVIRONMENT.parent))
        sys.exit(MISSING)
    os.execv(python, [str(python), *sys.argv])


if __name__ == "__main__":
    hand_over()
    from docstation.cli.models.scripts import model_switcher

    sys.exit(model_switcher(sys.argv[1:]))
