from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Case, Command, CommandError

BYTE = st.integers(0, 0xFF)
SELECT_SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF"  # facts hrss-card 9, G1


@st.composite
def commands(draw: st.DrawFn) -> Command:
    cla, ins, p1, p2 = (draw(BYTE) for _ in range(4))
    data = draw(st.binary(max_size=400))
    limit = 0xFFFF if len(data) > 0xFF or draw(st.booleans()) else 0xFF
    le = draw(st.none() | st.integers(0, limit))
    # Without data and Le there is no length, so nothing on the wire tells the extended form from the short one.
    extended = limit == 0xFFFF and (bool(data) or le is not None)
    return Command(cla, ins, p1, p2, data, le, extended)


@given(commands())
def test_round_trip(command: Command) -> None:
    assert Command.parse(command.encode()) == command


@pytest.mark.parametrize(
    ("wire", "command", "case"),
    [
        ("00A40000", Command(0, 0xA4, 0, 0), Case.NO_DATA),
        ("0084000010", Command(0, 0x84, 0, 0, le=16), Case.DATA_OUT),
        ("00B2012812", Command(0, 0xB2, 1, 0x28, le=18), Case.DATA_OUT),
        ("0020000003666666", Command(0, 0x20, 0, 0, b"\x66\x66\x66"), Case.DATA_IN),
        (SELECT_SSSE, Command(0, 0xA4, 4, 0, bytes.fromhex(SELECT_SSSE)[5:]), Case.DATA_IN),
        ("80C4010305C1031234560F", Command(0x80, 0xC4, 1, 3, bytes.fromhex("C103123456"), 15), Case.DATA_IN_OUT),
        ("00B0000000FFFF", Command(0, 0xB0, 0, 0, le=0xFFFF, extended=True), Case.DATA_OUT),
        ("00D600000000021122", Command(0, 0xD6, 0, 0, b"\x11\x22", extended=True), Case.DATA_IN),
        ("00D6000000000211220000", Command(0, 0xD6, 0, 0, b"\x11\x22", 0, extended=True), Case.DATA_IN_OUT),
    ],
)
def test_published_and_standard_forms(wire: str, command: Command, case: Case) -> None:
    assert Command.parse(bytes.fromhex(wire)) == command
    assert command.encode() == bytes.fromhex(wire)
    assert command.case is case
    assert command.case.sends_data == bool(command.data)


def test_absent_le_and_00_and_256_are_three_things() -> None:
    absent, everything, exactly = (Command(0, 0xB2, 1, 5, le=le, extended=le == 256) for le in (None, 0, 256))
    assert [command.encode().hex() for command in (absent, everything, exactly)] == [
        "00b20105",
        "00b2010500",
        "00b20105000100",
    ]
    assert [command.ne for command in (absent, everything, exactly)] == [0, 256, 256]
    assert [Command.parse(command.encode()).le for command in (absent, everything, exactly)] == [None, 0, 256]


def test_five_bytes_with_p3_00_ask_for_everything() -> None:
    command = Command.parse(bytes.fromhex("00A4000000"))  # facts hrss-card 3: how a PSAM's MF is selected
    assert (command.case, command.data, command.le, command.extended) == (Case.DATA_OUT, b"", 0, False)


def test_extended_le_0000_means_65536() -> None:
    assert Command.parse(bytes.fromhex("00B00000000000")).ne == 65_536


def test_header_is_the_first_four_bytes() -> None:
    assert Command(0x80, 0x50, 1, 2, b"\x01").header == bytes.fromhex("80500102")


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        ("", "at least 4 bytes"),
        ("00A404", "these are 3"),
        ("00A4000002EF", "Lc says 2 data bytes, but 1 bytes follow"),
        ("00A4000002EF050000", "Lc says 2 data bytes, but 4 bytes follow"),
        ("00A400000000", "one byte follows P3=00"),
        ("00A4000000000000", "Lc says 0 data bytes, but 1 bytes follow"),
        ("00D60000000003AABB", "Lc says 3 data bytes, but 2 bytes follow"),
        ("00D60000000001AABB", "Lc says 1 data bytes, but 2 bytes follow"),
    ],
)
def test_lengths_that_do_not_add_up_are_refused(wire: str, message: str) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        Command.parse(bytes.fromhex(wire))
    assert caught.value.text.zh != caught.value.text.en


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (Command(0x100, 0, 0, 0), "CLA is 256"),
        (Command(0, -1, 0, 0), "INS is -1"),
        (Command(0, 0, 256, 0), "P1 is 256"),
        (Command(0, 0, 0, 256), "P2 is 256"),
        (Command(0, 0, 0, 0, bytes(256)), "a short command carries at most 255"),
        (Command(0, 0, 0, 0, bytes(65_536), extended=True), "an extended command carries at most 65535"),
        (Command(0, 0, 0, 0, le=256), "Le is 256"),
        (Command(0, 0, 0, 0, le=-1), "Le is -1"),
        (Command(0, 0, 0, 0, le=65_536, extended=True), "Le is 65536"),
    ],
)
def test_fields_that_do_not_fit_are_refused(command: Command, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        command.encode()
