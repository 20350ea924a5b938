"""What ``docstation doctor`` looks at: each check answers with a state, what was found, and what to do.

A check never raises and changes nothing but a trial file in the state folder.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from docstation.cli import checks_station
from docstation.cli.checks_station import Finding, State
from docstation.cli.common import current
from docstation.errors import DocStationError
from docstation.messages import N_, explain, translate
from docstation.settings import state_folder

LITTLE_MEMORY = 3 * 10**9
LITTLE_DISK = 10**9


@dataclass(frozen=True, slots=True)
class Check:
    """One finding.

    Attributes:
        name: a stable slug.
        title: message id of what was looked at.
        state: ``ok``, ``missing`` (something will not work) or ``optional`` (a lack that only costs a convenience).
        found: in the active language.
        advice: what to do, empty where nothing is to be done.
    """

    name: str
    title: str
    state: State
    found: str
    advice: str = ""


def all_checks() -> Iterator[Check]:
    """Every check, in the order in which they are shown."""
    checks_station.forget()
    for title, name, look in CHECKS:
        try:
            state, found, advice = look()
        except DocStationError as error:
            state, (found, advice) = "missing", explain(error)
        except Exception as error:  # a broken installation may raise anything, and telling of it is what doctor is for
            state, found, advice = "missing", f"{type(error).__name__}: {error}", translate(REINSTALL)
        yield Check(name, title, state, found, advice)


REINSTALL = N_("Install DocStation anew: make run in its folder.")


def _python() -> Finding:
    return "ok", f"{platform.python_version()}, {platform.system()} {platform.machine()}", ""


def _settings() -> Finding:
    loaded = current().settings()
    files = sorted({origin.place for origin in loaded.origins.values() if origin.kind == "file"})
    return "ok", ", ".join(files) or translate(N_("built-in values, no file")), ""


def _tesseract() -> Finding:
    import tesserocr

    return "ok", tesserocr.tesseract_version().splitlines()[0].strip(), ""


def _languages() -> Finding:
    from docstation.reading.embedded.languages import installed_languages

    found = installed_languages()
    missing = [code for code in current().settings().settings.reading.languages if code not in found]
    if missing:
        packages = " ".join(f"tesseract-ocr-{code.replace('_', '-')}" for code in missing)
        return (
            "missing",
            ", ".join(found),
            translate(N_("Install it with: {command}"), command=f"apt install {packages}"),
        )
    return "ok", ", ".join(found), ""


def _models() -> Finding:
    from docstation.reading.embedded import models

    names = (models.DETECTION, models.LATIN, models.CYRILLIC)
    for name in names:
        models.open_model(models.model_file(name))
    return "ok", ", ".join(names), ""


def _pdf() -> Finding:
    import pypdfium2
    from pypdfium2.version import PDFIUM_INFO

    return "ok", f"PDFium {PDFIUM_INFO}, {pypdfium2.__name__}", ""


def _office() -> Finding:
    from docstation.intake.office import INSTALL, find_office

    found = find_office()
    if found:
        return "ok", found, ""
    return (
        "optional",
        translate(N_("not installed; office files (DOCX, PPTX, XLSX, ODT, ODS, ODP) are not read")),
        translate(N_("Install it with: {command}"), command=INSTALL),
    )


def _heic() -> Finding:
    if find_spec("pi_heif"):
        return "ok", "pi-heif", ""
    return "optional", translate(N_("not installed; HEIC photos are not read")), "pip install pi-heif"


def _machine() -> Finding:
    import psutil

    memory, cores = psutil.virtual_memory(), len(os.sched_getaffinity(0))
    found = translate(
        N_("{cores} cores, {free} GB of {total} GB memory free"),
        cores=cores,
        free=f"{memory.available / 10**9:.1f}",
        total=f"{memory.total / 10**9:.1f}",
    )
    if memory.available < LITTLE_MEMORY:
        return "optional", found, translate(N_("Close other programs, or read with --jobs 1."))
    return "ok", found, ""


def _state() -> Finding:
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".trial-{os.getpid()}"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        return (
            "missing",
            f"{folder}: {error.strerror}",
            translate(N_("Name a folder that you may write to in the variable DOCSTATION_HOME.")),
        )
    return "ok", str(folder), ""


def _disk() -> Finding:
    folder = next(path for path in (state_folder(), *state_folder().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    found = translate(N_("{free} GB free"), free=f"{free / 10**9:.1f}")
    if free < LITTLE_DISK:
        return "missing", found, translate(N_("Free some disk space; `docstation clean` deletes kept pages."))
    return "ok", found, ""


CHECKS: tuple[tuple[str, str, Callable[[], Finding]], ...] = (
    (N_("Python"), "python", _python),
    (N_("settings"), "settings", _settings),
    (N_("Tesseract"), "tesseract", _tesseract),
    (N_("languages"), "languages", _languages),
    (N_("models of the embedded engine"), "models", _models),
    (N_("PDF"), "pdf", _pdf),
    (N_("LibreOffice"), "libreoffice", _office),
    (N_("HEIC photos"), "heic", _heic),
    (N_("machine"), "machine", _machine),
    (N_("state folder"), "state", _state),
    (N_("disk"), "disk", _disk),
    (N_("GPU"), "gpu", checks_station.gpu),
    (N_("Docker"), "docker", checks_station.container_engine),
    (N_("vLLM command"), "vllm", checks_station.vllm),
    (N_("default model"), "default-model", checks_station.models),
    (N_("station"), "station", checks_station.station),
    (N_("host"), "host", checks_station.host),
)
