"""Card numbers (卡号): eight characters 0-9 A-Z and a check character over them.

Weights and check: facts hrss-card 7 (the scheme of GB 11714 organisation codes). What the check detects: every wrong
check character; every change of one character, and every swap of two of the first eight, unless the values of the two
characters differ by a multiple of 11 (0 B M X stand for one another, 1 C N Y, 2 D O Z, 3 E P, ... A L W). Between
digits it therefore detects them all.
"""

from __future__ import annotations

import re

from cardsim.errors import NumberError

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "0123456789X"
_NOT_ALLOWED = re.compile(r"[^0-9A-Z]")


def check_character(body: str) -> str:
    """Return the ninth character, 0-9 or X, for the eight of ``body``.

    Raises :class:`NumberError` when ``body`` is not eight characters 0-9 A-Z.
    """
    _check_characters(body, len(_WEIGHTS))
    total = sum(weight * int(character, 36) for weight, character in zip(_WEIGHTS, body, strict=True))
    return _CHECK_CHARACTERS[-total % 11]


def complete(body: str) -> str:
    """Return the card number whose first eight characters are ``body``.

    Raises :class:`NumberError` as :func:`check_character` does.
    """
    return body + check_character(body)


def validate_form(number: str) -> None:
    """Raise :class:`NumberError` unless ``number`` is nine characters 0-9 A-Z.

    The check character may be anything: cards with a wrong one are in use (facts hrss-card 7).
    """
    _check_characters(number, len(_WEIGHTS) + 1)


def validate(number: str) -> None:
    """Raise :class:`NumberError` unless ``number`` has the form of a card number and the right check character."""
    validate_form(number)
    body, found = number[:-1], number[-1]
    expected = check_character(body)
    if found != expected:
        raise NumberError(
            f"card number {number} ends in {found}; the check character of {body} is {expected}",
            f"卡号 {number} 末位为 {found};{body} 的校验码应为 {expected}",
        )


def _check_characters(text: str, length: int) -> None:
    if len(text) != length:
        raise NumberError(
            f"{text!r} has {len(text)} characters; {length} are needed "
            "(a card number is 8 characters and a check character)",
            f"{text!r} 有 {len(text)} 个字符;需要 {length} 个(卡号为 8 位加 1 位校验码)",
        )
    bad = _NOT_ALLOWED.search(text)
    if bad:
        raise NumberError(
            f"character {bad.start() + 1} of {text!r} is {bad.group()!r}; only 0-9 and capitals A-Z are allowed",
            f"{text!r} 的第 {bad.start() + 1} 个字符为 {bad.group()!r};卡号只含数字和大写字母 A-Z",
        )
