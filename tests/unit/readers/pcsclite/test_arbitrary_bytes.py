"""Whatever a client sends: no crash, no hang, bounded memory, and the other clients do not notice."""

from __future__ import annotations

import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readers.errors import WrongRequestError
from tests.unit.readers.pcsclite.lab import BOTH_ATR, RESET_CARD, SUCCESS, FakeCard, Lab, Peer

_COMMAND = bytes.fromhex("00A40000023F00")
_BODIES = dict(
    zip(
        (1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 16, 17, 18, 19, 20, 21, 22, 23),
        (12, 8, 152, 24, 12, 8, 12, 32, 24, 8, 8, 280, 280, 12, 0, 0, 0, 0, 0, 0),
        strict=True,
    )
)
# Numbers that mean something somewhere: small ones, the first contexts and handles, limits.
_numbers = st.one_of(
    st.integers(0, 9), st.integers(0x01000000, 0x01000010), st.sampled_from((264, 65_548, 65_549, 0xFFFFFFFF, 0x1000))
)


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    """A request of the right length with fields that may be anything."""
    command = draw(st.sampled_from(sorted(_BODIES)))
    size = _BODIES[command]
    fields = draw(st.lists(_numbers, min_size=size // 4, max_size=size // 4))
    body = bytearray(struct.pack(f"<{size // 4}I", *fields))
    if command == 0x04:
        body[4:132] = draw(st.sampled_from((b"Lab 0", b"Lab 1", b"", b"\xff" * 128))).ljust(128, b"\0")
    payload = b""
    if command in (0x09, 0x0A):
        at = 12 if command == 0x09 else 8
        payload = draw(st.binary(max_size=12))
        body[at : at + 4] = struct.pack("<I", len(payload))
    return struct.pack("<II", size, command) + bytes(body) + payload


_streams = st.lists(st.one_of(_requests(), _requests(), st.binary(max_size=40)), max_size=25)


def _feed(lab: Lab, peer: Peer, stream: bytes, size: int) -> bool:
    """Send a stream in pieces, as the server would; ``False`` when the client was thrown out."""
    for at in range(0, len(stream), size):
        try:
            answer = lab.service.receive(peer.client, stream[at : at + size])
            while peer.client.pending and not (peer.client.missing or peer.client.blocked):
                answer = lab.service.receive(peer.client, b"")
        except WrongRequestError:
            peer.die()
            return False
        assert len(answer) < 0x10000 + 65_548 + 2944
        assert len(peer.client.pending) <= 65_548 * 2 + 64
        lab.deliver()
        if peer.client.blocked:
            break
    return True


@given(_streams, st.integers(1, 400))
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_others_are_unharmed(stream: list[bytes], size: int) -> None:
    lab = Lab(FakeCard(BOTH_ATR), FakeCard())
    witness, rogue = lab.peer(), lab.peer()
    handle = witness.handle("Lab 1")
    alive = _feed(lab, rogue, b"".join(stream), size)
    code = witness.status(handle)
    while code not in (SUCCESS, RESET_CARD):  # the rogue holds the lock, which is its right, until it dies
        assert alive
        rogue.die()
        alive = False
        code = witness.status(handle)
    assert witness.reconnect(handle)[0] == SUCCESS
    assert witness.transmit(handle, _COMMAND) == (SUCCESS, _COMMAND + b"\x90\x00")
    assert lab.service.failures == []
    if alive:
        rogue.die()
    witness.die()
    assert lab.service.contexts == {}
    assert lab.service.watching == {}
    for reader in lab.service.readers.values():
        assert (reader.handles, reader.holder, reader.exclusive, len(reader.waiters)) == ({}, None, False, 0)


@given(st.lists(st.tuples(st.integers(0, 3), _requests()), max_size=60))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_four_rogues_at_once(steps: list[tuple[int, bytes]]) -> None:
    """Locks, waits and deaths in any order leave nothing behind, and nobody waits for a lock that is free."""
    lab = Lab(FakeCard(BOTH_ATR), FakeCard())
    peers = [lab.peer() for _ in range(4)]
    for number, request in steps:
        if request[4] == 0x02 and request[8] & 1:  # instead of some releases: death
            peers[number].die()
            peers[number] = lab.peer()
        elif not peers[number].client.blocked and not _feed(lab, peers[number], request, len(request)):
            peers[number] = lab.peer()
        for reader in lab.service.readers.values():
            assert reader.holder is None or reader.holder.number in reader.handles
            assert reader.holder or not reader.waiters
            for waiter in reader.waiters:
                assert waiter.client.blocked
    for peer in peers:
        peer.die()
    for reader in lab.service.readers.values():
        assert (reader.handles, reader.holder, reader.exclusive, len(reader.waiters)) == ({}, None, False, 0)
    while lab.service.idle:
        lab.service.tick()


def test_answers_are_made_no_faster_than_they_are_taken() -> None:
    """A client that asks for much and reads nothing costs little."""
    lab = Lab(FakeCard())
    peer = lab.peer()
    asked = struct.pack("<II", 0, 0x12) * 500
    answer = lab.service.receive(peer.client, asked)
    assert 0x10000 < len(answer) <= 0x10000 + 2944
    answers = 0
    while answer:
        answers += len(answer)
        answer = lab.service.receive(peer.client, b"")
    assert answers == 500 * 2944
