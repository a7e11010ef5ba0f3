"""The commands, one module per family; a chip's table is the families it has."""

from __future__ import annotations

from typing import Final

from cardsim.chip.commands import authentication, blocking, challenge, pin, reading, selection, writing
from cardsim.chip.dispatch import CommandTable
from cardsim.zones.model import CommandSet

HRSS_COMMANDS = CommandTable(
    spec
    for family in (selection, reading, writing, challenge, authentication, pin, blocking)
    for spec in family.COMMANDS
)

TABLES: Final = {CommandSet.HRSS: HRSS_COMMANDS}
"""The commands of each kind of application."""

__all__ = ["HRSS_COMMANDS", "TABLES"]
