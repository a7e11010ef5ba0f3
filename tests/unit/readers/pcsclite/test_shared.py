"""A card in two readers of the service, and cards that are mute."""

from __future__ import annotations

import pytest

from readers.serve.pcsclite.messages import CardState
from readers.serve.pcsclite.server import PcscService
from tests.unit.readers.fakes import FakePort
from tests.unit.readers.pcsclite.lab import BOTH_ATR, SUCCESS, T0_ATR, UNPOWERED_CARD, FakeCard, Lab, Peer

MUTE = CardState.PRESENT | CardState.SWALLOWED


class Side(FakeCard):
    """One side of a card: answers as long as no other side has power."""

    def __init__(self, atr: bytes, powered: list[Side]) -> None:
        super().__init__(atr)
        self._powered = powered

    def power_on(self) -> bytes:
        super().power_on()
        if self._powered not in ([], [self]):
            return b""
        self._powered[:] = [self]
        return self.atr

    def power_off(self) -> None:
        super().power_off()
        if self in self._powered:
            self._powered.clear()


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    powered: list[Side] = []
    for number, atr in enumerate((T0_ATR, BOTH_ATR)):
        lab.service.add_reader(f"Lab {number}")
        lab.service.insert(f"Lab {number}", Side(atr, powered), shared=True)
    return lab


@pytest.fixture
def peer(lab: Lab) -> Peer:
    return lab.peer()


def test_both_atrs_are_seen_and_nobody_keeps_the_power(lab: Lab, peer: Peer) -> None:
    assert [record.atr for record in peer.records()] == [T0_ATR, BOTH_ATR]
    assert not lab.service.idle
    assert all(record.state & CardState.POWERED for record in peer.records())


def test_the_other_reader_is_mute_until_the_first_lets_go(peer: Peer) -> None:
    first = peer.handle("Lab 0")
    assert peer.connect("Lab 1")[0] == UNPOWERED_CARD
    assert (peer.records()[1].state, peer.records()[1].atr) == (MUTE, b"")
    assert peer.transmit(first, b"\0\xb0\0\0")[0] == SUCCESS
    peer.disconnect(first)
    second = peer.handle("Lab 1", protocols=2)
    assert peer.records()[1].atr == BOTH_ATR
    assert peer.transmit(second, b"\0\xb0\0\0", protocol=2)[0] == SUCCESS
    assert peer.connect("Lab 0")[0] == UNPOWERED_CARD


def test_a_client_that_dies_lets_go_too(lab: Lab, peer: Peer) -> None:
    other = lab.peer()
    other.handle("Lab 0")
    assert peer.connect("Lab 1")[0] == UNPOWERED_CARD
    other.die()
    assert peer.connect("Lab 1")[0] == SUCCESS


def test_the_last_of_several_users_lets_go(peer: Peer) -> None:
    one, two = peer.handle("Lab 0"), peer.handle("Lab 0")
    peer.disconnect(one)
    assert peer.connect("Lab 1")[0] == UNPOWERED_CARD
    peer.disconnect(two)
    assert peer.connect("Lab 1")[0] == SUCCESS


def test_taking_the_card_out_of_one_reader_frees_the_other(lab: Lab, peer: Peer) -> None:
    peer.handle("Lab 0")
    lab.service.remove("Lab 0")
    assert peer.connect("Lab 1")[0] == SUCCESS


def test_names_tell_what_the_readers_are() -> None:
    with PcscService(0) as service:
        assert service.insert(FakePort(), label="Contact") == "Cardsim Contact 00 00"
        assert service.insert(FakePort(), label="Contactless") == "Cardsim Contactless 01 00"
        assert service.insert(FakePort()) == "Cardsim 02 00"
        service.remove("Cardsim Contactless 01 00")
        assert service.insert(FakePort(), label="Contact") == "Cardsim Contact 03 00"
        assert service.insert(FakePort(), label="Contactless") == "Cardsim Contactless 01 00"
