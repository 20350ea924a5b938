"""Own the station: watch the model that serves, start it anew when it fails, and take orders of the other commands.

python single_model_manager.py [run] [...]     serve in the foreground, with the options of `docstation serve`
python single_model_manager.py COMMAND [...]   status, list, switch, restore, restart, stop, cancel, logs, events
"""

import sys

from model_switcher import hand_over

if __name__ == "__main__":
    hand_over()
    from docstation.cli.models.scripts import single_model_manager

    sys.exit(single_model_manager(sys.argv[1:]))
