"""Weights and images fetched ahead of a switch, and what was fetched held by its commit and its digest from then on.

Nothing is recorded before it is whole: a pull that breaks off leaves what served before as it was. Recording does not
need the station's lock, so models can be fetched while another serves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from docstation.bootstrap.pull_choice import Chosen
from docstation.bootstrap.pull_failures import no_room
from docstation.bootstrap.pull_images import ImagePuller
from docstation.bootstrap.pull_results import Pulled, PullOrder, Told, Verified, WeightsPulled
from docstation.bootstrap.pull_weights import WeightsPuller, is_own_folder
from docstation.errors import DocStationError
from docstation.models.fetching import free_bytes
from docstation.models.hub import Hub
from docstation.station.drivers import container_client
from docstation.station.drivers.container_client import ClientFactory

if TYPE_CHECKING:
    from docstation.bootstrap.parts import Parts
    from docstation.models.entry import ModelEntry

RESERVE = 500 * 10**6
"""Bytes of the disk that a pull leaves free."""


def pull(
    parts: Parts,
    chosen: Chosen,
    order: PullOrder,
    told: Told,
    *,
    hub: Hub | None = None,
    connect: ClientFactory | None = None,
) -> Pulled:
    """Fetch what is wanted and is not here, and record what is here afterwards.

    Args:
        parts: of the station.
        chosen: models.
        order: what is wanted of them.
        told: is called with the progress.
        hub: where weights come from, the public one where None.
        connect: gives the container engine, that of the user's ``docker`` command where None.

    Raises:
        SettingsError: the record of pins is damaged.
        KeyboardInterrupt: what was loaded stays for the next time.
    """
    room = free_bytes(parts.hub)
    puller = WeightsPuller(parts.folder, parts.hub, hub or Hub(), told)
    looks = [puller.look(*one, order) for one in _repositories(chosen.entries)] if order.weights else []
    error = _lack(parts, sum(stock.missing_bytes for _found, stock in looks if stock), room)
    idle = order.dry or error is not None
    weights: list[WeightsPulled] = []
    for found, stock in looks:
        weights.append(found if idle or stock is None else puller.fetch(found, stock, newest=order.upgrade))
    # Where nothing but images is wanted, an engine that is not there is a failure.
    used = parts.kind == "container" or (not order.weights and parts.settings.driver == "auto")
    image_puller = ImagePuller(parts.folder, connect or container_client.connect, told, used=used)
    act = image_puller.look if idle else image_puller.pull
    images = [act(*one, order) for one in _images(chosen.entries)] if order.images else []
    return Pulled(tuple(weights), tuple(images), parts.hub, room, error)


def verify(
    parts: Parts, chosen: Chosen, told: Told, *, deep: bool = False, hub: Hub | None = None
) -> tuple[Verified, ...]:
    """Compare the files of models with what they should be; nothing is changed.

    Args:
        parts: of the station.
        chosen: models.
        told: is called with the progress.
        deep: whether contents are read, and not sizes alone.
        hub: that is asked where it was not kept what should be there.
    """
    puller = WeightsPuller(parts.folder, parts.hub, hub or Hub(), told)
    found = [one for one in _repositories(chosen.entries) if not is_own_folder(one[0])]
    return tuple(puller.verify(*one, deep=deep) for one in found)


def _lack(parts: Parts, needed: int, room: int) -> DocStationError | None:
    """Why the disk does not hold what is needed; None where it does."""
    if not needed or needed + RESERVE <= room:
        return None
    return no_room(parts.hub, needed=needed, free=room, reserve=RESERVE)


def _repositories(entries: Sequence[ModelEntry]) -> list[tuple[str, str]]:
    """The checkpoints of models that vLLM serves, each once, with the first model that has it."""
    return _first((one.checkpoint, one.name) for one in entries if one.engine == "vllm")


def _images(entries: Sequence[ModelEntry]) -> list[tuple[str, str]]:
    return _first((one.image, one.name) for one in entries if one.engine == "vllm")


def _first(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for name, model in pairs:
        found.setdefault(name, model)
    return list(found.items())
