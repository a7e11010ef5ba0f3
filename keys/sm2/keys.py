"""Keys and signatures as values: checked once, when they are made, and still the bytes of the wire."""

from __future__ import annotations

import secrets
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from keys.errors import SignatureError, Sm2Error
from keys.sm2.curve import SM2P256V1, Table, finite, group
from keys.sm3 import sm3

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from keys.sm2.curve import Curve, Point

SIZE: Final = 32
"""Bytes of a number: a private key, a coordinate, half a signature."""
_UNCOMPRESSED: Final = b"\x04"
_COMPRESSED: Final = (b"\x02", b"\x03")


class PublicKey(bytes):
    """A public key, 65 bytes: 04, X, Y. The constructor raises :class:`Sm2Error` for what is no point of the curve."""

    curve: ClassVar[Curve] = SM2P256V1
    table: Table | None = None

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as a public key, if it is a point of the curve."""
        if len(raw) != 1 + 2 * SIZE or raw[:1] != _UNCOMPRESSED:
            raise Sm2Error(
                f"an SM2 public key is 04 and 64 bytes; these are {len(raw)}, from {raw[:1].hex() or 'nothing'}",
                f"SM2 公钥为 04 加 64 字节;这里有 {len(raw)} 字节,首字节 {raw[:1].hex() or '无'}",
            )
        key = super().__new__(cls, raw)
        if not cls.curve.contains(*key.point):
            raise Sm2Error(f"{raw.hex()} is no point of the SM2 curve", f"{raw.hex()} 不是 SM2 曲线上的点")
        return key

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the key in any of its forms: 04 X Y, X Y (64 bytes), or compressed 02|03 X. Raises Sm2Error."""
        if len(raw) == 2 * SIZE:
            return cls(_UNCOMPRESSED + raw)
        if len(raw) == 1 + SIZE and raw[:1] in _COMPRESSED:
            point = cls.curve.lift(int.from_bytes(raw[1:], "big"), raw[0] & 1)
            if point is None:
                raise Sm2Error(f"{raw.hex()} is no point of the SM2 curve", f"{raw.hex()} 不是 SM2 曲线上的点")
            return cls.of(point)
        return cls(raw)

    @classmethod
    def of(cls, point: Point) -> Self:
        """Return the key with these coordinates. Raises :class:`Sm2Error`."""
        return cls(_UNCOMPRESSED + number_bytes(point[0]) + number_bytes(point[1]))

    @cached_property
    def point(self) -> Point:
        """The coordinates."""
        return int.from_bytes(self.x, "big"), int.from_bytes(self.y, "big")

    @property
    def x(self) -> bytes:
        """32 bytes."""
        return self[1 : 1 + SIZE]

    @property
    def y(self) -> bytes:
        """32 bytes."""
        return self[1 + SIZE :]

    @property
    def compressed(self) -> bytes:
        """33 bytes: 02 or 03 by the parity of Y, then X."""
        return _COMPRESSED[self[-1] & 1] + self.x

    def tabled(self) -> Self:
        """Return the same key with a table that makes verification three times as fast; pays from ten of them."""
        key = type(self)(self)
        key.table = group(self.curve).table(self.point)
        return key


class PrivateKey(bytes):
    """A private key, 32 bytes, a number from 1 to n - 2; raises :class:`Sm2Error` for anything else. A test key."""

    public_type: ClassVar[type[PublicKey]] = PublicKey

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as a private key, if it is in range."""
        if len(raw) != SIZE:
            raise Sm2Error(
                f"an SM2 private key is {SIZE} bytes; these are {len(raw)}",
                f"SM2 私钥为 {SIZE} 字节;这里有 {len(raw)} 字节",
            )
        key = super().__new__(cls, raw)
        if not 1 <= key.number <= cls.public_type.curve.n - 2:
            raise Sm2Error("an SM2 private key is a number from 1 to n - 2", "SM2 私钥应在 1 到 n - 2 之间")
        return key

    @classmethod
    def of(cls, number: int) -> Self:
        """Return the key that is this number. Raises :class:`Sm2Error`."""
        return cls(number_bytes(number))

    @classmethod
    def generate(cls, entropy: Callable[[int], bytes] = secrets.token_bytes) -> Self:
        """Return a new key from a source of random bytes, the operating system's if none is named."""
        while True:
            number = int.from_bytes(entropy(SIZE), "big")
            if 1 <= number <= cls.public_type.curve.n - 2:
                return cls.of(number)

    @classmethod
    def derive(cls, seed: bytes) -> Self:
        """Return the key that ``seed`` always gives: 64 bytes of SM3, reduced. Only as secret as the seed."""
        wide = int.from_bytes(sm3(b"\x00" + seed) + sm3(b"\x01" + seed), "big")
        return cls.of(1 + wide % (cls.public_type.curve.n - 2))

    @cached_property
    def number(self) -> int:
        """The key as a number."""
        return int.from_bytes(self, "big")

    @cached_property
    def public(self) -> PublicKey:
        """The public key, computed when first asked for."""
        return self.public_type.of(finite(group(self.public_type.curve).multiply_base(self.number)))

    @cached_property
    def inverse(self) -> int:
        """1 / (1 + d) modulo the order, which every signature needs."""
        return pow(1 + self.number, -1, self.public_type.curve.n)

    def __repr__(self) -> str:
        """Return a text without the key."""
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class Signature(bytes):
    """A signature, 64 bytes: r, s. The constructor raises :class:`SignatureError` for another length."""

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        """Return ``raw`` as a signature."""
        if len(raw) != 2 * SIZE:
            raise SignatureError(
                f"an SM2 signature is {2 * SIZE} bytes; these are {len(raw)}",
                f"SM2 签名为 {2 * SIZE} 字节;这里有 {len(raw)} 字节",
            )
        return super().__new__(cls, raw)

    @classmethod
    def of(cls, r: int, s: int) -> Self:
        """Return the signature of these two numbers."""
        return cls(number_bytes(r) + number_bytes(s))

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the signature that ``raw`` is, r and s or DER. Raises :class:`SignatureError`."""
        return cls(raw) if len(raw) == 2 * SIZE else cls.parse_der(raw)

    @classmethod
    def parse_der(cls, raw: bytes) -> Self:
        """Return the signature from its SEQUENCE of two INTEGERs, as certificates have it. Raises SignatureError."""
        try:
            return cls.of(*decode_dss_signature(raw))
        except (ValueError, Sm2Error) as error:
            raise SignatureError("the DER form of the signature is wrong", "签名的 DER 编码有误") from error

    @property
    def der(self) -> bytes:
        """SEQUENCE of INTEGER r and INTEGER s, 8 to 72 bytes."""
        return encode_dss_signature(self.r, self.s)

    @property
    def r(self) -> int:
        """The first number."""
        return int.from_bytes(self[:SIZE], "big")

    @property
    def s(self) -> int:
        """The second number."""
        return int.from_bytes(self[SIZE:], "big")


def number_bytes(number: int) -> bytes:
    """Return ``number`` as the 32 bytes all numbers of SM2 have. Raises :class:`Sm2Error` where it has more."""
    try:
        return number.to_bytes(SIZE, "big")
    except OverflowError as error:
        raise Sm2Error(f"{number:X} does not fit in {SIZE} bytes", f"{number:X} 超出 {SIZE} 字节") from error
