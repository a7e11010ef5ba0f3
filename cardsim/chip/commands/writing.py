"""UPDATE RECORD, APPEND RECORD and UPDATE BINARY, in clear and with line protection (CLA 04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import ISO, PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, Protection
from cardsim.chip.protection import checked_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile, Record
    from cardsim.chip.rules import Masks
    from cardsim.zones.access import Access

_BY_TAG, _PREVIOUS, _BY_NUMBER = 0, 3, 4
_NEWEST: Final = 1


def update_record(context: Context, command: Command) -> bytes:
    """Replace a record, tag and length included; on a cyclic file write a new newest one.

    P2 = SFI (00: current EF) and mode: 4 P1 is the number, 0 the tag. A cyclic file takes 00/3 and 01/4, both met
    (facts hrss-card 3). A replacement has the length of what it replaces, and its tag.
    """
    mode = command.p2 & 7
    file = context.file_by_sfi(command.p2 >> 3)
    if file.transparent:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_A_RECORD_FILE, file.fid)
    if file.cyclic:
        if (mode, command.p1) not in ((_PREVIOUS, 0), (_BY_NUMBER, _NEWEST)):
            raise wrong_p1p2("UPDATE RECORD", command)
        _write_newest(context, file, command, "UPDATE RECORD")
        return b""
    record = _record(file, mode, command)
    _allow(context, file, record.update, file.rules[1].of(record.tag))
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
    if command.p1 or command.p2 & 7 not in (0, _BY_NUMBER):
        raise wrong_p1p2("APPEND RECORD", command)
    file = context.file_by_sfi(command.p2 >> 3)
    if file.transparent:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_A_RECORD_FILE, file.fid)
    if file.cyclic:
        _write_newest(context, file, command, "APPEND RECORD")
        return b""
    _allow(context, file, file.update, file.rules[1].default)
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
    if command.p1 & 0x80:
        if command.p1 & 0x60:
            raise wrong_p1p2("UPDATE BINARY", command)
        file, offset = context.file_by_sfi(command.p1 & 0x1F), command.p2
    else:
        file, offset = context.file_by_sfi(0), command.p1 << 8 | command.p2
    if not file.transparent:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_TRANSPARENT, file.fid)
    _allow(context, file, file.update, file.rules[1].default)
    data = _data(context, file, command, "UPDATE BINARY")
    if offset >= file.size:
        raise Refusal(Sw.WRONG_OFFSET, Reason.OFFSET_OUTSIDE, file.fid, offset, file.size)
    if not data or offset + len(data) > file.size:
        raise wrong_length("UPDATE BINARY", f"1-{file.size - offset}", command)
    context.memory.write(file.body + offset, data)
    _finish(context, file)
    return b""


def _record(file: ElementaryFile, mode: int, command: Command) -> Record:
    if mode == _BY_TAG:
        record = file.by_tag.get(command.p1)
        if record is None:
            raise Refusal(Sw.RECORD_NOT_FOUND, Reason.TAG_MISSING, file.fid, command.p1)
        return record
    if mode != _BY_NUMBER:
        raise wrong_p1p2("UPDATE RECORD", command)
    if not 1 <= command.p1 <= len(file.records):
        raise Refusal(Sw.RECORD_NOT_FOUND, Reason.RECORD_MISSING, file.fid, command.p1)
    return file.records[command.p1 - 1]


def _write_newest(context: Context, file: ElementaryFile, command: Command, name: str) -> None:
    _allow(context, file, file.update, file.rules[1].default)
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


def _allow(context: Context, file: ElementaryFile, masks: Masks, rule: Access) -> None:
    granted = context.granted
    if not any(granted & mask == mask for mask in masks):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.UPDATE_REFUSED, file.fid, rule)


def _both(name: str, ins: int, execute: Callable[[Context, Command], bytes], source: str) -> tuple[CommandSpec, ...]:
    return tuple(CommandSpec(name, cla, ins, Case.DATA_IN, execute, source) for cla in (ISO, PROTECTED))


COMMANDS = (
    *_both("UPDATE RECORD", 0xDC, update_record, "ISO/IEC 7816-4, 11.4.5; facts hrss-card 3"),
    *_both("APPEND RECORD", 0xE2, append_record, "ISO/IEC 7816-4, 11.4.6; facts native-card-os 4"),
    *_both("UPDATE BINARY", 0xD6, update_binary, "ISO/IEC 7816-4, 11.3.5; facts hrss-card 3"),
)
