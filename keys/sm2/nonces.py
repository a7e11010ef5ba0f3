"""Where the secret number k of every signature and encryption comes from. A k used twice gives the private key away."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final, Protocol

from keys.sm3 import SIZE, hmac_sm3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Nonces(Protocol):
    """A source of nonces."""

    def candidates(self, order: int, secret: bytes, data: bytes) -> Iterator[int]:
        """Yield numbers from 1 to ``order`` - 1 until one serves, for ``secret`` and ``data`` of 32 bytes each."""
        ...


class RandomNonces:
    """Nonces from a source of random bytes, the operating system's if none is named."""

    def __init__(self, entropy: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._entropy = entropy

    def candidates(self, order: int, secret: bytes, data: bytes) -> Iterator[int]:
        """Yield random numbers."""
        del secret, data
        while True:
            k = int.from_bytes(self._entropy(SIZE), "big")
            if 0 < k < order:
                yield k


class DerivedNonces:
    """Nonces that follow from key and data in the manner of RFC 6979, 3.2, with HMAC-SM3, so that results repeat.

    A signature stays as safe as a random one. An encryption does not: who guesses the message can check the guess,
    unless ``seed`` (RFC 6979, 3.6) is secret. For test keys.
    """

    def __init__(self, seed: bytes = b"") -> None:
        self._seed = seed

    def candidates(self, order: int, secret: bytes, data: bytes) -> Iterator[int]:
        """Yield the numbers of this secret and data, the same each time; the order has 256 bits."""
        reduced = int.from_bytes(data, "big") % order
        given = secret + reduced.to_bytes(SIZE, "big") + self._seed
        key, value = bytes(SIZE), b"\x01" * SIZE
        for step in (b"\x00", b"\x01"):
            key = hmac_sm3(key, value + step + given)
            value = hmac_sm3(key, value)
        while True:
            value = hmac_sm3(key, value)
            k = int.from_bytes(value, "big")
            if 0 < k < order:
                yield k
            key = hmac_sm3(key, value + b"\x00")
            value = hmac_sm3(key, value)


class FixedNonces:
    """Given nonces, one after another: for published vectors only."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def candidates(self, order: int, secret: bytes, data: bytes) -> Iterator[int]:
        """Yield the numbers."""
        del order, secret, data
        yield from self._numbers


RANDOM: Final = RandomNonces()
