"""Key records of native directories: 8 bytes, then the value (facts native-card-os 2.1, 8).

The bytes in front are those that a ruled directory's record has (cardsim.chip.layout.KeyRecord), so that tools find
type, id, tries and length at the same places: type | id | version or follow-up | use right | tries | algorithm |
modify right | length. On the wire WRITE KEY has type | use right | modify right | b4 | b5 | value, where b4 and b5 are
version and algorithm, or FF and tries, or follow-up state and tries, as the type has it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Final, Self

from cardsim.chip.layout import KEY_HEADER_SIZE, KIND_MASK, Algorithm, KeyType, Protection

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONED: Final = frozenset(
    (
        KeyType.INTERNAL,
        KeyType.DECRYPT,
        KeyType.MAC,
        KeyType.TAC,
        KeyType.UNNAMED,
        KeyType.OVERDRAFT,
        KeyType.UNLOAD,
        KeyType.PURCHASE,
        KeyType.LOAD,
    )
)
_COUNTED: Final = frozenset((KeyType.LINE, KeyType.UNBLOCK, KeyType.RELOAD, KeyType.EXTERNAL, KeyType.PIN))
KINDS: Final = _VERSIONED | _COUNTED
"""The types that WRITE KEY knows."""
_PIN_SIZES: Final = range(2, 9)
_KEY_SIZES: Final = (8, 16)


@dataclass(frozen=True, slots=True)
class NativeKey:
    """One key or PIN. ``marks``: the two high bits of the type byte, what a change of it must carry."""

    type: KeyType
    id: int
    value: bytes = field(repr=False)
    use: int
    modify: int
    b4: int
    b5: int
    marks: int = 0

    FIELDS: ClassVar[int] = 5
    """Bytes in front of the value in WRITE KEY."""

    @property
    def size(self) -> int:
        """Bytes that the record takes."""
        return KEY_HEADER_SIZE + len(self.value)

    @property
    def type_byte(self) -> int:
        """The type as WRITE KEY has it."""
        return self.type | self.marks

    @property
    def counted(self) -> bool:
        """Whether it has tries; if not it has a version and an algorithm."""
        return self.type in _COUNTED

    @property
    def version(self) -> int:
        """Its version; 0 for one that has none."""
        return 0 if self.counted else self.b4

    @property
    def follow_up(self) -> int:
        """The state behind a right VERIFY or EXTERNAL AUTHENTICATE."""
        return self.b4 & 0x0F

    def algorithm(self, default: int) -> int:
        """Return its algorithm; ``default`` where the header has no place for one (facts native-card-os 15.8)."""
        if not self.counted:
            return self.b5
        return Algorithm.SM4 if self.type is not KeyType.EXTERNAL and self.b4 == Algorithm.SM4 else default

    def encode(self) -> bytes:
        """Return the record as the memory has it."""
        tries, algorithm = (self.b5, 0) if self.counted else (0, self.b5)
        head = (self.type_byte, self.id, self.b4, self.use, tries, algorithm, self.modify, len(self.value))
        return bytes(head) + self.value

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the record at the start of ``raw``; raises ValueError when it is none."""
        if len(raw) < KEY_HEADER_SIZE or len(raw) < KEY_HEADER_SIZE + raw[7]:
            raise ValueError("a key record is cut off")
        kind, number, b4, use, tries, algorithm, modify, size = raw[:KEY_HEADER_SIZE]
        key = cls(_kind(kind), number, raw[KEY_HEADER_SIZE:][:size], use, modify, b4, tries, kind & ~KIND_MASK)
        return key if key.counted else replace(key, b5=algorithm)

    @classmethod
    def from_wire(cls, number: int, data: bytes) -> Self:
        """Return the key that WRITE KEY's ``data`` describes; raises ValueError for an unknown type or wrong length."""
        if len(data) < cls.FIELDS:
            raise ValueError("a key has five bytes and a value")
        kind, use, modify, b4, b5 = data[: cls.FIELDS]
        key = cls(_kind(kind), number, data[cls.FIELDS :], use, modify, b4, b5, kind & ~KIND_MASK)
        if len(key.value) not in (_PIN_SIZES if key.type is KeyType.PIN else _KEY_SIZES):
            raise ValueError(f"a value of {len(key.value)} bytes")
        return key

    def protection(self, mac_only: int) -> Protection:
        """Return what a change must carry; ``mac_only``: the mark that asks for a MAC alone."""
        if self.marks == mac_only:
            return Protection.MAC
        return Protection.CIPHER if self.marks else Protection.NONE


def records(body: bytes) -> Iterator[tuple[int, NativeKey]]:
    """Yield the records of a key file, each behind its place; raises ValueError when one is damaged."""
    offset = 0
    while offset < len(body) and body[offset]:
        key = NativeKey.parse(body[offset:])
        yield offset, key
        offset += key.size


def used(body: bytes) -> int:
    """Return the bytes that the records of a key file take, whatever the form of its records."""
    offset = 0
    while offset + KEY_HEADER_SIZE <= len(body) and body[offset]:
        offset += KEY_HEADER_SIZE + body[offset + KEY_HEADER_SIZE - 1]
    return offset


def _kind(byte: int) -> KeyType:
    kind = KeyType(byte & KIND_MASK)
    if kind not in KINDS:
        raise ValueError(f"{byte:02X} is no type of a key")
    return kind
