"""What stands on a personalised card, asked for with commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.errors import HolderError
from cardsim.perso import Holder, personalise
from cardsim.profiles import GEN2
from cardsim.zones.layouts import L2
from readers.connect.inprocess import InProcessConnection
from readers.connect.layers import with_layers
from tests.cards import insert, make_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apdu import Connection
    from cardsim.perso import CardImage
    from cardsim.zones.layouts import Layout

SELECT_SSSE = bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")


def connected(image: CardImage) -> Connection:
    """Return a connection, as behind a reader that fetches and repeats by itself, with SSSE selected."""
    connection = with_layers(InProcessConnection(insert(image), "card"))
    assert connection.transmit(SELECT_SSSE)[-2:] == b"\x90\x00"
    return connection


def record(image: CardImage, fid: int, tag: int) -> bytes:
    """Return a record by tag: tag, length, value."""
    answer = connected(image).transmit(bytes((0x00, 0xB2, tag, (fid & 0x1F) << 3, 0x00)))
    assert answer[-2:] == b"\x90\x00", answer.hex()
    return answer[:-2]


def values(holder: Mapping[str, object], layout: Layout, *wanted: tuple[int, int]) -> list[str]:
    """Return the values of ``wanted`` (file, tag) on a card of this holder, in hexadecimal."""
    image = make_image(holder, layout=layout)
    return [record(image, fid, tag)[2:].hex().upper() for fid, tag in wanted]


def refusal(holder: object, layout: Layout = L2, *, raw: bool = False) -> HolderError:
    """Return the error that ``holder`` meets on its way to a card."""
    with pytest.raises(HolderError) as caught:
        personalise(GEN2, layout, Holder.from_plain(holder, lambda name: name.encode()), raw_elements=raw)
    return caught.value
