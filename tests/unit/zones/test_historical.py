from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Text
from cardsim.errors import NumberError
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.historical import MANUFACTURERS, HistoricalBytes, Manufacturer

# facts hrss-card 7, every full row: 00 | chip | manufacturer | city | serial, then its card identification code (5A...:
# check unpublished), and whether the two agree. An empty code: none published for these bytes.
ROWS = [
    ("00 81008843 8665 3301 0114F199", "330100D1560000050114F199D286DF7E", True),
    ("00 814E4323 8697 1599 00BF7C7A", "639900D15600000500BF7C7A48FB4966", False),
    ("00 96544CA0 8684 4403 00506407", "440300D156000005005064075A5A5A5A", True),
    ("00 81544C92 8684 4403 006CFEED", "440300D156000005006CFEED5A5A5A5A", True),
    ("00 81544C97 8684 3202 AD932A48", "320200D156000005AD932A485A5A5A5A", True),
    ("00 81544C97 8684 4406 08029A37", "440600D15600000508029A375A5A5A5A", True),
    ("00 81544C96 8684 3308 070769BE", "330800D156000005070769BE00000000", True),
    ("00 81544C96 8684 3308 070769C2", "330800D156000005070769BE00000000", False),
    ("00 81484246 8653 3303 99110143", "330300D15600000599110145FFFFFFFF", False),
    ("00 96DF2101 8649 5426 00028141", "542600D1560000050002814109FCC0B2", True),
    ("00 8C544CB3 8684 4116 018593CA", "411600D156000005C38275EEFC9B9648", False),
    ("00 81544C96 8684 3716 008F3D97", "371600D156000005004B9CF763FBBE5C", False),
    ("00 81544C96 8684 5101 00035676", "510100D156000005F0348866E075C174", False),
    ("00 87CF2001 8649 618B 00930612", "", False),
    ("00 87CF2001 8649 618C 009773F5", "", False),
    ("00 90543116 8660 1304 25001C4E", "", False),
]
HANGZHOU = bytes.fromhex("00810088438665330101 14F199")


@pytest.mark.parametrize(("row", "code", "agree"), ROWS)
def test_published_rows(row: str, code: str, agree: bool) -> None:
    raw = bytes.fromhex(row)
    historical = HistoricalBytes.parse(raw)
    _, chip, manufacturer, city, serial = row.split()
    assert historical == raw
    assert historical.chip == bytes.fromhex(chip)
    assert f"{historical.manufacturer:04X}" == manufacturer
    assert historical.city == city
    assert historical.serial == bytes.fromhex(serial)
    assert historical.diversification_factor == bytes.fromhex(manufacturer + city + serial)
    assert historical.manufacturer in MANUFACTURERS
    if code:
        assert historical.matches(CardIdentification.parse(bytes.fromhex(code))) is agree


def test_matches_wants_the_city_and_the_serial() -> None:
    historical = HistoricalBytes.parse(HANGZHOU)
    serial = bytes.fromhex("0114F199")
    assert historical.matches(CardIdentification.build("330199", serial, bytes(4)))
    assert not historical.matches(CardIdentification.build("330200", serial, bytes(4)))
    assert not historical.matches(CardIdentification.build("330100", bytes(4), bytes(4)))


@given(
    st.binary(min_size=4, max_size=4),
    st.integers(0, 0xFFFF),
    st.text("0123456789", min_size=4, max_size=4),
    st.binary(min_size=4, max_size=4),
)
def test_build_and_parse_round_trip(chip: bytes, manufacturer: int, city: str, serial: bytes) -> None:
    built = HistoricalBytes.build(chip, manufacturer, city, serial)
    parsed = HistoricalBytes.parse(bytes(built))
    assert (parsed.chip, parsed.manufacturer, parsed.city, parsed.serial) == (chip, manufacturer, city, serial)
    assert len(parsed) == 13


def test_explain_names_every_part() -> None:
    assert HistoricalBytes.parse(HANGZHOU).explain() == (
        Text("category indicator 00", "类别指示字节 00"),
        Text("chip and COS 81008843", "芯片及 COS 81008843"),
        Text("manufacturer 8665 (met on cards, name unknown)", "厂商 8665(卡上见过,名称未知)"),
        Text("city 3301", "城市 3301"),
        Text("serial 0114F199", "序列号 0114F199"),
        Text("diversification factor 866533010114F199 (last 8 bytes)", "分散因子 866533010114F199(后 8 字节)"),
    )


@pytest.mark.parametrize(
    ("manufacturer", "text"),
    [
        (0x8649, Text("manufacturer 8649 Datang (inferred)", "厂商 8649 大唐(推断)")),
        (0x0001, Text("manufacturer 0001 (not met before)", "厂商 0001(未见过)")),
    ],
)
def test_explain_says_how_sure_the_manufacturer_is(manufacturer: int, text: Text) -> None:
    historical = HistoricalBytes.build(bytes(4), manufacturer, "3301", bytes(4))
    assert text in historical.explain()


def test_a_name_that_was_read_carries_no_mark() -> None:
    assert Manufacturer(0x8600, Text("Example", "示例")).text == Text("8600 Example", "8600 示例")


def test_the_manufacturers_met() -> None:
    assert set(MANUFACTURERS) == {0x8649, 0x8653, 0x8660, 0x8665, 0x8684, 0x8693, 0x8697}
    assert [code for code, known in MANUFACTURERS.items() if known.name] == [0x8649]


@pytest.mark.parametrize("raw", [b"", HANGZHOU[:-1], HANGZHOU + b"\x00", b"\x80" + HANGZHOU[1:]])
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(NumberError, match="13 bytes that start with 00"):
        HistoricalBytes.parse(raw)


@pytest.mark.parametrize(
    ("chip", "manufacturer", "city", "serial", "message"),
    [
        (bytes(3), 0x8684, "3301", bytes(4), "the chip in the historical bytes is 4 bytes; these are 3"),
        (bytes(4), 0x8684, "3301", bytes(5), "the serial in the historical bytes is 4 bytes; these are 5"),
        (bytes(4), 0x18684, "3301", bytes(4), "manufacturer code 18684 does not fit"),
        (bytes(4), -1, "3301", bytes(4), "manufacturer code -1 does not fit"),
        (bytes(4), 0x8684, "33", bytes(4), "city '33' is not four digits"),
        (bytes(4), 0x8684, "618B", bytes(4), "city '618B' is not four digits"),
    ],
)
def test_build_names_the_part_that_does_not_fit(
    chip: bytes, manufacturer: int, city: str, serial: bytes, message: str
) -> None:
    with pytest.raises(NumberError, match=message):
        HistoricalBytes.build(chip, manufacturer, city, serial)
