"""The Hugging Face hub as a source of weights: what a repository holds at a commit, and the bytes of its files.

The only module that speaks to the hub. Its library is loaded when something is asked for, never by importing this
module. Nothing here knows where files are kept.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from docstation import __version__
from docstation.models.hub_listing import HubFile, Listing, is_commit, needed

if TYPE_CHECKING:
    from httpx2 import Response
    from huggingface_hub.errors import HfHubHTTPError
    from huggingface_hub.hf_api import ModelInfo

Reason = Literal[
    "weights-missing",
    "weights-corrupt",
    "hub-gated",
    "hub-denied",
    "hub-unreachable",
    "hub-offline",
    "hub-failed",
    "revision-gone",
    "no-weights",
]
"""Why something could not be had: no such repository or a private one, content that is not what was announced, terms
not accepted, no access, no answer, asking forbidden by HF_HUB_OFFLINE, a refusal or nonsense for an answer, a commit
that the hub no longer has, a repository without weights that vLLM loads."""

NAME = "docstation"
_BAD_TOKEN = "Invalid credentials"
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/\d+")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_DETAIL_LENGTH = 300


class Unfetched(Exception):
    """Something could not be had from the hub.

    Attributes:
        reason: a stable slug.
        repository: that it was wanted of.
        detail: the hub's or the library's own words, one line; empty where they add nothing.
        passing: whether the next attempt may well succeed.
    """

    def __init__(self, reason: Reason, repository: str, detail: str = "", *, passing: bool = False) -> None:
        super().__init__(reason, repository, detail)
        self.reason: Reason = reason
        self.repository = repository
        self.detail = _CONTROLS.sub(" ", detail).strip()[:_DETAIL_LENGTH]
        self.passing = passing


class Hub:
    """A hub, asked with the token of the variable HF_TOKEN or of the library's own login.

    Args:
        endpoint: its address; that of the variable HF_ENDPOINT, or else the public one, where empty.
    """

    def __init__(self, endpoint: str = "") -> None:
        self._stated = endpoint.rstrip("/")

    @cached_property
    def endpoint(self) -> str:
        """Its address, without a slash at the end."""
        from huggingface_hub import constants

        stated = self._stated or os.environ.get("HF_ENDPOINT", "").rstrip("/")
        return stated or constants.ENDPOINT

    @cached_property
    def _headers(self) -> dict[str, str]:
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        # What the library would say of its attempts is told in our words, where it matters.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        return build_hf_headers(library_name=NAME, library_version=__version__)

    def listing(self, repository: str, revision: str = "") -> Listing:
        """What a model server needs of `repository` at a commit; at the newest of its main branch where none is given.

        Access is asked for too, so that terms that were not accepted are known before anything is loaded.

        Raises:
            Unfetched: see `Reason`.
        """
        info = self._info(repository, revision)
        files = needed(_files(info, repository))
        if not files:
            raise Unfetched("no-weights", repository)
        listing = Listing(repository, str(info.sha), files)
        if info.gated:
            with _errors(repository):
                self._ask_access(listing)
        return listing

    @contextmanager
    def opened(self, listing: Listing, file: HubFile, offset: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The content of a file from byte `offset` on: where it really begins, which may be 0, and its pieces.

        Raises:
            Unfetched: also while the pieces are read.
        """
        from huggingface_hub import constants, get_session, hf_raise_for_status

        headers = self._headers | {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        url, seconds = self._url(listing, file), constants.HF_HUB_DOWNLOAD_TIMEOUT
        with (
            _errors(listing.repository),
            get_session().stream("GET", url, headers=headers, timeout=seconds, follow_redirects=True) as response,
        ):
            hf_raise_for_status(response)
            yield _first_byte(response), response.iter_bytes()

    def _info(self, repository: str, revision: str) -> ModelInfo:
        from huggingface_hub import HfApi, constants

        api = HfApi(endpoint=self.endpoint, headers=self._headers)
        seconds = constants.HF_HUB_ETAG_TIMEOUT
        try:
            with _errors(repository):
                info = api.model_info(repository, revision=revision or None, files_metadata=True, timeout=seconds)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            # Not the hub's JSON: a proxy, a login page of a network, or a wrong HF_ENDPOINT.
            raise Unfetched("hub-failed", repository, f"{type(error).__name__}: {error}") from error
        if not is_commit(str(info.sha)):
            raise Unfetched("hub-failed", repository, f"no commit: {info.sha}")
        return info

    def _ask_access(self, listing: Listing) -> None:
        from huggingface_hub import get_hf_file_metadata

        get_hf_file_metadata(self._url(listing, listing.files[0]), headers=self._headers)

    def _url(self, listing: Listing, file: HubFile) -> str:
        from huggingface_hub import hf_hub_url

        return hf_hub_url(listing.repository, file.path, revision=listing.revision, endpoint=self.endpoint)


def _files(info: ModelInfo, repository: str) -> Iterator[HubFile]:
    for one in info.siblings or ():
        size = one.lfs.size if one.lfs else one.size
        digest = one.lfs.sha256 if one.lfs else one.blob_id
        if not isinstance(size, int) or not isinstance(digest, str):
            raise Unfetched("hub-failed", repository, f"no size or hash: {one.rfilename}")
        yield HubFile(str(one.rfilename), size, digest)


def _first_byte(response: Response) -> int:
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    return int(found[1]) if response.status_code == 206 and found else 0


@contextmanager
def _errors(repository: str) -> Iterator[None]:
    """Turn what the library raises in the block into `Unfetched`."""
    from httpx2 import HTTPError, InvalidURL
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise Unfetched("hub-gated", repository) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise Unfetched("weights-missing", repository) from error
    except RevisionNotFoundError as error:
        raise Unfetched("revision-gone", repository) from error
    except OfflineModeIsEnabled as error:
        raise Unfetched("hub-offline", repository) from error
    except HfHubHTTPError as error:
        raise _refused(error, repository) from error
    except InvalidURL as error:
        raise Unfetched("hub-failed", repository, str(error)) from error
    except HTTPError as error:
        raise Unfetched("hub-unreachable", repository, str(error), passing=True) from error


def _refused(error: HfHubHTTPError, repository: str) -> Unfetched:
    """An answer that is an error and no telling kind of one."""
    status, words = error.response.status_code, error.server_message or ""
    if status == 401 and _BAD_TOKEN not in words:
        # The hub says the same of a repository that is not there and of one that this user may not see.
        return Unfetched("weights-missing", repository)
    if status in {401, 403}:
        return Unfetched("hub-denied", repository, words)
    return Unfetched("hub-failed", repository, f"HTTP {status} {words}", passing=status in _PASSING)
