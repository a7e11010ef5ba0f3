"""The commands, one module per family; a chip's table is the families it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.commands import (
    authentication,
    blocking,
    challenge,
    native,
    pin,
    psam_debit,
    psam_keys,
    purse,
    reading,
    selection,
    writing,
)
from cardsim.chip.commands.pki import PKI_COMMANDS
from cardsim.chip.dispatch import CommandTable
from cardsim.chip.purse.transaction import ending
from cardsim.profiles.native import NativeDialect
from cardsim.zones.model import CommandSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardsim.profiles import Profile

HRSS_COMMANDS = CommandTable(
    spec
    for family in (selection, reading, writing, challenge, authentication, pin, blocking)
    for spec in family.COMMANDS
)

PSAM_COMMANDS = CommandTable(
    (
        *(spec for family in (selection, challenge, psam_keys, psam_debit) for spec in family.COMMANDS),
        *(spec for family in (reading, writing) for spec in family.COMMANDS if spec.name.endswith("BINARY")),
    )
)

PURSE_COMMANDS = CommandTable((*map(ending, HRSS_COMMANDS.by_code.values()), *purse.COMMANDS))

NATIVE_COMMANDS = CommandTable((*native.FMCOS, *purse.COMMANDS))
HUADA_COMMANDS = CommandTable((*native.HUADA, *purse.COMMANDS))

TABLES: Final = {
    CommandSet.HRSS: HRSS_COMMANDS,
    CommandSet.PKI: PKI_COMMANDS,
    CommandSet.PSAM: PSAM_COMMANDS,
    CommandSet.PURSE: PURSE_COMMANDS,
    CommandSet.NATIVE: NATIVE_COMMANDS,
}
"""The commands of each kind of application."""


def tables_for(profile: Profile) -> Mapping[CommandSet, CommandTable]:
    """Return the command tables of a chip: the native one is that of its dialect."""
    return _HUADA_TABLES if profile.native_dialect is NativeDialect.HUADA else TABLES


_HUADA_TABLES: Final = {**TABLES, CommandSet.NATIVE: HUADA_COMMANDS}


__all__ = [
    "HRSS_COMMANDS",
    "NATIVE_COMMANDS",
    "PKI_COMMANDS",
    "PSAM_COMMANDS",
    "PURSE_COMMANDS",
    "TABLES",
    "tables_for",
]
