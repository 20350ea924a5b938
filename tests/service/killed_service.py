"""Starts ``docstation serve`` again and again, in processes that have loaded everything before they begin.

``python killed_service.py``: each line of standard input starts a service as the environment says, and its process id
is printed. Whoever asked for it kills it. Loading the same modules fifty times would be most of a test's time.
"""

from __future__ import annotations

import os
import sys

import docstation.bootstrap.reader
import docstation.cli.main
import docstation.cli.serve
import docstation.service.app
import docstation.service.documents
import docstation.service.serving


def main() -> None:
    started = 0
    for _ in sys.stdin:
        if started:
            os.waitpid(started, 0)
        started = os.fork()
        if not started:
            os.setsid()
            os._exit(docstation.cli.main.main(["serve", "--idle"]))
        print(started, flush=True)


if __name__ == "__main__":
    main()
