"""Purses as JSON, both ways: what they hold in fen, their counters, and the proofs of transactions as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import format_hex
from cardsim.chip.purse.body import PROOF_SIZE, STATE_SIZE, PurseState

if TYPE_CHECKING:
    from cardsim.perso.plain.checked import Checked

PURSE_KEYS: Final = ("balance", "overdraft_limit", "online_counter", "offline_counter", "proofs")


def purse_plain(body: bytes) -> dict[str, object]:
    """Return the body of a purse that the chip has loaded."""
    state = PurseState.parse(body)
    starts = range(STATE_SIZE, len(body), PROOF_SIZE)
    proofs = [format_hex(body[start : start + PROOF_SIZE]) for start in starts]
    numbers = (state.balance, state.limit, state.online, state.offline)
    return {**dict(zip(PURSE_KEYS, numbers, strict=False)), "proofs": proofs}


def purse_body(node: Checked) -> bytes:
    """Return the body that JSON describes; raises PlainError."""
    state = PurseState(
        balance=node.number("balance", 0, 0xFFFF_FFFF),
        limit=node.number("overdraft_limit", 0, 0xFF_FFFF),
        online=node.number("online_counter", 0, 0xFFFF),
        offline=node.number("offline_counter", 0, 0xFFFF),
    )
    return state.encode() + b"".join(node.octets_in("proofs", PROOF_SIZE))
