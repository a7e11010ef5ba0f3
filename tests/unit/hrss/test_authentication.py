"""INTERNAL and EXTERNAL AUTHENTICATE on a whole card: every key, challenges, counters.

Keys and cryptograms are those of openssl (facts hrss-card 4.1 to 4.3); what a key opens shows in reading and writing.
"""

from __future__ import annotations

import pytest

from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import EVERY
from tests.unit.hrss.desk import CHALLENGE, SOURCE, SSSE, VERIFY, Desk, is_open, opened_by
from tests.unit.hrss.sheet import DIRECTORIES, KEYS, KeyRow, file, key

pytestmark = pytest.mark.usefixtures("usual_layout")
EXTERNAL = [row for row in KEYS if row.use == "external" and row.layouts is EVERY]
RK, UK = key("SSSE/RK"), key("SSSE/UK")
FINGERPRINT = file("SSSE EF07")
each_external = pytest.mark.parametrize("row", EXTERNAL, ids=str)


def test_the_sheet_has_every_key_that_is_declared() -> None:
    """So every test here that goes through the sheet's keys goes through all there are."""
    names = {"SSSE" if df is HRSS.application else f"{df.fid:04X}": df.keys for df in HRSS.application.walk()}
    declared = [
        (directory, each.name, each.reference, each.levels, each.layouts.value)
        for directory, keys in names.items()
        for each in keys
    ]
    assert sorted(declared) == sorted((*row[:4], row.layouts.value) for row in KEYS)


# --- every key ---


@each_external
def test_external_authenticate_with_every_key(row: KeyRow) -> None:
    desk = Desk()
    desk.enter(row.directory)
    if opened_by(row):
        assert not is_open(desk, row)
    assert desk.prove(row) == "9000"
    if opened_by(row):
        assert is_open(desk, row)


@each_external
def test_internal_authenticate_with_none_of_them(row: KeyRow) -> None:
    desk = Desk()
    desk.enter(row.directory)
    assert desk.sw(f"008800{row.reference:02X}10{'00' * 16}") == "6A88"


@pytest.mark.parametrize("row", [row for row in KEYS if row.use != "external" and row.layouts is EVERY], ids=str)
def test_external_authenticate_with_no_other_key(row: KeyRow) -> None:
    """IRK, STK and the locks have numbers that this command does not know, however right the proof."""
    desk = Desk()
    desk.enter(row.directory)
    before = desk.contents
    assert desk.prove(row) == "6A88"
    assert desk.contents == before


@pytest.mark.parametrize("directory", DIRECTORIES)
def test_internal_authenticate_with_the_irk_from_every_directory(directory: str) -> None:
    desk = Desk()
    desk.enter(directory)
    process, source = bytes.fromhex("456FE02E253F817D"), bytes.fromhex("A39FC0BF44CAEA80")
    expected = desk.suite.proof(desk.key(key("SSSE/IRK")), process, source).hex().upper()
    assert desk.do(f"0088000010{process.hex()}{source.hex()}") == expected


def test_the_answer_to_internal_authenticate_waits_under_t0() -> None:
    """61 08, then 00 C0 00 00 08 (facts hrss-card 4.3)."""
    desk = Desk()
    desk.enter("SSSE")
    expected = desk.suite.proof(desk.key(key("SSSE/IRK")), bytes(8), SOURCE)
    assert desk.port.transmit(bytes.fromhex("0088000010") + bytes(8) + SOURCE) == b"\x61\x08"
    assert desk.port.transmit(bytes.fromhex("00C0000008")) == expected + b"\x90\x00"


def test_internal_authenticate_opens_nothing() -> None:
    desk = Desk()
    desk.enter("SSSE")
    desk.do(f"0088000010{'00' * 16}")
    assert [desk.read(row)[-4:] for row in (FINGERPRINT, file("SSSE EF0D"))] == ["6982"] * 2


# --- the challenge ---

BETWEEN = {
    "SELECT EF": "00A4000002EF06",
    "SELECT SSSE": SSSE,
    "SELECT DF": "00A4000002DF01",
    "READ RECORD": "00B2012C00",
    "READ BINARY, refused": "00B0870008",
    "INTERNAL AUTHENTICATE": "0088000010" + "00" * 16,
    "VERIFY": VERIFY,
    "VERIFY, wrong": "0020000003999999",
    "UPDATE RECORD, refused": "00DC012C0101",
    "unknown command": "00FF0000",
}


@pytest.mark.parametrize("between", BETWEEN.values(), ids=BETWEEN)
@pytest.mark.parametrize(("lifetime", "answer"), [("until used", "9000"), ("next command", "6984")])
def test_what_a_challenge_survives(between: str, lifetime: str, answer: str) -> None:
    """Facts hrss-card 8: recorded clients do these between; FMCOS, native-card-os 4, allows nothing."""
    desk = Desk(challenge_lifetime=lifetime)
    desk.enter("SSSE")
    challenge = desk.challenge()
    desk.send(between)
    assert desk.sw(desk.proof(RK, challenge)) == answer


def test_get_response_is_no_command_between() -> None:
    """It belongs to the command before it, also where only the next command may use the challenge."""
    desk = Desk(challenge_lifetime="next command")
    desk.enter("SSSE")
    challenge = desk.challenge()
    assert desk.port.transmit(bytes.fromhex("00C0000008")) == b"\x69\x85"
    assert desk.sw(desk.proof(RK, challenge)) == "9000"


def test_a_right_proof_uses_the_challenge_up() -> None:
    desk = Desk()
    desk.enter("SSSE")
    challenge = desk.challenge()
    assert [desk.sw(desk.proof(row, challenge)) for row in (RK, RK, UK)] == ["9000", "6984", "6984"]


def test_a_wrong_proof_uses_the_challenge_up_too() -> None:
    desk = Desk()
    desk.enter("SSSE")
    challenge = desk.challenge()
    assert desk.sw("0082000A10" + "00" * 16) == "63C2"
    assert desk.sw(desk.proof(RK, challenge)) == "6984"
    assert not is_open(desk, RK)


def test_a_proof_for_an_earlier_challenge_is_stale() -> None:
    """R8 is the challenge obtained last (facts hrss-card 4.3)."""
    desk = Desk()
    desk.enter("SSSE")
    first, _ = desk.challenge(), desk.challenge()
    assert desk.sw(desk.proof(RK, first)) == "63C2"
    assert not is_open(desk, RK)


def test_a_proof_that_was_right_once_is_wrong_later() -> None:
    desk = Desk()
    desk.enter("SSSE")
    recorded = desk.proof(RK, desk.challenge())
    assert desk.sw(recorded) == "9000"
    desk.enter("SSSE")
    desk.do(CHALLENGE)
    assert desk.sw(recorded) == "63C2"
    desk.connection.reset()
    desk.enter("SSSE")
    assert desk.sw(recorded) == "6984"
    desk.do(CHALLENGE)
    assert desk.sw(recorded) == "63C1"


def test_a_proof_of_one_key_proves_no_other() -> None:
    desk = Desk()
    desk.enter("SSSE")
    proof_of_uk = desk.proof(UK, desk.challenge())
    assert desk.sw(f"0082000A{proof_of_uk[8:]}") == "63C2"


def test_four_bytes_are_too_few_for_a_proof() -> None:
    desk = Desk()
    desk.enter("SSSE")
    before = desk.contents
    challenge = desk.challenge(4).ljust(8, b"\x00")
    assert desk.sw(desk.proof(RK, challenge)) == "6984"
    assert desk.contents == before


def test_without_a_challenge_there_is_nothing_to_prove() -> None:
    desk = Desk()
    desk.enter("SSSE")
    before = desk.contents
    assert desk.sw(desk.proof(RK, bytes(8))) == "6984"
    assert desk.contents == before


# --- error counters ---


@each_external
def test_three_wrong_proofs_block_every_key_for_ever(row: KeyRow) -> None:
    """63C2, 63C1, 63C0, then 6983, power cycles between; no other key pays (terminal-interface 3.2)."""
    desk = Desk()
    answers = []
    for _ in range(4):
        desk.enter(row.directory)
        answers.append(desk.fail(row))
        desk.power_cycle()
    desk.enter(row.directory)
    assert [*answers, desk.prove(row)] == ["63C2", "63C1", "63C0", "6983", "6983"]
    if opened_by(row):
        assert not is_open(desk, row)
    other = RK if row.local or row is UK else UK
    assert desk.fail(other) == "63C2"


@each_external
def test_a_right_proof_restores_the_tries_of_every_key(row: KeyRow) -> None:
    desk = Desk()
    desk.enter(row.directory)
    assert [desk.fail(row), desk.fail(row), desk.prove(row)] == ["63C2", "63C1", "9000"]
    assert [desk.fail(row), desk.fail(row), desk.fail(row), desk.fail(row)] == ["63C2", "63C1", "63C0", "6983"]


@pytest.mark.parametrize("limit", [1, 2, 15])
def test_the_limit_is_a_setting(limit: int) -> None:
    desk = Desk(key_limit=limit)
    desk.enter("SSSE")
    answers = [desk.fail(RK) for _ in range(limit + 1)]
    assert answers == [*(f"63C{left:X}" for left in range(limit - 1, -1, -1)), "6983"]


def test_a_wrong_proof_takes_back_no_right_one() -> None:
    """Failure never changes state (facts native-card-os 3)."""
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    assert desk.fail(RK) == "63C2"
    assert is_open(desk, RK)
