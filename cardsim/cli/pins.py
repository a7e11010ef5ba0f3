"""PINs from the command line: the value of an option, typed without echo, or a line of standard input."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING, Final

from apdu import Text
from cardsim.errors import HolderError
from cardsim.perso.holder import coded_pin

if TYPE_CHECKING:
    from cardsim.cli.console import Console

PIN: Final = Text("PIN", "PIN")
NEW_PIN: Final = Text("new PIN", "新 PIN")
_AGAIN: Final = Text(", again", "(再次输入)")
_MAX_PKI_DIGITS: Final = 16


def pin_bytes(given: str | None, console: Console, name: Text = PIN) -> bytes:
    """Return a PIN as the card compares it; ask for it when none, or an empty text, is given.

    A new one is asked for twice where a person types it. Raises HolderError, which never repeats what was given.
    """
    return coded_pin(given or _asked(console, name), name)


def pki_pin_bytes(given: str | None, console: Console, name: Text) -> bytes:
    """Return a PIN of the PKI application, two digits a byte, an odd last one with F; ask for it as above.

    4 to 16 digits: what a change can carry. Raises HolderError, which never repeats what was given.
    """
    return coded_pin(given or _asked(console, name), name, _MAX_PKI_DIGITS)


def _asked(console: Console, name: Text) -> str:
    if sys.stdin is None:
        raise HolderError(f"{name.en}: not given, and standard input is closed", f"{name.zh}:未给出,且标准输入已关闭")
    if not sys.stdin.isatty():
        try:
            return sys.stdin.readline().strip()
        except UnicodeDecodeError:
            return ""  # no digits, as the caller will say
    try:
        text = getpass.getpass(f"{console.pick(name)}: ")
        if name is NEW_PIN and text != getpass.getpass(f"{console.pick(name)}{console.pick(_AGAIN)}: "):
            raise HolderError(f"{name.en}: the two are not the same", f"{name.zh}:两次输入不一致")
    except EOFError:
        raise HolderError(f"{name.en}: not given", f"{name.zh}:未给出") from None
    return text
