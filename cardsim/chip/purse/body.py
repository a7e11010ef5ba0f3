"""The body of a purse file (type 2F): 11 bytes of state, then proofs of 11 bytes.

State: balance 4 (fen, with the overdraft limit in it), on-line counter 2, off-line counter 2, overdraft limit 3. Proof:
type 1, counter 2, MAC 4, TAC 4. State and one proof are the 22 bytes that a purse is charged (facts native-card-os 8);
with one, a transaction replaces the proof of any other. The order of the bytes is on no wire and is our own.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from keys.purse import TransactionType

PASSBOOK, WALLET = 0x0001, 0x0002
"""FIDs of the two purses, and P2 of the commands (facts native-card-os 1.2, 4.1)."""
STATE_SIZE: Final = 11
PROOF_SIZE: Final = 11
SMALLEST_BODY: Final = STATE_SIZE + PROOF_SIZE
MAX_BALANCE: Final = 0x7FFF_FFFF
"""Clients take the top bit of a balance for a mark (facts transit-campus-health-zones 3.2)."""
MAX_COUNTER: Final = 0xFFFF

_STATE: Final = Struct(">IHH3s")
_PROOF: Final = Struct(">BH4s4s")
_TYPES: Final = {
    PASSBOOK: (
        TransactionType.LOAD_PASSBOOK,
        TransactionType.UNLOAD,
        TransactionType.CASH,
        TransactionType.PURCHASE_PASSBOOK,
        TransactionType.OVERDRAFT,
    ),
    WALLET: (TransactionType.LOAD_WALLET, TransactionType.PURCHASE_WALLET, TransactionType.COMPOUND),
}


@dataclass(frozen=True, slots=True)
class PurseState:
    """What a purse holds. ``balance`` is what can be spent: the holder's money and the overdraft limit."""

    balance: int = 0
    online: int = 0
    offline: int = 0
    limit: int = 0

    @property
    def net(self) -> int:
        """The holder's own money; negative while the overdraft is used."""
        return self.balance - self.limit

    def encode(self) -> bytes:
        """Return the 11 bytes."""
        return _STATE.pack(self.balance, self.online, self.offline, self.limit.to_bytes(3, "big"))

    @classmethod
    def parse(cls, raw: bytes) -> PurseState:
        """Return the state at the start of a body."""
        balance, online, offline, limit = _STATE.unpack(raw[:STATE_SIZE])
        return cls(balance, online, offline, int.from_bytes(limit, "big"))


@dataclass(frozen=True, slots=True)
class Proof:
    """That a transaction was done: what GET TRANSACTION PROVE answers. ``type`` 0: none yet.

    ``counter`` is the one that INITIALIZE gave. What the transaction did not give out is 00000000.
    """

    type: int
    counter: int
    mac: bytes = bytes(4)
    tac: bytes = bytes(4)

    def encode(self) -> bytes:
        """Return the 11 bytes."""
        return _PROOF.pack(self.type, self.counter, self.mac, self.tac)

    @classmethod
    def parse(cls, raw: bytes) -> Proof:
        """Return the proof that ``raw``, 11 bytes, is."""
        return cls(*_PROOF.unpack(raw))


def purse_of(kind: TransactionType) -> int:
    """Return the FID of the purse that transactions of a type are for."""
    return PASSBOOK if kind in _TYPES[PASSBOOK] else WALLET


def new_body(fid: int, *, proof_for_each_type: bool) -> bytes:
    """Return the body of a new, empty purse: with one proof, or one for each type of transaction it has."""
    proofs = len(_TYPES[fid]) if proof_for_each_type else 1
    return bytes(STATE_SIZE + proofs * PROOF_SIZE)


def is_body_size(size: int) -> bool:
    """Return whether a purse's body can have ``size`` bytes."""
    return size >= SMALLEST_BODY and not (size - STATE_SIZE) % PROOF_SIZE


def proof_offset(size: int, kind: TransactionType) -> int:
    """Return where in a body of ``size`` bytes the proof of a type stands: the types that have no place share one."""
    last = (size - STATE_SIZE) // PROOF_SIZE - 1
    return STATE_SIZE + PROOF_SIZE * min(_TYPES[purse_of(kind)].index(kind), last)
