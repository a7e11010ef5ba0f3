from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.errors import NumberError
from cardsim.zones import bank_account

bodies = st.text("0123456789", min_size=18, max_size=18)


# The textbook number 7992739871-3, the card schemes' test number 4111 1111 1111 111-1, and two invented account
# numbers whose digit was computed apart, position by position.
@pytest.mark.parametrize(
    ("body", "digit"),
    [("7992739871", "3"), ("411111111111111", "1"), ("621700000000000000", "4"), ("622848000000000001", "8")],
)
def test_luhn_digit_of_known_numbers(body: str, digit: str) -> None:
    assert bank_account.luhn_digit(body) == digit
    assert bank_account.complete(body) == body + digit
    bank_account.validate_luhn(body + digit)


@given(bodies)
def test_completed_numbers_are_valid(body: str) -> None:
    number = bank_account.complete(body)
    assert number[:18] == body
    bank_account.validate_form(number)
    bank_account.validate_luhn(number)


@given(bodies, st.integers(0, 18), st.integers(1, 9))
def test_any_changed_digit_is_detected(body: str, position: int, step: int) -> None:
    number = bank_account.complete(body)
    other = str((int(number[position]) + step) % 10)
    with pytest.raises(NumberError):
        bank_account.validate_luhn(number[:position] + other + number[position + 1 :])


@given(bodies, st.integers(0, 17))
def test_swapped_neighbours_are_detected_except_0_and_9(body: str, position: int) -> None:
    number = bank_account.complete(body)
    one, other = number[position], number[position + 1]
    changed = number[:position] + other + one + number[position + 2 :]
    if one == other or {one, other} == {"0", "9"}:
        bank_account.validate_luhn(changed)
    else:
        with pytest.raises(NumberError):
            bank_account.validate_luhn(changed)


def test_the_form_says_nothing_about_the_luhn_digit() -> None:
    bank_account.validate_form("6217000000000000005")
    with pytest.raises(NumberError, match="ends in 5; its Luhn check digit is 4") as caught:
        bank_account.validate_luhn("6217000000000000005")
    assert "应为 4" in caught.value.text.zh


@pytest.mark.parametrize("length", [1, 16, 18, 20])
def test_another_length_is_refused(length: int) -> None:
    with pytest.raises(NumberError, match=f"has {length} digits; it needs 19"):
        bank_account.validate_form("0" * length)


@pytest.mark.parametrize("text", ["", "6217 0000000000000", "62170000000000000X4", "６217000000000000004"])
def test_anything_but_digits_is_refused(text: str) -> None:
    with pytest.raises(NumberError, match="digits 0-9 only"):
        bank_account.validate_form(text)
    with pytest.raises(NumberError, match="digits 0-9 only"):
        bank_account.validate_luhn(text)
