"""Versions of keys, and how long a proof holds: moves between directories, re-selection, resets, a kiosk's order.

Keys and cryptograms are those of openssl; what a key opens shows in reading and writing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.hrss.desk import SOURCE, SSSE, VERIFY, Desk, content, is_open, reading, writing
from tests.unit.hrss.sheet import FILES, KEYS, FileRow, KeyRow, file, key

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("usual_layout")
LOCAL = [row for row in KEYS if row.local]
RK, UK = key("SSSE/RK"), key("SSSE/UK")
FINGERPRINT, BASIC, ISSUER = file("SSSE EF07"), file("SSSE EF06"), file("SSSE EF05")
each_local = pytest.mark.parametrize("row", LOCAL, ids=str)


# --- versions ---


def test_every_version_is_a_key_of_its_own() -> None:
    """Lc 11 with the version behind the data (facts hrss-card 4.1); one without it means the lowest."""
    desk = Desk(key_versions=[1, 2, 3])
    for version in (1, 2, 3):
        desk.power_cycle()
        desk.enter("SSSE")
        assert not is_open(desk, RK)
        assert desk.prove(RK, version) == "9000"
        assert is_open(desk, RK)
    desk.enter("SSSE")
    first = desk.suite.proof(desk.key(RK, 1), desk.challenge(), SOURCE)
    assert desk.sw(f"0082000A10{first.hex()}{SOURCE.hex()}") == "9000"
    second = desk.suite.proof(desk.key(RK, 2), desk.challenge(), SOURCE)
    assert desk.sw(f"0082000A10{second.hex()}{SOURCE.hex()}") == "63C2"


@pytest.mark.parametrize("version", [0, 4, 0xFF])
def test_versions_that_the_card_has_not(version: int) -> None:
    desk = Desk(key_versions=[1, 2, 3])
    desk.enter("SSSE")
    before = desk.contents
    assert desk.sw(f"0088000011{'00' * 16}{version:02X}") == "6A88"
    assert desk.prove(RK, version) == "6A88"
    assert desk.contents == before


def test_a_version_byte_selects_the_irk_too() -> None:
    desk = Desk(key_versions=[0, 1])
    desk.enter("SSSE")
    expected = [
        desk.suite.proof(desk.key(key("SSSE/IRK"), version), bytes(8), bytes(8)).hex().upper() for version in (0, 1)
    ]
    assert [desk.do(f"0088000011{'00' * 16}{version:02X}") for version in (0, 1)] == expected
    assert desk.do(f"0088000010{'00' * 16}") == expected[0]
    assert expected[0] != expected[1]


def test_every_version_has_a_counter_of_its_own() -> None:
    desk = Desk(key_versions=[0, 1])
    desk.enter("SSSE")
    assert [desk.fail(RK, 1) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert desk.fail(RK) == "63C2"
    assert desk.prove(RK, 0) == "9000"


# --- how long a proof holds ---


def _reselect_df(row: KeyRow) -> tuple[str, ...]:
    return (f"00A4000002{row.directory}",)


def _sibling_and_back(row: KeyRow) -> tuple[str, ...]:
    sibling = "DF02" if row.directory == "DF01" else "DF01"
    return f"00A4000002{sibling}", f"00A4000002{row.directory}"


def _ssse_and_back(row: KeyRow) -> tuple[str, ...]:
    return SSSE, f"00A4000002{row.directory}"


STAYS: dict[str, Callable[[KeyRow], tuple[str, ...]]] = {
    "SELECT EF": lambda _: ("00A4000002EF05",),
    "SELECT of the same DF": _reselect_df,
    "PIN": lambda _: (VERIFY,),
}
LEAVES: dict[str, Callable[[KeyRow], tuple[str, ...]]] = {
    "another DF and back": _sibling_and_back,
    "SSSE and back": _ssse_and_back,
    "MF and back": lambda row: ("00A40000023F00", *_ssse_and_back(row)),
}


@each_local
@pytest.mark.parametrize("moves", [*STAYS, *LEAVES])
def test_a_key_of_a_df_holds_until_the_df_is_left(row: KeyRow, moves: str) -> None:
    """P2 80 and above: keys of the current DF (facts hrss-card 4.1)."""
    desk = Desk()
    desk.enter(row.directory)
    assert desk.prove(row) == "9000"
    desk.do(*{**STAYS, **LEAVES}[moves](row))
    assert is_open(desk, row) == (moves in STAYS)


@each_local
def test_a_key_of_a_df_opens_no_other_df(row: KeyRow) -> None:
    """84 exists in five directories, and is another key in each."""
    desk = Desk()
    desk.enter(row.directory)
    assert desk.prove(row) == "9000"
    for other in ("DF01", "DF02", "DF03", "DF04", "DF07"):
        if other != row.directory:
            desk.do(f"00A4000002{other}")
            closed = [each for each in FILES if each.directory == other and desk.layout in each.layouts]
            assert {desk.read(each)[-4:] for each in closed if each.read != "free"} == {"6982"}
            assert {desk.write(each, content(each, desk.layout)) for each in closed} == {"6982"}


def test_keys_of_ssse_hold_in_every_df_and_across_its_reselection() -> None:
    """Terminal-interface 2.3: drivers select SSSE again between a proof and its use."""
    desk = Desk()
    desk.enter("SSSE")
    assert [desk.prove(row) for row in (RK, UK)] == ["9000"] * 2
    for directory in ("DF01", "DF07", "DF06", "DF05"):
        desk.do(f"00A4000002{directory}")
    assert desk.read(file("DF05 EF05"))[-4:] == "9000"
    desk.do(SSSE, SSSE, "00A4000002DDF1")
    assert is_open(desk, RK)
    assert is_open(desk, UK)


@pytest.mark.parametrize("moves", [("00A40000023F00",), ("00A404000E315041592E5359532E4444463031",)])
def test_keys_of_ssse_are_forgotten_when_it_is_left(moves: tuple[str, ...]) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do(*moves, SSSE)
    assert not is_open(desk, RK)


@pytest.mark.parametrize("event", ["reset", "power"])
def test_a_reset_forgets_all_keys_and_the_challenge(event: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    challenge = desk.challenge()
    if event == "reset":
        desk.connection.reset()
    else:
        desk.power_cycle()
    desk.enter("SSSE")
    assert not is_open(desk, RK)
    assert desk.sw(desk.proof(RK, challenge)) == "6984"


@pytest.mark.parametrize(("survives", "state"), [(True, True), (False, False)])
@pytest.mark.parametrize("again", [SSSE, "00A4000002DDF1"])
def test_reselection_is_a_setting(survives: bool, state: bool, again: str) -> None:
    desk = Desk(state_survives_reselect=survives)
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do(again)
    assert is_open(desk, RK) == state


def test_reselection_of_a_df_then_drops_its_keys_alone() -> None:
    """And SSSE is selected again also from inside one of its DFs (native-card-os 3: returning to a parent)."""
    desk = Desk(state_survives_reselect=False)
    desk.enter("SSSE")
    assert [desk.prove(row) for row in (UK, RK)] == ["9000"] * 2
    desk.do("00A4000002DF05", "00A4000002DF05")
    assert desk.read(file("DF05 EF05"))[-4:] == "9000"
    desk.do("00A4000002DF01")
    assert desk.prove(key("DF01/UK1")) == "9000"
    desk.do("00A4000002DF01")
    assert not is_open(desk, key("DF01/UK1"))
    desk.do(SSSE)
    assert not is_open(desk, UK)


# --- the order of a kiosk, facts hrss-card 8 ---


def _update(number: int, row: FileRow, tag: str, value: str) -> str:
    return f"00DC{number:02X}{row.sfi << 3 | 4:02X}{len(value) // 2 + 2:02X}{tag}{len(value) // 2:02X}{value}"


def test_a_kiosk_reads_and_writes() -> None:
    """Four challenges, the first pair for the IRK, the last for RK with the third as source; two more for UK.

    EF06 is written behind 00 82 00 04, and EF05 then without another authentication.
    """
    desk = Desk()
    desk.enter("SSSE")
    sjs1, sjs2, sjs3, sjs4 = (desk.challenge() for _ in range(4))
    answer = desk.do(f"0088000010{sjs1.hex()}{sjs2.hex()}")
    assert answer == desk.suite.proof(desk.key(key("SSSE/IRK")), sjs1, sjs2).hex().upper()
    proof = desk.suite.proof(desk.key(RK), sjs4, sjs3)
    desk.do(f"0082000A10{proof.hex()}{sjs3.hex()}", "00A4000002EF05", "00B2070400")
    assert desk.read(FINGERPRINT)[-4:] == "9000"
    source, process = desk.challenge(), desk.challenge()
    proof = desk.suite.proof(desk.key(UK), process, source)
    desk.do(f"0082000410{proof.hex()}{source.hex()}", "00A4000002EF06")
    values = {1: ("08", "11" * 18), 2: ("09", "41" * 30), 4: ("0A", "32"), 5: ("0B", "02"), 7: ("0D", "19800102")}
    desk.do(*(_update(number, BASIC, tag, value) for number, (tag, value) in values.items()))
    desk.do("00A4000002EF05", _update(7, ISSUER, "07", "42" * 9))
    assert desk.do("00B2070400") == "0709" + "42" * 9
    assert desk.do(reading(BASIC)) == "0812" + "11" * 18
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    assert desk.do("00B2073400") == "0D0419800102"
    assert desk.sw(f"{writing(ISSUER)}03010101") == "6982"
