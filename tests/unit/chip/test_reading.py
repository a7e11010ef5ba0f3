"""READ RECORD and READ BINARY in every addressing form of facts hrss-card 3; whole APDUs, no T=0 manners."""

from __future__ import annotations

import pytest

from cardsim.profiles import GEN2
from cardsim.zones.layouts import Layout
from tests.unit.chip.bench import SSSE, Bench, bench
from tests.unit.chip.images import CHILD_ONE, ONE, VERIFY_ONE, binary, card, directory, file, records

EF05 = "00A4000002EF05"
EF06 = "00A4000002EF06"
EF07 = "00A4000002EF07"
BINARY = binary(0x300).hex().upper()

# The default card's records as facts hrss-card 2.1 and 2.2 lay them out, in the order of layout 2.00.
ISSUER_DATA = (
    "0110639900D15600000500BF7C7A48FB4966",
    "020133",
    "0304322E3030",
    "040C9156000002430200430100D5",
    "050420240101",
    "060420340101",
    "0709583030303030303139",
)
BASIC_DATA = (
    "0812363339393030313939303033303730303335",
    "091EB2E2CAD4D3C3BBA7" + "00" * 22,
    "4E14" + "00" * 20,
    "0A0131",
    "0B0101",
    "0C03639900",
    "0D0419900307",
)


@pytest.mark.parametrize(("number", "record"), list(enumerate(ISSUER_DATA, 1)))
def test_issuer_data_by_number_and_tag_which_are_equal_there(gen2: Bench, number: int, record: str) -> None:
    gen2.run(SSSE)
    expected = record + "9000"
    assert gen2.send(f"00B2{number:02X}2C00") == expected
    assert gen2.send(f"00B2{number:02X}2800") == expected
    assert gen2.run(EF05, f"00B2{number:02X}0400") == expected
    assert gen2.send(f"00B2{number:02X}0000") == expected


@pytest.mark.parametrize(("number", "record"), list(enumerate(BASIC_DATA, 1)))
def test_basic_data_by_number_and_tag_which_differ(gen2: Bench, number: int, record: str) -> None:
    gen2.run(SSSE)
    expected = record + "9000"
    assert gen2.send(f"00B2{number:02X}3400") == expected
    assert gen2.send(f"00B2{record[:2]}3000") == expected
    assert gen2.run(EF06, f"00B2{number:02X}0400") == expected
    assert gen2.send(f"00B2{record[:2]}0000") == expected


def test_number_and_tag_are_never_aliases(gen2: Bench) -> None:
    """00B2010400 = 00B2080000 in EF06, and tag 01 does not exist there (facts hrss-card 3)."""
    gen2.run(SSSE, EF06)
    assert gen2.send("00B2010400") == BASIC_DATA[0] + "9000"
    assert gen2.send("00B2080000") == BASIC_DATA[0] + "9000"
    assert gen2.send("00B2010000") == "6A83"
    assert gen2.send("00B2080400") == "6A83"


def test_layout_1_00_has_no_name_extension(gen2: Bench) -> None:
    old = bench("gen2", Layout.V1_00)
    for record in (*ISSUER_DATA[:2], ISSUER_DATA[3]):
        assert old.run(SSSE, f"00B2{record[:2]}2800") == record + "9000"
    assert old.run(SSSE, "00B2032800") == "0304312E30309000"
    assert old.run(SSSE, "00B2033400") == "0A01319000"
    assert old.send("00B24E3000") == "6A83"
    assert gen2.run(SSSE, "00B24E3000") == BASIC_DATA[2] + "9000"


def test_layout_3_00_protects_what_is_personal() -> None:
    """Free: EF05 01 and 03; EF05 07 and EF06 08/09 want key 0A (facts hrss-card 6)."""
    new = bench("gen2", Layout.V3_00)
    new.run(SSSE)
    assert new.send("00B2012C00") == ISSUER_DATA[0] + "9000"
    assert new.send("00B2032C00") == "0304332E30309000"
    for command in ("00B2072C00", "00B2072800", "00B2013400", "00B2083000", "00B2023400", "00B2012D00"):
        assert new.send(command) == "6982"


@pytest.mark.parametrize(
    ("command", "records_from"),
    [("00B2010500", 0), ("00B20105FF", 0), ("00B2030500", 2), ("00B2070500", 6), ("00B2012D00", 0), ("00B2062D00", 5)],
)
def test_all_records_from_a_number_on(gen2: Bench, command: str, records_from: int) -> None:
    assert gen2.run(SSSE, EF05, command) == "".join(ISSUER_DATA[records_from:]) + "9000"


def test_the_directory_of_applications() -> None:
    """P2=5C where the FCI says 0B, F4 where it says 1E; 70 { 61 { 4F name, 50 label } } (facts hrss-card 1)."""
    entry = "701D611B4F0F7378312E73682EC9E7BBE1B1A3D5CF5008C9E7BBE1B1A3D5CF"
    assert bench("gen2", Layout.V1_00).run(SSSE, "00B2015C00") == entry + "9000"
    assert bench("gen2", Layout.V2_00).run(SSSE, "00B201F400") == entry + "9000"


@pytest.mark.parametrize("le", ["", "00", "04", "02", "12", "FF"])
def test_a_card_without_t0_gives_the_whole_record_whatever_le(tree: Bench, le: str) -> None:
    """Which lengths are answered 6Cxx is the T=0 port's business."""
    assert tree.run(ONE, EF05, "00B20104" + le) == "2202AAAA9000"


def test_a_repeated_tag_answers_its_first_record(tree: Bench) -> None:
    """Facts hrss-card 2 [inf]: the second is reached by number only."""
    assert tree.run(ONE, EF05, "00B2220000") == "2202AAAA9000"
    assert tree.send("00B2030400") == "2203CCCCCC9000"
    assert tree.send("00B2220000") == "2202AAAA9000"


def test_an_empty_record_is_a_record(tree: Bench) -> None:
    assert tree.run(ONE, EF05, "00B2040400") == "21009000"
    assert tree.send("00B2210000") == "21009000"


def test_per_record_conditions(tree: Bench) -> None:
    """EF06: tag 33 wants the PIN, the others are free."""
    tree.run(ONE, EF06)
    assert tree.send("00B2010400") == "3102DDDD9000"
    assert tree.send("00B2320000") == "3201FF9000"
    assert tree.send("00B2030500") == "3201FF9000"
    for protected in ("00B2020400", "00B2330000", "00B2010500", "00B2020500"):
        assert tree.send(protected) == "6982"
    tree.run(VERIFY_ONE)
    assert tree.send("00B2330000") == "3301EE9000"
    assert tree.send("00B2010500") == "3102DDDD3301EE3201FF9000"


# --- the current EF ---


def test_sfi_addressing_right_after_select_needs_no_current_ef(gen2: Bench) -> None:
    """00B2012812 and 00B2032806 in the real log (facts hrss-card 9, G1)."""
    gen2.t0(SSSE)
    assert gen2.t0("00B2012812") == ISSUER_DATA[0] + "9000"
    assert gen2.t0("00B2032806") == "0304322E30309000"


@pytest.mark.parametrize("command", ["00B2012C00", "00B2222800", "00B2012D00", "00B0870010"])
def test_sfi_addressing_makes_the_file_current(tree: Bench, command: str) -> None:
    """ISO/IEC 7816-4, 7.1.2."""
    tree.run(ONE, EF06, command)
    assert tree.here == ("A001/EF07" if command.startswith("00B0") else "A001/EF05")


@pytest.mark.parametrize("command", ["00B2012C00", "00B2222800", "00B2012D00", "00B0870010"])
def test_sfi_addressing_leaves_the_current_ef_where_the_profile_says_so(command: str) -> None:
    card = bench("tree", sfi_makes_current=False)
    assert card.run(ONE, command)[-4:] == "9000"
    assert card.send("00B2010400") == "6986"
    card.run(EF06, command)
    assert card.here == "A001/EF06"
    assert card.send("00B2010400") == "3102DDDD9000"


def test_sfis_belong_to_their_directory(tree: Bench) -> None:
    assert tree.run(ONE, "00B2012C00") == "2202AAAA9000"
    assert tree.run(CHILD_ONE, "00B2012C00") == "0101C19000"
    assert tree.send("00B2013400") == "6A82"


# --- READ BINARY ---


@pytest.mark.parametrize(
    ("command", "start", "size"),
    [
        ("00B0000010", 0, 0x10),
        ("00B0000001", 0, 1),
        ("00B00000FF", 0, 0xFF),
        ("00B0000000", 0, 0x100),
        ("00B00000", 0, 0x100),
        ("00B0010000", 0x100, 0x100),
        ("00B0012320", 0x123, 0x20),
        ("00B0020000", 0x200, 0x100),
        ("00B0028000", 0x280, 0x80),
        ("00B002F010", 0x2F0, 0x10),
        ("00B002F8FF", 0x2F8, 8),
        ("00B002FF01", 0x2FF, 1),
    ],
)
def test_reading_the_current_file(tree: Bench, command: str, start: int, size: int) -> None:
    assert tree.run(ONE, EF07, command) == BINARY[2 * start : 2 * (start + size)] + "9000"


@pytest.mark.parametrize(("command", "size"), [("00B000000002C0", 0x2C0), ("00B00000000000", 0x300)])
def test_reading_more_than_256_bytes_at_once(command: str, size: int) -> None:
    assert bench("tree").run(ONE, EF07, command) == "6700"
    extended = bench("tree", extended_length=True)
    assert extended.run(ONE, EF07, command) == BINARY[: 2 * size] + "9000"
    assert extended.t0(command) == BINARY[: 2 * size] + "9000"


@pytest.mark.parametrize(
    ("command", "start", "size"),
    [("00B0870010", 0, 0x10), ("00B087FF02", 0xFF, 2), ("00B0872300", 0x23, 0x100)],
)
def test_reading_by_sfi(tree: Bench, command: str, start: int, size: int) -> None:
    assert tree.run(ONE, command) == BINARY[2 * start : 2 * (start + size)] + "9000"


def test_sfi_00_of_read_binary_is_the_current_file(tree: Bench) -> None:
    assert tree.run(ONE, EF07, "00B0800204") == BINARY[4:12] + "9000"


def test_old_city_cards_have_a_file_at_the_mf(tree: Bench) -> None:
    """Facts hrss-card 1: EF 0003 under the MF, here also by its SFI."""
    assert tree.run("00A40000020003", "00B0000007") == b"MF FILE".hex().upper() + "9000"
    assert tree.run("00A40000", "00B0830004") == b"MF F".hex().upper() + "9000"


def test_answers_of_more_than_256_bytes_end_there_unless_le_is_extended() -> None:
    longest = "01FE" + "AB" * 254
    more = "0280" + "CD" * 128
    app = directory(0xA001, b"BIG APPLICATION", records(0xEF05, longest, more), file(0xEF07, bytes(4)))
    big = Bench(card(app), GEN2.override({"extended_length": True}))
    big.run("00A4000002A001", EF05)
    assert big.send("00B2010400") == longest + "9000"
    assert big.send("00B2010500") == longest + "9000"
    assert big.send("00B2010510") == longest + "9000"
    assert big.send("00B20105000000") == longest + more + "9000"
    assert big.send("00B20105000110") == longest + more[: 2 * 16] + "9000"
    assert big.t0("00B2010510") == "6C00"
    assert big.t0("00B2010500") == longest + "9000"
