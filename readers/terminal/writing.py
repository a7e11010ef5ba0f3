"""Writing elements of the HRSS zone under their update keys, and reading back what was written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from apdu import Command, Response, SimpleTlv, Sw
from cardsim.zones.hrss import SSSE
from cardsim.zones.model import Cyclic, Transparent
from readers.errors import CardRefusedError
from readers.terminal.hrss import select_df, select_hrss
from readers.terminal.security import external_authenticate, keys_for, owner_of, protected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cardsim.zones.access import Access
    from cardsim.zones.addresses import DataFile
    from cardsim.zones.model import Df
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal

_CHUNK: Final = 0x80
_BY_NUMBER: Final = 4
_NEWEST: Final = 1


@unique
class Protect(Enum):
    """What goes with the data of a write."""

    NONE = "none"
    MAC = "mac"
    CIPHER = "cipher"


@dataclass(frozen=True, slots=True)
class Write:
    """One value to write.

    In a variable file record ``number`` with its ``tag``; in a cyclic file a new record, which has neither; in a
    transparent file all of it. ``name`` is what the user calls it.
    """

    name: str
    df: Df
    file: DataFile
    data: bytes
    tag: int = 0
    number: int = _NEWEST


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
        if write.df is not current:
            current = write.df
            yield from _enter(terminal, current, [other for other in writes if other.df is current])
        for command in _commands(write):
            response = yield from _send(terminal, command, protect)
            if int(response.sw) != Sw.OK:
                raise _refused(write, response, len(done))
        done.append((yield from _read_back(write)))
    return done


def _enter(terminal: Terminal, df: Df, writes: list[Write]) -> Script[None]:
    """Select ``df`` and prove every key that its writes, and reading them back, need."""
    if df is SSSE:
        yield from select_hrss()
    else:
        yield from select_df(df)
    for key in keys_for(df, _conditions(writes)):
        yield from external_authenticate(terminal, owner_of(df, key), key)


def _conditions(writes: list[Write]) -> Iterator[Access]:
    for write in writes:
        yield write.file.update
        yield write.file.read


def _commands(write: Write) -> Iterator[Command]:
    sfi = write.file.fid & 0x1F
    match write.file:
        case Cyclic():
            yield Command(0x00, 0xDC, _NEWEST, sfi << 3 | _BY_NUMBER, write.data)
        case Transparent():
            yield Command(0x00, 0xA4, 0x00, 0x00, write.file.fid.to_bytes(2, "big"))
            for offset in range(0, len(write.data), _CHUNK):
                chunk = write.data[offset : offset + _CHUNK]
                yield Command(0x00, 0xD6, offset >> 8, offset & 0xFF, chunk)
        case _:
            record = SimpleTlv(write.tag, write.data).encode()
            yield Command(0x00, 0xDC, write.number, sfi << 3 | _BY_NUMBER, record)


def _send(terminal: Terminal, command: Command, protect: Protect) -> Script[Response]:
    if protect is Protect.NONE or command.ins == 0xA4:
        return (yield command)
    return (yield from protected(terminal, command, sealed=protect is Protect.CIPHER))


def _read_back(write: Write) -> Script[Written]:
    if isinstance(write.file, Transparent):
        content = b""
        while len(content) < len(write.data):
            response = yield Command(0x00, 0xB0, len(content) >> 8, len(content) & 0xFF, le=_CHUNK)
            if not response.ok:
                return Written(write, readable=False, equal=False)
            content += response.data
        return Written(write, readable=True, equal=content[: len(write.data)] == write.data)
    sfi = write.file.fid & 0x1F
    response = yield Command(0x00, 0xB2, write.number, sfi << 3 | _BY_NUMBER, le=0)
    expected = write.data if isinstance(write.file, Cyclic) else SimpleTlv(write.tag, write.data).encode()
    return Written(write, readable=response.ok, equal=response.data == expected)


def _refused(write: Write, response: Response, done: int) -> CardRefusedError:
    meaning = response.sw.meaning
    return CardRefusedError(
        f"{write.name}: the card answers {response.sw} ({meaning.en}); {done} values were written before it",
        f"{write.name}:卡返回 {response.sw}({meaning.zh});此前已写入 {done} 项",
    )
