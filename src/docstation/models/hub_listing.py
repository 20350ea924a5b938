"""Files of a repository at one commit, and which of them a model server needs; pure, and kept as JSON once fetched.

Names, sizes and hashes come from the hub and count as untrusted: what could lead out of a folder is not taken.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\\\]")

_SMALL = (".json", ".py", ".jinja", ".txt", ".model", ".tiktoken", ".vocab", ".spm")
"""Configuration, tokenizer, templates, and the checkpoint's own code."""
_WEIGHTS = (".safetensors",)
_OLDER_WEIGHTS = ((".bin",), (".pt", ".pth"))
_OF_TRAINING = frozenset({"training_args.bin", "optimizer.bin", "scheduler.bin", "optimizer.pt", "scheduler.pt"})


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository.

    Attributes:
        path: within the repository, with slashes.
        size: in bytes.
        digest: by which the cache names it: the SHA-256 of a large file (64 digits), else its Git object id (40).
    """

    path: str
    size: int
    digest: str

    def hasher(self) -> hashlib._Hash:
        """What gives `digest` once it was fed the whole content."""
        if len(self.digest) == 64:
            return hashlib.sha256()
        return hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is needed of a repository.

    Attributes:
        repository: as the hub names it.
        revision: the commit, 40 hexadecimal digits.
        files: sorted by path.
    """

    repository: str
    revision: str
    files: tuple[HubFile, ...]

    @property
    def bytes(self) -> int:
        """Of all files."""
        return sum(one.size for one in self.files)


def is_commit(revision: str) -> bool:
    """Whether it is a whole commit, which never changes, and not a branch or a tag."""
    return _COMMIT.fullmatch(revision) is not None


def is_sound(file: HubFile) -> bool:
    """Whether it may be given a place in a folder: a plain relative path, and a size and digest that can be."""
    path = PurePosixPath(file.path)
    plain = str(path) == file.path and not path.is_absolute() and ".." not in path.parts and path.name != ""
    return plain and not _CONTROLS.search(file.path) and file.size >= 0 and _DIGEST.fullmatch(file.digest) is not None


def needed(files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """The files that a model server reads, sorted by path; empty where the repository has no weights for it.

    Weights are taken once: as safetensors where there are any, from the top folder where there are any there.
    """
    sound = [one for one in files if is_sound(one)]
    weights = _weights(sound)
    if not weights:
        return ()
    small = [one for one in sound if one.path.endswith(_SMALL)]
    return tuple(sorted([*small, *weights], key=lambda one: one.path))


def _weights(files: Iterable[HubFile]) -> list[HubFile]:
    kept = [one for one in files if PurePosixPath(one.path).name not in _OF_TRAINING]
    for forms in (_WEIGHTS, *_OLDER_WEIGHTS):
        found = [one for one in kept if one.path.endswith(forms)]
        top = [one for one in found if "/" not in one.path]
        # Some makers add the same tensors once more under their own names.
        usual = [one for one in top if not one.path.startswith("consolidated")]
        if found:
            return usual or top or found
    return []


class StoredListings:
    """Listings of what was fetched whole, so that it can be checked without a network.

    Args:
        folder: that keeps them; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, repository: str, revision: str) -> Listing | None:
        """The listing of a commit; None where it was not kept, or cannot be read."""
        try:
            table = json.loads(self._path(repository, revision).read_bytes())
            files = tuple(HubFile(str(one["path"]), int(one["size"]), str(one["digest"])) for one in table["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Listing(repository, revision, files) if files and all(map(is_sound, files)) else None

    def save(self, listing: Listing) -> None:
        """Keep a listing; OSError where the folder cannot be written."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(listing.repository, listing.revision)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            part.write_text(json.dumps(asdict(listing), indent=1) + "\n", encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _path(self, repository: str, revision: str) -> Path:
        return self._folder / f"{repository.replace('/', '--')}@{revision}.json"
