"""What only layout 3.00 has: EF0C under a key of its own, key id 00, state across SELECT (hrss-card 6, 8)."""

from __future__ import annotations

import pytest

from cardsim.zones.layouts import L2, L3
from readers.terminal.hrss import read_hrss, select_hrss
from readers.terminal.script import run
from readers.terminal.security import external_authenticate, keys_for, read_conditions
from tests.unit.hrss.desk import SOURCE, SSSE, VERIFY, Desk
from tests.unit.hrss.sheet import FILES, key
from tests.unit.hrss.terminals import terminal_at
from tests.unit.hrss.test_terminal_security import declared

RK, UK, PUK, RK0C = (key(f"SSSE/{name}") for name in ("RK", "UK", "PUK", "RK0C"))
NAME, NUMBER = "00B2093000", "00B2072800"


def at_ssse(**settings: object) -> Desk:
    desk = Desk(L3, None, **settings)
    desk.enter("SSSE")
    return desk


# --- EF0C ---


def test_ef0c_is_read_under_its_own_key() -> None:
    desk = at_ssse()
    desk.do(VERIFY)
    for row in (RK, UK, PUK):
        assert desk.prove(row) == "9000"
    assert desk.sw("00B08C0000") == "6982"
    assert desk.prove(RK0C) == "9000"
    assert desk.do("00B08C0000") == "00" * 256


def test_the_key_of_ef0c_opens_nothing_else() -> None:
    desk = at_ssse()
    assert desk.prove(RK0C) == "9000"
    ssse = [row for row in FILES if row.directory == "SSSE" and L3 in row.layouts]
    opened = {row.name for row in ssse if desk.read(row)[-4:] == "9000"}
    assert opened == {"SSSE EF05", "SSSE EF0C", "SSSE EF0E", "SSSE EF1E"}
    assert desk.sw("00D68C000101") == "6982"


def test_ef0c_is_written_under_uk() -> None:
    desk = at_ssse()
    assert [desk.prove(row) for row in (UK, RK0C)] == ["9000"] * 2
    desk.do("00D68C1002A1A2")
    assert desk.do("00B08C1002") == "A1A2"


def test_three_wrong_proofs_block_the_key_of_ef0c() -> None:
    desk = at_ssse()
    assert [desk.fail(RK0C) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.prove(RK0C) == "6983"
    assert desk.prove(RK) == "9000"


@pytest.mark.parametrize("size", [1, 0x80, 0x100, 0x1001, 0x7FFF])
def test_the_size_of_ef0c_is_a_setting(size: int) -> None:
    """And a terminal, which can not know it, reads all of it."""
    desk = at_ssse(ef0c_size=size)
    terminal = terminal_at(desk)
    run(external_authenticate(terminal, *declared(RK0C)), desk.connection)
    (file,) = [file for file in run(read_hrss(), desk.connection).files if file.fid == 0xEF0C]
    assert file.content == bytes(size)


def test_other_layouts_have_neither_the_file_nor_the_key() -> None:
    desk = Desk(L2)
    desk.enter("SSSE")
    assert desk.sw("00A4000002EF0C") == "6A82"
    assert desk.prove(RK0C) == "6A88"
    assert "SSSE/RK0C" not in desk.tries


@pytest.mark.parametrize(("layout", "names"), [(L2, ["RK"]), (L3, ["RK", "RK0C"])], ids=["2.00", "3.00"])
def test_a_terminal_proves_the_keys_of_the_layout_alone(layout: object, names: list[str]) -> None:
    ssse, _ = declared(RK)
    assert layout in (L2, L3)
    wanted = keys_for(ssse, read_conditions(ssse, L3 if layout is L3 else L2))
    assert [each.name for each in wanted] == names


# --- EXTERNAL AUTHENTICATE with key id 00 ---


def test_key_id_00_is_no_key_by_default() -> None:
    desk = at_ssse()
    command = desk.proof(RK, desk.challenge())
    before = desk.contents
    assert desk.sw(f"00820000{command[8:]}") == "6A88"
    assert desk.contents == before


def test_key_id_00_may_mean_rk() -> None:
    """As one client sends it where others send 0A (hrss-card 4.1); both are taken then, with one counter."""
    desk = at_ssse(external_key_00=0x0A)
    command = desk.proof(RK, desk.challenge())
    assert desk.sw(f"00820000{command[8:]}") == "9000"
    assert desk.do(NAME)[:4] == "091E"
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do("0084000008")
    assert desk.sw(f"00820000{command[8:]}") == "63C2"
    assert desk.fail(RK) == "63C1"


@pytest.mark.parametrize("reference", [0x04, 0x0A, 0x55])
def test_key_id_00_means_the_key_that_is_set_and_nothing_for_internal_authenticate(reference: int) -> None:
    desk = at_ssse(external_key_00=reference)
    irk = desk.suite.proof(desk.key(key("SSSE/IRK")), bytes(8), SOURCE).hex().upper()
    assert desk.do(f"0088000010{'00' * 8}{SOURCE.hex()}") == irk
    answers = [desk.sw(f"00820000{desk.proof(row, desk.challenge())[8:]}") for row in (UK, RK)]
    expected = {0x04: ["9000", "63C2"], 0x0A: ["63C2", "9000"], 0x55: ["6A88", "6A88"]}
    assert answers == expected[reference]


# --- state ---


def test_keys_0a_and_04_hold_together_across_select() -> None:
    """SELECT EF, SELECT SSSE again, a DF and back: until SSSE is left (hrss-card 8, terminal-interface 9)."""
    desk = at_ssse()
    assert [desk.prove(row) for row in (RK, UK)] == ["9000"] * 2
    written = "00DC023420091E" + "41" * 30
    for moves in (("00A4000002EF06",), ("00A4000002EF05",), (SSSE,), ("00A4000002DF01", SSSE), ("00A4000002DDF1",)):
        desk.do(*moves, written)
        assert desk.do(NAME) == "091E" + "41" * 30
        assert desk.do(NUMBER)[:4] == "0709"
    desk.do("00A40000023F00", SSSE)
    assert [desk.sw(command) for command in (written, NAME, NUMBER)] == ["6982"] * 3


def test_external_authenticate_keeps_the_current_ef() -> None:
    """00 82 00 0A, then 00 B2 07 04 00 without another SELECT (terminal-interface 4.2)."""
    desk = at_ssse()
    desk.do("00A4000002EF05")
    assert desk.sw("00B2070400") == "6982"
    assert desk.prove(RK) == "9000"
    assert desk.do("00B2070400")[:4] == "0709"


def test_the_challenge_waits_for_a_host() -> None:
    """Step 1 to step 2 of an HSM flow: SELECT EF and READ may come between (terminal-interface 9)."""
    desk = at_ssse()
    challenge = desk.challenge()
    desk.do("00A4000002EF05", "00B2010400", "00B2032800")
    assert desk.sw(desk.proof(RK, challenge)) == "9000"


def test_all_of_ef05_at_once_needs_rk() -> None:
    desk = at_ssse()
    desk.do("00A4000002EF05")
    assert desk.sw("00B20105FF") == "6982"
    assert desk.prove(RK) == "9000"
    tags = desk.do("00B20105FF")
    assert tags.startswith("0110")


def test_a_terminal_reads_what_the_zone_declares() -> None:
    desk = at_ssse()
    report = run(read_hrss(), desk.connection)
    statuses = {
        f"{file.fid:04X}/{item.element.tag:02X}": str(item.status) for file in report.files for item in file.elements
    }
    assert [statuses[f"EF05/{tag:02X}"] for tag in range(1, 8)] == ["9000"] * 6 + ["6982"]
    run(select_hrss(), desk.connection)
    run(external_authenticate(terminal_at(desk), *declared(RK)), desk.connection)
    report = run(read_hrss(), desk.connection)
    assert (report.value("name"), report.value("card_number")) == ("测试用户", "T0000001X")
