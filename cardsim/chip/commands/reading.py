"""READ RECORD and READ BINARY."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Case, Sw
from cardsim.chip.commands.addressing import (
    BY_NUMBER,
    BY_TAG,
    FROM_NUMBER_ON,
    addressed_record,
    allowed,
    binary_file,
    check_offset,
    record_file,
)
from cardsim.chip.dispatch import ISO, PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import KeyType, Protection
from cardsim.chip.protection import checked
from cardsim.zones.access import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile, Record

_SHORT_ANSWER = 256
_LONGEST_SEALED = 255


def read_record(context: Context, command: Command) -> bytes:
    """Return a record, tag and length included (facts hrss-card 2 and 3).

    P2 = SFI (00: current EF) and mode: 4 P1 is the number, 0 the tag (first occurrence), 5 all records from number P1.
    Number and tag are never aliases of each other.
    """
    mode = command.p2 & 7
    if mode not in (BY_TAG, BY_NUMBER, FROM_NUMBER_ON):
        raise wrong_p1p2("READ RECORD", command)
    file = record_file(context, command)
    record = addressed_record(file, command)
    if mode == FROM_NUMBER_ON:
        return _all_from(context, file, command)
    _allow_record(context, file, record)
    context.accessed(file)
    return context.memory.read(record.offset, record.size)


def _all_from(context: Context, file: ElementaryFile, command: Command) -> bytes:
    """One protected record refuses the whole answer: no source says which part a card would give."""
    wanted = file.records[command.p1 - 1 :]
    for record in wanted:
        _allow_record(context, file, record)
    context.accessed(file)
    data = b"".join(context.memory.read(record.offset, record.size) for record in wanted)
    return data[: max(command.ne, _SHORT_ANSWER)]


def read_binary(context: Context, command: Command) -> bytes:
    """Return up to Le bytes of a transparent file from an offset on; Le 00 reads to the end, at most 256."""
    file, offset = binary_file(context, command, "READ BINARY")
    if not allowed(context.granted, file.read):
        needed = file.rules[0].default
        reason = Reason.READ_NEVER if needed == NEVER else Reason.READ_REFUSED
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, reason, file.fid, needed)
    check_offset(file, offset)
    context.accessed(file)
    return context.memory.read(file.body + offset, min(command.ne or _SHORT_ANSWER, file.size - offset))


def read_protected(
    read: Callable[[Context, Command], bytes], sfi_of: Callable[[Command], int]
) -> Callable[[Context, Command], bytes]:
    """Return ``read`` for CLA 04: the command carries a MAC, the answer ends in one (facts native-card-os 5.1).

    A file whose writes are enciphered answers sealed, 255 bytes at a time: the length in front is one byte.
    """

    def protected(context: Context, command: Command) -> bytes:
        data, line = checked(context, command, KeyType.LINE)
        if data:
            raise wrong_length("protected READ", "4", command)
        answer = read(context, command)
        if context.file_by_sfi(sfi_of(command)).header.protection is Protection.CIPHER:
            answer = line.suite.seal(line.key, answer[:_LONGEST_SEALED])
        return answer + line.mac(answer)

    return protected


def _sfi_of_record(command: Command) -> int:
    return command.p2 >> 3


def _sfi_of_binary(command: Command) -> int:
    return command.p1 & 0x1F if command.p1 & 0x80 else 0


def _allow_record(context: Context, file: ElementaryFile, record: Record) -> None:
    if not allowed(context.granted, record.read):
        needed = file.rules[0].of(record.tag)
        reason = Reason.RECORD_READ_NEVER if needed == NEVER else Reason.RECORD_READ_REFUSED
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, reason, file.fid, record.tag, needed)


_RECORD_SOURCE = "ISO/IEC 7816-4, 11.4.3; facts hrss-card 3"
_BINARY_SOURCE = "ISO/IEC 7816-4, 11.3.3; facts hrss-card 3"
_PROTECTED_RECORD = read_protected(read_record, _sfi_of_record)
_PROTECTED_BINARY = read_protected(read_binary, _sfi_of_binary)
COMMANDS = (
    CommandSpec("READ RECORD", ISO, 0xB2, Case.DATA_OUT, read_record, _RECORD_SOURCE),
    CommandSpec("READ RECORD", PROTECTED, 0xB2, Case.DATA_IN_OUT, _PROTECTED_RECORD, _RECORD_SOURCE),
    CommandSpec("READ BINARY", ISO, 0xB0, Case.DATA_OUT, read_binary, _BINARY_SOURCE),
    CommandSpec("READ BINARY", PROTECTED, 0xB0, Case.DATA_IN_OUT, _PROTECTED_BINARY, _BINARY_SOURCE),
)
