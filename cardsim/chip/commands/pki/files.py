"""Reading and writing the application's files: those of all applications, keys being kept out of UPDATE BINARY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Case, Sw
from cardsim.chip.commands import writing
from cardsim.chip.commands.addressing import binary_file
from cardsim.chip.commands.reading import read_binary
from cardsim.chip.dispatch import ISO, CommandSpec
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import FileType

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context


def update_binary(context: Context, command: Command) -> bytes:
    """Replace bytes of a certificate. Whoever may have a key generated or imported may not write one this way."""
    file, _ = binary_file(context, command, "UPDATE BINARY")
    if file.header.type is not FileType.TRANSPARENT:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.KEY_FILE_WRITTEN, file.fid)
    return writing.update_binary(context, command)


_SOURCE = "ISO/IEC 7816-4, 11.3; facts hrss-card 8"
COMMANDS = (
    CommandSpec("READ BINARY", ISO, 0xB0, Case.DATA_OUT, read_binary, _SOURCE),
    CommandSpec("UPDATE BINARY", ISO, 0xD6, Case.DATA_IN, update_binary, _SOURCE),
)
