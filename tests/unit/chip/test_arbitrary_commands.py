"""Whatever bytes come: the card answers, with a status word, and raises nothing although it is strict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.commands import HRSS_COMMANDS
from tests.unit.chip.bench import Bench, bench
from tests.unit.chip.fault import AT_WORK
from tests.unit.chip.faults import EXAMPLES

BYTE = st.integers(0, 0xFF)
CLA = st.sampled_from([0x00, 0x00, 0x00, 0x80, 0x04, 0x84, 0x10, 0x03, 0xFF])
INS = st.sampled_from([0xC0, *(spec.ins for spec in HRSS_COMMANDS.by_code.values())])
P = st.sampled_from([0, 0, 1, 2, 3, 4, 5, 8, 9, 0x0C, 0x2C, 0x28, 0x2D, 0x81, 0x87, 0xFF]) | BYTE
FID = st.sampled_from(["3F00", "A001", "A002", "DF01", "DF02", "D101", "EF05", "EF07", "EF80", "0003"]).map(
    bytes.fromhex
)
PIN = st.sampled_from(["123456", "654321", "123456FF654321", "654321FF123456", "4321"]).map(bytes.fromhex)
DATA = st.one_of(FID, PIN, st.just(b"APPLICATION ONE"), st.lists(FID, max_size=4).map(b"".join), st.binary(max_size=20))
LE = st.sampled_from([b"", b"\x00", b"\x04", b"\x08", b"\x10", b"\xff", b"\x00\x00", b"\x00\x00\x00", b"\x00\x01\x00"])


FIELD = DATA.map(lambda data: bytes((len(data),)) + data) | st.just(b"")
SHAPED = st.tuples(st.tuples(CLA, INS, P, P).map(bytes), FIELD, LE).map(b"".join)
ALTERED = st.builds(
    lambda example, place, byte: example[: place % len(example)] + bytes((byte,)) + example[place % len(example) + 1 :],
    st.sampled_from([bytes.fromhex(example.command) for example in EXAMPLES.values()]),
    BYTE,
    BYTE,
)
KNOWN = st.sampled_from([bytes.fromhex(command) for command in AT_WORK])
COMMAND = st.one_of(SHAPED, SHAPED, ALTERED, KNOWN, st.binary(max_size=300))


def _is_answer(answer: bytes) -> bool:
    """Data and a status word 6xxx or 9xxx; 60 is a procedure byte, never SW1 (ISO/IEC 7816-3, 10.3.3)."""
    return len(answer) >= 2 and answer[-2] >> 4 in (6, 9) and answer[-2] != 0x60


@pytest.mark.parametrize("name", ["tree", "gen2"])
@settings(deadline=None, max_examples=150)
@given(commands=st.lists(COMMAND, min_size=1, max_size=12))
def test_any_bytes_are_answered(name: str, commands: list[bytes]) -> None:
    whole, t0 = bench(name), bench(name)
    for command in commands:
        assert _is_answer(whole.card.transmit(command))
        answer = t0.port.transmit(command)
        assert _is_answer(answer)
        assert len(answer) <= 256 + 2
        assert not t0.memory.dirty


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_every_first_byte_of_a_command_that_is_none(tree: Bench, size: int) -> None:
    for first in range(256):
        command = bytes((first,) * size)
        assert tree.card.transmit(command) == b"\x67\x00"
        assert tree.port.transmit(command) == b"\x67\x00"


def test_every_class_and_instruction_without_data(tree: Bench) -> None:
    for cla in range(256):
        for ins in range(256):
            assert _is_answer(tree.port.transmit(bytes((cla, ins, 0, 0))))


def test_every_p1_p2_of_the_reading_commands(tree: Bench) -> None:
    """Nothing protected leaves the card, whichever way it is addressed."""
    tree.run(AT_WORK[0])
    secret = tree.memory.view[tree.image.index(bytes.fromhex("123456FFFFFFFFFF")) :][:8].tobytes()
    for ins in (0xB2, 0xB0):
        for p1 in range(256):
            for p2 in range(256):
                answer = tree.card.transmit(bytes((0, ins, p1, p2, 0)))
                assert _is_answer(answer)
                assert secret not in answer
