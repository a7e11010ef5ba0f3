"""Filling the directories below SSSE: addresses of repeated and cyclic records, sizes of elements of unknown length."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.cli import main
from cardsim.errors import ElementError, HolderError
from cardsim.profiles import GEN2, PROFILES, ProfileError
from cardsim.zones.addresses import Address
from cardsim.zones.layouts import L1, L2, Layout
from tests.cards import make_image
from tests.unit.perso.reading import connected

if TYPE_CHECKING:
    from cardsim.perso import CardImage

VERIFY_PIN = "0020000003123456"


def read(image: CardImage, directory: str, *commands: str) -> list[str]:
    """Answers of commands in a directory, the PIN verified before."""
    connection = connected(image)
    for command in (VERIFY_PIN, f"00A4000002{directory}"):
        assert connection.transmit(bytes.fromhex(command))[-2:] == b"\x90\x00"
    return [connection.transmit(bytes.fromhex(command)).hex().upper() for command in commands]


# --- addresses ---


@pytest.mark.parametrize(
    ("text", "address", "spelled"),
    [
        ("40", (0x40, 1), "40"),
        ("40:01", (0x40, 1), "40"),
        ("40:02", (0x40, 2), "40:02"),
        ("4a:3", (0x4A, 3), "4A:03"),
        (":01", (0, 1), ":01"),
        (":30", (0, 30), ":30"),
        (":254", (0, 254), ":254"),
    ],
)
def test_addresses(text: str, address: tuple[int, int], spelled: str) -> None:
    assert Address.parse(text) == address
    assert str(Address.parse(text)) == spelled


@pytest.mark.parametrize(
    "text", ["", ":", "40:", "40:0", "40:255", "40:0001", "40:x", "40:²", "4", "4000:01", "40:1:2"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ElementError):
        Address.parse(text)


@given(st.builds(Address, st.integers(0, 0xFE), st.integers(1, 254)))
def test_addresses_come_back(address: Address) -> None:
    assert Address.parse(str(address)) == address


# --- repeated records, by hrss-card 2 and 2.5: DF02 EF05 has 42 41 43 43 44 44 ---


def test_the_nth_record_of_a_tag() -> None:
    given_twice = {"DF02EF05": {"43": "1^2^3^20200101^4", "43:02": "5^6^7^20210101^8"}}
    first, second, by_tag = read(
        make_image({"elements": given_twice}), "DF02", "00B2032C00", "00B2042C00", "00B2432800"
    )
    head, inner = "436C5A0731", "5D04{}0101"
    assert first.startswith(head)
    assert inner.format(2020) in first
    assert second.startswith("436C5A0735")
    assert inner.format(2021) in second
    assert by_tag == first


def test_a_record_that_nobody_gave_is_empty_and_there() -> None:
    (answer,) = read(make_image(), "DF02", "00B2042C00")
    assert answer == (
        "436C" + "5A07" + "00" * 7 + "5B0100" + "5C46" + "00" * 70 + "5D04FFFFFFFF" + "5E10" + "00" * 16 + "9000"
    )


@pytest.mark.parametrize(
    ("place", "known"),
    [
        ({"DF02/EF05": {"43:03": "x"}}, "DF02/EF05/43:03; the file has 42 41 43 43:02 44 44:02"),
        ({"DF02/EF07": {":05": "x"}}, "DF02/EF07/:05; the file has :01 :02 :03 :04"),
        ({"DF02/EF07": {"01": "x"}}, "DF02/EF07/01; the file has :01 :02 :03 :04"),
        ({"DF01/EF16": {"02": "00"}}, "DF01/EF16/02; the file has 01"),
    ],
)
def test_places_that_are_not_there(place: dict[str, dict[str, str]], known: str) -> None:
    with pytest.raises(HolderError) as caught:
        make_image({"elements": place})
    assert str(caught.value) == f"elements: layout 2.00 has no element {known}"


# --- cyclic and transparent files ---


def test_cyclic_records_the_newest_first() -> None:
    image = make_image({"elements": {"DF04/EF15": {":01": "0001^A", ":03": "0003^C"}}})
    newest, second, third, eighth, none = read(image, "DF04", *(f"00B2{number:02X}AC03" for number in (1, 2, 3, 8, 9)))
    assert [newest, second, third, eighth, none] == ["0001419000", "0000009000", "0003439000", "0000009000", "6A83"]


def test_cyclic_records_as_raw_bytes() -> None:
    image = make_image({"elements": {"DF04/EF15": {":02": "FFFE41"}}}, raw_elements=True)
    assert read(image, "DF04", "00B202AC03") == ["FFFE419000"]
    with pytest.raises(HolderError, match="elements: DF04/EF15/:02: a record has 3 bytes, these are 2"):
        make_image({"elements": {"DF04/EF15": {":02": "FFFE"}}}, raw_elements=True)


@pytest.mark.parametrize(("layout", "count"), [(L1, 10), (L2, 30)])
def test_the_transaction_log_has_its_records_from_the_start(layout: Layout, count: int) -> None:
    image = make_image(layout=layout)
    last, none = read(image, "DF04", f"00B2{count:02X}441C", f"00B2{count + 1:02X}441C")
    assert last == "0000" + "00" + "FF" * 13 + "00" * 12 + "9000"
    assert none == "6A83"


def test_transparent_content() -> None:
    image = make_image({"elements": {"DF01EF1A": {"01": "C0FFEE"}}})
    assert read(image, "DF01", "00B09A0004") == ["C0FFEE009000"]
    with pytest.raises(HolderError, match="elements: DF01/EF1A/01: 297 bytes; file EF1A holds 296"):
        make_image({"elements": {"DF01EF1A": {"01": "00" * 297}}})
    with pytest.raises(HolderError, match="elements: DF01/EF1A/01:"):
        make_image({"elements": {"DF01EF1A": {"01": "no"}}})


# --- element_sizes ---


def test_an_element_of_unknown_length_has_twenty_bytes_or_what_the_setting_says() -> None:
    plain, sized = (
        read(make_image({"elements": {"DF05/EF05": {"A0": "abc"}}}, settings=settings), "DF05", "00B2A02800")
        for settings in ({}, {"element_sizes": {"DF05/EF05/A0": 30}})
    )
    assert plain == ["A014616263" + "00" * 17 + "9000"]
    assert sized == ["A01E616263" + "00" * 27 + "9000"]


def test_a_size_is_that_of_every_record_with_the_tag() -> None:
    image = make_image(settings={"element_sizes": {"DF05/EF05/A3": 2, "SSSE/EF0D/EC": 1}})
    assert read(image, "DF05", "00B2062C00", "00B2082C00") == ["A302" + "00009000"] * 2


@pytest.mark.parametrize("element", ["DF01/EF05/20", "SSSE/EF05/07", "DF05/EF05/A4", "DF09/EF05/A0"])
def test_only_unknown_lengths_can_be_set(element: str) -> None:
    with pytest.raises(ProfileError, match=f"setting 'element_sizes': {element} is no element of unknown length"):
        make_image(settings={"element_sizes": {element: 5}})


@pytest.mark.parametrize(
    "value",
    [
        {"A0": 5},
        {"DF05EF05A0": 5},
        {"df05/ef05/a0": 5},
        {"DF05/EF05/A0": 0},
        {"DF05/EF05/A0": 254},
        {"DF05/EF05/A0": "5"},
        {"DF05/EF05/A0": True},
        [],
        "DF05/EF05/A0",
    ],
)
def test_what_is_no_table_of_sizes(value: object) -> None:
    with pytest.raises(ProfileError, match="setting 'element_sizes'"):
        GEN2.override({"element_sizes": value})


NAMES = st.from_regex(r"(SSSE|DF0[1-7])/EF[0-9A-F]{2}/[0-9A-F]{2}", fullmatch=True)


@given(st.dictionaries(NAMES, st.integers(1, 253), max_size=5))
def test_a_table_of_sizes_comes_back(table: dict[str, int]) -> None:
    profile = GEN2.override({"element_sizes": table})
    assert profile.plain()["element_sizes"] == table
    assert GEN2.override(profile.plain()) == profile
    assert all(profile.element_sizes.get(name) == size for name, size in table.items())


def test_the_printed_profile_is_toml_that_gives_the_same_profile(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sized = GEN2.override({"element_sizes": {"DF05/EF05/A0": 30, "DF06/EF06/E2": 1}})
    for profile in (GEN2, sized):
        monkeypatch.setitem(PROFILES, "gen2", profile)
        assert main(["profile", "--chip", "gen2"]) == 0
        assert GEN2.override(tomllib.loads(capsys.readouterr().out)) == profile
