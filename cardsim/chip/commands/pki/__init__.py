"""The commands of the PKI application (facts hrss-card 8 and 9, G7), one module per family."""

from __future__ import annotations

from cardsim.chip.commands import challenge, selection
from cardsim.chip.commands.pki import digest, files, keys, master_key, operations, pins
from cardsim.chip.dispatch import CommandTable

PKI_COMMANDS = CommandTable(
    spec
    for family in (selection, challenge, files, digest, pins, master_key, keys, operations)
    for spec in family.COMMANDS
)

__all__ = ["PKI_COMMANDS"]
