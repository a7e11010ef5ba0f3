"""The commands, one module per family; a chip's table is the families it has."""

from __future__ import annotations

from cardsim.chip.commands import authentication, blocking, challenge, pin, reading, selection, writing
from cardsim.chip.dispatch import CommandTable

HRSS_COMMANDS = CommandTable(
    spec
    for family in (selection, reading, writing, challenge, authentication, pin, blocking)
    for spec in family.COMMANDS
)

__all__ = ["HRSS_COMMANDS"]
