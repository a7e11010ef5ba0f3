from __future__ import annotations

import struct

import pytest

from readers.errors import PcscServiceError, WrongRequestError
from tests.unit.readers.pcsclite.lab import (
    CANCELLED,
    INVALID_HANDLE,
    INVALID_VALUE,
    SERVICE_STOPPED,
    SUCCESS,
    T0_ATR,
    FakeCard,
    Lab,
    Peer,
)

_CHANGED = bytes(8)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ((4, 4), (4, 4, SUCCESS)),
        ((4, 5), (4, 5, SUCCESS)),
        ((4, 6), (4, 5, SERVICE_STOPPED)),  # a pcsc-lite that speaks 4:6 comes again with 4:5
        ((4, 3), (4, 4, SERVICE_STOPPED)),
        ((5, 0), (4, 5, SERVICE_STOPPED)),
        ((-1, 4), (4, 4, SERVICE_STOPPED)),
    ],
)
def test_versions(asked: tuple[int, int], answered: tuple[int, int, int]) -> None:
    peer = Peer(Lab())
    assert struct.unpack("<iiI", peer.send(0x11, struct.pack("<iiI", *asked, 0))) == answered


def test_first_bytes_of_a_client_library() -> None:
    """What libpcsclite 1.9.9 sends first, and what pcscd 1.9.9 answers, byte for byte."""
    peer = Peer(Lab())
    assert peer.send(0x11, bytes.fromhex("040000000400000000000000")).hex() == "040000000400000000000000"
    answer = peer.send(0x01, bytes.fromhex("020000000000000000000000"))
    assert (answer[:4].hex(), answer[8:].hex()) == ("02000000", "00000000")
    assert answer[4:8] != bytes(4)


def test_one_context_per_connection() -> None:
    lab = Lab()
    peer, other = lab.peer(), lab.peer()
    assert peer.context != other.context
    first = peer.context
    assert peer.establish() == INVALID_VALUE
    peer.context = first
    assert peer.release() == SUCCESS
    assert peer.release() == INVALID_HANDLE
    assert peer.establish() == SUCCESS


def test_scope_that_there_is_not() -> None:
    peer = Peer(Lab())
    assert struct.unpack("<III", peer.send(0x01, struct.pack("<III", 4, 0, 0))) == (4, 0, INVALID_VALUE)


def test_record_of_a_card_in_a_reader() -> None:
    """The layout, byte by byte: names, counters and ATR where the client library looks for them."""
    peer = Lab(FakeCard()).peer()
    table = peer.send(0x12)
    assert len(table) == 2944
    assert table[:184].hex() == (
        "4c61622030".ljust(256, "0")  # Lab 0
        + "01000000"  # one event
        + "34000000"  # present, powered, negotiable
        + "00000000"  # nobody connected
        + "3b600000".ljust(72, "0")
        + "04000000"
        + "00000000"
    )
    assert table[184:] == bytes(2944 - 184)


def test_readers_of_a_newer_client() -> None:
    lab = Lab(FakeCard(), FakeCard())
    peer = lab.peer()
    assert peer.send(0x15) == bytes.fromhex("0200000000000000")
    assert peer.send(0x16) == bytes.fromhex("02000000")
    assert peer.send(0x17) == peer.send(0x12)[:368]


def test_waiting_for_a_change() -> None:
    lab = Lab(FakeCard())
    peer = lab.peer()
    assert peer.watch()[0].state == 0x34
    assert peer.take_later() == b""
    lab.service.remove("Lab 0")
    lab.deliver()
    assert peer.take_later() == _CHANGED
    record = peer.watch()[0]
    assert (record.events, record.state, record.atr) == (2, 0x02, b"")
    lab.service.insert("Lab 0", FakeCard())
    lab.deliver()
    assert peer.take_later() == _CHANGED
    record = peer.record()
    assert (record.events, record.state, record.atr) == (3, 0x34, T0_ATR)


def test_a_wait_that_is_stopped() -> None:
    lab = Lab(FakeCard())
    peer = lab.peer()
    peer.watch()
    assert peer.stop_watching() == _CHANGED
    assert peer.stop_watching() == b""
    lab.service.remove("Lab 0")
    lab.deliver()
    assert peer.take_later() == b""


def test_a_wait_that_ended_just_before_it_is_stopped_has_one_answer() -> None:
    lab = Lab(FakeCard())
    peer = lab.peer()
    peer.watch()
    lab.service.remove("Lab 0")
    lab.deliver()
    assert peer.stop_watching() == b""
    assert peer.take_later() == _CHANGED


def test_cancelling_from_another_connection() -> None:
    lab = Lab(FakeCard())
    peer, other = lab.peer(), Peer(lab)
    assert other.cancel(peer) == INVALID_HANDLE  # it does not wait
    peer.watch()
    assert other.cancel(peer) == SUCCESS
    assert peer.take_later() == struct.pack("<II", 0, CANCELLED)
    assert other.cancel(peer) == INVALID_HANDLE
    lab.service.remove("Lab 0")
    lab.deliver()
    assert peer.take_later() == b""


def test_new_readers_and_connections_are_changes_too() -> None:
    lab = Lab(FakeCard())
    watcher, user = lab.peer(), lab.peer()
    watcher.watch()
    handle = user.handle()
    assert watcher.take_later() == _CHANGED
    assert watcher.watch()[0].sharing == 1
    user.disconnect(handle)
    assert watcher.take_later() == _CHANGED
    assert watcher.watch()[0].sharing == 0
    lab.service.add_reader("One more")
    lab.deliver()
    assert watcher.take_later() == _CHANGED
    assert [record.name for record in watcher.records()] == ["Lab 0", "One more"]


def test_a_watcher_that_dies() -> None:
    lab = Lab(FakeCard())
    peer = lab.peer()
    peer.watch()
    peer.die()
    lab.service.remove("Lab 0")
    assert lab.service.take_deferred() == []


def test_sixteen_readers_and_no_more() -> None:
    lab = Lab(*(FakeCard() for _ in range(16)))
    assert len(lab.peer().records()) == 16
    with pytest.raises(PcscServiceError, match="16 readers already"):
        lab.service.add_reader("One more")


@pytest.mark.parametrize("name", ["", "x" * 128, "社保卡", "a\nb", "Lab 0"])
def test_names_that_readers_can_not_have(name: str) -> None:
    lab = Lab(FakeCard())
    with pytest.raises(PcscServiceError, match="no reader can be called"):
        lab.service.add_reader(name)


def test_cards_and_readers_that_do_not_fit() -> None:
    lab = Lab(FakeCard())
    with pytest.raises(PcscServiceError, match="a card is in Lab 0"):
        lab.service.insert("Lab 0", FakeCard())
    with pytest.raises(PcscServiceError, match="there is no reader 'Lab 1'; there are: Lab 0"):
        lab.service.remove("Lab 1")
    lab.service.remove("Lab 0")
    lab.service.remove("Lab 0")


@pytest.mark.parametrize(
    "request_bytes",
    [
        struct.pack("<II", 0, 0x03),  # no such request any more
        struct.pack("<II", 0, 0x18),
        struct.pack("<II", 4, 0x12) + bytes(4),
        struct.pack("<II", 8, 0x11) + bytes(8),
        struct.pack("<II", 0xFFFFFFFF, 0x0F),
        struct.pack("<II", 15, 0x10),
        struct.pack("<II", 32, 0x09) + struct.pack("<8I", 0, 1, 16, 65_549, 1, 16, 0, 0),
        struct.pack("<II", 24, 0x0A) + struct.pack("<6I", 0, 0, 0xFFFFFFFF, 0, 0, 0),
    ],
)
def test_what_is_no_request_is_told_before_its_body_comes(request_bytes: bytes) -> None:
    lab = Lab()
    with pytest.raises(WrongRequestError):
        lab.service.receive(lab.peer().client, request_bytes)
