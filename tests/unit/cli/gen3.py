"""Cards of the 3rd generation as files, also forged ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import FileType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN3
from cardsim.store import create_card_file
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from cardsim.perso import CardImage
    from keys.keyring import Keyring

CODE = "639900D1560000059F8FF5CDF42F34FB"
OTHER_CODE = "639900D156000005000000017BD172E2"
USER_PIN, ADMIN_PIN = "123456", "12345678"
AT = ("--at", "2026-06-01")
"""Within the time of the default holder's card, whatever the clock says."""


def image(keyring: Keyring | None = None) -> CardImage:
    return personalise(GEN3, Layout.V3_00, Holder(), keyring=keyring)


def copied(original: CardImage) -> CardImage:
    """Return what a thief gets: every file that can be read, and of the private keys nothing."""
    memory = bytearray(original.memory)
    for directory in FileSystem(Memory(original.memory, NoJournal())).directories:
        for file in directory.files:
            if file.header.type is FileType.PRIVATE_KEY:
                memory[file.body : file.body + file.size] = bytes(file.size)
    return replace(original, memory=bytes(memory))


def save(card: CardImage, path: Path) -> Path:
    create_card_file(path, card)
    return path
