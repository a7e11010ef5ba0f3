"""The commands of native directories, by dialect; those of purses are added by the table."""

from __future__ import annotations

from dataclasses import replace
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
from cardsim.chip.purse.transaction import Pending, end

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.dispatch import CommandSpec


def _ending(spec: CommandSpec) -> CommandSpec:
    """Return ``spec`` as a command that first ends a purse's transaction."""
    return replace(spec, execute=_after_end(spec.execute))


def _after_end(execute: Callable[[Context, Command], bytes]) -> Callable[[Context, Command], bytes]:
    def ended(context: Context, command: Command) -> bytes:
        if isinstance(context.work, Pending):
            end(context)
        return execute(context, command)

    return ended


_COMMON: Final = (native_selection, native_files, native_records, native_security, native_pins, native_blocking)


def _commands(*families: ModuleType) -> tuple[CommandSpec, ...]:
    return tuple(_ending(spec) for family in families for spec in family.COMMANDS)


FMCOS: Final = _commands(*_COMMON, native_creation, native_keys)
"""Of FMCOS, and of the dialects that share its shapes."""
HUADA: Final = _commands(*_COMMON, native_huada)
