"""What ``docstation doctor`` finds on this machine, as a report to be copied. It runs in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from docstation.errors import DocStationError
from docstation.messages import active
from docstation.messages.marking import N_

COMMAND = (sys.executable, "-m", "docstation", "doctor", "--report", "-", "--format", "md", "--no-canary")
SECONDS = 120.0
FAILED = N_("The report could not be made: {reason}")


def report() -> str:
    """The report in Markdown, in the active language; takes some seconds. No model is asked.

    Raises:
        DocStationError: it could not be made.
    """
    environment = {**os.environ, "DOCSTATION_UI_LANGUAGE": active(), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            COMMAND,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DocStationError(FAILED, reason=type(error).__name__) from error
    # What is found missing or broken ends it with a code of its own, and is in the report.
    if not done.stdout.strip():
        raise DocStationError(FAILED, reason=" ".join(done.stderr.split()[-40:]) or str(done.returncode))
    return done.stdout
