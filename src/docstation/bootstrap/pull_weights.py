"""The weights of models: looked for in the cache, fetched from the hub, checked, and held at their commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from docstation.bootstrap.pull_failures import weights_absent, weights_failure
from docstation.bootstrap.pull_recording import hold
from docstation.bootstrap.pull_results import PullOrder, PullTold, Told, Verified, WeightsPulled
from docstation.errors import DocStationError
from docstation.models.fetching import FetchProgress, fetch
from docstation.models.hub import Hub, Unfetched
from docstation.models.hub_cache import Damage, RepositoryCache, Stock
from docstation.models.hub_listing import Listing, StoredListings
from docstation.models.pins import Pins

LISTINGS = "checkpoints"
"""Folder, within the station's, of what was fetched."""


class WeightsPuller:
    """Fetches weights for one station.

    Args:
        folder: of the station's state.
        cache: folder of downloaded checkpoints.
        hub: where weights come from.
        told: is called with the progress.
    """

    def __init__(self, folder: Path, cache: Path, hub: Hub, told: Told) -> None:
        self._folder = folder
        self._downloads = cache
        self._hub = hub
        self._told = told
        self._pins = Pins(folder)
        self._stored = StoredListings(folder / LISTINGS)

    def look(self, repository: str, model: str, order: PullOrder) -> tuple[WeightsPulled, Stock | None]:
        """What there is of a repository, and what would be fetched."""
        if is_own_folder(repository):
            return WeightsPulled(repository, model, "not-needed", folder=repository), None
        held = self._pins.get("weights", repository)
        found = WeightsPulled(repository, model, "planned", before=held)
        try:
            listing = self._listing(repository, "" if order.upgrade else held)
            cache = self._cache(repository)
            spoilt = self._spoilt(cache, listing) if order.deep else ()
            stock = cache.stock(listing, spoilt)
        except (Unfetched, OSError) as problem:
            return replace(found, state="failed", error=self._failure(problem, model), before=""), None
        return replace(
            found,
            state="planned" if stock.missing else "here",
            revision=listing.revision,
            before=held if held != listing.revision else "",
            files=len(listing.files),
            bytes=listing.bytes,
            missing=stock.missing,
            missing_bytes=stock.missing_bytes,
            folder=str(cache.snapshot(listing.revision)),
        ), stock

    def fetch(self, found: WeightsPulled, stock: Stock, *, newest: bool) -> WeightsPulled:
        """Fetch what a look found missing, and record it.

        Args:
            found: by the look.
            stock: the same.
            newest: whether it is the newest commit, whatever was held before.
        """
        cache = self._cache(found.repository)

        def tell(at: FetchProgress) -> None:
            subject = found.repository
            self._told(PullTold("weights", subject, at.files_done, at.files, at.bytes_done, at.bytes))

        try:
            if stock.missing:
                fetch(self._hub, cache, stock, tell)
            self._hold(found, stock.listing, cache, newest=newest)
        except (Unfetched, OSError) as problem:
            return replace(found, state="failed", error=self._failure(problem, found.model))
        return replace(found, state="fetched" if stock.missing else "here")

    def verify(self, repository: str, model: str, *, deep: bool) -> Verified:
        """Compare the files that are held with what they should be."""
        cache = self._cache(repository)
        revision = self._pins.get("weights", repository) or cache.main()
        if not revision:
            return Verified(repository, model, error=weights_absent(model))
        try:
            listing = self._listing(repository, revision)
            damages = tuple(self._damages(cache, listing, deep=deep))
        except (Unfetched, OSError) as problem:
            return Verified(repository, model, revision, error=self._failure(problem, model))
        folder = str(cache.snapshot(revision))
        return Verified(repository, model, revision, folder, len(listing.files), listing.bytes, damages)

    def _hold(self, found: WeightsPulled, listing: Listing, cache: RepositoryCache, *, newest: bool) -> None:
        """Record what is whole."""
        held = self._pins.get("weights", found.repository)
        if newest or not held or not cache.main():
            cache.set_main(listing.revision)
        self._stored.save(listing)
        hold(self._folder, "weights", found.repository, listing.revision)

    def _listing(self, repository: str, revision: str) -> Listing:
        """The kept one of a commit, which cannot have changed; else the hub's."""
        kept = self._stored.load(repository, revision) if revision else None
        return kept or self._hub.listing(repository, revision)

    def _spoilt(self, cache: RepositoryCache, listing: Listing) -> list[str]:
        return [one.path for one in self._damages(cache, listing, deep=True) if one.kind == "content"]

    def _damages(self, cache: RepositoryCache, listing: Listing, *, deep: bool) -> Iterator[Damage]:
        read = 0

        def tell(size: int) -> None:
            nonlocal read
            read += size
            self._told(PullTold("check", listing.repository, 0, len(listing.files), read, listing.bytes))

        yield from cache.damages(listing, deep=deep, told=tell)

    def _cache(self, repository: str) -> RepositoryCache:
        return RepositoryCache(self._downloads, repository)

    def _failure(self, problem: Unfetched | OSError, model: str) -> DocStationError:
        return weights_failure(problem, model=model, hub=self._downloads, address=self._hub.endpoint)


def is_own_folder(checkpoint: str) -> bool:
    """Whether the weights are a folder of the user's and not a repository."""
    return Path(checkpoint).expanduser().is_dir()
