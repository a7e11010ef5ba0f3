"""Commands under line protection: writes and reads with CLA 04, PIN unblock and reload (84 24), blocking.

MACs and cryptograms are those of openssl. Forms: facts native-card-os 5.1 (MAC over header, Lc and data, sealed data)
and hrss-card 4.5 (session key of the challenge, IV zero; the shapes of 84 24).
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsim.chip.layout import KeyType
from tests.unit.hrss import openssl
from tests.unit.hrss.desk import CHALLENGE, SSSE, VERIFY, Desk
from tests.unit.hrss.sheet import key

UK, PUK, RK, STK = (key(f"SSSE/{name}") for name in ("UK", "PUK", "RK", "STK"))
DF02_UK3 = key("DF02/UK3")
FORMS = tuple(product(("session", "challenge-iv"), (4, 8)))
each_form = pytest.mark.parametrize(("line_mac", "size"), FORMS, ids=[f"{line}, {size} bytes" for line, size in FORMS])
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


def tries(desk: Desk, name: str) -> int:
    """How many tries a line or lock key has left."""
    kind = {"SSSE/STK": KeyType.LINE, "SSSE/LK": KeyType.APPLICATION_LOCK, "SSSE/BK": KeyType.CARD_LOCK}[name]
    found = desk.card.context.directory.first_key(kind)
    assert found is not None
    return desk.memory.view[found.tries_offset] & 0x0F


# --- writes ---


@each_kind
@each_form
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_a_protected_write_is_taken(kind: Kind, line_mac: str, size: int, protection: str) -> None:
    desk = at_work(kind, write_protection=protection, line_mac=line_mac)
    command = desk.under(desk.challenge(size), f"04{kind.header}", kind.data, seal=protection == "cipher")
    assert desk.sw(command) == "9000"
    assert desk.do(kind.read) == kind.data
    assert tries(desk, "SSSE/STK") == 3
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
    """7 bytes and their length fill a block: some terminals pad it, some do not (facts native-card-os 5.1)."""
    kind = KINDS["UPDATE BINARY"]
    desk = at_work(kind, write_protection=protection)
    data = bytes.fromhex("A1A2A3A4A5A6A7")
    for padded in (b"\x07" + data, openssl.pad(b"\x07" + data)):
        line_key, iv = desk.line(desk.challenge())
        body = openssl.triple(line_key, padded) if protection == "cipher" else data
        start = bytes.fromhex("04D68700") + bytes((len(body) + 4,)) + body
        desk.do((start + openssl.mac(line_key, start, iv)).hex())
        assert desk.do("00B0870007") == data.hex().upper()


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
        changed = [new for old, new in zip(before, desk.contents, strict=True) if old != new]
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
@settings(deadline=None, max_examples=40)
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
    changed = [(old, new) for old, new in zip(before, desk.contents, strict=True) if old != new]
    assert changed in ([], [(0x33, 0x32)])


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
    assert received == openssl.mac(line_key, body, iv)
    assert (openssl.opened(line_key, body) if protection == "cipher" else body).hex().upper() == clear


def test_a_protected_read_is_no_key() -> None:
    desk = Desk(write_protection="mac")
    desk.enter("SSSE")
    assert desk.sw(desk.protected("04B08700") + "08") == "6982"
    assert tries(desk, "SSSE/STK") == 3


@pytest.mark.parametrize("makes_current", [True, False])
def test_the_answer_has_the_form_of_the_file_that_was_read(makes_current: bool) -> None:
    """Not of the one that happens to be current: EF1E can not be written, so it is never sealed."""
    desk = Desk(write_protection="cipher", sfi_makes_current=makes_current)
    desk.enter("SSSE")
    desk.do("00A4000002EF1E")
    clear = bytes.fromhex(desk.do("00B2033400"))
    challenge = desk.challenge()
    answer = bytes.fromhex(desk.do(desk.under(challenge, "04B20334") + "00"))
    assert openssl.opened(desk.line(challenge)[0], answer[:-4]) == clear
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
        assert answer[-4:] == openssl.mac(line_key, answer[:-4], iv)
        body = openssl.opened(line_key, answer[:-4]) if protection == "cipher" else answer[:-4]
        assert body == bytes(size)


def test_a_protected_read_carries_a_mac_and_nothing_else() -> None:
    desk = at_work(KINDS["UPDATE BINARY"])
    assert desk.sw(desk.protected("04B08700", "08") + "00") == "6700"


# --- PIN CHANGE/UNBLOCK, facts hrss-card 4.5 and terminal-interface 2.3 ---

WRONG_PIN = "0020000003999999"
QUERY = "00200000"


def blocked_pin(**settings: object) -> Desk:
    desk = Desk(**settings)
    desk.enter("SSSE")
    for left in (5, 4, 3, 2, 1, 0):
        assert desk.sw(WRONG_PIN) == f"63C{left}"
    assert desk.sw(VERIFY) == "6983"
    return desk


@each_form
@pytest.mark.parametrize("reselect", [False, True])
def test_unblocking_keeps_the_pin(line_mac: str, size: int, reselect: bool) -> None:
    """PUK, SELECT SSSE again as drivers do, GET CHALLENGE, 84 24 00 00 04 MAC."""
    desk = blocked_pin(line_mac=line_mac)
    assert desk.prove(PUK) == "9000"
    if reselect:
        desk.do(SSSE)
    command = desk.under(desk.challenge(size), "84240000")
    assert (command[:10], len(command)) == ("8424000004", 18)
    assert desk.sw(command) == "9000"
    assert desk.sw(QUERY) == "63C6"
    assert desk.sw(VERIFY) == "9000"


@each_form
@pytest.mark.parametrize("blocked", [False, True])
def test_reloading_sets_the_pin(line_mac: str, size: int, blocked: bool) -> None:
    """84 24 00 01 0C C8 MAC4: C8 is 03, the PIN and 80 000000 enciphered, the MAC runs over header and C8."""
    desk = blocked_pin(line_mac=line_mac) if blocked else Desk(line_mac=line_mac)
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    desk.do(SSSE)
    line_key, iv = desk.line(desk.challenge(size))
    start = bytes.fromhex("842400010C") + openssl.triple(line_key, bytes.fromhex("0365432180000000"))
    assert desk.sw((start + openssl.mac(line_key, start, iv)).hex()) == "9000"
    desk.power_cycle()
    desk.enter("SSSE")
    assert [desk.sw(VERIFY), desk.sw("0020000003654321")] == ["63C5", "9000"]


def test_the_mac_of_unblocking_runs_over_five_bytes() -> None:
    """CBC-MAC with IV 00 over 8424000004 80 0000 (facts hrss-card 4.5), spelled out: one block."""
    desk = blocked_pin()
    assert desk.prove(PUK) == "9000"
    session = openssl.triple(desk.key(STK), desk.challenge())
    assert desk.sw("8424000004" + openssl.triple(session, bytes.fromhex("8424000004800000")).hex()[:8]) == "9000"


@pytest.mark.parametrize("pin", ["1234", "12345F", "12345678", "123456789012"])
def test_pins_of_other_lengths_are_reloaded(pin: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240001", pin, seal=True)) == "9000"
    assert desk.sw(f"00200000{len(pin) // 2:02X}{pin}") == "9000"


@pytest.mark.parametrize("pin", ["12", "12345678901234", "12FF34", "1234FF"])
def test_pins_that_are_none_are_not_reloaded(pin: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    before = desk.contents
    assert desk.sw(desk.protected("84240001", pin, seal=True)) == "6A80"
    assert desk.contents == before


@pytest.mark.parametrize(("header", "data", "answer"), [("84240000", "A1", "6700"), ("84240001", "", "6988")])
def test_the_wrong_shape_costs_no_try(header: str, data: str, answer: str) -> None:
    """Data where none belongs, or no sealed PIN: the MAC is right, so STK pays nothing."""
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    before = desk.contents
    assert desk.sw(desk.protected(header, data)) == answer
    assert desk.contents == before


@pytest.mark.parametrize("header", ["84240000", "84240001"])
def test_the_puk_is_needed(header: str) -> None:
    """Neither the PIN itself nor another key stands in for it."""
    desk = Desk()
    desk.enter("SSSE")
    desk.do(VERIFY)
    assert [desk.prove(row) for row in (UK, RK)] == ["9000"] * 2
    before = desk.contents
    assert desk.sw(desk.protected(header, "654321" if header[-1] == "1" else "", seal=header[-1] == "1")) == "6982"
    assert desk.contents == before


def test_the_puk_is_kept_where_ssse_is_and_no_longer() -> None:
    desk = blocked_pin()
    assert desk.prove(PUK) == "9000"
    desk.do("00A4000002DF04")
    assert desk.sw(desk.protected("84240000")) == "9000"
    assert desk.sw(VERIFY) == "9000"
    desk.do("00A40000023F00", SSSE)
    assert desk.sw(desk.protected("84240000")) == "6982"


def test_a_card_that_forgets_on_reselection_can_not_be_unblocked_that_way() -> None:
    desk = blocked_pin(state_survives_reselect=False)
    assert desk.prove(PUK) == "9000"
    desk.do(SSSE)
    assert desk.sw(desk.protected("84240000")) == "6982"
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240000")) == "9000"


def test_a_pin_that_was_reloaded_is_not_verified() -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(PUK) == "9000"
    assert desk.sw(desk.protected("84240001", "654321", seal=True)) == "9000"
    assert desk.sw(QUERY) == "63C6"
    assert desk.sw("00B2016C00") == "6982"


# --- APPLICATION BLOCK, APPLICATION UNBLOCK, CARD BLOCK ---

BLOCK, FOR_EVER, UNBLOCK, CARD_BLOCK = "841E0000", "841E0001", "84180000", "84160000"
COMMANDS = {
    "READ RECORD": "00B2012C00",
    "READ BINARY": "00B0870008",
    "UPDATE RECORD": "00DC01340A" + "00" * 10,
    "VERIFY": VERIFY,
    "VERIFY, a question": QUERY,
    "CHANGE PIN": "805E010007123456FF654321",
    "INTERNAL AUTHENTICATE": "0088000010" + "00" * 16,
    "EXTERNAL AUTHENTICATE": "0082000A10" + "00" * 16,
    "PIN CHANGE/UNBLOCK": "842400000400000000",
    "APPLICATION BLOCK": "841E00000400000000",
    "CARD BLOCK": "841600000400000000",
}


def _blocked(command: str = BLOCK, directory: str = "SSSE", **settings: object) -> Desk:
    desk = Desk(**settings)
    desk.enter(directory)
    row = "SSSE/BK" if command == CARD_BLOCK else "SSSE/LK"
    assert desk.sw(desk.protected(command, row=row)) == "9000"
    return desk


@pytest.mark.parametrize("event", ["nothing", "power"])
@pytest.mark.parametrize("directory", ["SSSE", "DF01"])
def test_a_blocked_application_refuses_everything(event: str, directory: str) -> None:
    """6A81, also in its DFs and wherever it was blocked from; power does not open it (facts hrss-card 3)."""
    desk = _blocked(directory=directory)
    if event == "power":
        desk.power_cycle()
        assert desk.sw(SSSE) == "6A81"
    before = desk.contents
    for command in COMMANDS.values():
        desk.do(CHALLENGE)
        assert desk.sw(command) == "6A81"
    assert desk.sw("00A4000002DF01") == "6A81"
    assert desk.sw("00B2012C00") == "6A81"
    assert desk.contents == before


@each_form
def test_an_application_is_unblocked(line_mac: str, size: int) -> None:
    desk = _blocked(line_mac=line_mac)
    assert desk.sw(desk.under(desk.challenge(size), UNBLOCK, row="SSSE/LK")) == "9000"
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.sw(COMMANDS["READ RECORD"]) == "9000"


def test_unblocking_what_is_not_blocked_succeeds() -> None:
    """Facts native-card-os 4."""
    desk = Desk()
    desk.enter("SSSE")
    before = desk.contents
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"
    assert desk.contents == before


def test_three_wrong_macs_leave_the_application_blocked_for_good() -> None:
    desk = _blocked()
    for _ in range(3):
        desk.do(CHALLENGE)
        assert desk.sw(f"{UNBLOCK}0400000000") == "6988"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "6983"
    assert desk.sw(SSSE) == "6A81"


def test_blocked_for_ever_is_for_ever() -> None:
    desk = _blocked(FOR_EVER)
    before = desk.contents
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9303"
    desk.power_cycle()
    assert desk.sw(SSSE) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9303"
    assert desk.contents == before


def test_a_temporary_block_becomes_no_other_once_it_stands() -> None:
    """APPLICATION BLOCK is refused like everything else."""
    desk = _blocked()
    assert desk.sw(desk.protected(FOR_EVER, row="SSSE/LK")) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"


@pytest.mark.parametrize(("setting", "answer"), [("6A81", "6A81"), ("6283", "6283"), ("fci", "9000")])
def test_what_select_answers_for_a_blocked_application(setting: str, answer: str) -> None:
    """Whatever it says, the application is current, so that it can be unblocked (native-card-os 13)."""
    desk = _blocked(blocked_select=setting)
    desk.power_cycle()
    assert desk.sw(SSSE) == answer
    assert desk.sw(COMMANDS["READ RECORD"]) == "6A81"
    assert desk.sw(desk.protected(UNBLOCK, row="SSSE/LK")) == "9000"
    assert desk.send(SSSE) == "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000"


@pytest.mark.parametrize("event", ["nothing", "power"])
@pytest.mark.parametrize("directory", ["SSSE", "DF01"])
def test_a_blocked_card_answers_6a81_for_ever(event: str, directory: str) -> None:
    desk = _blocked(CARD_BLOCK, directory)
    if event == "power":
        desk.power_cycle()
    before = desk.contents
    others = (SSSE, "00A40000", "00A40000023F00", CHALLENGE, f"{UNBLOCK}0400000000")
    assert {desk.sw(command) for command in (*COMMANDS.values(), *others)} == {"6A81"}
    assert desk.contents == before


def test_blocking_needs_its_own_key() -> None:
    """Neither does LK block the card nor BK the application."""
    desk = Desk()
    desk.enter("SSSE")
    assert desk.sw(desk.protected(CARD_BLOCK, row="SSSE/LK")) == "6988"
    assert desk.sw(desk.protected(BLOCK, row="SSSE/BK")) == "6988"
    assert desk.sw(COMMANDS["READ RECORD"]) == "9000"
    assert [tries(desk, row) for row in ("SSSE/LK", "SSSE/BK", "SSSE/STK")] == [2, 2, 3]
