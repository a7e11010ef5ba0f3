"""Private keys, PINs and keys leave the card by no command, in no state."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.commands import HRSS_COMMANDS, PKI_COMMANDS
from cardsim.chip.layout import FileType
from tests.unit.chip import faults_pki as rows
from tests.unit.chip.faults_pki_keys import KEY_FAULTS
from tests.unit.pki.lab import PkiBench

WINDOW = 8
EVERYTHING = (*rows.WITH_MK, rows.SESSION_KEY)
"""Both PINs verified, the master key authenticated, a session key and a challenge at hand."""
PRIVATE = ("0013", "0015")


def secrets_of(card: PkiBench) -> set[bytes]:
    """Every window of 8 bytes of every private key, PIN and key on the card."""
    values = []
    for directory in card.card.context.files.directories:
        private = (file for file in directory.files if file.header.type is FileType.PRIVATE_KEY)
        values += [card.memory.read(file.body + 2, file.size - 2) for file in private]
        for versions in directory.keys.values():
            values += [card.memory.read(key.value, key.value_size) for key in versions.values()]
    windows = {value[place : place + WINDOW] for value in values for place in range(len(value) - WINDOW + 1)}
    return {window for window in windows if len(set(window)) > 2}


def gives_away(card: PkiBench, answer: bytes) -> bool:
    found = {answer[place : place + WINDOW] for place in range(len(answer) - WINDOW + 1)}
    return not found.isdisjoint(secrets_of(card))


def ready(steps: tuple[str, ...], **settings_: object) -> PkiBench:
    card = PkiBench(**settings_)
    for step in steps:
        assert card.send(step)[-4:] == "9000", step
    return card


def test_the_judge_sees_what_it_should() -> None:
    card = ready(EVERYTHING)
    assert len(secrets_of(card)) > 2 * 25 + 3 * 9
    for secret in (card.file("0013")[5:20], card.file("0015")[2:10], b"xTEST MASTER KEY1"):
        assert gives_away(card, secret + b"\x90\x00")
    assert not gives_away(card, card.file("0012") + card.file("0018"))


FIDS = st.sampled_from(
    ["0012", "0013", "0014", "0015", "0018", "0019", "DF01", "DDF2", "DDF1", "3F00", "EF80", "EF81", "EF82", "EF0E"]
).map(bytes.fromhex)
SPECS = sorted({(spec.cla, spec.ins) for table in (PKI_COMMANDS, HRSS_COMMANDS) for spec in table.by_code.values()})
P1P2 = st.sampled_from(
    [
        bytes.fromhex(pair)
        for pair in [
            "0000",
            "0001",
            "0100",
            "0181",
            "0103",
            "8200",
            "8280",
            "4000",
            "C001",
            "0210",
            "9E9A",
            "8086",
            "8680",
            "0400",
            "0081",
        ]
    ]
) | st.binary(min_size=2, max_size=2)
TAG = st.sampled_from([0xC0, 0xC1, 0xC2, 0xCA, 0xCB])
OBJECT = st.builds(
    lambda tag, value: bytes((tag, len(value))) + value,
    TAG,
    st.one_of(
        FIDS,
        st.binary(max_size=34),
        st.sampled_from([16, 32, 64, 112]).flatmap(lambda n: st.binary(min_size=n, max_size=n)),
    ),
)
DATA = st.one_of(
    FIDS,
    st.lists(FIDS, max_size=4).map(b"".join),
    st.lists(OBJECT, max_size=3).map(b"".join),
    st.binary(max_size=40),
    st.just(bytes.fromhex("53532E434552542E41444631")),
)
FIELD = DATA.map(lambda data: bytes((len(data),)) + data if 0 < len(data) < 256 else b"")
LE = st.sampled_from([b"", b"\x00", b"\x08", b"\x10", b"\x22", b"\x42"])
SHAPED = st.tuples(st.sampled_from(SPECS).map(bytes), P1P2, FIELD, LE).map(b"".join)
KNOWN = st.sampled_from(
    [
        *(
            bytes.fromhex(example.command)
            for name, example in rows.EXAMPLES.items()
            if name not in ("IMPORT KEY", "HASH")
        ),
        # Of the PIN itself HASH gives the key that the card keeps, to whoever knows the PIN (G7).
        bytes.fromhex("80C4010305C103ABCDEF"),
        bytes.fromhex(rows.CHALLENGE),
        *(bytes.fromhex(f"00A4000002{fid}") for fid in PRIVATE),
        *(bytes.fromhex(f"00A4080006DDF2DF01{fid}") for fid in PRIVATE),
        *(bytes.fromhex(f"00B0{offset}00") for offset in ("0000", "0001", "0010", "9300", "9500", "9310")),
        *(bytes.fromhex(f"00B2{p1p2}00") for p1p2 in ("0104", "0105", "CB00", "019C", "01AC")),
        bytes.fromhex(rows.DDF),
        bytes.fromhex(rows.ADF),
        bytes.fromhex("00C0000000"),
    ]
)
ALTERED = st.builds(
    lambda command, place, byte: command[: place % len(command)] + bytes((byte,)) + command[place % len(command) + 1 :],
    KNOWN,
    st.integers(0, 200),
    st.integers(0, 255),
)


@settings(deadline=None, max_examples=150)
@given(commands=st.lists(st.one_of(SHAPED, KNOWN, KNOWN, ALTERED), min_size=1, max_size=12), t0=st.booleans())
def test_no_stream_of_commands_gets_a_secret(commands: list[bytes], *, t0: bool) -> None:
    card = ready(EVERYTHING)
    port = card.port if t0 else card.card
    for command in commands:
        before = secrets_of(card)
        answer = port.transmit(command)
        assert not gives_away(card, answer), command.hex()
        found = {answer[place : place + WINDOW] for place in range(len(answer) - WINDOW + 1)}
        assert found.isdisjoint(before), command.hex()


STATES = {
    "nothing": rows.HERE,
    "user PIN": rows.BY_USER,
    "administrator PIN": rows.BY_ADMIN,
    "both": rows.AT_WORK,
    "everything": EVERYTHING,
    "everything, key generated": (*EVERYTHING, rows.GENERATE),
    "everything, key imported": (*EVERYTHING, rows.IMPORT_PUBLIC, rows.IMPORT_PRIVATE),
}


@pytest.mark.parametrize("fid", PRIVATE)
@pytest.mark.parametrize("steps", STATES.values(), ids=STATES)
def test_reading_a_private_key_is_refused_in_every_state(fid: str, steps: tuple[str, ...]) -> None:
    card = ready(steps)
    sfi = int(fid, 16) & 0x1F
    by_sfi = [f"00B0{0x80 | sfi:02X}{offset:02X}{le}" for offset in (0, 2, 33, 34, 255) for le in ("00", "22")]
    for select in (f"00A4000002{fid}", f"00A4020002{fid}", f"00A4080006DDF2DF01{fid}", f"00A4090002{fid}"):
        assert card.send(select) == "9000"
        for offset, le in itertools.product((0, 1, 2, 33, 34, 0x7FFF), ("00", "01", "20", "22", "FF")):
            assert card.send(f"00B0{offset:04X}{le}") == "6982"
        assert {card.send(f"{cla}B0000004{'00' * 4}") for cla in ("00", "04", "80", "84")} <= {"6882", "6E00", "6700"}
    assert {card.send(command) for command in by_sfi} == {"6982"}


@pytest.mark.parametrize("steps", [EVERYTHING], ids=["everything"])
def test_every_p1_p2_of_reading_gives_no_secret(steps: tuple[str, ...]) -> None:
    card = ready(steps)
    secrets = secrets_of(card)
    for ins, p1, p2 in itertools.product((0xB0, 0xB2), range(256), (0, 1, 2, 4, 5, 0x10, 0x9C, 0xAC, 0xFF)):
        answer = card.card.transmit(bytes((0, ins, p1, p2, 0)))
        assert secrets.isdisjoint(answer[place : place + WINDOW] for place in range(len(answer) - WINDOW + 1))


def test_no_file_but_the_declared_ones_can_be_selected() -> None:
    """Key and rule files are none of them."""
    card = ready(EVERYTHING)
    found = set()
    for fid in range(0x10000):
        if fid in (0x3F00, 0xDDF1, 0xDDF2, 0xDF01):
            continue
        if card.send(f"00A4000002{fid:04X}") == "9000":
            found.add(fid)
    assert found == {0x0012, 0x0013, 0x0014, 0x0015, 0x0018, 0x0019}


def test_no_reason_of_a_refusal_repeats_a_secret() -> None:
    card = ready(EVERYTHING)
    for fault in (*rows.FAULTS, *KEY_FAULTS):
        card.send(fault.command)
        refusal = card.card.last_refusal
        text = "" if refusal is None else str(refusal).replace(" ", "").lower()
        assert not any(secret.hex() in text for secret in secrets_of(card))
