"""`cardsim readers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import ApduError, Atr, explain_atr, explain_pseudo_atr, format_hex, is_pseudo_atr
from cardsim.errors import NumberError
from cardsim.zones.historical import HistoricalBytes
from readers.connect.pcsc import list_readers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from apdu import Text
    from cardsim.cli.console import Console


def run(options: argparse.Namespace, console: Console) -> int:  # noqa: ARG001  the shape of every subcommand
    """List readers with their numbers; explain the ATR of every card."""
    readers = list_readers()
    if not readers:
        console.say("no reader is connected", "没有连接读卡器")
        return 1
    for number, reader in enumerate(readers, 1):
        console.line(f"{number}  {reader.name}")
        if not reader.card_present:
            console.say("     no card", "     无卡")
            continue
        if reader.mute:
            console.say("     a card without answer (mute)", "     卡无应答")
            continue
        console.line(f"     ATR {format_hex(reader.atr, ' ')}")
        for text in explain(reader.atr):
            console.line(f"     {console.pick(text)}")
    return 0


def explain(atr: bytes) -> Iterator[Text]:
    """Explain an ATR, and its historical bytes as a social-security card's where they have that form."""
    try:
        parsed = Atr.parse(atr)
    except ApduError as error:
        yield error.text
        return
    yield from explain_pseudo_atr(parsed) if is_pseudo_atr(parsed) else explain_atr(parsed)
    try:
        yield from HistoricalBytes.parse(parsed.historical_bytes).explain()
    except NumberError:
        return
