from __future__ import annotations

import pytest

from readers.serve.pcsclite.messages import Protocol, Share
from tests.unit.readers.pcsclite.lab import (
    BOTH_ATR,
    EJECT,
    INVALID_HANDLE,
    INVALID_VALUE,
    LEAVE,
    NO_MEMORY,
    NO_SMARTCARD,
    PROTO_MISMATCH,
    REMOVED_CARD,
    RESET,
    RESET_CARD,
    SHARING_VIOLATION,
    SPECIFIC_T1_ATR,
    SUCCESS,
    T0_ATR,
    T1_ATR,
    UNKNOWN_READER,
    UNPOWER,
    UNPOWERED_CARD,
    FakeCard,
    Lab,
    Peer,
)

T0, T1, RAW, ANY, ANY_OLD = 1, 2, 4, 3, 0x1000


@pytest.mark.parametrize(
    ("atr", "wished", "expected"),
    [
        (T0_ATR, ANY, (SUCCESS, T0)),
        (T0_ATR, T1, (PROTO_MISMATCH, 0)),
        (T1_ATR, ANY, (SUCCESS, T1)),
        (T1_ATR, T0, (PROTO_MISMATCH, 0)),
        (BOTH_ATR, ANY, (SUCCESS, T1)),
        (BOTH_ATR, ANY_OLD, (SUCCESS, T1)),
        (BOTH_ATR, T0, (SUCCESS, T0)),
        (SPECIFIC_T1_ATR, T0, (PROTO_MISMATCH, 0)),
        (SPECIFIC_T1_ATR, ANY, (SUCCESS, T1)),
        (T0_ATR, RAW, (SUCCESS, RAW)),
        (T0_ATR, 0, (PROTO_MISMATCH, 0)),
        (T0_ATR, 8, (PROTO_MISMATCH, 0)),
        (bytes.fromhex("3B8E0E"), ANY, (PROTO_MISMATCH, 0)),  # cut off
        (b"\x3b", ANY, (PROTO_MISMATCH, 0)),
        (b"\x3b" + bytes(33), ANY, (UNPOWERED_CARD, 0)),
        (b"", ANY, (UNPOWERED_CARD, 0)),
    ],
)
def test_protocol_by_the_atr(atr: bytes, wished: int, expected: tuple[int, int]) -> None:
    code, handle, protocol = Lab(FakeCard(atr)).peer().connect(protocols=wished)
    assert (code, protocol) == expected
    assert (handle != 0) is (code == SUCCESS)


def test_a_mute_card_is_seen() -> None:
    record = Lab(FakeCard(b"")).peer().record()
    assert (record.state, record.atr) == (0x0C, b"")  # present, swallowed


def test_a_protocol_in_use_stays() -> None:
    lab = Lab(FakeCard(BOTH_ATR))
    first, second = lab.peer(), lab.peer()
    assert first.connect(protocols=T0)[0] == SUCCESS
    assert second.connect(protocols=T1)[0] == PROTO_MISMATCH
    assert second.connect(protocols=ANY)[2] == T0
    assert second.record().protocol == T0


def test_connecting_where_nothing_is() -> None:
    lab = Lab()
    lab.service.add_reader("Lab 0")
    peer = lab.peer()
    assert peer.connect("Lab 1")[0] == UNKNOWN_READER
    assert peer.connect("\N{COMBINING DIAERESIS}")[0] == UNKNOWN_READER
    assert peer.connect()[0] == NO_SMARTCARD
    assert peer.connect(share=0)[0] == INVALID_VALUE
    assert peer.connect(share=4)[0] == INVALID_VALUE


def test_connecting_without_a_context() -> None:
    lab = Lab(FakeCard())
    assert Peer(lab).connect()[0] == INVALID_HANDLE
    peer, other = lab.peer(), lab.peer()
    peer.context = other.context
    assert peer.connect()[0] == INVALID_HANDLE


def test_direct_access_needs_no_card() -> None:
    lab = Lab()
    lab.service.add_reader("Lab 0")
    peer = lab.peer()
    code, handle, protocol = peer.connect(share=Share.DIRECT, protocols=0)
    assert (code, protocol) == (SUCCESS, 0)
    assert peer.control(handle, 0x42000D48)[0] == SUCCESS
    assert peer.transmit(handle, bytes(5))[0] == NO_SMARTCARD
    assert peer.reconnect(handle, LEAVE)[0] == NO_SMARTCARD
    assert peer.disconnect(handle) == SUCCESS


def test_direct_access_to_a_card_that_nobody_powers() -> None:
    card = FakeCard()
    lab = Lab(card)
    _tick_away(lab)
    peer = lab.peer()
    code, handle, _ = peer.connect(share=Share.DIRECT, protocols=RAW)
    assert code == SUCCESS
    assert peer.transmit(handle, bytes(5), RAW)[0] == UNPOWERED_CARD
    assert peer.reconnect(handle, LEAVE, Share.SHARED)[0] == SUCCESS
    assert peer.transmit(handle, bytes(5))[0] == SUCCESS


def test_exclusive_use() -> None:
    lab = Lab(FakeCard())
    first, second = lab.peer(), lab.peer()
    handle = first.handle(share=Share.EXCLUSIVE)
    assert second.record().sharing == -1
    for share in (Share.SHARED, Share.EXCLUSIVE, Share.DIRECT):
        assert second.connect(share=share)[0] == SHARING_VIOLATION
    assert first.connect()[0] == SHARING_VIOLATION
    assert first.disconnect(handle) == SUCCESS
    shared = second.handle()
    assert first.connect(share=Share.EXCLUSIVE)[0] == SHARING_VIOLATION
    assert second.record().sharing == 1
    assert second.disconnect(shared) == SUCCESS
    assert first.connect(share=Share.EXCLUSIVE)[0] == SUCCESS


def test_to_exclusive_use_and_back() -> None:
    lab = Lab(FakeCard())
    first, second = lab.peer(), lab.peer()
    handle, other = first.handle(), second.handle()
    assert first.reconnect(handle, LEAVE, Share.EXCLUSIVE)[0] == SHARING_VIOLATION
    assert second.disconnect(other) == SUCCESS
    assert first.reconnect(handle, LEAVE, Share.EXCLUSIVE) == (SUCCESS, T0)
    assert first.reconnect(handle, LEAVE, Share.EXCLUSIVE) == (SUCCESS, T0)
    assert second.connect()[0] == SHARING_VIOLATION
    assert first.reconnect(handle, LEAVE, Share.SHARED) == (SUCCESS, T0)
    assert second.connect()[0] == SUCCESS


@pytest.mark.parametrize(
    ("disposition", "happens", "event"),
    [(LEAVE, [], SUCCESS), (RESET, ["reset"], RESET_CARD), (UNPOWER, ["off"], RESET_CARD), (EJECT, [], SUCCESS)],
)
def test_dispositions(disposition: int, happens: list[str], event: int) -> None:
    card = FakeCard()
    lab = Lab(card)
    first, second = lab.peer(), lab.peer()
    handle, other = first.handle(), second.handle()
    card.events.clear()
    assert first.disconnect(handle, disposition) == SUCCESS
    assert card.events == happens
    assert first.disconnect(handle, disposition) == INVALID_HANDLE
    assert second.status(other) == event
    assert second.reconnect(other)[0] == SUCCESS
    assert second.transmit(other, bytes(5))[0] == SUCCESS


def test_dispositions_that_there_are_not() -> None:
    peer = Lab(FakeCard()).peer()
    handle = peer.handle()
    assert peer.disconnect(handle, 4) == INVALID_VALUE
    assert peer.end(handle, 4) == INVALID_VALUE
    assert peer.reconnect(handle, EJECT)[0] == INVALID_VALUE
    assert peer.reconnect(handle, share=0)[0] == INVALID_VALUE
    assert peer.reconnect(handle, protocols=0)[0] == PROTO_MISMATCH
    assert peer.disconnect(handle) == SUCCESS


@pytest.mark.parametrize(("how", "happens"), [(RESET, ["reset"]), (UNPOWER, ["off", "on"])])
def test_a_reset_is_told_to_the_others_until_they_reconnect(how: int, happens: list[str]) -> None:
    card = FakeCard()
    lab = Lab(card)
    first, second = lab.peer(), lab.peer()
    handle, other = first.handle(), second.handle()
    card.events.clear()
    assert first.reconnect(handle, how) == (SUCCESS, T0)
    assert card.events == happens
    assert first.transmit(handle, bytes(5)) == (SUCCESS, bytes.fromhex("00000000009000"))
    for _ in range(2):
        assert second.status(other) == RESET_CARD
        assert second.transmit(other, bytes(5)) == (RESET_CARD, b"")
        assert second.begin(other) == RESET_CARD
    assert second.reconnect(other) == (SUCCESS, T0)
    assert second.transmit(other, bytes(5))[0] == SUCCESS


def test_a_reset_may_change_the_protocol() -> None:
    lab = Lab(FakeCard(BOTH_ATR))
    peer = lab.peer()
    handle = peer.handle(protocols=T0)
    assert peer.reconnect(handle, LEAVE, protocols=T1) == (PROTO_MISMATCH, T0)
    assert peer.reconnect(handle, RESET, protocols=T1) == (SUCCESS, T1)


def test_a_card_that_goes_and_comes() -> None:
    card = FakeCard()
    lab = Lab(card)
    peer = lab.peer()
    handle = peer.handle()
    lab.service.remove("Lab 0")
    assert card.events[-1] == "off"
    assert peer.status(handle) == REMOVED_CARD
    assert peer.transmit(handle, bytes(5)) == (REMOVED_CARD, b"")
    assert peer.reconnect(handle)[0] == NO_SMARTCARD
    assert peer.reconnect(handle, RESET)[0] == NO_SMARTCARD
    lab.service.insert("Lab 0", card)
    assert peer.status(handle) == REMOVED_CARD
    assert peer.reconnect(handle) == (SUCCESS, T0)
    assert peer.status(handle) == SUCCESS


def test_handles_are_their_clients_own() -> None:
    lab = Lab(FakeCard())
    first, second = lab.peer(), lab.peer()
    handle = first.handle()
    assert second.status(handle) == INVALID_HANDLE
    assert second.disconnect(handle) == INVALID_HANDLE
    assert second.reconnect(handle)[0] == INVALID_HANDLE
    assert second.begin(handle) == INVALID_HANDLE
    assert second.end(handle) == INVALID_HANDLE
    assert second.transmit(handle, bytes(5)) == (INVALID_HANDLE, b"")
    assert second.control(handle, 0x42000D48) == (INVALID_HANDLE, b"")
    assert second.attribute(handle, 0x00090303)[0] == INVALID_HANDLE


def test_a_client_has_two_hundred_handles_at_most() -> None:
    peer = Lab(FakeCard()).peer()
    handles = {peer.handle() for _ in range(200)}
    assert len(handles) == 200
    assert peer.connect()[0] == NO_MEMORY
    assert peer.record().sharing == 200


def test_the_end_of_a_context_ends_its_handles() -> None:
    card = FakeCard()
    lab = Lab(card, FakeCard())
    peer = lab.peer()
    peer.handle()
    peer.handle("Lab 1", Share.EXCLUSIVE)
    card.events.clear()
    assert peer.release() == SUCCESS
    assert card.events == []
    assert [record.sharing for record in lab.peer().records()] == [0, 0]


def _tick_away(lab: Lab) -> None:
    while lab.service.idle:
        lab.service.tick()


def test_a_card_that_nobody_uses_loses_its_power() -> None:
    card = FakeCard()
    lab = Lab(card)
    peer = lab.peer()
    assert card.events == ["on"]
    assert lab.service.idle
    lab.service.tick()
    assert card.events == ["on", "off"]
    assert not lab.service.idle
    assert (peer.record().state, peer.record().atr) == (0x34, T0_ATR)
    handle = peer.handle()
    assert card.events == ["on", "off", "on"]
    assert not lab.service.idle
    peer.disconnect(handle)
    lab.service.tick()
    assert card.events == ["on", "off", "on"]
    again = peer.handle()
    assert card.events == ["on", "off", "on"]  # in time: it kept its state
    peer.disconnect(again)
    lab.service.tick()
    lab.service.tick()
    assert card.events == ["on", "off", "on", "off"]
    assert not lab.service.idle


def test_protocol_is_open_again_after_power_was_off() -> None:
    lab = Lab(FakeCard(BOTH_ATR))
    peer = lab.peer()
    peer.disconnect(peer.handle(protocols=Protocol.T0))
    assert peer.connect(protocols=T1)[0] == PROTO_MISMATCH
    _tick_away(lab)
    assert peer.connect(protocols=T1)[2] == T1


@pytest.mark.parametrize("share", [Share.EXCLUSIVE, Share.SHARED, Share.DIRECT])
def test_raw_takes_no_protocol_away_from_others(share: Share) -> None:
    lab = Lab(FakeCard())
    first, second = lab.peer(), lab.peer()
    handle = first.handle()
    second.connect(share=share, protocols=RAW)
    assert first.transmit(handle, bytes(5))[0] == SUCCESS
    assert first.reconnect(handle) == (SUCCESS, T0)
