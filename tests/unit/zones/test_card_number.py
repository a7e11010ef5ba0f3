from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.errors import NumberError
from cardsim.zones import card_number

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
bodies = st.text(CHARACTERS, min_size=8, max_size=8)
digit_bodies = st.text("0123456789", min_size=8, max_size=8)
positions = st.integers(0, 7)

# facts hrss-card 7, the synthetic examples
EXAMPLES = [
    ("X0000001", "9"),
    ("A0000001", "1"),
    ("12345678", "8"),
    ("00000000", "0"),
    ("E0000005", "3"),
    ("X1234567", "1"),
    ("3C3S1234", "X"),
]


def replaced(text: str, position: int, character: str) -> str:
    return text[:position] + character + text[position + 1 :]


def swapped(text: str, one: int, other: int) -> str:
    return replaced(replaced(text, one, text[other]), other, text[one])


def alike(one: str, other: str) -> bool:
    """Tell whether the weights cannot keep two characters apart: values 11, 22 or 33 apart, A=10 ... Z=35."""
    return (CHARACTERS.index(one) - CHARACTERS.index(other)) % 11 == 0


def accepted(number: str) -> bool:
    try:
        card_number.validate(number)
    except NumberError:
        return False
    return True


@pytest.mark.parametrize(("body", "check"), EXAMPLES)
def test_published_examples(body: str, check: str) -> None:
    assert card_number.check_character(body) == check
    assert card_number.complete(body) == body + check
    card_number.validate(body + check)


@given(bodies)
def test_completed_numbers_are_valid(body: str) -> None:
    number = card_number.complete(body)
    assert number[:8] == body
    card_number.validate(number)


@given(bodies, st.sampled_from(CHARACTERS))
def test_exactly_one_check_character_is_accepted(body: str, check: str) -> None:
    assert accepted(body + check) == (check == card_number.check_character(body))


@given(bodies, positions, st.sampled_from(CHARACTERS))
def test_a_changed_character_is_detected_unless_11_apart(body: str, position: int, other: str) -> None:
    number = card_number.complete(body)
    assert accepted(replaced(number, position, other)) == alike(body[position], other)


@given(digit_bodies, positions, st.sampled_from("0123456789"))
def test_a_changed_digit_is_always_detected(body: str, position: int, other: str) -> None:
    number = card_number.complete(body)
    assert accepted(replaced(number, position, other)) == (body[position] == other)


@given(bodies, positions, positions)
def test_swapped_characters_are_detected_unless_11_apart(body: str, one: int, other: int) -> None:
    number = card_number.complete(body)
    assert accepted(swapped(number, one, other)) == (one == other or alike(body[one], body[other]))


@pytest.mark.parametrize("stand_in", ["B", "M", "X"])
def test_what_the_weights_miss(stand_in: str) -> None:
    card_number.validate("000000000")
    card_number.validate(f"0000{stand_in}0000")


def test_a_wrong_check_character_is_named_with_the_right_one() -> None:
    with pytest.raises(NumberError, match="ends in 7; the check character of 12345678 is 8") as caught:
        card_number.validate("123456787")
    assert "应为 8" in caught.value.text.zh


def test_the_form_alone_says_nothing_about_the_check() -> None:
    card_number.validate_form("123456787")
    card_number.validate_form("ABCDEFGHZ")


@pytest.mark.parametrize("number", ["", "12345678", "1234567880"])
def test_another_length_is_refused(number: str) -> None:
    with pytest.raises(NumberError, match=f"has {len(number)} characters; 9 are needed"):
        card_number.validate_form(number)


@pytest.mark.parametrize(("body", "position"), [("x1234567", 1), ("1234-678", 5), ("1234567１", 8), ("1234567\n", 8)])
def test_other_characters_are_named(body: str, position: int) -> None:
    with pytest.raises(NumberError, match=f"^character {position} of"):
        card_number.complete(body)
    with pytest.raises(NumberError, match=f"^character {position} of"):
        card_number.validate_form(body + "0")
