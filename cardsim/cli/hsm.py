"""The keys that subcommands prove: `--auth hsm` asks a software HSM with the TEST roots."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from keys.des import DES
from keys.hsm import SoftwareHsm
from keys.tree import TestRoots
from readers.terminal.security import external_authenticate, keys_for, meet, owner_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cardsim.zones.model import Df
    from readers.terminal.script import Script
    from readers.terminal.security import Terminal


def meet_card(atr: bytes) -> Script[Terminal]:
    """Return a terminal for the card whose HRSS application is selected, its cryptograms from the TEST roots."""
    return meet(SoftwareHsm(DES, TestRoots()), atr, secrets.token_bytes)


def unlocker(terminal: Terminal) -> Callable[[Df], Script[None]]:
    """Return a script for each directory that proves the keys its files are read with."""

    def unlock(df: Df) -> Script[None]:
        for key in keys_for(df, (file.read for file in df.files)):
            yield from external_authenticate(terminal, owner_of(df, key), key)

    return unlock
