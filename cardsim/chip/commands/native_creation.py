"""CREATE FILE and ERASE DF of the native card operating system (facts native-card-os 1.2, 1.3, 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw
from cardsim.chip.dispatch import PROPRIETARY, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.filesystem import rule_of
from cardsim.chip.layout import KIND_MASK, MF_FID, NATIVE_KEYS_FID, RIGHT_FREE, RIGHT_NEVER, RULES_FID, FileType
from cardsim.chip.native.creation import (
    Creation,
    check_form,
    check_rule,
    creation_of,
    master_file,
    place_of,
    wrong_type,
)
from cardsim.chip.native.dialects import DIALECTS
from cardsim.chip.native.line import check_length, require, require_right
from cardsim.chip.rules import compile_access

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context

_SEAL: Final = 0x8000
_ANY: Final = range(1, 256)


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """An internal file of which more bytes are to come; it is nowhere but here."""

    creation: Creation


def create_file(context: Context, command: Command) -> bytes:
    """Make a file or a directory of the current one: P1 P2 = FID, data = type, size, rights and more, by type."""
    context.work = None
    fid, here = command.p1 << 8 | command.p2, context.directory
    dialect = DIALECTS[context.profile.native_dialect]
    if dialect.ruled and fid == _SEAL and len(command.data) <= 1:
        return _seal(context, command.data)
    if dialect.ruled and fid == RULES_FID and not command.data:
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.DIALECT_ASKED)
    if not context.files.formatted and fid != MF_FID:
        raise Refusal(Sw.FUNCTION_NOT_SUPPORTED, Reason.NO_MF)
    if fid in here.fids or (fid == MF_FID and context.files.formatted):
        raise Refusal(Sw.WRONG_P1P2, Reason.FILE_EXISTS, here.label, fid)
    check_length(context, command, "CREATE FILE", _ANY, "7 or more")
    kind = dialect.types.get(command.data[0] & KIND_MASK)
    if kind is not None:
        check_form(context, kind, command)
    require_right(context, context.files.right(here.header.right1), "CREATE FILE")
    if kind is None or (fid == MF_FID and command.data[0] != FileType.DIRECTORY):
        raise wrong_type(command.data[0])
    if kind is FileType.KEYS and fid != NATIVE_KEYS_FID and not dialect.ruled:
        raise wrong_p1p2("CREATE FILE", command)
    creation = master_file(context, command.data) if fid == MF_FID else creation_of(context, kind, command)
    make(context, creation)
    return b""


def append_body(context: Context, command: Command) -> bytes:
    """Go on with the body of an internal file that CREATE FILE has begun; made when it is complete."""
    unfinished, context.work = context.work, None
    if command.p1 or command.p2:
        raise wrong_p1p2("CREATE FILE, continued", command)
    if not isinstance(unfinished, _Unfinished):
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NOTHING_BEGUN)
    creation = unfinished.creation
    left = creation.header.size - len(creation.body)
    check_length(context, command, "CREATE FILE, continued", range(1, left + 1), f"1-{left}")
    make(context, replace(creation, body=creation.body + command.data))
    return b""


def erase_directory(context: Context, command: Command) -> bytes:
    """Wipe all that is in the current directory; its header, and the space it has, stay. A free phase begins.

    A ruled directory is wiped under the rule that sealing gave it, and is as CREATE FILE made it then.
    """
    if command.p1 or command.p2:
        raise wrong_p1p2("ERASE DF", command)
    if command.data:
        raise wrong_length("ERASE DF", "0", command)
    here = context.directory
    if here.native:
        require_right(context, context.files.right(here.header.right2), "ERASE DF")
    else:
        needed = rule_of(here, here.header.right2).default
        require(context, compile_access(needed, here.bit_of), needed, "ERASE DF", here.label)
        header = replace(here.stored(context.memory), right1=RIGHT_FREE, right2=RIGHT_FREE)
        context.memory.write(here.offset, header.encode())
    if here.used:
        context.memory.write(here.start, bytes(here.used))
    context.reload(free=True)
    return b""


def make(context: Context, creation: Creation) -> None:
    """Put ``creation`` behind what the directory has, and take it in. Refuses with 6A84 or 6A80."""
    place = place_of(context.directory, creation) if context.files.formatted else 0
    if not creation.complete:
        context.work = _Unfinished(creation)
        return
    context.memory.write(place, creation.header.encode() + creation.name + creation.body)
    context.reload(free=context.free if context.files.formatted else True)


def _seal(context: Context, data: bytes) -> bytes:
    """End the free phase of a ruled directory; ``data``: the rule under which it may be erased, if any."""
    here = context.directory
    if not here.unsealed:
        raise Refusal(Sw.CONDITIONS_NOT_SATISFIED, Reason.NOTHING_BEGUN)
    erase = data[0] if data else RIGHT_NEVER
    check_rule(here, erase)
    header = replace(here.stored(context.memory), right1=RIGHT_NEVER, right2=erase)
    context.memory.write(here.offset, header.encode())
    context.reload(free=False)
    return b""


_SOURCE = "facts native-card-os 1.2"
COMMANDS = (
    CommandSpec("CREATE FILE", PROPRIETARY, 0xE0, Case.DATA_IN, create_file, _SOURCE),
    CommandSpec("CREATE FILE, continued", PROPRIETARY, 0xE2, Case.DATA_IN, append_body, "cardsim.chip.native"),
    CommandSpec("ERASE DF", PROPRIETARY, 0x0E, Case.NO_DATA, erase_directory, "facts native-card-os 1.3, 4"),
)
