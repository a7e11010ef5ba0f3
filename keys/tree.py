"""Key trees: from an authority's root to the key of one card, one diversification a level.

HRSS: national root -> province -> city -> card for RK and IRK; two levels (city, card) from a provincial root for UK,
PUK and STK. Source of levels and factors: facts hrss-card 4.1, 4.2; there the diversification function, PBOC's, is an
assumption.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from keys.suite import CipherSuite

FACTOR_SIZE = 8


@dataclass(frozen=True, slots=True)
class Factors:
    """The diversification factors of a card, 8 bytes each, from the root down."""

    province: bytes
    city: bytes
    card: bytes

    def last(self, levels: int) -> tuple[bytes, ...]:
        """Return the factors for a key with this many levels: 1 card, 2 city and card, 3 all."""
        return (self.province, self.city, self.card)[-levels:]


@dataclass(frozen=True, slots=True)
class ZoneId:
    """A zone as keys and certificates name it: "HRSS", and the AID of its application."""

    name: str
    aid: bytes


class Roots(Protocol):
    """Where root keys come from."""

    def root(self, name: str, version: int) -> bytes:
        """Return the 16-byte root key of this name and version."""
        ...


class TestRoots:
    """Deterministic TEST keys: everybody can compute them, they protect nothing.

    The DES key called N in version V is the first 16 bytes of SHA-256 over ``cardsim TEST root N V``; a key of another
    algorithm has the algorithm's name behind it.
    """

    __test__ = False  # it is no test class, whatever pytest thinks of the name

    def __init__(self, algorithm: str = "DES") -> None:
        self._suffix = "" if algorithm == "DES" else f" {algorithm}"

    def root(self, name: str, version: int) -> bytes:
        """Return the TEST root key of this name and version."""
        return hashlib.sha256(f"cardsim TEST root {name} {version}{self._suffix}".encode()).digest()[:16]


def card_key(suite: CipherSuite, root: bytes, factors: tuple[bytes, ...]) -> bytes:
    """Return the key below ``root`` after one diversification for every factor."""
    key = root
    for factor in factors:
        key = suite.diversify(key, factor)
    return key
