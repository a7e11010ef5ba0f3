"""CREATE FILE, WRITE KEY and the wipe of the Huada dialect (facts native-card-os 1.6, 2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.commands.addressing import allowed
from cardsim.chip.commands.native_creation import make
from cardsim.chip.commands.native_keys import append_record
from cardsim.chip.dispatch import PROPRIETARY, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import MF_FID, RIGHT_NEVER, FileType, KeyType
from cardsim.chip.native import huada
from cardsim.chip.native.creation import LEVELS
from cardsim.chip.native.line import check_length, checked, find_key, opened, require_right
from cardsim.chip.native.rights import Right
from cardsim.profiles.native import MfRight

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_WIPE_CLASS: Final = 0xBF
_END, _ANY = 0x8000, range(1, 256)
_REPLACE, _ADD = 0x0100, 0x0001
_KEY_FILE: Final = 0x000B
_KEY_HEADER: Final = 8
_WITH_MASTER: Final = Right(huada.MASTER_STATE << 4 | huada.MASTER_STATE, MfRight.ZERO_Y)
"""Our own: the directory's state that a wipe needs, for the published one follows the master key's authentication."""
_SIZES: Final = (0x1C, 0x24)
_MASTER_HEADER: Final = bytes(3)


def create_file(context: Context, command: Command) -> bytes:
    """Make a file of the kind P1 P2; 8000 without data ends personalisation."""
    kind, here = command.p1 << 8 | command.p2, context.directory
    if kind == _END and not command.data:
        return _end(context)
    fits = huada.fits(kind, command.data)
    if fits is None:
        raise wrong_p1p2("CREATE FILE", command)
    check_length(context, command, "CREATE FILE", _ANY, "as published")
    if not fits:
        raise wrong_length("CREATE FILE", "as published", command)
    fid = command.data[0] << 8 | command.data[1]
    if context.files.formatted:
        if fid == MF_FID or (fid in here.fids and kind != _KEY_FILE) or (kind == _KEY_FILE and here.key_file):
            raise Refusal(Sw.WRONG_P1P2, Reason.FILE_EXISTS, here.label, fid)
        require_right(context, context.files.right(here.header.right1), "CREATE FILE")
    elif fid != MF_FID:
        raise Refusal(Sw.FUNCTION_NOT_SUPPORTED, Reason.NO_MF)
    creation = huada.creation(kind, command.data)
    if creation.header.type is FileType.DIRECTORY and sum(1 for _ in here.upwards()) > LEVELS - 1:
        raise Refusal(Sw.WRONG_DATA, Reason.CREATE_FORM, Text("too deep", "目录层次过深"))
    make(context, creation)
    return b""


def write_key(context: Context, command: Command) -> bytes:
    """Replace the directory's main control key (P1 P2 0100) or add another key (0001), sealed under that one."""
    kind = command.p1 << 8 | command.p2
    if kind not in (_REPLACE, _ADD):
        raise wrong_p1p2("WRITE KEY", command)
    check_length(context, command, "WRITE KEY", _SIZES, "28 or 36")
    master = find_key(context, KeyType.EXTERNAL, 0x00)
    data, line = checked(context, command, master, Sw.MAC_WRONG)
    plain = opened(line, data)
    if kind == _REPLACE:
        if len(plain) != len(_MASTER_HEADER) + master.value_size or not plain.startswith(_MASTER_HEADER):
            raise _wrong("no main control key")
        context.memory.write(master.value, plain[len(_MASTER_HEADER) :])
    else:
        _add(context, plain)
    context.reload()
    return b""


def wipe(context: Context, command: Command) -> bytes:
    """Erase all that is in the current directory, once its master key is authenticated where it has one."""
    if command.p1 or command.p2:
        raise wrong_p1p2("ERASE", command)
    here = context.directory
    keyless = context.free and here.key_file is None
    if not (keyless or allowed(context.granted, _WITH_MASTER.masks)):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.STATE_REFUSED, "ERASE", here.label, _WITH_MASTER)
    if here.used:
        context.memory.write(here.start, bytes(here.used))
    context.reload(free=True)
    return b""


def _add(context: Context, plain: bytes) -> None:
    if len(plain) < _KEY_HEADER:
        raise _wrong("no header of a key")
    try:
        key = huada.key_of(plain)
    except ValueError as error:
        raise _wrong(str(error)) from error
    if (key.type, key.id) in context.directory.keys:
        raise Refusal(Sw.WRONG_P1P2, Reason.KEY_EXISTS, context.directory.label, key.type, key.id)
    append_record(context, key.encode())


def _end(context: Context) -> bytes:
    """Let nothing be created any more."""
    for directory in context.files.directories:
        header = replace(directory.stored(context.memory), right1=RIGHT_NEVER)
        context.memory.write(directory.offset, header.encode())
    context.reload(free=False)
    return b""


def _wrong(why: str) -> Refusal:
    return Refusal(Sw.WRONG_DATA, Reason.KEY_FORM, Text(why, f"数据有误({why})"))


_SOURCE = "facts native-card-os 1.6, 2.3"
COMMANDS = (
    CommandSpec("CREATE FILE", PROPRIETARY, 0xE0, Case.DATA_IN, create_file, _SOURCE),
    CommandSpec("WRITE KEY", PROPRIETARY_PROTECTED, 0xD4, Case.DATA_IN, write_key, _SOURCE),
    CommandSpec("ERASE", _WIPE_CLASS, 0xCE, Case.NO_DATA, wipe, _SOURCE),
)
