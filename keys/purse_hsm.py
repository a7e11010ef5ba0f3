"""What terminals and hosts of a purse ask for instead of holding keys, and the software HSM that answers; pure.

A PSAM can stand behind :class:`PurchaseModule` (readers.terminal.psam_purse), an issuer's host behind
:class:`PurseHost`. Source: facts transit-campus-health-zones 3.3 to 3.8.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, Protocol

from keys.purse import MAC_SIZE, Terms, TransactionType, offline_seed, online_seed, purse_cipher

if TYPE_CHECKING:
    from collections.abc import Callable


@unique
class PurseKey(Enum):
    """The keys of a purse; the values are what the field calls them."""

    LOAD = "DLK"
    PURCHASE = "DPK"
    UNLOAD = "DULK"
    OVERDRAFT = "DUK"
    TAC = "DTK"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a card answered to INITIALIZE. ``limit`` is not in every answer, ``mac1`` only in those on line."""

    balance: int
    counter: int
    limit: int
    version: int
    algorithm: int
    random: bytes
    mac1: bytes = b""

    @classmethod
    def parse(cls, raw: bytes, *, limit: bool, mac: bool) -> Opened:
        """Return the answer that ``raw`` is, of a form with or without limit and MAC1. Raises ValueError."""
        lengths = (4, 2, 3 if limit else 0, 1, 1, 4, MAC_SIZE if mac else 0)
        if len(raw) != sum(lengths):
            raise ValueError(f"INITIALIZE answers {sum(lengths)} bytes, these are {len(raw)}")
        fields, start = [], 0
        for length in lengths:
            fields.append(raw[start : start + length])
            start += length
        balance, counter, lent, version, algorithm = (int.from_bytes(part, "big") for part in fields[:5])
        return cls(balance, counter, lent, version, algorithm, fields[5], fields[6])


class PurchaseModule(Protocol):
    """A terminal's security module: what a purchase or cash withdrawal needs."""

    def order(self, opened: Opened, terms: Terms, when: bytes) -> tuple[bytes, bytes]:
        """Return the transaction's serial in this terminal, 4 bytes, and MAC1, with which the card pays."""
        ...

    def confirms(self, mac2: bytes) -> bool:
        """Return whether MAC2 proves that the card paid what was ordered last."""
        ...


class PurseHost(Protocol):
    """The issuer's host: what transactions on line need. ``terms`` are those with the value that each MAC covers."""

    def vouches(self, opened: Opened, terms: Terms) -> bool:
        """Return whether MAC1 is right: whether the issuer's card says this balance."""
        ...

    def order(self, opened: Opened, terms: Terms, when: bytes) -> bytes:
        """Return MAC2, with which the card does it."""
        ...

    def certifies(self, opened: Opened, terms: Terms, when: bytes, balance: int, proof: bytes) -> bool:
        """Return whether the TAC, of an unload MAC3, proves that it was done and ``balance`` is the new one."""
        ...


_KEY_OF: Final = {
    TransactionType.LOAD_PASSBOOK: PurseKey.LOAD,
    TransactionType.LOAD_WALLET: PurseKey.LOAD,
    TransactionType.UNLOAD: PurseKey.UNLOAD,
    TransactionType.OVERDRAFT: PurseKey.OVERDRAFT,
}


class SoftwarePurseHsm:
    """Both, from the keys of one card.

    ``key`` gives a key of this card for what it is for, its version and its algorithm as INITIALIZE answers them; for
    the TAC key they are those of the transaction's key. ``serial``: that of the next purchase in this terminal.
    """

    def __init__(
        self, key: Callable[[PurseKey, int, int], bytes], *, serial: int = 0, overdraft_tac_direct: bool = False
    ) -> None:
        self._key = key
        self._serial = serial
        self._overdraft_tac_direct = overdraft_tac_direct

    def vouches(self, opened: Opened, terms: Terms) -> bool:
        """Return whether MAC1 is right."""
        mac = self._online_mac(opened, terms, terms.opening(opened.balance))
        return hmac.compare_digest(opened.mac1, mac)

    def order(self, opened: Opened, terms: Terms, when: bytes) -> bytes:
        """Return MAC2."""
        return self._online_mac(opened, terms, terms.order(when))

    def certifies(self, opened: Opened, terms: Terms, when: bytes, balance: int, proof: bytes) -> bool:
        """Return whether a TAC, or MAC3, is right."""
        receipt = terms.online_receipt(balance, opened.counter, when)
        if terms.type is TransactionType.UNLOAD:
            return hmac.compare_digest(proof, self._online_mac(opened, terms, receipt))
        direct = self._overdraft_tac_direct and terms.type is TransactionType.OVERDRAFT
        return hmac.compare_digest(proof, self._tac(opened, receipt, direct=direct))

    def purchase_module(self) -> PurchaseModule:
        """Return the module of a terminal for purchases with this card."""
        return _Module(self._key, self._serial)

    def certifies_purchase(self, opened: Opened, terms: Terms, serial: bytes, when: bytes, tac: bytes) -> bool:
        """Return whether the TAC of a purchase is right, as the issuer sees when it settles."""
        return hmac.compare_digest(tac, self._tac(opened, terms.offline_receipt(serial, when)))

    def _tac(self, opened: Opened, receipt: bytes, *, direct: bool = False) -> bytes:
        key = self._key(PurseKey.TAC, opened.version, opened.algorithm)
        return purse_cipher(opened.algorithm).tac(key, receipt, direct=direct)

    def _online_mac(self, opened: Opened, terms: Terms, data: bytes) -> bytes:
        cipher = purse_cipher(opened.algorithm)
        key = self._key(_KEY_OF[terms.type], opened.version, opened.algorithm)
        return cipher.mac(cipher.session_key(key, online_seed(opened.random, opened.counter)), data)


class _Module:
    def __init__(self, key: Callable[[PurseKey, int, int], bytes], serial: int) -> None:
        self._key = key
        self._serial = serial
        self._awaited = b""

    def order(self, opened: Opened, terms: Terms, when: bytes) -> tuple[bytes, bytes]:
        serial = self._serial.to_bytes(4, "big")
        self._serial += 1
        cipher = purse_cipher(opened.algorithm)
        key = self._key(PurseKey.PURCHASE, opened.version, opened.algorithm)
        session = cipher.session_key(key, offline_seed(opened.random, opened.counter, serial))
        self._awaited = cipher.mac(session, terms.value)
        return serial, cipher.mac(session, terms.order(when))

    def confirms(self, mac2: bytes) -> bool:
        awaited, self._awaited = self._awaited, b""
        return bool(awaited) and hmac.compare_digest(mac2, awaited)
