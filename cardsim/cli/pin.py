"""`cardsim pin`: the HRSS PIN of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cardsim.cli.cards import connected
from cardsim.cli.hsm import meet_card
from cardsim.cli.pins import pin_bytes
from readers.connect.layers import with_layers
from readers.terminal.hrss import select_hrss
from readers.terminal.script import run as play
from readers.terminal.security import change_pin, unblock_pin, verify_pin

if TYPE_CHECKING:
    import argparse

    from apdu import StatusWord
    from cardsim.cli.console import Console
    from readers.terminal.script import Script


def run(options: argparse.Namespace, console: Console) -> int:
    """Verify, change, unblock or reload; 1 when the card refuses."""
    old = new = b""
    if options.action in ("verify", "change"):
        old = pin_bytes(options.pin, console, "PIN", "PIN")
    if options.action in ("change", "reload"):
        new = pin_bytes(options.new, console, "new PIN", "新 PIN")
    with connected(options, console) as (bare, _, sink):
        connection = with_layers(bare, trace=sink)
        status = play(_script(options.action, old, new, connection.atr), connection)
    if status is None:
        console.say("the PIN has all its tries again", "PIN 的尝试次数已恢复")
        return 0
    meaning = status.meaning
    console.say(f"{status} {meaning.en}", f"{status} {meaning.zh}")
    return 0 if status.ok else 1


def _script(action: str, old: bytes, new: bytes, atr: bytes) -> Script[StatusWord | None]:
    """Return the card's status word, or None after an unblocking, which raises when it is refused."""
    yield from select_hrss()
    if action == "verify":
        return (yield from verify_pin(old))
    if action == "change":
        return (yield from change_pin(old, new))
    terminal = yield from meet_card(atr)
    yield from unblock_pin(terminal, new if action == "reload" else None)
    return None
