"""A purse that native commands made, after the published script of facts native-card-os 1.4 (a), without its photo."""

from __future__ import annotations

import pytest

from cardsim.profiles import GEN2, Profile
from tests.unit.purse.demo import AID, BLOG
from tests.unit.purse.lab import Lab

BLANK = GEN2.override({"blank": True, "memory_size": 8_192})
SELECT = f"00A4040009{AID.hex()}"
VERIFY = "002000000312345F"
LOAD_KEY = f"80D40101153FF0020001{BLOG}"


def script(key_file: str) -> tuple[str, ...]:
    return (
        "80E03F000D38FFFFF0F001" + "FF" * 7,
        "80E00000073F005001F0FFFF",
        "80D401001539F0F0AA33" + "39" * 16,
        f"80E03F011138036FF0F095FFFF{AID.hex()}",
        SELECT,
        f"80E00000073F018F95F0{key_file}",
        f"80D401001534F0020001{BLOG}",
        "80D401001536F002FF33" + "36" * 16,
        f"80D40101153EF0020001{BLOG}",
        LOAD_KEY,
        "80D401000D3AF0EF013312345FFFFFFFFFFF",
        "80E00018072E0A17F1EFFFFF",
        "80E00001072F0208F100FF18",
        "80E00002072F0208F000FF18",
    )


def issued(key_file: str = "FFFF", profile: Profile = BLANK) -> Lab:
    card = Lab(bytes(8_192), profile, ("C903814D", "584633C9"), selected=False)
    assert card.run(*script(key_file), SELECT)[-4:] == "9000"
    return card


def test_the_published_transactions() -> None:
    card = issued()
    assert card.run(VERIFY, "805000020B010000200000112233445510") == "0000000000000001C903814D03976C229000"
    assert card.send("805200000B201612161058008AFA5718") == "FA00066D9000"
    assert card.send("805001020B01000000010011223344550F") == "0000200000000000000001584633C99000"
    assert card.send("805401000F0000000020161216134600D45737C508") == "8AF270DC66B54A6B9000"
    assert card.send("805C000204") == "00001FFF9000"
    assert card.send("805A0006020001") == "66B54A6B8AF270DC9000"
    assert card.send("805A0002020001") == "9406"  # in 22 bytes there is one proof
    assert card.send("00B201C417") == "00000000000000000106001122334455201612161346009000"
    assert card.send("00B202C417") == "00000000000000200002001122334455201612161058009000"
    assert card.send("00B203C417") == "6A83"


def test_rights_are_those_of_purse_and_key() -> None:
    card = issued()
    assert card.send("805C000104") == "6982"
    assert card.send("805000020B0100002000001122334455") == "6982"
    assert card.run(VERIFY, "805C000104") == "000000009000"
    assert card.run(SELECT, "805000020B0100002000001122334455") == "6982"


@pytest.mark.parametrize(
    "opening",
    [
        "805000010B01000000010011223344550F",
        "805001010B01000000010011223344550F",
        "805002010B01000000010011223344550F",
        "80500401070100112233445513",
        "805005010B010000000100112233445510",
    ],
    ids=["load", "purchase", "cash", "overdraft", "unload"],
)
def test_the_passbook_opens_nothing_without_its_pin(opening: str) -> None:
    card = issued("BFFA")
    assert card.send(opening) == "6982"
    assert card.run(VERIFY, opening)[-4:] != "6982"


@pytest.mark.parametrize(("right", "answer"), [("F0", "9000"), ("EF", "6982"), ("22", "6982")])
def test_what_the_cache_may_write(right: str, answer: str) -> None:
    """Files whose update right is satisfied, but never the log, whatever its right says."""
    card = Lab(bytes(8_192), BLANK, ("584633C9",), selected=False)
    log = "80E00018072E0A17F1EFFFFF"
    files = ("80E00018072E0A17F1F0FFFF", f"80E0001E072E0310F0{right}FFFF")
    card.run(*(more for step in script("BFFA") for more in (files if step == log else (step,))), SELECT)
    assert card.send("805003020B01000000000011223344550F")[-4:] == "9000"
    assert card.send("80DC00C017" + "01" * 23) == "6982"
    assert card.send("80DC00F010" + "02" * 16) == answer


def test_of_two_tac_keys_the_first_is_taken() -> None:
    card = Lab(bytes(8_192), BLANK, ("C903814D",), selected=False)
    first = f"80D401001534F0020001{BLOG}"
    others = (f"80D401021534F0020001{'34' * 16}", first, f"80D401011534F0020001{'43' * 16}")
    card.run(*(more for step in script("BFFA") for more in (others if step == first else (step,))), SELECT)
    card.run("805000020B010000200000112233445510")
    assert card.send("805200000B201612161058008AFA5718") == "FA00066D9000"


def test_a_key_file_that_needs_no_pin_for_loads() -> None:
    """Facts native-card-os 1.4 (b): "loading then needs no PIN"."""
    card = issued("BFFA")
    assert card.send("805000020B0100002000001122334455")[-4:] == "9000"
    assert card.send("805000010B0100002000001122334455") == "6982"


def test_a_key_that_may_not_be_used_yet() -> None:
    card = Lab(bytes(8_192), BLANK, selected=False)
    steps = tuple(f"80D40101153F22{LOAD_KEY[14:]}" if step == LOAD_KEY else step for step in script("BFFA"))
    card.run(*steps, SELECT)
    assert card.send("805000020B0100002000001122334455") == "6982"
    assert "LOAD key 01" in str(card.card.last_refusal)


@pytest.mark.parametrize("clears", [False, True])
def test_a_transaction_that_clears_the_state(clears: bool) -> None:
    card = issued(profile=BLANK.override({"purse_clears_state": clears}))
    card.run(VERIFY, "805000020B0100002000001122334455", "805200000B201612161058008AFA5718")
    assert card.send("805C000104")[-4:] == ("6982" if clears else "9000")


@pytest.mark.parametrize("step", ["00B0950000", "0084000008", VERIFY, "80E0001907280010F0F0FFFF"])
def test_another_command_ends_a_transaction(step: str) -> None:
    card = issued()
    card.run(VERIFY, "805000020B0100002000001122334455")
    card.send(step)
    assert card.send("805200000B201612161058008AFA5718") == "6901"
