"""The names by which clients may ask for models, each with the entry that it stands for at the moment.

An alias stands for the candidate that serves, else for the one that a switch to it would choose now. That takes a
memory plan, so it is found in the background, after every change of what serves; the catalogue is read anew for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from docstation.bootstrap.parts import Parts, catalogue
from docstation.errors import DocStationError
from docstation.models.catalogue import Catalogue
from docstation.service.link import GatewayLink
from docstation.station.deployment import NOTHING, Lineup


class Names:
    """Keeps what the gateway knows of names.

    Args:
        look: gives each name and its entry, whatever serves.
        link: to the gateway.
    """

    def __init__(self, look: Callable[[], dict[str, str]], link: GatewayLink) -> None:
        self._look = look
        self._link = link
        self._base = dict(link.orders.known)
        self._lineup = NOTHING

    def serving(self, lineup: Lineup) -> dict[str, str]:
        """The names while `lineup` serves, as far as they are known now; others follow."""
        self._lineup = lineup
        threading.Thread(target=self._look_again, name="names", daemon=True).start()
        return self._known()

    def _known(self) -> dict[str, str]:
        # Its own names count first: they are what its server was told when it was started.
        own = {name: one.model for one in reversed(self._lineup.members) for name in (*one.names, one.model)}
        return self._base | own

    def _look_again(self) -> None:
        try:
            base = self._look()
        except DocStationError:
            return  # a catalogue that cannot be read now; a switch says so
        if base != self._base:
            self._base = base
            self._link.order(lambda now: replace(now, known=self._known()))


def written(known: Catalogue) -> dict[str, str]:
    """The names by the catalogue alone: an alias stands for its first candidate, a shared id for the first entry."""
    names = {name: name for name in known.entries}
    names |= {alias.name: alias.candidates[0] for alias in known.aliases.values()}
    for entry in known.entries.values():
        for name in known.names_of(entry):
            names.setdefault(name, entry.name)
    return names


def planned(parts: Parts) -> dict[str, str]:
    """The names with every alias as a switch would resolve it now.

    Raises:
        SettingsError: the catalogue cannot be read.
    """
    known = catalogue(parts.config)
    names = written(known)
    for alias in known.aliases:
        try:
            names[alias] = parts.resolver.choices((alias,))[0].plan.entry.name
        except DocStationError:
            continue  # nothing here can serve it: its first candidate is as good as any
    return names
