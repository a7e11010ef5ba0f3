"""The purse as a file: its body, where it is damaged, what other commands see; and a card that `personalise` makes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsim.chip.card import Card
from cardsim.chip.errors import MemoryDamagedError
from cardsim.chip.filesystem import FileSystem
from cardsim.chip.layout import FileType
from cardsim.chip.memory import Memory, NoJournal
from cardsim.chip.purse.body import (
    PASSBOOK,
    WALLET,
    Proof,
    PurseState,
    is_body_size,
    new_body,
    proof_offset,
    purse_of,
)
from cardsim.chip.purse.file import PurseFile
from cardsim.chip.t0 import T0Port
from cardsim.perso.holder import Holder
from cardsim.perso.image import personalise
from cardsim.profiles import GEN2, GEN3, Profile
from cardsim.zones import registry
from cardsim.zones.layouts import Layout
from keys.purse import TransactionType
from keys.purse_hsm import Opened
from tests.cards import counting_entropy
from tests.unit.purse import demo
from tests.unit.purse.lab import SELECT, VERIFY, Lab

numbers = st.integers(0, 0xFFFF)
macs = st.binary(min_size=4, max_size=4)


@given(st.builds(PurseState, st.integers(0, 0x7FFFFFFF), numbers, numbers, st.integers(0, 0xFFFFFF)))
def test_a_state_comes_back(state: PurseState) -> None:
    assert len(state.encode()) == 11
    assert PurseState.parse(state.encode()) == state


@given(st.builds(Proof, st.integers(0, 255), numbers, macs, macs))
def test_a_proof_comes_back(proof: Proof) -> None:
    assert len(proof.encode()) == 11
    assert Proof.parse(proof.encode()) == proof


def test_the_body_byte_for_byte() -> None:
    assert PurseState(0x01020304, 0x0506, 0x0708, 0x090A0B).encode() == bytes(range(1, 12))
    assert Proof(0x06, 0x0102, b"MAC2", b"TAC4").encode() == b"\x06\x01\x02MAC2TAC4"


def test_sizes() -> None:
    """22 bytes are what FMCOS charges (facts native-card-os 8)."""
    assert new_body(WALLET, proof_for_each_type=False) == new_body(PASSBOOK, proof_for_each_type=False) == bytes(22)
    assert [len(new_body(fid, proof_for_each_type=True)) for fid in (PASSBOOK, WALLET)] == [66, 44]
    assert [size for size in range(60) if is_body_size(size)] == [22, 33, 44, 55]


@pytest.mark.parametrize("fid", [PASSBOOK, WALLET])
def test_each_type_has_a_place_of_its_own_where_there_is_room(fid: int) -> None:
    types = [kind for kind in TransactionType if purse_of(kind) == fid]
    size = len(new_body(fid, proof_for_each_type=True))
    places = [proof_offset(size, kind) for kind in types]
    assert sorted(places) == list(range(11, size, 11))
    assert {proof_offset(22, kind) for kind in types} == {11}


@pytest.mark.parametrize("size", [0, 11, 21, 23, 32])
def test_a_purse_of_another_size_is_damage(size: int) -> None:
    image = bytearray(demo.image())
    purse = FileSystem(Memory(image, NoJournal())).mf.children[0].by_fid[WALLET]
    assert isinstance(purse, PurseFile)
    header = replace(purse.header, size=size)
    image[purse.offset : purse.offset + 11] = header.encode()
    with pytest.raises(MemoryDamagedError):
        Lab(bytes(image))


def test_opened_answers_have_their_length() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Opened.parse(bytes(15), limit=False, mac=True)
    with pytest.raises(ValueError, match="15 bytes"):
        Opened.parse(b"", limit=True, mac=False)


def test_over_t0() -> None:
    """INITIALIZE and DEBIT leave their answers for GET RESPONSE, which ends no transaction."""
    lab = Lab(demo.image(states={2: PurseState(0x2000)}), randoms=("584633C9",))
    port = T0Port(lab.card, GEN2)

    def send(command: str) -> str:
        return port.transmit(bytes.fromhex(command)).hex().upper()

    port.power_on()
    send(SELECT)
    assert send("805001020B0100000001001122334455") == "610F"
    assert send("00C000000F") == "0000200000000000000000584633C99000"
    assert send("805401000F0000000020161216134600D45737C5") == "6108"
    assert send("00C0000008") == "8AF270DC66B54A6B9000"
    assert send("805C000200") == "6C04"
    assert send("805C000204") == "00001FFF9000"
    assert send("805A0006020001") == "6108"


@pytest.mark.parametrize("profile", [GEN2, GEN3], ids=["gen2", "gen3"])
def test_a_zone_with_a_purse_is_one_declaration(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.ZONES, "DEMO", demo.ZONE)
    two_zones = profile.override({"zones": ["HRSS", "DEMO"]})
    image = personalise(two_zones, Layout.V3_00, Holder.from_plain({"hrss_pin": "12345"}, lambda name: name.encode()))
    card = Card(Memory(image.memory, NoJournal()), image.profile, counting_entropy, strict=True)

    def send(command: str) -> str:
        return card.transmit(bytes.fromhex(command)).hex().upper()

    assert send(SELECT)[-4:] == "9000"
    assert send(VERIFY) == "9000"
    assert send("805C000204") == "000000009000"
    for index, algorithm in ("01", "00"), ("41", "04"):
        answer = send(f"805000020B{index}00002000001122334455")
        assert answer[14:16] == algorithm
        assert answer[-4:] == "9000"
    node = card.context.directory
    assert [file.fid for file in node.files if file.header.type is FileType.PURSE] == [1, 2]
    assert send("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")[-4:] == "9000"
    assert send("805C000204") == "6D00"
