from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import HexError, format_hex, parse_hex


@pytest.mark.parametrize("text", ["00A40400", "00 a4 04 00", "00:A4:04:00", "00-A4-04-00", " 00A4\n\t0400 "])
def test_separators_and_case_do_not_matter(text: str) -> None:
    assert parse_hex(text) == b"\x00\xa4\x04\x00"


@pytest.mark.parametrize(
    ("text", "culprit"), [("00G4", "'G'"), ("0x00", "'x'"), ("00,A4", "','"), ("\uff10\uff10", "'\uff10'")]
)
def test_the_first_bad_character_is_named_in_both_languages(text: str, culprit: str) -> None:
    with pytest.raises(HexError) as caught:
        parse_hex(text)
    assert culprit in caught.value.text.en
    assert culprit in caught.value.text.zh


def test_an_odd_count_is_refused() -> None:
    with pytest.raises(HexError, match="3 hexadecimal digits"):
        parse_hex("00A")


def test_format_is_upper_case_with_an_optional_separator() -> None:
    assert format_hex(b"\x3b\x6d\x00") == "3B6D00"
    assert format_hex(b"\x3b\x6d\x00", " ") == "3B 6D 00"
    assert format_hex(b"") == ""


@given(st.binary(), st.sampled_from(["", " ", ":", "-"]))
def test_round_trip(data: bytes, separator: str) -> None:
    assert parse_hex(format_hex(data, separator)) == data
