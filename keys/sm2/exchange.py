"""The key exchange of SM2, with the confirmations that either side may send (GB/T 32918.3-2016, 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import Final

from keys.sm2.curve import finite, group
from keys.sm2.keys import PrivateKey, PublicKey, number_bytes
from keys.sm2.scheme import DEFAULT_ID, za
from keys.sm3 import kdf, sm3

_HALF: Final = 1 << 127
"""2^w for an order of 256 bits."""


@unique
class Role(Enum):
    """Who sends the first message."""

    INITIATOR = "A"
    RESPONDER = "B"


@dataclass(frozen=True, slots=True)
class Own:
    """What one side knows of itself: its key, the key made for this exchange, its identity."""

    private: PrivateKey
    ephemeral: PrivateKey
    signer_id: bytes = DEFAULT_ID


@dataclass(frozen=True, slots=True)
class Peer:
    """What it knows of the other: the key it trusts, the key received, the identity."""

    public: PublicKey
    ephemeral: PublicKey
    signer_id: bytes = DEFAULT_ID


@dataclass(frozen=True, slots=True)
class Agreement:
    """The key that both sides have, and the optional confirmations, 32 bytes each.

    The responder sends its ``responder_tag`` (SB in the standard), which the initiator compares with its own (S1); the
    initiator sends its ``initiator_tag`` (SA), which the responder compares (S2). Use hmac.compare_digest.
    """

    key: bytes
    responder_tag: bytes
    initiator_tag: bytes


def exchange(own: Own, peer: Peer, size: int, *, role: Role) -> Agreement:
    """Return a key of ``size`` bytes that the other side computes too. Raises :class:`Sm2Error`."""
    curve = peer.public.curve
    points = group(curve)
    mine = own.ephemeral.public
    t = (own.private.number + _reduced(mine) * own.ephemeral.number) % curve.n
    theirs = finite(points.multiply(_reduced(peer.ephemeral), peer.ephemeral.point))
    combined = finite(points.add(peer.public.point, theirs))
    x, y = map(number_bytes, finite(points.multiply(t, combined)))
    sides = [(own.private.public, own.signer_id, mine), (peer.public, peer.signer_id, peer.ephemeral)]
    if role is Role.RESPONDER:
        sides.reverse()
    identities = b"".join(za(public, signer_id) for public, signer_id, _ in sides)
    inner = sm3(x + identities + b"".join(ephemeral[1:] for _, _, ephemeral in sides))
    return Agreement(kdf(x + y + identities, size), sm3(b"\x02" + y + inner), sm3(b"\x03" + y + inner))


def _reduced(ephemeral: PublicKey) -> int:
    """Return the number of 128 bits that stands for a point: its lower half of x, the bit above set."""
    return _HALF + (ephemeral.point[0] & _HALF - 1)
