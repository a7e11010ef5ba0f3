"""PIN CHANGE/UNBLOCK: 84 24 00 00 and 84 24 00 01 in the published shapes (hrss-card 4.5, terminal-interface 2.3).

MACs and cryptograms are those of openssl.
"""

from __future__ import annotations

import pytest

from tests.unit.hrss.desk import SSSE, VERIFY, Desk
from tests.unit.hrss.forms import each_form
from tests.unit.hrss.sheet import key

pytestmark = pytest.mark.usefixtures("usual_layout")
UK, PUK, RK, STK = (key(f"SSSE/{name}") for name in ("UK", "PUK", "RK", "STK"))
WRONG_PIN = "0020000003999999"
QUERY = "00200000"


def blocked_pin(**settings: object) -> Desk:
    desk = Desk(**settings)
    desk.enter("SSSE")
    for left in (5, 4, 3, 2, 1, 0):
        assert desk.sw(WRONG_PIN) == f"63C{left}"
    assert desk.sw(VERIFY) == "6983"
    return desk


@each_form
@pytest.mark.parametrize("reselect", [False, True])
def test_unblocking_keeps_the_pin(line_mac: str, size: int, reselect: bool) -> None:
    """PUK, SELECT SSSE again as drivers do, GET CHALLENGE, 84 24 00 00 04 MAC."""
    desk = blocked_pin(line_mac=line_mac)
    assert desk.prove(PUK) == "9000"
    if reselect:
        desk.do(SSSE)
    command = desk.under(desk.challenge(size), "84240000")
    assert (command[:10], len(command)) == ("8424000004", 18)
    assert desk.sw(command) == "9000"
    assert desk.sw(QUERY) == "63C6"
    assert desk.sw(VERIFY) == "9000"


@each_form
@pytest.mark.parametrize("blocked", [False, True])
def test_reloading_sets_the_pin(line_mac: str, size: int, blocked: bool) -> None:
    """84 24 00 01 0C C8 MAC4: C8 is 03, the PIN and 80 000000 enciphered, the MAC runs over header and C8.

    SM4: Lc 14, and a block of 16 in its place (terminal-interface 2.3).
    """
    desk = blocked_pin(line_mac=line_mac) if blocked else Desk(line_mac=line_mac)
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    desk.do(SSSE)
    line_key, iv = desk.line(desk.challenge(size))
    lc, block = {8: ("0C", "0365432180000000"), 16: ("14", "03654321800000000000000000000000")}[desk.suite.block]
    start = bytes.fromhex(f"84240001{lc}") + desk.suite.ecb(line_key, bytes.fromhex(block))
    assert desk.sw((start + desk.suite.mac(line_key, start, iv)).hex()) == "9000"
    desk.power_cycle()
    desk.enter("SSSE")
    assert [desk.sw(VERIFY), desk.sw("0020000003654321")] == ["63C5", "9000"]


def test_the_mac_of_unblocking_runs_over_five_bytes() -> None:
    """CBC-MAC with IV 00 over 8424000004 80 0000 (facts hrss-card 4.5), spelled out: one block."""
    desk = blocked_pin()
    assert desk.prove(PUK) == "9000"
    session = desk.suite.session(desk.key(STK), desk.challenge())
    block = bytes.fromhex("8424000004800000").ljust(desk.suite.block, b"\x00")
    assert desk.sw("8424000004" + desk.suite.ecb(session, block).hex()[:8]) == "9000"


@pytest.mark.parametrize("pin", ["1234", "12345F", "12345678", "123456789012"])
def test_pins_of_other_lengths_are_reloaded(pin: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240001", pin, seal=True)) == "9000"
    assert desk.sw(f"00200000{len(pin) // 2:02X}{pin}") == "9000"


@pytest.mark.parametrize("pin", ["12", "12345678901234", "12FF34", "1234FF"])
def test_pins_that_are_none_are_not_reloaded(pin: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    before = desk.contents
    assert desk.sw(desk.protected("84240001", pin, seal=True)) == "6A80"
    assert desk.contents == before


@pytest.mark.parametrize(("header", "data", "answer"), [("84240000", "A1", "6700"), ("84240001", "", "6988")])
def test_the_wrong_shape_costs_no_try(header: str, data: str, answer: str) -> None:
    """Data where none belongs, or no sealed PIN: the MAC is right, so STK pays nothing."""
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    before = desk.contents
    assert desk.sw(desk.protected(header, data)) == answer
    assert desk.contents == before


@pytest.mark.parametrize("header", ["84240000", "84240001"])
def test_the_puk_is_needed(header: str) -> None:
    """Neither the PIN itself nor another key stands in for it."""
    desk = Desk()
    desk.enter("SSSE")
    desk.do(VERIFY)
    assert [desk.prove(row) for row in (UK, RK)] == ["9000"] * 2
    before = desk.contents
    assert desk.sw(desk.protected(header, "654321" if header[-1] == "1" else "", seal=header[-1] == "1")) == "6982"
    assert desk.contents == before


def test_the_puk_is_kept_where_ssse_is_and_no_longer() -> None:
    desk = blocked_pin()
    assert desk.prove(PUK) == "9000"
    desk.do("00A4000002DF04")
    assert desk.sw(desk.protected("84240000")) == "9000"
    assert desk.sw(VERIFY) == "9000"
    desk.do("00A40000023F00", SSSE)
    assert desk.sw(desk.protected("84240000")) == "6982"


def test_a_card_that_forgets_on_reselection_can_not_be_unblocked_that_way() -> None:
    desk = blocked_pin(state_survives_reselect=False)
    assert desk.prove(PUK) == "9000"
    desk.do(SSSE)
    assert desk.sw(desk.protected("84240000")) == "6982"
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240000")) == "9000"


def test_a_pin_that_was_reloaded_is_not_verified() -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240001", "654321", seal=True)) == "9000"
    assert desk.sw(QUERY) == "63C6"
    assert desk.sw("00B2016C00") == "6982"
