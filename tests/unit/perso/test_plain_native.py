"""Native directories and blank chips as JSON and back."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apdu import BilingualError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import REST_OF_MEMORY, FileType, Header, KeyType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.native.keys import NativeKey
from cardsim.perso.image import CardImage
from cardsim.profiles import PROFILES
from cardsim.zones.layouts import Layout
from tests.unit.perso.plain_cards import credentials, exported, image_of, there_and_back


def _native(fid: int, kind: FileType, body: bytes, **more: Any) -> bytes:
    return Header(fid, kind, len(body), 0x10, 0x2F, **more).encode() + body


@given(
    st.lists(
        st.tuples(
            st.sampled_from([KeyType.PIN, KeyType.EXTERNAL, KeyType.PURCHASE, KeyType.TAC]),
            st.integers(0, 255),
            st.binary(min_size=16, max_size=16),
            st.tuples(*(st.integers(0, 255) for _ in range(4))),
            st.sampled_from([0, 0x40, 0x80, 0xC0]),
        ),
        max_size=4,
    ),
    st.lists(st.binary(min_size=1, max_size=9), max_size=3),
    st.lists(st.booleans(), min_size=1, max_size=4),
)
@settings(max_examples=60)
def test_native_directories_come_back(keys: list[Any], records: list[bytes], written: list[bool]) -> None:
    area = b"".join(
        NativeKey(kind, at, value, use, modify, b4, b5, marks).encode()
        for kind, at, value, (use, modify, b4, b5), marks in keys
    )
    variable = b"".join(bytes((0x10 + at, len(value))) + value for at, value in enumerate(records))
    fixed = b"".join(bytes((is_there,)) + bytes(5) for is_there in written)
    inside = (
        _native(0x0000, FileType.KEYS, area + bytes(48))
        + _native(0x0005, FileType.VARIABLE, variable + bytes(20))
        + _native(0x0006, FileType.FIXED, fixed, extra=5)
        + _native(0x0007, FileType.CYCLIC, fixed, extra=5, byte7=0x12)
    )
    below = Header(0x3F01, FileType.DIRECTORY, len(inside) + 64, 0x30, 0xF0, name_size=5, native=True)
    mf = Header(0x3F00, FileType.DIRECTORY, REST_OF_MEMORY, 0xF0, 0xF0, native=True)
    card = image_of(mf.encode() + below.encode() + b"NATIV" + inside + bytes(64))
    try:
        FileSystem(Memory(card.memory, NoJournal()), card.profile)
    except BilingualError:
        assume(False)
    assert there_and_back(card) == card
    told = exported(card, secrets=False)
    assert told["card"]["contents"][0]["free"] == 64
    assert not any("value" in key for key in credentials(told["card"]))
    assert len(credentials(told["card"])) == len(keys)


def test_a_blank_chip_comes_back() -> None:
    profile = PROFILES["gen2"].override({"blank": True})
    card = CardImage(bytes(profile.memory_size), profile, Layout.V2_00, {})
    assert exported(card)["card"] is None
    assert there_and_back(card) == card
