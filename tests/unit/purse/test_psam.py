"""Purchases with a PSAM as the terminal's security module: two emulated cards, keys by the openssl command."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from cardsim.chip.purse.body import PurseState
from readers.errors import CardRefusedError
from readers.terminal import purse
from readers.terminal.psam import PsamError, meet_psam
from readers.terminal.psam_purse import PsamPurchases
from readers.terminal.purse import CacheUpdate, Desk, PurseId
from tests.unit.hrss.openssl import DES, SM4, Suite
from tests.unit.psam.modules import CARD, CITY, FACTORS, TERMINAL, connection, psam
from tests.unit.purse import demo
from tests.unit.purse.bank import play
from tests.unit.purse.lab import Lab

WHEN = datetime(2026, 3, 4, 15, 6, 7)  # noqa: DTZ001  a terminal's own clock
CIPHERS = [pytest.param(DES, "DPK", 0x01, id="DES"), pytest.param(SM4, "DPK41", 0x41, id="SM4")]


def desk(index: int, terminal: str = TERMINAL) -> Desk:
    return Desk(bytes.fromhex(terminal), WHEN, index)


def card_with(suite: Suite, name: str) -> Lab:
    """A card whose purchase key is below the PSAM's debit key, of version 00 as that one."""
    key = suite.below(suite.root("HRSS/DF04/DPK"), (CITY, CARD))
    keys = tuple(replace(key, version=0) if key.name == "DPK41" else key for key in demo.PURSE.keys)
    application = replace(demo.PURSE, keys=keys)
    start = dict.fromkeys((1, 2), PurseState(1_000))
    return Lab(demo.image(keys={name: key.hex()}, states=start, application=application))


@pytest.mark.parametrize(("suite", "name", "index"), CIPHERS)
def test_purchases(suite: Suite, name: str, index: int) -> None:
    card, module = card_with(suite, name), psam(psam_counter=7)
    purchases = PsamPurchases(meet_psam(connection(module)), bytes.fromhex(FACTORS))
    first = play(card, purse.purchase(purchases, desk(index), PurseId.WALLET, 250))
    update = CacheUpdate(0x1E, b"\x11" * 48)
    second = play(card, purse.compound_purchase(purchases, desk(index), 0, (update,)))
    assert (first.serial, second.serial) == (bytes.fromhex("00000007"), bytes.fromhex("00000008"))
    assert play(card, purse.balance(PurseId.WALLET)) == 750
    assert card.send("00B201F430") == "11" * 48 + "9000"
    assert module.send("00B0990004") == "000000099000"


def test_a_card_of_other_keys_does_not_pay() -> None:
    card = Lab(demo.image(states={2: PurseState(1_000)}))
    purchases = PsamPurchases(meet_psam(connection(psam())), bytes.fromhex(FACTORS))
    with pytest.raises(CardRefusedError, match="the card does not pay: 9302"):
        play(card, purse.purchase(purchases, desk(1), PurseId.WALLET, 250))
    assert play(card, purse.balance(PurseId.WALLET)) == 1_000


def test_a_wrong_mac2_proves_no_payment() -> None:
    card = card_with(DES, "DPK")
    purchases = PsamPurchases(meet_psam(connection(psam())), bytes.fromhex(FACTORS))
    play(card, purse.purchase(purchases, desk(1), PurseId.WALLET, 1))
    with pytest.raises(PsamError, match="refuses 80 72: 6985"):
        purchases.confirms(bytes(4))

    class Forger(Lab):
        def transmit(self, command: bytes) -> bytes:
            answer = super().transmit(command)
            return answer[:4] + bytes(4) + b"\x90\x00" if command[1] == 0x54 else answer

    forger = Forger(card.kept())
    with pytest.raises(CardRefusedError, match="MAC2 proves no payment"):
        play(forger, purse.purchase(purchases, desk(1), PurseId.WALLET, 1))


@pytest.mark.parametrize(
    ("terminal", "factors", "message"),
    [
        ("001122334455", FACTORS, f"terminal 001122334455, the PSAM is that of {TERMINAL}"),
        (TERMINAL, FACTORS[:16], "the PSAM refuses 80 70: 6700"),
    ],
)
def test_what_the_psam_can_not_do(terminal: str, factors: str, message: str) -> None:
    card = card_with(DES, "DPK")
    purchases = PsamPurchases(meet_psam(connection(psam())), bytes.fromhex(factors))
    with pytest.raises(PsamError, match=message):
        play(card, purse.purchase(purchases, desk(1, terminal), PurseId.WALLET, 1))
    assert play(card, purse.balance(PurseId.WALLET)) == 1_000
