"""Commands under line protection: writes and reads with CLA 04, and what every command with a MAC has in common.

MACs and cryptograms are those of openssl. Forms: facts native-card-os 5.1 (MAC over header, Lc and data, sealed data)
and hrss-card 4.5 (session key of the challenge, IV zero; the shapes of 84 24).
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.hrss.desk import CHALLENGE, VERIFY, Desk, changes
from tests.unit.hrss.forms import each_form
from tests.unit.hrss.sheet import key

pytestmark = pytest.mark.usefixtures("usual_layout")
UK, PUK, RK, STK = (key(f"SSSE/{name}") for name in ("UK", "PUK", "RK", "STK"))
DF02_UK3 = key("DF02/UK3")
PROTECTIONS = ("none", "mac", "cipher")


class Kind(NamedTuple):
    """A write: directory and key, INS P1 P2, the data, and how to read what was written."""

    directory: str
    opens: str
    header: str
    data: str
    read: str


RECORD = "55" * 7 + "20240101" + "20241231" + "41" * 0x46
KINDS = {
    "UPDATE RECORD by number": Kind("SSSE", "SSSE/UK", "DC0134", "0812" + "31" * 18, "00B2013400"),
    "UPDATE RECORD by tag": Kind("SSSE", "SSSE/UK", "DC0A30", "0A0132", "00B20A3000"),
    "UPDATE RECORD, cyclic": Kind("DF02", "DF02/UK3", "DC013C", RECORD, "00B2013C00"),
    "UPDATE RECORD 00 03, cyclic": Kind("DF02", "DF02/UK3", "DC003B", RECORD, "00B2013C00"),
    "APPEND RECORD, cyclic": Kind("DF02", "DF02/UK3", "E2003C", RECORD, "00B2013C00"),
    "UPDATE BINARY": Kind("SSSE", "SSSE/UK", "D68710", "00112233445566778899", "00B087100A"),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def at_work(kind: Kind, **settings: object) -> Desk:
    """A card whose file may be written, and read back."""
    desk = Desk(**settings)
    desk.enter(kind.directory)
    desk.do(VERIFY)
    for row in (key(kind.opens), RK):
        assert desk.prove(row) == "9000"
    return desk


# --- writes ---


@each_kind
@each_form
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_a_protected_write_is_taken(kind: Kind, line_mac: str, size: int, protection: str) -> None:
    desk = at_work(kind, write_protection=protection, line_mac=line_mac)
    command = desk.under(desk.challenge(size), f"04{kind.header}", kind.data, seal=protection == "cipher")
    assert desk.sw(command) == "9000"
    assert desk.do(kind.read) == kind.data
    assert desk.tries["SSSE/STK"] == 3
    assert desk.sw(command) == "6984"


@each_kind
@pytest.mark.parametrize(("protection", "answer"), [("none", "9000"), ("mac", "6987"), ("cipher", "6987")])
def test_a_write_in_clear(kind: Kind, protection: str, answer: str) -> None:
    """Facts native-card-os 5.1: a protected file that is written without secure messaging, 6987."""
    desk = at_work(kind, write_protection=protection)
    before = desk.contents
    assert desk.sw(f"00{kind.header}{len(kind.data) // 2:02X}{kind.data}") == answer
    assert (desk.contents == before) == (answer != "9000")


@each_kind
def test_the_wrong_kind_of_protection(kind: Kind) -> None:
    """What a file that wants a cipher gets in clear makes no sense to it; a right MAC costs no try all the same."""
    desk = at_work(kind, write_protection="cipher")
    before = desk.contents
    assert desk.sw(desk.protected(f"04{kind.header}", kind.data)) in ("6988", "6700")
    assert desk.contents == before
    desk = at_work(kind, write_protection="mac")
    before = desk.contents
    if kind.header[:2] != "D6":  # a file of plain bytes takes the cryptogram for what it should hold
        assert desk.sw(desk.protected(f"04{kind.header}", kind.data, seal=True)) == "6700"
        assert desk.contents == before


@each_kind
def test_a_mac_is_no_key(kind: Kind) -> None:
    """The update key is asked for first; the challenge and the tries of STK are not touched."""
    desk = Desk(write_protection="mac")
    desk.enter(kind.directory)
    before = desk.contents
    command = desk.protected(f"04{kind.header}", kind.data)
    assert desk.sw(command) == "6982"
    assert desk.contents == before
    assert desk.card.context.challenge != b""


@pytest.mark.parametrize("protection", ["mac", "cipher"])
def test_aligned_data_may_be_padded_or_not(protection: str) -> None:
    """7 (SM4: 15) bytes and their length fill a block: some terminals pad it, some do not (native-card-os 5.1)."""
    kind = KINDS["UPDATE BINARY"]
    desk = at_work(kind, write_protection=protection)
    size = desk.suite.block - 1
    data = bytes(range(0xA1, 0xA1 + size))
    plain = bytes((size,)) + data
    for padded in (plain, desk.suite.pad(plain)):
        line_key, iv = desk.line(desk.challenge())
        body = desk.suite.ecb(line_key, padded) if protection == "cipher" else data
        start = bytes.fromhex("04D68700") + bytes((len(body) + 4,)) + body
        desk.do((start + desk.suite.mac(line_key, start, iv)).hex())
        assert desk.do(f"00B08700{size:02X}") == data.hex().upper()


# --- the MAC ---


class Signed(NamedTuple):
    """A command that carries a MAC: directory, header, data, and the key of the MAC."""

    directory: str
    header: str
    data: str = ""
    signer: str = "SSSE/STK"


SIGNED = {
    "UPDATE RECORD": Signed("SSSE", "04DC0134", "0812" + "31" * 18),
    "UPDATE BINARY": Signed("SSSE", "04D68700", "00"),
    "APPEND RECORD": Signed("DF02", "04E2003C", RECORD),
    "READ RECORD": Signed("SSSE", "04B20134"),
    "READ BINARY": Signed("SSSE", "04B08700"),
    "PIN CHANGE/UNBLOCK": Signed("SSSE", "84240000"),
    "APPLICATION BLOCK": Signed("SSSE", "841E0000", signer="SSSE/LK"),
    "APPLICATION UNBLOCK": Signed("SSSE", "84180000", signer="SSSE/LK"),
    "CARD BLOCK": Signed("SSSE", "84160000", signer="SSSE/BK"),
}
each_signed = pytest.mark.parametrize("command", SIGNED.values(), ids=SIGNED)


def unlocked(desk: Desk, directory: str) -> None:
    """Prove all that any of these commands needs besides its MAC."""
    desk.enter(directory)
    for row in (DF02_UK3,) if directory == "DF02" else (UK, PUK, RK):
        assert desk.prove(row) == "9000"


def signed(desk: Desk, command: Signed) -> str:
    return desk.protected(command.header, command.data, row=command.signer)


@pytest.mark.parametrize(("wrong_mac", "answer"), [(0x6988, "6988"), (0x9302, "9302")])
@each_signed
def test_a_wrong_mac(command: Signed, wrong_mac: int, answer: str) -> None:
    """Three of them, counted over power cycles, block the key; nothing else changes."""
    desk = Desk(wrong_mac=wrong_mac)
    answers = []
    for left in (2, 1, 0, 0):
        desk.power_cycle()
        unlocked(desk, command.directory)
        right = signed(desk, command)
        before = desk.contents
        answers.append(desk.sw(right[:-1] + f"{int(right[-1], 16) ^ 1:X}"))
        changed = [new for _, new in changes(before, desk.contents)]
        assert changed == ([0x30 | left] if answers[-1] == answer else [])
        assert desk.sw(right) == "6984"
    assert answers == [answer, answer, answer, "6983"]
    assert desk.sw(signed(desk, command)) == "6983"


@each_signed
def test_a_mac_for_another_challenge_or_under_another_key(command: Signed) -> None:
    desk = Desk()
    unlocked(desk, command.directory)
    stale = signed(desk, command)
    desk.do(CHALLENGE)
    assert desk.sw(stale) == "6988"
    other = "SSSE/LK" if command.signer == "SSSE/STK" else "SSSE/STK"
    assert desk.sw(signed(desk, command._replace(signer=other))) == "6988"
    assert desk.sw(signed(desk, command)) == "9000"


@pytest.mark.parametrize("data", ["", "00", "000000"])
def test_no_room_for_a_mac(data: str) -> None:
    kind = KINDS["UPDATE BINARY"]
    desk = at_work(kind)
    desk.do(CHALLENGE)
    before = desk.contents
    assert desk.sw(f"04D68700{len(data) // 2:02X}{data}" if data else "04D68700") == "6987"
    assert desk.contents == before


@each_form
@pytest.mark.parametrize("protection", ["mac", "cipher"])
@pytest.mark.parametrize("name", ["UPDATE RECORD by number", "UPDATE RECORD, cyclic", "UPDATE BINARY"])
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.sets(st.integers(0, 8 * 120 - 1), min_size=1, max_size=3))
def test_the_mac_covers_every_bit(name: str, protection: str, line_mac: str, size: int, flips: set[int]) -> None:
    """Header, Lc, data and the MAC itself: whatever bits fall over, nothing is written."""
    desk = at_work(KINDS[name], write_protection=protection, line_mac=line_mac)
    kind = KINDS[name]
    right = desk.under(desk.challenge(size), f"04{kind.header}", kind.data, seal=protection == "cipher")
    command = bytearray.fromhex(right)
    for flip in {flip % (8 * len(command)) for flip in flips}:
        command[flip // 8] ^= 0x80 >> flip % 8
    before = desk.contents
    answer = desk.sw(command.hex())
    assert answer[0] in "69"
    assert answer not in ("9000", "6F00")
    assert changes(before, desk.contents) in ([], [(0x33, 0x32)])


@pytest.mark.parametrize("name", ["UPDATE RECORD by tag", "UPDATE BINARY"])
def test_every_single_bit_of_a_command(name: str) -> None:
    kind = KINDS[name]
    size = 5 + len(kind.data) // 2 + 4
    for flip in range(8 * size):
        desk = at_work(kind, write_protection="mac")
        command = bytearray.fromhex(desk.protected(f"04{kind.header}", kind.data))
        command[flip // 8] ^= 0x80 >> flip % 8
        before = desk.do(kind.read)
        assert desk.sw(command.hex())[0] == "6", command.hex()
        assert desk.do(kind.read) == before


# --- reads ---


@each_form
@pytest.mark.parametrize("protection", PROTECTIONS)
@pytest.mark.parametrize("name", KINDS)
def test_a_protected_read(name: str, line_mac: str, size: int, protection: str) -> None:
    """Data and a MAC over it; data sealed where writes are; the same line as the command's (native-card-os 5.1)."""
    kind = KINDS[name]
    desk = at_work(kind, write_protection=protection, line_mac=line_mac)
    clear = desk.do(kind.read)
    challenge = desk.challenge(size)
    line_key, iv = desk.line(challenge)
    answer = bytes.fromhex(desk.do(desk.under(challenge, "04" + kind.read[2:8]) + kind.read[-2:]))
    body, received = answer[:-4], answer[-4:]
    assert received == desk.suite.mac(line_key, body, iv)
    assert (desk.suite.opened(line_key, body) if protection == "cipher" else body).hex().upper() == clear


def test_a_protected_read_is_no_key() -> None:
    desk = Desk(write_protection="mac")
    desk.enter("SSSE")
    assert desk.sw(desk.protected("04B08700") + "08") == "6982"
    assert desk.tries["SSSE/STK"] == 3


@pytest.mark.parametrize("makes_current", [True, False])
def test_the_answer_has_the_form_of_the_file_that_was_read(makes_current: bool) -> None:
    """Not of the one that happens to be current: EF1E can not be written, so it is never sealed."""
    desk = Desk(write_protection="cipher", sfi_makes_current=makes_current)
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do("00A4000002EF1E")
    clear = bytes.fromhex(desk.do("00B2033400"))
    challenge = desk.challenge()
    answer = bytes.fromhex(desk.do(desk.under(challenge, "04B20334") + "00"))
    assert desk.suite.opened(desk.line(challenge)[0], answer[:-4]) == clear
    desk.do("00A4000002EF06")
    clear = bytes.fromhex(desk.do("00B201F400"))
    answer = bytes.fromhex(desk.do(desk.protected("04B201F4") + "00"))
    assert answer[:-4] == clear


def test_the_longest_answers() -> None:
    """In clear 256 bytes and a MAC; sealed 255, as the length in front has one byte."""
    for protection, size in (("mac", 256), ("cipher", 255)):
        desk = at_work(KINDS["UPDATE BINARY"], write_protection=protection)
        challenge = desk.challenge()
        line_key, iv = desk.line(challenge)
        answer = bytes.fromhex(desk.do(desk.under(challenge, "04B08700") + "00"))
        assert answer[-4:] == desk.suite.mac(line_key, answer[:-4], iv)
        body = desk.suite.opened(line_key, answer[:-4]) if protection == "cipher" else answer[:-4]
        assert body == bytes(size)


def test_a_protected_read_carries_a_mac_and_nothing_else() -> None:
    desk = at_work(KINDS["UPDATE BINARY"])
    assert desk.sw(desk.protected("04B08700", "08") + "00") == "6700"
