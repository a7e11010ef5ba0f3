"""WRITE KEY of the native card operating system (facts native-card-os 2.1, 2.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from apdu import Case, Sw, Text
from cardsim.chip.dispatch import PROPRIETARY, PROPRIETARY_PROTECTED, CommandSpec, wrong_length, wrong_p1p2
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import HEADER_SIZE, KEY_HEADER_SIZE, KIND_MASK, KeyRecord, KeyType, Protection
from cardsim.chip.native import keys
from cardsim.chip.native.dialects import DIALECTS
from cardsim.chip.native.keys import KINDS, NativeKey
from cardsim.chip.native.line import (
    PROTECTED_BIT,
    check_length,
    checked,
    missing_mac,
    opened,
    require_right,
    usable_key,
)
from cardsim.profiles.native import KeyAdding, MacOnlyMark

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.layout import Header

_ADD: Final = 0x01
_NO_ID: Final = 0xFF
_MASTER: Final = 0x00
_SIZES: Final = range(7, 38)
_CLEAR_SIZES: Final = range(7, 22)


def write_key(context: Context, command: Command) -> bytes:
    """Add a key (P1 01) or change one (P1 its type); P2 its id; in clear, or protected under the master key 39/00."""
    directory = context.directory
    if DIALECTS[context.profile.native_dialect].ruled and not directory.native:
        return _install(context, command)
    adding = command.p1 == _ADD
    if command.p2 == _NO_ID or not (adding or command.p1 & KIND_MASK in KINDS):
        raise wrong_p1p2("WRITE KEY", command)
    secured = bool(command.cla & PROTECTED_BIT)
    check_length(context, command, "WRITE KEY", _SIZES if secured else _CLEAR_SIZES, "7-21, or 11-37 with a MAC")
    key_file = _key_file(context)[1]
    if adding:
        require_right(context, context.files.right(key_file.right2), "WRITE KEY")
        cipher = context.profile.native_key_adding is KeyAdding.CIPHER
        _add(context, command, _data(context, command, Protection.CIPHER if cipher else Protection.MAC))
    else:
        _modify(context, command)
    context.reload()
    return b""


def _add(context: Context, command: Command, data: bytes) -> None:
    key = _parsed(command, data)
    if (key.type, key.id) in context.directory.keys:
        raise Refusal(Sw.WRONG_P1P2, Reason.KEY_EXISTS, context.directory.label, key.type, key.id)
    same = sum(kind is KeyType.LINE for kind, _ in context.directory.keys)
    if key.type is KeyType.LINE and same >= context.profile.native_line_keys:
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.KEY_FORM, Text("too many of type 36", "36 类密钥过多"))
    append_record(context, key.encode())


def _modify(context: Context, command: Command) -> None:
    versions = context.directory.keys.get((KeyType(command.p1 & KIND_MASK), command.p2))
    found = next(iter(versions.values())) if versions else None
    if found is None or found.native is None or found.native.type_byte != command.p1:
        raise Refusal(Sw.REFERENCE_NOT_FOUND, Reason.KEY_MISSING, command.p2, context.directory.label)
    old = found.native
    require_right(context, context.files.right(old.modify), "WRITE KEY")
    mark = 0x40 if context.profile.native_mac_mark is MacOnlyMark.BIT_7 else 0x80
    needed = old.protection(mark)
    if needed is not Protection.NONE and not command.cla & PROTECTED_BIT:
        raise missing_mac(context, f"{old.type_byte:02X}/{old.id:02X}")
    data = _data(context, command, Protection.CIPHER if needed is Protection.NONE else needed)
    if DIALECTS[context.profile.native_dialect].value_only and len(data) == len(old.value):
        context.memory.write(found.value, data)
        return
    if len(data) != NativeKey.FIELDS + len(old.value):
        raise wrong_length("WRITE KEY", str(NativeKey.FIELDS + len(old.value)), command)
    new = _parsed(command, data)
    if new.type is not old.type:
        raise _wrong(Text(f"type {new.type_byte:02X} is another kind of key", f"类型 {new.type_byte:02X} 与原密钥不符"))
    if new.counted and not context.profile.native_modify_counter:
        new = replace(new, b5=context.memory.view[found.tries_offset])
    context.memory.write(found.record, new.encode())


def _data(context: Context, command: Command, form: Protection) -> bytes:
    """Return what the command says about the key; protected, ``form`` says how. Refuses with 9302 a wrong MAC."""
    if not command.cla & PROTECTED_BIT:
        return command.data
    master = usable_key(context, KeyType.EXTERNAL, _MASTER, "WRITE KEY")
    data, line = checked(context, command, master, Sw.MAC_WRONG)
    return opened(line, data) if form is Protection.CIPHER else data


def _parsed(command: Command, data: bytes) -> NativeKey:
    try:
        return NativeKey.from_wire(command.p2, data)
    except ValueError as error:
        raise _wrong(Text(str(error), f"数据有误({error})")) from error


def append_record(context: Context, record: bytes) -> None:
    """Put a record behind the others. Refuses with 6A84 when the key file is full."""
    place, header = _key_file(context)
    body = context.memory.read(place + HEADER_SIZE, header.size)
    used = keys.used(body)
    if used + len(record) > header.size:
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.FILE_FULL, header.fid, len(record), header.size - used)
    context.memory.write(place + HEADER_SIZE + used, record)


def _key_file(context: Context) -> tuple[int, Header]:
    """Return place and header of the current directory's key file. Refuses with 6A82."""
    if context.directory.key_file is None:
        raise Refusal(Sw.FILE_NOT_FOUND, Reason.KEY_FILE_MISSING, context.directory.label)
    return context.directory.key_file


def _install(context: Context, command: Command) -> bytes:
    """Add a record of T514's form, as it is, to the key file of a ruled directory."""
    directory, data = context.directory, command.data
    if command.p1 or command.p2:
        raise wrong_p1p2("WRITE KEY", command)
    if command.cla & PROTECTED_BIT:
        raise Refusal(Sw.CLA_DOES_NOT_MATCH_PROTECTION, Reason.CLA_WRONG, "WRITE KEY", command.cla)
    check_length(context, command, "WRITE KEY", range(KEY_HEADER_SIZE + 1, 256), "8 and the value")
    require_right(context, context.files.right(_key_file(context)[1].right2), "WRITE KEY")
    try:
        record = KeyRecord.parse(data)
    except ValueError as error:
        raise _wrong(Text(str(error), f"数据有误({error})")) from error
    if record.size != len(data):
        raise wrong_length("WRITE KEY", str(record.size), command)
    if record.version in directory.keys.get((record.type, record.id), {}):
        raise Refusal(Sw.WRONG_P1P2, Reason.KEY_EXISTS, directory.label, record.type, record.id)
    append_record(context, data)
    context.reload()
    return b""


def _wrong(why: Text) -> Refusal:
    return Refusal(Sw.WRONG_DATA, Reason.KEY_FORM, why)


_SOURCE = "facts native-card-os 2.1, 2.2"
COMMANDS = tuple(
    CommandSpec("WRITE KEY", cla, 0xD4, Case.DATA_IN, write_key, _SOURCE)
    for cla in (PROPRIETARY, PROPRIETARY_PROTECTED)
)
