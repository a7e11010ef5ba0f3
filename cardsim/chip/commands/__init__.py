"""The commands, one module per family; a chip's table is the families it has."""

from __future__ import annotations

from cardsim.chip.commands import challenge, pin, reading, selection
from cardsim.chip.dispatch import CommandTable

HRSS_COMMANDS = CommandTable((*selection.COMMANDS, *reading.COMMANDS, *challenge.COMMANDS, *pin.COMMANDS))

__all__ = ["HRSS_COMMANDS"]
