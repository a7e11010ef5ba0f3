"""How files lie in the memory: headers, bodies, the key records; and the accounting that follows from it.

One directory is ``header | name | children ... | erased``; a child is a directory again or ``header | body``. Erased
memory is 00, so a type byte 00 ends a directory's children. Headers have 11 bytes and bodies are charged as facts
native-card-os 8 has it for FMCOS: transparent = size, fixed and cyclic = n x (length + 1), variable = declared size,
purse = 22, key record = value + 8. The type codes, the free (F0) and never (EF) rights and the key types are those of
facts native-card-os 1.2, 2.1 and 3; the 8 bytes in front of a key are those of T514, facts hrss-card 4.1. The order of
bytes inside a header is on no wire and is our own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import ClassVar, Final

_HEADER: Final = struct.Struct(">HBH6B")
"""FID, type, size, right1, right2, extra, tail, state, checksum."""
_KEY_HEADER: Final = struct.Struct("8B")
"""Type, id, version, file, tries, algorithm, level, size of the value, which follows."""
HEADER_SIZE: Final = _HEADER.size
KEY_HEADER_SIZE: Final = _KEY_HEADER.size
REST_OF_MEMORY: Final = 0xFFFF
"""A directory's space field: all that is left of the memory (only the MF; facts native-card-os 1.2)."""
RIGHT_FREE: Final = 0xF0
RIGHT_NEVER: Final = 0xEF
RIGHT_COMPOUND: Final = 0xDF
"""Update of a record file: by compound purchases alone. As FMCOS reads rights, never too."""
NO_FCI_BYTE: Final = 0xFF
MF_FID: Final = 0x3F00
NATIVE_KEYS_FID: Final = 0x0000
"""Of the key file of a native directory (facts native-card-os 1.2)."""
KEYS_FID, RULES_FID, APPLICATION_FID = 0xEF80, 0xEF81, 0xEF82
"""Of the internal files of a ruled directory; our own."""


@unique
class FileType(IntEnum):
    """The type byte of a header."""

    ERASED = 0x00
    PUBLIC_KEY = 0x1A
    PRIVATE_KEY = 0x1B
    TRANSPARENT = 0x28
    FIXED = 0x2A
    VARIABLE = 0x2C
    CYCLIC = 0x2E
    PURSE = 0x2F
    DIRECTORY = 0x38
    RULES = 0x3D
    APPLICATION = 0x3E
    KEYS = 0x3F

    @property
    def internal(self) -> bool:
        """True for files that no command selects or reads."""
        return self in (FileType.RULES, FileType.APPLICATION, FileType.KEYS)

    @property
    def binary(self) -> bool:
        """True for files of plain bytes, the halves of key pairs among them."""
        return self in (FileType.TRANSPARENT, FileType.PUBLIC_KEY, FileType.PRIVATE_KEY)


@unique
class Protection(IntEnum):
    """The two high bits of a file's type byte: what a write to it must carry (facts native-card-os 1.2)."""

    NONE = 0x00
    MAC = 0x80
    CIPHER = 0xC0


KIND_MASK: Final = 0x3F
"""Of the type byte of a file or a key: its type; the two bits above are its protection."""
_NATIVE: Final = 0x80
"""In the length byte of a directory's name, which has at most 16 bytes."""


@unique
class LifeCycle(IntEnum):
    """The state byte of a directory; of a native transparent file, whether it was ever written."""

    IN_USE = 0
    BLOCKED = 1
    BLOCKED_FOR_EVER = 2
    NEVER_WRITTEN = 3


@unique
class Algorithm(IntEnum):
    """The algorithm of a key record: 00 and 01 as in T514 (facts hrss-card 4.1), 04 as in native-card-os 15."""

    TRIPLE_DES = 0x00
    DES = 0x01
    SM4 = 0x04


@unique
class KeyType(IntEnum):
    """The type byte of a key record: FMCOS's numbers (facts native-card-os 2.1), ours for locks and PSAM keys."""

    INTERNAL = 0x30
    DECRYPT = 0x31
    MAC = 0x32
    TAC = 0x34
    UNNAMED = 0x35
    LINE = 0x36
    UNBLOCK = 0x37
    RELOAD = 0x38
    EXTERNAL = 0x39
    PIN = 0x3A
    OVERDRAFT = 0x3C
    UNLOAD = 0x3D
    PURCHASE = 0x3E
    LOAD = 0x3F
    APPLICATION_LOCK = 0x41
    CARD_LOCK = 0x42
    PSAM = 0x43


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a directory or an elementary file.

    ``size``: bytes of the body, or of a directory's space. ``right1``/``right2``: read and update of a file, create and
    erase of a directory: F0 free, EF never, else the number of a rule, or in a native directory intervals of its state
    (cardsim.chip.native.rights). ``native``: of a directory, made by CREATE FILE. ``byte7``: of a file, the last byte
    of CREATE FILE (facts native-card-os 1.2). ``extra``: a directory's FCI byte (SFI of its DIR, or FF), the record
    length of a cyclic or fixed file, an application file's command set, what a key pair is for; the body of an
    application file is what the FCI has behind the name, its ``right1`` the interfaces on which its directory is
    reached (1, 2, or F0 for all). ``right1`` of a private key is its use, for nothing reads it.
    """

    fid: int
    type: FileType
    size: int
    right1: int = RIGHT_FREE
    right2: int = RIGHT_NEVER
    extra: int = NO_FCI_BYTE
    name_size: int = 0
    state: LifeCycle = LifeCycle.IN_USE
    protection: Protection = Protection.NONE
    native: bool = False
    byte7: int = 0xFF

    STATE_OFFSET: ClassVar[int] = 9

    @property
    def sfi(self) -> int:
        """Short file identifier, 1 to 30, or 0 when the FID has none: the low five bits (facts hrss-card 1)."""
        sfi = self.fid & 0x1F
        return sfi if self.fid & 0xE0 == 0 and sfi != 0x1F else 0

    @property
    def rules_its_directory(self) -> bool:
        """True for an internal file that makes the rights of its directory numbers of rules."""
        return self.type.internal and (self.type is not FileType.KEYS or self.fid != NATIVE_KEYS_FID)

    def encode(self) -> bytes:
        """Return the 11 bytes, checksum last."""
        tail = self.byte7 ^ 0xFF  # 00 where nothing is out of the ordinary
        if self.type is FileType.DIRECTORY:
            tail = self.name_size | (_NATIVE if self.native else 0)
        kind = self.type | self.protection
        raw = _HEADER.pack(self.fid, kind, self.size, self.right1, self.right2, self.extra, tail, self.state, 0)
        return raw[:-1] + bytes((header_checksum(raw),))

    @classmethod
    def parse(cls, raw: bytes) -> Header:
        """Return the header in ``raw``; raises ValueError when it is cut off, or checksum or type are not right."""
        if len(raw) < HEADER_SIZE:
            raise ValueError(f"a header has {HEADER_SIZE} bytes, {len(raw)} are left")
        fid, kind, size, right1, right2, extra, tail, state, checksum = _HEADER.unpack_from(raw)
        if checksum != header_checksum(raw):
            raise ValueError(f"header checksum is {checksum:02X}, should be {header_checksum(raw):02X}")
        file_type = FileType(kind & KIND_MASK)
        directory = file_type is FileType.DIRECTORY
        return cls(
            fid,
            file_type,
            size,
            right1,
            right2,
            extra,
            tail & ~_NATIVE if directory else 0,
            LifeCycle(state),
            Protection(kind & ~KIND_MASK),
            directory and bool(tail & _NATIVE),
            0xFF if directory else tail ^ 0xFF,
        )


def header_checksum(raw: bytes) -> int:
    """Return the checksum over the first ten bytes; never that of erased memory."""
    return (sum(raw[: HEADER_SIZE - 1]) ^ 0xA5) & 0xFF


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One record of a key file. ``tries``: limit in the high nibble, tries left in the low one (native-card-os 2.1).

    ``file``: of a PIN, the key or PIN that unblocks it, a PIN where ``level`` is that type; of a PSAM's key, its usage
    byte.
    """

    type: KeyType
    id: int
    value: bytes = field(repr=False)
    tries: int
    version: int = 0
    file: int = 0xFF
    algorithm: int = 0
    level: int = 0

    TRIES_OFFSET: ClassVar[int] = 4

    @property
    def size(self) -> int:
        """Bytes that the record takes in the file."""
        return KEY_HEADER_SIZE + len(self.value)

    def encode(self) -> bytes:
        """Return header and value."""
        head = (self.type, self.id, self.version, self.file, self.tries, self.algorithm, self.level)
        return _KEY_HEADER.pack(*head, len(self.value)) + self.value

    @classmethod
    def parse(cls, raw: bytes) -> KeyRecord:
        """Return the record at the start of ``raw``; raises ValueError when it is cut off or of an unknown type."""
        if len(raw) < KEY_HEADER_SIZE or len(raw) < KEY_HEADER_SIZE + raw[7]:
            raise ValueError(f"a key record is cut off after {len(raw)} bytes")
        kind, identifier, version, file, tries, algorithm, level, size = _KEY_HEADER.unpack_from(raw)
        value = bytes(raw[KEY_HEADER_SIZE : KEY_HEADER_SIZE + size])
        return cls(KeyType(kind), identifier, value, tries, version, file, algorithm, level)


def tries_byte(limit: int) -> int:
    """Return the counter byte of a fresh record: ``limit`` (1 to 15) in both nibbles."""
    if not 1 <= limit <= 15:
        raise ValueError(f"a retry limit is 1 to 15, not {limit}")
    return limit << 4 | limit
