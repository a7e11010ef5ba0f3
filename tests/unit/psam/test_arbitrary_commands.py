"""Whatever a PSAM is sent, it answers with a status word of its own, and gives no key away."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.commands import PSAM_COMMANDS
from cardsim.zones.psam import COUNTER
from tests.unit.hrss.openssl import DES, SM4
from tests.unit.psam.modules import DES_DEBIT, DF01, DF02, ENCIPHER, RK, SM4_DEBIT, STK, UK, psam

ROOTS = tuple(suite.root(name) for suite in (DES, SM4) for name in ("HRSS/SSSE/RK", "HRSS/SSSE/STK", "HRSS/DF04/DPK"))
RIGHT = st.sampled_from([bytes.fromhex(text) for text in (DF01, DF02, RK, UK, STK, ENCIPHER, DES_DEBIT, SM4_DEBIT)])
CODES = st.sampled_from([(code >> 8, code & 0xFF) for code in PSAM_COMMANDS.by_code])
OWN = st.builds(
    lambda code, p1, p2, data, le: bytes((*code, p1, p2)) + (bytes((len(data),)) + data if data else b"") + le,
    CODES,
    st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=60),
    st.binary(max_size=1),
)
FLIPPED = st.builds(
    lambda command, place, bit: bytes(
        byte ^ (bit if place % len(command) == index else 0) for index, byte in enumerate(command)
    ),
    RIGHT,
    st.integers(0, 255),
    st.sampled_from([1 << bit for bit in range(8)]),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.one_of(RIGHT, OWN, FLIPPED, st.binary(max_size=20)), min_size=1, max_size=12))
def test_any_commands(commands: list[bytes]) -> None:
    module = psam()
    numbers = []
    for command in commands:
        answer = module.card.transmit(command)
        assert 2 <= len(answer) <= 258
        assert answer[-2:] != b"\x6f\x00"
        assert not any(root in answer for root in ROOTS)
        if command[1:2] == b"\x70" and answer.endswith(b"\x90\x00"):
            numbers.append((module.card.context.directory.fid, answer[:4]))
    assert len(set(numbers)) == len(numbers)
    for directory in module.card.context.files.mf.children:
        counter = directory.by_sfi[COUNTER.fid & 0x1F]
        given_out = sum(fid == directory.fid for fid, _ in numbers)
        assert int.from_bytes(module.memory.read(counter.offset + 11, 4), "big") == given_out
