"""What a run does before it makes anything in the MF: finding it there, proving the issuer's key for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, Response
from cardsim.perso.apdus.play import PlaybackError
from cardsim.perso.apdus.script import select

if TYPE_CHECKING:
    from collections.abc import Generator

    from cardsim.perso.apdus.play import Script
    from keys.suite import CipherSuite

_CHALLENGE: Final = 8


def has_master_file() -> Generator[Command, Response, bool]:
    """Return whether the card has an MF; it is selected then. A blank card answers 6A81 (facts native-card-os 4.2)."""
    response = yield select(0x3F00)
    return response.ok


def prove_master_key(suite: CipherSuite, key: bytes) -> Script:
    """Prove the master key of the selected MF: key 39/00, by EXTERNAL AUTHENTICATE (facts native-card-os 3, 4).

    Tried once: raises :class:`PlaybackError` when the card refuses it.
    """
    challenge = yield Command(0x00, 0x84, 0x00, 0x00, le=_CHALLENGE)
    response = challenge
    if challenge.ok:
        proof = suite.encrypt(key, challenge.data.ljust(suite.block, b"\x00"))
        response = yield Command(0x00, 0x82, 0x00, 0x00, proof)
    if not response.ok:
        left = response.sw.tries_left
        tail, tail_zh = ("", "") if left is None else (f", tries left: {left}", f",剩余 {left} 次")
        raise PlaybackError(
            f"the card does not accept the master key ({response.sw}{tail}); it was not tried again, nothing was made",
            f"卡不接受主控密钥({response.sw}{tail_zh});未再尝试,未创建任何内容",
        )
