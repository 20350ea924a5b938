"""GPU memory at a glance: the card, what serves on it, and the plan of the default model.

python vllm_memory_manager.py                     the card now and the plan of the models of the settings
python vllm_memory_manager.py plan MODEL [...]    what `docstation plan` does, with the same options
"""

from __future__ import annotations

import sys

from docstation.cli.main import main

if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(given if given[:1] == ["plan"] else ["plan", "--card", *given]))
