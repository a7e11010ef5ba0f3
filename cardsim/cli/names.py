"""Names for what stands on a chip as numbers: the zones' declarations, looked up by what the chip has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.chip.rules import reference_name
from cardsim.zones.access import Access, Key, Pin
from cardsim.zones.psam import PSAM_DIRECTORIES
from cardsim.zones.registry import ZONES

if TYPE_CHECKING:
    from cardsim.chip.files import Directory
    from cardsim.zones.model import Df


def declared_df(directory: Directory) -> Df | None:
    """Return the declaration whose name ``directory`` has."""
    declared = [df for zone in ZONES.values() for df in zone.application.walk()]
    return next((df for df in (*declared, *PSAM_DIRECTORIES.values()) if df.aid == directory.name), None)


def names_in(directory: Directory) -> dict[Access, Access]:
    """Return the declared PIN or key for every reference that rules in ``directory`` can use."""
    names: dict[Access, Access] = {}
    node: Directory | None = directory
    while node is not None:
        df = declared_df(node)
        for pin in df.pins if df else ():
            names.setdefault(Pin(reference_name(pin.reference)), Pin(pin.name))
        for key in df.keys if df else ():
            names.setdefault(Key(reference_name(key.reference)), Key(key.name))
        node = node.parent
    return names
