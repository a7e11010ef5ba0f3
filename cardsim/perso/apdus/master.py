"""What a run does before it makes anything in the MF: finding it there, proving the issuer's key for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import Command, Response, Sw
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


def check_dialect() -> Script:
    """Raise :class:`PlaybackError` where the chip can not make what a script makes; the card stays as it is.

    Asked with a CREATE FILE that has no data (cardsim.chip.native), which makes nothing on any chip that is known.
    """
    yield select(0x3F00)  # whether there is one or not
    response = yield Command(0x80, 0xE0, 0xEF, 0x81)
    if int(response.sw) != Sw.CONDITIONS_NOT_SATISFIED:
        raise PlaybackError(
            f"the chip lacks the extended dialect ({response.sw}): file types 3D (rules) and 3E (application), a key "
            f"file EF80 with T514's records, sealing by 80E08000 (an emulated one: `cardsim new --blank --dialect "
            f"extended`); nothing was written",
            f"该芯片没有扩展方言({response.sw}):文件类型 3D(规则)与 3E(应用)、采用 T514 记录的密钥文件 EF80、"
            f"80E08000 封闭(模拟芯片可用 `cardsim new --blank --dialect extended`);未写入任何内容",
        )


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
