"""Purses as JSON and back, in declared applications and in native ones, whatever is in them."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.layout import REST_OF_MEMORY, FileType, Header
from cardsim.chip.purse.body import PurseState
from cardsim.perso.image import CardImage
from cardsim.profiles import GEN2
from cardsim.zones.layouts import Layout
from tests.unit.perso.plain_cards import exported, image_of, there_and_back
from tests.unit.purse import demo


def purse(plain: Any, fid: str) -> Any:
    return next(file for file in plain["card"]["contents"][0]["contents"] if file["file"] == fid)


def test_a_declared_purse() -> None:
    states = {1: PurseState(5_000, 3, 4, 1_000)}
    card = CardImage(demo.image(states=states), GEN2, Layout.V2_00, {})
    assert there_and_back(card) == card
    found = purse(exported(card, secrets=False), "0001")
    assert {key: found[key] for key in ("use", "load", "extra")} == {"use": "pin(00)", "load": "pin(00)", "extra": "18"}
    numbers = ("balance", "overdraft_limit", "online_counter", "offline_counter")
    assert [found[key] for key in numbers] == [5_000, 1_000, 3, 4]
    assert found["proofs"] == ["00" * 11] * 5


@given(st.binary(min_size=11, max_size=11), st.lists(st.binary(min_size=11, max_size=11), min_size=1, max_size=6))
@settings(max_examples=60)
def test_any_native_purse_comes_back(state: bytes, proofs: list[bytes]) -> None:
    body = state + b"".join(proofs)
    inside = Header(0x0002, FileType.PURSE, len(body), 0xF1, 0x00, extra=0x18).encode() + body
    mf = Header(0x3F00, FileType.DIRECTORY, REST_OF_MEMORY, 0xF0, 0xF0, native=True)
    below = Header(0x3F01, FileType.DIRECTORY, len(inside), 0xF0, 0xF0, name_size=5, native=True)
    card = image_of(mf.encode() + below.encode() + b"PURSE" + inside)
    assert there_and_back(card) == card
    found = purse(exported(card, secrets=False), "0002")
    assert found["balance"] == int.from_bytes(state[:4], "big")
    assert [bytes.fromhex(proof) for proof in found["proofs"]] == proofs
