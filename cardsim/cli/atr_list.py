"""The list of ATRs that personalisation may write to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from apdu import format_hex
from cardsim.cli.cards import InputFileError, read_text

if TYPE_CHECKING:
    import argparse
    from typing import Self

    from apdu import Connection

_EMULATED: Final = ("Virtual PCD", "Cardsim ")
"""What the names of virtual readers begin with: vpcd's, and those of our own service."""
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


def check_atr(connection: Connection, options: argparse.Namespace) -> None:
    """Refuse a card that may be somebody's: a real one is written only if its ATR is on the list, or a flag says so."""
    if options.any_card or connection.name.startswith(_EMULATED):
        return
    path = Path(options.atr_list) if options.atr_list else _default_list()
    if options.atr_list or path.exists():
        allowed = AtrList.parse(read_text(path), str(path))
        if allowed.has(connection.atr):
            return
    atr = format_hex(connection.atr)
    raise InputFileError(
        f"the card in {connection.name} (ATR {atr}) is not on the list {path}; put its ATR there if it is a card that "
        f"may be written, or give --any-card",
        f"{connection.name} 中的卡(ATR {atr})不在列表 {path} 中;若确为可写的卡,请将其 ATR 加入列表,或使用 --any-card",
    )


def _default_list() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "cardsim" / "blank-cards.txt"
