"""READ, UPDATE and APPEND RECORD of the native card operating system (facts native-card-os 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.addressing import BY_NUMBER, BY_TAG, record_file
from cardsim.chip.commands.native_files import allow_read, allow_update, both, finish, protected_answer
from cardsim.chip.dispatch import wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.profiles.native import CyclicAppend

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile, Record

_LAST, _NEXT, _PREVIOUS = 1, 2, 3
_MODES: Final = (BY_TAG, _LAST, _NEXT, _PREVIOUS, BY_NUMBER)
_CYCLIC: Final = {
    CyclicAppend.TEXT: ((0, _PREVIOUS),),
    CyclicAppend.EXAMPLE: ((1, _NEXT),),
    CyclicAppend.BOTH: ((0, _PREVIOUS), (1, _NEXT)),
}
"""P1 and mode of UPDATE RECORD that write a cyclic file's next record."""


@dataclass(frozen=True, slots=True)
class _Pointer:
    """The record that was addressed last: next and previous count from it."""

    file: int
    index: int


def read_record(context: Context, command: Command) -> bytes:
    """Return a record: P2 mode 4 by number P1, mode 0 the first with tag P1 (variable files)."""
    mode = command.p2 & 7
    if mode not in (BY_NUMBER, BY_TAG):
        raise wrong_p1p2("READ RECORD", command)
    file = record_file(context, command)
    _, line = allow_read(context, file, command, "READ RECORD")
    index = _index(context, file, mode, command.p1)
    record = file.records[index]
    context.accessed(file)
    context.work = _Pointer(file.offset, index)
    return protected_answer(context, file, line, context.memory.read(record.offset, record.size))


def update_record(context: Context, command: Command) -> bytes:
    """Replace a record by one of the same length; write the next record of a cyclic file, or a new one of a variable.

    P2 mode: 4 P1 is the number, 0 first, 1 last, 2 next, 3 previous with tag P1; P1 00 in mode 0, or the number behind
    the last, is a new record.
    """
    mode = command.p2 & 7
    if mode not in _MODES:
        raise wrong_p1p2("UPDATE RECORD", command)
    file = record_file(context, command)
    if file.cyclic and (command.p1, mode) not in _CYCLIC[context.profile.native_cyclic_append]:
        raise wrong_p1p2("UPDATE RECORD", command)
    data = allow_update(context, file, command, "UPDATE RECORD")
    if file.cyclic:
        _write_newest(context, file, command, data)
    elif _is_new(file, mode, command.p1):
        _append(context, file, command, data)
    else:
        index = _index(context, file, mode, command.p1)
        _replace(context, file, file.records[index], data)
        context.work = _Pointer(file.offset, index)
    finish(context, file)
    return b""


def append_record(context: Context, command: Command) -> bytes:
    """Add a record: a cyclic file's newest, or one behind the last of a fixed or variable file."""
    if command.p1 or command.p2 & 7 not in (BY_TAG, BY_NUMBER):
        raise wrong_p1p2("APPEND RECORD", command)
    file = record_file(context, command)
    data = allow_update(context, file, command, "APPEND RECORD")
    if file.cyclic:
        _write_newest(context, file, command, data)
    else:
        _append(context, file, command, data)
    finish(context, file)
    return b""


def _index(context: Context, file: ElementaryFile, mode: int, p1: int) -> int:
    """Return the place of the record that is addressed, from 0. Refuses with 6A83."""
    records = file.records
    if mode == BY_NUMBER:
        if not 1 <= p1 <= len(records):
            raise Refusal(Sw.RECORD_NOT_FOUND, Reason.RECORD_MISSING, file.fid, p1)
        return p1 - 1
    # Records without tags all count; P1 says nothing about them.
    untagged = file.fixed or file.cyclic
    found = [index for index, record in enumerate(records) if untagged or record.tag == p1]
    work = context.work
    current = work.index if isinstance(work, _Pointer) and work.file == file.offset else None
    if mode == _NEXT and current is not None:
        found = [index for index in found if index > current]
    elif mode == _PREVIOUS and current is not None:
        found = [index for index in found if index < current]
    if not found:
        raise Refusal(Sw.RECORD_NOT_FOUND, Reason.TAG_MISSING, file.fid, p1)
    return found[-1] if mode in (_LAST, _PREVIOUS) else found[0]


def _is_new(file: ElementaryFile, mode: int, p1: int) -> bool:
    if file.fixed:
        return False
    return (mode == BY_TAG and not p1) or (mode == BY_NUMBER and p1 == len(file.records) + 1)


def _replace(context: Context, file: ElementaryFile, record: Record, data: bytes) -> None:
    if len(data) != record.size or not (file.fixed or _is_tlv(data)):
        raise Refusal(Sw.RECORD_NOT_FOUND, Reason.RECORD_FORM, file.fid, record.tag)
    context.memory.write(record.offset, data)


def _append(context: Context, file: ElementaryFile, command: Command, data: bytes) -> None:
    if file.fixed:
        if len(data) != file.record_size:
            raise wrong_length("APPEND RECORD", str(file.record_size), command)
        place = len(file.records) * (file.record_size + 1)
        if place >= file.record_room:
            raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.FILE_FULL, file.fid, len(data), 0)
        context.memory.write(file.body + place, b"\x01" + data)
        return
    if not _is_tlv(data):
        raise Refusal(Sw.WRONG_DATA, Reason.RECORD_FORM, file.fid, data[0] if data else 0)
    ruled = 0 if file.directory.native else 2  # a ruled directory's file keeps its length in front
    used = file.used
    if ruled + used + len(data) > file.size:
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.FILE_FULL, file.fid, len(data), file.size - ruled - used)
    context.memory.write(file.body + ruled + used, data)
    if ruled:
        context.memory.write(file.body, (used + len(data)).to_bytes(2, "big"))


def _is_tlv(data: bytes) -> bool:
    return len(data) >= 2 and data[0] != 0 and data[1] == len(data) - 2


def _write_newest(context: Context, file: ElementaryFile, command: Command, data: bytes) -> None:
    if len(data) != file.record_size:
        raise wrong_length("APPEND RECORD", str(file.record_size), command)
    place, number = file.next_place()
    context.memory.write(place, bytes((number,)) + data)


COMMANDS = (
    *both("READ RECORD", 0xB2, Case.DATA_OUT, read_record),
    *both("UPDATE RECORD", 0xDC, Case.DATA_IN, update_record),
    *both("UPDATE RECORD", 0xD2, Case.DATA_IN, update_record),
    *both("APPEND RECORD", 0xE2, Case.DATA_IN, append_record),
)
