"""INTERNAL and EXTERNAL AUTHENTICATE on a whole card: every key, challenges, counters, versions, lifetimes.

Keys and cryptograms are those of openssl (facts hrss-card 4.1 to 4.3); what a key opens shows in reading and writing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cardsim.zones.hrss import HRSS
from cardsim.zones.layouts import L2
from tests.unit.hrss import openssl
from tests.unit.hrss.desk import CHALLENGE, SOURCE, SSSE, VERIFY, Desk, content, reading, writing
from tests.unit.hrss.sheet import DIRECTORIES, FILES, KEYS, FileRow, KeyRow, file, key

if TYPE_CHECKING:
    from collections.abc import Callable

EXTERNAL = [row for row in KEYS if row.use == "external"]
LOCAL = [row for row in EXTERNAL if row.local]
RK, UK, PUK = key("SSSE/RK"), key("SSSE/UK"), key("SSSE/PUK")
FINGERPRINT, BASIC, ISSUER = file("SSSE EF07"), file("SSSE EF06"), file("SSSE EF05")
each_external = pytest.mark.parametrize("row", EXTERNAL, ids=str)
each_local = pytest.mark.parametrize("row", LOCAL, ids=str)


def opened_by(row: KeyRow) -> FileRow | None:
    """A file of the key's directory that it opens for reading or writing; the PUK opens none."""
    candidates = [each for each in FILES if each.directory == row.directory and L2 in each.layouts]
    return next((each for each in candidates if row.reference in (each.read_key, each.write_key)), None)


def is_open(desk: Desk, row: KeyRow) -> bool:
    """Whether the card takes ``row`` as proved, as its file shows; the file's directory is current."""
    protected = opened_by(row)
    assert protected is not None
    if row.reference == protected.read_key:
        answer = desk.read(protected)[-4:]
    else:
        answer = desk.write(protected, content(protected, L2))
    assert answer in ("9000", "6982")
    return answer == "9000"


def test_the_sheet_has_every_key_that_is_declared() -> None:
    """So every test here that goes through the sheet's keys goes through all there are."""
    names = {"SSSE" if df is HRSS.application else f"{df.fid:04X}": df.keys for df in HRSS.application.walk()}
    declared = [
        (directory, each.name, each.reference, each.levels) for directory, keys in names.items() for each in keys
    ]
    assert sorted(declared) == sorted(row[:4] for row in KEYS)


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


@pytest.mark.parametrize("row", [row for row in KEYS if row.use != "external"], ids=str)
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
    expected = openssl.proof(desk.key(key("SSSE/IRK")), process, source).hex().upper()
    assert desk.do(f"0088000010{process.hex()}{source.hex()}") == expected


def test_the_answer_to_internal_authenticate_waits_under_t0() -> None:
    """61 08, then 00 C0 00 00 08 (facts hrss-card 4.3)."""
    desk = Desk()
    desk.enter("SSSE")
    expected = openssl.proof(desk.key(key("SSSE/IRK")), bytes(8), SOURCE)
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


# --- versions ---


def test_every_version_is_a_key_of_its_own() -> None:
    """Lc 11 with the version behind the data (facts hrss-card 4.1); one without it means the lowest."""
    desk = Desk(key_versions=[1, 2, 3])
    for version in (1, 2, 3):
        desk.power_cycle()
        desk.enter("SSSE")
        assert not is_open(desk, RK)
        assert desk.prove(RK, version) == "9000"
        assert is_open(desk, RK)
    desk.enter("SSSE")
    first = openssl.proof(desk.key(RK, 1), desk.challenge(), SOURCE)
    assert desk.sw(f"0082000A10{first.hex()}{SOURCE.hex()}") == "9000"
    second = openssl.proof(desk.key(RK, 2), desk.challenge(), SOURCE)
    assert desk.sw(f"0082000A10{second.hex()}{SOURCE.hex()}") == "63C2"


@pytest.mark.parametrize("version", [0, 4, 0xFF])
def test_versions_that_the_card_has_not(version: int) -> None:
    desk = Desk(key_versions=[1, 2, 3])
    desk.enter("SSSE")
    before = desk.contents
    assert desk.sw(f"0088000011{'00' * 16}{version:02X}") == "6A88"
    assert desk.prove(RK, version) == "6A88"
    assert desk.contents == before


def test_a_version_byte_selects_the_irk_too() -> None:
    desk = Desk(key_versions=[0, 1])
    desk.enter("SSSE")
    expected = [
        openssl.proof(desk.key(key("SSSE/IRK"), version), bytes(8), bytes(8)).hex().upper() for version in (0, 1)
    ]
    assert [desk.do(f"0088000011{'00' * 16}{version:02X}") for version in (0, 1)] == expected
    assert desk.do(f"0088000010{'00' * 16}") == expected[0]
    assert expected[0] != expected[1]


def test_every_version_has_a_counter_of_its_own() -> None:
    desk = Desk(key_versions=[0, 1])
    desk.enter("SSSE")
    assert [desk.fail(RK, 1) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert desk.fail(RK) == "63C2"
    assert desk.prove(RK, 0) == "9000"


# --- how long a proof holds ---


def _reselect_df(row: KeyRow) -> tuple[str, ...]:
    return (f"00A4000002{row.directory}",)


def _sibling_and_back(row: KeyRow) -> tuple[str, ...]:
    sibling = "DF02" if row.directory == "DF01" else "DF01"
    return f"00A4000002{sibling}", f"00A4000002{row.directory}"


def _ssse_and_back(row: KeyRow) -> tuple[str, ...]:
    return SSSE, f"00A4000002{row.directory}"


STAYS: dict[str, Callable[[KeyRow], tuple[str, ...]]] = {
    "SELECT EF": lambda _: ("00A4000002EF05",),
    "SELECT of the same DF": _reselect_df,
    "PIN": lambda _: (VERIFY,),
}
LEAVES: dict[str, Callable[[KeyRow], tuple[str, ...]]] = {
    "another DF and back": _sibling_and_back,
    "SSSE and back": _ssse_and_back,
    "MF and back": lambda row: ("00A40000023F00", *_ssse_and_back(row)),
}


@each_local
@pytest.mark.parametrize("moves", [*STAYS, *LEAVES])
def test_a_key_of_a_df_holds_until_the_df_is_left(row: KeyRow, moves: str) -> None:
    """P2 80 and above: keys of the current DF (facts hrss-card 4.1)."""
    desk = Desk()
    desk.enter(row.directory)
    assert desk.prove(row) == "9000"
    desk.do(*{**STAYS, **LEAVES}[moves](row))
    assert is_open(desk, row) == (moves in STAYS)


@each_local
def test_a_key_of_a_df_opens_no_other_df(row: KeyRow) -> None:
    """84 exists in five directories, and is another key in each."""
    desk = Desk()
    desk.enter(row.directory)
    assert desk.prove(row) == "9000"
    for other in ("DF01", "DF02", "DF03", "DF04", "DF07"):
        if other != row.directory:
            desk.do(f"00A4000002{other}")
            closed = [each for each in FILES if each.directory == other and L2 in each.layouts]
            assert {desk.read(each)[-4:] for each in closed if each.read != "free"} == {"6982"}
            assert {desk.write(each, content(each, L2)) for each in closed} == {"6982"}


def test_keys_of_ssse_hold_in_every_df_and_across_its_reselection() -> None:
    """Terminal-interface 2.3: drivers select SSSE again between a proof and its use."""
    desk = Desk()
    desk.enter("SSSE")
    assert [desk.prove(row) for row in (RK, UK)] == ["9000"] * 2
    for directory in ("DF01", "DF07", "DF06", "DF05"):
        desk.do(f"00A4000002{directory}")
    assert desk.read(file("DF05 EF05"))[-4:] == "9000"
    desk.do(SSSE, SSSE, "00A4000002DDF1")
    assert is_open(desk, RK)
    assert is_open(desk, UK)


@pytest.mark.parametrize("moves", [("00A40000023F00",), ("00A404000E315041592E5359532E4444463031",)])
def test_keys_of_ssse_are_forgotten_when_it_is_left(moves: tuple[str, ...]) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do(*moves, SSSE)
    assert not is_open(desk, RK)


@pytest.mark.parametrize("event", ["reset", "power"])
def test_a_reset_forgets_all_keys_and_the_challenge(event: str) -> None:
    desk = Desk()
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    challenge = desk.challenge()
    if event == "reset":
        desk.connection.reset()
    else:
        desk.power_cycle()
    desk.enter("SSSE")
    assert not is_open(desk, RK)
    assert desk.sw(desk.proof(RK, challenge)) == "6984"


@pytest.mark.parametrize(("survives", "state"), [(True, True), (False, False)])
@pytest.mark.parametrize("again", [SSSE, "00A4000002DDF1"])
def test_reselection_is_a_setting(survives: bool, state: bool, again: str) -> None:
    desk = Desk(state_survives_reselect=survives)
    desk.enter("SSSE")
    assert desk.prove(RK) == "9000"
    desk.do(again)
    assert is_open(desk, RK) == state


def test_reselection_of_a_df_then_drops_its_keys_alone() -> None:
    """And SSSE is selected again also from inside one of its DFs (native-card-os 3: returning to a parent)."""
    desk = Desk(state_survives_reselect=False)
    desk.enter("SSSE")
    assert [desk.prove(row) for row in (UK, RK)] == ["9000"] * 2
    desk.do("00A4000002DF05", "00A4000002DF05")
    assert desk.read(file("DF05 EF05"))[-4:] == "9000"
    desk.do("00A4000002DF01")
    assert desk.prove(key("DF01/UK1")) == "9000"
    desk.do("00A4000002DF01")
    assert not is_open(desk, key("DF01/UK1"))
    desk.do(SSSE)
    assert not is_open(desk, UK)


# --- the order of a kiosk, facts hrss-card 8 ---


def _update(number: int, row: FileRow, tag: str, value: str) -> str:
    return f"00DC{number:02X}{row.sfi << 3 | 4:02X}{len(value) // 2 + 2:02X}{tag}{len(value) // 2:02X}{value}"


def test_a_kiosk_reads_and_writes() -> None:
    """Four challenges, the first pair for the IRK, the last for RK with the third as source; two more for UK.

    EF06 is written behind 00 82 00 04, and EF05 then without another authentication.
    """
    desk = Desk()
    desk.enter("SSSE")
    sjs1, sjs2, sjs3, sjs4 = (desk.challenge() for _ in range(4))
    answer = desk.do(f"0088000010{sjs1.hex()}{sjs2.hex()}")
    assert answer == openssl.proof(desk.key(key("SSSE/IRK")), sjs1, sjs2).hex().upper()
    proof = openssl.proof(desk.key(RK), sjs4, sjs3)
    desk.do(f"0082000A10{proof.hex()}{sjs3.hex()}", "00A4000002EF05", "00B2070400")
    assert desk.read(FINGERPRINT)[-4:] == "9000"
    source, process = desk.challenge(), desk.challenge()
    proof = openssl.proof(desk.key(UK), process, source)
    desk.do(f"0082000410{proof.hex()}{source.hex()}", "00A4000002EF06")
    values = {1: ("08", "11" * 18), 2: ("09", "41" * 30), 4: ("0A", "32"), 5: ("0B", "02"), 7: ("0D", "19800102")}
    desk.do(*(_update(number, BASIC, tag, value) for number, (tag, value) in values.items()))
    desk.do("00A4000002EF05", _update(7, ISSUER, "07", "42" * 9))
    assert desk.do("00B2070400") == "0709" + "42" * 9
    assert desk.do(reading(BASIC)) == "0812" + "11" * 18
    desk.power_cycle()
    desk.enter("SSSE")
    assert desk.do("00B2073400") == "0D0419800102"
    assert desk.sw(f"{writing(ISSUER)}03010101") == "6982"
