from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from readers.serve.pcsclite.messages import Share
from tests.unit.readers.pcsclite.lab import (
    INSUFFICIENT_BUFFER,
    INVALID_PARAMETER,
    NO_SMARTCARD,
    PROTO_MISMATCH,
    REMOVED_CARD,
    SUCCESS,
    T0_ATR,
    UNSUPPORTED_FEATURE,
    FakeCard,
    Lab,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_COMMAND = bytes.fromhex("00A40000023F00")


def test_a_command_and_its_response() -> None:
    peer = Lab(FakeCard()).peer()
    assert peer.transmit(peer.handle(), _COMMAND) == (SUCCESS, _COMMAND + b"\x90\x00")


@pytest.mark.parametrize("command", [b"", b"\x00", b"\x04"])
def test_a_card_never_sees_less_than_two_bytes(command: bytes) -> None:
    card = FakeCard()
    peer = Lab(card).peer()
    assert peer.transmit(peer.handle(), command) == (INVALID_PARAMETER, b"")
    assert card.events == ["on"]


@pytest.mark.parametrize("size", [2, 4, 65_546])
def test_commands_up_to_the_longest_of_extended_length(size: int) -> None:
    peer = Lab(FakeCard()).peer()
    assert peer.transmit(peer.handle(), bytes(size)) == (SUCCESS, bytes(size) + b"\x90\x00")


def test_a_longest_command() -> None:
    class Quiet(FakeCard):
        def transmit(self, command: bytes) -> bytes:
            return len(command).to_bytes(4, "big") + b"\x90\x00"

    peer = Lab(Quiet()).peer()
    assert peer.transmit(peer.handle(), bytes(65_548)) == (SUCCESS, bytes.fromhex("0001000C9000"))


def test_commands_that_come_in_pieces() -> None:
    """However the stream is torn, the same answers come."""
    lab = Lab(FakeCard())
    peer = lab.peer()
    handle = peer.handle().to_bytes(4, "little")
    stream = bytes.fromhex("20000000 09000000") + handle
    stream += bytes.fromhex("01000000 10000000 07000000 01000000 10000000 00010000 00000000 00A40000023F00")
    whole = lab.service.receive(peer.client, stream * 2)
    assert len(whole) == 2 * (32 + 9)
    for size in (1, 3, 8, 40, 41, 47, 60):
        answers = b"".join(lab.service.receive(peer.client, (stream * 2)[at : at + size]) for at in range(0, 94, size))
        assert answers == whole
        assert peer.client.missing == 0


def test_how_much_is_missing() -> None:
    lab = Lab(FakeCard())
    peer = lab.peer()
    handle = peer.handle().to_bytes(4, "little")
    for piece, missing in (
        (bytes.fromhex("20000000"), 4),
        (bytes.fromhex("09000000"), 32),
        (handle + bytes.fromhex("01000000100000000700000001000000"), 12),
        (bytes.fromhex("10000000 00010000 00000000"), 7),
        (bytes.fromhex("00A4000002"), 2),
    ):
        assert lab.service.receive(peer.client, piece) == b""
        assert peer.client.missing == missing


def test_a_response_that_the_client_has_no_room_for() -> None:
    peer = Lab(FakeCard()).peer()
    handle = peer.handle()
    assert peer.transmit(handle, _COMMAND, space=9)[0] == SUCCESS
    assert peer.transmit(handle, _COMMAND, space=8) == (INSUFFICIENT_BUFFER, b"")
    assert peer.transmit(handle, _COMMAND, space=1) == (INSUFFICIENT_BUFFER, b"")


def test_the_protocol_of_a_command() -> None:
    peer = Lab(FakeCard()).peer()
    handle = peer.handle()
    assert peer.transmit(handle, _COMMAND, protocol=2) == (PROTO_MISMATCH, b"")
    assert peer.transmit(handle, _COMMAND, protocol=4)[0] == SUCCESS
    assert peer.transmit(handle, _COMMAND, protocol=0x1000)[0] == SUCCESS


@pytest.mark.parametrize("response", [b"\x90", bytes(65_549)])
def test_a_response_that_is_none(response: bytes) -> None:
    class Odd(FakeCard):
        def transmit(self, command: bytes) -> bytes:
            del command
            return response

    peer = Lab(Odd()).peer()
    assert peer.transmit(peer.handle(), _COMMAND) == (SUCCESS, b"\x6f\x00")


def test_a_card_that_is_pulled_while_it_works() -> None:
    class Torn(FakeCard):
        pull: Callable[[], None]

        def transmit(self, command: bytes) -> bytes:
            self.pull()
            return super().transmit(command)

    card = Torn()
    lab = Lab(card)
    card.pull = lambda: lab.service.remove("Lab 0")
    peer = lab.peer()
    handle = peer.handle()
    assert peer.transmit(handle, _COMMAND) == (REMOVED_CARD, b"")
    assert peer.record().state == 0x02
    assert lab.service.failures == []


class Failing(FakeCard):
    def __init__(self, when: str) -> None:
        super().__init__()
        self.when = when

    def _fail(self, now: str) -> None:
        if now == self.when:
            raise OSError(now)

    def power_on(self) -> bytes:
        self._fail("on")
        return super().power_on()

    def power_off(self) -> None:
        self._fail("off")

    def reset(self) -> bytes:
        self._fail("reset")
        return super().reset()

    def transmit(self, command: bytes) -> bytes:
        self._fail("transmit")
        return super().transmit(command)


@pytest.mark.parametrize("when", ["on", "off", "reset", "transmit"])
def test_a_card_that_raises_is_taken_out_and_nobody_else_notices(when: str) -> None:
    lab = Lab(Failing(when), FakeCard())
    peer, other = lab.peer(), lab.peer()
    fine = other.handle("Lab 1")
    if when == "on":
        assert peer.connect()[0] == NO_SMARTCARD
    else:
        handle = peer.handle()
        if when == "transmit":
            assert peer.transmit(handle, _COMMAND) == (REMOVED_CARD, b"")
        else:
            assert peer.reconnect(handle, 1 if when == "reset" else 2)[0] == NO_SMARTCARD
        assert peer.status(handle) == REMOVED_CARD
    assert peer.record().state == 0x02
    assert str(lab.service.failures[0]) == when
    assert other.transmit(fine, _COMMAND)[0] == SUCCESS


def test_control_codes() -> None:
    peer = Lab(FakeCard()).peer()
    handle = peer.handle(share=Share.SHARED)
    assert peer.control(handle, 0x42000D48) == (SUCCESS, bytes.fromhex("120442330012"))
    assert peer.control(handle, 0x42330012) == (SUCCESS, bytes.fromhex("0A0400000100"))
    assert peer.control(handle, 0x42330012, space=5) == (INSUFFICIENT_BUFFER, b"")
    assert peer.control(handle, 0x42000001, b"escape") == (UNSUPPORTED_FEATURE, b"")


@pytest.mark.parametrize(
    ("which", "value"),
    [
        (0x00010100, b"cardsim\0"),
        (0x00010101, b"Virtual reader\0"),
        (0x00010103, b"0000\0"),
        (0x7FFF0003, b"Lab 0\0"),
        (0x7FFF0004, b"Lab 0\0"),
        (0x7FFF0001, bytes(4)),
        (0x00080201, bytes.fromhex("01000000")),
        (0x00030120, bytes.fromhex("03000000")),
        (0x0007A007, bytes.fromhex("0C000100")),
        (0x00090300, b"\x02"),
        (0x00090301, b"\x01"),
        (0x00090304, b"\x01"),
        (0x00090303, T0_ATR),
    ],
)
def test_attributes(which: int, value: bytes) -> None:
    peer = Lab(FakeCard()).peer()
    handle = peer.handle()
    assert peer.attribute(handle, which) == (SUCCESS, value)
    assert peer.attribute(handle, which, len(value) - 1) == (INSUFFICIENT_BUFFER, len(value).to_bytes(4, "little"))


def test_attributes_without_a_card() -> None:
    lab = Lab()
    lab.service.add_reader("Lab 0")
    peer = lab.peer()
    handle = peer.handle(share=Share.DIRECT)
    assert peer.attribute(handle, 0x00090303)[0] == UNSUPPORTED_FEATURE
    assert peer.attribute(handle, 0x00090300) == (SUCCESS, b"\x00")
    assert peer.attribute(handle, 0x12345678)[0] == UNSUPPORTED_FEATURE


@pytest.mark.parametrize("room", [0, 7, 264, 65_548])
def test_attribute_requests_of_other_builds(room: int) -> None:
    """The room in the request is a matter of how pcsc-lite was built."""
    peer = Lab(FakeCard()).peer()
    handle = peer.handle()
    body = handle.to_bytes(4, "little") + bytes.fromhex("00010100") + bytes(room) + bytes.fromhex("0801000000000000")
    answer = peer.send(0x0F, body)
    assert len(answer) == len(body)
    assert answer[-4:] == (bytes.fromhex("08001080") if room < 8 else bytes(4))


def test_nothing_can_be_set() -> None:
    peer = Lab(FakeCard()).peer()
    body = peer.handle().to_bytes(4, "little") + bytes.fromhex("00010100") + bytes(264) + bytes(8)
    assert peer.send(0x10, body)[-4:] == UNSUPPORTED_FEATURE.to_bytes(4, "little")
