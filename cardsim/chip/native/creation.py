"""What CREATE FILE makes, in the shape of FMCOS, and where it goes (facts native-card-os 1.2, 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import Sw, Text
from cardsim.chip.dispatch import wrong_length
from cardsim.chip.errors import Reason, Refusal
from cardsim.chip.layout import (
    HEADER_SIZE,
    MF_FID,
    REST_OF_MEMORY,
    RIGHT_COMPOUND,
    RIGHT_FREE,
    RIGHT_NEVER,
    FileType,
    Header,
    LifeCycle,
    Protection,
)
from cardsim.chip.purse.body import SMALLEST_BODY

if TYPE_CHECKING:
    from apdu import Command
    from cardsim.chip.context import Context
    from cardsim.chip.files import Directory

_PROTECTABLE: Final = frozenset((FileType.TRANSPARENT, FileType.FIXED, FileType.VARIABLE, FileType.CYCLIC))
_WITH_BODY: Final = frozenset((FileType.RULES, FileType.APPLICATION))
_RULED_ONLY: Final = frozenset((FileType.PUBLIC_KEY, FileType.PRIVATE_KEY))
_FILE: Final = 7
_DIRECTORY: Final = 8
_LONGEST_NAME: Final = 16
_MF_SIZES: Final = (13, 14)
_TRANSPORT: Final = 6
LEVELS: Final = 3
"""Of directories, the MF's among them."""
_RECORDS: Final = range(2, 255)
"""The chip counts the records of a cyclic file with numbers of one byte, so 255 are one too many."""
_RECORD_SIZES: Final = range(1, 249)
_PURSE_SIZE: Final = b"\x02\x08"
_PURSES: Final = (0x0001, 0x0002)


@dataclass(frozen=True, slots=True)
class Creation:
    """What is to be made: its header, the name of a directory, the first bytes of an internal file's body."""

    header: Header
    name: bytes = b""
    body: bytes = b""

    @property
    def complete(self) -> bool:
        """False while bytes of an internal file's body are still to come."""
        return self.header.type not in _WITH_BODY or len(self.body) >= self.header.size

    @property
    def size(self) -> int:
        """Bytes that it takes of its directory's space."""
        return HEADER_SIZE + len(self.name) + self.header.size


def check_form(context: Context, kind: FileType, command: Command) -> None:
    """Refuse with 6700 a data field that has not the length of its kind."""
    size = len(command.data)
    if kind is not FileType.DIRECTORY:
        right, wanted = size >= _FILE if kind in _WITH_BODY else size == _FILE, f"{_FILE}"
    elif command.p1 << 8 | command.p2 == MF_FID:
        right, wanted = size in _MF_SIZES, "13-14"
    else:
        shortest = _DIRECTORY + context.profile.native_shortest_name
        right, wanted = shortest <= size <= _DIRECTORY + _LONGEST_NAME, f"{shortest}-{_DIRECTORY + _LONGEST_NAME}"
    if not right:
        raise wrong_length("CREATE FILE", wanted, command)


def master_file(context: Context, data: bytes) -> Creation:
    """Return the MF that ``data`` describes: space, rights, app-file byte and transport code. Refuses with 6982.

    The code is counted with or without the app-file byte, and cut to 7 bytes where that is there (native-card-os 1.2).
    """
    code = context.profile.native_transport_key
    app_file = data[5]
    if data[5:] == code:
        app_file = 0xFF
    elif data[_TRANSPORT:] not in (code, code[:7]):
        raise Refusal(Sw.SECURITY_STATUS_NOT_SATISFIED, Reason.TRANSPORT_KEY_WRONG)
    space = int.from_bytes(data[1:3], "big")
    if space != REST_OF_MEMORY and HEADER_SIZE + space > len(context.memory):
        free = len(context.memory) - HEADER_SIZE
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.DIRECTORY_FULL, "3F00", space, free)
    header = Header(MF_FID, FileType.DIRECTORY, space, data[3], data[4], app_file, native=True)
    return Creation(header)


def creation_of(context: Context, kind: FileType, command: Command) -> Creation:
    """Return the file or directory that ``command`` describes. Refuses with 6A80 what can not be."""
    data, fid, here = command.data, command.p1 << 8 | command.p2, context.directory
    marks = data[0] & 0xC0
    if marks and (kind not in _PROTECTABLE or marks == 0x40):
        raise wrong_type(data[0])
    if kind is FileType.DIRECTORY:
        return _directory(here, fid, data)
    if kind in _WITH_BODY:
        size = int.from_bytes(data[1:3], "big")
        return _internal(here, Header(fid, kind, size, data[3], data[4], data[5]), data[_FILE:])
    return Creation(_file_header(context, kind, fid, data))


def _file_header(context: Context, kind: FileType, fid: int, data: bytes) -> Header:
    here = context.directory
    ruled = not here.native
    extra, byte7, state = data[5], data[6], LifeCycle.IN_USE
    size = int.from_bytes(data[1:3], "big")
    match kind:
        case FileType.CYCLIC | FileType.FIXED:
            _check_records(data)
            size, extra = data[1] * (data[2] + 1), data[2]
            size += 0 if ruled else context.profile.native_record_overhead
        case FileType.PURSE:
            _check_purse(here, fid, data)
            size = SMALLEST_BODY if data[1:3] == _PURSE_SIZE else size
            extra, byte7 = byte7, 0xFF  # the SFI of the log
        case FileType.KEYS:
            _check_key_file(here, Header(fid, kind, size))
        case FileType.TRANSPARENT if not ruled:
            state = LifeCycle.NEVER_WRITTEN
        case _ if kind in _RULED_ONLY and not ruled:
            raise wrong_type(data[0])
    if not size:
        raise wrong(Text("a file of no bytes", "文件长度为 0"))
    protection = Protection(data[0] & 0xC0)
    header = Header(fid, kind, size, data[3], data[4], extra, 0, state, protection, byte7=byte7)
    if ruled and kind is not FileType.KEYS:
        check_rule(here, header.right1)
        check_rule(here, header.right2)
    return header


def _check_records(data: bytes) -> None:
    if data[1] not in _RECORDS or data[2] not in _RECORD_SIZES:
        raise wrong(Text(f"{data[1]} records of {data[2]} bytes", f"{data[1]} 条 {data[2]} 字节的记录"))


def _check_purse(here: Directory, fid: int, data: bytes) -> None:
    if here.native and (fid not in _PURSES or data[1:3] != _PURSE_SIZE):
        raise wrong(Text("a purse is 0001 or 0002 with 02 08", "钱包文件应为 0001 或 0002,参数 02 08"))


def place_of(here: Directory, creation: Creation) -> int:
    """Return where ``creation`` goes. Refuses with 6A84 what does not fit."""
    free = here.end - here.start - here.used
    if creation.size > free:
        raise Refusal(Sw.NOT_ENOUGH_MEMORY, Reason.DIRECTORY_FULL, here.label, creation.size, free)
    return here.start + here.used


def wrong(why: Text) -> Refusal:
    """Return the 6A80 refusal of CREATE FILE."""
    return Refusal(Sw.WRONG_DATA, Reason.CREATE_FORM, why)


def wrong_type(byte: int) -> Refusal:
    """Return the refusal of a type byte that the dialect does not know, or not here."""
    return wrong(Text(f"type {byte:02X}", f"类型 {byte:02X}"))


def _directory(here: Directory, fid: int, data: bytes) -> Creation:
    if sum(1 for _ in here.upwards()) >= LEVELS:
        raise wrong(Text(f"a directory at level {LEVELS + 1}", f"目录层次超过 {LEVELS} 级"))
    name = data[_DIRECTORY:]
    space = int.from_bytes(data[1:3], "big")
    header = Header(fid, FileType.DIRECTORY, space, data[3], data[4], data[5], len(name), native=True)
    return Creation(header, name)


def _check_key_file(here: Directory, header: Header) -> None:
    if here.key_file is not None:
        raise Refusal(Sw.WRONG_P1P2, Reason.FILE_EXISTS, here.label, here.key_file[1].fid)
    if here.parent is None and header.rules_its_directory:
        raise wrong(Text("the MF's key file is 0000", "MF 的密钥文件应为 0000"))
    if not here.native and not header.rules_its_directory:
        raise wrong(Text("a ruled directory's key file is EF80", "按规则管理的目录其密钥文件应为 EF80"))
    if here.files or here.children:
        raise wrong(Text("the key file comes before all others", "密钥文件必须最先建立"))


def _internal(here: Directory, header: Header, body: bytes) -> Creation:
    if here.parent is None or here.files or here.children:
        raise wrong(Text("it comes before files and directories, and not in the MF", "须先于其他文件建立,且不在 MF 中"))
    if any(record.native is not None for versions in here.keys.values() for record in versions.values()):
        raise wrong(Text("the directory has native keys", "目录中已有原生密钥"))
    if len(body) > header.size:
        raise wrong(Text(f"a body of {len(body)} bytes", f"文件体 {len(body)} 字节"))
    return Creation(header, body=body)


def check_rule(here: Directory, right: int) -> None:
    """Refuse with 6A80 a right of a ruled directory that names no rule."""
    if right not in (RIGHT_FREE, RIGHT_NEVER, RIGHT_COMPOUND) and not 1 <= right <= len(here.rules):
        raise wrong(Text(f"there is no rule {right:02X}", f"没有规则 {right:02X}"))
