"""BER-TLV (ISO/IEC 8825-1 as ISO/IEC 7816-4 uses it) and the records' simple TLV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu.errors import TlvError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class BerTlv:
    """One BER-TLV data object: ``tag`` as the number its bytes spell (9F0C), ``value`` the raw value field."""

    tag: int
    value: bytes

    @property
    def constructed(self) -> bool:
        """True when the value is itself a sequence of BER-TLV objects."""
        first = self.tag
        while first > 0xFF:
            first >>= 8
        return bool(first & 0x20)

    @property
    def children(self) -> tuple[BerTlv, ...]:
        """The objects inside a constructed one, else an empty tuple."""
        return parse_ber(self.value) if self.constructed else ()

    def encode(self) -> bytes:
        """Return tag, shortest length and value."""
        return encode_ber(self.tag, self.value)

    def find(self, *path: int) -> BerTlv | None:
        """Return the first object reached by following ``path`` of tags below this one."""
        node = self
        for tag in path:
            below = next((child for child in node.children if child.tag == tag), None)
            if below is None:
                return None
            node = below
        return node


def encode_ber(tag: int, value: bytes) -> bytes:
    """Return tag, shortest definite length and value.

    Raises :class:`TlvError` for a tag that BER cannot spell.
    """
    if tag < 0:
        raise _no_tag(tag)
    tag_bytes = tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big")
    if _tag_size(tag_bytes, 0) != len(tag_bytes):
        raise _no_tag(tag)
    size = len(value)
    if size < 0x80:
        return tag_bytes + bytes((size,)) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag_bytes + bytes((0x80 | len(length),)) + length + value


def _no_tag(tag: int) -> TlvError:
    return TlvError(f"{tag:X} is not a BER tag", f"{tag:X} 不是 BER 标签")


def parse_ber(data: bytes) -> tuple[BerTlv, ...]:
    """Return the BER-TLV objects that follow one another in ``data``; all of it must be used.

    Raises :class:`TlvError` with the offset where the structure breaks, or when it nests deeper than 16 levels.
    """
    objects = tuple(_ber_objects(data))
    _check_depth(objects, 1)
    return objects


def _check_depth(objects: Iterable[BerTlv], depth: int) -> None:
    """Walk down once with a bound, so that a hostile answer can not exhaust the stack."""
    for item in objects:
        if depth > _MAX_DEPTH:
            raise TlvError(f"TLV nests deeper than {_MAX_DEPTH} levels", f"TLV 嵌套超过 {_MAX_DEPTH} 层")
        if item.constructed:
            _check_depth(_ber_objects(item.value), depth + 1)


def _ber_objects(data: bytes) -> Iterator[BerTlv]:
    offset = 0
    while offset < len(data):
        size = _tag_size(data, offset)
        tag = int.from_bytes(data[offset : offset + size], "big")
        offset, length = _ber_length(data, offset + size)
        if offset + length > len(data):
            raise _overrun(tag, length, len(data) - offset)
        yield BerTlv(tag, data[offset : offset + length])
        offset += length


def _tag_size(data: bytes, offset: int) -> int:
    if data[offset] & 0x1F != 0x1F:
        return 1
    size = 1
    while True:
        size += 1
        if offset + size > len(data):
            raise TlvError(f"the tag at offset {offset} is cut off", f"偏移 {offset} 处的标签不完整")
        if not data[offset + size - 1] & 0x80:
            return size


def _ber_length(data: bytes, offset: int) -> tuple[int, int]:
    """Return the offset behind the length field and the length."""
    if offset >= len(data):
        raise TlvError(f"no length at offset {offset}", f"偏移 {offset} 处缺少长度")
    first = data[offset]
    if first < 0x80:
        return offset + 1, first
    count = first & 0x7F
    if not 1 <= count <= 4 or offset + 1 + count > len(data):
        raise TlvError(f"bad length field {first:02X} at offset {offset}", f"偏移 {offset} 处长度域 {first:02X} 有误")
    return offset + 1 + count, int.from_bytes(data[offset + 1 : offset + 1 + count], "big")


@dataclass(frozen=True, slots=True)
class SimpleTlv:
    """A record of these cards: tag 01 to FE in one byte, length, value (ISO/IEC 7816-4 SIMPLE-TLV; facts hrss-card 2).

    The length is one byte up to 254, else FF and two bytes; no published record needs the long form.
    """

    tag: int
    value: bytes

    def encode(self) -> bytes:
        """Return tag, length and value."""
        if not 1 <= self.tag <= 0xFE:
            raise TlvError(
                f"record tag {self.tag:02X} is outside 01 to FE", f"记录标签 {self.tag:02X} 不在 01 至 FE 内"
            )
        size = len(self.value)
        if size < 0xFF:
            return bytes((self.tag, size)) + self.value
        if size > 0xFFFF:
            raise TlvError(f"{size} bytes do not fit a record's length field", f"{size} 字节超出记录长度域")
        return bytes((self.tag, 0xFF)) + size.to_bytes(2, "big") + self.value


def parse_simple(data: bytes) -> tuple[SimpleTlv, ...]:
    """Return the records that follow one another in ``data``; all of it must be used.

    Raises :class:`TlvError` with the offset where the structure breaks.
    """
    records: list[SimpleTlv] = []
    offset = 0
    while offset < len(data):
        tag = data[offset]
        if not 1 <= tag <= 0xFE:
            raise TlvError(
                f"{tag:02X} at offset {offset} is no record tag", f"偏移 {offset} 处的 {tag:02X} 不是记录标签"
            )
        start = offset + 2
        if start > len(data):
            raise TlvError(f"no length at offset {offset + 1}", f"偏移 {offset + 1} 处缺少长度")
        length = data[offset + 1]
        if length == 0xFF:
            start += 2
            if start > len(data):
                raise TlvError(f"the length at offset {offset + 1} is cut off", f"偏移 {offset + 1} 处的长度不完整")
            length = int.from_bytes(data[offset + 2 : start], "big")
        if start + length > len(data):
            raise _overrun(tag, length, len(data) - start)
        records.append(SimpleTlv(tag, data[start : start + length]))
        offset = start + length
    return tuple(records)


def _overrun(tag: int, length: int, left: int) -> TlvError:
    return TlvError(
        f"tag {tag:02X} says {length} bytes, {left} are left",
        f"标签 {tag:02X} 长度为 {length},但只剩 {left} 字节",
    )
