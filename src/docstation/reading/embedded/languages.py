"""Where Tesseract's language data lies: the vendored Russian and English files, and those that the user installed.

Knows folders and file names only; the engine itself is not loaded here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from docstation.errors import MissingDependency
from docstation.messages.marking import N_

VENDORED = Path(__file__).parent / "data" / "tessdata"
SYSTEM_FOLDERS = (Path("/usr/share/tesseract-ocr/5/tessdata"), Path("/usr/share/tessdata"))
SUFFIX = ".traineddata"


def installed_languages() -> tuple[str, ...]:
    """Codes of all languages whose data is at hand, sorted."""
    return tuple(sorted({path.stem for folder in _folders() for path in folder.glob(f"*{SUFFIX}")} - {"osd"}))


def data_folder(languages: Sequence[str]) -> Path:
    """A folder that holds the data of all `languages`; Tesseract reads from one folder only.

    Where no single folder has them all, a temporary one with links to the files is made; it is left to the system's
    own clean-up, because the engine may read from it at any time until the process ends.

    Raises:
        MissingDependency: for a language that is not installed.
    """
    files = [language_file(code) for code in languages]
    parents = {file.parent for file in files}
    if len(parents) == 1:
        return parents.pop()
    folder = Path(tempfile.mkdtemp(prefix="docstation-tessdata-"))
    for file in files:
        (folder / file.name).symlink_to(file.resolve())
    return folder


def language_file(code: str) -> Path:
    """The data file of one language; a file of the user's own comes before the vendored one.

    Raises:
        MissingDependency: when there is none.
    """
    for folder in _folders():
        file = folder / f"{code}{SUFFIX}"
        if file.is_file() and Path(code).name == code:
            return file
    raise MissingDependency(
        N_("Recognition data for the language {language} is not installed."),
        language=code,
        name=f"tesseract-ocr-{code}",
        command=f"apt install tesseract-ocr-{code.replace('_', '-')}",
    )


def _folders() -> Iterator[Path]:
    prefix = os.environ.get("TESSDATA_PREFIX")
    if prefix:
        yield Path(prefix)
        yield Path(prefix) / "tessdata"
    yield VENDORED
    yield from SYSTEM_FOLDERS
