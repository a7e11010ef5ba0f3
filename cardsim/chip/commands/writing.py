"""UPDATE RECORD, APPEND RECORD and UPDATE BINARY, in clear and with line protection (CLA 04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.addressing import (
    BY_NUMBER,
    BY_TAG,
    PREVIOUS,
    addressed_record,
    binary_file,
    check_offset,
    check_update,
    record_file,
)
from cardsim.chip.dispatch import ISO, PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, Protection
from cardsim.chip.protection import checked_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile

_NEWEST: Final = 1


def update_record(context: Context, command: Command) -> bytes:
    """Replace a record, tag and length included; on a cyclic file write a new newest one.

    P2 = SFI (00: current EF) and mode: 4 P1 is the number, 0 the tag. A cyclic file takes 00/3 and 01/4, both met
    (facts hrss-card 3). A replacement has the length of what it replaces, and its tag.
    """
    mode = command.p2 & 7
    file = record_file(context, command)
    if file.cyclic:
        if (mode, command.p1) not in ((PREVIOUS, 0), (BY_NUMBER, _NEWEST)):
            raise wrong_p1p2("UPDATE RECORD", command)
        _write_newest(context, file, command, "UPDATE RECORD")
        return b""
    if mode not in (BY_TAG, BY_NUMBER):
        raise wrong_p1p2("UPDATE RECORD", command)
    record = addressed_record(file, command)
    check_update(context, file, record.update, file.rules[1].of(record.tag))
    data = _data(context, file, command, "UPDATE RECORD")
    if len(data) != record.size:
        raise wrong_length("UPDATE RECORD", str(record.size), command)
    if data[0] != record.tag or data[1] != len(data) - 2:
        raise Refusal(Sw.WRONG_DATA, Reason.RECORD_FORM, file.fid, record.tag)
    context.memory.write(record.offset, data)
    _finish(context, file)
    return b""


def append_record(context: Context, command: Command) -> bytes:
    """Add a record: to a variable file while there is room (6A84), to a cyclic one as its newest."""
    if command.p1 or command.p2 & 7 not in (0, BY_NUMBER):
        raise wrong_p1p2("APPEND RECORD", command)
    file = record_file(context, command)
    if file.cyclic:
        _write_newest(context, file, command, "APPEND RECORD")
        return b""
    check_update(context, file, file.update, file.rules[1].default)
    data = _data(context, file, command, "APPEND RECORD")
    if len(data) < 2 or data[1] != len(data) - 2:
        raise Refusal(Sw.WRONG_DATA, Reason.RECORD_FORM, file.fid, data[0] if data else 0)
    used = file.used
    if 2 + used + len(data) > file.size:
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.FILE_FULL, file.fid, len(data), file.size - 2 - used)
    context.memory.write(file.body + 2 + used, data)
    context.memory.write(file.body, (used + len(data)).to_bytes(2, "big"))
    file.changed()
    _finish(context, file)
    return b""


def update_binary(context: Context, command: Command) -> bytes:
    """Replace bytes of a transparent file from an offset on; P1 P2 as in READ BINARY."""
    file, offset = binary_file(context, command, "UPDATE BINARY")
    check_update(context, file, file.update, file.rules[1].default)
    data = _data(context, file, command, "UPDATE BINARY")
    check_offset(file, offset)
    if not data or offset + len(data) > file.size:
        raise wrong_length("UPDATE BINARY", f"1-{file.size - offset}", command)
    context.memory.write(file.body + offset, data)
    _finish(context, file)
    return b""


def _write_newest(context: Context, file: ElementaryFile, command: Command, name: str) -> None:
    check_update(context, file, file.update, file.rules[1].default)
    data = _data(context, file, command, name)
    if len(data) != file.record_size:
        raise wrong_length(name, str(file.record_size), command)
    place, number = file.next_place()
    context.memory.write(place, bytes((number,)) + data)
    file.changed()
    _finish(context, file)


def _finish(context: Context, file: ElementaryFile) -> None:
    context.memory.commit()  # a store that fails now answers 6581, which must leave the current EF as it is
    context.accessed(file)


def _data(context: Context, file: ElementaryFile, command: Command, name: str) -> bytes:
    """Return the data to write: as sent, or behind the line protection that CLA and file ask for."""
    needed = file.header.protection
    if command.cla != PROTECTED:
        if needed is not Protection.NONE:
            raise Refusal(Sw.SM_OBJECT_MISSING, Reason.PROTECTION_NEEDED, file.fid)
        if not command.data:
            raise wrong_length(name, "1-255", command)
        return command.data
    return checked_data(context, command, KeyType.LINE, sealed=needed is Protection.CIPHER)


def _both(name: str, ins: int, execute: Callable[[Context, Command], bytes], source: str) -> tuple[CommandSpec, ...]:
    return tuple(CommandSpec(name, cla, ins, Case.DATA_IN, execute, source) for cla in (ISO, PROTECTED))


COMMANDS = (
    *_both("UPDATE RECORD", 0xDC, update_record, "ISO/IEC 7816-4, 11.4.5; facts hrss-card 3"),
    *_both("APPEND RECORD", 0xE2, append_record, "ISO/IEC 7816-4, 11.4.6; facts native-card-os 4"),
    *_both("UPDATE BINARY", 0xD6, update_binary, "ISO/IEC 7816-4, 11.3.5; facts hrss-card 3"),
)
