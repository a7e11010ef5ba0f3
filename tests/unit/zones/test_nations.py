from __future__ import annotations

import pytest

from apdu import Text
from cardsim.errors import NumberError
from cardsim.zones.nations import NATIONS, Sex, nation


def test_the_codes_are_01_to_56_and_99() -> None:
    assert list(NATIONS) == [f"{number:02d}" for number in range(1, 57)] + ["99"]


def test_no_name_is_used_twice() -> None:
    assert len({name.en for name in NATIONS.values()}) == 57
    assert len({name.zh for name in NATIONS.values()}) == 57


# GB 3304-91, table 3
@pytest.mark.parametrize(
    ("code", "en", "zh"),
    [
        ("01", "Han", "汉族"),
        ("05", "Uygur", "维吾尔族"),
        ("09", "Buyei", "布依族"),
        ("15", "Tujia", "土家族"),
        ("25", "Sui", "水族"),
        ("30", "Tu", "土族"),
        ("36", "Maonan", "毛南族"),
        ("43", "Uzbek", "乌孜别克族"),
        ("54", "Monba", "门巴族"),
        ("56", "Jino", "基诺族"),
    ],
)
def test_names_from_the_standard(code: str, en: str, zh: str) -> None:
    assert nation(code) == Text(en, zh)


@pytest.mark.parametrize("code", ["", "00", "1", "57", "97", "98", "001", "A1", "０1"])
def test_other_nation_codes_are_refused(code: str) -> None:
    with pytest.raises(NumberError, match="01 to 56 and 99"):
        nation(code)


@pytest.mark.parametrize(
    ("code", "sex", "text"),
    [
        ("1", Sex.MALE, Text("male", "男")),
        ("2", Sex.FEMALE, Text("female", "女")),
        ("9", Sex.UNSTATED, Text("not stated", "未说明")),
    ],
)
def test_sex_codes(code: str, sex: Sex, text: Text) -> None:
    assert Sex.parse(code) is sex
    assert sex.text == text


@pytest.mark.parametrize("code", ["", "0", "3", "M", "01"])
def test_other_sex_codes_are_refused(code: str) -> None:
    with pytest.raises(NumberError, match="no sex code"):
        Sex.parse(code)
