"""The promises about what stands ready: a start without a network, the embedded engine, and the machine itself."""

from __future__ import annotations

from collections.abc import Iterable

from docstation.messages.marking import N_
from docstation.station.canary import ENOUGH
from docstation.station.host import LITTLE_SHARED
from docstation.station.promises.findings import Doubts, Finding, Look, Promise
from docstation.station.promises.seen import BundleSeen, EngineSeen, Observations, Said, Trouble

PIN_MEMORY = "VLLM_WSL2_ENABLE_PIN_MEMORY"


# Without a network.


def offline_start(seen: Observations) -> Finding:
    """Weights and image are here, and what they are is recorded."""
    looks = tuple(_bundle_look(one, seen.listed.engine) for one in seen.bundles)
    ours = [one for one in seen.bundles if one.deployment.driver in {"container", "process"}]
    doubts = sum((_doubts_of_bundle(one, seen.listed.engine) for one in ours), Doubts())
    if seen.bundles_trouble is not None:
        doubts += Doubts.that_hide(seen.bundles_trouble)
    elif not ours:
        doubts += Doubts(unseen=(Said(NOTHING_OF_OURS),))
    return doubts.finding(Promise.OFFLINE_START, looks)


NOTHING_OF_OURS = N_("No model is started here.")
NO_REVISION = N_("No revision of the weights of {model} is recorded.")
NO_DIGEST = N_("No digest of the image of {model} is recorded.")
PULL = N_("Fetch and record it with `docstation pull {model}`.")


WEIGHTS_SOUGHT = N_("Looked for the weights of {model} on this machine.")
BOTH_SOUGHT = N_("Looked for the weights and the image of {model} on this machine.")


def _bundle_look(one: BundleSeen, engine: EngineSeen) -> Look:
    deployment = one.deployment
    trouble = one.weights_trouble or one.image_trouble
    imaged = deployment.driver == "container" and _answered(engine)
    return Look.of(
        Said.of(BOTH_SOUGHT if imaged else WEIGHTS_SOUGHT, model=deployment.model),
        role=one.role,
        kind=deployment.driver,
        checkpoint=deployment.checkpoint or None,
        weights=one.weights or "-",
        own_folder=one.own_folder or None,
        revision=deployment.revision or None,
        image=deployment.image or None,
        image_here=one.image or "-" if imaged else None,
        digest=deployment.digest or None,
        words=trouble.words or None if trouble else None,
    )


def _doubts_of_bundle(one: BundleSeen, engine: EngineSeen) -> Doubts:
    model = one.deployment.model
    pull = Said.of(PULL, model=model)
    doubts = Doubts.that_break(one.weights_trouble) if one.weights_trouble else Doubts()
    if not one.own_folder and not one.deployment.revision:
        doubts += Doubts.that_break(Trouble(Said.of(NO_REVISION, model=model), pull))
    if one.deployment.driver != "container":
        return doubts
    if not _answered(engine) and engine.trouble is not None:
        doubts += Doubts.that_hide(engine.trouble)
    elif one.image_trouble is not None:
        doubts += Doubts.that_break(one.image_trouble)
    if not one.deployment.digest:
        doubts += Doubts.that_break(Trouble(Said.of(NO_DIGEST, model=model), pull))
    return doubts


def _answered(engine: EngineSeen) -> bool:
    return engine.state in {"answers", "unsupported"}


# The embedded engine.


def embedded(seen: Observations) -> Finding:
    """The embedded engine reads a page."""
    read = seen.embedded
    look = Look.of(
        Said(N_("Had the embedded engine read the test page.")),
        seconds=round(read.seconds, 2),
        share_of_words=round(read.share, 3) if read.share is not None else None,
        words=read.trouble.words or None if read.trouble else None,
    )
    doubts = Doubts()
    if read.trouble is not None:
        doubts = Doubts.that_break(read.trouble)
    elif read.share is None or read.share < ENOUGH:
        doubts = Doubts(broken=(Said.of(TOO_FEW_WORDS, needed=f"{ENOUGH:.0%}"),))
    return doubts.finding(Promise.EMBEDDED, (look,))


TOO_FEW_WORDS = N_("Too few words of the test page were found: at least {needed} are needed.")


# The machine.


def host(seen: Observations) -> Finding:
    """Nothing about the machine stands in a model server's way."""
    machine = seen.host
    notes = tuple(Said(note.message, note.fields) for note in machine.notes)
    look = Look.of(
        Said(N_("Read what the system shows of itself.")),
        kernel=machine.kernel,
        wsl=machine.wsl,
        gpu_of_windows=machine.gpu_of_windows,
        container=machine.container or "-",
        memory_bytes=machine.memory_bytes,
        available_bytes=machine.available_bytes,
        swap_bytes=machine.swap_bytes,
        shared_memory_bytes=machine.shared_bytes,
        lockable_bytes="unlimited" if machine.locked_bytes is None else machine.locked_bytes,
        pin_memory=", ".join(_pinning(seen)) or None,
    )
    return _doubts_of_host(seen, notes).finding(Promise.HOST, (look,), *notes)


LITTLE_SHARED_MEMORY = N_(
    "A model server as a process needs {needed} bytes of shared memory at least; here are {shared}."
)
NO_SHARED_MEMORY = N_("How much shared memory there is cannot be seen here: /dev/shm is missing.")


def _pinning(seen: Observations) -> Iterable[str]:
    """What servers under WSL 2 are told about pinned memory."""
    if seen.host.wsl == 2:
        for one in seen.state.serving.members:
            yield f"{one.model}: {PIN_MEMORY}={dict(one.environment).get(PIN_MEMORY, '')}"


def _doubts_of_host(seen: Observations, notes: tuple[Said, ...]) -> Doubts:
    shared = seen.host.shared_bytes
    if seen.host.wsl == 1:
        return Doubts(broken=notes)
    # A container has shared memory of its own.
    if seen.kind == "container" or (shared is not None and shared >= LITTLE_SHARED):
        return Doubts()
    if shared is None:
        return Doubts(unseen=(Said(NO_SHARED_MEMORY), *notes))
    said = Said.of(LITTLE_SHARED_MEMORY, needed=LITTLE_SHARED, shared=shared)
    if seen.kind == "process":
        return Doubts(broken=(said, *notes))
    return Doubts(unseen=(Said(NOTHING_OF_OURS), said, *notes))
