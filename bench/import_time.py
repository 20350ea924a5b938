"""How long the package takes to import and the command to print its help; best and median of fresh processes."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from statistics import median

from ocr_head import head, row

_COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import docstation": ["-c", "import docstation"],
    "docstation --help": ["-c", "import sys; from docstation.cli.main import main; sys.exit(main(['--help']))"],
}


def once(arguments: list[str]) -> float:
    """Seconds of one fresh process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a row for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    head("Import time")
    row("what", "best, s", "median, s")
    row("---", "---", "---")
    for name, arguments in _COMMANDS.items():
        once(arguments)
        times = [once(arguments) for _ in range(rounds)]
        row(name, f"{min(times):.3f}", f"{median(times):.3f}")


if __name__ == "__main__":
    main()
