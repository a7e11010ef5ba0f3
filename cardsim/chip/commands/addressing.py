"""How reading and writing commands say what they mean: P1 P2 of the record and binary commands, one meaning each.

Source: ISO/IEC 7816-4, 11.3 and 11.4; facts hrss-card 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Sw
from cardsim.chip.dispatch import wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.zones.access import NEVER

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import ElementaryFile, Record
    from cardsim.chip.rules import Masks
    from cardsim.zones.access import Access

BY_TAG: Final = 0
PREVIOUS: Final = 3
BY_NUMBER: Final = 4
FROM_NUMBER_ON: Final = 5


def record_file(context: Context, command: Command) -> ElementaryFile:
    """Return the file with records that P2 addresses: bits 8-4 its SFI, 0 the current EF."""
    file = context.file_by_sfi(command.p2 >> 3)
    if file.transparent:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_A_RECORD_FILE, file.fid)
    return file


def addressed_record(file: ElementaryFile, command: Command) -> Record:
    """Return the record that P1 names: its tag (first occurrence) in mode 0, its number in the others."""
    if command.p2 & 7 == BY_TAG:
        record = file.by_tag.get(command.p1)
        if record is None:
            raise Refusal(Sw.RECORD_NOT_FOUND, Reason.TAG_MISSING, file.fid, command.p1)
        return record
    records = file.records
    if not 1 <= command.p1 <= len(records):
        raise Refusal(Sw.RECORD_NOT_FOUND, Reason.RECORD_MISSING, file.fid, command.p1)
    return records[command.p1 - 1]


def binary_file(context: Context, command: Command, name: str) -> tuple[ElementaryFile, int]:
    """Return file and offset: P1 = 100sssss P2 = offset by SFI, else P1 P2 a 15-bit offset into the current EF."""
    if command.p1 & 0x80:
        if command.p1 & 0x60:
            raise wrong_p1p2(name, command)
        file, offset = context.file_by_sfi(command.p1 & 0x1F), command.p2
    else:
        file, offset = context.file_by_sfi(0), command.p1 << 8 | command.p2
    if not file.transparent:
        raise Refusal(Sw.INCOMPATIBLE_FILE, Reason.NOT_TRANSPARENT, file.fid)
    return file, offset


def check_offset(file: ElementaryFile, offset: int) -> None:
    """Refuse an offset behind the end with 6B00."""
    if offset >= file.size:
        raise Refusal(Sw.WRONG_OFFSET, Reason.OFFSET_OUTSIDE, file.fid, offset, file.size)


def allowed(granted: int, masks: Masks) -> bool:
    """Return whether ``granted`` satisfies a compiled rule."""
    for mask in masks:  # noqa: SIM110  a generator here would cost a third of the command
        if granted & mask == mask:
            return True
    return False


def check_update(context: Context, file: ElementaryFile, masks: Masks, rule: Access) -> None:
    """Refuse with 6982 whoever may not write what has this rule in ``file``."""
    if not allowed(context.granted, masks):
        reason = Reason.UPDATE_NEVER if rule == NEVER else Reason.UPDATE_REFUSED
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, reason, file.fid, rule)
