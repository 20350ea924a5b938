"""Ways to inject faults: what is done to the ground before a change or in the midst of it; all is undone afterwards."""

from __future__ import annotations

import json
import socket
import threading
from functools import partial

from driver_contract import eventually, free_port
from log_corpus import labelled_logs
from matrix import Hook
from proving_ground import Ground

from docstation.station.causes import Cause, Fault
from docstation.station.drivers.container import ContainerDriver
from docstation.station.drivers.process import ProcessDriver
from docstation.station.signs import under_way

LOGS = {log.name: log for log in labelled_logs()}
MORE_THAN_ANY_DISK = 10**18


def all_of(*hooks: Hook) -> Hook:
    """One after the other."""

    def do(ground: Ground) -> None:
        for hook in hooks:
            hook(ground)

    return do


# What is wanted.


def words_of(log: str) -> dict[str, object]:
    """Knobs of a server that says the words of a real log at once and ends as that one did."""
    found = LOGS[log]
    return {"exit_at": "config", "exit_text": "\n".join(found.lines), "exit_code": int(found.labels.get("exit") or 1)}


def wanting(**options: object) -> Hook:
    """Another qwen is wanted than usually."""
    return lambda ground: ground.want("qwen", **options)


def dying_with(log: str, *, at: str = "/v1/chat/completions") -> Hook:
    """Its engine dies of the first request for a path, with the words of a log."""
    words = "\n".join(LOGS[log].lines)
    return wanting(variables={"SERVER_IS": "dying", "DYING_AT": at, "DYING_WORDS": words})


def without_weights(ground: Ground) -> None:
    """Its folder is not there."""
    ground.want("qwen", weights=str(ground.folder / "no-weights"))


def with_half_the_weights(ground: Ground) -> None:
    """A file that the index names is not there."""
    folder = ground.folder / "half-weights"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-2.safetensors"}}))
    ground.want("qwen", weights=str(folder))


def on_a_port_of_its_own(ground: Ground) -> None:
    """It does not take over the port of dots."""
    ground.want("qwen", port=free_port())


# Who is in the way.


def somebody_on_its_port(ground: Ground) -> None:
    """A stranger listens where it is to serve."""
    stranger = socket.socket()
    stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    stranger.bind(("127.0.0.1", ground.names.known["qwen"].port))
    stranger.listen()
    ground.later(stranger.close)


def others_hold(amount: int) -> Hook:
    """Others hold so many bytes of the card."""

    def take(ground: Ground) -> None:
        ground.gpu.others(amount)
        ground.later(lambda: ground.gpu.others(0))

    return take


def leak(ground: Ground) -> None:
    """What ends from now on gives no memory back."""
    ground.gpu.leaking = True
    ground.later(lambda: mend_the_leak(ground))


def mend_the_leak(ground: Ground) -> None:
    """All that ended gives its memory back."""
    ground.gpu.leaking = False


def mend_the_leak_late(ground: Ground) -> None:
    """It does so half a second later."""
    timer = threading.Timer(0.5, mend_the_leak, [ground])
    timer.start()
    ground.later(timer.join)


def full_disk(ground: Ground) -> None:
    """More room is asked for than there is."""
    ground.replace_driver("process", ProcessDriver(ground.folder / "processes", free_bytes=MORE_THAN_ANY_DISK))


def engine_gone(ground: Ground) -> None:
    """Nobody is behind the engine's socket."""
    import docker

    def connect() -> docker.APIClient:
        return docker.APIClient(f"unix://{ground.folder}/gone.sock", version="auto", timeout=1)

    folder = ground.folder
    driver = ContainerDriver(connect, station="s", logs=folder / "logs", caches=folder / "caches", gpu=False)
    ground.replace_driver("container", driver)
    ground.want("qwen", driver="container", image="scripted:1")


# Patience and its absence.


def patience(**seconds: float) -> Hook:
    """Bounds of the steps, see `Patience`."""

    def change(ground: Ground) -> None:
        for name, value in seconds.items():
            ground.later(partial(setattr, ground.patience, name, getattr(ground.patience, name)))
            setattr(ground.patience, name, value)

    return change


def haste(*, load: float = 0.0, canary: float = 0.0) -> Hook:
    """The station waits no longer than this for qwen, and as long as usual for dots."""

    def shorten(ground: Ground) -> None:
        if load:
            ground.probes.load_seconds["qwen"] = load
        if canary:
            ground.probes.canary_seconds["qwen"] = canary
        ground.later(ground.probes.load_seconds.clear)
        ground.later(ground.probes.canary_seconds.clear)

    return shorten


def cancel(ground: Ground) -> None:
    """Whoever asked wants it no more."""
    ground.desk.cancel()


# What happens to servers, and to us.


def kill(model: str) -> Hook:
    """kill -9 of its main process."""
    return lambda ground: ground.kill(model)


def control(model: str, **knobs: object) -> Hook:
    """Knobs of a server that runs."""
    return lambda ground: ground.control(model, **knobs)


def busy_old_one(ground: Ground) -> None:
    """Dots has a request to answer, and answers it whatever happens."""
    ground.control("dots", first_seconds=1.0)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(ground.ask("dots")))
    thread.start()
    eventually(lambda: under_way(ground.names.known["dots"]))

    def check() -> None:
        thread.join()
        assert answers == [200]
        ground.control("dots", first_seconds=0.0)

    ground.later(check)


def old_one(**knobs: object) -> Hook:
    """Another dots serves than usually."""

    def serve(ground: Ground) -> None:
        ground.want("dots", **knobs)
        ground.change("dots")
        ground.later(lambda: ground.want("dots"))

    return serve


def bug_in_the_canary(ground: Ground) -> None:
    """A step ends with an exception that nobody thought of."""

    def read(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    before = ground.probes.canary
    ground.probes.canary = lambda one, **more: read() if one.model == "qwen" else before(one, **more)
    ground.later(lambda: delattr(ground.probes, "canary"))


def immortal(ground: Ground) -> None:
    """What serves outlives even the kill."""

    class Powerless(ProcessDriver):
        def stop(self, name: str, *, grace: float) -> None:
            raise Fault(Cause.STOP_TIMEOUT, name)

    ground.replace_driver("process", Powerless(ground.folder / "processes", free_bytes=0))


def next_starts(model: str, **knobs: object) -> Hook:
    """Every further start of this model has these knobs, whatever its deployment says."""
    lines = "".join(f"export MODEL_SERVER_{name.upper()}='{value}'; " for name, value in knobs.items())

    def write(ground: Ground) -> None:
        file = ground.folder / "knobs"
        file.write_text(f'case "$*" in *scripted/{model}*) {lines};; esac\n')
        ground.later(lambda: file.unlink(missing_ok=True))

    return write
