"""A ciphertext of SM2 in its three parts, and the orders that people send them in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from cryptography.hazmat import asn1

from keys.errors import Sm2Error
from keys.sm2.keys import SIZE, PublicKey, number_bytes
from keys.sm3 import kdf, sm3

if TYPE_CHECKING:
    from typing import Self

    from keys.sm2.curve import Point

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
    """What encryption gives: a point, a hash of message and secret (32 bytes), and text as long as the message."""

    c1: PublicKey
    c3: bytes
    c2: bytes

    @classmethod
    def seal(cls, c1: PublicKey, shared: Point, message: bytes) -> Self | None:
        """Return ``message`` under the point that both sides know; ``None`` where that needs another nonce."""
        x, y = map(number_bytes, shared)
        stream = kdf(x + y, len(message))
        return cls(c1, sm3(x + message + y), _xor(message, stream)) if any(stream) else None

    def open(self, shared: Point) -> bytes:
        """Return the message; raises :class:`Sm2Error` when C3 is not its hash."""
        x, y = map(number_bytes, shared)
        stream = kdf(x + y, len(self.c2))
        message = _xor(self.c2, stream)
        if not any(stream) or not hmac.compare_digest(sm3(x + message + y), self.c3):
            raise Sm2Error(
                "the hash in the ciphertext (C3) is wrong: another key, or the text was changed",
                "密文中的杂凑值(C3)不符:密钥不对或密文被改动",
            )
        return message

    @classmethod
    def parse(cls, raw: bytes, order: CipherOrder = CipherOrder.C1C3C2, point: type[PublicKey] = PublicKey) -> Self:
        """Return the parts of ``raw``, its C1 on the curve and with its 04. Raises :class:`Sm2Error`."""
        if order is CipherOrder.DER:
            return cls._parse_der(raw, point)
        if len(raw) <= _POINT + _HASH:
            raise Sm2Error(
                f"{len(raw)} bytes are no SM2 ciphertext: 98 at least", f"{len(raw)} 字节不是 SM2 密文:至少 98 字节"
            )
        c1, rest = point(raw[:_POINT]), raw[_POINT:]
        if order is CipherOrder.C1C3C2:
            return cls(c1, rest[:_HASH], rest[_HASH:])
        return cls(c1, rest[-_HASH:], rest[:-_HASH])

    @classmethod
    def _parse_der(cls, raw: bytes, point: type[PublicKey]) -> Self:
        try:
            parts = asn1.decode_der(_Der, raw)
            return cls(point.of((parts.x, parts.y)), parts.c3, parts.c2)
        except ValueError as error:
            raise Sm2Error("the DER form of the ciphertext is wrong", "密文的 DER 编码有误") from error

    def encode(self, order: CipherOrder = CipherOrder.C1C3C2) -> bytes:
        """Return the bytes to send."""
        match order:
            case CipherOrder.C1C3C2:
                return self.c1 + self.c3 + self.c2
            case CipherOrder.C1C2C3:
                return self.c1 + self.c2 + self.c3
            case CipherOrder.DER:
                x, y = self.c1.point
                return asn1.encode_der(_Der(x=x, y=y, c3=self.c3, c2=self.c2))


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(len(left), "big")
