"""What a protected READ answers, and that the card has an answer to whatever stands behind a right MAC.

Cryptograms of expected answers by the openssl command.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.layout import KeyType, Protection
from cardsim.zones.access import Key
from keys.des import DES
from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.fault import AT_WORK
from tests.unit.chip.images import ONE, card, directory, file, key, keys

LINE = b"LINE KEY NUMBER1"
CHALLENGE = "0084000008"
READ_CIPHER_FILE = "04B090000463934C4C"  # challenge 11 x 8


def test_a_cipher_file_that_does_not_become_current_is_sealed_too() -> None:
    tree = bench("tree", sfi_makes_current=False)
    assert tree.run(*AT_WORK, READ_CIPHER_FILE) == "CAAF598509CF6671330972139D194094B3D68B5E9000"
    assert tree.here == "A001/EF05"


def test_at_most_255_bytes_are_sealed_at_a_time() -> None:
    """Their length stands in front in one byte; 256 and the MAC leave in two pieces."""
    large = file(0xEF10, bytes(300), protection=Protection.CIPHER)
    bench = Bench(card(directory(0xA001, b"APPLICATION ONE", keys(key(0x00, LINE, KeyType.LINE)), large)))
    bench.run(ONE, CHALLENGE)
    assert bench.t0(READ_CIPHER_FILE) == "6100"
    assert bench.t0("00C0000000") == "C64AAE1FD9B26257" + 31 * "DAFA0C4EBB6BB76F" + "6104"
    assert bench.t0("00C0000004") == "E19F72739000"


LOCKS = {0x1E: b"APPLICATION LOCK", 0x18: b"APPLICATION LOCK", 0x16: b"CARD LOCK KEY 01"}
INS = st.sampled_from([0xB0, 0xB2, 0xD6, 0xDC, 0xE2, 0x24, *LOCKS])
P1 = st.sampled_from([0, 1, 3, 0x22, 0x85, 0x87, 0x88, 0x8D, 0x90]) | st.integers(0, 0xFF)
P2 = st.sampled_from([0, 1, 4, 5, 0x28, 0x2C, 0x2D, 0x5C, 0x60, 0x63, 0x64]) | st.integers(0, 0xFF)
DATA = st.one_of(
    st.just(b""),
    st.sampled_from(["2202BBBB", "2203CCCCCC", "BBBB", "0200", "123456"]).map(bytes.fromhex),
    st.binary(max_size=20),
    st.integers(240, 400).map(bytes),
)
SIGNED = st.tuples(INS, P1, P2, DATA, st.booleans())


@settings(deadline=None, max_examples=200)
@given(st.lists(SIGNED, max_size=8), st.booleans())
def test_whatever_is_signed_is_answered(commands: list[tuple[int, int, int, bytes, bool]], current: bool) -> None:
    """The card is strict: a fault inside it would be raised."""
    tree = bench("tree", sfi_makes_current=current)
    tree.run(*AT_WORK)
    tree.grant(Key("0A"))
    for ins, p1, p2, data, sealed in commands:
        challenge = bytes.fromhex(tree.send(CHALLENGE))[:-2]
        if not challenge:  # the card is blocked
            break
        session = DES.session_key(LOCKS.get(ins, LINE), challenge)
        body = DES.seal(session, data) if sealed and len(data) < 240 else data
        size = len(body) + 4
        lc = bytes((size,)) if size < 256 else b"\x00" + size.to_bytes(2, "big")
        head = bytes((0x04 if ins >= 0xB0 else 0x84, ins, p1, p2)) + lc + body
        answer = tree.card.transmit(head + DES.mac(session, head)[:4])
        assert answer[-2] in (0x90, 0x67, 0x69, 0x6A, 0x6B, 0x93)
        assert answer[-2] == 0x90 or len(answer) == 2
        assert not tree.memory.dirty
