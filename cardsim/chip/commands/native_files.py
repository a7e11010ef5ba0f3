"""READ and UPDATE BINARY of the native card operating system, and how all its file commands ask for rights and MACs.

Source: facts native-card-os 1.2 (byte 7), 4, 5.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.addressing import binary_file, check_offset
from cardsim.chip.dispatch import ISO, PROTECTED, CommandSpec, wrong_length
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import LifeCycle, Protection
from cardsim.chip.native.line import (
    LOCKING,
    PROTECTED_BIT,
    block_for_ever,
    check_length,
    checked,
    exhausted,
    line_key,
    missing_mac,
    opened,
    require,
    sealed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile
    from cardsim.chip.protection import Line

_READ_PLAIN: Final = 0x80
"""Of byte 7: it may be read without a MAC."""
_LONGEST_SEALED: Final = 222
"""Data bytes of an enciphered answer that stays below 239 bytes, whatever the cipher."""
ANY_SIZE: Final = range(1, 256)


def read_binary(context: Context, command: Command) -> bytes:
    """Return up to Le bytes of a transparent file from an offset on; one that was never written says 6281 with them."""
    file, offset = binary_file(context, command, "READ BINARY")
    wanted, line = allow_read(context, file, command, "READ BINARY")
    check_offset(file, offset)
    context.accessed(file)
    data = context.memory.read(file.body + offset, min(wanted, file.size - offset))
    answer = protected_answer(context, file, line, data)
    if file.header.state is LifeCycle.NEVER_WRITTEN and context.profile.native_unwritten_warning:
        warning = Refusal(Sw.DATA_MAY_BE_CORRUPT, Reason.NEVER_WRITTEN, file.fid)
        warning.data = answer
        raise warning
    return answer


def update_binary(context: Context, command: Command) -> bytes:
    """Replace bytes of a transparent file from an offset on."""
    file, offset = binary_file(context, command, "UPDATE BINARY")
    data = allow_update(context, file, command, "UPDATE BINARY")
    check_offset(file, offset)
    if not data or offset + len(data) > file.size:
        raise wrong_length("UPDATE BINARY", f"1-{file.size - offset}", command)
    header = file.header
    if header.state is LifeCycle.NEVER_WRITTEN:
        header = replace(header, state=LifeCycle.IN_USE)
        context.memory.write(file.offset, header.encode())
    context.memory.write(file.body + offset, data)
    finish(context, file)
    file.header = header
    return b""


def allow_read(context: Context, file: ElementaryFile, command: Command, name: str) -> tuple[int, Line | None]:
    """Check lengths, the read right and the MAC; return the number of bytes that are wanted, and the line.

    An enciphered request has that number in its data, one in clear in Le. Two forms are taken: the number with nothing
    but padding behind it (facts native-card-os 5.1), and in the frame of other enciphered data, which is inferred.
    """
    limit = context.profile.native_max_length
    check_length(context, command, name, range(256), "0, or 4 or more with a MAC")
    require(context, file.read, file.rules[0].default, name, f"{file.fid:04X}")
    wanted = command.le or limit
    if not command.cla & PROTECTED_BIT:
        if not file.header.byte7 & _READ_PLAIN and file.directory.native:
            raise missing_mac(context, f"{file.fid:04X}")
        return wanted, None
    if file.header.byte7 & _READ_PLAIN:
        _check_unneeded(context, file)
    key = line_key(context, 3 - (file.header.byte7 >> 2 & 3), name)
    data, line = checked(context, command, key)
    if data:
        number = _bare_number(line, data) or opened(line, data)
        if len(number) != 1:
            raise wrong_length(name, "4, or the sealed length and a MAC", command)
        wanted = number[0] or limit
    return wanted, line


def _bare_number(line: Line, data: bytes) -> bytes:
    """Return the one byte that ``data``, one block, has before its padding; nothing where it is of another form."""
    if len(data) != line.suite.block:
        return b""
    plain = line.suite.decrypt(line.key, data)
    return plain[:1] if plain == line.suite.pad(plain[:1]) else b""


def allow_update(context: Context, file: ElementaryFile, command: Command, name: str) -> bytes:
    """Check lengths, the update right and the MAC; return the data to write, deciphered."""
    check_length(context, command, name, ANY_SIZE, "1-239")
    require(context, file.update, file.rules[1].default, name, f"{file.fid:04X}")
    needed = file.header.protection
    if not command.cla & PROTECTED_BIT:
        if needed is not Protection.NONE and (file.directory.native or not context.free):
            raise missing_mac(context, f"{file.fid:04X}")
        return command.data
    if needed is Protection.NONE:
        _check_unneeded(context, file)
    key = line_key(context, 3 - (file.header.byte7 & 3), name)
    try:
        data, line = checked(context, command, key)
    except Refusal as refusal:
        locking = file.fid in context.profile.native_locking_files and refusal.reason in LOCKING
        if not (locking and exhausted(context, key)):
            raise
        if context.directory.parent is None:  # the card is no application
            raise
        block_for_ever(context)
        raise Refusal(Sw.APPLICATION_LOCKED_FOR_EVER, Reason.BLOCKED, context.directory.label) from refusal
    return opened(line, data) if needed is Protection.CIPHER else data


def protected_answer(context: Context, file: ElementaryFile, line: Line | None, data: bytes) -> bytes:
    """Return ``data`` as the line wants it: as it is, with a MAC, or sealed and with a MAC."""
    if line is None:
        return data
    if file.header.protection is Protection.CIPHER:
        data = sealed(context, line, data[:_LONGEST_SEALED])
    return data + line.mac(data)


def finish(context: Context, file: ElementaryFile) -> None:
    """Commit before anything volatile changes: the store may refuse."""
    context.memory.commit()
    file.changed()
    context.accessed(file)


def both(name: str, ins: int, case: Case, execute: Callable[[Context, Command], bytes]) -> tuple[CommandSpec, ...]:
    """Return the command in clear and with line protection; that one carries data also where it reads."""
    source = "facts native-card-os 4, 5"
    secured = Case.DATA_IN if case is Case.DATA_IN else Case.DATA_IN_OUT
    return (
        CommandSpec(name, ISO, ins, case, execute, source),
        CommandSpec(name, PROTECTED, ins, secured, execute, source),
    )


def _check_unneeded(context: Context, file: ElementaryFile) -> None:
    if not context.profile.native_unneeded_mac:
        raise Refusal(Sw.CLA_DOES_NOT_MATCH_PROTECTION, Reason.MAC_UNNEEDED, file.fid)


COMMANDS = (
    *both("READ BINARY", 0xB0, Case.DATA_OUT, read_binary),
    *both("UPDATE BINARY", 0xD6, Case.DATA_IN, update_binary),
    *both("UPDATE BINARY", 0xD0, Case.DATA_IN, update_binary),
)
