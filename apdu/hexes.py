"""Hexadecimal text, the form bytes take at the edges of the program and nowhere else."""

from __future__ import annotations

import re

from apdu.errors import HexError

_SEPARATORS = re.compile(r"[\s:\-]+")
_BAD_DIGIT = re.compile(r"[^0-9A-Fa-f]")


def parse_hex(text: str) -> bytes:
    """Return the bytes that ``text`` spells; blanks, colons and hyphens between digits are allowed.

    Raises :class:`HexError` naming the first character that is no digit, or an odd count.
    """
    digits = _SEPARATORS.sub("", text)
    bad = _BAD_DIGIT.search(digits)
    if bad:
        raise HexError(
            f"{bad.group()!r} is not a hexadecimal digit in {text!r}",
            f"{text!r} 中的 {bad.group()!r} 不是十六进制数字",
        )
    if len(digits) % 2:
        raise HexError(
            f"{text!r} has {len(digits)} hexadecimal digits; bytes need an even count",
            f"{text!r} 有 {len(digits)} 个十六进制数字;字节需要偶数个",
        )
    return bytes.fromhex(digits)


def format_hex(data: bytes, separator: str = "") -> str:
    """Return ``data`` as upper-case hexadecimal digits."""
    return data.hex(separator).upper() if separator else data.hex().upper()
