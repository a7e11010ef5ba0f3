"""80 DC UPDATE CAPP DATA CACHE: what a compound purchase writes, held back until its debit commits it.

Source: facts transit-campus-health-zones 3.4, native-card-os 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.commands.addressing import BY_NUMBER, BY_TAG, PREVIOUS, addressed_record, allowed, record_file
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import RIGHT_COMPOUND, FileType
from cardsim.chip.purse.file import PurseFile
from cardsim.chip.purse.transaction import Event, advance
from cardsim.profiles.purse import RecordAddress

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile, Record
    from cardsim.chip.purse.transaction import Pending

_NAME: Final = Event.UPDATE_CACHE.value


def update_cache(context: Context, command: Command) -> bytes:
    """Hold a record back for the debit: P2 = SFI and mode, 4 P1 is the number, 0 its identifier.

    A cyclic file gets a new record, with P1 = 00 or mode 3; another file's record gets new first bytes. As many as the
    terminal likes; a refused one leaves the transaction as it is.
    """
    pending = advance(context, Event.UPDATE_CACHE)
    mode = command.p2 & 7
    if mode not in (BY_TAG, PREVIOUS, BY_NUMBER):
        raise wrong_p1p2(_NAME, command)
    file = record_file(context, command)
    if not _is_compound(context, file):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.NOT_BY_COMPOUND, file.fid)
    if file.cyclic:
        _append(context, pending, file, command)
        return b""
    if mode == PREVIOUS:
        raise wrong_p1p2(_NAME, command)
    record = _record(context, file, command)
    if not 0 < len(command.data) <= record.size:
        raise wrong_length(_NAME, f"1-{record.size}", command)
    head = context.memory.read(record.offset, 2)
    if file.header.type is FileType.VARIABLE and command.data[:2] != head[: len(command.data)]:
        raise Refusal(Sw.WRONG_DATA, Reason.RECORD_FORM, file.fid, record.tag)
    context.memory.stage(record.offset, command.data)
    return b""


def _is_compound(context: Context, file: ElementaryFile) -> bool:
    """Return whether compound purchases may write ``file``: never a purse, nor its log."""
    directory = file.directory
    purses = [purse for purse in directory.files if isinstance(purse, PurseFile)]
    if directory is not context.directory or isinstance(file, PurseFile) or any(purse.log is file for purse in purses):
        return False
    declared = file.header.right2 == RIGHT_COMPOUND and not directory.native
    return declared or allowed(context.granted, file.update)


def _record(context: Context, file: ElementaryFile, command: Command) -> Record:
    """Return the record that P1 names. Refuses with 6A83."""
    address = context.profile.purse_record_address
    if command.p2 & 7 == BY_TAG:
        unknown = command.p1 not in file.by_tag
        if address is RecordAddress.NUMBER or (address is RecordAddress.BOTH and unknown):
            if not 1 <= command.p1 <= len(file.records):
                raise Refusal(Sw.RECORD_NOT_FOUND, Reason.RECORD_MISSING, file.fid, command.p1)
            return file.records[command.p1 - 1]
    return addressed_record(file, command)


def _append(context: Context, pending: Pending, file: ElementaryFile, command: Command) -> None:
    if command.p1 and command.p2 & 7 != PREVIOUS:
        raise wrong_p1p2(_NAME, command)
    if len(command.data) != file.record_size:
        raise wrong_length(_NAME, str(file.record_size), command)
    place, mark = file.next_place()
    if file in pending.appended:
        last, last_mark = pending.appended[file]
        place, mark = last + file.record_size + 1, last_mark % 255 + 1
        if place >= file.body + file.record_room:
            place = file.body
    context.memory.stage(place, bytes((mark,)) + command.data)
    pending.appended[file] = place, mark


COMMANDS: Final = (
    CommandSpec(_NAME, PROPRIETARY, 0xDC, Case.DATA_IN, update_cache, "facts transit-campus-health-zones 3.4"),
)
