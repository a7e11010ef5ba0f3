"""The hash function of the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case
from cardsim.chip.commands.pki.objects import VALUE, objects
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_p1p2
from keys.sm3 import sm3

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_P1P2: Final = b"\x01\x03"


def digest(context: Context, command: Command) -> bytes:
    """Return SM3 of what stands in C1, 32 bytes."""
    del context
    if command.header[2:] != _P1P2:
        raise wrong_p1p2("HASH", command)
    (message,) = objects(command, "HASH", VALUE)
    return sm3(message)


COMMANDS = (CommandSpec("HASH", PROPRIETARY, 0xC4, Case.DATA_IN_OUT, digest, "facts hrss-card 8, 9 (G7)"),)
