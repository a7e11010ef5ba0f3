"""What a blocked PIN or key takes away, and that nothing else goes with it: DES and SM4, both generations.

Each is blocked in turn; then all others are proved, and every file of the directory opens exactly as the sheet's table
has it for those. Key and PIN counters of all others stand as they stood.
"""

from __future__ import annotations

import pytest

from cardsim.zones.layouts import L2, L3, Layout
from tests.unit.hrss.desk import VERIFY, Desk, content
from tests.unit.hrss.sheet import DIRECTORIES, KeyRow, external_keys, files_of, key

CHIPS = {"gen2": (L2, "DES"), "gen3, DES": (L3, "DES"), "gen3, SM4": (L3, "SM4")}
each_chip = pytest.mark.parametrize(("layout", "algorithm"), CHIPS.values(), ids=CHIPS)
WITH_KEYS = [name for name in DIRECTORIES if name not in ("DF05", "DF06")]
WRONG_PIN = "0020000003999999"
QUERY = "00200000"
NO_PROOF = "00" * 16


def card(layout: Layout, algorithm: str, directory: str) -> Desk:
    desk = Desk(layout, **({"hrss_algorithm": algorithm} if layout is L3 else {}))
    desk.enter(directory)
    return desk


def block_key(desk: Desk, row: KeyRow) -> None:
    answers = []
    for _ in range(4):
        desk.challenge()
        answers.append(desk.sw(f"008200{row.reference:02X}10{NO_PROOF}"))
    assert answers == ["63C2", "63C1", "63C0", "6983"]


def block_pin(desk: Desk) -> None:
    assert [desk.sw(WRONG_PIN) for _ in range(7)] == ["63C5", "63C4", "63C3", "63C2", "63C1", "63C0", "6983"]


def check_files(desk: Desk, directory: str, proved: frozenset[int], *, pin: bool) -> None:
    for row in files_of(directory, desk.layout):
        read = desk.read(row)[-4:]
        assert read == ("9000" if row.readable(proved, pin=pin) else "6982"), row
        if row.read == "free" and row.write_key is None:
            continue
        written = desk.write(row, content(row, desk.layout))[-4:]
        assert written == ("9000" if row.writable(proved) else "6982"), row


@each_chip
@pytest.mark.parametrize("directory", DIRECTORIES)
def test_a_blocked_pin(layout: Layout, algorithm: str, directory: str) -> None:
    desk = card(layout, algorithm, directory)
    before = desk.tries
    block_pin(desk)
    assert desk.tries == before
    keys = external_keys(directory, layout)
    assert {desk.prove(row) for row in keys} == {"9000"}
    check_files(desk, directory, frozenset(row.reference for row in keys), pin=False)
    desk.power_cycle()
    desk.enter(directory)
    assert desk.sw(VERIFY) == "6983"
    assert desk.sw("805E010007123456FF654321") == "6983"  # CHANGE PIN is no way round it


@each_chip
@pytest.mark.parametrize("directory", WITH_KEYS)
def test_each_blocked_key(layout: Layout, algorithm: str, directory: str) -> None:
    keys = external_keys(directory, layout)
    for blocked in (row for row in keys if row.directory == directory):
        desk = card(layout, algorithm, directory)
        before = desk.tries
        block_key(desk, blocked)
        assert desk.tries == before | {str(blocked): 0}
        desk.power_cycle()
        desk.enter(directory)
        others = [row for row in keys if row != blocked]
        assert desk.prove(blocked) == "6983"
        assert {desk.prove(row) for row in others} == {"9000"}
        assert desk.sw(QUERY) == "63C6"
        assert desk.sw(VERIFY) == "9000"
        check_files(desk, directory, frozenset(row.reference for row in others), pin=True)


@each_chip
def test_a_blocked_puk_leaves_a_blocked_pin_blocked(layout: Layout, algorithm: str) -> None:
    desk = card(layout, algorithm, "SSSE")
    block_pin(desk)
    block_key(desk, key("SSSE/PUK"))
    for row in external_keys("SSSE", layout):
        assert desk.prove(row) == ("6983" if row.name == "PUK" else "9000")
    assert desk.sw(desk.protected("84240000")) == "6982"
    assert desk.sw(desk.protected("84240001", "654321", seal=True)) == "6982"
    assert desk.sw(VERIFY) == "6983"


@each_chip
@pytest.mark.parametrize("reload", [False, True])
def test_a_blocked_line_key_leaves_a_blocked_pin_blocked(layout: Layout, algorithm: str, *, reload: bool) -> None:
    desk = card(layout, algorithm, "SSSE")
    block_pin(desk)
    assert desk.prove(key("SSSE/PUK")) == "9000"
    for _ in range(3):
        desk.challenge()
        assert desk.sw("842400000400000000") == "6988"
    assert desk.tries["SSSE/STK"] == 0
    command = desk.protected("84240001", "654321", seal=True) if reload else desk.protected("84240000")
    assert desk.sw(command) == "6983"
    assert desk.sw(VERIFY) == "6983"


@each_chip
@pytest.mark.parametrize("limit", [1, 2, 15])
def test_the_limit_is_the_profiles_after_unblocking_too(layout: Layout, algorithm: str, limit: int) -> None:
    desk = Desk(layout, pin_limit=limit, **({"hrss_algorithm": algorithm} if layout is L3 else {}))
    desk.enter("SSSE")
    wrong = [*(f"63C{left:X}" for left in range(limit - 1, -1, -1)), "6983"]
    assert [desk.sw(WRONG_PIN) for _ in wrong] == wrong
    assert desk.prove(key("SSSE/PUK")) == "9000"
    assert desk.sw(desk.protected("84240000")) == "9000"
    assert [desk.sw(WRONG_PIN) for _ in wrong] == wrong
