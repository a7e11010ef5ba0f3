"""Huada's shapes of CREATE FILE and WRITE KEY, as far as one published personalisation shows them.

P1 P2 is the kind of file, the FID is in the data; a body of fields follows of which most have no known meaning: what
is not as published is refused (facts native-card-os 1.6, 2.3). Rights are not known: files are read freely, and written
freely or with a MAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cardsim.chip.layout import (
    MF_FID,
    NATIVE_KEYS_FID,
    REST_OF_MEMORY,
    RIGHT_FREE,
    FileType,
    Header,
    KeyType,
    LifeCycle,
    Protection,
)
from cardsim.chip.native.creation import Creation, wrong_type
from cardsim.chip.native.keys import NativeKey
from cardsim.chip.purse.body import SMALLEST_BODY

if TYPE_CHECKING:
    from collections.abc import Mapping

MASTER_STATE: Final = 0x0F
"""Our own: what EXTERNAL AUTHENTICATE with the master key leads to."""
_FREE, _NEVER = 0xF0, 0xEF
_FIRST_MASTER: Final = bytes(16)
"""Of a card, and of a directory that has been created (facts native-card-os 1.6)."""
_LOG_SFI: Final = 0x18
"""Inferred: no field says it; the published script makes EF18, in which PBOC has the log."""
_MAC_KEYS: Final = range(4)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the published commands have between size and the last byte of a kind of file."""

    type: FileType
    fields: bytes
    last: bytes = b""
    mac: bool = False


_MF: Final = bytes.fromhex("000100B800010F")
_DF: Final = bytes.fromhex("0000000000B9000103")
_KINDS: Final[Mapping[int, _Kind]] = {
    0x0003: _Kind(FileType.TRANSPARENT, bytes.fromhex("0000200000000000"), mac=True),
    0x0005: _Kind(FileType.VARIABLE, bytes.fromhex("000000200000000000"), mac=True),
    0x0007: _Kind(FileType.CYCLIC, bytes.fromhex("000000040000000000")),
}
_SIZES: Final = {0x0000: (25, 25), 0x0002: (4 + len(_DF) + 5, 4 + len(_DF) + 16), 0x000B: (8, 8), 0x0009: (10, 10)}
_KEY_FIELDS: Final = bytes.fromhex("00330000")
_PURSE_FIELDS: Final = bytes.fromhex("00FFFFFF00000000")
_KEY_TYPES: Final[Mapping[int, KeyType]] = {
    0x01: KeyType.LINE,
    0x02: KeyType.PURCHASE,
    0x09: KeyType.LOAD,
    0x0C: KeyType.TAC,
    0x1F: KeyType.PIN,
}


def fits(kind: int, data: bytes) -> bool | None:
    """Return whether ``data`` has the length of this kind; None for a kind that is not known."""
    if kind in _KINDS:
        return len(data) == 4 + len(_KINDS[kind].fields) + 1
    if kind in _SIZES:
        low, high = _SIZES[kind]
        return low <= len(data) <= high
    return None


def creation(kind: int, data: bytes) -> Creation:
    """Return what CREATE FILE asks for. Refuses with 6A80 fields that are not as published."""
    fid, size, rest = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big"), data[4:]
    match kind:
        case 0x0000 if fid == MF_FID:
            # Its size (0800) is smaller than that of the directory made in it, so it does not limit that.
            return _directory(fid, REST_OF_MEMORY, rest, _MF)
        case 0x0002:
            return _directory(fid, size, rest, _DF)
        case 0x000B if rest == _KEY_FIELDS:
            header = Header(NATIVE_KEYS_FID, FileType.KEYS, size, RIGHT_FREE, RIGHT_FREE)
            return Creation(header, body=master_key(_FIRST_MASTER).encode())
        case 0x0009 if data[2:] == _PURSE_FIELDS:
            return Creation(Header(fid, FileType.PURSE, SMALLEST_BODY, RIGHT_FREE, 0, _LOG_SFI))
        case _ if kind in _KINDS and rest[:-1] == _KINDS[kind].fields and rest[-1] in _MAC_KEYS:
            return _file(_KINDS[kind], fid, size, rest[-1])
        case _:
            raise wrong_type(kind)


def master_key(value: bytes) -> NativeKey:
    """Return the directory's main control key."""
    return NativeKey(KeyType.EXTERNAL, 0x00, value, _FREE, _FREE, MASTER_STATE, 0x33)


def key_of(data: bytes) -> NativeKey:
    """Return the key behind 18: type, id, version, algorithm, 00 00, tries, 00, value. Raises ValueError."""
    kind, number, version, algorithm, zero, zero2, limit, zero3 = data[:8]
    value = data[8:]
    if kind not in _KEY_TYPES or algorithm or zero or zero2 or zero3 or not 1 <= limit <= 15:
        raise ValueError(f"{data[:8].hex().upper()} is no header of a key")
    if len(value) != (8 if kind == 0x1F else 16):
        raise ValueError(f"a value of {len(value)} bytes")
    tries = limit << 4 | limit
    match _KEY_TYPES[kind]:
        case KeyType.LINE:
            return NativeKey(KeyType.LINE, number, value, _FREE, _NEVER, 0xFF, tries)
        case KeyType.PIN:
            return NativeKey(KeyType.PIN, number, value, _FREE, _NEVER, 0x01, tries)
        case other:
            return NativeKey(other, number, value, _FREE, _NEVER, version, algorithm)


def _directory(fid: int, size: int, rest: bytes, fields: bytes) -> Creation:
    if rest[: len(fields)] != fields:
        raise wrong_type(rest[0])
    name = rest[len(fields) :]
    header = Header(fid, FileType.DIRECTORY, size, RIGHT_FREE, RIGHT_FREE, name_size=len(name), native=True)
    return Creation(header, name)


def _file(kind: _Kind, fid: int, size: int, key: int) -> Creation:
    extra, state = 0xFF, LifeCycle.IN_USE
    if kind.type is FileType.CYCLIC:  # record length, then their number: the reverse of FMCOS
        extra, count = divmod(size, 0x100)
        if not extra or not 2 <= count <= 254:
            raise wrong_type(extra)
        size = count * (extra + 1)
    elif kind.type is FileType.TRANSPARENT:
        state = LifeCycle.NEVER_WRITTEN
    if not size:
        raise wrong_type(0)
    protection = Protection.MAC if kind.mac else Protection.NONE
    byte7 = 0xFC | 3 - key
    return Creation(Header(fid, kind.type, size, RIGHT_FREE, RIGHT_FREE, extra, 0, state, protection, byte7=byte7))
