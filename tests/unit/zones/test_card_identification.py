from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.errors import NumberError
from cardsim.zones.card_identification import CardIdentification, CheckState

regions = st.text("0123456789", min_size=6, max_size=6)
four_bytes = st.binary(min_size=4, max_size=4)

# facts hrss-card 7: region, serial, check. Where the sheet says "+ 4" the check is unpublished; 5A5A5A5A stands for it.
ROWS = [
    ("330100D1560000050114F199D286DF7E", "330100", "0114F199", "D286DF7E"),
    ("639900D15600000500BF7C7A48FB4966", "639900", "00BF7C7A", "48FB4966"),
    ("440300D156000005005064075A5A5A5A", "440300", "00506407", "5A5A5A5A"),
    ("440300D156000005006CFEED5A5A5A5A", "440300", "006CFEED", "5A5A5A5A"),
    ("320200D156000005AD932A485A5A5A5A", "320200", "AD932A48", "5A5A5A5A"),
    ("440600D15600000508029A375A5A5A5A", "440600", "08029A37", "5A5A5A5A"),
    ("330800D156000005070769BE00000000", "330800", "070769BE", "00000000"),
    ("330300D15600000599110145FFFFFFFF", "330300", "99110145", "FFFFFFFF"),
    ("330300D15600000501005794E4B2CBAC", "330300", "01005794", "E4B2CBAC"),
    ("542600D1560000050002814109FCC0B2", "542600", "00028141", "09FCC0B2"),
    ("411600D156000005C38275EEFC9B9648", "411600", "C38275EE", "FC9B9648"),
    ("371600D156000005004B9CF763FBBE5C", "371600", "004B9CF7", "63FBBE5C"),
    ("510100D156000005F0348866E075C174", "510100", "F0348866", "E075C174"),
]


@pytest.mark.parametrize(("code", "region", "serial", "check"), ROWS)
def test_published_codes(code: str, region: str, serial: str, check: str) -> None:
    raw = bytes.fromhex(code)
    identification = CardIdentification.parse(raw)
    assert identification == raw
    assert identification.region == region
    assert identification.rid == bytes.fromhex("D156000005")
    assert identification.serial == bytes.fromhex(serial)
    assert identification.check == bytes.fromhex(check)
    assert CardIdentification.build(region, bytes.fromhex(serial), bytes.fromhex(check)) == raw


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("330800D156000005070769BE00000000", CheckState.BLANK),
        ("330300D15600000599110145FFFFFFFF", CheckState.UNPERSONALISED),
        ("330300D15600000501005794E4B2CBAC", CheckState.PRESENT),
    ],
)
def test_the_check_tells_the_cards_state(code: str, state: CheckState) -> None:
    assert CardIdentification.parse(bytes.fromhex(code)).check_state is state


@given(regions, four_bytes, four_bytes)
def test_build_and_parse_round_trip(region: str, serial: bytes, check: bytes) -> None:
    built = CardIdentification.build(region, serial, check)
    parsed = CardIdentification.parse(bytes(built))
    assert (parsed.region, parsed.serial, parsed.check) == (region, serial, check)
    assert len(parsed) == 16


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("", "is 16 bytes; these are 0"),
        ("330100D1560000050114F199D286DF", "is 16 bytes; these are 15"),
        ("330100D1560000050114F199D286DF7E00", "is 16 bytes; these are 17"),
        ("3A0100D1560000050114F199D286DF7E", "starts with 3A0100"),
        ("FF" * 16, "starts with FFFFFF"),
        ("330100D1560000060114F199D286DF7E", "bytes 4 to 8 .* are D156000006; the RID D156000005"),
    ],
)
def test_other_bytes_are_refused(code: str, message: str) -> None:
    with pytest.raises(NumberError, match=message):
        CardIdentification.parse(bytes.fromhex(code))


@pytest.mark.parametrize("region", ["", "3301", "3301000", "33010A", "３３０１００"])
def test_build_names_a_wrong_region(region: str) -> None:
    with pytest.raises(NumberError, match="is not six digits"):
        CardIdentification.build(region, bytes(4), bytes(4))


def test_build_names_a_part_of_another_length() -> None:
    with pytest.raises(NumberError, match="the serial of a card identification code is 4 bytes; these are 5"):
        CardIdentification.build("330100", bytes(5), bytes(3))
    with pytest.raises(NumberError, match="the check of a card identification code is 4 bytes; these are 3"):
        CardIdentification.build("330100", bytes(4), bytes(3))
