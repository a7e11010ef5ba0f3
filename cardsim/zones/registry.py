"""The zones whose files are declared, by name."""

from __future__ import annotations

from typing import Final

from cardsim.zones.hrss import HRSS
from cardsim.zones.pki import PKI

ZONES: Final = {zone.name: zone for zone in (HRSS, PKI)}
"""The zones that a card can be made with (profile setting zones)."""
