"""What container engines say when a container cannot be made or started. Part of the diagnosis table."""

from __future__ import annotations

from docstation.station.causes import Cause
from docstation.station.diagnosis.rule import STARTING, Rank, Rule

CONTAINER = (
    Rule(
        Cause.ENGINE_DENIED,
        (
            "permission denied while trying to connect to the Docker",
            "docker.sock: connect: permission denied",
            "server API version … PermissionError",
        ),
    ),
    Rule(
        Cause.ENGINE_DOWN,
        (
            "Cannot connect to the Docker daemon",
            "Error while fetching server API version",
            "Is the docker daemon running",
            "error during connect:",
        ),
    ),
    Rule(
        Cause.ENGINE_UNSUPPORTED,
        ("client version … is too new", "client version … is too old", "Maximum supported API"),
    ),
    Rule(Cause.STOP_TIMEOUT, ("did not receive an exit event",)),
    Rule(
        Cause.NAME_TAKEN,
        ("The container name … is already in use",),
        captures=(
            r'container name "/?(?P<name>[\w.-]+)" is already in use',
            r'by container "?(?P<container>[0-9a-f]{12})',
        ),
    ),
    Rule(
        Cause.DISK_FULL,
        ("failed to register layer … no space left on device", "error creating overlay mount … no space left"),
    ),
    Rule(
        Cause.IMAGE_MISSING,
        ("No such image",),
        captures=(r"No such image: (?P<image>[\w./:@-]*\w)",),
    ),
    Rule(
        Cause.IMAGE_PULL,
        (
            "manifest unknown",
            "manifest for … not found",
            "no matching manifest for",
            "pull access denied",
            "toomanyrequests",
            "failed to resolve reference",
            "error pulling image",
            "failed to register layer",
            'Get "https://…/v2/',
        ),
        captures=(
            r"manifest for (?P<image>[\w./:@-]*\w) not found",
            r"denied for (?P<image>[\w./:@-]*\w)",
            r'reference "(?P<image>[\w./:@-]*\w)"',
        ),
    ),
    Rule(
        Cause.DRIVER_TOO_OLD,
        ("Driver/library version mismatch",),
        fields=(("mismatch", "1"),),
    ),
    Rule(
        Cause.DRIVER_TOO_OLD,
        ("unsatisfied condition: cuda", "unsatisfied condition: driver"),
        captures=(r"unsatisfied condition: cuda ?>= ?(?P<wanted>[\d.]*\d)",),
    ),
    Rule(
        Cause.GPU_NOT_VISIBLE,
        (
            "could not select device driver",
            "Unknown runtime specified nvidia",
            "unknown or invalid runtime name: nvidia",
            "CDI device injection failed",
            "unresolvable CDI devices",
            "nvidia-container-cli: initialization error",
            "nvidia-container-cli: device error",
            "nvidia-container-cli: detection error",
            "libnvidia-ml.so.1: cannot open shared object",
            "nvml error: driver not loaded",
            "no adapters were found",
        ),
    ),
    Rule(
        Cause.START_FAILED,
        (
            "OCI runtime create failed",
            "failed to create task for container",
            "failed to create shim task",
            "exec format error",
            "bind source path does not exist",
            "invalid mount config",
            "Error response from daemon",
        ),
        where=STARTING,
        rank=Rank.SIGN,
    ),
)
