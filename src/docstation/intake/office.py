"""Office files to PDF by a LibreOffice that is installed beside us.

LibreOffice runs in its own process group with a throw-away profile, so that it neither meets the user's own running
one nor outlives its time. What the file says is LibreOffice's matter; we only take the PDF.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from docstation.errors import BrokenFile, Interrupted, MissingDependency, TooLarge
from docstation.intake.limits import Limits
from docstation.intake.sniff import SUFFIXES
from docstation.messages.marking import N_

INSTALL = (
    "sudo apt-get install --no-install-recommends"
    " libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"
)
_PROGRAMS = ("soffice", "libreoffice")
_POLL_SECONDS = 0.1


def find_office() -> str | None:
    """Path of LibreOffice's program, or None where it is not installed."""
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def to_pdf(
    path: Path,
    *,
    media_type: str,
    name: str,
    scratch: Path,
    limits: Limits,
    stop: Callable[[], bool] = lambda: False,
) -> Path:
    """Convert an office file to PDF in `scratch` and return the PDF's path.

    Args:
        path: the office file.
        media_type: one of `sniff.OFFICE_TYPES`.
        name: what to call the file in an error.
        scratch: an existing folder; the PDF stays there.
        limits: `convert_seconds` bounds the conversion.
        stop: asked about every 0.1 s; conversion is broken off when it answers true.

    Raises:
        MissingDependency: LibreOffice is not installed.
        BrokenFile: LibreOffice made nothing of the file.
        TooLarge: it took longer than the limit.
        Interrupted: `stop` answered true.
    """
    program = find_office()
    if program is None:
        raise MissingDependency(name="LibreOffice", command=INSTALL)
    with TemporaryDirectory(prefix="office-", dir=scratch) as folder:
        home = Path(folder)
        source = home / f"document{SUFFIXES[media_type]}"
        shutil.copyfile(path, source)
        _run(_command(program, home, source), home, name, limits.convert_seconds, stop)
        made = home / "out" / "document.pdf"
        if not made.is_file() or made.stat().st_size == 0:
            raise BrokenFile(name=name)
        kept = scratch / f"{home.name}.pdf"
        made.replace(kept)
        return kept


def _command(program: str, home: Path, source: Path) -> list[str]:
    profile = (home / "profile").as_uri()
    flags = ["--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault", "--nofirststartwizard"]
    return [
        program,
        f"-env:UserInstallation={profile}",
        *flags,
        "--convert-to",
        "pdf",
        "--outdir",
        str(home / "out"),
        str(source),
    ]


def _run(command: list[str], home: Path, name: str, seconds: float, stop: Callable[[], bool]) -> None:
    environment = {**os.environ, "HOME": str(home), "SAL_USE_VCLPLUGIN": "svp"}
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )
    try:
        waited = 0.0
        while waited < seconds:
            try:
                process.wait(_POLL_SECONDS)
                return
            except subprocess.TimeoutExpired:
                waited += _POLL_SECONDS
            if stop():
                raise Interrupted
        raise TooLarge(N_("{name} took longer than {seconds} s to convert."), name=name, seconds=round(seconds))
    finally:
        _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End everything that the program started: `soffice` is a script, the work is in its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
