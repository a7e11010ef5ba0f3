from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu import BilingualError
from cardsim.chip.errors import MemoryFullError
from cardsim.profiles import ProfileError
from cardsim.zones.layouts import L1, L2, Layout
from tests.cards import insert, make_image
from tests.unit.perso.reading import SELECT_SSSE, connected, record

if TYPE_CHECKING:
    from cardsim.perso import CardImage


def answer(image: CardImage, *commands: str) -> str:
    """Return what the last of ``commands`` brings, in hexadecimal, SSSE being selected."""
    connection = connected(image)
    answers = [connection.transmit(bytes.fromhex(command)) for command in commands]
    return answers[-1].hex().upper()


# --- recorded cards: hrss-card 9 ---


def test_a_card_like_the_one_of_session_g2() -> None:
    """Its version is 2.0 and 00, its two dates are in ASCII: bytes that only raw elements can say."""
    image = make_image(
        {
            "card_identification": "430299D156000005000000133A05F2E3",
            "institution": "9156000002430200430100D5",
            "elements": {"EF05": {"03": "322E3000", "05": "32303132", "06": "32303232", "07": "423030303030313731"}},
        },
        raw_elements=True,
    )
    assert answer(image, "00A4000002EF05", "00B20105FF") == (
        "0110430299D156000005000000133A05F2E3"
        "020133"
        "0304322E3000"
        "040C9156000002430200430100D5"
        "050432303132"
        "060432303232"
        "0709423030303030313731"
        "9000"
    )


def test_a_card_like_the_one_of_session_g1() -> None:
    image = make_image(
        {"name": "张三", "card_identification": "330100D1560000050114F199D286DF7E"},
        layout=L1,
        settings={"an_padding": 0x20, "chip_code": "81008843", "manufacturer": "8665"},
    )
    assert insert(image).atr == bytes.fromhex("3B6D00000081008843866533010114F199")
    assert answer(image, SELECT_SSSE.hex()) == "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388010B9000"
    assert answer(image, "00B2012812") == "0110330100D1560000050114F199D286DF7E9000"
    assert answer(image, "00B2032806") == "0304312E30309000"
    assert answer(image, "00A4000002EF06", "00B2093020") == "091ED5C5C8FD" + "20" * 26 + "9000"
    assert answer(image, "00A4000002EF06", "00B20A3003") == "0A01319000"


# --- layouts ---


@pytest.mark.parametrize(("layout", "tags"), [(L1, "08 09 0A 0B 0C 0D"), (L2, "08 09 4E 0A 0B 0C 0D")])
def test_record_numbers_shift_with_the_name_extension(layout: Layout, tags: str) -> None:
    connection = connected(make_image(layout=layout))
    read = [connection.transmit(bytes((0x00, 0xB2, number, 0x34, 0x00))) for number in range(1, 9)]
    numbers = bytes.fromhex(tags)
    assert bytes(found[0] for found in read[: len(numbers)]) == numbers
    assert read[len(numbers)] == b"\x6a\x83"


def test_the_first_layout_has_no_4e_and_no_photo() -> None:
    image = make_image(layout=L1)
    assert answer(image, "00B24E3000") == "6A83"
    assert answer(image, "00A4000002EF08") == "6A82"
    assert answer(image, "00A4000002EF07") == "9000"


@pytest.mark.parametrize(("layout", "sfi", "p2"), [(L1, "0B", "5C"), (L2, "1E", "F4")])
def test_the_fci_names_the_dir_and_the_dir_names_the_application(layout: Layout, sfi: str, p2: str) -> None:
    image = make_image(layout=layout)
    assert answer(image, SELECT_SSSE.hex()) == f"6F16840F7378312E73682EC9E7BBE1B1A3D5CFA5038801{sfi}9000"
    assert answer(image, f"00B201{p2}00") == "701D611B4F0F7378312E73682EC9E7BBE1B1A3D5CF5008C9E7BBE1B1A3D5CF9000"


def test_the_mf_has_its_name() -> None:
    """G3: 6F10 84 0E and the name, no A5."""
    assert answer(make_image(), "00A40000023F00") == "6F10840E315041592E5359532E44444630319000"
    assert answer(make_image(settings={"mf_name": ""}), "00A40000023F00") == "6F009000"


# --- numbers ---

TEST_IRK = "544553542D4F4E4C592D49524B2D3031"  # "TEST-ONLY-IRK-01"


def encrypt(key: str, iv: str, block: str) -> str:
    """Return one block under two-key triple DES, as the openssl command computes it."""
    done = subprocess.run(
        ["openssl", "enc", "-des-ede-cbc", "-K", key, "-iv", iv, "-nopad"],
        input=bytes.fromhex(block),
        capture_output=True,
        check=True,
    )
    return done.stdout.hex().upper()


def retail_mac(key: str, data: str) -> str:
    """ISO/IEC 9797-1 algorithm 3, padding 80 00..: DES under the left half, the last block triple DES."""
    padded = data + "80"
    padded += "00" * (-len(padded) // 2 % 8)
    blocks = [padded[i : i + 16] for i in range(0, len(padded), 16)]
    chained = "00" * 8
    for block in blocks[:-1]:
        chained = encrypt(key[:16] * 2, chained, block)
    return encrypt(key, chained, blocks[-1])


def test_the_check_of_the_identification_code_is_a_mac_under_the_test_key() -> None:
    """The literal is what the openssl command gave."""
    assert record(make_image(), 0xEF05, 0x01).hex().upper() == "0110639900D1560000059F8FF5CDF42F34FB"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")
@pytest.mark.parametrize("region", ["639900", "460100", "110000"])
def test_the_openssl_command_computes_the_same_check(region: str) -> None:
    code = record(make_image({"region_code": region}), 0xEF05, 0x01)[2:].hex().upper()
    body, check = code[:24], code[24:]
    assert body.startswith(f"{region}D156000005")
    assert retail_mac(TEST_IRK, body)[:8] == check


def test_city_and_serial_of_the_atr_are_those_of_the_identification_code() -> None:
    image = make_image({"card_identification": "460100D156000005004D5354A1B2C3D4"})
    assert insert(image).atr == bytes.fromhex("3B6D0000 00 81544C92 8684 4601 004D5354")
    assert image.profile.historical_bytes == bytes.fromhex("00 81544C92 8684 4601 004D5354")


def test_historical_bytes_of_ones_own_stay() -> None:
    own = "0081484246865333039911014 3".replace(" ", "")
    assert insert(make_image(settings={"historical_bytes": own})).atr == bytes.fromhex("3B6D0000" + own)


# --- settings ---


def test_the_memory_has_the_size_of_the_chip() -> None:
    assert len(make_image().memory) == 32_768
    with pytest.raises(MemoryFullError, match=r"the card needs [0-9]+ bytes; the chip has 2048"):
        make_image(settings={"memory_size": 2048})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"dir_sfi": 5}, "'dir_sfi': SFI 05 belongs to file EF05"),
        ({"dir_sfi": 8}, "'dir_sfi': SFI 08 belongs to file EF08"),
        ({"hrss_fid": 0x3F00}, "'hrss_fid': 3F00 is the MF's"),
        ({"mf_name": SELECT_SSSE[5:].hex()}, "'mf_name' is the HRSS application's name"),
    ],
)
def test_settings_that_contradict_the_zone_are_refused(values: dict[str, object], reason: str) -> None:
    with pytest.raises(ProfileError, match=f"^setting {reason}"):
        make_image(settings=values)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "hrss_fid": st.integers(1, 0xFFFE),
            "dir_sfi": st.integers(0, 30),
            "mf_name": st.binary(min_size=5, max_size=16).map(bytes.hex) | st.just(""),
            "spec_version": st.text("0123456789.", max_size=4),
            "an_padding": st.sampled_from([0x00, 0x20]),
            "cn_padding": st.sampled_from([0x0, 0xF]),
            "pin_limit": st.integers(1, 15),
            "historical_bytes": st.binary(min_size=13, max_size=13).map(bytes.hex) | st.just(""),
            "memory_size": st.integers(2_048, 262_144),
        },
    ),
    st.sampled_from([L1, L2]),
)
@settings(max_examples=20)
def test_any_settings_make_a_card_that_opens_or_a_clear_error(values: dict[str, object], layout: Layout) -> None:
    try:
        image = make_image(settings=values, layout=layout)
    except BilingualError:
        return
    assert len(image.memory) == image.profile.memory_size
    assert record(image, 0xEF05, 0x07) == b"\x07\x09T0000001X"
