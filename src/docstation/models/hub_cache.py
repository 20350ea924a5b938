"""One repository's folder in the Hugging Face cache: what of a listing lies there whole, in part, or damaged.

The layout is the one that the hub's library documents: contents under ``blobs`` by their hash, what is half loaded
beside them as ``.incomplete``, and for each commit a folder of links under ``snapshots``. Servers and other programs
read the same folder at the same time, so nothing is ever changed in place.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docstation.models.hub_listing import HubFile, Listing, is_commit

BLOCK = 1 << 20
MAIN = "main"
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class Stock:
    """What there is of a listing.

    Attributes:
        listing: that was looked for.
        missing: files that are not in their places, or not as they should be.
        kept: bytes of the missing files that need not be loaded again, by path.
        distrusted: paths of files whose content was found to be wrong.
    """

    listing: Listing
    missing: tuple[HubFile, ...]
    kept: dict[str, int]
    distrusted: frozenset[str] = frozenset()

    @property
    def missing_bytes(self) -> int:
        """What has to be loaded."""
        return sum(one.size for one in self.missing) - sum(self.kept.values())


@dataclass(frozen=True, slots=True)
class Damage:
    """A file that is not as it should be.

    Attributes:
        path: within the repository.
        kind: ``missing``, ``size`` or ``content``.
        size: that it should have, in bytes.
        found: that it has.
    """

    path: str
    kind: Literal["missing", "size", "content"]
    size: int
    found: int = 0


class RepositoryCache:
    """The folder of one repository.

    Args:
        hub: the cache, laid out as ``HF_HUB_CACHE``.
        repository: as the hub names it.
    """

    def __init__(self, hub: Path, repository: str) -> None:
        name = f"models--{repository.replace('/', '--')}"
        self.folder = hub / name
        self._locks = hub / ".locks" / name

    def snapshot(self, revision: str) -> Path:
        """The folder of a commit's files; it need not exist."""
        return self.folder / "snapshots" / revision

    def blob(self, file: HubFile) -> Path:
        """Where its content lies once it is whole."""
        return self.folder / "blobs" / file.digest

    def part(self, file: HubFile) -> Path:
        """Where its content grows."""
        return self.folder / "blobs" / f"{file.digest}.incomplete"

    def main(self) -> str:
        """The commit that its main branch had when it was last looked up; empty where it never was."""
        try:
            commit = (self.folder / "refs" / MAIN).read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""
        return commit if is_commit(commit) else ""

    def set_main(self, revision: str) -> None:
        """Note the commit of its main branch, by which programs find the files that were given no commit."""
        path = self.folder / "refs" / MAIN
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{MAIN}.{os.getpid()}.part")
        part.write_text(revision, encoding="ascii")
        part.replace(path)

    def stock(self, listing: Listing, distrusted: Collection[str] = ()) -> Stock:
        """What there is of `listing`, by the sizes of files; those named in `distrusted` count as not there."""
        missing = tuple(
            one
            for one in listing.files
            if one.path in distrusted or size_of(self.snapshot(listing.revision) / one.path) != one.size
        )
        kept = {one.path: 0 if one.path in distrusted else self._kept(one) for one in missing}
        return Stock(listing, missing, kept, frozenset(distrusted))

    def _kept(self, file: HubFile) -> int:
        if size_of(self.blob(file)) == file.size:
            return file.size
        half = size_of(self.part(file)) or 0
        return half if half <= file.size else 0

    def damages(
        self, listing: Listing, *, deep: bool = False, told: Callable[[int], None] = lambda _bytes: None
    ) -> Iterator[Damage]:
        """What is wrong with the files of `listing`.

        Args:
            listing: what should be there.
            deep: whether contents are read and compared with their hashes, too.
            told: is called with the size of each piece that was read.
        """
        for file in listing.files:
            path = self.snapshot(listing.revision) / file.path
            found = size_of(path)
            if found is None:
                yield Damage(file.path, "missing", file.size)
            elif found != file.size:
                yield Damage(file.path, "size", file.size, found)
            elif deep and _digest(path, file, told) != file.digest:
                yield Damage(file.path, "content", file.size, found)

    @contextmanager
    def locked(self, file: HubFile) -> Iterator[None]:
        """Hold the lock that the hub's library takes for this content, waiting while another program loads it."""
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

        self._locks.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(self._locks / f"{file.digest}.lock"):
            yield

    def place(self, listing: Listing, file: HubFile, *, last: bool = True) -> None:
        """Give the whole content its place in the folder of the commit; `last` where no other file has the same."""
        place, blob = self.snapshot(listing.revision) / file.path, self.blob(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        try:
            part.symlink_to(os.path.relpath(blob, place.parent))
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Disks for exchange know no links; there the content itself lies in the folder.
            blob.replace(part) if last else shutil.copyfile(blob, part)
        part.replace(place)

    def forget(self, file: HubFile) -> None:
        """Drop a content that is not what its name says; a program that has it open keeps it."""
        self.blob(file).unlink(missing_ok=True)
        self.part(file).unlink(missing_ok=True)


def size_of(path: Path) -> int | None:
    """In bytes; None where there is no file, or a link that leads to none."""
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _digest(path: Path, file: HubFile, told: Callable[[int], None]) -> str:
    """The hash of what lies at `path`; empty where it cannot be read."""
    hasher = file.hasher()
    try:
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                hasher.update(block)
                told(len(block))
    except OSError:
        return ""
    return hasher.hexdigest()
