"""`cardsim pin`: the HRSS PIN of a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from apdu import StatusWord, Sw, Text
from cardsim.cli.cards import OptionError, connected
from cardsim.cli.hsm import meet_card
from cardsim.cli.pins import NEW_PIN, pin_bytes
from cardsim.cli.psam import opened_proofs
from readers.connect.layers import with_layers
from readers.terminal.hrss import select_hrss
from readers.terminal.script import run as play
from readers.terminal.security import change_pin, unblock_pin, verify_pin

if TYPE_CHECKING:
    import argparse

    from cardsim.cli.console import Console
    from cardsim.cli.hsm import Proofs
    from readers.terminal.script import Script

_KEYS: Final = (
    "auth",
    "psam",
    "psam_reader",
    "line_mac",
    "sm4_extension",
    "sm4_fold",
    "keystore",
    "key_file",
    "passphrase_file",
)
_TAKES: Final = {
    "verify": ("pin",),
    "change": ("pin", "new"),
    "unblock": _KEYS,
    "reload": ("new", *_KEYS),
}
"""The options that each action has a use for."""
_DONE: Final = {
    "verify": Text("the PIN is right", "PIN 正确"),
    "change": Text("the PIN is changed", "PIN 已修改"),
    "unblock": Text("the PIN has all its tries again", "PIN 的尝试次数已恢复"),
    "reload": Text("the PIN is the new one and has all its tries", "PIN 已重装,尝试次数已恢复"),
}
_BLOCKED: Final = Text(
    "the PIN is blocked; `cardsim pin unblock` or `reload` opens it with the card's keys",
    "PIN 已锁定;可用密钥执行 `cardsim pin unblock` 或 `reload` 解锁",
)


def run(options: argparse.Namespace, console: Console) -> int:
    """Verify, change, unblock or reload; 1 when the card refuses."""
    action = options.action
    for name in ("pin", "new", *_KEYS):
        if getattr(options, name) is not None and name not in _TAKES[action]:
            option = "--" + name.replace("_", "-")
            raise OptionError(f"pin {action} has no use for {option}", f"pin {action} 不使用 {option}")
    old = pin_bytes(options.pin, console) if "pin" in _TAKES[action] else b""
    new = pin_bytes(options.new, console, NEW_PIN) if "new" in _TAKES[action] else b""
    with (
        opened_proofs(options, console) as proofs,
        connected(options, console, secrets_used=True) as (bare, _, sink),
    ):
        connection = with_layers(bare, trace=sink)
        status = play(_script(action, old, new, connection.atr, proofs), connection)
    if status.ok:
        console.line(console.pick(_DONE[action]))
        return 0
    meaning = status.meaning
    console.error(Text(f"the card refuses: {status} ({meaning.en})", f"卡拒绝:{status}({meaning.zh})"))
    if status.tries_left == 0 or int(status) == Sw.AUTHENTICATION_BLOCKED:
        console.note(_BLOCKED.en, _BLOCKED.zh)
    return 1


def _script(action: str, old: bytes, new: bytes, atr: bytes, proofs: Proofs) -> Script[StatusWord]:
    """Return the card's status word; an unblocking that is refused raises."""
    fci = yield from select_hrss()
    if action == "verify":
        return (yield from verify_pin(old))
    if action == "change":
        return (yield from change_pin(old, new))
    terminal = yield from meet_card(atr, fci, proofs)
    yield from unblock_pin(terminal, new if action == "reload" else None)
    return StatusWord(Sw.OK)
