"""The list of ATRs that personalisation may write to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from apdu import format_hex
from cardsim.cli.cards import InputFileError

if TYPE_CHECKING:
    from typing import Self

_LINE: Final = re.compile(r"(?:[0-9A-F?]{2})+")


@dataclass(frozen=True, slots=True)
class AtrList:
    """ATRs, one a line in hexadecimal digits; ``?`` stands for any digit, ``#`` begins a remark."""

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Return the list in ``text``; raises InputFileError naming the line."""
        patterns = []
        for number, line in enumerate(text.splitlines(), 1):
            entry = re.sub(r"\s", "", line.partition("#")[0]).upper()
            if entry and not _LINE.fullmatch(entry):
                raise InputFileError(
                    f"{where}, line {number}: an ATR in hexadecimal digits, ? for any one of them",
                    f"{where} 第 {number} 行:应为十六进制 ATR,? 表示任意一位",
                )
            if entry:
                patterns.append(entry)
        return cls(tuple(patterns))

    def has(self, atr: bytes) -> bool:
        """Return whether a pattern fits ``atr`` whole."""
        text = format_hex(atr)
        return any(re.fullmatch(pattern.replace("?", "."), text) for pattern in self.patterns)
