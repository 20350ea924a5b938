"""Bugs at the door: an exception that nobody meant becomes a report file and a sentence that names it.

Reports hold the traceback's places and the versions, never a document's content: messages of foreign exceptions and
values of variables stay out, since they may quote what was read.
"""

from __future__ import annotations

import contextlib
import platform
import sys
import time
import traceback
from importlib import metadata
from pathlib import Path

from docstation import __version__
from docstation.errors import DocStationError
from docstation.messages import N_

REPORTS = "reports"
PACKAGES = ("click", "numpy", "onnxruntime", "opencv-contrib-python-headless", "pikepdf", "pypdfium2", "tesserocr")


def unexpected(error: BaseException) -> DocStationError:
    """The error to show for a bug, after its report was written where that is possible."""
    if isinstance(error, DocStationError) and type(error) is not DocStationError:
        return error
    try:
        path = write_report(error)
    except OSError:
        place = traceback.extract_tb(error.__traceback__)[-1:]
        where = f"{type(error).__name__}, {place[0].name}:{place[0].lineno}" if place else type(error).__name__
        return DocStationError(remedy=N_("Please report it ({where}); nothing that was finished is lost."), where=where)
    return DocStationError(
        remedy=N_("Please report it with the file {report}; nothing that was finished is lost."), report=str(path)
    )


def write_report(error: BaseException) -> Path:
    """Write what is needed to find the bug below the state folder; the path."""
    from docstation.settings.folders import state_folder

    folder = state_folder() / REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{time.time_ns() % 10**6:06}.txt"
    path.write_text(report(error), encoding="utf-8")
    return path


def report(error: BaseException) -> str:
    """The text of a report: versions, then places and kinds of the exceptions, innermost last."""
    lines = [
        f"docstation {__version__}",
        f"python {platform.python_version()} {platform.system()} {platform.machine()}",
        *(f"{name} {version}" for name in PACKAGES if (version := _version(name))),
        f"command {sys.argv[1] if len(sys.argv) > 1 and sys.argv[1].isalpha() else '-'}",
        "",
    ]
    for one in _chain(error):
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in _frames(one)]
        lines.append(f"{type(one).__module__}.{type(one).__qualname__}")
    return "\n".join(lines) + "\n"


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _chain(error: BaseException) -> list[BaseException]:
    chain, seen = [error], {id(error)}
    while (before := chain[-1].__cause__ or chain[-1].__context__) is not None and id(before) not in seen:
        chain.append(before)
        seen.add(id(before))
    return chain[::-1]


def _version(package: str) -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version(package)
    return ""
