"""Whether the weights of a deployment are on this machine, whole; a container gets no network name to load them by."""

from __future__ import annotations

import json
from pathlib import Path

from docstation.station.causes import Cause, Fault
from docstation.station.deployment import Deployment

_INDEX = "model.safetensors.index.json"
_FORMS = ("*.safetensors", "*.bin", "*.pt")


def check_weights(deployment: Deployment, hub: Path) -> None:
    """Check that the checkpoint's configuration and all its weight files are in its folder, or in `hub`.

    Raises:
        Fault: ``WEIGHTS_MISSING``; a download that was broken off counts as missing.
    """
    folder = checkpoint_folder(deployment) or _snapshot(deployment, hub)
    if folder is None or not (folder / "config.json").is_file():
        raise Fault(Cause.WEIGHTS_MISSING, deployment.checkpoint)
    missing = _missing_shard(folder)
    if missing:
        raise Fault(Cause.WEIGHTS_MISSING, f"{deployment.checkpoint}: {missing}")


def _snapshot(deployment: Deployment, hub: Path) -> Path | None:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(
            deployment.checkpoint, "config.json", cache_dir=hub, revision=deployment.revision or None
        )
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _missing_shard(folder: Path) -> str:
    """A weight file that is not there, by the index where the weights are in several; empty where all are."""
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        shards = sorted({str(name) for name in index["weight_map"].values()})
    except FileNotFoundError:
        return "" if any(next(folder.glob(form), None) for form in _FORMS) else _FORMS[0]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _INDEX
    return next((name for name in shards if not (folder / name).is_file()), "")


def checkpoint_folder(deployment: Deployment) -> Path | None:
    """The folder of the weights, where the checkpoint is one and not the name of a repository."""
    path = Path(deployment.checkpoint)
    return path if path.is_absolute() else None
