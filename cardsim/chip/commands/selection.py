"""SELECT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Case, Sw, format_hex
from cardsim.chip.dispatch import ISO, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.files import Directory, ElementaryFile
from cardsim.chip.layout import MF_FID
from cardsim.profiles.choices import BlockedSelect

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_ANY, _CHILD_DF, _BY_NAME, _PATH_FROM_MF = 0x00, 0x01, 0x04, 0x08
_FIRST_WITH_FCI, _NEXT, _WITHOUT_FCI = 0x00, 0x02, 0x0C


def select(context: Context, command: Command) -> bytes:
    """Make a file current; a directory answers its FCI, an EF nothing (real logs, facts hrss-card 3).

    A blocked one becomes current too, so that it can be unblocked, and answers as the profile says.
    P1: 00 FID (no data: MF), 01 child DF, 02 EF here, 03 parent, 04 name, 08/09 path. P2: 00 FCI, 0C no FCI, 02 next
    occurrence of a name (there never is one). Refused commands change nothing.
    """
    if command.p2 == _NEXT and command.p1 == _BY_NAME:
        raise _no_name(context, command.data)
    if command.p2 not in (_FIRST_WITH_FCI, _WITHOUT_FCI):
        raise wrong_p1p2("SELECT", command)
    found = _resolve(context, command)
    directory = found if isinstance(found, Directory) else found.directory
    if not directory.interfaces & context.interface_bit:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.NOT_ON_INTERFACE, directory.label)
    if isinstance(found, ElementaryFile):
        if found.directory is not context.directory:
            context.enter(found.directory)
        context.file = found
        return b""
    context.enter(found)
    if found.fid == MF_FID:
        context.mf_selected = True
    if context.blocked and context.profile.blocked_select is not BlockedSelect.FCI:
        raise Refusal(int(context.profile.blocked_select.value, 16), Reason.BLOCKED, found.label)
    return b"" if command.p2 == _WITHOUT_FCI else found.fci


def _resolve(context: Context, command: Command) -> Directory | ElementaryFile:
    p1, here = command.p1, context.directory
    match p1:
        case 0x00 | 0x01 | 0x02:
            return _by_fid(context, command)
        case 0x03:
            return _parent(here, command)
        case 0x04:
            return _by_name(context, command.data)
        case 0x08 | 0x09:
            return _by_path(context.files.mf if p1 == _PATH_FROM_MF else here, command)
        case _:
            raise wrong_p1p2("SELECT", command)


def _by_fid(context: Context, command: Command) -> Directory | ElementaryFile:
    p1, data, here = command.p1, command.data, context.directory
    if not data and p1 == _ANY:
        return context.files.mf
    if len(data) != 2:
        raise wrong_length("SELECT", "2", command)
    fid = data[0] << 8 | data[1]
    if p1 == _ANY:
        found = here.find(fid)
    else:
        found = here.by_fid.get(fid)
        if not isinstance(found, Directory if p1 == _CHILD_DF else ElementaryFile):
            found = None
    if found is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.FILE_MISSING, fid, here.label)
    return found


def _parent(here: Directory, command: Command) -> Directory:
    if command.data:
        raise wrong_length("SELECT", "0", command)
    if here.parent is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.NO_PARENT, here.label)
    return here.parent


def _by_name(context: Context, name: bytes) -> Directory:
    """Names reach any directory of the card: after a reset every client selects by name (facts hrss-card 1)."""
    if context.profile.mf_select_first and not context.mf_selected:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.MF_NOT_SELECTED_FIRST)
    found = context.files.by_name.get(name)
    if found is None:
        raise _no_name(context, name)
    return found


def _by_path(start: Directory, command: Command) -> Directory | ElementaryFile:
    path = command.data
    if not path or len(path) % 2:
        raise wrong_length("SELECT", "2n", command)
    node: Directory | ElementaryFile = start
    for step in range(0, len(path), 2):
        fid = path[step] << 8 | path[step + 1]
        below = node.by_fid.get(fid) if isinstance(node, Directory) else None
        if below is None:
            raise Refusal(Sw.FILE_NOT_FOUND, Reason.FILE_MISSING, fid, start.label)
        node = below
    return node


def _no_name(context: Context, name: bytes) -> Refusal:
    return Refusal(int(context.profile.unknown_name.value, 16), Reason.NAME_MISSING, format_hex(name))


_SOURCE = "ISO/IEC 7816-4, 11.1.1; facts hrss-card 3"
COMMANDS = (CommandSpec("SELECT", ISO, 0xA4, Case.DATA_IN_OUT, select, _SOURCE, when_blocked=True),)
