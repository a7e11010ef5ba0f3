from __future__ import annotations

import pytest

from apdu import Family, StatusWord, Sw


@pytest.mark.parametrize("sw", Sw)
def test_every_named_word_has_its_own_meaning_in_both_languages(sw: Sw) -> None:
    meaning = StatusWord(sw).meaning
    assert meaning.en not in ("", "no meaning known")
    assert any("\u4e00" <= character <= "\u9fff" for character in meaning.zh)
    assert sum(StatusWord(other).meaning == meaning for other in Sw) == 1


@pytest.mark.parametrize(
    ("number", "family", "ok"),
    [
        (0x9000, Family.OK, True),
        (0x6100, Family.MORE_DATA, True),
        (0x61FF, Family.MORE_DATA, True),
        (0x6281, Family.WARNING, False),
        (0x6300, Family.WARNING, False),
        (0x63BF, Family.WARNING, False),
        (0x63C0, Family.TRIES_LEFT, False),
        (0x63CF, Family.TRIES_LEFT, False),
        (0x63D0, Family.WARNING, False),
        (0x6400, Family.EXECUTION_ERROR, False),
        (0x6581, Family.EXECUTION_ERROR, False),
        (0x6700, Family.CHECKING_ERROR, False),
        (0x6A82, Family.CHECKING_ERROR, False),
        (0x6C00, Family.WRONG_LE, False),
        (0x6F00, Family.CHECKING_ERROR, False),
        (0x9001, Family.APPLICATION, False),
        (0x9302, Family.APPLICATION, False),
        (0x9F10, Family.APPLICATION, False),
        (0x6000, Family.UNKNOWN, False),
        (0x0000, Family.UNKNOWN, False),
        (0xFFFF, Family.UNKNOWN, False),
    ],
)
def test_family(number: int, family: Family, *, ok: bool) -> None:
    assert StatusWord(number).family is family
    assert StatusWord(number).ok is ok


@pytest.mark.parametrize(
    ("number", "en", "zh"),
    [
        (0x6118, "24 bytes wait", "24 字节"),
        (0x6100, "256 bytes wait", "256 字节"),
        (0x6C14, "Le=14", "Le=14"),
        (0x6C00, "Le=00", "Le=00"),
        (0x63C2, "2 tries left", "剩余 2 次"),
        (0x63C0, "0 tries left", "剩余 0 次"),
        (0x6A99, "no meaning known", "含义未知"),
    ],
)
def test_the_number_inside_is_told(number: int, en: str, zh: str) -> None:
    meaning = StatusWord(number).meaning
    assert en in meaning.en
    assert zh in meaning.zh


def test_tries_left_is_the_x_of_63cx_and_of_nothing_else() -> None:
    tries = {number: StatusWord(number).tries_left for number in range(0x10000)}
    assert {number: left for number, left in tries.items() if left is not None} == {0x63C0 + x: x for x in range(16)}


def test_every_word_has_a_family_a_meaning_and_four_digits() -> None:
    for number in range(0x10000):
        word = StatusWord(number)
        assert word.family in Family
        assert word.meaning.en
        assert word.meaning.zh
        assert word.sw1 << 8 | word.sw2 == number
    assert str(StatusWord(0x61)) == "0061"
    assert f"{StatusWord(0x6A82)}" == "6A82"
