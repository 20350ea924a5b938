"""Keeps one gateway running: starts it, starts it again when it ends, and takes over one that outlived its service."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

from docstation.bootstrap.port_holder import is_other_than, taken
from docstation.errors import UsageError
from docstation.messages.marking import N_
from docstation.service.link import GatewayLink

GATEWAY = "docstation.service.gateway"
RESTART_DELAY = 1.0
"""Seconds before a gateway that ended is started again."""
ADOPTION = 5.0
"""Seconds in which a gateway that holds the port has to speak to us."""
END = 10.0
"""Seconds that a gateway gets to end."""


class GatewayKeeper:
    """The gateway, running until it is closed.

    Args:
        words: its command line.
        log: file that its output goes to.
        link: by which it speaks to us.
    """

    def __init__(self, words: list[str], log: Path, link: GatewayLink) -> None:
        self._words = words
        self._log = log
        self._link = link
        self._closing = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._adopted = 0
        self._thread = threading.Thread(target=self._keep, name="gateway", daemon=True)

    def start(self, host: str, port: int) -> None:
        """Start it, or take over the one that holds the port, and keep it running.

        Raises:
            UsageError: somebody else holds the port.
        """
        problem = why_taken(host, port)
        if problem:
            strange = is_other_than(port, GATEWAY)
            if strange or not self._link.wait_for(lambda _news: self._link.pid != 0, ADOPTION):
                if refusal := taken(host, port):
                    raise refusal
                remedy = N_("End what listens there, or choose another with --port.")
                raise UsageError(NOT_FREE, host=host, port=port, problem=problem, remedy=remedy)
            self._adopted = self._link.pid
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._thread.start()

    def close(self) -> None:
        """End it in order, and start it no more."""
        self._closing.set()
        self._signal(signal.SIGTERM)
        self._thread.join(END)
        if self._thread.is_alive():
            self._signal(signal.SIGKILL)
            self._thread.join(END)

    def _signal(self, number: int) -> None:
        pid = self._adopted or (self._process.pid if self._process is not None else 0)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _keep(self) -> None:
        if self._adopted:
            self._link.wait_for(lambda _news: self._link.pid != self._adopted, threading.TIMEOUT_MAX)
            self._adopted = 0
            self._closing.wait(RESTART_DELAY)
        while not self._closing.is_set():
            with self._log.open("ab") as stream:
                self._process = subprocess.Popen(
                    self._words, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
                )
            self._process.wait()
            self._closing.wait(RESTART_DELAY)


NOT_FREE = N_("{host}:{port} cannot be listened on: {problem}")


def why_taken(host: str, port: int) -> str:
    """Why an address cannot be listened on, in the system's words; empty where it can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
