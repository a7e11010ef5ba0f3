"""PINs from the command line: an option, or typed without echo."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from cardsim.errors import HolderError
from cardsim.perso.holder import Holder

if TYPE_CHECKING:
    from cardsim.cli.console import Console


def pin_bytes(given: str | None, console: Console, en: str, zh: str) -> bytes:
    """Return a PIN as the card compares it; ask for it when the option is not given. Raises HolderError."""
    text = given
    if text is None:
        prompt = f"{zh if console.language.value == 'zh' else en}: "
        text = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().strip()
    try:
        return Holder({"hrss_pin": text}).pin
    except HolderError as error:
        raise HolderError(str(error).replace("hrss_pin", en), error.text.zh.replace("hrss_pin", zh)) from error
