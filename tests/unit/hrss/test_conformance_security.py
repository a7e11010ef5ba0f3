"""The second half of hrss-card section 11's checks (社保系列8): writing, reading, keys; the first is the list module.

On layouts 1.00 and 2.00 alike where both have what is checked. Left out: the zero-amount debit, since the card has no
medical debit command.
"""

from __future__ import annotations

import pytest

from cardsim.zones.layouts import EVERY, L1, L2, L3, Layout
from tests.unit.hrss.desk import SOURCE, VERIFY, Desk, content, reading, records, writing
from tests.unit.hrss.sheet import (
    DIRECTORIES,
    FILES,
    KEYS,
    LAYOUTS,
    FileRow,
    KeyRow,
    directories_of,
    each_layout,
    file,
)

# --- writing ---

WRITABLE = [row for row in FILES if row.write_key is not None]
CLOSED = [row for row in FILES if row.read != "free"]
each_writable = pytest.mark.parametrize("row", WRITABLE, ids=str)
each_closed = pytest.mark.parametrize("row", CLOSED, ids=str)


def layouts_of(row: FileRow) -> list[Layout]:
    return [layout for layout in LAYOUTS if layout in row.layouts]


def keys_of(row: FileRow, reference: int | None) -> KeyRow:
    return next(
        each
        for each in KEYS
        if each.reference == reference and each.directory == (row.directory if each.reference >= 0x80 else "SSSE")
    )


@each_writable
def test_write_without_uk_fails(row: FileRow) -> None:
    """Neither without anything nor with the PIN and the read key."""
    for layout in layouts_of(row):
        desk = Desk(layout)
        desk.enter(row.directory)
        before = desk.contents
        data = content(row, layout)
        assert desk.write(row, data) == "6982"
        desk.do(VERIFY)
        if row.read_key is not None:
            assert desk.prove(keys_of(row, row.read_key)) == "9000"
        assert desk.write(row, data) == "6982"
        assert desk.contents == before


@each_writable
def test_wrong_uk_fails(row: FileRow) -> None:
    """A wrong proof costs a try and opens nothing; the right proof of another update key does not open it either."""
    for layout in layouts_of(row):
        desk = Desk(layout)
        desk.enter(row.directory)
        right = keys_of(row, row.write_key)
        data = content(row, layout)
        assert desk.fail(right) == "63C2"
        assert desk.write(row, data) == "6982"
        others = [each for each in KEYS if each.name.startswith("UK") and each.directory in (row.directory, "SSSE")]
        for other in others:
            if other is not right:
                assert desk.prove(other) == "9000"
        assert desk.write(row, data) == "6982"
        assert desk.prove(right) == "9000"
        assert desk.write(row, data) == "9000"


# --- reading ---


@each_closed
def test_pin_controlled_files_are_unreadable_before_verify(row: FileRow) -> None:
    for layout in layouts_of(row):
        desk = Desk(layout)
        desk.enter(row.directory)
        assert desk.send(reading(row)) == "6982"
        assert desk.sw("0020000003999999") == "63C5"
        assert desk.send(reading(row)) == "6982"
        desk.do(VERIFY)
        assert desk.sw(reading(row)) == ("9000" if row.read == "or" else "6982")


@each_closed
def test_uk_grants_no_reading(row: FileRow) -> None:
    for layout in layouts_of(row):
        desk = Desk(layout)
        desk.enter(row.directory)
        for update in KEYS:
            if update.name.startswith(("UK", "PUK")) and update.directory in ("SSSE", row.directory):
                assert desk.prove(update) == "9000"
        assert desk.send(reading(row)) == "6982"


def test_read_and_write_keys_are_separate() -> None:
    """No key does both, no two keys of a directory have one number, and no two keys of a card one value."""
    for directory in DIRECTORIES:
        files = [row for row in FILES if row.directory == directory]
        assert {row.read_key for row in files}.isdisjoint({row.write_key for row in files} - {None})
        numbers = [row.reference for row in KEYS if row.directory == directory]
        assert len(set(numbers)) == len(numbers)
    desk = Desk(L3)
    values = [desk.key(row) for row in KEYS]
    assert len(set(values)) == len(values)
    assert not any(value[:8] == value[8:] for value in values)


OR = [row for row in FILES if row.read == "or"]


@pytest.mark.parametrize("row", OR, ids=str)
def test_pin_or_rk_either_suffices(row: FileRow) -> None:
    for layout in layouts_of(row):
        desk = Desk(layout)
        desk.enter(row.directory)
        desk.do(VERIFY, reading(row))
        desk.power_cycle()
        desk.enter(row.directory)
        assert desk.prove(keys_of(row, row.read_key)) == "9000"
        desk.do(reading(row))


@each_layout
@pytest.mark.parametrize("pin_first", [True, False])
def test_pin_and_rk_both_are_needed(layout: Layout, pin_first: bool) -> None:
    """DF04 EF06, in either order."""
    row = file("DF04 EF06")
    read_key = keys_of(row, row.read_key)
    desk = Desk(layout)
    desk.enter("DF04")

    def prove(pin: bool) -> str:
        return desk.sw(VERIFY) if pin else desk.prove(read_key)

    assert desk.send(reading(row)) == "6982"
    assert prove(pin_first) == "9000"
    assert desk.send(reading(row)) == "6982"
    assert prove(not pin_first) == "9000"
    assert desk.sw(reading(row)) == "9000"


# --- keys ---


@pytest.mark.parametrize("row", [row for row in KEYS if row.levels == 3], ids=str)
def test_national_keys_authenticate(row: KeyRow) -> None:
    """From the national root over province and city to the card (hrss-card 4.2): the IRK inwards, the RKs outwards."""
    for layout in LAYOUTS:
        if row.directory not in directories_of(layout) or layout not in row.layouts:
            continue
        desk = Desk(layout)
        desk.enter(row.directory)
        if row.use == "internal":
            expected = desk.suite.proof(desk.key(row), bytes(8), SOURCE).hex().upper()
            assert desk.do(f"0088000010{'00' * 8}{SOURCE.hex()}") == expected
        else:
            assert desk.prove(row) == "9000"


@pytest.mark.parametrize("layout", [L2, L3], ids=["2.00", "3.00"])
@pytest.mark.parametrize("row", [row for row in KEYS if row.use == "external" and row.layouts is EVERY], ids=str)
def test_several_key_versions(row: KeyRow, layout: Layout) -> None:
    """Versions 00 to 03, Lc 11 with the version behind (hrss-card 4.1)."""
    desk = Desk(layout, key_versions=[0, 1, 2, 3])
    desk.enter(row.directory)
    assert [desk.prove(row, version) for version in (0, 1, 2, 3)] == ["9000"] * 4
    assert desk.prove(row) == "9000"
    values = [desk.key(row, version) for version in range(4)]
    assert len(set(values)) == 4


@each_layout
def test_offline_detail_files_of_df04(layout: Layout) -> None:
    """EF06, settled off line: PIN and key; EF08, each transaction: 10 or 30 of 1C bytes, written by the card alone."""
    desk = Desk(layout)
    desk.enter("DF04")
    details = file("DF04 EF08")
    assert desk.send(reading(details)) == "6982"
    desk.unlock("DF04")
    assert len(records(desk, file("DF04 EF06"))) == 3
    found = records(desk, details)
    assert [len(record) // 2 for record in found] == [0x1C] * (10 if layout is L1 else 30)
    for command in ("00DC0003", "00DC0144", "00E20044"):
        assert desk.sw(f"{command}1C{'00' * 0x1C}") in ("6982", "6986")
    assert desk.sw(f"{writing(details)}1C{'00' * 0x1C}") == "6982"
    assert records(desk, details) == found


@each_layout
def test_irk_id_and_diversification(layout: Layout) -> None:
    """Key 00, three levels; cards that differ in serial or city have other IRKs, and each factor takes part."""
    desk = Desk(layout)
    desk.enter("SSSE")
    answer = desk.do(f"0088000010{'00' * 16}")
    province, city, card = desk.factors()
    assert (province, city) == (b"630000sh", b"639900sx")
    root = desk.suite.root("HRSS/SSSE/IRK")

    def expected(*path: bytes) -> str:
        return desk.suite.proof(desk.suite.below(root, path), bytes(8), bytes(8)).hex().upper()

    assert answer == expected(province, city, card)
    others = [(), (card,), (city, card), (card, city, province), (province, city), (province, b"639901sx", card)]
    assert answer not in [expected(*path) for path in others]
    assert [desk.sw(f"008800{number:02X}10{'00' * 16}") for number in (0x01, 0x08, 0x80)] == ["6A88"] * 3


def test_cards_in_a_row_are_told_apart_by_their_irk() -> None:
    answers = []
    for serial in ("00BF7C7A", "00BF7C7B"):
        desk = Desk(L2, {"card_identification": f"639900D156000005{serial}00000000"})
        desk.enter("SSSE")
        answers.append(desk.do(f"0088000010{'00' * 16}"))
    assert answers[0] != answers[1]
