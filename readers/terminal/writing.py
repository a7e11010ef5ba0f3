"""Writing elements of the HRSS zone under their update keys, and reading back what was written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, SimpleTlv, Sw, Text
from cardsim.zones.hrss import SSSE
from cardsim.zones.model import Cyclic, Transparent
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_df, select_hrss
from readers.terminal.security import external_authenticate, keys_for, owner_of, protected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from apdu import StatusWord
    from cardsim.zones.access import Access
    from cardsim.zones.addresses import DataFile
    from cardsim.zones.model import Df
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal

_CHUNK: Final = 0x80
_BY_NUMBER: Final = 4
_NEWEST: Final = 1
_TAG_AND_LENGTH: Final = 2
BY_TAG: Final = 0
"""In place of a record's number: its tag finds it."""


@unique
class Protect(Enum):
    """What goes with the data of a write."""

    NONE = "none"
    MAC = "mac"
    CIPHER = "cipher"


@dataclass(frozen=True, slots=True)
class Write:
    """One value to write.

    In a variable file record ``number``, or ``BY_TAG`` the first with its ``tag``; in a cyclic file a new record; in a
    transparent file its first bytes. ``name`` is what the user calls it. ``fitted``: no source knows the record's
    length, so the card is asked for it, and the data filled with 00. ``read``: what reading the value back needs,
    where its record has a condition of its own.
    """

    name: str
    df: Df
    file: DataFile
    data: bytes
    tag: int = 0
    number: int = _NEWEST
    fitted: bool = False
    read: Access | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: whether it was read back, and whether the card then gave what was written."""

    write: Write
    readable: bool
    equal: bool


def write_all(terminal: Terminal, writes: Sequence[Write], protect: Protect = Protect.NONE) -> Script[list[Written]]:
    """Do ``writes``, directory by directory in the order given, each directory's keys proved once.

    Stops at the first refusal with :class:`CardRefusedError`, which says how many were done.
    """
    done: list[Written] = []
    current: Df | None = None
    for write in writes:
        try:
            if write.df is not current:
                current = write.df
                yield from _enter(terminal, current, [other for other in writes if other.df is current])
            done.append((yield from _write(terminal, write, protect)))
        except CardRefusedError as error:
            raise CardRefusedError(
                f"{error}; values written before it: {len(done)}",
                f"{error.text.zh};此前已写入 {len(done)} 项",
                error.status,
            ) from error
    return done


def _write(terminal: Terminal, write: Write, protect: Protect) -> Script[Written]:
    fitted = (yield from _fitted(write)) if write.fitted else write
    for command in _commands(fitted):
        response = yield from _send(terminal, command, protect)
        if int(response.sw) != Sw.OK:
            raise _refused(write, response.sw, protect)
    return (yield from _read_back(fitted))


def _enter(terminal: Terminal, df: Df, writes: list[Write]) -> Script[None]:
    """Select ``df`` and prove every key that its writes, and reading them back, need."""
    if df is SSSE:
        yield from select_hrss()
    else:
        status = (yield from select_df(df)).sw
        if not status.ok:  # what is written now would land in another directory
            meaning = status.meaning
            raise CardRefusedError(
                f"{df.fid:04X} can not be selected: {status} ({meaning.en})",
                f"无法选择 {df.fid:04X}:{status}({meaning.zh})",
                status,
            )
    for key in keys_for(df, _conditions(writes)):
        yield from external_authenticate(terminal, owner_of(df, key), key)


def _conditions(writes: list[Write]) -> Iterator[Access]:
    for write in writes:
        yield write.file.update
        yield write.read or write.file.read


def _fitted(write: Write) -> Script[Write]:
    """Return ``write`` with data as long as the record is; a card that does not show the record gets it as it is."""
    response = yield Command(0x00, 0xB2, *_address(write), le=0)
    room = len(response.data) - _TAG_AND_LENGTH
    if not response.ok or room < 0:
        return write
    if len(write.data) > room:
        raise CardRefusedError(
            f"{write.name}: {len(write.data)} bytes; the record on this card holds {room}",
            f"{write.name}:{len(write.data)} 字节;此卡的记录只能存 {room} 字节",
        )
    return replace(write, data=write.data.ljust(room, b"\x00"))


def _commands(write: Write) -> Iterator[Command]:
    match write.file:
        case Cyclic():
            yield Command(0x00, 0xDC, *_address(write), write.data)
        case Transparent():
            yield Command(0x00, 0xA4, 0x00, 0x00, write.file.fid.to_bytes(2, "big"))
            for offset in range(0, len(write.data), _CHUNK):
                chunk = write.data[offset : offset + _CHUNK]
                yield Command(0x00, 0xD6, offset >> 8, offset & 0xFF, chunk)
        case _:
            record = SimpleTlv(write.tag, write.data).encode()
            yield Command(0x00, 0xDC, *_address(write), record)


def _address(write: Write) -> tuple[int, int]:
    """Return P1 and P2 of commands to a record: by SFI, and by number or tag."""
    sfi = (write.file.fid & 0x1F) << 3
    return (write.tag, sfi) if write.number == BY_TAG else (write.number, sfi | _BY_NUMBER)


def _send(terminal: Terminal, command: Command, protect: Protect) -> Script[Response]:
    if protect is Protect.NONE or command.ins == 0xA4:
        return (yield command)
    return (yield from protected(terminal, command, sealed=protect is Protect.CIPHER))


def _read_back(write: Write) -> Script[Written]:
    if isinstance(write.file, Transparent):
        content = b""
        while len(content) < len(write.data):
            response = yield Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=_CHUNK)
            if not (response.ok and response.data):
                return Written(write, readable=False, equal=False)
            content += response.data
        return Written(write, readable=True, equal=content[: len(write.data)] == write.data)
    response = yield Command(0x00, 0xB2, *_address(write), le=0)
    expected = write.data if isinstance(write.file, Cyclic) else SimpleTlv(write.tag, write.data).encode()
    return Written(write, readable=response.ok, equal=response.data == expected)


def _refused(write: Write, status: StatusWord, protect: Protect) -> CardRefusedError:
    meaning = status.meaning
    hint = Text("", "")
    if int(status) == Sw.SM_OBJECT_MISSING and protect is Protect.NONE:
        hint = Text("; it wants line protection", ";需要线路保护")
    elif protect is Protect.CIPHER and int(status) in (Sw.WRONG_LENGTH, Sw.SM_OBJECT_WRONG):
        hint = Text("; perhaps it wants a MAC alone", ";可能只需 MAC")
    return CardRefusedError(
        f"{write.name}: the card answers {status} ({meaning.en}){hint.en}",
        f"{write.name}:卡返回 {status}({meaning.zh}){hint.zh}",
        status,
    )
