"""The commands of native directories, by dialect; those of purses are added by the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cardsim.chip.commands import (
    native_blocking,
    native_creation,
    native_files,
    native_huada,
    native_keys,
    native_pins,
    native_records,
    native_security,
    native_selection,
)
from cardsim.chip.purse.transaction import ending

if TYPE_CHECKING:
    from types import ModuleType

    from cardsim.chip.dispatch import CommandSpec


_COMMON: Final = (native_selection, native_files, native_records, native_security, native_pins, native_blocking)


def _commands(*families: ModuleType) -> tuple[CommandSpec, ...]:
    return tuple(ending(spec) for family in families for spec in family.COMMANDS)


FMCOS: Final = _commands(*_COMMON, native_creation, native_keys)
"""Of FMCOS, and of the dialects that share its shapes."""
HUADA: Final = _commands(*_COMMON, native_huada)
