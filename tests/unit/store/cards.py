"""Card files for the tests of the store, and a second writer of their format that shares nothing with the first."""

from __future__ import annotations

import contextlib
import struct
import zlib
from typing import TYPE_CHECKING

from cardsim.chip.card import Card
from cardsim.chip.memory import Memory, NoJournal
from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2
from cardsim.store import CardStore, create_card_file, read_card_file
from cardsim.zones.layouts import Layout
from tests.cards import make_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SMALL = CardImage(bytes(range(64)), GEN2, Layout.V2_00, {"name": "测试用户"})
"""Not a file system, but enough for the store, and quick to try a thousand times."""
SELECT_SSSE = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")
QUERY = bytes.fromhex("00200000")
RIGHT = bytes.fromhex("0020000003123456")
WRONG = bytes.fromhex("0020000003999999")
FRAME_OF_ONE_BYTE = 25
"""12 head, 8 offset and size, 1 byte, 4 checksum."""


def small_file(path: Path, image: CardImage = SMALL, *, commits: int = 0) -> int:
    """Make a card file with commits that put C0, C1, ... at 0, 1, ...; return the size of its base image."""
    create_card_file(path, image)
    base_size = path.stat().st_size
    with CardStore.open(path) as store:
        for number in range(commits):
            store.memory.charge(number, bytes((0xC0 + number,)))
    return base_size


def gen2_file(path: Path, pin_limit: int = 6) -> None:
    create_card_file(path, make_image(settings={"pin_limit": pin_limit}))


def powered(store: CardStore) -> Card:
    """Return the card in an open file, the HRSS application selected."""
    card = Card(store.memory, store.description.profile, bytes, strict=True)
    assert card.transmit(SELECT_SSSE)[-2:] == b"\x90\x00"
    return card


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Card]:
    with CardStore.open(path) as store:
        yield powered(store)


def sw(card: Card, command: bytes) -> str:
    return card.transmit(command)[-2:].hex().upper()


def asked(path: Path) -> str:
    """Return what a VERIFY without data answers on the card as it stands in the file."""
    description, memory = read_card_file(path)
    card = Card(Memory(memory, NoJournal()), description.profile, bytes, strict=True)
    card.transmit(SELECT_SSSE)
    return sw(card, QUERY)


def left(answer: str) -> int:
    """Return the tries left that 63Cx or 6983 tells."""
    return 0 if answer == "6983" else int(answer.removeprefix("63C"), 16)


def change_pin(old: str, new: str) -> bytes:
    data = bytes.fromhex(f"{old}FF{new}")
    return bytes((0x80, 0x5E, 0x01, 0x00, len(data))) + data


def sealed(part: bytes) -> bytes:
    return part + zlib.crc32(part).to_bytes(4, "big")


def base_bytes(description: bytes, memory: bytes, version: int = 1) -> bytes:
    head = b"CARDSIM\x00" + struct.pack(">HII", version, len(description), len(memory))
    return sealed(head + description + memory)


def frame_bytes(sequence: int, payload: bytes) -> bytes:
    return sealed(sealed(struct.pack(">II", sequence, len(payload))) + payload)


def change_bytes(offset: int, data: bytes) -> bytes:
    return struct.pack(">II", offset, len(data)) + data
