"""The demonstration card's issuer and terminals: the software HSM with the keys of demo; scripts played on a card."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from apdu import Response
from keys.purse_hsm import PurseKey, SoftwarePurseHsm
from readers.terminal.purse import Desk
from tests.unit.purse import demo

if TYPE_CHECKING:
    from collections.abc import Callable

    from readers.terminal.purse import Attempt
    from readers.terminal.script import Script
    from tests.unit.purse.lab import Lab

Result = TypeVar("Result")
TERMINAL = bytes.fromhex("001122334455")
NAMES = {
    (PurseKey.LOAD, 0x00, 0x00): "DLK",
    (PurseKey.LOAD, 0x02, 0x00): "DLK2",
    (PurseKey.LOAD, 0x41, 0x04): "DLK41",
    (PurseKey.PURCHASE, 0x00, 0x00): "DPK",
    (PurseKey.PURCHASE, 0x02, 0x00): "DPK2",
    (PurseKey.PURCHASE, 0x41, 0x04): "DPK41",
    (PurseKey.UNLOAD, 0x01, 0x00): "DULK",
    (PurseKey.OVERDRAFT, 0x01, 0x00): "DUK",
}


def _key(use: PurseKey, version: int, algorithm: int) -> bytes:
    if use is PurseKey.TAC:
        return bytes.fromhex(demo.KEYS["DTK40" if algorithm == 0x04 else "DTK"])
    return bytes.fromhex(demo.KEYS[NAMES[use, version, algorithm]])


def hsm(*, serial: int = 0, overdraft_tac_direct: bool = False) -> SoftwarePurseHsm:
    return SoftwarePurseHsm(_key, serial=serial, overdraft_tac_direct=overdraft_tac_direct)


def desk(*, key_index: int = 1, opened: Callable[[Attempt], None] = lambda _: None) -> Desk:
    return Desk(TERMINAL, datetime(2026, 3, 4, 15, 6, 7), key_index, opened)  # noqa: DTZ001  a terminal's own clock


def play(card: Lab, script: Script[Result]) -> Result:
    """Play a script on the card; a power cut goes through."""
    try:
        command = next(script)
        while True:
            command = script.send(Response.parse(card.transmit(command.encode())))
    except StopIteration as end:
        result: Result = end.value
        return result
