"""Bank account numbers of the card: 19 digits in the UnionPay form (facts handbook, Q9).

UnionPay numbers end in the Luhn digit (ISO/IEC 7812-1, annex B). It stands apart from :func:`validate_form`, because
test cards often carry invented numbers: the caller chooses. The Luhn functions take any length, so they serve card
numbers (PAN) of other lengths too.
"""

from __future__ import annotations

import re

from cardsim.errors import NumberError

LENGTH = 19
_DIGITS = re.compile(r"[0-9]+")


def validate_form(number: str) -> None:
    """Raise :class:`NumberError` unless ``number`` is 19 digits; the Luhn digit is not looked at."""
    _check_digits(number)
    if len(number) != LENGTH:
        raise NumberError(
            f"the bank account number has {len(number)} digits; it needs {LENGTH}",
            f"银行账号有 {len(number)} 位;应为 {LENGTH} 位",
        )


def luhn_digit(body: str) -> str:
    """Return the digit that follows the digits ``body``, of any length.

    Raises :class:`NumberError` when ``body`` is empty or holds anything but digits.
    """
    _check_digits(body)
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in body[::-2])
    plain = sum(int(digit) for digit in body[-2::-2])
    return str(-(doubled + plain) % 10)


def complete(body: str) -> str:
    """Return ``body`` followed by its Luhn digit: 18 digits give an account number.

    Raises :class:`NumberError` as :func:`luhn_digit` does.
    """
    return body + luhn_digit(body)


def validate_luhn(number: str) -> None:
    """Raise :class:`NumberError` unless ``number``, of any length from 2, ends in its Luhn digit."""
    _check_digits(number)
    expected = luhn_digit(number[:-1])
    if number[-1] != expected:
        raise NumberError(
            f"the number ends in {number[-1]}; its Luhn check digit is {expected}",
            f"号码末位为 {number[-1]};Luhn 校验位应为 {expected}",
        )


def _check_digits(text: str) -> None:
    if not _DIGITS.fullmatch(text):
        raise NumberError(
            f"a bank account number is written in digits 0-9 only; these {len(text)} characters are not",
            f"银行账号只含数字 0-9;这 {len(text)} 个字符不符",
        )
