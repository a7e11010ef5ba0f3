from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Text
from cardsim.errors import NumberError
from cardsim.zones.initialising_institution import InitialisingInstitution


# facts hrss-card 7: Hunan, Zhejiang, a sample from Tibet
@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ("9156000002 430200 4301 00D5", ("9156000002", "430200", "4301", "00D5")),
        ("9156000002 330800 3301 009E", ("9156000002", "330800", "3301", "009E")),
        ("9156666662 542600 5401 0AA1", ("9156666662", "542600", "5401", "0AA1")),
    ],
)
def test_published_values(row: str, parts: tuple[str, str, str, str]) -> None:
    institution = InitialisingInstitution.parse(bytes.fromhex(row))
    assert institution == bytes.fromhex(row)
    assert (institution.prefix, institution.city, institution.capital, institution.vendor) == parts


@given(st.binary(min_size=12, max_size=12))
def test_the_parts_are_all_of_it(raw: bytes) -> None:
    institution = InitialisingInstitution.parse(raw)
    spelt = institution.prefix + institution.city + institution.capital + institution.vendor
    assert bytes.fromhex(spelt) == raw


def test_explain_marks_the_reading_as_inferred() -> None:
    institution = InitialisingInstitution.parse(bytes.fromhex("9156000002430200430100D5"))
    assert institution.explain() == (
        Text("prefix 9156000002 (inferred)", "前缀 9156000002(推断)"),
        Text("city 430200 (inferred)", "城市 430200(推断)"),
        Text("province capital 4301 (inferred)", "省会 4301(推断)"),
        Text("vendor or serial 00D5 (inferred)", "厂商或序号 00D5(推断)"),
    )


@pytest.mark.parametrize("length", [0, 11, 13])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(NumberError, match=f"is 12 bytes; these are {length}"):
        InitialisingInstitution.parse(bytes(length))
