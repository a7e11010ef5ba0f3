"""The checks that hrss-card section 11 lists for 2nd-generation cards (社保系列8), each as a test of its name.

The sheet words the 27 checks as 25 items, some of which hold two. They run on all layouts alike where they have what
is checked; 3.00 is on a chip of the 3rd generation, with SM4. Here is what a card has; test_conformance_security.py has
who may read and write it, and the keys. Left out: the zero-amount debit, since the card has no medical debit command.
"""

from __future__ import annotations

import pytest

from apdu import parse_simple
from cardsim.zones.layouts import L1, L2, L3, Layout
from tests.unit.hrss.desk import REGION, SOURCE, SSSE, Desk, records
from tests.unit.hrss.sheet import DIRECTORIES, FILES, directories_of, each_layout, file, files_of
from tests.unit.zones.hrss_sheet import LAYOUT_1, LAYOUT_2, Row, parse

# hrss-card 2.1 and 2.2, in the notation of hrss_sheet.py.
_SSSE = "SSSE EF05: 01 b 10h, 02 an 1, 03 an 4, 04 cn 0Ch, 05 cn 4, 06 cn 4, 07 an 9\n"
_BASIC_1 = "SSSE EF06: 08 an 12h, 09 an 1Eh, 0A an 1, 0B cn 1, 0C cn 3, 0D cn 4\n"
_BASIC_2 = "SSSE EF06: 08 an 12h, 09 an 1Eh, 4E an 14h, 0A an 1, 0B cn 1, 0C cn 3, 0D cn 4\n"
_UNKNOWN_SIZE = 20
CHIP = {L1: "81544C92", L2: "81544C92", L3: "81544C97"}
"""In the ATR; hrss-card 7 has the last with 3.00 cards."""
VERSION = {L1: "312E3030", L2: "322E3030", L3: "332E3030"}
FCI = {L1: "A50388010B", L2: "A50388011E", L3: "A50988011E9F0C03860103"}
"""Behind the name; 9F0C tells the algorithm (terminal-interface 2.5)."""
AIDS = {
    "DF01": "D15600000500",
    "DF02": "D15600000501",
    "DF03": "D15600000502",
    "DF04": "D15600000503",
    "DF05": "D15600000505",
    "DF06": "D15600000506",
    "DF07": "D15600000504",
}


def sheet_rows(layout: Layout) -> dict[str, list[Row]]:
    """The sheet's records of every file."""
    table = _SSSE + (_BASIC_1 + LAYOUT_1 if layout is L1 else _BASIC_2 + LAYOUT_2)
    found: dict[str, list[Row]] = {}
    for row in parse(table):
        # Tag 60 has tests of its own below.
        if layout is L1 or (row.file, row.tag) != ("DF03 EF05", "60"):
            found.setdefault(row.file, []).append(row)
    return found


def unlocked(layout: Layout, directory: str) -> Desk:
    desk = Desk(layout)
    desk.unlock(directory)
    return desk


def expected_records(row: Row) -> list[tuple[int, int]]:
    return [(int(row.tag, 16), row.size or _UNKNOWN_SIZE)] * row.times


# --- PIN format ---


@each_layout
def test_pin_format(layout: Layout) -> None:
    """Two digits a byte: 00 20 00 00 03 for six; ASCII digits, or one byte, are no PIN (hrss-card 5)."""
    desk = Desk(layout)
    desk.enter("SSSE")
    assert desk.sw("0020000003123456") == "9000"
    assert desk.sw("0020000006313233343536") == "63C5"
    assert [desk.sw(f"00200000{len(pin) // 2:02X}{pin}") for pin in ("12", "12345678901234")] == ["6700"] * 2
    assert desk.sw("805E010007123456FF654321") == "9000"
    assert [desk.sw(f"0020000003{pin}") for pin in ("123456", "654321")] == ["63C5", "9000"]


@pytest.mark.parametrize("pin", ["1234", "12345", "123456", "123456789012"])
@each_layout
def test_pin_format_of_other_lengths(pin: str, layout: Layout) -> None:
    """Two to six bytes, an odd last digit with F (hrss-card 5, terminal-interface 2.3)."""
    desk = Desk(layout, {"hrss_pin": pin})
    desk.enter("SSSE")
    digits = pin + "F" * (len(pin) % 2)
    assert desk.sw(f"00200000{len(digits) // 2:02X}{digits}") == "9000"


# --- ATR ---


@each_layout
def test_atr(layout: Layout) -> None:
    """3B 6D 00 00 and 13 bytes: 00, chip and COS, manufacturer, city, serial (hrss-card 7); warm and cold the same."""
    desk = Desk(layout)
    atr = desk.connection.atr
    assert atr.hex().upper() == "3B6D0000" + "00" + CHIP[layout] + "8684" + "6399" + "00BF7C7A"
    assert desk.connection.reset() == atr == desk.port.power_on()


# --- response formats ---


@each_layout
def test_response_formats(layout: Layout) -> None:
    """At the T=0 contacts: 61xx and GET RESPONSE behind data, 6Cxx for a wrong Le, an EF without FCI (hrss-card 3)."""
    desk = Desk(layout)

    def t0(command: str) -> str:
        return desk.port.transmit(bytes.fromhex(command)).hex().upper()

    fci = f"840F7378312E73682EC9E7BBE1B1A3D5CF{FCI[layout]}"
    size = len(fci) // 2
    assert t0(SSSE) == f"61{size + 2:02X}" == {L1: "6118", L2: "6118", L3: "611E"}[layout]
    assert t0(f"00C00000{size + 2:02X}") == f"6F{size:02X}{fci}9000"
    assert t0("00A4000002EF05") == "9000"
    assert [t0("00B2030406"), t0("00B20304FF"), t0("00B2030400")] == [
        f"0304{VERSION[layout]}9000",
        "6C06",
        "6C06",
    ]
    assert t0("0084000008") == "11" * 8 + "9000"
    assert [t0("0088000010" + "00" * 16), len(t0("00C0000008"))] == ["6108", 20]
    for fid, aid in AIDS.items():
        if fid in directories_of(layout):
            assert t0(f"00A4000002{fid}") == "610A"
            assert t0("00C000000A") == f"6F088406{aid}9000"


@each_layout
def test_response_format_of_records_is_tag_length_value(layout: Layout) -> None:
    """Twelve sources and more (hrss-card 2): READ RECORD by number and by tag answers the whole TLV."""
    desk = unlocked(layout, "SSSE")
    for number in range(1, 8):
        by_number, by_tag = desk.do(f"00B2{number:02X}2C00"), desk.do(f"00B2{number:02X}2800")
        assert by_number == by_tag
        assert by_number[:2] == f"{number:02X}"
        assert int(by_number[2:4], 16) == len(by_number) // 2 - 2


# --- 1- and 2-level factors ---


@each_layout
def test_one_level_factor(layout: Layout) -> None:
    """N=1: from the city's key, the card factor alone, the last 8 bytes of the ATR (hrss-card 4.2)."""
    desk = Desk(layout)
    desk.enter("SSSE")
    city_key = desk.suite.diversified(desk.suite.root("HRSS/SSSE/UK"), b"639900sx")
    card_key = desk.suite.diversified(city_key, desk.connection.atr[-8:])
    proof = desk.suite.proof(card_key, desk.challenge(), SOURCE)
    assert desk.sw(f"0082000410{proof.hex()}{SOURCE.hex()}") == "9000"


@each_layout
def test_two_level_factors(layout: Layout) -> None:
    """N=2: region factor, then card factor; the region is the card identification code's first six digits."""
    desk = Desk(layout)
    desk.enter("SSSE")
    region = desk.do("00B2012C00")[4:10]
    card_key = desk.suite.root("HRSS/SSSE/UK")
    for factor in (region.encode() + b"sx", desk.connection.atr[-8:]):
        card_key = desk.suite.diversified(card_key, factor)
    proof = desk.suite.proof(card_key, desk.challenge(), SOURCE)
    assert desk.sw(f"0082000410{proof.hex()}{SOURCE.hex()}") == "9000"


@each_layout
@pytest.mark.parametrize("factors", [(0,), (1,), (0, 1), (1, 0)], ids=["city", "card", "both", "swapped"])
def test_both_factors_are_needed_in_their_order(factors: tuple[int, ...], layout: Layout) -> None:
    desk = Desk(layout)
    desk.enter("SSSE")
    card_key = desk.suite.root("HRSS/SSSE/UK")
    for each in factors:
        card_key = desk.suite.diversified(card_key, (b"639900sx", desk.connection.atr[-8:])[each])
    proof = desk.suite.proof(card_key, desk.challenge(), SOURCE)
    assert desk.sw(f"0082000410{proof.hex()}{SOURCE.hex()}") == ("9000" if factors == (0, 1) else "63C2")


# --- EF05 ---


@each_layout
def test_city_code_in_the_card_id(layout: Layout) -> None:
    """City 3, RID, serial 4, check 4; city and serial are those of the ATR (hrss-card 7)."""
    desk = Desk(layout)
    desk.enter("SSSE")
    code = desk.do("00B2012C12")
    assert code[:4] == "0110"
    city, rid, serial = code[4:10], code[10:20], code[20:28]
    assert (city, rid) == (REGION, "D156000005")
    historical = desk.connection.atr.hex().upper()[8:]
    assert (historical[14:18], historical[18:26]) == (city[:4], serial)


@each_layout
def test_spec_version(layout: Layout) -> None:
    desk = Desk(layout)
    desk.enter("SSSE")
    assert desk.do("00B2032806") == f"0304{VERSION[layout]}"


@each_layout
def test_institution_number(layout: Layout) -> None:
    """12 bytes: prefix 5, city 3, province's capital 2, vendor and serial 2 (hrss-card 7 [inf])."""
    desk = Desk(layout)
    desk.enter("SSSE")
    number = desk.do("00B204280E")
    assert number[:4] == "040C"
    assert (number[4:14], number[14:20], len(number)) == ("9156000002", REGION, 28)


# --- files ---


@each_layout
def test_all_df_and_ef_are_present(layout: Layout) -> None:
    """Every one by FID and by SFI, DFs by name too; none besides."""
    desk = Desk(layout)
    for directory in DIRECTORIES:
        desk.do(SSSE)
        present = directory in directories_of(layout)
        if directory != "SSSE":
            assert desk.sw(f"00A4000002{directory}") == ("9000" if present else "6A82")
            assert desk.sw(f"00A4040006{AIDS[directory]}") == ("9000" if present else "6A82")
        if present:
            found = {sfi for sfi in range(1, 31) if desk.sw(f"00A4000002EF{sfi:02X}") == "9000"}
            assert found == {row.sfi for row in files_of(directory, layout)}
            assert found == {sfi for sfi in range(1, 31) if desk.sw(f"00B201{sfi << 3 | 4:02X}00") != "6A82"}


@each_layout
@pytest.mark.parametrize("directory", DIRECTORIES)
def test_tags_and_lengths(layout: Layout, directory: str) -> None:
    """Every record is one TLV with the sheet's tag and length, in the sheet's order (hrss-card 2)."""
    sheet = sheet_rows(layout)
    for row in files_of(directory, layout):
        if row.transparent or row.cyclic or row.name in ("SSSE EF0B", "SSSE EF1E"):
            continue
        found = [bytes.fromhex(record) for record in records(unlocked(layout, directory), row)]
        assert [(record[0], record[1]) for record in found] == [
            each for line in sheet[row.name] for each in expected_records(line)
        ]
        assert all(len(record) == 2 + record[1] for record in found)


@each_layout
@pytest.mark.parametrize("directory", DIRECTORIES)
def test_b_tlv_form(layout: Layout, directory: str) -> None:
    """Inside a record: tags and lengths again, filling it exactly."""
    sheet = sheet_rows(layout)
    for row in files_of(directory, layout):
        nested = [line for line in sheet.get(row.name, []) if line.kind == "T"]
        if not nested:
            continue
        desk = unlocked(layout, directory)
        tags = [line.tag for line in nested for _ in range(line.times)]
        found = [record for record in records(desk, row) if record[:2] in tags]
        assert [record[:2] for record in found] == tags
        forms = {line.tag: [(int(field.tag, 16), field.size) for field in line.fields] for line in nested}
        for record in found:
            inner = parse_simple(bytes.fromhex(record[4:]))
            assert [(item.tag, len(item.value)) for item in inner] == forms[record[:2]]


@pytest.mark.parametrize("value", ["", "123^112233^学校"])
@pytest.mark.parametrize("layout", [L2, L3], ids=["2.00", "3.00"])
def test_b_tlv_form_of_what_a_holder_has(value: str, layout: Layout) -> None:
    """The sheet's sample, 2.9: 40 34 5703 5803 5928."""
    desk = Desk(layout, {"elements": {"DF01/EF15": {"40:02": value}}})
    desk.unlock("DF01")
    inner = "5703313233" + "5803112233" + "5928D1A7D0A3" + "00" * 36
    empty = "5703000000" + "5803FFFFFF" + "5928" + "00" * 40
    assert desk.do("00B203AC00") == "4034" + (inner if value else empty)
    assert desk.do("00B240A800") == "4034" + empty


@each_layout
def test_cyclic_form(layout: Layout) -> None:
    """Raw records of one length without tag; all there from the start; a new one is number 1 (hrss-card 2)."""
    sheet = sheet_rows(layout)
    for row in (each for each in FILES if each.cyclic and layout in each.layouts):
        desk = unlocked(layout, row.directory)
        (line,) = sheet[row.name]
        assert [len(record) // 2 for record in records(desk, row)] == [line.size] * line.times
        if row.write_key is None:
            continue
        newest = [f"{number:02X}" * line.size for number in range(1, line.times + 2)]
        for data in newest:
            assert desk.write(row, data) == "9000"
        assert records(desk, row) == newest[:0:-1]


@each_layout
def test_no_extra_records_in_ssse(layout: Layout) -> None:
    desk = unlocked(layout, "SSSE")
    for row in files_of("SSSE", layout):
        if row.transparent or row.name in ("SSSE EF0B", "SSSE EF1E"):
            continue
        tags = [int(line.tag, 16) for line in sheet_rows(layout)[row.name]]
        assert len(records(desk, row)) == len(tags)
        assert [tag for tag in range(256) if desk.sw(f"00B2{tag:02X}{row.sfi << 3:02X}00") == "9000"] == sorted(tags)


@each_layout
def test_df02_ef07_requires_tag_3a_in_df02_ef06(layout: Layout) -> None:
    """A record of jobs needs the job: tag 3A, seven characters, the first field of each record of EF07."""
    desk = unlocked(layout, "DF02")
    assert len(records(desk, file("DF02 EF07"))) == 4
    assert desk.do("00B23A3000")[:4] == "3A07"


def owners_of_tag_60(desk: Desk, layout: Layout) -> list[str]:
    owners = []
    for directory in directories_of(layout):
        desk.power_cycle()
        desk.unlock(directory)
        files = files_of(directory, layout)
        owners += [row.name for row in files if desk.sw(f"00B260{row.sfi << 3:02X}00") == "9000"]
    return owners


BOTH = ["DF02 EF06", "DF03 EF05"]


@pytest.mark.parametrize(
    ("layout", "owners"),
    [(L1, BOTH), (L2, BOTH[:1]), (L3, BOTH[:1])],
    ids=["1.00, as its lists have it", "2.00", "3.00"],
)
def test_which_of_df02_ef06_and_df03_ef05_has_tag_60(layout: Layout, owners: list[str]) -> None:
    """By default DF02 EF06 alone; in layout 1.00, whose lists have it twice (hrss-card 2.5, 2.6), both."""
    assert owners_of_tag_60(Desk(layout), layout) == owners


@each_layout
@pytest.mark.parametrize("owner", BOTH)
def test_exactly_one_has_tag_60_where_the_profile_names_it(layout: Layout, owner: str) -> None:
    """And every other record stays where it was, behind the gap."""
    desk = Desk(layout, tag_60_file=owner.replace(" ", "/"))
    assert owners_of_tag_60(desk, layout) == [owner]
    for name in BOTH:
        desk.power_cycle()
        desk.unlock(name[:4])
        listed = [line.tag for line in parse(LAYOUT_1 if layout is L1 else LAYOUT_2) if line.file == name]
        tags = [tag for tag in listed if tag != "60" or name == owner]
        assert [record[:2] for record in records(desk, file(name))] == tags
