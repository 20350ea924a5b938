"""Names of result files: one stem for each file read, so that no two results and no input are ever overwritten.

Stems are given out in the order in which files are found, so the same command gives the same names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from docstation.export import FORMATS

# Names that Windows keeps for devices, and letters that no file system of ours should meet in a name.
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)$")
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*\ud800-\udfff]+')
_LONGEST = 180
_READABLE = frozenset({".pdf", ".docx", ".xlsx"})


@dataclass(slots=True)
class Names:
    """Gives each file read the stem of its results.

    Attributes:
        folder: where results go.
        formats: that will be written.
        specs: what the user asked to read; nothing among it is overwritten.
    """

    folder: Path
    formats: Sequence[str]
    specs: Sequence[str] = ()
    _taken: list[str] = field(default_factory=list)

    def stem(self, name: str) -> str:
        """The stem for the results of the file shown as `name`: its own, or ``.2``, ``.3``… where that is taken."""
        own = clean_stem(PurePath(name).stem)
        number, stem = 1, own
        while self._clashes(stem):
            number += 1
            stem = f"{own}.{number}"
        self._taken.append(stem)
        return stem

    def _clashes(self, stem: str) -> bool:
        return any(_collide(stem, other) for other in self._taken) or any(
            self._is_input(self.folder / f"{stem}{suffix}") for suffix in self._suffixes() if suffix in _READABLE
        )

    def _suffixes(self) -> Iterable[str]:
        return (FORMATS[name].suffix for name in self.formats)

    def _is_input(self, path: Path) -> bool:
        if not path.exists():
            return False
        real = path.resolve()
        return any(_names(spec, real) for spec in self.specs if spec != "-")


def clean_stem(stem: str) -> str:
    """`stem` as every file system takes it; never empty, never hidden."""
    stem = _FORBIDDEN.sub("_", stem).strip(" .") or "document"
    encoded = stem.encode()[:_LONGEST].decode(errors="ignore").rstrip(" .")
    return f"_{encoded}" if _RESERVED.match(encoded) else encoded


def _collide(one: str, other: str) -> bool:
    """Whether the files of two stems could be the same: equal but for case, or one a numbered table of the other."""
    one, other = one.casefold(), other.casefold()
    return one == other or _numbered(one, other) or _numbered(other, one)


def _numbered(longer: str, shorter: str) -> bool:
    rest = longer.removeprefix(shorter)
    return rest != longer and re.fullmatch(r"-\d+|-pictures|\.docling", rest) is not None


def _names(spec: str, real: Path) -> bool:
    path = Path(spec)
    if path.is_dir():
        return real.is_relative_to(path.resolve())
    return path.resolve() == real or (not path.exists() and real.match(spec))
