"""Cryptograms of the electronic purse (PBOC passbook and wallet, transit, campus), under 3DES and SM4; pure.

Every transaction has a session key, from the transaction key and a seed of 8 bytes; MACs are made with it, and the TAC
with a key of its own. Amounts are 4 bytes in fen, an overdraft limit 3, a counter 2, a terminal 6, its serial 4, date
and time 7 bytes BCD. Source: facts native-card-os 4.1, transit-campus-health-zones 3.3 to 3.7, finance-zone 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, unique
from typing import Final, Protocol

from keys.des import DES
from keys.sm import SM

MAC_SIZE: Final = 4
SM4_ALGORITHM: Final = 0x04
"""The algorithm byte of SM4 keys. Any other is 3DES: cards that answer 01 compute 3DES too (transit sheet 3.7)."""


@unique
class TransactionType(IntEnum):
    """The type byte in MACs and log records (facts finance-zone 6)."""

    LOAD_PASSBOOK = 0x01
    LOAD_WALLET = 0x02
    UNLOAD = 0x03
    CASH = 0x04
    PURCHASE_PASSBOOK = 0x05
    PURCHASE_WALLET = 0x06
    OVERDRAFT = 0x07
    COMPOUND = 0x09

    @property
    def online(self) -> bool:
        """Whether the issuer's host takes part, and the on-line counter counts it."""
        return self in _ONLINE


_ONLINE: Final = frozenset(
    (
        TransactionType.LOAD_PASSBOOK,
        TransactionType.LOAD_WALLET,
        TransactionType.UNLOAD,
        TransactionType.OVERDRAFT,
    )
)


class PurseCipher(Protocol):
    """What a purse asks of an algorithm."""

    def session_key(self, key: bytes, seed: bytes) -> bytes:
        """Return the key of one transaction, for a seed of 8 bytes."""
        ...

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        """Return the 4-byte MAC of ``data``."""
        ...

    def tac(self, key: bytes, data: bytes, *, direct: bool = False) -> bytes:
        """Return the 4-byte transaction certificate of ``data``. ``direct``: a DES key is used as it is, unfolded."""
        ...


class _Des:
    """Session key: 3DES of the seed, a single DES key. TAC key: the halves of the key added by XOR."""

    def session_key(self, key: bytes, seed: bytes) -> bytes:
        return DES.encrypt(key, seed)

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        return DES.mac(session_key, data)[:MAC_SIZE]

    def tac(self, key: bytes, data: bytes, *, direct: bool = False) -> bytes:
        return self.mac(key if direct or len(key) == DES.block else _halves_added(key), data)


class _Sm4:
    """Session key: SM4 of the seed and its complement. TAC key: the key itself (one source, transit sheet 3.7)."""

    def session_key(self, key: bytes, seed: bytes) -> bytes:
        return SM.diversify(key, seed)  # the same form

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        return SM.mac(session_key, data)[:MAC_SIZE]

    def tac(self, key: bytes, data: bytes, *, direct: bool = False) -> bytes:
        del direct
        return self.mac(key, data)


DES_PURSE: Final[PurseCipher] = _Des()
SM4_PURSE: Final[PurseCipher] = _Sm4()


def purse_cipher(algorithm: int) -> PurseCipher:
    """Return the cipher for the algorithm byte of a key, as INITIALIZE answers it."""
    return SM4_PURSE if algorithm == SM4_ALGORITHM else DES_PURSE


def online_seed(random: bytes, counter: int) -> bytes:
    """Return the seed of load, unload and overdraft update: random 4, on-line counter, 8000."""
    return random + counter.to_bytes(2, "big") + b"\x80\x00"


def offline_seed(random: bytes, counter: int, serial: bytes) -> bytes:
    """Return the seed of purchase and cash: random 4, off-line counter, the end of the terminal's serial."""
    return random + counter.to_bytes(2, "big") + serial[-2:]


@dataclass(frozen=True, slots=True)
class Terms:
    """What card and terminal agree on. ``value``: the amount, 4 bytes, or an overdraft limit, 3."""

    value: bytes
    type: TransactionType
    terminal: bytes

    @classmethod
    def of_amount(cls, fen: int, kind: TransactionType, terminal: bytes) -> Terms:
        """Return the terms of a transaction over ``fen``."""
        return cls(fen.to_bytes(4, "big"), kind, terminal)

    def __bytes__(self) -> bytes:
        return self.value + bytes((self.type,)) + self.terminal

    def opening(self, balance: int) -> bytes:
        """Return what MAC1 of an on-line transaction covers."""
        return balance.to_bytes(4, "big") + bytes(self)

    def order(self, when: bytes) -> bytes:
        """Return what the MAC that makes the card act covers: MAC2 on line, MAC1 of a purchase."""
        return bytes(self) + when

    def online_receipt(self, balance: int, counter: int, when: bytes) -> bytes:
        """Return what the TAC of a load or overdraft update, and MAC3 of an unload, covers; ``balance`` is the new one.

        ``counter`` is the one that INITIALIZE gave.
        """
        return balance.to_bytes(4, "big") + counter.to_bytes(2, "big") + bytes(self) + when

    def offline_receipt(self, serial: bytes, when: bytes) -> bytes:
        """Return what the TAC of a purchase or cash withdrawal covers."""
        return bytes(self) + serial + when


def _halves_added(key: bytes) -> bytes:
    half = len(key) // 2
    return bytes(left ^ right for left, right in zip(key[:half], key[half:], strict=True))
