"""What a blocked PIN or key of the PKI application takes away, and what stays: within it, and in the HRSS zone.

blocked         gone                                        stays
user PIN        signing, deciphering                        certificates, imports, generation by the administrator
administrator   certificates, imports, unblocking the user  signing, deciphering, generation by the holder
master key      unblocking the administrator                both PINs and all that they open
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.pki import openssl
from tests.unit.pki.lab import (
    ADF,
    ADMINISTRATOR,
    ADMINISTRATOR_PIN,
    DDF,
    GENERATE,
    TEST_MK,
    USER,
    USER_PIN,
    PkiBench,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = "000000"
SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"
ENTER = (DDF, ADF)
PROBES = {
    "sign": f"002A9E9A20{'5A' * 32}",
    "decipher": f"002A808661{'5A' * 97}",
    "generate": GENERATE,
    "write a certificate": "00D699000130",
    "load a session key": f"804A021012C110{'5A' * 16}",
    "read a certificate": "00B0980010",
    "give the public key": "80C9828000",
    "encipher": "002A86800141",
    "hash": "80C4010303C10141",
}
FREE = {"read a certificate", "give the public key", "encipher", "hash"}
HOLDERS = {"sign", "decipher", "generate"}
ADMINISTRATORS = {"generate", "write a certificate", "load a session key"}


def block_pin(card: PkiBench, reference: str) -> None:
    assert [card.verify(reference, WRONG) for _ in range(7)] == [*(f"63C{left}" for left in (5, 4, 3, 2, 1, 0)), "6983"]


def block_user(card: PkiBench) -> None:
    block_pin(card, USER)


def block_administrator(card: PkiBench) -> None:
    block_pin(card, ADMINISTRATOR)


def block_master_key(card: PkiBench) -> None:
    assert [card.send(f"0082000010{proof(card, b'x' * 16)}") for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]


def proof(card: PkiBench, key: bytes = TEST_MK) -> str:
    return openssl.sm4(key, card.challenge()).hex()


def leave_and_return(card: PkiBench) -> None:
    card.port.power_on()
    card.run(*ENTER)


def done(card: PkiBench) -> set[str]:
    """What the card does for whoever is logged in; a wrong ciphertext is refused only to one who may decipher."""
    return {name for name, command in PROBES.items() if card.send(command)[-4:] != "6982"}


BLOCKED: dict[str, tuple[Callable[[PkiBench], object], str, str, str, set[str]]] = {
    "nothing": (PkiBench.challenge, "9000", "9000", "9000", HOLDERS | ADMINISTRATORS),
    "user PIN": (block_user, "6983", "9000", "9000", ADMINISTRATORS),
    "administrator PIN": (block_administrator, "9000", "6983", "9000", HOLDERS),
    "master key": (block_master_key, "9000", "9000", "6983", HOLDERS | ADMINISTRATORS),
}


@pytest.mark.parametrize(("block", "user", "administrator", "master", "open_"), BLOCKED.values(), ids=BLOCKED)
def test_what_stays_usable(
    block: Callable[[PkiBench], object], user: str, administrator: str, master: str, open_: set[str]
) -> None:
    card = PkiBench()
    block(card)
    leave_and_return(card)
    assert done(card) == FREE
    assert card.send(f"0082000010{proof(card)}") == master
    assert card.verify(USER, USER_PIN) == user
    assert card.verify(ADMINISTRATOR, ADMINISTRATOR_PIN) == administrator
    assert done(card) == FREE | open_


@pytest.mark.parametrize("block", [block_user, block_administrator, block_master_key])
def test_the_hrss_zone_does_not_notice(block: Callable[[PkiBench], object]) -> None:
    card = PkiBench()
    block(card)
    assert card.run(SSSE)[-4:] == "9000"
    assert card.send("00200000") == "63C6"
    assert card.send("0020000003123456") == "9000"


def test_nor_does_this_one_notice_that_zones_pin() -> None:
    card = PkiBench()
    card.run(SSSE)
    for left in (5, 4, 3, 2, 1, 0):
        assert card.send("0020000003999999") == f"63C{left}"
    assert card.send("0020000003123456") == "6983"
    card.run(*ENTER)
    assert [card.send(f"002001{reference}") for reference in (USER, ADMINISTRATOR)] == ["63C6", "63C6"]
    card.login(USER, ADMINISTRATOR)


@pytest.mark.parametrize("header", ["84240081", "84240181"])
def test_a_blocked_administrator_pin_frees_no_user_pin(header: str) -> None:
    card = PkiBench()
    card.login(ADMINISTRATOR)
    block_user(card)
    block_administrator(card)
    leave_and_return(card)
    key = openssl.pin_key(ADMINISTRATOR_PIN)
    data = openssl.sealed(key, bytes.fromhex("654321")) if header[5] == "1" else b""
    assert card.protected(header, key, data) == "6982"
    assert card.send("00200181") == "6983"


@pytest.mark.parametrize("header", ["84240000", "84240100"])
def test_a_blocked_master_key_frees_no_administrator_pin(header: str) -> None:
    card = PkiBench()
    block_administrator(card)
    block_master_key(card)
    data = openssl.sealed(TEST_MK, bytes.fromhex("654321")) if header[5] == "1" else b""
    assert card.protected(header, TEST_MK, data) == "6982"
    assert card.send("00200100") == "6983"
    assert card.protected("84D40100", TEST_MK, openssl.sealed(TEST_MK, bytes(19))) == "6983"


def test_the_way_back_from_everything_but_the_master_key() -> None:
    card = PkiBench()
    block_user(card)
    block_administrator(card)
    assert card.send(f"0082000010{proof(card)}") == "9000"
    assert card.protected("84240100", TEST_MK, openssl.sealed(TEST_MK, bytes.fromhex("87654321"))) == "9000"
    assert card.verify(ADMINISTRATOR, "87654321") == "9000"
    key = openssl.pin_key("87654321")
    assert card.protected("84240181", key, openssl.sealed(key, bytes.fromhex("654321"))) == "9000"
    assert card.verify(USER, "654321") == "9000"
    assert done(card) == FREE | HOLDERS | ADMINISTRATORS
