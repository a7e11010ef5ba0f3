"""ERASE DF in a finished ruled directory: under the rule that sealing gave it, and under no other."""

from __future__ import annotations

import pytest

from tests.unit.native.cards import DES, Native, macced

MF = "80E03F000D38FFFFF0F0FF" + "FF" * 7
NAME = b"ZONE.ONE".hex()
DF = "80E0DF011038" + "0200F0F0FFFFFF" + NAME
INTO = "00A4000002DF01"
KEY, OTHER = "0102030405060708090A0B0C0D0E0F10", "FF" * 16
FILE = "80E0EF0507280010F001FFFF"
PARTS = (
    "80E0EF82073E0000F00000FF",  # the HRSS zone's commands, on both interfaces
    "80E0EF80073F0030F0EFFFFF",
    f"80D4000018390400FF33000010{KEY}",  # three tries
    f"80D4000018390600FF33000010{OTHER}",
    "80E0EF810A3D0003F0EFFFFF020204",  # rule 1: key 04
    FILE,
)
SOURCE = "1122334455667788"
ERASE = "800E0000"


def card(seal: str = "80E080000101") -> Native:
    made = Native(4096, native_dialect="extended")
    for command in (MF, DF, INTO, *PARTS, *([seal] if seal else [])):
        assert made.send(command).endswith("9000"), (command, made.card.last_refusal)
    made.card.reset()
    assert made.send(INTO).endswith("9000")
    return made


def prove(made: Native, number: str = "04", key: str = KEY) -> str:
    """EXTERNAL AUTHENTICATE of the HRSS zone."""
    challenge = bytes.fromhex(made.send("0084000008")[:16])
    return made.send(f"008200{number}10{DES.proof(bytes.fromhex(key), challenge, bytes.fromhex(SOURCE)).hex()}{SOURCE}")


def test_its_own_rule_opens_it_and_wipes_it_whole() -> None:
    made = card()
    assert made.send(ERASE) == "6982"
    assert prove(made) == "9000"
    assert made.send(ERASE) == "9000"
    memory = bytes(made.card.memory.view)
    assert bytes.fromhex(KEY) not in memory
    # The MF, the directory's header as CREATE FILE made it, its name; all else is erased.
    assert memory.rstrip(b"\x00")[11 + 11 :] == bytes.fromhex(NAME)


def test_a_challenge_lives_as_the_directory_s_kind_wants() -> None:
    """Of a native directory one that is no longer the last command's is gone, also where it was ruled a moment ago."""
    made = card()
    assert prove(made) == "9000"
    assert made.send(ERASE) == "9000"
    assert made.run("80E00000073F0100F0F0FFFF", "80D401000D36F0F0FF330102030405060708", "80E0000107A80004F0F0FFFF") == (
        "9000"
    )
    challenge = made.fetch(4)
    assert made.send("00B0810004").endswith("6281")
    assert made.send(macced("K8", "04D6810008AABBCCDD", challenge)) == "6984"


NATIVE_KEYS = ("80E00000073F0200F0F0FFFF", f"80D401001539F0F0AA33{KEY}", "80D401000A3AEFF00133123456FFFF")


@pytest.mark.parametrize("rule", ["0200", "0100"])
def test_a_rule_that_names_a_key_of_the_native_mf_is_never_satisfied(rule: str) -> None:
    """What that key opens is a state of the MF; to a rule it is a key that is not there."""
    made = Native(4096, native_dialect="extended")
    keys, file = "80E0EF80073F0030F0EFFFFF", "80E0EF050728001001F0FFFF"
    rules = f"80E0EF810A3D0003F0EFFFFF02{rule}"
    for command in (MF, *NATIVE_KEYS, DF, INTO, keys, rules, file, "80E080000101"):
        assert made.send(command).endswith("9000"), (command, made.card.last_refusal)
    made.card.reset()
    assert made.send(INTO).endswith("9000")
    assert made.send("00B0850004") == "6982"
    assert made.send(ERASE) == "6982"
    before = bytes(made.memory.view)
    assert made.send("0020000003123456") == "6A88"
    assert prove(made, "00") == "6A88"
    assert bytes(made.memory.view) == before


@pytest.mark.parametrize("how", ["nothing", "another key", "a wrong proof", "selected again"])
def test_nothing_else_does(how: str) -> None:
    made = card()
    if how == "another key":
        assert prove(made, "06", OTHER) == "9000"
    elif how == "a wrong proof":
        assert prove(made, "04", OTHER) == "63C2"
    elif how == "selected again":
        assert prove(made) == "9000"
        assert made.send("00A40000023F00").endswith("9000")
        assert made.send(INTO).endswith("9000")
    before = bytes(made.card.memory.view)
    assert made.send(ERASE) == "6982"
    assert bytes(made.card.memory.view) == before
    assert made.send("00B0850000") == "00" * 16 + "9000"


def test_what_is_sealed_without_a_rule_has_no_such_command() -> None:
    made = card("80E08000")
    assert prove(made) == "9000"
    assert made.send(ERASE) == "6D00"


def test_what_is_not_sealed_is_erased_by_anybody() -> None:
    made = card("")
    assert made.send(ERASE) == "9000"
    assert bytes.fromhex(KEY) not in bytes(made.card.memory.view)


def test_it_is_made_again_in_what_is_left_also_after_a_reset_in_between() -> None:
    made = card()
    finished = bytes(made.card.memory.view)
    prove(made)
    assert made.send(ERASE) == "9000"
    for command in (*PARTS, "80E080000101"):
        made.card.reset()
        assert made.send(INTO).endswith("9000")
        assert made.send(command) == "9000", (command, made.card.last_refusal)
    assert bytes(made.card.memory.view) == finished


def test_other_native_commands_stay_away() -> None:
    made = card()
    assert prove(made) == "9000"
    for command in (FILE.replace("EF05", "EF06"), f"80D4000018390900FF33000010{KEY}", "80E080000101"):
        assert made.send(command) == "6D00"


@pytest.mark.parametrize(
    ("seal", "status"), [("80E080000102", "6A80"), ("80E080000100", "6A80"), ("80E08000020101", "6A80")]
)
def test_a_seal_names_a_rule_that_there_is(seal: str, status: str) -> None:
    made = card("")
    assert made.send(seal) == status
    assert made.send("80E080000101") == "9000"


def test_a_form_of_erasing_that_is_none() -> None:
    made = card()
    prove(made)
    assert made.send("800E0001") == "6A86"
    assert made.send("800E00000100") == "6700"


def test_a_blocked_one_is_not_erased() -> None:
    made = card()
    memory = bytearray(made.card.memory.view)
    header = 11 + 9  # the state in the directory's header
    memory[header] = 1
    memory[header + 1] = (sum(memory[11 : 11 + 10]) ^ 0xA5) & 0xFF
    blocked = Native(bytes(memory), native_dialect="extended")
    blocked.send(INTO)
    assert blocked.send(ERASE) == "6A81"
