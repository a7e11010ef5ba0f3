"""RSA without padding, as EMV and PBOC cards need it: blocks raised to a power. Test keys only; not constant time."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from keys.errors import KeysError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

_ROUNDS: Final = 40
_SMALL_PRIMES: Final = tuple(n for n in range(2, 2000) if all(n % d for d in range(2, math.isqrt(n) + 1)))
_MIN_BITS: Final = 512


class RsaError(KeysError):
    """A number that is no RSA key, or a block of another length than the key's."""


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """A modulus and an exponent."""

    modulus: int
    exponent: int = 3

    def __post_init__(self) -> None:
        if self.modulus.bit_length() < _MIN_BITS or not self.modulus & 1 or self.exponent < 3:
            raise RsaError("these numbers are no RSA public key", "这些数不是 RSA 公钥")

    @property
    def size(self) -> int:
        """Bytes of the modulus, and of every block."""
        return (self.modulus.bit_length() + 7) // 8

    @property
    def modulus_bytes(self) -> bytes:
        """The modulus, :attr:`size` bytes."""
        return self.modulus.to_bytes(self.size, "big")

    @property
    def exponent_bytes(self) -> bytes:
        """The exponent in as few bytes as hold it: 03, or 010001."""
        return self.exponent.to_bytes((self.exponent.bit_length() + 7) // 8, "big")

    def recover(self, block: bytes) -> bytes:
        """Return the block that the private key made ``block`` of. Raises :class:`RsaError` for another length."""
        return _power(block, self.exponent, self)


@dataclass(frozen=True)
class RsaPrivateKey:
    """Two primes and the public exponent."""

    p: int
    q: int
    exponent: int = 3

    def __post_init__(self) -> None:
        if self.p == self.q or math.gcd(self.exponent, (self.p - 1) * (self.q - 1)) != 1:
            raise RsaError("these primes are no RSA key with this exponent", "这些素数与该指数不构成 RSA 密钥")

    @classmethod
    def derive(cls, seed: bytes, bits: int, exponent: int = 3) -> Self:
        """Return the key of ``bits`` (even) that ``seed`` always gives; only as secret as that."""
        half = bits // 2
        primes = (n for n in _numbers(seed, half) if math.gcd(exponent, n - 1) == 1 and _is_prime(n))
        p = next(primes)
        return cls(p, next(q for q in primes if q != p), exponent)

    @cached_property
    def public(self) -> RsaPublicKey:
        """The public key."""
        return RsaPublicKey(self.p * self.q, self.exponent)

    @cached_property
    def _parts(self) -> tuple[int, int, int]:
        return (
            pow(self.exponent, -1, self.p - 1),
            pow(self.exponent, -1, self.q - 1),
            pow(self.q, -1, self.p),
        )

    def sign(self, block: bytes) -> bytes:
        """Return ``block`` (as long as the modulus, and below it) under the private key. Raises :class:`RsaError`."""
        number = _checked(block, self.public)
        d_p, d_q, inverse = self._parts
        m_p, m_q = pow(number, d_p, self.p), pow(number, d_q, self.q)
        result = m_q + (m_p - m_q) * inverse % self.p * self.q
        return result.to_bytes(self.public.size, "big")

    def __repr__(self) -> str:
        """Return a text without the key."""
        return f"<RsaPrivateKey of {self.public.modulus:X}>"


def _power(block: bytes, exponent: int, key: RsaPublicKey) -> bytes:
    return pow(_checked(block, key), exponent, key.modulus).to_bytes(key.size, "big")


def _checked(block: bytes, key: RsaPublicKey) -> int:
    number = int.from_bytes(block, "big")
    if len(block) != key.size or number >= key.modulus:
        raise RsaError(
            f"a block of this key has {key.size} bytes and is below its modulus; this one has {len(block)}",
            f"该密钥的数据块为 {key.size} 字节且小于模数;此处为 {len(block)} 字节",
        )
    return number


def _numbers(seed: bytes, bits: int) -> Iterator[int]:
    """Yield odd numbers of exactly so many bits, the top two set, that follow from ``seed``."""
    size, counter = (bits + 7) // 8, 0
    while True:
        blocks = -(-size // 32)
        stream = b"".join(hmac.digest(seed, f"{counter} {block}".encode(), hashlib.sha256) for block in range(blocks))
        yield int.from_bytes(stream[:size], "big") % (1 << bits - 2) | 3 << bits - 2 | 1
        counter += 1


def _is_prime(n: int) -> bool:
    """Return whether ``n`` (large) passes Miller-Rabin with the first primes as bases: enough for derived numbers."""
    if any(n % prime == 0 for prime in _SMALL_PRIMES):
        return False
    odd = n - 1
    twos = (odd & -odd).bit_length() - 1
    odd >>= twos
    for base in _SMALL_PRIMES[:_ROUNDS]:
        x = pow(base, odd, n)
        if x in {1, n - 1}:
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True
