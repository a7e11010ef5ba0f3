"""A ciphertext of SM2 in its three parts, and the orders that people send them in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from cryptography.hazmat import asn1

from keys.errors import Sm2Error
from keys.sm2.keys import SIZE, PublicKey

if TYPE_CHECKING:
    from typing import Self

_POINT: Final = 1 + 2 * SIZE
_HASH: Final = 32


@unique
class CipherOrder(Enum):
    """How C1 (the point), C2 (the text) and C3 (the hash) stand."""

    C1C3C2 = "C1C3C2"
    """GB/T 32918.4-2016, 6.1: the default."""
    C1C2C3 = "C1C2C3"
    """The order before 2012."""
    DER = "DER"
    """GM/T 0009-2012, 7.2: SEQUENCE of INTEGER x, INTEGER y, OCTET STRING C3, OCTET STRING C2."""


@asn1.sequence
class _Der:
    x: int
    y: int
    c3: bytes
    c2: bytes


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """What encryption gives: a point, the hash over it and the message (32 bytes), the text (as long as the message)."""

    c1: PublicKey
    c3: bytes
    c2: bytes

    @classmethod
    def parse(cls, raw: bytes, order: CipherOrder = CipherOrder.C1C3C2, point: type[PublicKey] = PublicKey) -> Self:
        """Return the parts of ``raw``, C1 with its 04 or without. Raises :class:`Sm2Error`."""
        if order is CipherOrder.DER:
            return cls._parse_der(raw, point)
        # Without 04 a point may start with 04 too: the one reading that gives a point of the curve is right.
        if raw[:1] == b"\x04" and len(raw) > _POINT + _HASH:
            try:
                return cls._split(point(raw[:_POINT]), raw[_POINT:], order)
            except Sm2Error:
                if len(raw) <= _POINT - 1 + _HASH:
                    raise
        if len(raw) <= _POINT - 1 + _HASH:
            raise Sm2Error(f"{len(raw)} bytes are no SM2 ciphertext", f"{len(raw)} 字节不是 SM2 密文")
        return cls._split(point.parse(raw[: _POINT - 1]), raw[_POINT - 1 :], order)

    @classmethod
    def _split(cls, c1: PublicKey, rest: bytes, order: CipherOrder) -> Self:
        if order is CipherOrder.C1C3C2:
            return cls(c1, rest[:_HASH], rest[_HASH:])
        return cls(c1, rest[-_HASH:], rest[:-_HASH])

    @classmethod
    def _parse_der(cls, raw: bytes, point: type[PublicKey]) -> Self:
        try:
            parts = asn1.decode_der(_Der, raw)
            return cls(point.of((parts.x, parts.y)), parts.c3, parts.c2)
        except (ValueError, OverflowError) as error:
            raise Sm2Error("the DER form of the ciphertext is wrong", "密文的 DER 编码有误") from error

    def encode(self, order: CipherOrder = CipherOrder.C1C3C2) -> bytes:
        """Return the bytes to send."""
        match order:
            case CipherOrder.C1C3C2:
                return self.c1 + self.c3 + self.c2
            case CipherOrder.C1C2C3:
                return self.c1 + self.c2 + self.c3
            case CipherOrder.DER:
                return asn1.encode_der(_Der(*self.c1.point, self.c3, self.c2))
