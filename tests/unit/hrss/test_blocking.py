"""APPLICATION BLOCK, APPLICATION UNBLOCK and CARD BLOCK (facts hrss-card 3, native-card-os 4); MACs by openssl."""

from __future__ import annotations

import pytest

from tests.unit.hrss.desk import CHALLENGE, SSSE, VERIFY, Desk
from tests.unit.hrss.forms import each_form

pytestmark = pytest.mark.usefixtures("usual_layout")
QUERY = "00200000"
BLOCK, FOR_EVER, UNBLOCK, CARD_BLOCK = "841E0000", "841E0001", "84180000", "84160000"
COMMANDS = {
    "READ RECORD": "00B2012C00",
    "READ BINARY": "00B0870008",
    "UPDATE RECORD": "00DC01340A" + "00" * 10,
    "VERIFY": VERIFY,
    "VERIFY, a question": QUERY,
    "CHANGE PIN": "805E010007123456FF654321",
    "INTERNAL AUTHENTICATE": "0088000010" + "00" * 16,
    "EXTERNAL AUTHENTICATE": "0082000A10" + "00" * 16,
    "PIN CHANGE/UNBLOCK": "842400000400000000",
    "APPLICATION BLOCK": "841E00000400000000",
    "CARD BLOCK": "841600000400000000",
}


def _blocked(command: str = BLOCK, directory: str = "SSSE", **settings: object) -> Desk:
    desk = Desk(**settings)
    desk.enter(directory)
    row = "SSSE/BK" if command == CARD_BLOCK else "SSSE/LK"
    assert desk.sw(desk.protected(command, row=row)) == "9000"
    return desk


@pytest.mark.parametrize("event", ["nothing", "power"])
@pytest.mark.parametrize("directory", ["SSSE", "DF01"])
def test_a_blocked_application_refuses_everything(event: str, directory: str) -> None:
    """6A81, also in its DFs and wherever it was blocked from; power does not open it (facts hrss-card 3)."""
    desk = _blocked(directory=directory)
    if event == "power":
        desk.power_cycle()
        assert desk.sw(SSSE) == "6A81"
    before = desk.contents
    for command in COMMANDS.values():
        desk.do(CHALLENGE)
        assert desk.sw(command) == "6A81"
    assert desk.sw("00A4000002DF01") == "6A81"
    assert desk.sw("00B2012C00") == "6A81"
    assert desk.contents == before


@each_form
def test_an_application_is_unblocked(line_mac: str, size: int) -> None:
    desk = _blocked(line_mac=line_mac)
    assert desk.sw(desk.under(desk.challenge(size), UNBLOCK, row="SSSE/LK")) == "9000"
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.sw(COMMANDS["READ RECORD"]) == "9000"


def test_unblocking_what_is_not_blocked_succeeds() -> None:
    """Facts native-card-os 4."""
    desk = Desk()
    desk.enter("SSSE")
    before = desk.contents
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"
    assert desk.contents == before


def test_three_wrong_macs_leave_the_application_blocked_for_good() -> None:
    desk = _blocked()
    for _ in range(3):
        desk.do(CHALLENGE)
        assert desk.sw(f"{UNBLOCK}0400000000") == "6988"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "6983"
    assert desk.sw(SSSE) == "6A81"


def test_blocked_for_ever_is_for_ever() -> None:
    desk = _blocked(FOR_EVER)
    before = desk.contents
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9303"
    desk.power_cycle()
    assert desk.sw(SSSE) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9303"
    assert desk.contents == before


def test_a_temporary_block_becomes_no_other_once_it_stands() -> None:
    """APPLICATION BLOCK is refused like everything else."""
    desk = _blocked()
    assert desk.sw(desk.protected(FOR_EVER, row="SSSE/LK")) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"


@pytest.mark.parametrize(("setting", "answer"), [("6A81", "6A81"), ("6283", "6283"), ("fci", "9000")])
def test_what_select_answers_for_a_blocked_application(setting: str, answer: str) -> None:
    """Whatever it says, the application is current, so that it can be unblocked (native-card-os 13)."""
    desk = _blocked(blocked_select=setting)
    desk.power_cycle()
    assert desk.sw(SSSE) == answer
    assert desk.sw(COMMANDS["READ RECORD"]) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"
    assert desk.send(SSSE) == desk.fci + "9000"


@pytest.mark.parametrize("event", ["nothing", "power"])
@pytest.mark.parametrize("directory", ["SSSE", "DF01"])
def test_a_blocked_card_answers_6a81_for_ever(event: str, directory: str) -> None:
    desk = _blocked(CARD_BLOCK, directory)
    if event == "power":
        desk.power_cycle()
    before = desk.contents
    others = (SSSE, "00A40000", "00A40000023F00", CHALLENGE, f"{UNBLOCK}0400000000")
    assert {desk.sw(command) for command in (*COMMANDS.values(), *others)} == {"6A81"}
    assert desk.contents == before


def test_blocking_needs_its_own_key() -> None:
    """Neither does LK block the card nor BK the application."""
    desk = Desk()
    desk.enter("SSSE")
    assert desk.sw(desk.protected(CARD_BLOCK, row="SSSE/LK")) == "6988"
    assert desk.sw(desk.protected(BLOCK, row="SSSE/BK")) == "6988"
    assert desk.sw(COMMANDS["READ RECORD"]) == "9000"
    assert [desk.tries[row] for row in ("SSSE/LK", "SSSE/BK", "SSSE/STK")] == [2, 2, 3]
