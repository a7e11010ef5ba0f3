"""SELECT of the native card operating system (facts native-card-os 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, encode_ber, format_hex
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.files import Directory, ElementaryFile
from cardsim.chip.layout import MF_FID, NO_FCI_BYTE
from cardsim.chip.native.line import check_length
from cardsim.profiles.choices import BlockedSelect

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_BY_FID, _BY_NAME = 0x00, 0x04
_OF_APPLICATION: Final = 0x80
"""Of an app-file byte: it is an application's, the rest is the SFI of the file that its FCI carries."""
_SIZES: Final = range(17)


def select(context: Context, command: Command) -> bytes:
    """Make a file current: by FID (P1 00; no data: the MF) or a directory by name (P1 04).

    No name is the MF (inferred, facts transit-campus-health-zones 3.1). A directory answers its FCI.
    """
    if command.p1 not in (_BY_FID, _BY_NAME) or command.p2:
        raise wrong_p1p2("SELECT", command)
    check_length(context, command, "SELECT", _SIZES, "0-16")
    found = _by_name(context, command.data) if command.p1 == _BY_NAME else _by_fid(context, command)
    directory = found if isinstance(found, Directory) else found.directory
    if not directory.interfaces & context.interface_bit:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.NOT_ON_INTERFACE, directory.label)
    if isinstance(found, ElementaryFile):
        context.file = found
        return b""
    context.enter(found)
    if found.fid == MF_FID:
        context.mf_selected = True
    if context.blocked and context.profile.blocked_select is not BlockedSelect.FCI:
        raise Refusal(int(context.profile.blocked_select.value, 16), Reason.BLOCKED, found.label)
    return fci_of(context, found)


def fci_of(context: Context, directory: Directory) -> bytes:
    """Return 6F { 84 name, A5 { 88 SFI } }, or of an application A5 { 9F0C content of the file its byte names }."""
    byte = directory.header.extra
    if not directory.native or byte == NO_FCI_BYTE or not byte & _OF_APPLICATION:
        return directory.fci
    file = directory.by_sfi.get(byte & 0x1F)
    name = encode_ber(0x84, directory.name)
    if file is None or not file.transparent:
        return encode_ber(0x6F, name)
    content = context.memory.read(file.body, file.size)
    return encode_ber(0x6F, name + encode_ber(0xA5, encode_ber(0x9F0C, content)))


def _by_fid(context: Context, command: Command) -> Directory | ElementaryFile:
    here, data = context.directory, command.data
    if not data:
        return context.files.mf
    if len(data) != 2:
        raise wrong_length("SELECT", "0 or 2", command)
    fid = data[0] << 8 | data[1]
    if fid == MF_FID:
        return context.files.mf
    if fid == here.fid:
        return here
    # What has the parent's FID is out of reach, as the card takes it for the parent (facts native-card-os 4).
    found = here.by_fid.get(fid) if here.parent is None or fid != here.parent.fid else None
    if found is None and context.profile.native_sibling_select and here.parent is not None and not here.children:
        found = next((node for node in here.parent.children if node.fid == fid), None)
    if found is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.FILE_MISSING, fid, here.label)
    return found


def _by_name(context: Context, name: bytes) -> Directory:
    """Reach the MF, also by no name, the directory itself, those inside it and those beside it."""
    if not name:
        return context.files.mf
    here = context.directory
    beside = here.parent.children if here.parent else ()
    reach: tuple[Directory, ...] = (here, *here.children, *beside, context.files.mf)
    for node in reach:
        if node.name == name:
            return node
    raise Refusal(Sw.FILE_NOT_FOUND, Reason.NAME_MISSING, format_hex(name))


COMMANDS = (CommandSpec("SELECT", ISO, 0xA4, Case.DATA_IN_OUT, select, "facts native-card-os 4", when_blocked=True),)
